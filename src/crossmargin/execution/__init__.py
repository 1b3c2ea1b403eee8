"""How batches of customers run: threads by default; the answer does not depend on it."""
