"""A book margined day by day: re-struck on every date, under both models and the rule.

``lines`` says what a book is, ``factors`` what the market did as it was known then, ``monomials``
and ``weights`` how a line's P&L is made of them, ``windows`` which scenarios a date looks back on,
``margins`` the figures of both models and ``rule`` what the arrangement makes of them.
"""
