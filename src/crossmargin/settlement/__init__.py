"""Variation, Funds-Only Settlement, delivery and fails: amounts of money, no accounts."""
