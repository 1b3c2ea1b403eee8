"""What a walk gives: both models' figures of a book date by date, and the rule on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.lines import Book
from crossmargin.analysis.walk.margins import (
    COMBINED,
    FILTERED,
    FUTURES,
    HISTORICAL,
    LEGS,
    SCALED,
    SECURITIES,
    STRESS,
    TailSteps,
)
from crossmargin.analysis.walk.outcomes import Outcomes
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.arrangement.reduction import (
    ModelFigures,
    Reduction,
    ReductionRules,
    margin_reduction,
)
from crossmargin.basics.money import Money
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.market.history import DateArray

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class WalkRules:
    """Everything that a walk takes from parameters.

    Parameters
    ----------
    ficc, cme : FiccWalkRules, CmeWalkRules
    reduction : ReductionRules
    repo_follows_front : float
    """

    ficc: FiccWalkRules
    cme: CmeWalkRules
    reduction: ReductionRules
    repo_follows_front: float

    @property
    def horizons(self) -> tuple[int, ...]:
        """Every horizon that is walked, one day among them."""
        return tuple(sorted({1, self.ficc.horizon_days, self.cme.horizon_days}))


@dataclass(frozen=True, slots=True)
class ModelWalk:
    """One model's figures of a book, date by date; whole cents.

    Parameters
    ----------
    cents : mapping of leg to ndarray of int64, shape (dates,)
        Securities, futures, combined.
    components : mapping of (component, leg) to ndarray of int64, shape (dates,)
        Grid steps of 2^-18 dollar.
    """

    cents: Mapping[str, IntArray]
    components: Mapping[tuple[str, str], IntArray]


@dataclass(frozen=True, slots=True)
class BookWalk:
    """One book through time.

    Parameters
    ----------
    name : str
    dates : ndarray of datetime64[D], shape (dates,)
        Margin dates.
    ficc, cme : ModelWalk
    reductions : tuple of Reduction
        What the rule makes of both models' figures on each date.
    ficc_cents, cme_cents : ndarray of int64, shape (dates,)
        Collected: after the reduction, at FICC at least the customer minimum.
    reduced_ficc_cents : ndarray of int64, shape (dates,)
        FICC's own figure after the reduction, before the customer minimum.
    standalone_ficc_cents : ndarray of int64, shape (dates,)
        FICC's own figure with no arrangement, at least the customer minimum (ruling 6).
    held : mapping of leg to ndarray of bool, shape (dates,)
        Whether anything is held of each leg; of both, for the combined book.
    outcomes : mapping of horizon to Outcomes
        Of those margin dates whose outcome is known: the first so many.
    """

    name: str
    dates: DateArray
    ficc: ModelWalk
    cme: ModelWalk
    reductions: tuple[Reduction, ...]
    ficc_cents: IntArray
    cme_cents: IntArray
    reduced_ficc_cents: IntArray
    standalone_ficc_cents: IntArray
    held: Mapping[str, BoolArray]
    outcomes: Mapping[int, Outcomes]

    @property
    def any_held(self) -> BoolArray:
        """Dates on which anything is held at all."""
        return self.held[SECURITIES] | self.held[FUTURES]

    @property
    def requirement_cents(self) -> IntArray:
        """Collected by both clearing organizations together."""
        return self.ficc_cents + self.cme_cents

    @property
    def standalone_cents(self) -> IntArray:
        """What both ask with no arrangement, the customer minimum included."""
        return self.standalone_ficc_cents + self.cme.cents[FUTURES]

    @property
    def reduced_cents(self) -> IntArray:
        """Both clearing organizations' figures after the reduction, before the minimum."""
        return self.reduced_ficc_cents + self.cme_cents


@dataclass(frozen=True, slots=True)
class BookYear:
    """One book on the margin dates of a calendar year.

    Parameters
    ----------
    tails : TailSteps
    floor, bid_ask : mapping of leg to ndarray of int64, shape (dates,)
        Grid steps.
    outcomes : mapping of horizon to Outcomes
    """

    tails: TailSteps
    floor: Mapping[str, IntArray]
    bid_ask: Mapping[str, IntArray]
    outcomes: Mapping[int, Outcomes]


