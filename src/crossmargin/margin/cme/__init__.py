"""CME-style margin: volatility-scaled historical simulation on futures-equivalents."""
