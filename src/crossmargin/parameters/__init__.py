"""Dated values with source and status: what every model reads, and no formula hides."""
