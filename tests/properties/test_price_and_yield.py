"""Laws of prices, yields, accrued interest and factors that hold whatever the terms."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.basics.dates import add_months, is_month_end, whole_months_between
from crossmargin.basics.identifiers import Cusip
from crossmargin.pricing.conversion_factor import conversion_factor
from crossmargin.pricing.treasury import (
    Convention,
    accrued_interest_per_100,
    clean_price_per_100,
    dv01_dollars_per_bp_per_100,
    yield_pct_from_price,
)
from crossmargin.product.treasury import (
    SecurityKind,
    TreasurySecurity,
    cash_flows_per_100,
    half_years_between,
    next_coupon_date,
    previous_coupon_date,
)

SETTLEMENT = date(2026, 3, 25)

coupons_pct = st.integers(0, 80).map(lambda eighths: Decimal(eighths) / 8)
yields_pct = st.integers(-100, 1500).map(lambda hundredths: Decimal(hundredths) / 100)
maturities = st.dates(SETTLEMENT + timedelta(days=1), date(2056, 2, 29))
settlements = st.dates(date(2016, 1, 1), SETTLEMENT)
conventions = st.sampled_from(Convention)


@st.composite
def notes(draw: st.DrawFn) -> TreasurySecurity:
    return TreasurySecurity(
        Cusip("912810FT0"), SecurityKind.NOTE, draw(coupons_pct), draw(maturities)
    )


@given(note=notes(), settlement=settlements, yield_pct=yields_pct, convention=conventions)
def test_price_and_yield_are_inverses(
    note: TreasurySecurity, settlement: date, yield_pct: Decimal, convention: Convention
) -> None:
    price = clean_price_per_100(
        note, settlement=settlement, yield_pct=yield_pct, convention=convention
    )
    back = yield_pct_from_price(
        note, settlement=settlement, clean_price_per_100=price, convention=convention
    )
    # A day before maturity a price of 26 digits holds a yield of 24.
    assert abs(back - yield_pct) < Decimal("1e-20")


@given(note=notes(), settlement=settlements, yield_pct=yields_pct, convention=conventions)
def test_analytic_dv01_is_the_change_over_a_small_bump(
    note: TreasurySecurity, settlement: date, yield_pct: Decimal, convention: Convention
) -> None:
    bump = Decimal("1e-6")
    low, middle, high = (
        clean_price_per_100(
            note, settlement=settlement, yield_pct=yield_pct + shift, convention=convention
        )
        for shift in (-bump, Decimal(0), bump)
    )
    analytic = dv01_dollars_per_bp_per_100(
        note, settlement=settlement, clean_price_per_100=middle, convention=convention
    )
    assert analytic > 0
    assert analytic == pytest.approx(float((low - high) / (200 * bump)), rel=1e-9)


@given(note=notes(), settlement=settlements, yield_pct=yields_pct, convention=conventions)
def test_a_higher_yield_is_a_lower_price(
    note: TreasurySecurity, settlement: date, yield_pct: Decimal, convention: Convention
) -> None:
    prices = [
        clean_price_per_100(
            note, settlement=settlement, yield_pct=yield_pct + step, convention=convention
        )
        for step in (Decimal(0), Decimal("0.01"))
    ]
    assert prices[1] < prices[0]


@given(note=notes(), settlement=settlements)
def test_accrued_interest_lies_between_nothing_and_a_coupon(
    note: TreasurySecurity, settlement: date
) -> None:
    accrued = accrued_interest_per_100(note, settlement)
    assert 0 <= accrued * 200 <= note.coupon_pct * 100
    start, end = previous_coupon_date(note, settlement), next_coupon_date(note, settlement)
    assert start <= settlement < end
    assert half_years_between(note, start, end) == 1


@given(note=notes(), settlement=settlements)
def test_coupons_and_principal_are_all_there(note: TreasurySecurity, settlement: date) -> None:
    flows = cash_flows_per_100(note, after=settlement)
    assert flows[-1].date == note.maturity_date
    assert all(first.date < second.date for first, second in itertools.pairwise(flows))
    assert sum(flow.amount_per_100 for flow in flows) == 100 + len(flows) * note.coupon_pct / 2
    if is_month_end(note.maturity_date):
        assert all(is_month_end(flow.date) for flow in flows)


@given(
    coupon_pct=coupons_pct,
    maturity=st.dates(date(2032, 12, 1), date(2034, 6, 30)),
    product=st.sampled_from(["ZN", "ZF", "ZB"]),
)
def test_a_higher_coupon_is_a_higher_factor_and_six_per_cent_is_near_one(
    coupon_pct: Decimal, maturity: date, product: str
) -> None:
    def factor(coupon: Decimal) -> Decimal:
        return conversion_factor(
            product=product,
            delivery_year=2026,
            delivery_month=6,
            coupon_pct=coupon,
            maturity_date=maturity,
        )

    assert factor(coupon_pct) < factor(coupon_pct + Decimal("0.125"))
    assert abs(factor(Decimal(6)) - 1) < Decimal("0.001")


@given(day=st.dates(date(1990, 1, 1), date(2050, 1, 1)), months=st.integers(0, 600))
def test_months_added_are_months_between(day: date, months: int) -> None:
    later = add_months(day, months)
    assert whole_months_between(day, later) == months
    assume(later > day)
    assert whole_months_between(day, later - timedelta(days=1)) in (months - 1, months)
