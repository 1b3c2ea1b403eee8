r"""Conversion factors of Treasury futures, exactly as CME publishes them.

With *n* whole years and *z* months from the first day of the delivery month to maturity (cut to
quarters for ZN, TN, TWE, ZB and UB), coupon *c* and notional coupon *k* (0.06; 0.08 before the
contracts of March 2000):

.. math::

    CF = a \left(\tfrac{c}{2} + C + d\right) - b, \quad
    a = (1 + \tfrac{k}{2})^{-v/6}, \quad b = \tfrac{c}{2}\,\tfrac{6 - v}{6}, \quad
    d = \tfrac{c}{k}(1 - C)

where :math:`C = (1 + k/2)^{-2n}` if *z* < 7, else :math:`(1 + k/2)^{-(2n+1)}`; *v* = *z* if
*z* < 7, else 3 for quarters and *z* - 6 for months.

References
----------
CME Group, *Calculating US Treasury futures conversion factors*.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from crossmargin.basics.dates import whole_months_between
from crossmargin.product.specifications import PRODUCTS

_DIGITS = 50
_FOUR_PLACES = Decimal("0.0001")
_NOTIONAL_PCT = Decimal(6)
_NOTIONAL_PCT_BEFORE_2000 = Decimal(8)
_SIX_PER_CENT_SINCE = (2000, 3)
_MONTHS_PER_YEAR = 12
_HALF_YEAR_MONTHS = 6
_QUARTER_MONTHS = 3


def conversion_factor(
    *,
    product: str,
    delivery_year: int,
    delivery_month: int,
    coupon_pct: Decimal,
    maturity_date: date,
) -> Decimal:
    """Return the conversion factor, to four decimals, half up.

    Parameters
    ----------
    product : str
        Globex code of a Treasury future.
    delivery_year, delivery_month : int
    coupon_pct : Decimal
        Per cent a year.
    maturity_date : date
        After the first day of the delivery month. For a callable bond the first call date.

    Raises
    ------
    ValueError
        If nothing is delivered into the product, or the security matures before the month.

    Examples
    --------
    >>> conversion_factor(
    ...     product="ZN", delivery_year=2021, delivery_month=9,
    ...     coupon_pct=Decimal("2.875"), maturity_date=date(2028, 5, 15),
    ... )
    Decimal('0.8338')
    """
    months = whole_months_between(date(delivery_year, delivery_month, 1), maturity_date)
    years, months = divmod(months, _MONTHS_PER_YEAR)
    sixes = (delivery_year, delivery_month) >= _SIX_PER_CENT_SINCE
    return conversion_factor_from_term(
        product=product,
        coupon_pct=coupon_pct,
        years=years,
        months=months,
        notional_pct=_NOTIONAL_PCT if sixes else _NOTIONAL_PCT_BEFORE_2000,
    )


def conversion_factor_from_term(
    *,
    product: str,
    coupon_pct: Decimal,
    years: int,
    months: int,
    notional_pct: Decimal = _NOTIONAL_PCT,
) -> Decimal:
    """Return the conversion factor of a remaining term, to four decimals, half up.

    Parameters
    ----------
    product : str
        Globex code of a Treasury future.
    coupon_pct : Decimal
        Per cent a year.
    years, months : int
        Whole years and months that remain; cut to quarters here where the product asks for it.
    notional_pct : Decimal
        The contract's notional coupon, per cent a year.

    Raises
    ------
    ValueError
        If nothing is delivered into the product, or months are not 0 to 11.
    """
    exact = unrounded_conversion_factor(
        product=product,
        coupon_pct=coupon_pct,
        years=years,
        months=months,
        notional_pct=notional_pct,
    )
    return exact.quantize(_FOUR_PLACES, rounding=ROUND_HALF_UP)


def unrounded_conversion_factor(
    *,
    product: str,
    coupon_pct: Decimal,
    years: int,
    months: int,
    notional_pct: Decimal = _NOTIONAL_PCT,
) -> Decimal:
    """Return the conversion factor before rounding, to fifty digits.

    Parameters and errors are those of :func:`conversion_factor_from_term`.
    """
    step = PRODUCTS[product].conversion_factor_months if product in PRODUCTS else 0
    if step == 0:
        raise ValueError(f"product must be a Treasury future, was {product!r}")
    if years < 0 or not 0 <= months < _MONTHS_PER_YEAR:
        raise ValueError(f"a term is years and 0 to 11 months, was {years} and {months}")
    months -= months % step
    second_half = months > _HALF_YEAR_MONTHS
    if not second_half:
        broken_months = months
    else:
        broken_months = _QUARTER_MONTHS if step == _QUARTER_MONTHS else months - _HALF_YEAR_MONTHS
    with localcontext() as context:
        context.prec = _DIGITS
        coupon, notional = coupon_pct / 100, notional_pct / 100
        growth = 1 + notional / 2
        to_next_coupon = growth ** (Decimal(-broken_months) / _HALF_YEAR_MONTHS)
        accrued = coupon / 2 * (_HALF_YEAR_MONTHS - broken_months) / _HALF_YEAR_MONTHS
        principal = growth ** -(2 * years + second_half)
        coupons = coupon / notional * (1 - principal)
        return to_next_coupon * (coupon / 2 + principal + coupons) - accrued
