"""Backtest of bonds at par: coverage beside procyclicality and cost, book by book.

A book whose yields, volatility or scenarios do not reach back far enough is left out and named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.margin.tail import QuantileConvention
from crossmargin.market.factors import CurvePoints, curve_points
from crossmargin.market.history import MarketData
from crossmargin.parameters.registry import ParameterSet
from crossmargin.validation.coverage import Coverage, ExceptionReading, measure_coverage
from crossmargin.validation.par_books import (
    PAR_BOOKS,
    BookPath,
    ParBook,
    ParBookPaths,
    SimulationRules,
)
from crossmargin.validation.procyclicality import Procyclicality, measure_procyclicality
from crossmargin.validation.windows import StressedYearReading, WindowReading, WindowRules
from crossmargin.validation.yield_moves import YieldPaths, whole_year_yields

_RULE = "methodology: coverage"


@dataclass(frozen=True, slots=True)
class BacktestParameters:
    """The parameters of every owner that a backtest of bonds at par reads."""

    market: ParameterSet
    ficc: ParameterSet
    validation: ParameterSet

    @property
    def owners(self) -> dict[str, ParameterSet]:
        """Every set by its owner's name."""
        return {"ficc": self.ficc, "market": self.market, "validation": self.validation}

    def changing(
        self, changes: Mapping[str, Mapping[str, str]], *, reason: str
    ) -> BacktestParameters:
        """Return the sets with other values, marked as assumed.

        Raises
        ------
        RefusedError
            Naming every unknown owner and parameter, and every value of another kind.
        """
        changed, faults = self.owners, []
        for owner, values in changes.items():
            if owner not in changed:
                expected = f"one of {', '.join(changed)}"
                faults.append(Refusal("parameter", owner, expected, "parameters"))
                continue
            wrong = changed[owner].faults_of(values)
            faults += wrong
            if not wrong:
                changed[owner] = changed[owner].replacing(values, reason=reason)
        if faults:
            raise RefusedError(*faults)
        return BacktestParameters(**changed)


@dataclass(frozen=True, slots=True)
class BookBacktest:
    """One book's results; models are ``hs``, ``fhs`` and ``max``."""

    path: BookPath
    coverage: Mapping[str, Coverage]
    procyclicality: Mapping[str, Procyclicality]


@dataclass(frozen=True, slots=True)
class ParBookBacktest:
    """Every book's results.

    Parameters
    ----------
    market_digest : str
    simulated : bool
    parameters : BacktestParameters
    dates : tuple of date
        Margin dates.
    books : tuple of BookBacktest
    left_out : mapping of book to reason
    """

    market_digest: str
    simulated: bool
    parameters: BacktestParameters
    dates: tuple[date, ...]
    books: tuple[BookBacktest, ...]
    left_out: Mapping[str, str]


def backtest_par_books(
    market: MarketData,
    parameters: BacktestParameters,
    *,
    first: date,
    last: date,
    books: Sequence[ParBook] = PAR_BOOKS,
) -> ParBookBacktest:
    """Return how HS, FHS and MAX did on bonds at par, struck anew on every margin date.

    Parameters
    ----------
    market : MarketData
        Only its par yields are used.
    parameters : BacktestParameters
    first, last : date
        Margin dates lie between, ends included; every one of them needs its outcome.
    books : sequence of ParBook

    Raises
    ------
    RefusedError
        If there are no such dates, the outcome of the last is not known, a parameter's value is
        not one of its choices, or no book has history enough.
    """
    rules = simulation_rules(parameters)
    years = sorted(
        {years for book in books for years, _ in book.legs} | {b.matched_years for b in books}
    )
    yields = whole_year_yields(_points(market, parameters), tuple(years))
    places = _margin_places(yields, rules.horizon, first=first, last=last)
    paths = ParBookPaths(yields, places, rules)
    fewest = parameters.ficc.whole("fewest_scenarios")
    reasons = {book: paths.missing(book, fewest_scenarios=fewest) for book in books}
    left_out = {book.name: reason for book, reason in reasons.items() if reason is not None}
    if len(left_out) == len(books):
        raise RefusedError(
            *(
                Refusal("book", f"{name}: {reason}", "par yields that reach back far enough", _RULE)
                for name, reason in left_out.items()
            )
        )
    found = paths.paths([book for book in books if reasons[book] is None])
    return ParBookBacktest(
        market_digest=market.digest,
        simulated=market.simulated,
        parameters=parameters,
        dates=tuple(yields.dates[np.asarray(places)].astype(object).tolist()),
        books=tuple(measure_book(path, parameters.validation) for path in found),
        left_out=left_out,
    )


def measure_book(path: BookPath, validation: ParameterSet) -> BookBacktest:
    """Return coverage and procyclicality of every model on one path."""
    reading = ExceptionReading(validation.choice("exception_reading", ExceptionReading))
    rolling = validation.whole("rolling_outcomes")
    days = [int(each) for each in validation.ratios("rise_days")]
    return BookBacktest(
        path=path,
        coverage={
            model: measure_coverage(path.losses, margins, reading=reading, rolling_outcomes=rolling)
            for model, margins in path.margins.items()
        },
        procyclicality={
            model: measure_procyclicality(margins, rise_days=days)
            for model, margins in path.margins.items()
        },
    )


def simulation_rules(parameters: BacktestParameters) -> SimulationRules:
    """Return the rules that the parameters state."""
    ficc, validation = parameters.ficc, parameters.validation
    return SimulationRules(
        horizon=ficc.whole("horizon_days"),
        coverage=ficc.ratio("coverage"),
        quantile=QuantileConvention(ficc.text("quantile_convention")),
        windows=WindowRules(
            reading=WindowReading(validation.text("window_reading")),
            years=ficc.whole("lookback_years"),
            dates=validation.whole("window_dates"),
            stressed_reading=StressedYearReading(validation.text("stressed_year_reading")),
            whole_year_below=validation.ratio("whole_year_below"),
            stressed_period=ficc.dates("stressed_period")[0],
        ),
        filtered_stressed_reading=StressedYearReading(
            validation.text("filtered_stressed_year_reading")
        ),
        decay=float(validation.ratio("ewma_decay")),
        start_changes=validation.whole("ewma_start_changes"),
    )


def _points(market: MarketData, parameters: BacktestParameters) -> CurvePoints:
    points = curve_points(market.par_yields)
    rows = points.dates >= np.datetime64(parameters.market.text("factors_from"))
    return CurvePoints(points.dates[rows], points.par_yields[rows], points.filled[rows])


def _margin_places(yields: YieldPaths, horizon: int, *, first: date, last: date) -> range:
    start = int(np.searchsorted(yields.dates, np.datetime64(first)))
    stop = int(np.searchsorted(yields.dates, np.datetime64(last), side="right"))
    span = f"{first}..{last}"
    if first > last:
        raise refused("--from, --to", span, "--from on or before --to: they are reversed", _RULE)
    if start >= stop:
        raise refused("--from, --to", span, "a run of dates with par yields", _RULE)
    if stop - 1 + horizon >= len(yields.dates):
        newest = yields.dates[max(len(yields.dates) - 1 - horizon, 0)]
        expected = f"{newest} or before: an outcome needs {horizon} later dates"
        raise refused("--to", last, expected, _RULE)
    if start < horizon:
        raise refused("--from", first, f"a date after {yields.dates[0]}", _RULE)
    return range(start, stop)
