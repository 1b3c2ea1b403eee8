"""Outcomes by regime: by dates that people know by name, and by how volatile yields were.

Coverage over ten years may be that of nine calm ones. A regime belongs to the margin date: what
was known when margin was set. Dated regimes are named after the fact, and some because they were
bad, so that what is found in them describes and does not prove; the volatility states use nothing
that was not known on the date.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.market.history import DateArray, FloatArray
from crossmargin.parameters.registry import ParameterSet
from crossmargin.validation.assessment import (
    AssessmentRules,
    Verdict,
    overlap_adjusted,
    verdict_of,
)
from crossmargin.validation.coverage import BoolArray, exceptions
from crossmargin.validation.coverage_tests import ProportionOfFailures
from crossmargin.validation.severity import Severity, measure_severity
from crossmargin.validation.yield_moves import ewma_volatility

#: The outcomes that no dated regime holds.
OTHER_DATES = "other_dates"
_PREFIX = "regime_"
_RULE = "methodology: coverage tests"


class VolatilityState(StrEnum):
    """How volatile yields were, against all dates before."""

    LOW = "low_volatility"
    MIDDLE = "middle_volatility"
    HIGH = "high_volatility"
    UNKNOWN = "unknown_volatility"


@dataclass(frozen=True, slots=True)
class Regime:
    """A stretch of margin dates with a name; both ends belong to it."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class RegimeCoverage:
    """How a margin did on the outcomes of one regime.

    Parameters
    ----------
    name : str
    outcomes, exceptions : int
        At least one outcome.
    test : ProportionOfFailures
        With the ratio divided by the horizon, at the level divided by the number of regimes, so
        that all of them together reject a margin that keeps its promise no more often than stated.
    verdict : Verdict
    severity : Severity
        Places are those among all outcomes.
    average_margin : float
    """

    name: str
    outcomes: int
    exceptions: int
    test: ProportionOfFailures
    verdict: Verdict
    severity: Severity
    average_margin: float

    @property
    def coverage(self) -> Fraction:
        """Share of outcomes that are no exceptions."""
        return Fraction(self.outcomes - self.exceptions, self.outcomes)


def regimes_from_parameters(validation: ParameterSet) -> tuple[Regime, ...]:
    """Return the regimes of ``validation/parameters.toml``, by their dates.

    Raises
    ------
    RefusedError
        If two of them share a day.
    """
    regimes = sorted(
        (
            Regime(name.removeprefix(_PREFIX), *validation.dates(name)[0])
            for name in validation.parameters
            if name.startswith(_PREFIX)
        ),
        key=lambda regime: (regime.first, regime.name),
    )
    faults = [
        Refusal(
            f"validation.{_PREFIX}{two.name}",
            f"{two.first}..{two.last}",
            f"days that are not in {_PREFIX}{one.name}, {one.first}..{one.last}",
            _RULE,
        )
        for one, two in pairwise(regimes)
        if two.first <= one.last
    ]
    if faults:
        raise RefusedError(*faults)
    return tuple(regimes)


def dated_masks(dates: DateArray, regimes: tuple[Regime, ...]) -> dict[str, BoolArray]:
    """Return which margin dates each regime holds, and which none does.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (outcomes,)
    regimes : tuple of Regime
        No day in two of them.

    Returns
    -------
    dict of name to ndarray of bool
        In the order of the regimes, :data:`OTHER_DATES` last.
    """
    masks: dict[str, BoolArray] = {}
    rest = np.ones(len(dates), dtype=np.bool_)
    for regime in regimes:
        first, last = np.datetime64(regime.first), np.datetime64(regime.last)
        masks[regime.name] = (dates >= first) & (dates <= last)
        rest &= ~masks[regime.name]
    return {**masks, OTHER_DATES: rest}


def volatility_masks(
    dates: DateArray,
    history_dates: DateArray,
    changes: FloatArray,
    *,
    decay: float,
    start_changes: int,
    fewest: int,
) -> dict[str, BoolArray]:
    """Return which margin dates were in each third of volatility, as known on the date.

    The volatility at the end of a date is ranked among those of that date and all before: in the
    lowest, middle or highest third. Nothing later is looked at, so the states need not hold equal
    numbers of dates. The masks are the same for every margin on the same dates: made once, used for
    all.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (outcomes,)
        Margin dates, each of which is among ``history_dates``.
    history_dates : ndarray of datetime64[D], shape (dates,)
        Ascending; the further back they begin, the more each state rests on.
    changes : ndarray, shape (dates,)
        One-day changes, of a yield or of the book, that end on each date; NaN where missing.
    decay : float
    start_changes : int
    fewest : int
        Volatilities that must be known before a state is.

    Returns
    -------
    dict of name to ndarray of bool
        By :class:`VolatilityState`, in its order.

    Raises
    ------
    ValueError
        If a margin date is not among the dates of the history.
    """
    volatility = ewma_volatility(changes[:, None], decay=decay, start_changes=start_changes)[:, 0]
    places = np.minimum(np.searchsorted(history_dates, dates), len(history_dates) - 1)
    if not (history_dates[places] == dates).all():
        raise ValueError("every margin date must be among the dates of the history")
    states = _thirds_so_far(volatility, fewest)[places]
    return {state.value: states == place for place, state in enumerate(VolatilityState)}


def coverage_by_regime(
    losses: FloatArray,
    margins: FloatArray,
    masks: Mapping[str, BoolArray],
    *,
    horizon: int,
    rules: AssessmentRules,
) -> tuple[RegimeCoverage, ...]:
    """Return how a margin did in each regime.

    Parameters
    ----------
    losses, margins : ndarray, shape (outcomes,)
        Of all outcomes.
    masks : mapping of name to ndarray of bool, shape (outcomes,)
        From :func:`dated_masks` or :func:`volatility_masks`; regimes without outcomes are left out.
    horizon : int
    rules : AssessmentRules
    """
    found = exceptions(losses, margins, rules.reading)
    held = {name: mask for name, mask in masks.items() if mask.any()}
    level = rules.level / max(len(held), 1)
    results = []
    for name, mask in held.items():
        test = overlap_adjusted(found[mask], horizon=horizon, rules=rules, level=level)
        results.append(
            RegimeCoverage(
                name=name,
                outcomes=test.outcomes,
                exceptions=test.exceptions,
                test=test,
                verdict=verdict_of(test),
                severity=measure_severity(losses, margins, found & mask, horizon=horizon),
                average_margin=math.fsum(margins[mask].tolist()) / test.outcomes,
            )
        )
    return tuple(results)


def _thirds_so_far(volatility: FloatArray, fewest: int) -> npt.NDArray[np.int8]:
    """Return 0, 1 or 2 for each date's third among those up to it, 3 where it is not known."""
    states = np.full(len(volatility), 3, dtype=np.int8)
    ordered: list[float] = []
    for place, value in enumerate(volatility.tolist()):
        if math.isnan(value):
            continue
        insort(ordered, value)
        if len(ordered) >= fewest:
            # How many are smaller, of all: below a third, below two thirds, or above.
            states[place] = bisect_left(ordered, value) * 3 // len(ordered)
    return states
