"""The tick to which a contract's daily settlement price is rounded.

The specification has the tick outside the nearest months. Money-market contracts trade finer near
their end (CME contract specifications, sourced; the day on which SR3 and SR1 change is inferred):
SR3 with four months or less to its last trading day, SR1 while it is the nearest, ZQ from the
trade date after the Sunday before the first business day of its month.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from crossmargin.basics.dates import add_months
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.futures import FuturesContract, ProductKind, last_trading_day

_FINE_POINTS = Decimal("0.0025")
_SR3_FINE_MONTHS = 4
_MONTHS_PER_YEAR = 12


def settlement_tick_points(contract: FuturesContract, on: date) -> Decimal:
    """Return the tick of a contract on a trade date, in points.

    Examples
    --------
    >>> may = FuturesContract("ZQ", 2026, 5)
    >>> settlement_tick_points(may, date(2026, 4, 24))
    Decimal('0.005')
    >>> settlement_tick_points(may, date(2026, 4, 27))
    Decimal('0.0025')
    """
    product = contract.specification
    if product.kind is ProductKind.TREASURY or on < _fine_from(contract):
        return product.tick_points
    return _FINE_POINTS


def on_tick(price: Fraction, tick_points: Decimal) -> Decimal:
    """Return a price rounded to a tick, half to the even multiple.

    Examples
    --------
    >>> on_tick(Fraction("110.5234375"), Decimal("0.015625"))
    Decimal('110.531250')
    """
    return round(price / Fraction(tick_points)) * tick_points


def _fine_from(contract: FuturesContract) -> date:
    kind = contract.specification.kind
    if kind is ProductKind.SOFR_3M:
        return add_months(last_trading_day(contract), -_SR3_FINE_MONTHS)
    if kind is ProductKind.SOFR_1M:
        before = contract.year * _MONTHS_PER_YEAR + contract.month - 2
        year, month = divmod(before, _MONTHS_PER_YEAR)
        expiring = FuturesContract(contract.product, year, month + 1)
        return last_trading_day(expiring) + timedelta(days=1)
    first = futures_delivery_calendar().on_or_after(date(contract.year, contract.month, 1))
    sunday = first - timedelta(days=first.isoweekday())
    return sunday + timedelta(days=1)
