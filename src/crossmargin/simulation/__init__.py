"""The synthetic market and the demo's book: invented securities, calibrated moves, no real rows."""
