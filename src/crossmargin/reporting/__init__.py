"""Reports as values: segregation, residual interest, capital, custody, statements, notices.

Every report is computed from plain figures that its caller took from the books; nothing here reads
a ledger, a file or a clock. What 17 CFR leaves open, and where FICC stands in statements that do
not name it, is said at each function and dated in ``parameters.toml``.
"""
