"""The test kit: slow reference kernels and builders. Nothing shipped imports it."""
