"""A valuation after a move of the curve: today's instruments at tomorrow's prices.

Key rates, the repo rate and every price move; each security keeps its spread to the curve, so its
cash flows times spread discount are as they were. No time passes. Basis and SOFR-Treasury spread
are not part of a theoretical price: they leave the valuation as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from crossmargin.market.curve import ZeroCurve, linear_at
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import MoneyMarketFuture, TreasuryFuture, money_market_future
from crossmargin.pricing.valuation import Valuation


def moved_valuation(
    valuation: Valuation, move: ScenarioSet, *, repo_follows_front: float
) -> Valuation:
    """Return the valuation after the key-rate move of one scenario.

    Parameters
    ----------
    valuation : Valuation
    move : ScenarioSet
        One scenario; its basis and spread are not looked at.
    repo_follows_front : float
        See :func:`crossmargin.pricing.cube.instrument_pnl`.

    Raises
    ------
    ValueError
        If there is not one scenario, or it is too large to be repriced.
    """
    if move.count != 1:
        raise ValueError(f"one move at a time, was {move.count}")
    curve_alone = move.scaling(basis=0.0, spread=0.0)
    pnl = instrument_pnl(valuation, curve_alone, repo_follows_front=repo_follows_front)
    knots = valuation.curve.knot_years
    shifted = valuation.curve.rates + linear_at(move.key_years, move.key_rates, knots)[0]
    curve = ZeroCurve(knots.copy(), shifted)
    gain = pnl.securities[:, 0]
    book = valuation.book
    contracts = tuple(
        _moved_contract(future, float(dollars), curve, valuation)
        for future, dollars in zip(valuation.contracts, pnl.contracts[:, 0], strict=True)
    )
    return replace(
        valuation,
        curve=curve,
        repo_rate=valuation.repo_rate + repo_follows_front * float(move.key_rates[0, 0]),
        book=replace(
            book,
            clean=book.clean + gain,
            dirty=book.dirty + gain,
            market_value=np.maximum(book.market_value + gain, 0.0),
        ),
        contracts=contracts,
    )


def _moved_contract(
    future: TreasuryFuture | MoneyMarketFuture, dollars: float, curve: ZeroCurve, old: Valuation
) -> TreasuryFuture | MoneyMarketFuture:
    if isinstance(future, TreasuryFuture):
        return replace(future, price=future.price + dollars / future.dollars_per_point)
    return money_market_future(future.contract, settlement=old.settlement, curve=curve)
