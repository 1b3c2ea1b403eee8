r"""The instrument P&L cube: every instrument repriced once under every scenario.

Key-rate shocks move the zero curve, :math:`\Delta z(t)` linear between key tenors and flat outside,
and with it every discount factor, :math:`d_s(t) = d(t) e^{-\Delta z_s(t) t}`. A security's P&L is

.. math:: \sum_j c_j e^{-s t_j} \, (d_s(t_j) - d(t_j))

Changes of discount factors are rounded to :math:`2^{-29}` and cash flows to :math:`2^{-17}`, so the
sum is a sum of whole numbers below :math:`2^{53}`: the matrix product is exact, and the same on
every machine. The rounding moves a price by less than a tenth of the grid of ruling 9: rounding
errors of a security's payments are carried from one to the next.

Both legs are fully repriced; nothing is linearised (ruling 34). Basis and SOFR-Treasury spread
shocks are yield moves of the futures alone: points are basis points times the contract's DV01.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crossmargin.market.curve import linear_weights
from crossmargin.market.history import FloatArray
from crossmargin.market.portable import SMALL_MAX, exp_of_small, exp_portable
from crossmargin.market.scenarios import (
    BASIS_CONTRACTS,
    SPREAD_KNOT_YEARS,
    ScenarioSet,
)
from crossmargin.pricing.futures_value import MONEY_MARKET_YEAR, MoneyMarketFuture, TreasuryFuture
from crossmargin.pricing.security_book import FLOW_BITS, SecurityBook
from crossmargin.pricing.valuation import Valuation

DISCOUNT_BITS = 29
_DATES_AT_ONCE = 16
_EXACT_PER_100_MAX = float(2 ** (53 - FLOW_BITS - DISCOUNT_BITS))
_BP = 1e-4


@dataclass(frozen=True, slots=True)
class Cube:
    """P&L per unit, not yet on the grid of ruling 9.

    Parameters
    ----------
    securities : ndarray, shape (S, N)
        Dollars per $100 of par, gains of a long position positive.
    contracts : ndarray, shape (C, N)
        Dollars per contract, gains of a long position positive.
    """

    securities: FloatArray
    contracts: FloatArray


def instrument_pnl(
    valuation: Valuation, scenarios: ScenarioSet, *, repo_follows_front: float
) -> Cube:
    """Return the P&L of every instrument of the valuation in every scenario.

    Parameters
    ----------
    valuation : Valuation
    scenarios : ScenarioSet
        N scenarios.
    repo_follows_front : float
        Share of the shortest key rate's move that the repo rate of futures takes (ruling 17).

    Raises
    ------
    ValueError
        If a shock is so large that repricing would no longer be exact.
    """
    moves = _discount_moves(valuation, scenarios)
    book = valuation.book
    size = np.abs(book.flows) @ np.abs(moves).max(axis=1, initial=0.0)
    if (size >= _EXACT_PER_100_MAX).any():
        raise ValueError("a scenario moves a security by more than its price: not exact")
    securities = book.flows @ moves
    contracts = np.empty((len(valuation.contracts), scenarios.count))
    repo_rates = valuation.repo_rate + repo_follows_front * scenarios.key_rates[:, 0]
    for place, future in enumerate(valuation.contracts):
        if isinstance(future, TreasuryFuture):
            contracts[place] = _treasury_pnl(future, book, securities, scenarios, repo_rates)
        else:
            contracts[place] = _money_market_pnl(future, scenarios)
    return Cube(securities, contracts)


def _discount_moves(valuation: Valuation, scenarios: ScenarioSet) -> FloatArray:
    """Return changes of discount factors on their grid, shape (D, N)."""
    years = valuation.book.flow_years
    discount = valuation.curve.discount_factors(years)
    keys = np.ascontiguousarray(scenarios.key_rates.T)
    place, weight = linear_weights(scenarios.key_years, years)
    moves = np.empty((len(years), scenarios.count))
    block = np.empty((_DATES_AT_ONCE, scenarios.count))
    for first in range(0, len(years), _DATES_AT_ONCE):
        rows = slice(first, min(first + _DATES_AT_ONCE, len(years)))
        low, upper_weight = place[rows], weight[rows, np.newaxis]
        exponent = block[: rows.stop - first]
        np.multiply(keys[low], upper_weight - 1.0, out=exponent)
        exponent -= keys[low + 1] * upper_weight
        exponent *= years[rows, np.newaxis]
        if np.abs(exponent).max(initial=0.0) > SMALL_MAX:
            raise ValueError("a scenario moves a discount factor by more than a factor of e")
        out = moves[rows]
        exp_of_small(exponent, out)
        out -= 1.0
        out *= discount[rows, np.newaxis]
        np.multiply(out, float(1 << DISCOUNT_BITS), out=out)
        np.rint(out, out=out)
        np.multiply(out, 1.0 / (1 << DISCOUNT_BITS), out=out)
    return moves


def _treasury_pnl(
    future: TreasuryFuture,
    book: SecurityBook,
    securities: FloatArray,
    scenarios: ScenarioSet,
    repo_rates: FloatArray,
) -> FloatArray:
    """Return one contract's P&L: the cheapest issue and delivery day chosen in every scenario."""
    dirty = securities[future.rows] + book.dirty[future.rows, np.newaxis]
    lowest = np.full(scenarios.count, np.inf)
    for terms in future.deliveries:
        forward = dirty * (1.0 + repo_rates * terms.years)
        forward -= (terms.coupons + terms.accrued)[:, np.newaxis]
        if terms.coupon_years.any():
            forward -= terms.coupon_years[:, np.newaxis] * repo_rates
        forward /= future.conversion_factors[:, np.newaxis]
        np.minimum(lowest, forward.min(axis=0), out=lowest)
    basis_bp = scenarios.basis_bp[:, BASIS_CONTRACTS.index(future.contract.product)]
    pnl: FloatArray = (lowest - future.price) * future.dollars_per_point
    return pnl - basis_bp * future.dv01_dollars


def _money_market_pnl(future: MoneyMarketFuture, scenarios: ScenarioSet) -> FloatArray:
    """Return one contract's P&L: minus the move of what is left of its reference rate."""
    if future.remaining_share == 0.0:
        return np.zeros(scenarios.count)
    times = np.array([future.start_years, future.end_years])
    place, weight = linear_weights(scenarios.key_years, times)
    low, high = scenarios.key_rates[:, place], scenarios.key_rates[:, place + 1]
    growth_moves = (low + (high - low) * weight) * times
    growth_move = growth_moves[:, 1] - growth_moves[:, 0]
    # Days over 360 of the remaining period, from the rate and the growth that gave it.
    period = (future.end_years - future.start_years) * 365.25 / MONEY_MARKET_YEAR
    if future.compounded:
        grown = 1.0 + future.rate * period
        rate_move = grown * (exp_portable(growth_move) - 1.0) / period
    else:
        rate_move = growth_move / period
    knot, spread_weight = linear_weights(SPREAD_KNOT_YEARS, np.array([future.middle_years]))
    front, back = scenarios.spread_bp[:, knot[0]], scenarios.spread_bp[:, knot[0] + 1]
    spread_move = (front + (back - front) * spread_weight[0]) * _BP
    moves: FloatArray = rate_move + spread_move
    return -moves * future.remaining_share * future.dollars_per_rate
