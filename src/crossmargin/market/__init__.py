"""Curves, risk-factor histories and scenario sets: containers and numerics, no files."""
