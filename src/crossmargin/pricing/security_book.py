r"""Priced notes and bonds as arrays, each with its spread to the fitted curve.

Securities keep their spread to the fitted curve (ruling 34): with :math:`s` the continuous spread
at which the discounted cash flows give the quoted price with interest accrued to settlement,

.. math:: P = \sum_j c_j \, e^{-s t_j} \, d(t_j)

Times run from settlement on the next business day (ruling 35). The products
:math:`c_j e^{-s t_j}` are kept on a grid of :math:`2^{-17}`, so that repricing is a matrix product
of whole numbers and therefore exact (see :mod:`crossmargin.pricing.cube`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.market.curve import DAYS_PER_YEAR, ZeroCurve
from crossmargin.market.history import FloatArray, SecurityPrice
from crossmargin.market.portable import exp_portable
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.treasury import SecurityKind, TreasurySecurity, cash_flows_per_100

FLOW_BITS = 17
_NEWTON_STEPS = 8
_WITH_SENSITIVITIES = (SecurityKind.NOTE, SecurityKind.BOND)


@dataclass(frozen=True, slots=True)
class SecurityBook:
    """Priced notes and bonds, as arrays.

    Parameters
    ----------
    prices : tuple of SecurityPrice
    flow_years : ndarray, shape (D,)
        Distinct payment times from settlement, in years.
    flows : ndarray, shape (S, D)
        Cash flow times spread discount, per 100 of par, on the grid.
    clean, dirty : ndarray, shape (S,)
        Per 100: the quote, and the quote with interest accrued to settlement.
    market_value : ndarray, shape (S,)
        Per 100: the quote with interest accrued to the as-of date (ruling 35).
    spreads : ndarray, shape (S,)
        Continuous spread to the fitted curve, plain ratio.
    remaining_years : ndarray, shape (S,)
        From settlement to maturity.
    """

    prices: tuple[SecurityPrice, ...]
    flow_years: FloatArray
    flows: FloatArray
    clean: FloatArray
    dirty: FloatArray
    market_value: FloatArray
    spreads: FloatArray
    remaining_years: FloatArray

    def index(self) -> dict[str, int]:
        """Return the row of each CUSIP."""
        return {price.security.cusip.text: row for row, price in enumerate(self.prices)}

    def keeping(self, rows: Sequence[int]) -> SecurityBook:
        """Return the book of some of its securities, with the payment times that they have."""
        kept = list(rows)
        paid = self.flows[kept].any(axis=0)
        return SecurityBook(
            prices=tuple(self.prices[row] for row in kept),
            flow_years=self.flow_years[paid],
            flows=self.flows[kept][:, paid],
            clean=self.clean[kept],
            dirty=self.dirty[kept],
            market_value=self.market_value[kept],
            spreads=self.spreads[kept],
            remaining_years=self.remaining_years[kept],
        )


def quoted_clean_per_100(price: SecurityPrice) -> float:
    """Return the sell price, or the buy price where sell is 0 (ruling 35)."""
    return float(price.sell_clean_per_100 or price.buy_clean_per_100)


def years_between(first: date, last: date) -> float:
    """Return the time in years of 365.25 days."""
    return (last - first).days / DAYS_PER_YEAR


def security_book(
    as_of: date, settlement: date, curve: ZeroCurve, prices: Mapping[str, SecurityPrice]
) -> SecurityBook:
    """Return every quoted note and bond that is outstanding at settlement, by CUSIP.

    Parameters
    ----------
    as_of, settlement : date
    curve : ZeroCurve
        Time 0 is settlement.
    prices : mapping of CUSIP to SecurityPrice
    """
    chosen = tuple(
        price
        for _, price in sorted(prices.items())
        if price.security.kind in _WITH_SENSITIVITIES
        and quoted_clean_per_100(price) > 0.0
        and price.security.maturity_date > settlement
    )
    flow_years, flows = flow_table([price.security for price in chosen], settlement)
    clean = np.array([quoted_clean_per_100(price) for price in chosen])
    to_settlement, to_as_of = (
        np.array([float(accrued_interest_per_100(p.security, day)) for p in chosen])
        for day in (settlement, as_of)
    )
    spreads, spread_flows = _spread_to_curve(
        flows, flow_years, curve.discount_factors(flow_years), clean + to_settlement
    )
    return SecurityBook(
        prices=chosen,
        flow_years=flow_years,
        flows=spread_flows,
        clean=clean,
        dirty=clean + to_settlement,
        market_value=clean + to_as_of,
        spreads=spreads,
        remaining_years=np.array(
            [years_between(settlement, p.security.maturity_date) for p in chosen]
        ),
    )


def flow_table(
    securities: Sequence[TreasurySecurity], settlement: date
) -> tuple[FloatArray, FloatArray]:
    """Return payment times and payments after settlement: shapes (D,) and (S, D).

    Parameters
    ----------
    securities : sequence of TreasurySecurity
    settlement : date
        Time 0.
    """
    per_security = [cash_flows_per_100(security, after=settlement) for security in securities]
    days = sorted({flow.date for flows in per_security for flow in flows})
    column = {day: index for index, day in enumerate(days)}
    flows = np.zeros((len(securities), len(days)))
    for row, security_flows in enumerate(per_security):
        for flow in security_flows:
            flows[row, column[flow.date]] = float(flow.amount_per_100)
    return np.array([years_between(settlement, day) for day in days]), flows


def spreads_to_curve(
    flows: FloatArray, years: FloatArray, discount: FloatArray, dirty: FloatArray
) -> FloatArray:
    """Return each security's continuous spread to the curve: shape (S,).

    Newton's method on all securities at once.

    Parameters
    ----------
    flows : ndarray, shape (S, D)
        Each with at least one payment.
    years, discount : ndarray, shape (D,)
    dirty : ndarray, shape (S,)
        Price with interest accrued to settlement.
    """
    spreads = np.zeros(len(flows))
    for _ in range(_NEWTON_STEPS):
        value, slope = _value_and_slope(flows * discount, years, spreads)
        spreads = spreads - (value - dirty) / slope
    return spreads


def dirty_at_spreads(
    flows: FloatArray, years: FloatArray, discount: FloatArray, spreads: FloatArray
) -> FloatArray:
    """Return prices with accrued interest at spreads to the curve: shape (S,)."""
    return _value_and_slope(flows * discount, years, spreads)[0]


def _value_and_slope(
    discounted: FloatArray, years: FloatArray, spreads: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return values at spreads and their slopes.

    Sums run payment date by payment date, in order, so the result does not depend on how a library
    adds.
    """
    value, slope = np.zeros(len(discounted)), np.zeros(len(discounted))
    decay = exp_portable(-spreads[:, np.newaxis] * years)
    for column in range(len(years)):
        part = discounted[:, column] * decay[:, column]
        value = value + part
        slope = slope - part * years[column]
    return value, slope


def _spread_to_curve(
    flows: FloatArray, years: FloatArray, discount: FloatArray, dirty: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return each security's spread and its flows times spread discount, on the grid."""
    spreads = spreads_to_curve(flows, years, discount, dirty)
    decay = exp_portable(-spreads[:, np.newaxis] * years)
    # Rounding the running total, not each payment, carries every rounding error on to the next
    # payment: what is left of them in a price is the error of one payment, not of sixty.
    running = np.rint(np.ldexp(np.cumsum(flows * decay, axis=1), FLOW_BITS))
    on_grid = np.diff(running, axis=1, prepend=0.0)
    return spreads, np.ldexp(on_grid, -FLOW_BITS)
