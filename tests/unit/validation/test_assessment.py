"""One series' whole result: verdicts, flags, and what everything is counted on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin import bootstrap
from crossmargin.market.history import DateArray, FloatArray
from crossmargin.market.seeds import generator as seeded
from crossmargin.validation.assessment import (
    Assessment,
    AssessmentRules,
    Verdict,
    assess,
    verdict_of,
)
from crossmargin.validation.coverage import ExceptionReading, measure_coverage
from crossmargin.validation.coverage_tests import proportion_of_failures
from crossmargin.validation.overlap import bootstrap_interval, exact_interval
from crossmargin.validation.procyclicality import measure_procyclicality
from crossmargin.validation.severity import measure_recovery, measure_severity
from crossmargin.validation.traffic_light import Zone

OUTCOMES = 2500
DATES: DateArray = np.datetime64("2015-01-02") + np.arange(OUTCOMES)
#: The 99 % quantile of the standard normal.
NORMAL_99 = 2.3263478740408408


@pytest.fixture(scope="module")
def rules() -> AssessmentRules:
    return AssessmentRules.from_parameters(bootstrap.backtest_parameters(date.max).validation)


def _losses(horizon: int, seed: int = 5) -> FloatArray:
    days = seeded(seed).standard_normal(OUTCOMES + horizon - 1) * 1e5
    total = np.concatenate([[0.0], np.cumsum(days)])
    return total[horizon:] - total[:-horizon]


def _assess(scale: float, horizon: int, rules: AssessmentRules) -> Assessment:
    margins = np.full(OUTCOMES, scale * NORMAL_99 * np.sqrt(horizon) * 1e5)
    return assess(DATES, _losses(horizon), margins, horizon=horizon, rules=rules)


def test_rules_are_those_of_the_parameters(rules: AssessmentRules) -> None:
    assert rules.promised == Fraction(1, 100)
    assert rules.level == Fraction(1, 20)
    assert (rules.yellow, rules.red) == (Fraction(95, 100), Fraction(9999, 10000))
    assert rules.rise_days == (1, 5, 20, 30)


@pytest.mark.parametrize("horizon", [1, 3])
@pytest.mark.parametrize(
    ("scale", "verdict"),
    [
        (0.8, Verdict.UNDER_MARGINED),
        (1.0, Verdict.NOT_REJECTED),
        (1.4, Verdict.OVER_MARGINED),
    ],
)
def test_margins_are_named_what_they_are(
    scale: float, verdict: Verdict, horizon: int, rules: AssessmentRules
) -> None:
    found = _assess(scale, horizon, rules)
    assert found.verdict is verdict
    assert not found.is_clustered
    if verdict is Verdict.UNDER_MARGINED:
        assert found.light.zone is not Zone.GREEN
        assert found.interval is not None
        assert found.interval.low > rules.promised
    if verdict is Verdict.OVER_MARGINED:
        assert found.light.zone is Zone.GREEN


def test_clusters_are_named_beside_a_verdict_that_passes(rules: AssessmentRules) -> None:
    # 24 exceptions of 2,500 in two months: the promise is kept and the clusters are plain.
    losses, margins = np.zeros(OUTCOMES), np.ones(OUTCOMES)
    losses[600:612] = losses[1800:1812] = 2.0
    for horizon in (1, 3):
        found = assess(DATES, losses, margins, horizon=horizon, rules=rules)
        assert found.verdict is Verdict.NOT_REJECTED
        assert found.is_clustered
        assert found.combined.independence.p_value is not None
        assert found.combined.independence.p_value < 0.05
    scattered = np.zeros(OUTCOMES)
    scattered[50::100] = 2.0
    found = assess(DATES, scattered, margins, horizon=3, rules=rules)
    assert found.coverage.exceptions == 25
    assert not found.is_clustered


def test_exceptions_that_avoid_each_other_are_no_cluster(rules: AssessmentRules) -> None:
    losses = np.where(np.arange(OUTCOMES) % 2 == 0, 2.0, 0.0)
    found = assess(DATES, losses, np.ones(OUTCOMES), horizon=1, rules=rules)
    assert found.combined.independence.p_value is not None
    assert found.combined.independence.p_value < 1e-6
    assert not found.is_clustered
    assert found.verdict is Verdict.UNDER_MARGINED


def test_without_exceptions_nothing_is_made_up(rules: AssessmentRules) -> None:
    found = assess(DATES, np.zeros(OUTCOMES), np.ones(OUTCOMES), horizon=3, rules=rules)
    assert found.verdict is Verdict.OVER_MARGINED
    assert found.combined.independence.p_value is None
    assert found.combined.joint.testable == 0
    assert found.bootstrap is found.inflation is found.severity.largest_at is None
    assert all(each.independence is None for each in found.series)
    assert not found.is_clustered


def test_the_parts_are_those_of_their_own_functions(rules: AssessmentRules) -> None:
    losses = _losses(3)
    margins = np.abs(_losses(3, seed=6)) + 3e5
    found = assess(DATES, losses, margins, horizon=3, rules=rules)
    missed = losses > margins
    count = int(missed.sum())
    assert found.coverage == measure_coverage(
        losses, margins, reading=rules.reading, rolling_outcomes=rules.rolling_outcomes
    )
    assert found.severity == measure_severity(losses, margins, missed, horizon=3)
    assert found.recovery == measure_recovery(losses, margins, missed)
    assert found.procyclicality == measure_procyclicality(margins, rise_days=rules.rise_days)
    level = rules.interval_level
    assert found.interval == exact_interval(OUTCOMES, count, level=level, horizon=3)
    assert found.bootstrap == bootstrap_interval(missed, rules.bootstrap, level=level)
    assert sum(each.proportion.exceptions for each in found.series) == count
    assert [each.first for each in found.series] == [0, 1, 2]
    assert (found.light.outcomes, found.light.exceptions) == (833, -(-count // 3))
    assert (found.light_unadjusted.outcomes, found.light_unadjusted.exceptions) == (2500, count)
    assert found.adjusted.result.statistic == pytest.approx(found.unadjusted.result.statistic / 3)
    assert found.verdict is verdict_of(found.adjusted)
    assert found.outcomes == OUTCOMES
    assert found.date_of(1) == date(2015, 1, 3)


def test_the_bootstrap_may_be_left_out(rules: AssessmentRules) -> None:
    found = assess(
        DATES,
        _losses(1),
        np.full(OUTCOMES, 2e5),
        horizon=1,
        rules=rules,
        with_bootstrap=False,
    )
    assert found.bootstrap is None


def test_the_reading_of_ties_is_the_rules(rules: AssessmentRules) -> None:
    losses = np.zeros(OUTCOMES)
    losses[::20] = 1.0
    margins = np.ones(OUTCOMES)
    other = replace(rules, reading=ExceptionReading.LOSS_AT_MARGIN)
    verdicts = [
        assess(DATES, losses, margins, horizon=1, rules=each).verdict for each in (rules, other)
    ]
    assert verdicts == [Verdict.OVER_MARGINED, Verdict.UNDER_MARGINED]


def test_two_outcomes_over_three_dates_are_taken(rules: AssessmentRules) -> None:
    found = assess(DATES[:2], np.array([2.0, 0.0]), np.array([1.0, 1.0]), horizon=3, rules=rules)
    assert found.verdict is Verdict.NOT_REJECTED
    assert len(found.series) == 2
    assert found.combined.proportion.series == 3
    assert found.interval is None
    assert found.coverage.worst_rolling is None


def test_a_rejection_needs_both_sides_of_the_promise(rules: AssessmentRules) -> None:
    verdicts = [
        verdict_of(proportion_of_failures(1000, count, promised=rules.promised, level=rules.level))
        for count in (4, 5, 16, 17)
    ]
    assert verdicts == [
        Verdict.OVER_MARGINED,
        Verdict.NOT_REJECTED,
        Verdict.NOT_REJECTED,
        Verdict.UNDER_MARGINED,
    ]


@pytest.mark.parametrize(
    ("dates", "losses", "margins", "told"),
    [
        (DATES[:0], [], [], "no outcomes"),
        (DATES[:2], [1.0], [1.0, 1.0], "2 dates, 1 losses, 2 margins"),
        (DATES[1::-1], [1.0, 1.0], [1.0, 1.0], "ascend"),
        (DATES[:2], [1.0, float("nan")], [1.0, 1.0], "losses must be finite"),
        (DATES[:2], [1.0, 1.0], [float("inf"), 1.0], "margins must be finite"),
        (DATES[:2], [1.0, 1.0], [1.0, -2.0], "negative, one was -2.0"),
    ],
)
def test_what_is_no_series_of_outcomes_is_refused(
    dates: DateArray,
    losses: list[float],
    margins: list[float],
    told: str,
    rules: AssessmentRules,
) -> None:
    with pytest.raises(ValueError, match=told):
        assess(dates, np.array(losses), np.array(margins), horizon=1, rules=rules)
