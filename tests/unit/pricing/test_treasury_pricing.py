from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.pricing.treasury import (
    Convention,
    accrued_interest_per_100,
    auction_price_per_100,
    clean_price_per_100,
    dv01_dollars_per_bp_per_100,
    modified_duration_years,
    yield_pct_from_price,
)
from crossmargin.product.treasury import SecurityKind, TreasurySecurity


def note(coupon_pct: str, maturity: date, **terms: date) -> TreasurySecurity:
    return TreasurySecurity(
        Cusip("912810FT0"), SecurityKind.NOTE, Decimal(coupon_pct), maturity, **terms
    )


MAY_2028 = note("2.875", date(2028, 5, 15))
ODD = {"dated_date": date(2026, 7, 15)}
SHORT_FIRST = note("4", date(2028, 8, 15), **ODD)
LONG_FIRST = note("4", date(2028, 8, 15), **ODD, first_coupon_date=date(2027, 2, 15))


@pytest.mark.parametrize(
    ("settlement", "accrued"),
    [
        (date(2021, 5, 15), Fraction(0)),
        (date(2021, 5, 17), Fraction("1.4375") * Fraction(2, 184)),
        (date(2021, 11, 14), Fraction("1.4375") * Fraction(183, 184)),
        (date(2028, 5, 15), Fraction(0)),
        (date(2030, 1, 1), Fraction(0)),
    ],
)
def test_interest_accrues_actual_over_actual(settlement: date, accrued: Fraction) -> None:
    assert accrued_interest_per_100(MAY_2028, settlement) == accrued


def test_interest_of_an_odd_first_period_accrues_from_the_dated_date() -> None:
    assert accrued_interest_per_100(SHORT_FIRST, date(2026, 7, 15)) == 0
    assert accrued_interest_per_100(SHORT_FIRST, date(2026, 7, 1)) == 0
    assert accrued_interest_per_100(SHORT_FIRST, date(2026, 8, 14)) == 2 * Fraction(30, 181)
    assert accrued_interest_per_100(SHORT_FIRST, date(2026, 8, 15)) == 0
    assert accrued_interest_per_100(LONG_FIRST, date(2026, 8, 14)) == 2 * Fraction(30, 181)
    assert accrued_interest_per_100(LONG_FIRST, date(2026, 8, 15)) == 2 * Fraction(31, 181)
    assert accrued_interest_per_100(LONG_FIRST, date(2026, 8, 16)) == 2 * (
        Fraction(31, 181) + Fraction(1, 184)
    )
    assert accrued_interest_per_100(LONG_FIRST, date(2027, 2, 15)) == 0


def test_nothing_accrues_before_a_when_issued_note_is_dated() -> None:
    when_issued = note("4", date(2028, 3, 31), dated_date=date(2026, 3, 31))
    assert accrued_interest_per_100(when_issued, date(2026, 3, 25)) == 0
    assert accrued_interest_per_100(when_issued, date(2026, 4, 1)) == Fraction(2, 183)


@pytest.mark.parametrize("convention", Convention)
@pytest.mark.parametrize("security", [MAY_2028, note("4", date(2028, 2, 29))])
def test_a_note_yields_its_coupon_at_par_on_a_coupon_date(
    security: TreasurySecurity, convention: Convention
) -> None:
    settlement = date(2026, 11, 15) if security is MAY_2028 else date(2026, 8, 31)
    price = clean_price_per_100(
        security, settlement=settlement, yield_pct=security.coupon_pct, convention=convention
    )
    assert abs(price - 100) < Decimal("1e-25")


def test_a_long_first_coupon_is_priced_by_the_treasury_s_formula() -> None:
    # 31 CFR 356, Appendix B, long first half-year: (P + A)(1 + (r/s)(i/2)) =
    # (C/2)(r/s) v + (C/2) a_n + 100 v^n, n half-years after the fractional one.
    half_yield, part, periods = Fraction(5, 200), Fraction(31, 181), 4
    v = 1 / (1 + half_yield)
    annuity = sum((v**k for k in range(1, periods + 1)), Fraction(0))
    value = (2 * part * v + 2 * annuity + 100 * v**periods) / (1 + part * half_yield)
    ours = clean_price_per_100(
        LONG_FIRST,
        settlement=date(2026, 7, 15),
        yield_pct=Decimal(5),
        convention=Convention.TREASURY,
    )
    assert float(ours) == pytest.approx(float(value), abs=1e-14)


