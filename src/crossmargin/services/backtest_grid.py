"""The use case behind ``xm backtest POSITIONS --grid``: both models under other parameters.

What a choice of look-back, stressed year, quantile, horizon, decay, floor or cap buys in coverage
and costs in margin and in procyclicality, on every margin date. Each variant moves one of them and
leaves the others as they are; factors are made once for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

import numpy as np

from crossmargin.analysis.walk.figures import BookWalk, WalkRules, under_rule
from crossmargin.analysis.walk.lines import Book
from crossmargin.analysis.walk.strategies import Strategy, StrategyRules, strategy_of
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.market.history import DateArray, MarketData
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.backtest_series import (
    HEADLINE,
    SERIES,
    SeriesKind,
    has_series,
    series_losses,
    series_margins,
    used_outcomes,
)
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.walk_dates import walk_dates, walk_rules
from crossmargin.services.walked_books import lines_and_books
from crossmargin.validation.assessment import Assessment, AssessmentRules, assess
from crossmargin.validation.procyclicality import Procyclicality, measure_procyclicality

_RULE = "methodology: the sensitivity grid"
_CENTS = 100.0


class GridDimension(StrEnum):
    """What a variant moves."""

    BASE = "base"
    LOOKBACK_YEARS = "lookback_years"
    STRESSED_YEAR = "stressed_year"
    COVERAGE = "coverage"
    HORIZON_DAYS = "horizon_days"
    DECAY = "decay"
    FLOOR_SHARE = "floor_share"
    CAP = "cap"


@dataclass(frozen=True, slots=True)
class Variant:
    """The rules with one of them moved.

    Parameters
    ----------
    dimension : GridDimension
    value : str
        What it is moved to.
    rules : WalkRules
    """

    dimension: GridDimension
    value: str
    rules: WalkRules


@dataclass(frozen=True, slots=True)
class GridFigures:
    """One customer under one variant.

    Parameters
    ----------
    variant : Variant
    kind : SeriesKind
        What its coverage is of: the offset together, or the margin of its only leg.
    horizon_days : int
    assessment : Assessment or None
        None where no outcome has futures prices of its own.
    without_basis : int
    requirement, standalone : Procyclicality
        Over every margin date, in dollars.
    """

    variant: Variant
    kind: SeriesKind
    horizon_days: int
    assessment: Assessment | None
    without_basis: int
    requirement: Procyclicality
    standalone: Procyclicality

    @property
    def saving_dollars(self) -> float:
        """Average of what the arrangement saves."""
        return self.standalone.average - self.requirement.average


@dataclass(frozen=True, slots=True)
class GridBook:
    """One customer under every variant; the first figures are the base's."""

    book: Book
    strategy: Strategy
    figures: tuple[GridFigures, ...]


@dataclass(frozen=True, slots=True)
class BacktestGrid:
    """Every customer under every variant.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep.
    validation : ParameterSet
    dates : ndarray of datetime64[D]
        Margin dates.
    customers : tuple of GridBook
    left_out : tuple of str
        Customers with nothing in the XM account.
    """

    run: MarginRun
    validation: ParameterSet
    dates: DateArray
    customers: tuple[GridBook, ...]
    left_out: tuple[str, ...]


def variants_of(rules: WalkRules, validation: ParameterSet) -> list[Variant]:
    """Return the base and every variant that is another than it, in the order of dimensions.

    Parameters
    ----------
    rules : WalkRules
        The base.
    validation : ParameterSet
        Values of each dimension: the parameters ``grid_*``.

    Raises
    ------
    ValueError
        If a value makes no rule: a cap under the threshold.
    """
    found = [Variant(GridDimension.BASE, "", rules)]
    found += [
        Variant(dimension, value, moved)
        for dimension, value, moved in _moved(rules, validation)
        if moved != rules
    ]
    return found


def _moved(
    rules: WalkRules, validation: ParameterSet
) -> Iterable[tuple[GridDimension, str, WalkRules]]:
    ficc, cme = rules.ficc, rules.cme
    for value in validation.ratios("grid_lookback_years"):
        years = int(value)
        filtered = None if ficc.filtered_years is None else years
        one = replace(ficc, lookback_years=years, filtered_years=filtered)
        two = replace(cme, lookback_years=years)
        yield GridDimension.LOOKBACK_YEARS, str(years), replace(rules, ficc=one, cme=two)
    without = replace(ficc, stressed_periods=())
    yield GridDimension.STRESSED_YEAR, "without", replace(rules, ficc=without)
    for value in validation.ratios("grid_coverage"):
        one, two = replace(ficc, coverage=value), replace(cme, coverage=value)
        yield GridDimension.COVERAGE, _text(value), replace(rules, ficc=one, cme=two)
    for value in validation.ratios("grid_horizon_days"):
        one = replace(ficc, horizon_days=int(value))
        yield GridDimension.HORIZON_DAYS, str(int(value)), replace(rules, ficc=one)
    for value in validation.ratios("grid_decay"):
        one, two = replace(ficc, decay=float(value)), replace(cme, decay=float(value))
        yield GridDimension.DECAY, _text(value), replace(rules, ficc=one, cme=two)
    for value in validation.ratios("grid_floor_share"):
        one = replace(ficc, floor_share=value)
        yield GridDimension.FLOOR_SHARE, _text(value), replace(rules, ficc=one)
    for value in validation.ratios("grid_cap"):
        reduction = replace(rules.reduction, cap=value)
        yield GridDimension.CAP, _text(value), replace(rules, reduction=reduction)


