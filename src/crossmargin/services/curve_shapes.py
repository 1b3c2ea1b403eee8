"""A prepared day on a moved curve: every price moved with its spread kept, contracts valued anew.

Notes and bonds keep their spread to the fitted curve (ruling 34), the repo rate of futures moves
with the front of the curve (ruling 17), and cheapest to deliver and delivery day are chosen again.
Scenarios are those of today: history does not change because the curve is elsewhere. Bills, TIPS
and floating rate notes keep their quotes: they are margined outside the arrangement.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from crossmargin.analysis.curve_shapes import CurveShape
from crossmargin.basics.refusals import refused
from crossmargin.market.curve import ZeroCurve, linear_at
from crossmargin.market.history import FloatArray, PriceSheet
from crossmargin.market.scenarios import ScenarioSet, bumps
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation, value_market
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.derived_prices import shifted_quote
from crossmargin.services.margin_day import MarginDay


@dataclass(frozen=True, slots=True)
class CheapestChange:
    """A contract whose cheapest to deliver is another issue on the moved curve."""

    contract: str
    before: str
    after: str


def on_moved_curve(day: MarginDay, shape: CurveShape) -> MarginDay:
    """Return the day with its curve moved.

    Raises
    ------
    RefusedError
        If the move is so large that nothing can be repriced exactly.
    """
    keys = day.ficc.scenarios.historical.key_years
    follows = float(day.parameters.market.ratio("repo_rate_follows_front"))
    old = day.valuation
    try:
        cube = instrument_pnl(old, _one(keys, shape), repo_follows_front=follows)
    except ValueError as error:
        raise refused("curve shape", shape.name, str(error), "ruling 34") from error
    prices = dict(day.prices.prices)
    for price, change in zip(old.book.prices, cube.securities[:, 0].tolist(), strict=True):
        prices[price.security.cusip.text] = shifted_quote(price, Decimal(change))
    curve = old.curve
    moved = linear_at(keys, shape.moves[np.newaxis, :], curve.knot_years)[0]
    valuation = value_market(
        as_of=day.as_of,
        calendar=sifma_calendar(),
        curve=ZeroCurve(curve.knot_years, curve.rates + moved),
        repo_rate=old.repo_rate + follows * float(shape.moves[0]),
        prices=prices,
        contracts=[future.contract for future in old.contracts],
    )
    return day.with_valuation(valuation, PriceSheet(day.as_of, prices, day.prices.price_date))


def cheapest_changes(before: Valuation, after: Valuation) -> tuple[CheapestChange, ...]:
    """Return the contracts whose cheapest to deliver differs between two valuations."""
    cheapest = _cheapest(before)
    return tuple(
        CheapestChange(code, cheapest[code], cusip)
        for code, cusip in _cheapest(after).items()
        if cheapest[code] != cusip
    )


def _cheapest(valuation: Valuation) -> dict[str, str]:
    return {
        future.contract.code: valuation.book.prices[future.cheapest_row].security.cusip.text
        for future in valuation.contracts
        if isinstance(future, TreasuryFuture)
    }


def _one(keys: FloatArray, shape: CurveShape) -> ScenarioSet:
    # One scenario of the shape alone, from a set of that form.
    one = bumps(keys, size_bp=0.0).row(0)
    return replace(one, name=shape.name, key_rates=shape.moves[np.newaxis, :])
