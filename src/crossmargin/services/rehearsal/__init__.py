"""Rehearsals: a customer's whole workflow on its own positions, in books that nobody else has."""
