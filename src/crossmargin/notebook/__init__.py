"""The Python face: a market, a portfolio, a margin run, in a notebook or a script."""
