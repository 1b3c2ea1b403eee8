"""The market directory: published files in, normalised tables and a manifest, faults reported."""
