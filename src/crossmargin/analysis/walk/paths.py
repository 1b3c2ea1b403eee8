"""A walk along positions that change: every date's own book, struck with that date's terms.

Lines differ from date to date (a remaining maturity is counted from the date), so weights are made
date by date; windows, filters and scales are shared by some dates at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.figures import BookWalk, BookYear, ModelWalk, WalkRules, book_walk
from crossmargin.analysis.walk.filtering import FactorForecasts
from crossmargin.analysis.walk.gross_value import bid_ask_rates, floor_rates, gross_charges
from crossmargin.analysis.walk.haircuts import HaircutRates, haircut_rates
from crossmargin.analysis.walk.lines import Book, FutureLine, Lines, SecurityLine
from crossmargin.analysis.walk.margins import TailSteps, year_tails
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.outcomes import Outcomes, outcomes
from crossmargin.analysis.walk.readings import factor_forecasts
from crossmargin.analysis.walk.walking import Run
from crossmargin.analysis.walk.weights import LineWeights, line_weights

#: Dates share windows, and every book of a group is walked on all of its dates: so many pairs of
#: book and date cost about what the windows do.
_PAIRS_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class DatedBooks:
    """What is held on one date.

    Parameters
    ----------
    lines : Lines
        With the terms of the date.
    books : tuple of Book
        One a customer, the same customers in the same order on every date; empty ones too.
    """

    lines: Lines
    books: tuple[Book, ...]


def walk_path(
    factors: WalkFactors,
    places: Sequence[int],
    *,
    held: Sequence[DatedBooks],
    rules: WalkRules,
    run: Run,
) -> list[BookWalk]:
    """Return what each customer would have owed on every margin date, and what happened next.

    Parameters
    ----------
    factors : WalkFactors
    places : sequence of int
        Of the margin dates, ascending.
    held : sequence of DatedBooks
        One a margin date.
    rules : WalkRules
    run : callable
        Runs groups of dates; the answer does not depend on how.

    Raises
    ------
    ValueError
        If a date has too few scenarios, or a book is too large to be summed exactly.
    """
    monomials = Monomials(factors.key_years)
    haircuts = haircut_rates(factors, monomials, rules.ficc, places=places)
    forecasts = factor_forecasts(factors, places, rules.cme)
    group = _Group(factors, monomials, haircuts, rules, forecasts)
    edges = _edges(factors, places, held)

    def of_group(first: int, last: int) -> list[BookYear]:
        return group.years(places[first:last], held[first:last])

    by_group = list(run(of_group, list(pairwise(edges))))
    dates = factors.dates[np.asarray(places)]
    found: list[list[BookWalk]] = [[] for _ in held[0].books]
    for (first, last), years in zip(pairwise(edges), by_group, strict=True):
        for day in range(first, last):
            for customer, book in enumerate(held[day].books):
                year = years[(day - first) * len(found) + customer]
                walk = book_walk(book, dates[day : day + 1], [year], rules)
                found[customer].append(walk)
    return [_joined(walks) for walks in found]


def _edges(factors: WalkFactors, places: Sequence[int], held: Sequence[DatedBooks]) -> list[int]:
    """Return where groups of dates begin: with each calendar year, and with too many pairs."""
    years = factors.dates[np.asarray(places)].astype("datetime64[Y]")
    edges = [0]
    books = {_holdings(book) for book in held[0].books}
    for place in range(1, len(places)):
        now = {_holdings(book) for book in held[place].books}
        pairs = (place - edges[-1] + 1) * len(books | now)
        if years[place] != years[place - 1] or pairs > _PAIRS_AT_ONCE:
            edges.append(place)
            books = now
        else:
            books |= now
    return [*edges, len(places)]


def _holdings(book: Book) -> tuple[object, ...]:
    """Return what a book holds, so that equal books can be told."""
    return tuple(sorted(book.securities.items())), tuple(sorted(book.contracts.items()))


@dataclass(frozen=True, slots=True)
class _Group:
    """Some dates of one calendar year, margined together."""

    factors: WalkFactors
    monomials: Monomials
    haircuts: HaircutRates
    rules: WalkRules
    forecasts: FactorForecasts

    def years(self, places: Sequence[int], held: Sequence[DatedBooks]) -> list[BookYear]:
        """Return every date's books, date by date."""
        by_date = self._weights(places, held)
        lines, weights = _together([each.lines for each in held], by_date, self.monomials)
        distinct: dict[tuple[object, ...], int] = {}
        books: list[Book] = []
        rows = []
        for book in (book for each in held for book in each.books):
            key = _holdings(book)
            if key not in distinct:
                distinct[key] = len(books)
                books.append(book)
            rows.append(distinct[key])
        tails, happened = self._margined(places, lines, weights, books)
        found = []
        for number, row in enumerate(rows):
            day, customer = divmod(number, len(held[0].books))
            of_date = slice(day, day + 1)
            found.append(
                BookYear(
                    TailSteps({key: steps[of_date] for key, steps in tails[row].steps.items()}),
                    *self._charges(places[day], held[day], by_date[day], customer),
                    {
                        horizon: Outcomes(
                            each[row].securities[of_date],
                            each[row].futures[of_date],
                            each[row].basis_observed[of_date],
                        )
                        for horizon, each in happened.items()
                    },
                )
            )
        return found

    def _weights(self, places: Sequence[int], held: Sequence[DatedBooks]) -> list[LineWeights]:
        zeros = self.factors.zero_rates_on(places)
        return [
            line_weights(
                each.lines,
                zeros[day : day + 1],
                self.monomials,
                repo_follows_front=self.rules.repo_follows_front,
            )
            for day, each in enumerate(held)
        ]

    def _margined(
        self, places: Sequence[int], lines: Lines, weights: LineWeights, books: Sequence[Book]
    ) -> tuple[list[TailSteps], dict[int, list[Outcomes]]]:
        year = self.factors.dates[places[0]].astype(object).year
        known = self.factors.known[year]
        tails = year_tails(
            self.factors,
            known,
            places,
            weights=weights,
            lines=lines,
            books=books,
            monomials=self.monomials,
            ficc=self.rules.ficc,
            cme=self.rules.cme,
            forecasts=self.forecasts,
        )
        happened = {
            horizon: outcomes(
                known.moves[horizon],
                places,
                weights=weights,
                lines=lines,
                books=books,
                monomials=self.monomials,
            )
            for horizon in {self.rules.ficc.horizon_days, self.rules.cme.horizon_days}
        }
        return tails, happened

    def _charges(
        self, place: int, held: DatedBooks, weights: LineWeights, customer: int
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        days = [self.factors.dates[place].astype(object)]
        book, lines, rules = held.books[customer], held.lines, self.rules.ficc
        floor = floor_rates(lines, days, self.haircuts, rules)
        bid_ask = bid_ask_rates(lines, 1, rules)
        return (
            gross_charges(lines, [book], weights, floor)[0],
            gross_charges(lines, [book], weights, bid_ask)[0],
        )


def _together(
    lines: Sequence[Lines], weights: Sequence[LineWeights], monomials: Monomials
) -> tuple[Lines, LineWeights]:
    """Return every line of some dates once, with each date's weights; zero where it is not held.

    The lines stand for their labels and products: their terms are in the weights.
    """
    securities: dict[str, SecurityLine] = {}
    contracts: dict[str, FutureLine] = {}
    for of_date in lines:
        for security in of_date.securities:
            securities.setdefault(security.label, security)
        for contract in of_date.contracts:
            contracts.setdefault(contract.label, contract)
    days = len(lines)
    rows = {label: row for row, label in enumerate(securities)}
    columns = {label: row for row, label in enumerate(contracts)}
    found = LineWeights(
        np.zeros((len(rows), days, monomials.count)),
        np.zeros((len(columns), days, monomials.count)),
        np.zeros((len(rows), days, monomials.count)),
        np.zeros((len(rows), days)),
        np.zeros((len(columns), days)),
    )
    for day, (of_date, each) in enumerate(zip(lines, weights, strict=True)):
        for place, security in enumerate(of_date.securities):
            row = rows[security.label]
            found.securities[row, day] = each.securities[place, 0]
            found.equivalents[row, day] = each.equivalents[place, 0]
            found.security_value[row, day] = each.security_value[place, 0]
        for place, contract in enumerate(of_date.contracts):
            row = columns[contract.label]
            found.contracts[row, day] = each.contracts[place, 0]
            found.contract_value[row, day] = each.contract_value[place, 0]
    return Lines(tuple(securities.values()), tuple(contracts.values())), found


def _joined(walks: Sequence[BookWalk]) -> BookWalk:
    return BookWalk(
        name=walks[0].name,
        dates=np.concatenate([walk.dates for walk in walks]),
        ficc=_joined_model([walk.ficc for walk in walks]),
        cme=_joined_model([walk.cme for walk in walks]),
        reductions=tuple(each for walk in walks for each in walk.reductions),
        ficc_cents=np.concatenate([walk.ficc_cents for walk in walks]),
        cme_cents=np.concatenate([walk.cme_cents for walk in walks]),
        reduced_ficc_cents=np.concatenate([walk.reduced_ficc_cents for walk in walks]),
        standalone_ficc_cents=np.concatenate([walk.standalone_ficc_cents for walk in walks]),
        held={leg: np.concatenate([walk.held[leg] for walk in walks]) for leg in walks[0].held},
        outcomes={
            days: Outcomes(
                np.concatenate([walk.outcomes[days].securities for walk in walks]),
                np.concatenate([walk.outcomes[days].futures for walk in walks]),
                np.concatenate([walk.outcomes[days].basis_observed for walk in walks]),
            )
            for days in walks[0].outcomes
        },
    )


def _joined_model(models: Sequence[ModelWalk]) -> ModelWalk:
    return ModelWalk(
        {leg: np.concatenate([each.cents[leg] for each in models]) for leg in models[0].cents},
        {
            key: np.concatenate([each.components[key] for each in models])
            for key in models[0].components
        },
    )
