"""Collateral: what each CCP takes and at which haircut, allocation, calls, withdrawals, charges.

Rules over values: one customer at a time, whole cents and exact ratios, no accounts and no store.
"""
