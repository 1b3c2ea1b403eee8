"""The Cross-Margining Arrangement: eligibility, the two savings, the smaller, the requirement."""
