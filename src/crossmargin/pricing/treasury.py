r"""Price, yield, accrued interest and interest-rate sensitivity of Treasury securities.

With coupon dates counted from settlement, *f* the part of the current half-year that remains
(actual/actual) and *i* the yield, bond equivalent:

.. math::

    (P + A)\, g = \sum_{k \ge 0} c_k \, (1 + \tfrac{i}{2})^{-k}

where *k* counts the half-years from the next date of the schedule to each payment, and

* Treasury convention: :math:`g = 1 + f\,i/2`, simple interest in the fractional first period
  (31 CFR 356, Appendix B);
* street convention: :math:`g = (1 + i/2)^f`, and :math:`1 + f\,i/2` where only the payment at
  maturity is left and no whole half-year.

Everything is decimal arithmetic with forty digits, so a result is the same on every machine.
Prices and yields returned are not rounded. For TIPS the terms, and so price and yield, are real.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from crossmargin.product.treasury import (
    TreasurySecurity,
    cash_flows_per_100,
    half_coupon_per_100,
    half_years_between,
    last_interest_date,
    next_coupon_date,
)

_DIGITS = 40
_NEWTON_STEPS_MAX = 200
_YIELD_TOLERANCE = Decimal("1e-30")
_SIX_PLACES = Decimal("0.000001")
_BP_PER_UNIT = 10_000


class Convention(StrEnum):
    """How the fractional first period is discounted."""

    TREASURY = "TREASURY"
    STREET = "STREET"


def accrued_interest_per_100(security: TreasurySecurity, settlement: date) -> Fraction:
    """Return the interest accrued to settlement, exactly, in dollars per $100 of par.

    Actual/actual in each half-year since the last coupon or the dated date; over an odd first
    period each part in its own half-year. Zero on a coupon date, on or before the dated date, at
    maturity and after, and for securities without fixed coupons.

    Examples
    --------
    2.875 % from 15 to 17 May 2021, two of 184 days (ours, by the coupon calendar):

    >>> from crossmargin.basics.identifiers import Cusip
    >>> from crossmargin.product.treasury import SecurityKind
    >>> note = TreasurySecurity(
    ...     Cusip("9128284N7"), SecurityKind.NOTE, Decimal("2.875"), date(2028, 5, 15)
    ... )
    >>> float(accrued_interest_per_100(note, date(2021, 5, 17)))
    0.015625
    """
    half_coupon = half_coupon_per_100(security)
    if half_coupon == 0 or settlement >= security.maturity_date:
        return Fraction(0)
    start = last_interest_date(security, settlement)
    if settlement <= start:
        return Fraction(0)
    return half_coupon * half_years_between(security, start, settlement)


def clean_price_per_100(
    security: TreasurySecurity,
    *,
    settlement: date,
    yield_pct: Decimal | float,
    convention: Convention = Convention.STREET,
) -> Decimal:
    """Return the price without accrued interest, in dollars per $100 of par, not rounded.

    Parameters
    ----------
    security : TreasurySecurity
    settlement : date
        Before maturity.
    yield_pct : Decimal or float
        Per cent a year, compounded semi-annually; more than -200.
    convention : Convention

    Raises
    ------
    ValueError
        If the security has matured, or the yield is -200 % or less.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        half_yield = Decimal(yield_pct) / 200
        if half_yield <= -1:
            raise ValueError(f"yield_pct must be more than -200, was {yield_pct}")
        flows = _discounting(security, settlement, convention)
        dirty, _ = flows.value_and_slope(half_yield)
        return dirty - _decimal(accrued_interest_per_100(security, settlement))


def auction_price_per_100(
    security: TreasurySecurity, *, issue_date: date, yield_pct: Decimal
) -> Decimal:
    """Return the price at auction, to six decimals, in dollars per $100 of par.

    Treasury convention; accrued interest is rounded to six decimals first, as the announced price
    and accrued interest add up to the payment (31 CFR 356, Appendix B).
    """
    with localcontext() as context:
        context.prec = _DIGITS
        accrued = _decimal(accrued_interest_per_100(security, issue_date))
        rounded = accrued.quantize(_SIX_PLACES, rounding=ROUND_HALF_UP)
        clean = clean_price_per_100(
            security,
            settlement=issue_date,
            yield_pct=yield_pct,
            convention=Convention.TREASURY,
        )
        return (clean + accrued - rounded).quantize(_SIX_PLACES, rounding=ROUND_HALF_UP)


