"""How often honest margins are rejected, by simulation of outcomes that overlap.

Margin keeps its promise exactly, outcomes are sums of three days that share two with the next. Two
kinds of days: bell-shaped, where overlapping outcomes depend moderately, and single jumps, where
one day makes three exceptions: the worst case.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.market.seeds import generator as seeded
from crossmargin.validation.assessment import combine_series, is_clustered
from crossmargin.validation.coverage import BoolArray
from crossmargin.validation.coverage_tests import examine_series, not_rejected
from crossmargin.validation.overlap import estimated_inflation, exact_interval, interleaved

PERCENT, LEVEL = Fraction(1, 100), Fraction(5, 100)
HORIZON = 3
SERIES, OUTCOMES = 1500, 2500
#: The 99 % quantile of the standard normal.
NORMAL_99 = 2.3263478740408408


def _bell_shaped() -> BoolArray:
    days = seeded(21).standard_normal((SERIES, OUTCOMES + HORIZON - 1))
    sums = days[:, :-2] + days[:, 1:-1] + days[:, 2:]
    return sums > NORMAL_99 * np.sqrt(HORIZON)


def _jumps() -> BoolArray:
    chance = 1.0 - 0.99 ** (1 / HORIZON)
    days = seeded(22).random((SERIES, OUTCOMES + HORIZON - 1)) < chance
    return days[:, :-2] | days[:, 1:-1] | days[:, 2:]


@pytest.fixture(scope="module", params=[_bell_shaped, _jumps], ids=["bell-shaped", "jumps"])
def found(request: pytest.FixtureRequest) -> BoolArray:
    make: Callable[[], BoolArray] = request.param
    return make()


def _rejected(found: BoolArray, horizon: int) -> float:
    fewest, most = not_rejected(OUTCOMES, PERCENT, LEVEL, horizon)
    counts = found.sum(axis=1)
    return float(((counts < fewest) | (counts > most)).mean())


def test_one_in_a_hundred_outcomes_is_an_exception(found: BoolArray) -> None:
    assert found.mean() == pytest.approx(0.01, rel=0.02)


def test_the_plain_test_rejects_honest_margins_far_too_often(found: BoolArray) -> None:
    assert _rejected(found, 1) > 0.09


def test_the_verdicts_test_rejects_no_more_often_than_stated(found: BoolArray) -> None:
    # The binomial of 833 outcomes gives 5.62 % at worst; 2.5 standard errors are 1.5 %.
    assert _rejected(found, HORIZON) < 0.0562 + 0.015


def test_the_inflation_is_never_above_the_horizon(found: BoolArray) -> None:
    counts = found.sum(axis=1)
    inflation = counts.var() / (OUTCOMES * 0.01 * 0.99)
    assert 1.2 < inflation < HORIZON * 1.1
    estimated = [estimated_inflation(each, HORIZON) for each in found[:300]]
    assert np.mean([each for each in estimated if each is not None]) == pytest.approx(
        inflation, rel=0.15
    )


def test_the_exact_interval_holds_the_true_share(found: BoolArray) -> None:
    held = 0
    for count in found.sum(axis=1).tolist():
        interval = exact_interval(OUTCOMES, count, level=1 - LEVEL, horizon=HORIZON)
        assert interval is not None
        held += interval.low <= PERCENT <= interval.high
    assert held / SERIES > 0.95


def test_the_series_tests_together_reject_no_more_often_than_stated(found: BoolArray) -> None:
    rejected = np.zeros(4)
    for each in found[:500]:
        series = tuple(
            examine_series(part, first=first, promised=PERCENT, level=LEVEL)
            for first, part in enumerate(interleaved(each, HORIZON))
        )
        combined = combine_series(series, HORIZON)
        tests = (combined.proportion, combined.independence, combined.joint)
        rejected[:3] += [test.p_value is not None and test.p_value < LEVEL for test in tests]
        rejected[3] += is_clustered(series, HORIZON, LEVEL)
    # 2.5 standard errors of 5 % in 500 are 2.4 %.
    assert (rejected / 500 < 0.074).all()


def test_independence_of_the_raw_series_would_fail_by_overlap_alone(found: BoolArray) -> None:
    failing = 0
    for each in found[:200]:
        tests = examine_series(each, first=0, promised=PERCENT, level=LEVEL)
        failing += tests.independence is not None and tests.independence.p_value < LEVEL
    assert failing > 180
