"""Suspension and termination of a customer's access: notices under published criteria (CP-18)."""
