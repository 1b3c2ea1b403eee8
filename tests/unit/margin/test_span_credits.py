"""Spread credits: ratios, correlation conditions, rounding, and what a spread must be left with."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.margin.cme.span.calibration import MeasureWeights
from crossmargin.margin.cme.span.credits import (
    CreditRules,
    Outcome,
    SpreadLeg,
    by_priority,
    calendar_charge_dollars,
    level_of,
    pair_credit,
    rounded_up,
    spread_contracts,
)
from crossmargin.margin.cme.span.measures import MeasureRules

MEASURES = MeasureRules((Fraction(97, 100),), Fraction(2326, 1000), (250, 1000), Fraction(99, 100))
WEIGHTS = MeasureWeights(
    MEASURES.names, (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4)), 300, date(2021, 11, 30)
)
RULES = CreditRules(
    step=Fraction(1, 20),
    largest=Fraction(9, 10),
    correlation_min=Fraction(7, 10),
    rolling_correlation_min=Fraction(1, 4),
    rolling_dates=60,
    contracts_max=6,
    mismatch_max=Fraction(8, 100),
)


def moves(seed: int, size: float = 6.0) -> np.ndarray:
    random = np.random.default_rng(seed)  # noqa: TID251
    return np.ldexp(np.rint(np.ldexp(random.standard_normal(1200) * size, 10)), -10)


def leg(product: str, dv01: float, moves_bp: np.ndarray) -> SpreadLeg:
    return SpreadLeg(product, 0, dv01, moves_bp)


def credit(one: SpreadLeg, two: SpreadLeg, rules: CreditRules = RULES):
    return pair_credit(one, two, WEIGHTS, measures=MEASURES, rules=rules)


COMMON = moves(1)
NEAR = COMMON + moves(2, 1.0)


@pytest.mark.parametrize(
    ("one", "two", "contracts"),
    [
        (38.0, 25.0, (2, 3)),
        (60.0, 60.0, (1, 1)),
        (64.0, 123.0, (2, 1)),
        (30.0, 500.0, (6, 1)),  # nothing matches: the nearest there is
    ],
)
def test_the_fewest_contracts_that_match_are_taken(one, two, contracts):
    assert spread_contracts(one, two, contracts_max=6, mismatch_max=Fraction(8, 100)) == contracts


def test_what_a_credit_leaves_covers_the_spread():
    one, two = leg("ZN", 60.0, COMMON), leg("ZB", 118.0, NEAR)
    pair = credit(one, two)
    assert pair.contracts == (2, 1)
    outright = 120.0 * level_of(COMMON, WEIGHTS, MEASURES)
    outright += 118.0 * level_of(NEAR, WEIGHTS, MEASURES)
    spread = level_of(120.0 * COMMON - 118.0 * NEAR, WEIGHTS, MEASURES)
    left = (1 - float(pair.credit)) * outright
    assert pair.outcome is Outcome.CREDIT
    assert left >= spread
    assert (1 - float(pair.credit + RULES.step)) * outright < spread


def test_legs_that_move_as_one_get_the_largest_credit_and_no_more():
    pair = credit(leg("SR1", 41.67, COMMON), leg("ZQ", 41.67, COMMON))
    assert pair.saving == pytest.approx(1.0)
    assert pair.credit == Fraction(9, 10)


def test_a_mismatch_of_dv01_is_paid_for():
    matched = credit(leg("A", 60.0, COMMON), leg("B", 60.0, NEAR))
    missed = credit(leg("A", 60.0, COMMON), leg("B", 64.0, NEAR))
    assert missed.contracts == (1, 1)
    assert missed.saving < matched.saving


def test_a_pair_that_is_not_correlated_gets_nothing():
    pair = credit(leg("A", 60.0, COMMON), leg("B", 60.0, moves(3)))
    assert pair.outcome is Outcome.NOT_CORRELATED
    assert pair.credit == 0
    assert pair.saving > 0.05  # it would have saved: independent moves diversify


def test_a_pair_that_was_once_opposed_gets_nothing():
    broken = NEAR.copy()
    broken[500:570] = -COMMON[500:570]
    pair = credit(leg("A", 60.0, COMMON), leg("B", 60.0, broken))
    assert pair.correlation > 0.7
    assert pair.worst_rolling_correlation == pytest.approx(-1.0)
    assert pair.outcome is Outcome.NOT_STABLE
    assert pair.credit == 0


def test_a_pair_that_saves_less_than_a_step_gets_nothing():
    rules = replace(RULES, step=Fraction(99, 100))
    assert credit(leg("A", 60.0, COMMON), leg("B", 60.0, NEAR), rules).outcome is Outcome.NO_SAVING


def test_the_largest_credit_comes_first_and_equal_ones_stay():
    near, far = (
        credit(leg(name, 60.0, COMMON), leg("B", 60.0, COMMON + moves(4, size)))
        for name, size in (("A", 1.0), ("C", 4.0))
    )
    assert near.credit > far.credit
    assert by_priority([far, near, far]) == [near, far, far]


def test_a_calendar_charge_is_what_the_two_ranges_leave_uncovered():
    one, two = leg("SR3", 25.0, COMMON), leg("SR3", 25.0, NEAR)
    level = level_of(25.0 * COMMON - 25.0 * NEAR, WEIGHTS, MEASURES)
    charge = calendar_charge_dollars(
        one, two, WEIGHTS, measures=MEASURES, scan_range_dollars=(400, 390), step_dollars=5
    )
    assert charge % 5 == 0
    assert level <= charge + 10 < level + 5
    covered = calendar_charge_dollars(
        one, two, WEIGHTS, measures=MEASURES, scan_range_dollars=(400, 10), step_dollars=5
    )
    assert covered == 0


def test_dollars_are_rounded_up_but_not_for_noise():
    assert rounded_up(100.0, 5) == 100
    assert rounded_up(100.0 + 1e-10, 5) == 100
    assert rounded_up(100.01, 5) == 105
