"""The use case behind ``xm backtest POSITIONS``: frozen books, ten years, both models, the offset.

The books of a positions file are re-struck on every margin date (ruling 20, ``restrike``) and each
margin is held against what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

import numpy as np

from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.strategies import (
    Strategy,
    StrategyRules,
    parts_by_tenor,
    strategy_of,
)
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.refusals import refused
from crossmargin.market.history import DateArray, MarketData
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.backtest_series import (
    HEADLINE,
    SERIES,
    BacktestContext,
    SeriesBacktest,
    has_series,
    series_of,
)
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.position_paths import StruckPath
from crossmargin.services.walk_dates import walk_dates, walk_rules
from crossmargin.services.walked_books import lines_and_books
from crossmargin.validation.procyclicality import Procyclicality, measure_procyclicality

_RULE = "methodology: the walk"
_CENTS = 100.0


@dataclass(frozen=True, slots=True)
class BookBacktest:
    """One book: a customer's XM account, or the part of it in one tenor bucket.

    Parameters
    ----------
    book : Book
    strategy : Strategy
    walk : BookWalk
    series : mapping of name to SeriesBacktest
        Those of its legs: a book without futures has no series of futures.
    without_outcomes : tuple of str
        Series with no outcome on whose dates every future held has a price of its own.
    requirement, standalone : Procyclicality
        Of the requirement with the arrangement and without.
    binding_by_year : mapping of year to mapping of Binding to int
        Margin dates on which each decided.
    switches : int
        Margin dates on which what decided was another than on the date before.
    """

    book: Book
    strategy: Strategy
    walk: BookWalk
    series: Mapping[str, SeriesBacktest]
    without_outcomes: tuple[str, ...]
    requirement: Procyclicality
    standalone: Procyclicality
    binding_by_year: Mapping[int, Mapping[Binding, int]]
    switches: int


@dataclass(frozen=True, slots=True)
class PooledCoverage:
    """Several books' outcomes of one series together.

    Outcomes of one date are not independent, so nothing is tested.

    Parameters
    ----------
    name : str
    books : tuple of str
    outcomes, exceptions : int
    uncovered_dollars : float
        All losses beyond margin added up.
    """

    name: str
    books: tuple[str, ...]
    outcomes: int
    exceptions: int
    uncovered_dollars: float

    @property
    def coverage(self) -> Fraction:
        """Share of outcomes that are no exceptions."""
        return Fraction(self.outcomes - self.exceptions, self.outcomes)


@dataclass(frozen=True, slots=True)
class PositionsBacktest:
    """Every customer's results.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep.
    validation : ParameterSet
    dates : ndarray of datetime64[D]
        Margin dates.
    lines : Lines
    customers : tuple of BookBacktest
    tenors : mapping of customer to tuple of BookBacktest
        Its parts by tenor; empty if not asked for.
    pooled : tuple of PooledCoverage
        By strategy and over all, for the headline series.
    left_out : tuple of str
        Customers with nothing in the XM account.
    path : StruckPath or None
        Where the positions change with the date.
    """

    run: MarginRun
    validation: ParameterSet
    dates: DateArray
    lines: Lines
    customers: tuple[BookBacktest, ...]
    tenors: Mapping[str, tuple[BookBacktest, ...]]
    pooled: tuple[PooledCoverage, ...]
    left_out: tuple[str, ...]
    path: StruckPath | None = None


def backtest_positions(
    run: MarginRun,
    market: MarketData,
    validation: ParameterSet,
    executor: BlockExecutor,
    *,
    first: date,
    last: date,
    by_tenor: bool = False,
) -> PositionsBacktest:
    """Return how both models and the offset did on the books of a margin run.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep; its parameters are those of every margin date.
    market : MarketData
    validation : ParameterSet
    executor : BlockExecutor
    first, last : date
        Margin dates lie between, both included; the last needs its outcome.
    by_tenor : bool
        Whether each customer's tenor buckets are backtested as books of their own too.

    Raises
    ------
    RefusedError
        If the dates have no outcomes or too short a history, or a parameter has a value that a walk
        does not do.
    """
    parameters = run.result.day.parameters
    rules = walk_rules(parameters)
    factors, places = walk_dates(market, parameters, rules, first=first, last=last)
    held = [book for book in run.books if book.xm]
    lines, books = lines_and_books(run.result.day, held)
    strategies = StrategyRules.from_parameters(validation)
    parts = {
        book.name: parts_by_tenor(lines, book, strategies) if by_tenor else [] for book in books
    }
    every = [*books, *(part for of_book in parts.values() for part in of_book)]
    try:
        walks = walk_books(factors, places, lines=lines, books=every, rules=rules, run=executor.run)
    except ValueError as error:
        expected = "dates with scenarios enough, and books that can be summed exactly"
        raise refused("--from, --to", error, expected, _RULE) from error
    context = BacktestContext.of(factors, places, rules, lines, validation)
    done = {
        book.name: book_backtest(book, walk, context)
        for book, walk in zip(every, walks, strict=True)
    }
    customers = tuple(done[book.name] for book in books)
    return PositionsBacktest(
        run=run,
        validation=validation,
        dates=factors.dates[np.asarray(places)],
        lines=lines,
        customers=customers,
        tenors={
            name: tuple(done[part.name] for part in of_book) for name, of_book in parts.items()
        },
        pooled=pooled_coverage(customers),
        left_out=tuple(book.key.customer_id for book in run.books if not book.xm),
    )


def book_backtest(book: Book, walk: BookWalk, context: BacktestContext) -> BookBacktest:
    """Return how every margin of a book did."""
    days = [int(each) for each in context.validation.ratios("rise_days")]
    requirement, standalone = (
        measure_procyclicality(cents[walk.any_held] / _CENTS, rise_days=days)
        for cents in (walk.requirement_cents, walk.standalone_cents)
    )
    binding = [each.binding for each in walk.reductions]
    series = {
        kind.name: series_of(kind, walk, context) for kind in SERIES if has_series(book, kind)
    }
    return BookBacktest(
        book=book,
        strategy=strategy_of(
            context.lines, book, StrategyRules.from_parameters(context.validation)
        ),
        walk=walk,
        series={name: each for name, each in series.items() if each},
        without_outcomes=tuple(name for name, each in series.items() if each is None),
        requirement=requirement,
        standalone=standalone,
        binding_by_year=_binding_by_year(walk.dates, binding),
        switches=sum(one is not two for one, two in pairwise(binding)),
    )


def _binding_by_year(dates: DateArray, binding: Sequence[Binding]) -> dict[int, dict[Binding, int]]:
    found: dict[int, dict[Binding, int]] = {}
    for day, each in zip(dates.astype(object).tolist(), binding, strict=True):
        of_year = found.setdefault(day.year, dict.fromkeys(Binding, 0))
        of_year[each] += 1
    return found


def pooled_coverage(customers: Sequence[BookBacktest]) -> tuple[PooledCoverage, ...]:
    """Return the headline series' outcomes by strategy, and over all."""
    with_series = [each for each in customers if HEADLINE in each.series]
    groups: dict[str, list[BookBacktest]] = {}
    for customer in with_series:
        groups.setdefault(customer.strategy.value, []).append(customer)
    found = [_pool(name, of_group) for name, of_group in sorted(groups.items())]
    return (*found, _pool("all", with_series)) if with_series else ()


def _pool(name: str, customers: Sequence[BookBacktest]) -> PooledCoverage:
    every = [customer.series[HEADLINE].assessment for customer in customers]
    return PooledCoverage(
        name=name,
        books=tuple(customer.book.name for customer in customers),
        outcomes=sum(each.outcomes for each in every),
        exceptions=sum(each.coverage.exceptions for each in every),
        uncovered_dollars=sum(each.severity.total for each in every),
    )
