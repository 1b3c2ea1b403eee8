"""Closing out a customer's positions: who sells what on which day, and what selling costs.

Values and rules alone: moves of the market, volumes and volatilities come in as arguments. Whole
units, grid steps and fractions throughout; cents once, line by line and day by day.
"""
