"""Sensitivities reproduce full revaluation for small moves, and their own polynomial for large."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.market.history import FloatArray
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.delta_gamma import delta_gamma_pnl
from crossmargin.product.futures import FuturesContract
from crossmargin.testing.builders import parallel, random_scenarios, small_valuation

CONTRACTS = tuple(FuturesContract(product, 2026, 6) for product in ("ZT", "ZN", "ZB", "SR3"))


def errors(full: FloatArray, approximate: FloatArray) -> FloatArray:
    return np.abs(full - approximate).max(axis=1)


def test_small_moves_agree_with_full_revaluation() -> None:
    valuation = small_valuation(CONTRACTS)
    scenarios = random_scenarios(40, seed=5, daily_bp=3.0)
    full = instrument_pnl(valuation, scenarios, repo_follows_front=1.0)
    approximate = delta_gamma_pnl(valuation, scenarios, repo_follows_front=1.0)
    # The third order of a 3 bp move is below a ten-millionth of 100.
    assert errors(full.securities, approximate.securities).max() < 2e-5
    size = np.abs(full.contracts).max(axis=1)
    assert (errors(full.contracts, approximate.contracts) < 2e-3 * size).all()


def test_gamma_is_what_a_large_move_needs() -> None:
    valuation = small_valuation(CONTRACTS)
    scenarios = parallel([100.0, -100.0])
    full = instrument_pnl(valuation, scenarios, repo_follows_front=1.0).securities
    approximate = delta_gamma_pnl(valuation, scenarios, repo_follows_front=1.0).securities
    linear = (approximate[:, 0] - approximate[:, 1]) / 2.0
    # Both are convex alike; without gamma the error would be the whole convexity.
    convexity = full.sum(axis=1)
    assert (convexity > 0).all()
    assert approximate.sum(axis=1) == pytest.approx(convexity, rel=0.02)
    assert np.abs(full[:, 0] - linear).max() > 10 * np.abs(full - approximate).max()


def test_a_twist_has_the_gamma_of_its_pairs() -> None:
    valuation = small_valuation(CONTRACTS)
    twist = random_scenarios(10, seed=8, daily_bp=25.0).scaling(basis=0.0, spread=0.0)
    full = instrument_pnl(valuation, twist, repo_follows_front=1.0).securities
    approximate = delta_gamma_pnl(valuation, twist, repo_follows_front=1.0).securities
    # The third order of moves of 25 bp and more, on 100.
    assert errors(full, approximate).max() < 2e-2


def test_basis_and_spread_are_as_in_full_revaluation() -> None:
    valuation = small_valuation(CONTRACTS)
    scenarios = random_scenarios(10, seed=9).scaling(key_rates=0.0)
    full = instrument_pnl(valuation, scenarios, repo_follows_front=1.0)
    approximate = delta_gamma_pnl(valuation, scenarios, repo_follows_front=1.0)
    assert (full.contracts == approximate.contracts).all()
    assert (full.securities == approximate.securities).all()