def test_the_last_coupon_period_is_simple_interest_in_both_conventions() -> None:
    settlement = date(2028, 2, 15)
    expected = Fraction("101.4375") / (1 + Fraction(90, 182) * Fraction(4, 200))
    expected -= accrued_interest_per_100(MAY_2028, settlement)
    for convention in Convention:
        price = clean_price_per_100(
            MAY_2028, settlement=settlement, yield_pct=Decimal(4), convention=convention
        )
        assert float(price) == pytest.approx(float(expected), abs=1e-14)


def test_the_conventions_differ_within_a_half_year() -> None:
    prices = {
        clean_price_per_100(
            MAY_2028, settlement=date(2026, 3, 25), yield_pct=Decimal(4), convention=convention
        )
        for convention in Convention
    }
    assert len(prices) == 2


def test_auction_prices_round_accrued_interest_first() -> None:
    price = auction_price_per_100(MAY_2028, issue_date=date(2021, 5, 17), yield_pct=Decimal("1.3"))
    assert price == round(price, 6)


def test_strips_are_one_payment() -> None:
    strips = TreasurySecurity(
        Cusip("912810FT0"), SecurityKind.STRIPS, Decimal(0), date(2036, 2, 15)
    )
    price = clean_price_per_100(strips, settlement=date(2026, 2, 15), yield_pct=Decimal(4))
    assert float(price) == pytest.approx(100 / 1.02**20, abs=1e-12)
    assert modified_duration_years(
        strips, settlement=date(2026, 2, 15), clean_price_per_100=price
    ) == pytest.approx(10 / 1.02, abs=1e-12)


@pytest.mark.parametrize("yield_pct", [Decimal("-1.5"), Decimal(0), Decimal("0.001"), Decimal(60)])
def test_extreme_yields_come_back(yield_pct: Decimal) -> None:
    settlement = date(2026, 3, 25)
    price = clean_price_per_100(MAY_2028, settlement=settlement, yield_pct=yield_pct)
    back = yield_pct_from_price(MAY_2028, settlement=settlement, clean_price_per_100=price)
    assert abs(back - yield_pct) < Decimal("1e-25")


@pytest.mark.parametrize("price", ["99.99", "100.01", "100.5"])
def test_prices_a_day_from_maturity_have_a_yield(price: str) -> None:
    settlement = date(2028, 5, 14)
    found = yield_pct_from_price(
        MAY_2028, settlement=settlement, clean_price_per_100=Decimal(price)
    )
    back = clean_price_per_100(MAY_2028, settlement=settlement, yield_pct=found)
    assert abs(back - Decimal(price)) < Decimal("1e-20")


def test_floats_are_taken_as_they_are() -> None:
    assert dv01_dollars_per_bp_per_100(
        MAY_2028, settlement=date(2026, 3, 25), clean_price_per_100=98.5
    ) == dv01_dollars_per_bp_per_100(
        MAY_2028, settlement=date(2026, 3, 25), clean_price_per_100=Decimal("98.5")
    )


def test_a_matured_note_has_no_price() -> None:
    with pytest.raises(ValueError, match="matured on 2028-05-15"):
        clean_price_per_100(MAY_2028, settlement=date(2028, 5, 15), yield_pct=Decimal(4))


def test_a_worthless_note_has_no_yield() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        yield_pct_from_price(MAY_2028, settlement=date(2026, 5, 15), clean_price_per_100=Decimal(0))


def test_a_yield_of_minus_two_hundred_per_cent_is_refused() -> None:
    with pytest.raises(ValueError, match="more than -200"):
        clean_price_per_100(MAY_2028, settlement=date(2026, 5, 15), yield_pct=Decimal(-200))