def _text(value: Fraction) -> str:
    return f"{float(value):g}"


def backtest_grid(
    run: MarginRun,
    market: MarketData,
    validation: ParameterSet,
    executor: BlockExecutor,
    *,
    first: date,
    last: date,
    progress: Callable[[str], None] | None = None,
) -> BacktestGrid:
    """Return how both models and the offset did on the books of a margin run, variant by variant.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep.
    market : MarketData
    validation : ParameterSet
    executor : BlockExecutor
    first, last : date
        Margin dates lie between, both included; the last needs its outcome over the longest
        horizon of the grid.
    progress : callable, optional
        Told which variant is next.

    Raises
    ------
    RefusedError
        If the dates have no outcomes or too short a history, or a parameter has a value that a walk
        does not do.
    """
    parameters = run.result.day.parameters
    rules = walk_rules(parameters)
    try:
        variants = variants_of(rules, validation)
    except ValueError as error:
        expected = "caps of at least the threshold"
        raise refused("validation.grid_cap", error, expected, _RULE) from error
    horizons = [days for variant in variants for days in variant.rules.horizons]
    factors, places = walk_dates(
        market, parameters, rules, first=first, last=last, more_horizons=horizons
    )
    held = [book for book in run.books if book.xm]
    lines, books = lines_and_books(run.result.day, held)
    of_books: list[list[GridFigures]] = [[] for _ in books]
    base: list[BookWalk] = []
    for number, variant in enumerate(variants):
        if progress:
            what = f"{variant.dimension.value} {variant.value}".replace("_", " ")
            progress(f"Variant {number + 1} of {len(variants)}: {what}")
        if base and replace(variant.rules, reduction=rules.reduction) == rules:
            # The rule alone is another: both models' figures stand.
            reduction = variant.rules.reduction
            walks = [under_rule(*each, reduction) for each in zip(base, books, strict=True)]
        else:
            try:
                walks = walk_books(
                    factors, places, lines=lines, books=books, rules=variant.rules, run=executor.run
                )
            except ValueError as error:
                raise _refuse_walk(variant, error) from error
        base = base or walks
        for book, walk, figures in zip(books, walks, of_books, strict=True):
            figures.append(_figures(book, walk, variant, validation))
    strategies = StrategyRules.from_parameters(validation)
    return BacktestGrid(
        run=run,
        validation=validation,
        dates=factors.dates[np.asarray(places)],
        customers=tuple(
            GridBook(book, strategy_of(lines, book, strategies), tuple(figures))
            for book, figures in zip(books, of_books, strict=True)
        ),
        left_out=tuple(book.key.customer_id for book in run.books if not book.xm),
    )


def _refuse_walk(variant: Variant, error: ValueError) -> RefusedError:
    what = f"{variant.dimension.value} {variant.value}".strip()
    expected = "dates with scenarios enough, and books that can be summed exactly"
    return refused("--from, --to", f"{what}: {error}", expected, _RULE)


def _figures(book: Book, walk: BookWalk, variant: Variant, validation: ParameterSet) -> GridFigures:
    kind = headline_of(book)
    model = variant.rules.ficc if kind.owner == "ficc" else variant.rules.cme
    outcome = walk.outcomes[model.horizon_days]
    used = used_outcomes(walk, kind, model.horizon_days, validation)
    rise_days = [validation.whole("grid_rise_days")]
    requirement, standalone = (
        measure_procyclicality(cents / _CENTS, rise_days=rise_days)
        for cents in (walk.requirement_cents, walk.standalone_cents)
    )
    return GridFigures(
        variant=variant,
        kind=kind,
        horizon_days=model.horizon_days,
        assessment=assess(
            walk.dates[used],
            series_losses(outcome, kind)[used],
            series_margins(walk, kind)[used],
            horizon=model.horizon_days,
            rules=AssessmentRules.from_parameters(validation),
            with_bootstrap=False,
        )
        if used.any()
        else None,
        without_basis=int((~outcome.basis_observed).sum()) if kind.has_futures else 0,
        requirement=requirement,
        standalone=standalone,
    )


def headline_of(book: Book) -> SeriesKind:
    """Return what a book's coverage is of: the offset together, or the margin of its only leg."""
    names = (HEADLINE, "ficc_securities", "cme_futures")
    kinds = {kind.name: kind for kind in SERIES}
    return next(kinds[name] for name in names if has_series(book, kinds[name]))
