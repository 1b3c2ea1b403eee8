"""Stress: a library of episodes, hypothetical moves, and a book's P&L under both."""
