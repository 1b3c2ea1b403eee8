from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crossmargin.pricing.conversion_factor import (
    conversion_factor,
    conversion_factor_from_term,
    unrounded_conversion_factor,
)
from crossmargin.product.futures import PRODUCTS, ProductKind

TREASURY = [code for code, product in PRODUCTS.items() if product.kind is ProductKind.TREASURY]


@pytest.mark.parametrize("product", TREASURY)
@pytest.mark.parametrize("years", [2, 10, 29])
@pytest.mark.parametrize("months", [0, 6])
def test_the_notional_coupon_has_factor_one_on_whole_half_years(
    product: str, years: int, months: int
) -> None:
    exact = unrounded_conversion_factor(
        product=product, coupon_pct=Decimal(6), years=years, months=months
    )
    assert abs(exact - 1) < Decimal("1e-25")


@pytest.mark.parametrize(("month", "cut_to"), [(1, 0), (2, 0), (4, 3), (8, 6), (11, 9)])
def test_quarter_products_cut_the_term_to_quarters(month: int, cut_to: int) -> None:
    def factor(product: str, months: int) -> Decimal:
        return conversion_factor_from_term(
            product=product, coupon_pct=Decimal("3.5"), years=7, months=months
        )

    assert factor("ZN", month) == factor("ZN", cut_to)
    assert factor("ZF", month) != factor("ZF", cut_to)


def test_eight_per_cent_was_the_notional_before_march_2000() -> None:
    def factor(year: int, month: int) -> Decimal:
        return conversion_factor(
            product="ZB",
            delivery_year=year,
            delivery_month=month,
            coupon_pct=Decimal(8),
            maturity_date=date(year + 20, month, 15),
        )

    assert factor(1999, 12) == 1
    assert factor(2000, 3) > Decimal("1.2")


def test_the_first_day_of_the_delivery_month_starts_the_clock() -> None:
    def factor(maturity: date) -> Decimal:
        return conversion_factor(
            product="ZF",
            delivery_year=2026,
            delivery_month=6,
            coupon_pct=Decimal(4),
            maturity_date=maturity,
        )

    assert factor(date(2030, 11, 30)) == factor(date(2030, 11, 1))
    assert factor(date(2030, 12, 1)) < factor(date(2030, 11, 30))


def test_factors_have_four_decimals() -> None:
    # A zero coupon to 12 months at 3 % a half-year: 0.94259590913...; at 0 months: exactly 1.
    assert conversion_factor_from_term(
        product="ZT", coupon_pct=Decimal(0), years=1, months=0
    ) == Decimal("0.9426")
    # 100 % of coupon over no time is worth nothing: the factor stays 1.
    assert conversion_factor_from_term(
        product="ZT", coupon_pct=Decimal(100), years=0, months=0
    ) == Decimal("1.0000")


@pytest.mark.parametrize("product", ["SR3", "ZQ", "ES"])
def test_products_that_deliver_nothing_are_refused(product: str) -> None:
    with pytest.raises(ValueError, match=f"was '{product}'"):
        conversion_factor_from_term(product=product, coupon_pct=Decimal(6), years=1, months=0)


@pytest.mark.parametrize(("years", "months"), [(-1, 0), (1, 12), (1, -1)])
def test_impossible_terms_are_refused(years: int, months: int) -> None:
    with pytest.raises(ValueError, match=f"was {years} and {months}"):
        conversion_factor_from_term(product="ZN", coupon_pct=Decimal(6), years=years, months=months)


def test_a_security_that_matures_before_the_month_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-05-31"):
        conversion_factor(
            product="ZN",
            delivery_year=2026,
            delivery_month=6,
            coupon_pct=Decimal(6),
            maturity_date=date(2026, 5, 31),
        )
