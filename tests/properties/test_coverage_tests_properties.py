"""Properties of the tests of coverage: order, bounds, and one figure against another."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin import bootstrap
from crossmargin.validation.assessment import AssessmentRules, Verdict, assess
from crossmargin.validation.coverage_tests import (
    Direction,
    not_rejected,
    proportion_of_failures,
    proportion_ratio,
)
from crossmargin.validation.overlap import exact_interval
from crossmargin.validation.traffic_light import first_reaching

RULES = AssessmentRules.from_parameters(bootstrap.backtest_parameters(date.max).validation)
SHARES = st.sampled_from([Fraction(1, 200), Fraction(1, 100), Fraction(1, 20), Fraction(1, 3)])
LEVELS = st.sampled_from([Fraction(1, 100), Fraction(1, 20), Fraction(1, 10)])
WHOLE = st.integers(-30, 30).map(float)
PAIRS = st.lists(st.tuples(WHOLE, st.integers(0, 20).map(float)), min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 3000), SHARES, LEVELS, st.integers(1, 5))
def test_counts_near_the_promise_are_kept_and_overlap_keeps_more(
    outcomes: int, promised: Fraction, level: Fraction, horizon: int
) -> None:
    fewest, most = not_rejected(outcomes, promised, level, 1)
    wider_fewest, wider_most = not_rejected(outcomes, promised, level, horizon)
    assert wider_fewest <= fewest <= round(outcomes * promised) <= most <= wider_most
    stricter = not_rejected(outcomes, promised, level / 2, 1)
    assert stricter[0] <= fewest
    assert most <= stricter[1]
    # The ratio rises on both sides of the promise.
    assert most == outcomes or proportion_ratio(outcomes, most, promised) <= proportion_ratio(
        outcomes, most + 1, promised
    )


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 3000), SHARES, st.integers(1, 5), st.data())
def test_a_rejection_lies_below_the_level_in_every_way(
    outcomes: int, promised: Fraction, horizon: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, outcomes))
    found = proportion_of_failures(
        outcomes, count, promised=promised, level=RULES.level, horizon=horizon
    )
    is_below = found.result.p_value < RULES.level and found.tail_probability < RULES.level
    assert found.is_rejected is is_below
    if found.is_rejected:
        assert found.direction is not Direction.AS_PROMISED


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 2000), st.integers(1, 3), st.data())
def test_more_exceptions_never_lower_the_interval(
    outcomes: int, horizon: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, outcomes - 1))
    fewer, more, apart = (
        exact_interval(outcomes, exceptions, level=Fraction(95, 100), horizon=each)
        for exceptions, each in ((count, horizon), (count + 1, horizon), (count, 1))
    )
    assert fewer is not None
    assert more is not None
    assert apart is not None
    assert fewer.low <= more.low
    assert fewer.high <= more.high
    # What overlaps is known less well.
    assert fewer.low <= apart.low
    assert fewer.low <= Fraction(count, outcomes) <= fewer.high


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 1500), SHARES)
def test_zones_rise_with_outcomes_and_with_the_promised_share(
    outcomes: int, promised: Fraction
) -> None:
    yellow = first_reaching(outcomes, promised, RULES.yellow)
    assert yellow <= first_reaching(outcomes, promised, RULES.red)
    assert yellow <= first_reaching(outcomes + 1, promised, RULES.yellow) <= yellow + 1
    assert yellow <= first_reaching(outcomes, promised * 2, RULES.yellow)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.integers(1, 4), st.sampled_from([2.0, 0.25, 1024.0]))
def test_more_margin_never_makes_matters_worse_and_units_do_not_matter(
    pairs: list[tuple[float, float]], horizon: int, unit: float
) -> None:
    losses, margins = (np.array(each) for each in zip(*pairs, strict=True))
    dates = np.datetime64("2020-01-01") + np.arange(len(pairs))
    less, more, scaled = (
        assess(dates, scale * losses, each, horizon=horizon, rules=RULES)
        for scale, each in ((1.0, margins), (1.0, margins + 3.0), (unit, unit * margins))
    )
    assert more.coverage.exceptions <= less.coverage.exceptions
    assert more.severity.total <= less.severity.total
    assert more.recovery.longest_spell <= less.recovery.longest_spell
    assert sum(less.severity.totals_by_series) == less.severity.total
    if more.verdict is Verdict.UNDER_MARGINED:
        assert less.verdict is Verdict.UNDER_MARGINED
    assert scaled.verdict is less.verdict
    assert scaled.series == less.series
    assert scaled.severity.total == unit * less.severity.total
    assert scaled.severity.mean_share == less.severity.mean_share
    assert scaled.procyclicality.peak_to_trough == less.procyclicality.peak_to_trough
