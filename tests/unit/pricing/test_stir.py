from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.pricing.stir import (
    SETTLEMENT_GRAIN_POINTS,
    MissingFixing,
    compounded_rate_pct,
    flat_overnight_rate_pct,
    settlement_price,
    settlement_rate_pct,
    strip_discount_factors,
    strip_par_rate_pct,
)
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import PRODUCTS, FuturesContract, ProductKind, reference_period

CALENDAR = sifma_calendar()
JUNE_SR3 = FuturesContract("SR3", 2025, 6)
FEBRUARY = {"SR1": FuturesContract("SR1", 2026, 2), "ZQ": FuturesContract("ZQ", 2026, 2)}


def fixings(contract: FuturesContract, rate: str) -> dict[date, Decimal]:
    start, end = reference_period(contract)
    days = CALENDAR.business_days(CALENDAR.on_or_before(start), end)
    return dict.fromkeys(days, Decimal(rate))


def test_every_money_market_product_has_a_settlement_grain() -> None:
    kinds = {product.kind for product in PRODUCTS.values()} - {ProductKind.TREASURY}
    assert set(SETTLEMENT_GRAIN_POINTS) == kinds


def test_a_friday_counts_three_days_of_simple_interest() -> None:
    rate = compounded_rate_pct([Fraction(36), Fraction(36)], [3, 1])
    assert rate == (Fraction(1003, 1000) * Fraction(1001, 1000) - 1) * 100 * Fraction(360, 4)


def test_a_sofr_quarter_compounds_over_business_days() -> None:
    # 18 June to 17 September 2025: 91 days. Juneteenth follows the first day, then a weekend.
    start, end = reference_period(JUNE_SR3)
    days = CALENDAR.business_days(start, end)
    counts = [(b - a).days for a, b in itertools.pairwise(days)]
    assert counts[:2] == [2, 3]
    assert sum(counts) == 91
    ours = settlement_rate_pct(
        JUNE_SR3, fixings(JUNE_SR3, "4.3"), calendar=CALENDAR, missing=MissingFixing.REFUSE
    )
    growth = 1.0
    for count in counts:
        growth *= 1 + 0.043 * count / 360
    assert float(ours) == pytest.approx((growth - 1) * 360 / 91 * 100, abs=1e-10)
    price = settlement_price(
        JUNE_SR3, fixings(JUNE_SR3, "4.3"), calendar=CALENDAR, missing=MissingFixing.REFUSE
    )
    assert price == Decimal(str(round(100 - float(ours), 4)))


@pytest.mark.parametrize("product", ["SR1", "ZQ"])
def test_monthly_contracts_average_over_calendar_days(product: str) -> None:
    # From Friday 27 February 2026 two days are left: 27 and 28. The 1st is a Sunday.
    rates = fixings(FEBRUARY[product], "3")
    rates[date(2026, 1, 30)] = Decimal(10)
    rates[date(2026, 2, 27)] = Decimal(17)
    rate = settlement_rate_pct(
        FEBRUARY[product], rates, calendar=CALENDAR, missing=MissingFixing.REFUSE
    )
    assert rate == Fraction(10 * 1 + 3 * 25 + 17 * 2, 28)


def test_monthly_prices_are_rounded_to_a_tenth_of_a_basis_point() -> None:
    price = settlement_price(
        FEBRUARY["ZQ"],
        fixings(FEBRUARY["ZQ"], "3.6405"),
        calendar=CALENDAR,
        missing=MissingFixing.REFUSE,
    )
    assert price == Decimal("96.360")  # 96.3595: half up


def test_a_missing_rate_takes_the_previous_one_only_if_asked() -> None:
    rates = fixings(FEBRUARY["SR1"], "3")
    rates[date(2026, 2, 10)] = Decimal(5)
    del rates[date(2026, 2, 11)], rates[date(2026, 2, 12)]
    rate = settlement_rate_pct(
        FEBRUARY["SR1"], rates, calendar=CALENDAR, missing=MissingFixing.FORWARD
    )
    assert rate == Fraction(3 * 25 + 5 * 3, 28)
    with pytest.raises(RefusedError) as caught:
        settlement_rate_pct(FEBRUARY["SR1"], rates, calendar=CALENDAR, missing=MissingFixing.REFUSE)
    assert [refusal.value for refusal in caught.value.refusals] == ["2026-02-11", "2026-02-12"]


def test_a_period_without_a_rate_to_begin_with_is_refused() -> None:
    with pytest.raises(RefusedError, match="2026-01-30"):
        settlement_rate_pct(FEBRUARY["SR1"], {}, calendar=CALENDAR, missing=MissingFixing.FORWARD)


def test_a_treasury_contract_has_no_settlement_rate() -> None:
    with pytest.raises(ValueError, match="no reference period"):
        settlement_rate_pct(
            FuturesContract("ZN", 2026, 6), {}, calendar=CALENDAR, missing=MissingFixing.FORWARD
        )


def test_the_flat_overnight_rate_compounds_to_the_rate() -> None:
    days = [1, 1, 1, 1, 3] * 13
    overnight = flat_overnight_rate_pct(Decimal("4.295"), days)
    back = compounded_rate_pct([Fraction(overnight)] * len(days), days)
    assert float(back) == pytest.approx(4.295, abs=1e-15)


def test_a_flat_strip_is_at_par_at_its_own_rate() -> None:
    prices, days = [Decimal(96)] * 4, [91, 91, 90, 93]
    assert strip_par_rate_pct(prices, days) == 4
    factors = strip_discount_factors(prices, days)
    assert factors[0] == 1 / (1 + Fraction(4, 100) * Fraction(91, 360))
    assert list(factors) == sorted(factors, reverse=True)
