"""Volatility measures: exact ranks, both directions, nothing after the date."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.margin.cme.span.measures import (
    MeasureRules,
    correlation,
    measures_at,
    worst_rolling_correlation,
)

RULES = MeasureRules(
    decays=(Fraction(97, 100),),
    quantile_multiple=Fraction(2326, 1000),
    lookback_dates=(200, 500),
    coverage=Fraction(99, 100),
)


def invented(count: int = 700) -> np.ndarray:
    random = np.random.default_rng(7)  # noqa: TID251
    return np.ldexp(np.rint(np.ldexp(random.standard_normal(count) * 6.0, 10)), -10)


def test_the_tail_is_the_larger_of_the_two_directions_in_each_look_back():
    moves = np.zeros(500)
    moves[:6] = [-30.0, -29.0, -28.0, -27.0, -26.0, -25.0]
    moves[-4:] = [11.0, 12.0, 13.0, 14.0]
    _, last_200, last_500 = measures_at(moves, [499], RULES)[0]
    assert last_200 == 13.0  # 200 moves: rank 2; the falls are out of the look-back
    assert last_500 == 26.0  # 500 moves: rank 5


def test_rank_of_five_hundred_moves_is_five():
    moves = np.zeros(500)
    moves[:6] = [-16.0, -15.0, -14.0, -13.0, -12.0, -11.0]
    assert measures_at(moves, [499], RULES)[0][2] == 12.0
    assert measures_at(-moves, [499], RULES)[0][2] == 12.0


def test_volatility_follows_its_recursion():
    moves = invented()
    variance = math.fsum((moves[:250] ** 2).tolist()) / 250
    for move in moves[:601]:
        variance = 0.97 * variance + 0.03 * move**2
    expected = 2.326 * math.sqrt(variance)
    assert measures_at(moves, [600], RULES)[0][0] == pytest.approx(expected, rel=1e-12)


def test_later_moves_change_nothing():
    moves = invented()
    changed = moves.copy()
    changed[651:] *= 9.0
    assert (measures_at(moves, [650], RULES) == measures_at(changed, [650], RULES)).all()


def test_a_missing_move_is_stepped_over():
    moves = invented()
    with_gap = np.insert(moves, 400, np.nan)
    assert (measures_at(moves, [699], RULES) == measures_at(with_gap, [700], RULES)).all()


def test_a_date_before_every_move_is_refused():
    with pytest.raises(ValueError, match="at least one move"):
        measures_at(np.array([np.nan, 1.0]), [0], RULES)


def test_correlation_agrees_with_another_library():
    one = invented()
    two = np.ldexp(np.rint(np.ldexp(0.7 * one + invented()[::-1], 10)), -10)
    assert correlation(one, two) == pytest.approx(float(np.corrcoef(one, two)[0, 1]), rel=1e-9)
    windows = [
        float(np.corrcoef(one[k : k + 60], two[k : k + 60])[0, 1]) for k in range(len(one) - 59)
    ]
    assert worst_rolling_correlation(one, two, 60) == pytest.approx(min(windows), rel=1e-9)


def test_a_window_without_moves_has_no_correlation():
    flat = np.zeros(80)
    assert worst_rolling_correlation(flat, flat, 60) == 0.0
