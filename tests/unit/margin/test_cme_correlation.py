"""Correlation rescaling: today's correlations, exactly repeatable, and nothing else changed."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.cme.correlation import (
    Matrix,
    cholesky,
    rescaling_matrix,
    shrunk_correlations,
    with_correlations_of_today,
)
from crossmargin.margin.cme.model import cme_scenarios
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import KEY_RATE_BITS
from crossmargin.market.seeds import generator
from crossmargin.testing.builders import AS_OF, invented_history

PARAMETERS = parameter_sets(AS_OF).cme


def correlated(rows: int, correlation: float, *, seed: int) -> FloatArray:
    one, own = generator(seed).normal(0.0, 1.0, (2, rows))
    return np.column_stack([one, correlation * one + math.sqrt(1 - correlation**2) * own])


def multiplied(one: Matrix, two: Matrix) -> FloatArray:
    return np.array(one) @ np.array(two)


def test_cholesky_of_a_matrix_worked_by_hand() -> None:
    assert cholesky([[4.0, 2.0], [2.0, 5.0]]) == [[2.0, 0.0], [1.0, 2.0]]
    with pytest.raises(ValueError, match="positive definite"):
        cholesky([[1.0, 2.0], [2.0, 1.0]])


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10_000))
def test_the_matrix_turns_one_set_of_correlations_into_the_other(count: int, seed: int) -> None:
    moments = [
        (moves.T @ moves) / len(moves)
        for moves in (
            generator(seed + place).normal(0.0, 1.0, (40, count)) @ np.tri(count)
            for place in (0, 1)
        )
    ]
    today, history = (shrunk_correlations(each, 0.05) for each in moments)
    turn = np.array(rescaling_matrix(today, history))
    assert np.allclose(turn @ np.array(history) @ turn.T, np.array(today), atol=1e-12)
    assert (np.triu(turn, 1) == 0.0).all()
    factor = cholesky(today)
    assert np.allclose(multiplied(factor, np.array(factor).T.tolist()), np.array(today))


def test_moves_take_the_correlation_of_the_recent_past() -> None:
    moves = np.vstack([correlated(3000, 0.9, seed=1), correlated(1000, -0.5, seed=2)])
    window = np.ones(len(moves), dtype=bool)
    turned = with_correlations_of_today(moves, window, decay=0.995, shrinkage=0.01)
    before, after = (np.corrcoef(each.T)[0, 1] for each in (moves, turned))
    assert before == pytest.approx(0.55, abs=0.05)
    assert after == pytest.approx(-0.5, abs=0.08)
    # The first factor keeps its moves; the second its size.
    assert (turned[:, 0] == moves[:, 0]).all()
    assert turned[:, 1].std() == pytest.approx(moves[:, 1].std(), rel=0.05)


def test_whole_shrinkage_changes_nothing_and_none_is_refused() -> None:
    moves = correlated(500, 0.7, seed=3)
    window = np.arange(500) >= 100
    same = with_correlations_of_today(moves, window, decay=0.97, shrinkage=1.0)
    assert np.array_equal(same, moves[window])
    with pytest.raises(ValueError, match="correlation_shrinkage"):
        with_correlations_of_today(moves, window, decay=0.97, shrinkage=0.0)


def test_a_factor_that_never_moved_stays_still() -> None:
    moves = correlated(300, 0.5, seed=4)
    still = np.column_stack([moves[:, 0], np.zeros(300), moves[:, 1]])
    window = np.ones(300, dtype=bool)
    turned = with_correlations_of_today(still, window, decay=0.99, shrinkage=0.05)
    assert (turned[:, 1] == 0.0).all()
    assert (turned[:, 2] != 0.0).all()


def test_key_rates_alone_are_rescaled_when_chosen() -> None:
    history = invented_history(first=date(2015, 6, 1), last=AS_OF, horizon_days=1, seed=5)
    today = PARAMETERS.replacing({"correlation_scaling": "today"}, reason="test")
    plain, turned = (
        cme_scenarios(history, each, as_of=AS_OF).historical for each in (PARAMETERS, today)
    )
    assert np.array_equal(plain.basis_bp, turned.basis_bp)
    assert np.array_equal(plain.spread_bp, turned.spread_bp)
    # The shortest key rate keeps its moves, up to the grid; all keep their size.
    assert turned.key_rates[:, 0] == pytest.approx(plain.key_rates[:, 0], abs=2.0**-KEY_RATE_BITS)
    assert not np.array_equal(plain.key_rates[:, 1:], turned.key_rates[:, 1:])
    assert turned.key_rates.std(axis=0) == pytest.approx(plain.key_rates.std(axis=0), rel=0.1)
    again = cme_scenarios(history, today, as_of=AS_OF).historical
    assert again.identity == turned.identity != plain.identity
    other = PARAMETERS.replacing({"correlation_scaling": "yesterday"}, reason="test")
    with pytest.raises(ValueError, match="correlation_scaling"):
        cme_scenarios(history, other, as_of=AS_OF)
