"""Checks of the models against facts from outside: what a pricing says, what a market did."""
