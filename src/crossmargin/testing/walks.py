"""Small walks for tests: an example book, a small invented market, and what a walk's digest is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

import numpy as np

from crossmargin.analysis.walk.factors import KnownThen, Moves, WalkFactors
from crossmargin.analysis.walk.figures import BookWalk, WalkRules
from crossmargin.analysis.walk.lines import (
    Book,
    FutureLine,
    Lines,
    MoneyMarketLine,
    SecurityLine,
    TreasuryFutureLine,
)
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.market.curve import DAYS_PER_YEAR
from crossmargin.market.factors import CURVE_TENORS, CurvePoints, key_rate_changes
from crossmargin.market.scenarios import (
    BASIS_CONTRACTS,
    SHOCK_BITS,
    SPREAD_KNOTS,
    on_grid,
)
from crossmargin.market.seeds import generator
from crossmargin.pricing.futures_value import (
    MONEY_MARKET_YEAR,
)
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.testing.builders import KEY_YEARS

_T = TypeVar("_T")
_DOLLARS_PER_RATE = 250_000.0
#: Share of an invented history's dates on which no basis and no spread was observed.
_UNSEEN = 0.3


def example_lines() -> Lines:
    """Return notes and bonds of one to thirty years, Treasury contracts and money-market ones."""
    treasury = (
        ("ZT", 1.83, 35.0),
        ("ZF", 4.31, 41.5),
        ("ZN", 6.62, 62.0),
        ("TN", 9.41, 85.0),
        ("ZB", 15.68, 128.0),
        ("UB", 25.4, 196.0),
    )
    money_market = (
        ("SR3", 0.24, 0.49, True),
        ("SR3L", 1.49, 1.74, True),
        ("ZQ", 0.11, 0.19, False),
    )
    contracts: tuple[FutureLine, ...] = (
        *(
            TreasuryFutureLine(product, product, years, 0.27, dv01, dv01 * 0.99)
            for product, years, dv01 in treasury
        ),
        *(
            MoneyMarketLine(
                label,
                start,
                end,
                (end - start) * DAYS_PER_YEAR / MONEY_MARKET_YEAR,
                _DOLLARS_PER_RATE,
                compounded,
            )
            for label, start, end, compounded in money_market
        ),
    )
    securities = (
        ("1.4 y", 1.42, 0.0138, {"SR3": 0.0003, "SR3L": 0.0002}),
        ("1.9 y", 1.93, 0.0185, {"ZT": 0.000525}),
        ("4.9 y", 4.87, 0.0441, {"ZF": 0.00106}),
        ("6.6 y", 6.64, 0.0571, {"ZN": 0.00092}),
        ("9.6 y", 9.62, 0.0779, {"TN": 0.00091}),
        ("19.3 y", 19.3, 0.1288, {"ZB": 0.00067, "UB": 0.00022}),
        ("29.4 y", 29.4, 0.1688, {"UB": 0.00086}),
    )
    return Lines(tuple(SecurityLine(*line) for line in securities), contracts)


def example_book() -> Book:
    """Return a book that is hedged in part: some duration, some curve, some basis."""
    return Book(
        name="EXAMPLE",
        securities={"1.4 y": 400_000, "1.9 y": 2_000_000, "4.9 y": -350_000, "9.6 y": 900_000,
                    "19.3 y": 120_000, "29.4 y": -150_000},
        contracts={"ZT": -1_000, "ZF": 350, "ZN": -150, "TN": -820, "ZB": -60, "UB": 120,
                   "SR3": -140, "SR3L": 90, "ZQ": 60},
    )  # fmt: skip


def rules_of(parameters: ParameterSets) -> WalkRules:
    """Return what a walk takes from the parameters of a date."""
    return WalkRules(
        FiccWalkRules.from_parameters(parameters.ficc),
        CmeWalkRules.from_parameters(parameters.cme),
        ReductionRules.from_parameters(parameters.arrangement),
        float(parameters.market.ratio("repo_rate_follows_front")),
    )


def walked(
    factors: WalkFactors,
    rules: WalkRules,
    *,
    first: date,
    last: date,
    lines: Lines | None = None,
    books: Sequence[Book] | None = None,
) -> list[BookWalk]:
    """Return the walk of some books, the example where none are given, one year after the other."""
    return walk_books(
        factors,
        factors.places_between(first, last),
        lines=lines or example_lines(),
        books=books or [example_book()],
        rules=rules,
        run=one_by_one,
    )


def one_by_one(function: Callable[[int, int], _T], bounds: Sequence[tuple[int, int]]) -> list[_T]:
    """Run the parts of a walk in order."""
    return [function(first, last) for first, last in bounds]


def invented_factors(*, first: date, last: date, seed: int) -> WalkFactors:
    """Return a small invented market: curves that wander, basis now and then unseen.

    Parameters
    ----------
    first, last : date
        Of its history; a margin date needs two years before it.
    seed : int
    """
    random = generator(seed)
    every_day = np.arange(np.datetime64(first), np.datetime64(last))
    dates = every_day[np.is_busday(every_day)]
    level = 0.035 + np.cumsum(random.normal(0.0, 5e-4, (len(dates), 1)), axis=0) * 0.3
    tilt = np.linspace(-1.0, 1.0, len(CURVE_TENORS)) * random.normal(0.0, 2e-4, (len(dates), 1))
    par_yields = np.abs(level + tilt) + 1e-3
    points = CurvePoints(dates, par_yields, np.zeros(len(dates), dtype=np.bool_))
    known = {}
    for year in range(first.year, last.year + 1):
        moves = {}
        for days in (1, 3):
            count = len(dates) - days
            seen = generator(seed + days).random(count) > _UNSEEN
            drawn = generator(seed + 10 * days + year)
            moves[days] = Moves(
                horizon_days=days,
                key_rates=key_rate_changes(points, lag=days, key_years=KEY_YEARS).changes,
                basis_bp=on_grid(drawn.normal(0.0, 0.4, (count, len(BASIS_CONTRACTS))), SHOCK_BITS),
                spread_bp=on_grid(drawn.normal(0.0, 2.0, (count, len(SPREAD_KNOTS))), SHOCK_BITS),
                basis_own=np.repeat(seen[:, np.newaxis], len(BASIS_CONTRACTS), axis=1),
                spread_own=np.repeat(seen[:, np.newaxis], len(SPREAD_KNOTS), axis=1),
            )
        known[year] = KnownThen(date(year - 1, 12, 31), moves)
    return WalkFactors(dates, points, KEY_YEARS, known)


def short_rules(parameters: ParameterSets) -> WalkRules:
    """Return the rules with windows of a year, for a small market."""
    rules = rules_of(parameters)
    return replace(
        rules,
        ficc=replace(
            rules.ficc,
            lookback_years=1,
            filtered_years=1,
            stressed_periods=((date(2010, 3, 1), date(2010, 6, 30)),),
        ),
        cme=replace(
            rules.cme,
            lookback_years=1,
            stressed_periods=(
                (date(2010, 3, 1), date(2010, 4, 30)),
                (date(2011, 11, 1), date(2012, 2, 3)),
            ),
        ),
    )


def digest_of(walks: Sequence[BookWalk]) -> str:
    """Return the SHA-256 of every figure of some walks."""
    digest = hashlib.sha256()
    for walk in walks:
        digest.update(walk.dates.astype("<i8").tobytes())
        for figures in (walk.ficc, walk.cme):
            arrays = {**figures.cents, **{"/".join(k): v for k, v in figures.components.items()}}
            for name, values in sorted(arrays.items()):
                digest.update(name.encode() + values.astype("<i8").tobytes())
        digest.update(walk.requirement_cents.astype("<i8").tobytes())
        for days, happened in sorted(walk.outcomes.items()):
            digest.update(f"{days}|{happened.basis_observed.tolist()}".encode())
            for losses in (happened.securities, happened.futures):
                digest.update(losses.astype("<f8").tobytes())
    return digest.hexdigest()
