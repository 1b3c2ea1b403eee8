"""Volatility scaling agrees with the slow recursion and follows its rules."""

import numpy as np
import pytest

from crossmargin.margin.cme.scaling import ewma_volatility, scaled_moves
from crossmargin.market.seeds import generator
from crossmargin.testing import reference


def test_volatility_agrees_with_the_slow_recursion():
    moves = generator(1).normal(0.0, 1.0, (600, 2))
    fast = ewma_volatility(moves, 0.97)
    for column in range(2):
        slow = reference.ewma_volatility(list(moves[:, column]), 0.97, 250)
        assert fast[:, column] == pytest.approx(slow, rel=1e-12)


def test_a_forecast_never_uses_the_move_it_scales():
    moves = generator(2).normal(0.0, 1.0, (400, 1))
    changed = moves.copy()
    changed[350:] *= 10.0
    assert (ewma_volatility(moves, 0.97)[:351] == ewma_volatility(changed, 0.97)[:351]).all()


def test_today_above_the_median_scales_up_and_below_it_does_not_scale_down():
    calm_then_wild = np.concatenate([np.full(500, 0.5), np.full(60, 5.0)])[:, np.newaxis]
    window = np.zeros(560, dtype=bool)
    window[300:] = True
    wild = scaled_moves(calm_then_wild, window, decay=0.97, last_is_known=True)
    assert abs(wild[0, 0]) > 2.0
    wild_then_calm = calm_then_wild[::-1].copy()
    calm = scaled_moves(wild_then_calm, window, decay=0.97, last_is_known=True)
    assert abs(calm[-1, 0]) >= 0.5 - 1e-12


def test_an_unknown_last_date_takes_the_median():
    moves = np.concatenate([np.full(500, 0.5), np.full(60, 5.0)])[:, np.newaxis]
    window = np.ones(560, dtype=bool)
    known = scaled_moves(moves, window, decay=0.97, last_is_known=True)
    unknown = scaled_moves(moves, window, decay=0.97, last_is_known=False)
    assert abs(unknown[100, 0]) < abs(known[100, 0])


def test_a_factor_that_never_moved_stays_still():
    moves = np.zeros((400, 1))
    scaled = scaled_moves(moves, np.ones(400, dtype=bool), decay=0.97, last_is_known=True)
    assert (scaled == 0.0).all()
