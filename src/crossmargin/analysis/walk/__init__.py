"""A book margined day by day: re-struck on every date, under both models and the rule.

``lines`` says what a book is, ``factors`` what the market did as it was known then, ``monomials``
and ``weights`` how a line's P&L is made of them, ``windows`` which scenarios a date looks back on,
``readings`` what the models read there, ``margins`` the tails, ``outcomes`` what happened next and
``walking`` all of it with the rule.
"""
