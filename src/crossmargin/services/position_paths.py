"""Positions by date as books with each date's own terms.

Rows of a date hold until the next date of the file. A book is judged and struck on every margin
date: remaining maturities and deliveries are counted from it, eligibility is that of the date
(ruling 13), and what has matured, expired or settled by then has left, named.

What an issue is (coupon, maturity) comes from the price sheet of the as-of date. The cheapest issue
of a Treasury contract on another date is not known: that of the product's front contract on the
as-of date stands for it, with its maturity, DV01 and conversion factor.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.lines import (
    Book,
)
from crossmargin.analysis.walk.paths import DatedBooks
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.position import Leg
from crossmargin.services.dated_terms import DatedTerms
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.path_rows import PathRows

_RULE = "methodology: position paths"


@dataclass(frozen=True, slots=True)
class LeftLine:
    """A line that was held no longer before the next date of the file.

    Parameters
    ----------
    line : int
        Of the file.
    customer_id, instrument : str
    since : date
        The first margin date without it.
    reason : str
    """

    line: int
    customer_id: str
    instrument: str
    since: date
    reason: str


@dataclass(frozen=True, slots=True)
class StruckPath:
    """Every customer's books on every margin date.

    Parameters
    ----------
    held : tuple of DatedBooks
        One a margin date.
    book_counts : mapping of customer to int
        How many different holdings of eligible lines each has in turn.
    outside : mapping of customer to int
        Lines that are outside the XM account on some margin date: no part of the arrangement.
    left : tuple of LeftLine
    par_amounts : int
        Repo lines without a start amount: par stands for it.
    """

    held: tuple[DatedBooks, ...]
    book_counts: Mapping[str, int]
    outside: Mapping[str, int]
    left: tuple[LeftLine, ...]
    par_amounts: int


def strike_path(
    rows: PathRows, day: MarginDay, factors: WalkFactors, places: Sequence[int]
) -> StruckPath:
    """Return every customer's books on every margin date, with that date's terms.

    Parameters
    ----------
    rows : PathRows
    day : MarginDay
        The as-of date.
    factors : WalkFactors
    places : sequence of int
        Of the margin dates.

    Raises
    ------
    RefusedError
        If the first margin date is before the first date of the file, or securities are converted
        at CME in another way than into the nearest contract.
    """
    dates: list[date] = factors.dates[np.asarray(places)].astype(object).tolist()
    if dates[0] < rows.dates[0]:
        expected = f"{rows.dates[0]} or later: the first date of the file"
        raise RefusedError(Refusal("--from", dates[0].isoformat(), expected, _RULE))
    striking = DatedTerms.of(day)
    every = [each.line for lines in rows.lines.values() for each in lines]
    customers = sorted({line.customer for line in every})
    zeros = factors.zero_rates_on(places)
    left: dict[int, LeftLine] = {}
    outside: dict[CustomerKey, set[int]] = {customer: set() for customer in customers}
    held = []
    for on, of_date in zip(dates, zeros, strict=True):
        lines = rows.lines[rows.dates[bisect_right(rows.dates, on) - 1]]
        kept = []
        for each in lines:
            line, reason = each.line, striking.left(each, on)
            if reason is None:
                kept.append(line)
            else:
                gone = LeftLine(line.line, line.customer.customer_id, line.instrument, on, reason)
                left.setdefault(line.line, gone)
        found = striking.recognised(kept, on)
        for each in found.outside:
            outside[each.line.customer].add(each.line.line)
        held.append(striking.books(found.eligible, customers, on, of_date))
    counts = {
        customer.customer_id: _count([each.books[place] for each in held])
        for place, customer in enumerate(customers)
    }
    return StruckPath(
        held=tuple(held),
        book_counts=counts,
        outside={
            customer.customer_id: len(numbers) for customer, numbers in outside.items() if numbers
        },
        left=tuple(left[line] for line in sorted(left)),
        par_amounts=len(
            {line.line for line in every if line.leg is not Leg.CASH and line.start_amount is None}
        ),
    )


def _count(books: Iterable[Book]) -> int:
    """Return how many holdings follow each other, equal ones in a row once."""
    found = 0
    last: tuple[Mapping[str, int], Mapping[str, int]] | None = None
    for book in books:
        now = (book.securities, book.contracts)
        found += now != last
        last = now
    return found
