"""Prices, sensitivities, futures from the cheapest to deliver, and the instrument P&L cube."""
