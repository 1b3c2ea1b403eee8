"""Customers' collateral: haircuts and eligibility, allocation, calls, withdrawals, shortfalls."""