def yield_pct_from_price(
    security: TreasurySecurity,
    *,
    settlement: date,
    clean_price_per_100: Decimal | float,
    convention: Convention = Convention.STREET,
) -> Decimal:
    """Return the yield that gives the price: per cent a year, compounded semi-annually.

    Raises
    ------
    ValueError
        If the security has matured, or the price with accrued interest is not positive.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        flows = _discounting(security, settlement, convention)
        dirty = Decimal(clean_price_per_100) + _decimal(
            accrued_interest_per_100(security, settlement)
        )
        return flows.half_yield(dirty, start=Decimal(security.coupon_pct) / 200) * 200


def dv01_dollars_per_bp_per_100(
    security: TreasurySecurity,
    *,
    settlement: date,
    clean_price_per_100: Decimal | float,
    convention: Convention = Convention.STREET,
) -> float:
    """Return the dollars that $100 of par lose when the yield rises by one basis point.

    Analytic: minus the derivative of price by yield at the price's own yield. Positive.

    Raises
    ------
    ValueError
        As :func:`yield_pct_from_price`.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        _, slope = _at_price(security, settlement, clean_price_per_100, convention)
        return float(-slope / 2 / _BP_PER_UNIT)


def modified_duration_years(
    security: TreasurySecurity,
    *,
    settlement: date,
    clean_price_per_100: Decimal | float,
    convention: Convention = Convention.STREET,
) -> float:
    """Return the relative fall of the price with accrued interest for a rise of the yield by 1.

    Raises
    ------
    ValueError
        As :func:`yield_pct_from_price`.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        dirty, slope = _at_price(security, settlement, clean_price_per_100, convention)
        return float(-slope / 2 / dirty)


@dataclass(frozen=True, slots=True)
class _Discounting:
    # Payments by the number of whole half-years after the next date of the schedule.
    amounts: tuple[Decimal, ...]
    fraction: Decimal
    simple: bool

    def value_and_slope(self, half_yield: Decimal) -> tuple[Decimal, Decimal]:
        # The value at settlement and its derivative by the half-yield.
        growth = 1 + half_yield
        value = slope = Decimal(0)
        for amount in reversed(self.amounts):  # Horner's scheme in 1 / growth
            slope = slope / growth - value / growth**2
            value = amount + value / growth
        if self.simple:
            first, first_slope = 1 + self.fraction * half_yield, self.fraction
        else:
            first = growth**self.fraction
            first_slope = self.fraction * first / growth
        return value / first, slope / first - value * first_slope / first**2

    def half_yield(self, dirty: Decimal, *, start: Decimal) -> Decimal:
        # Newton's method: the value is convex and falling, so steps approach from the left.
        if dirty <= 0:
            raise ValueError(f"price with accrued interest must be positive, was {dirty}")
        half_yield = start
        lowest = -1 / self.fraction if self.simple and len(self.amounts) == 1 else Decimal(-1)
        for _ in range(_NEWTON_STEPS_MAX):
            value, slope = self.value_and_slope(half_yield)
            following = half_yield - (value - dirty) / slope
            if following <= lowest:
                following = (half_yield + lowest) / 2
            if abs(following - half_yield) < _YIELD_TOLERANCE:
                return following
            half_yield = following
        raise ValueError(f"no yield found for the price with accrued interest {dirty}")


def _discounting(
    security: TreasurySecurity, settlement: date, convention: Convention
) -> _Discounting:
    if settlement >= security.maturity_date:
        raise ValueError(f"{security.cusip} matured on {security.maturity_date}")
    following = next_coupon_date(security, settlement)
    flows = {
        int(half_years_between(security, following, flow.date)): _decimal(flow.amount_per_100)
        for flow in cash_flows_per_100(security, after=settlement)
    }
    amounts = tuple(flows.get(place, Decimal(0)) for place in range(max(flows) + 1))
    fraction = _decimal(half_years_between(security, settlement, following))
    return _Discounting(amounts, fraction, convention is Convention.TREASURY or len(amounts) == 1)


def _at_price(
    security: TreasurySecurity,
    settlement: date,
    clean_price: Decimal | float,
    convention: Convention,
) -> tuple[Decimal, Decimal]:
    flows = _discounting(security, settlement, convention)
    dirty = Decimal(clean_price) + _decimal(accrued_interest_per_100(security, settlement))
    half_yield = flows.half_yield(dirty, start=Decimal(security.coupon_pct) / 200)
    return flows.value_and_slope(half_yield)


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)
