"""What a backtest holds against what: ten series a book, each with its own horizon.

Every model on every leg, and the offset by itself, which is what the arrangement rests on: whether
the reduced margin of both clearing organizations together, and of each alone, covered the loss of
the combined book.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.figures import BookWalk, WalkRules
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.margins import COMBINED, FUTURES, SECURITIES
from crossmargin.analysis.walk.outcomes import Outcomes
from crossmargin.market.history import DateArray, FloatArray
from crossmargin.parameters.registry import ParameterSet
from crossmargin.validation.assessment import Assessment, AssessmentRules, assess
from crossmargin.validation.procyclicality import Procyclicality, measure_procyclicality
from crossmargin.validation.regimes import (
    RegimeCoverage,
    coverage_by_regime,
    dated_masks,
    regimes_from_parameters,
    volatility_masks,
)

BoolArray = npt.NDArray[np.bool_]

_CENTS = 100.0
#: The key rate whose volatility tells calm dates from others, in years.
_STATE_TENOR_YEARS = 10.0


class UnobservedBasis(StrEnum):
    """What becomes of outcomes with no price of their own for a future held."""

    LEAVE_OUT = "leave_out"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class SeriesKind:
    """What a series holds against what.

    Parameters
    ----------
    name : str
    margin, loss : str
        In words.
    owner : str
        Whose horizon the outcome has: ``ficc`` or ``cme``.
    leg : str
        Whose loss it is.
    has_futures : bool
    is_offset : bool
        Whether it tests the offset rather than a model.
    """

    name: str
    margin: str
    loss: str
    owner: str
    leg: str
    has_futures: bool
    is_offset: bool


def _model_kind(owner: str, leg: str) -> SeriesKind:
    whose = "FICC-style" if owner == "ficc" else "CME-style"
    what = {SECURITIES: "securities alone", FUTURES: "futures alone", COMBINED: "both legs"}[leg]
    return SeriesKind(
        f"{owner}_{leg}", f"{whose} margin of {what}", what, owner, leg, leg != SECURITIES, False
    )


def _offset_kind(name: str, margin: str, owner: str) -> SeriesKind:
    return SeriesKind(name, margin, "both legs", owner, COMBINED, True, True)


SERIES: tuple[SeriesKind, ...] = (
    *(
        _model_kind(owner, leg)
        for owner in ("ficc", "cme")
        for leg in (SECURITIES, FUTURES, COMBINED)
    ),
    _offset_kind("together_ficc_horizon", "reduced margin of both together", "ficc"),
    _offset_kind("together_cme_horizon", "reduced margin of both together", "cme"),
    _offset_kind("ficc_alone", "FICC's reduced margin alone", "ficc"),
    _offset_kind("cme_alone", "CME's reduced margin alone", "cme"),
    _offset_kind("collected", "collected by both, customer minimum included", "ficc"),
)
#: The series that says whether the arrangement holds.
HEADLINE = "together_ficc_horizon"


@dataclass(frozen=True, slots=True)
class SeriesBacktest:
    """One margin against its outcomes.

    Parameters
    ----------
    kind : SeriesKind
    horizon_days : int
    assessment : Assessment
    regimes, states : tuple of RegimeCoverage
        By dated regime, and by how volatile the ten-year rate was.
    without_basis : int
        Outcomes with no price of their own for a future held; left out unless the parameter
        ``validation.unobserved_basis`` keeps them.
    procyclicality : Procyclicality
        Of the margin on every date on which the legs are held, outcome known or not.
    dates : ndarray of datetime64[D]
        Those dates.
    without_position : int
        Margin dates on which the legs are not held: none but along a path.
    """

    kind: SeriesKind
    horizon_days: int
    assessment: Assessment
    regimes: tuple[RegimeCoverage, ...]
    states: tuple[RegimeCoverage, ...]
    procyclicality: Procyclicality
    dates: DateArray
    without_basis: int
    without_position: int


@dataclass(frozen=True, slots=True)
class BacktestContext:
    """What every book of a backtest is judged by."""

    rules: WalkRules
    lines: Lines
    validation: ParameterSet
    regimes: Mapping[str, BoolArray]
    states: Mapping[str, BoolArray]

    @staticmethod
    def of(
        factors: WalkFactors,
        places: Sequence[int],
        rules: WalkRules,
        lines: Lines,
        validation: ParameterSet,
    ) -> BacktestContext:
        """Return the context of a walk's margin dates.

        Raises
        ------
        RefusedError
            If two regimes share a day.
        """
        dates = factors.dates[np.asarray(places)]
        moves = next(iter(factors.known.values())).moves[1]
        column = int(np.abs(factors.key_years - _STATE_TENOR_YEARS).argmin())
        changes = np.concatenate([[np.nan], moves.key_rates[:, column]])
        return BacktestContext(
            rules,
            lines,
            validation,
            dated_masks(dates, regimes_from_parameters(validation)),
            volatility_masks(
                dates,
                factors.dates,
                changes,
                decay=float(validation.ratio("ewma_decay")),
                start_changes=validation.whole("ewma_start_changes"),
                fewest=validation.whole("volatility_state_fewest"),
            ),
        )

    def horizon_of(self, kind: SeriesKind) -> int:
        """Return the horizon of a series, in scenario dates."""
        return (self.rules.ficc if kind.owner == "ficc" else self.rules.cme).horizon_days


def unobserved_basis(validation: ParameterSet) -> UnobservedBasis:
    """Return what becomes of outcomes without a futures price of their own."""
    return UnobservedBasis(validation.choice("unobserved_basis", list(UnobservedBasis)))


def has_series(book: Book, kind: SeriesKind) -> bool:
    """Return whether a book has the legs of a series."""
    legs = {SECURITIES: bool(book.securities), FUTURES: bool(book.contracts)}
    if kind.leg == COMBINED:
        return all(legs.values())
    return legs[kind.leg]


def series_margins(walk: BookWalk, kind: SeriesKind) -> FloatArray:
    """Return the margin of a series in dollars, date by date."""
    if kind.name == "collected":
        cents = walk.requirement_cents
    elif kind.name.startswith("together"):
        cents = walk.reduced_cents
    elif kind.is_offset:
        cents = walk.reduced_ficc_cents if kind.owner == "ficc" else walk.cme_cents
    else:
        model = walk.ficc if kind.owner == "ficc" else walk.cme
        cents = model.cents[kind.leg]
    dollars: FloatArray = cents / _CENTS
    return dollars


def series_losses(outcome: Outcomes, kind: SeriesKind) -> FloatArray:
    """Return the losses of a series in dollars, date by date."""
    return {
        SECURITIES: outcome.securities,
        FUTURES: outcome.futures,
        COMBINED: outcome.combined,
    }[kind.leg]


def used_outcomes(
    walk: BookWalk, kind: SeriesKind, horizon: int, validation: ParameterSet
) -> BoolArray:
    """Return which outcomes of a series count: its legs held, and by choice their basis known."""
    outcome = walk.outcomes[horizon]
    held = walk.held[kind.leg][: len(outcome.basis_observed)]
    if kind.has_futures and unobserved_basis(validation) is UnobservedBasis.LEAVE_OUT:
        return held & outcome.basis_observed
    return held


def series_of(kind: SeriesKind, walk: BookWalk, context: BacktestContext) -> SeriesBacktest | None:
    """Return how a margin did; None where no outcome has futures prices of its own."""
    horizon = context.horizon_of(kind)
    outcome = walk.outcomes[horizon]
    used = used_outcomes(walk, kind, horizon, context.validation)
    losses, margins = series_losses(outcome, kind)[used], series_margins(walk, kind)[used]
    if not len(losses):
        return None
    held = walk.held[kind.leg]
    rules = AssessmentRules.from_parameters(context.validation)
    regimes, states = (
        coverage_by_regime(
            losses,
            margins,
            {name: mask[used] for name, mask in masks.items()},
            horizon=horizon,
            rules=rules,
        )
        for masks in (context.regimes, context.states)
    )
    return SeriesBacktest(
        kind=kind,
        horizon_days=horizon,
        assessment=assess(walk.dates[used], losses, margins, horizon=horizon, rules=rules),
        regimes=regimes,
        states=states,
        procyclicality=measure_procyclicality(
            series_margins(walk, kind)[held], rise_days=rules.rise_days
        ),
        dates=walk.dates[held],
        without_basis=int((held[: len(used)] & ~outcome.basis_observed).sum())
        if kind.has_futures
        else 0,
        without_position=int((~held).sum()),
    )
