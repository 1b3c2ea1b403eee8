"""Calculators: one rule or formula by itself, from a JSON object to a JSON object.

Each calculator states its inputs, its rule and its source. Inputs are read exactly (a JSON number
is a decimal, never a binary fraction), answers are decimal strings, and whatever is missing or
impossible is refused with every reason (ruling 29).
"""
