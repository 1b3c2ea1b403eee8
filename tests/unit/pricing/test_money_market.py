from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.pricing.money_market import (
    bill_discount_rate_pct,
    bill_investment_rate_pct,
    bill_price_per_100,
    frn_settlement_per_100,
    strips_price_per_100,
    tips_settlement_per_100,
)
from crossmargin.product.treasury import SecurityKind, TreasurySecurity


def security(kind: SecurityKind, coupon_pct: str = "0") -> TreasurySecurity:
    return TreasurySecurity(Cusip("912810FT0"), kind, Decimal(coupon_pct), date(2036, 1, 15))


def test_a_bill_is_discounted_over_360_days() -> None:
    days = {"settlement": date(2026, 1, 1), "maturity": date(2026, 4, 2)}
    price = bill_price_per_100(discount_rate_pct=Decimal("3.6"), **days)
    assert price == Decimal("99.090000")
    assert bill_discount_rate_pct(price_per_100=price, **days) == Decimal("3.6")


def test_the_investment_rate_is_simple_to_half_a_year() -> None:
    rate = bill_investment_rate_pct(
        price_per_100=Decimal("98.2"),
        settlement=date(2025, 3, 3),
        maturity=date(2025, 9, 1),  # 182 days of 365
    )
    assert rate == Decimal("3.676")


def test_exactly_half_a_year_is_simple() -> None:
    rate = bill_investment_rate_pct(
        price_per_100=Decimal(98),
        settlement=date(2023, 7, 1),
        maturity=date(2023, 12, 31),  # 183 days of 366
    )
    assert rate == Decimal("4.082")


def test_the_investment_rate_compounds_beyond_half_a_year() -> None:
    settlement, maturity = date(2025, 3, 3), date(2026, 3, 2)
    price = Decimal("96.4")
    rate = bill_investment_rate_pct(price_per_100=price, settlement=settlement, maturity=maturity)
    grown = float(price) * (1 + (364 / 365 - 0.5) * float(rate) / 100) * (1 + float(rate) / 200)
    assert grown == pytest.approx(100, abs=5e-4)


@pytest.mark.parametrize(
    ("settlement", "maturity", "year_days"),
    [
        (date(2024, 2, 29), date(2024, 5, 30), 365),
        (date(2023, 3, 1), date(2023, 5, 31), 366),
        (date(2023, 2, 28), date(2023, 5, 30), 365),
        (date(2024, 3, 1), date(2024, 5, 31), 365),
    ],
)
def test_a_leap_day_in_the_year_ahead_makes_366_days(
    settlement: date, maturity: date, year_days: int
) -> None:
    rate = bill_investment_rate_pct(
        price_per_100=Decimal(90), settlement=settlement, maturity=maturity
    )
    days = (maturity - settlement).days
    assert float(rate) == pytest.approx(1000 / 90 * year_days / days, abs=0.0005)


def test_a_matured_bill_has_no_price() -> None:
    with pytest.raises(ValueError, match="maturity must be after 2026-01-01"):
        bill_price_per_100(
            discount_rate_pct=Decimal(3), settlement=date(2026, 1, 1), maturity=date(2026, 1, 1)
        )


def test_strips_are_one_payment_at_a_semi_annual_yield() -> None:
    price = strips_price_per_100(
        security(SecurityKind.STRIPS), settlement=date(2026, 1, 15), yield_pct=Decimal(4)
    )
    assert float(price) == pytest.approx(100 / 1.02**20, abs=1e-12)


def test_inflation_protected_securities_are_indexed_price_and_accrued() -> None:
    cost = tips_settlement_per_100(
        security(SecurityKind.TIPS, "2"),
        real_clean_price_per_100=Decimal(98),
        index_ratio=Decimal("1.1"),
        settlement=date(2026, 1, 25),
    )
    assert cost == (98 + Fraction(10, 181)) * Fraction(11, 10)


def test_floating_rate_notes_accrue_at_todays_rate() -> None:
    cost = frn_settlement_per_100(
        security(SecurityKind.FRN),
        clean_price_per_100=Decimal("100.01"),
        accrual_rate_pct=Decimal("3.6"),
        last_payment_date=date(2026, 1, 31),
        settlement=date(2026, 2, 10),
    )
    assert cost == Fraction("100.11")


def test_other_kinds_are_refused() -> None:
    bond = security(SecurityKind.BOND, "4")
    with pytest.raises(ValueError, match="must be a STRIPS, was a BOND"):
        strips_price_per_100(bond, settlement=date(2026, 1, 15), yield_pct=Decimal(4))
    with pytest.raises(ValueError, match="must be a TIPS"):
        tips_settlement_per_100(
            bond,
            real_clean_price_per_100=Decimal(98),
            index_ratio=Decimal(1),
            settlement=date(2026, 1, 25),
        )
    with pytest.raises(ValueError, match="must be a FRN"):
        frn_settlement_per_100(
            bond,
            clean_price_per_100=Decimal(100),
            accrual_rate_pct=Decimal(3),
            last_payment_date=date(2026, 1, 31),
            settlement=date(2026, 2, 10),
        )


def test_a_floating_rate_note_does_not_accrue_backwards() -> None:
    with pytest.raises(ValueError, match="must not precede 2026-01-31"):
        frn_settlement_per_100(
            security(SecurityKind.FRN),
            clean_price_per_100=Decimal(100),
            accrual_rate_pct=Decimal(3),
            last_payment_date=date(2026, 1, 31),
            settlement=date(2026, 1, 30),
        )
