"""Tables of a page about money: exact cents, figures to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from crossmargin.methodology.values import Table

_ORIGIN = "the simulated default"


def money(*texts: str) -> str:
    """Return the sum of decimal strings with separators, to the cent.

    Examples
    --------
    >>> money("1234567.50"), money("100.00", "-250.25")
    ('1,234,567.50', '-150.25')
    """
    return f"{sum(map(Decimal, texts), Decimal(0)):,.2f}"


def usd_and_cents(*texts: str) -> str:
    """Return the sum of decimal strings as :func:`money` with its currency, for a sentence.

    Examples
    --------
    >>> usd_and_cents("1234567.50"), usd_and_cents("100.00", "-250.25")
    ('$1,234,567.50', '-$150.25')
    """
    amount = money(*texts)
    sign = "-" if amount.startswith("-") else ""
    return f"{sign}${amount.removeprefix('-')}"


def table(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str]], *, figures_from: int = 1
) -> Table:
    """Return a table whose columns from one on hold figures."""
    return Table(
        title=title,
        header=tuple(header),
        rows=tuple(tuple(row) for row in rows),
        origin=_ORIGIN,
        figures=frozenset(range(figures_from, len(header))),
    )
