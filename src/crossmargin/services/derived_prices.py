r"""Security prices of a date without a price sheet: its curve plus each security's last spread.

Ruling 20. With :math:`s` the continuous spread at which a security's payments on the fitted curve
of the last sheet's date give its quote, the derived price is that of the payments left on the
curve of the date, at the same spread, less the interest accrued.

* Notes, bonds, bills and STRIPS: so.
* TIPS: so in real terms; their spread, negative, is break-even inflation, which is kept.
* Floating rate notes, and what matures by the next business day: the quote is kept.
* What has matured drops out; what was issued since is absent.

The difference between offer and bid is kept. Derived clean prices are rounded to six decimals, half
to even; arithmetic is elementwise and in a fixed order, so they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from crossmargin.basics.refusals import refused
from crossmargin.market.curve import ZeroCurve
from crossmargin.market.factors import curve_points
from crossmargin.market.history import FloatArray, MarketData, PriceSheet, SecurityPrice
from crossmargin.pricing.security_book import (
    dirty_at_spreads,
    flow_table,
    quoted_clean_per_100,
    spreads_to_curve,
)
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.treasury import SecurityKind, TreasurySecurity
from crossmargin.services.market_readings import fitted_curve

_SIX_PLACES = Decimal("0.000001")


def with_derived_prices(market: MarketData, as_of: date) -> MarketData:
    """Return the market with prices of the date: its own, or derived from the last sheet before.

    Raises
    ------
    RefusedError
        As :func:`derived_price_sheet`.
    """
    if as_of in market.price_sheets:
        return market
    return market.with_sheet(derived_price_sheet(market, as_of))


def derived_price_sheet(
    market: MarketData, as_of: date, *, source: date | None = None
) -> PriceSheet:
    """Return the derived prices of a date.

    Parameters
    ----------
    market : MarketData
    as_of : date
        With a par yield curve.
    source : date, optional
        Date of the sheet to derive from, not after ``as_of``; the last one before it if left out.

    Raises
    ------
    RefusedError
        If there is no earlier sheet, or either date has no par yield curve.
    """
    sheet = _source_sheet(market, as_of, source)
    calendar = sifma_calendar()
    points = curve_points(market.par_yields)
    curves = [fitted_curve(points, market.sofr, day) for day in (sheet.price_date, as_of)]
    then, now = (calendar.next_business_day(day) for day in (sheet.price_date, as_of))
    left = {
        cusip: price
        for cusip, price in sorted(sheet.prices.items())
        if price.security.maturity_date > as_of
    }
    moved = [
        price
        for price in left.values()
        if price.security.kind is not SecurityKind.FRN
        and quoted_clean_per_100(price) > 0.0
        and price.security.maturity_date > now
    ]
    securities = [price.security for price in moved]
    quotes = np.array([quoted_clean_per_100(price) for price in moved])
    spreads = _spreads(securities, then, curves[0], quotes)
    derived = _clean(securities, now, curves[1], spreads)
    prices = {**left}
    for price, quote, clean in zip(moved, quotes, derived, strict=True):
        prices[price.security.cusip.text] = shifted_quote(price, Decimal(clean) - Decimal(quote))
    return PriceSheet(as_of, prices, derived_from=sheet.price_date)


def _source_sheet(market: MarketData, as_of: date, source: date | None) -> PriceSheet:
    if source is not None:
        return market.price_sheets[source]
    quoted = [day for day, each in sorted(market.price_sheets.items()) if not each.derived_from]
    earlier = [day for day in quoted if day < as_of]
    if not earlier:
        known = ", ".join(day.isoformat() for day in quoted) or "none"
        raise refused("date", as_of, f"a date after one with security prices: {known}", "ruling 20")
    return market.price_sheets[earlier[-1]]


def _spreads(
    securities: Sequence[TreasurySecurity],
    settlement: date,
    curve: ZeroCurve,
    clean: FloatArray,
) -> FloatArray:
    years, flows = flow_table(securities, settlement)
    dirty = clean + _accrued(securities, settlement)
    return spreads_to_curve(flows, years, curve.discount_factors(years), dirty)


def _clean(
    securities: Sequence[TreasurySecurity],
    settlement: date,
    curve: ZeroCurve,
    spreads: FloatArray,
) -> FloatArray:
    years, flows = flow_table(securities, settlement)
    dirty = dirty_at_spreads(flows, years, curve.discount_factors(years), spreads)
    clean: FloatArray = dirty - _accrued(securities, settlement)
    return clean


def _accrued(securities: Sequence[TreasurySecurity], settlement: date) -> FloatArray:
    return np.array([float(accrued_interest_per_100(each, settlement)) for each in securities])


def shifted_quote(price: SecurityPrice, shift: Decimal) -> SecurityPrice:
    """Return the quote with both sides moved; a side that is not quoted stays so."""
    buy, sell = (
        (side + shift).quantize(_SIX_PLACES, rounding=ROUND_HALF_EVEN) if side else side
        for side in (price.buy_clean_per_100, price.sell_clean_per_100)
    )
    return SecurityPrice(price.security, buy, sell)
