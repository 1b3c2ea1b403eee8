"""How a margin did on one series of outcomes: every test, how bad, how long, and one verdict.

The verdict is that of Kupiec's test with the likelihood ratio divided by the horizon: it uses every
outcome, has one direction, and rejects no more often than stated whatever the overlap does
(:func:`crossmargin.validation.coverage_tests.proportion_of_failures`). Whether exceptions come in
clusters is said beside it and changes no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

import numpy as np

from crossmargin.market.history import DateArray, FloatArray
from crossmargin.parameters.registry import ParameterSet
from crossmargin.validation.coverage import (
    BoolArray,
    Coverage,
    ExceptionReading,
    exceptions,
    measure_coverage,
)
from crossmargin.validation.coverage_tests import (
    CombinedTest,
    Direction,
    ProportionOfFailures,
    SeriesTests,
    combine,
    examine_series,
    proportion_of_failures,
)
from crossmargin.validation.overlap import (
    BlockBootstrap,
    ShareInterval,
    bootstrap_interval,
    estimated_inflation,
    exact_interval,
    interleaved,
)
from crossmargin.validation.procyclicality import Procyclicality, measure_procyclicality
from crossmargin.validation.severity import (
    Recovery,
    Severity,
    measure_recovery,
    measure_severity,
)
from crossmargin.validation.traffic_light import TrafficLight, traffic_light


class Verdict(StrEnum):
    """What the test of coverage says."""

    UNDER_MARGINED = "UNDER_MARGINED"
    OVER_MARGINED = "OVER_MARGINED"
    NOT_REJECTED = "NOT_REJECTED"


@dataclass(frozen=True, slots=True)
class AssessmentRules:
    """The parameters of an assessment.

    Parameters
    ----------
    promised : Fraction
        The share of exceptions that is promised: one less the target coverage.
    level : Fraction
        A p-value below it rejects.
    yellow, red : Fraction
        Cumulative probabilities at which the zones begin.
    interval_level : Fraction
        Confidence of both intervals.
    bootstrap : BlockBootstrap
    reading : ExceptionReading
    rolling_outcomes : int
    rise_days : tuple of int
    """

    promised: Fraction
    level: Fraction
    yellow: Fraction
    red: Fraction
    interval_level: Fraction
    bootstrap: BlockBootstrap
    reading: ExceptionReading
    rolling_outcomes: int
    rise_days: tuple[int, ...]

    @staticmethod
    def from_parameters(validation: ParameterSet) -> AssessmentRules:
        """Return the rules that ``validation/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a value is not one that the rules know.
        LookupError
            If a parameter is missing.
        """
        return AssessmentRules(
            promised=1 - validation.ratio("target_coverage"),
            level=validation.ratio("rejection_level"),
            yellow=validation.ratio("yellow_zone_from"),
            red=validation.ratio("red_zone_from"),
            interval_level=validation.ratio("interval_level"),
            bootstrap=BlockBootstrap(
                samples=validation.whole("bootstrap_samples"),
                block_outcomes=validation.whole("bootstrap_block_outcomes"),
                seed=validation.whole("bootstrap_seed"),
            ),
            reading=ExceptionReading(validation.choice("exception_reading", ExceptionReading)),
            rolling_outcomes=validation.whole("rolling_outcomes"),
            rise_days=tuple(int(each) for each in validation.ratios("rise_days")),
        )


@dataclass(frozen=True, slots=True)
class CombinedTests:
    """The series' tests as one statement each; see :class:`CombinedTest`."""

    proportion: CombinedTest
    independence: CombinedTest
    joint: CombinedTest


@dataclass(frozen=True, slots=True)
class Assessment:
    """How a margin did on one series of outcomes.

    Outcomes are named by their place; :meth:`date_of` gives the margin date.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (outcomes,)
        Margin dates; not compared.
    horizon : int
        Dates of an outcome.
    verdict : Verdict
        From ``adjusted``.
    is_clustered : bool
        Whether independence is rejected because exceptions follow exceptions.
    coverage : Coverage
    adjusted : ProportionOfFailures
        Kupiec's test of all outcomes with the ratio divided by the horizon: it makes the verdict.
    unadjusted : ProportionOfFailures
        The same as if no outcomes overlapped: it overstates what is known.
    series : tuple of SeriesTests
        One for each series of outcomes that do not overlap; none that is empty.
    combined : CombinedTests
    light : TrafficLight
        Of as many outcomes as cannot overlap, ``exceptions / horizon`` rounded up.
    light_unadjusted : TrafficLight
        Of all outcomes, as if they did not overlap.
    interval : ShareInterval or None
        Exact, for as many outcomes as cannot overlap.
    bootstrap : ShareInterval or None
        None also where it was not asked for.
    inflation : float or None
        By how much overlap inflates the variance, as the exceptions show it: 1 to the horizon.
    severity : Severity
    recovery : Recovery
    procyclicality : Procyclicality
        Always beside coverage: it is a trade-off.
    """

    dates: DateArray = field(repr=False, compare=False)
    horizon: int
    verdict: Verdict
    is_clustered: bool
    coverage: Coverage
    adjusted: ProportionOfFailures
    unadjusted: ProportionOfFailures
    series: tuple[SeriesTests, ...]
    combined: CombinedTests
    light: TrafficLight
    light_unadjusted: TrafficLight
    interval: ShareInterval | None
    bootstrap: ShareInterval | None
    inflation: float | None
    severity: Severity
    recovery: Recovery
    procyclicality: Procyclicality

    @property
    def outcomes(self) -> int:
        """How many there are."""
        return self.coverage.outcomes

    def date_of(self, place: int) -> date:
        """Return the margin date of an outcome."""
        found: date = self.dates[place].astype(object)
        return found


