"""A walk: what books would have owed on every margin date, and what happened next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from itertools import pairwise

import numpy as np

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.figures import BookWalk, BookYear, WalkRules, book_walk
from crossmargin.analysis.walk.filtering import FactorForecasts
from crossmargin.analysis.walk.gross_value import bid_ask_rates, floor_rates, gross_charges
from crossmargin.analysis.walk.haircuts import HaircutRates, haircut_rates
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.margins import (
    year_tails,
)
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.outcomes import Outcomes, outcomes
from crossmargin.analysis.walk.readings import factor_forecasts
from crossmargin.analysis.walk.weights import line_weights

#: Runs ``function(first, last)`` over bounds and gives results in order.
Run = Callable[
    [Callable[[int, int], "list[BookYear]"], Sequence[tuple[int, int]]], "Iterable[list[BookYear]]"
]


def walk_books(
    factors: WalkFactors,
    places: Sequence[int],
    *,
    lines: Lines,
    books: Sequence[Book],
    rules: WalkRules,
    run: Run,
) -> list[BookWalk]:
    """Return what books would have owed on every margin date, and what happened next.

    Parameters
    ----------
    factors : WalkFactors
    places : sequence of int
        Of the margin dates, ascending.
    lines : Lines
    books : sequence of Book
        Of the lines.
    rules : WalkRules
    run : callable
        Runs the calendar years; the answer does not depend on how.

    Raises
    ------
    ValueError
        If a date has too few scenarios, or a book is too large to be summed exactly.
    """
    monomials = Monomials(factors.key_years)
    haircuts = haircut_rates(factors, monomials, rules.ficc, places=places)
    forecasts = factor_forecasts(factors, places, rules.cme)
    dates = factors.dates[np.asarray(places)]
    years = dates.astype("datetime64[Y]")
    edges = [0, *(int(at) + 1 for at in np.flatnonzero(years[1:] != years[:-1])), len(places)]

    def of_year(first: int, last: int) -> list[BookYear]:
        return _year(
            factors,
            places[first:last],
            lines=lines,
            books=books,
            rules=rules,
            monomials=monomials,
            haircuts=haircuts,
            forecasts=forecasts,
        )

    by_year = list(run(of_year, list(pairwise(edges))))
    return [
        book_walk(book, dates, [of_all[row] for of_all in by_year], rules)
        for row, book in enumerate(books)
    ]


def _year(
    factors: WalkFactors,
    places: Sequence[int],
    *,
    lines: Lines,
    books: Sequence[Book],
    rules: WalkRules,
    monomials: Monomials,
    haircuts: HaircutRates,
    forecasts: FactorForecasts,
) -> list[BookYear]:
    days: list[date] = factors.dates[np.asarray(places)].astype(object).tolist()
    known = factors.known[days[0].year]
    weights = line_weights(
        lines,
        factors.zero_rates_on(places),
        monomials,
        repo_follows_front=rules.repo_follows_front,
    )
    tails = year_tails(
        factors,
        known,
        places,
        weights=weights,
        lines=lines,
        books=books,
        monomials=monomials,
        ficc=rules.ficc,
        cme=rules.cme,
        forecasts=forecasts,
    )
    happened: dict[int, list[Outcomes]] = {}
    for horizon in rules.horizons:
        some = [place for place in places if place + horizon < len(factors.dates)]
        happened[horizon] = outcomes(
            known.moves[horizon],
            some,
            weights=weights.rows(slice(0, len(some))),
            lines=lines,
            books=books,
            monomials=monomials,
        )
    floors = gross_charges(lines, books, weights, floor_rates(lines, days, haircuts, rules.ficc))
    bid_asks = gross_charges(lines, books, weights, bid_ask_rates(lines, len(days), rules.ficc))
    return [
        BookYear(
            tails[row],
            floors[row],
            bid_asks[row],
            {horizon: found[row] for horizon, found in happened.items()},
        )
        for row in range(len(books))
    ]
