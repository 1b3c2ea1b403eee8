"""Use cases of a default: from the last cycle to the last customer's cent (decision 0008)."""
