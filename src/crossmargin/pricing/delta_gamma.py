r"""P&L by key-rate sensitivities: deltas and gammas instead of full revaluation.

.. math:: \Delta P = \sum_k \delta_k \, \Delta r_k + \tfrac{1}{2} \sum_{k,l} \gamma_{kl} \,
          \Delta r_k \, \Delta r_l

Sensitivities are central differences of the full revaluation, every pair of key rates included, so
that a curve's twist has its convexity too. Basis and SOFR-Treasury spread enter as they do in full
revaluation: their P&L is linear (ruling 34). A future whose cheapest to deliver changes in a
scenario is where the two differ most.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import (
    BASIS_CONTRACTS,
    NOT_PROXIED,
    SPREAD_KNOTS,
    ScenarioSet,
)
from crossmargin.pricing.cube import Cube, instrument_pnl
from crossmargin.pricing.valuation import Valuation

#: Ten basis points: wide enough for the rounding of prices, narrow against a day's move.
_BUMP = 1e-3


def delta_gamma_pnl(
    valuation: Valuation, scenarios: ScenarioSet, *, repo_follows_front: float
) -> Cube:
    """Return the P&L of every instrument by its sensitivities of today.

    Parameters
    ----------
    valuation : Valuation
    scenarios : ScenarioSet
        N scenarios.
    repo_follows_front : float
        See :func:`crossmargin.pricing.cube.instrument_pnl`.
    """
    count = len(scenarios.key_years)
    pairs = list(combinations(range(count), 2))
    bumped = instrument_pnl(
        valuation, _bumps(scenarios.key_years, pairs), repo_follows_front=repo_follows_front
    )
    # What is linear already: basis and spread, with the key rates at rest.
    at_rest = instrument_pnl(
        valuation, scenarios.scaling(key_rates=0.0), repo_follows_front=repo_follows_front
    )
    moves = np.ascontiguousarray(scenarios.key_rates.T)
    return Cube(
        at_rest.securities + _polynomial(bumped.securities, moves, pairs),
        at_rest.contracts + _polynomial(bumped.contracts, moves, pairs),
    )


def _bumps(key_years: FloatArray, pairs: list[tuple[int, int]]) -> ScenarioSet:
    """Return each key rate up, each down, each pair up, each pair down."""
    single = np.eye(len(key_years))
    both = np.array([single[a] + single[b] for a, b in pairs])
    shocks = np.vstack([single, -single, both, -both]) * _BUMP
    blank = np.full(len(shocks), np.datetime64("1970-01-01"))
    return ScenarioSet(
        name="key-rate bumps, alone and in pairs",
        horizon_days=0,
        start_dates=blank,
        end_dates=blank,
        key_years=key_years,
        key_rates=shocks,
        basis_bp=np.zeros((len(shocks), len(BASIS_CONTRACTS))),
        spread_bp=np.zeros((len(shocks), len(SPREAD_KNOTS))),
        proxied=NOT_PROXIED,
    )


def _polynomial(bumped: FloatArray, moves: FloatArray, pairs: list[tuple[int, int]]) -> FloatArray:
    """Return deltas and gammas times moves: shape (instruments, N).

    Term by term, without a matrix product of floats, so that it is the same on every machine.
    """
    count = len(moves)
    up, down = bumped[:, :count], bumped[:, count : 2 * count]
    pair_up = bumped[:, 2 * count : 2 * count + len(pairs)]
    pair_down = bumped[:, 2 * count + len(pairs) :]
    pnl = np.zeros((len(bumped), moves.shape[1]))
    for key, move in enumerate(moves):
        delta = (up[:, key] - down[:, key]) / (2.0 * _BUMP)
        half_gamma = (up[:, key] + down[:, key]) / (2.0 * _BUMP * _BUMP)
        pnl += delta[:, np.newaxis] * move
        pnl += half_gamma[:, np.newaxis] * (move * move)
    for place, (a, b) in enumerate(pairs):
        crossed = pair_up[:, place] + pair_down[:, place]
        crossed = crossed - up[:, a] - down[:, a] - up[:, b] - down[:, b]
        gamma = crossed / (2.0 * _BUMP * _BUMP)
        pnl += gamma[:, np.newaxis] * (moves[a] * moves[b])
    return pnl