def assess(
    dates: DateArray,
    losses: FloatArray,
    margins: FloatArray,
    *,
    horizon: int,
    rules: AssessmentRules,
    with_bootstrap: bool = True,
) -> Assessment:
    """Return how a margin did on one series of outcomes.

    Parameters
    ----------
    dates : ndarray of datetime64[D], shape (outcomes,)
        Margin dates, ascending; an outcome begins on every one of them.
    losses, margins : ndarray of float64, shape (outcomes,)
        In one unit, dollars for a book; finite. Gains are negative losses; no margin is negative.
    horizon : int
        Dates of an outcome.
    rules : AssessmentRules
    with_bootstrap : bool
        Whether the bootstrap interval is wanted.

    Raises
    ------
    ValueError
        If there is no outcome, shapes differ, dates do not ascend, a figure is not finite or a
        margin is negative.
    """
    _check(dates, losses, margins)
    found = exceptions(losses, margins, rules.reading)
    series = _series(found, horizon, rules)
    combined = combine_series(series, horizon)
    adjusted = overlap_adjusted(found, horizon=horizon, rules=rules, level=rules.level)
    count, outcomes = int(found.sum()), len(found)
    return Assessment(
        dates=dates,
        horizon=horizon,
        verdict=verdict_of(adjusted),
        is_clustered=is_clustered(series, horizon, rules.level),
        coverage=measure_coverage(
            losses, margins, reading=rules.reading, rolling_outcomes=rules.rolling_outcomes
        ),
        adjusted=adjusted,
        unadjusted=proportion_of_failures(
            outcomes, count, promised=rules.promised, level=rules.level
        ),
        series=series,
        combined=combined,
        light=_light(outcomes // horizon, -(-count // horizon), rules),
        light_unadjusted=_light(outcomes, count, rules),
        interval=exact_interval(outcomes, count, level=rules.interval_level, horizon=horizon),
        bootstrap=bootstrap_interval(found, rules.bootstrap, level=rules.interval_level)
        if with_bootstrap
        else None,
        inflation=estimated_inflation(found, horizon),
        severity=measure_severity(losses, margins, found, horizon=horizon),
        recovery=measure_recovery(losses, margins, found),
        procyclicality=measure_procyclicality(margins, rise_days=rules.rise_days),
    )


def overlap_adjusted(
    found: BoolArray, *, horizon: int, rules: AssessmentRules, level: Fraction
) -> ProportionOfFailures:
    """Return the test that makes the verdict; see :func:`proportion_of_failures`."""
    return proportion_of_failures(
        len(found), int(found.sum()), promised=rules.promised, level=level, horizon=horizon
    )


def verdict_of(test: ProportionOfFailures) -> Verdict:
    """Return what a test of coverage says."""
    if not test.is_rejected:
        return Verdict.NOT_REJECTED
    if test.direction is Direction.TOO_MANY:
        return Verdict.UNDER_MARGINED
    return Verdict.OVER_MARGINED


def combine_series(series: tuple[SeriesTests, ...], horizon: int) -> CombinedTests:
    """Return each test of all series as one statement; empty series count as not testable."""
    empty = [None] * (horizon - len(series))
    return CombinedTests(
        proportion=combine([*(each.proportion.result for each in series), *empty]),
        independence=combine([*(each.independence for each in series), *empty]),
        joint=combine([*(each.joint for each in series), *empty]),
    )


def is_clustered(series: tuple[SeriesTests, ...], horizon: int, level: Fraction) -> bool:
    """Whether independence is rejected in a series where exceptions follow exceptions.

    Bonferroni as in the combined test; a series where an exception is followed by one less often
    than a covered outcome is does not count.
    """
    clustering = [each.independence if each.transitions.is_clustering else None for each in series]
    combined = combine([*clustering, *[None] * (horizon - len(series))])
    return combined.p_value is not None and combined.p_value < level


def _series(found: BoolArray, horizon: int, rules: AssessmentRules) -> tuple[SeriesTests, ...]:
    return tuple(
        examine_series(each, first=first, promised=rules.promised, level=rules.level)
        for first, each in enumerate(interleaved(found, horizon))
        if len(each)
    )


def _light(outcomes: int, count: int, rules: AssessmentRules) -> TrafficLight:
    return traffic_light(
        outcomes, count, promised=rules.promised, yellow=rules.yellow, red=rules.red
    )


def _check(dates: DateArray, losses: FloatArray, margins: FloatArray) -> None:
    if not len(dates) == len(losses) == len(margins):
        raise ValueError(f"{len(dates)} dates, {len(losses)} losses, {len(margins)} margins")
    if len(dates) == 0:
        raise ValueError("there are no outcomes")
    if not (dates[1:] > dates[:-1]).all():
        raise ValueError("dates must ascend")
    for name, figures in (("losses", losses), ("margins", margins)):
        if not np.isfinite(figures).all():
            raise ValueError(f"{name} must be finite")
    if (margins < 0.0).any():
        raise ValueError(f"margins must not be negative, one was {margins.min()}")
