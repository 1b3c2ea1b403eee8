"""Bills, STRIPS, TIPS and FRN: the simple prices that are needed beside notes and bonds.

Bills are exact by 31 CFR 356, Appendix B. STRIPS are one payment at a semi-annual yield. TIPS are
their real price times the index ratio. FRN are what accrues at the current rate: their price is
taken as quoted.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from crossmargin.basics.dates import add_months
from crossmargin.pricing.treasury import accrued_interest_per_100, clean_price_per_100
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

_DIGITS = 40
_BANK_YEAR_DAYS = 360
_LEAP_YEAR_DAYS, _YEAR_DAYS = 366, 365
_SIX_PLACES = Decimal("0.000001")
_THREE_PLACES = Decimal("0.001")
_FEBRUARY_29 = (2, 29)


def bill_price_per_100(*, discount_rate_pct: Decimal, settlement: date, maturity: date) -> Decimal:
    """Return a bill's price from its bank discount rate, to six decimals, half up.

    Raises
    ------
    ValueError
        If the bill matures on or before settlement.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        days = _days(settlement, maturity)
        price = 100 - discount_rate_pct * days / _BANK_YEAR_DAYS
        return price.quantize(_SIX_PLACES, rounding=ROUND_HALF_UP)


def bill_discount_rate_pct(*, price_per_100: Decimal, settlement: date, maturity: date) -> Decimal:
    """Return a bill's bank discount rate in per cent, actual/360, not rounded.

    Raises
    ------
    ValueError
        If the bill matures on or before settlement.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        return (100 - price_per_100) * _BANK_YEAR_DAYS / _days(settlement, maturity)


def bill_investment_rate_pct(
    *, price_per_100: Decimal, settlement: date, maturity: date
) -> Decimal:
    """Return a bill's investment rate (coupon equivalent), in per cent, to three decimals.

    Simple to half a year, semi-annual beyond. The year has 366 days if the twelve months after
    settlement hold a 29 February.

    Raises
    ------
    ValueError
        If the bill matures on or before settlement.
    """
    days = _days(settlement, maturity)
    year_days = _days_of_year_after(settlement)
    with localcontext() as context:
        context.prec = _DIGITS
        gain = (100 - price_per_100) / price_per_100
        years = Decimal(days) / year_days
        if 2 * days <= year_days:
            rate = gain / years
        else:
            # P (1 + (r - y/2) i/y) (1 + i/2) = 100, solved for i.
            a = years / 2 - Decimal("0.25")
            rate = ((years * years + 4 * a * gain).sqrt() - years) / (2 * a)
        return (rate * 100).quantize(_THREE_PLACES, rounding=ROUND_HALF_UP)


def strips_price_per_100(
    security: TreasurySecurity, *, settlement: date, yield_pct: Decimal
) -> Decimal:
    """Return the price of a single payment at a semi-annual street yield, not rounded.

    Raises
    ------
    ValueError
        If the security is no STRIPS, or has matured.
    """
    _check_kind(security, SecurityKind.STRIPS)
    return clean_price_per_100(security, settlement=settlement, yield_pct=yield_pct)


def tips_settlement_per_100(
    security: TreasurySecurity,
    *,
    real_clean_price_per_100: Decimal,
    index_ratio: Decimal,
    settlement: date,
) -> Fraction:
    """Return what $100 of original TIPS par costs: real price and accrued interest, indexed.

    Parameters
    ----------
    security : TreasurySecurity
    real_clean_price_per_100 : Decimal
        As quoted.
    index_ratio : Decimal
        Reference CPI of settlement over that of the dated date.
    settlement : date

    Raises
    ------
    ValueError
        If the security is no TIPS.
    """
    _check_kind(security, SecurityKind.TIPS)
    real = Fraction(real_clean_price_per_100) + accrued_interest_per_100(security, settlement)
    return real * Fraction(index_ratio)


def frn_settlement_per_100(
    security: TreasurySecurity,
    *,
    clean_price_per_100: Decimal,
    accrual_rate_pct: Decimal,
    last_payment_date: date,
    settlement: date,
) -> Fraction:
    """Return what $100 of an FRN costs: quoted price and interest at today's rate.

    An approximation: the whole period accrues at one rate, actual/360, where each week has its own.

    Parameters
    ----------
    security : TreasurySecurity
    clean_price_per_100 : Decimal
        As quoted.
    accrual_rate_pct : Decimal
        Index rate plus spread, per cent a year.
    last_payment_date, settlement : date

    Raises
    ------
    ValueError
        If the security is no FRN, or settlement is before the last payment.
    """
    _check_kind(security, SecurityKind.FRN)
    if settlement < last_payment_date:
        raise ValueError(f"settlement must not precede {last_payment_date}, was {settlement}")
    days = (settlement - last_payment_date).days
    accrued = Fraction(accrual_rate_pct) * Fraction(days, _BANK_YEAR_DAYS)
    return Fraction(clean_price_per_100) + accrued


def _days(settlement: date, maturity: date) -> int:
    if maturity <= settlement:
        raise ValueError(f"maturity must be after {settlement}, was {maturity}")
    return (maturity - settlement).days


def _days_of_year_after(settlement: date) -> int:
    days = (add_months(settlement, 12) - settlement).days
    # Twelve months from 29 February end on the 28th: the leap day lies at their beginning.
    if (settlement.month, settlement.day) == _FEBRUARY_29:
        return _YEAR_DAYS
    return _LEAP_YEAR_DAYS if days == _LEAP_YEAR_DAYS else _YEAR_DAYS


def _check_kind(security: TreasurySecurity, kind: SecurityKind) -> None:
    if security.kind is not kind:
        raise ValueError(f"{security.cusip} must be a {kind}, was a {security.kind}")