def book_walk(
    book: Book, dates: DateArray, years: Sequence[BookYear], rules: WalkRules
) -> BookWalk:
    """Return one book's walk from its years.

    Parameters
    ----------
    book : Book
    dates : ndarray of datetime64[D], shape (dates,)
        Margin dates of all the years.
    years : sequence of BookYear
        In order.
    rules : WalkRules
    """
    nothing = np.zeros(len(dates), dtype=np.int64)
    walk = BookWalk(
        name=book.name,
        dates=dates,
        ficc=_ficc_walk(book, years, rules.ficc),
        cme=_cme_walk(years, rules.cme),
        reductions=(),
        ficc_cents=nothing,
        cme_cents=nothing,
        reduced_ficc_cents=nothing,
        standalone_ficc_cents=nothing,
        held={
            SECURITIES: np.full(len(dates), bool(book.securities)),
            FUTURES: np.full(len(dates), bool(book.contracts)),
            COMBINED: np.full(len(dates), bool(book.securities and book.contracts)),
        },
        outcomes={
            days: _joined([year.outcomes[days] for year in years]) for days in years[0].outcomes
        },
    )
    return under_rule(walk, book, rules.reduction)


def under_rule(walk: BookWalk, book: Book, rules: ReductionRules) -> BookWalk:
    """Return what a rule makes of the figures of both models.

    Parameters
    ----------
    walk : BookWalk
    book : Book
    rules : ReductionRules
    """
    figures = (
        zip(*(model.cents[leg].tolist() for leg in LEGS), strict=True)
        for model in (walk.ficc, walk.cme)
    )
    reductions = tuple(
        margin_reduction(
            ficc=ModelFigures(*map(Money, of_ficc)),
            cme=ModelFigures(*map(Money, of_cme)),
            rules=rules,
        )
        for of_ficc, of_cme in zip(*figures, strict=True)
    )
    least = rules.customer_minimum.cents if book.securities else 0
    at_ficc, at_cme = (
        np.array([each.cents for each in cents], dtype=np.int64)
        for cents in (
            [reduction.ficc_requirement for reduction in reductions],
            [reduction.cme_requirement for reduction in reductions],
        )
    )
    return replace(
        walk,
        reductions=reductions,
        ficc_cents=np.maximum(at_ficc, least),
        cme_cents=at_cme,
        reduced_ficc_cents=at_ficc,
        standalone_ficc_cents=np.maximum(walk.ficc.cents[SECURITIES], least),
    )


def _ficc_walk(book: Book, years: Sequence[BookYear], rules: FiccWalkRules) -> ModelWalk:
    repo_steps = -(-book.repo_charge.numerator * GRID_PER_DOLLAR // book.repo_charge.denominator)
    cents, components = {}, {}
    for leg in LEGS:
        historical = _tail(years, HISTORICAL, leg)
        bid_ask = np.concatenate([year.bid_ask[leg] for year in years])
        floor = np.concatenate([year.floor[leg] for year in years])
        repo = np.full_like(historical, 0 if leg == FUTURES else repo_steps)
        largest = historical
        components[HISTORICAL, leg] = historical
        if rules.filtered_years is not None:
            components[FILTERED, leg] = _tail(years, FILTERED, leg)
            largest = np.maximum(historical, components[FILTERED, leg])
        components["bid_ask", leg], components["repo_volatility", leg] = bid_ask, repo
        components["floor_percentage", leg] = floor
        charge = np.maximum(largest + bid_ask + repo, floor)
        cents[leg] = -(-charge * 100 // GRID_PER_DOLLAR)
    return ModelWalk(cents, components)


def _cme_walk(years: Sequence[BookYear], rules: CmeWalkRules) -> ModelWalk:
    share, whole = rules.historical_weight.numerator, rules.historical_weight.denominator
    cents, components = {}, {}
    for leg in LEGS:
        scaled, stress = _tail(years, SCALED, leg), _tail(years, STRESS, leg)
        components[SCALED, leg], components[STRESS, leg] = scaled, stress
        charge = share * scaled + (whole - share) * stress
        cents[leg] = -(-charge * 100 // (whole * GRID_PER_DOLLAR))
    return ModelWalk(cents, components)


def _tail(years: Sequence[BookYear], simulation: str, leg: str) -> IntArray:
    return np.concatenate([year.tails.steps[simulation, leg] for year in years])


def _joined(parts: Sequence[Outcomes]) -> Outcomes:
    return Outcomes(
        np.concatenate([part.securities for part in parts]),
        np.concatenate([part.futures for part in parts]),
        np.concatenate([part.basis_observed for part in parts]),
    )
