"""Prices, yields and accrued interest against QuantLib, an independent implementation.

QuantLib discounts payment by payment, so its *simple then compounded* rate is simple in the
fractional first period: the Treasury convention. Its *compounded* rate is the street convention,
except in the last coupon period, where the street counts simple interest.
"""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal

import pytest
import QuantLib as ql  # noqa: N813 - its own documentation's name

from crossmargin.basics.identifiers import Cusip
from crossmargin.pricing.treasury import (
    Convention,
    accrued_interest_per_100,
    clean_price_per_100,
    dv01_dollars_per_bp_per_100,
    modified_duration_years,
    yield_pct_from_price,
)
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

MATURITIES = [
    date(2026, 6, 30),
    date(2026, 8, 31),
    date(2028, 2, 29),
    date(2031, 2, 28),
    date(2033, 5, 15),
    date(2036, 2, 15),
    date(2056, 2, 15),
]
SETTLEMENTS = [date(2026, 3, 25), date(2026, 2, 28), date(2026, 4, 30), date(2026, 5, 15)]
COUPONS_PCT = ["0.125", "4", "7.625"]
YIELDS_PCT = ["0.05", "3.9", "12"]
GRID = list(itertools.product(MATURITIES, SETTLEMENTS, COUPONS_PCT))


def to_quantlib(day: date) -> ql.Date:
    return ql.Date(day.day, day.month, day.year)


def quantlib_bond(coupon_pct: str, maturity: date) -> tuple[ql.FixedRateBond, ql.DayCounter]:
    month_end = ql.Date.isEndOfMonth(to_quantlib(maturity))
    schedule = ql.Schedule(
        ql.Date(15, 1, 2020),
        to_quantlib(maturity),
        ql.Period(ql.Semiannual),
        ql.NullCalendar(),
        ql.Unadjusted,
        ql.Unadjusted,
        ql.DateGeneration.Backward,
        month_end,
    )
    day_count = ql.ActualActual(ql.ActualActual.ISMA, schedule)
    bond = ql.FixedRateBond(0, 100.0, schedule, [float(coupon_pct) / 100], day_count)
    return bond, day_count


def compounding(convention: Convention, maturity: date, settlement: date) -> int:
    last_coupon = to_quantlib(maturity) - ql.Period(6, ql.Months)
    if ql.Date.isEndOfMonth(to_quantlib(maturity)):
        last_coupon = ql.Date.endOfMonth(last_coupon)
    in_last_period = last_coupon <= to_quantlib(settlement)
    simple = convention is Convention.TREASURY or in_last_period
    return int(ql.SimpleThenCompounded if simple else ql.Compounded)


@pytest.mark.parametrize(("maturity", "settlement", "coupon_pct"), GRID)
def test_prices_yields_and_accrued_interest_agree_with_quantlib(
    maturity: date, settlement: date, coupon_pct: str
) -> None:
    security = TreasurySecurity(
        Cusip("912810FT0"), SecurityKind.NOTE, Decimal(coupon_pct), maturity
    )
    bond, day_count = quantlib_bond(coupon_pct, maturity)
    day = to_quantlib(settlement)
    ql.Settings.instance().evaluationDate = day
    accrued = float(accrued_interest_per_100(security, settlement))
    assert accrued == pytest.approx(bond.accruedAmount(day), abs=1e-9)
    for yield_pct, convention in itertools.product(YIELDS_PCT, Convention):
        rate = ql.InterestRate(
            float(yield_pct) / 100,
            day_count,
            compounding(convention, maturity, settlement),
            ql.Semiannual,
        )
        theirs = ql.BondFunctions.cleanPrice(bond, rate, day)
        ours = clean_price_per_100(
            security, settlement=settlement, yield_pct=Decimal(yield_pct), convention=convention
        )
        assert float(ours) == pytest.approx(theirs, abs=1e-9)
        back = yield_pct_from_price(
            security, settlement=settlement, clean_price_per_100=ours, convention=convention
        )
        assert float(back) == pytest.approx(float(yield_pct), abs=1e-9)
        duration = ql.BondFunctions.duration(bond, rate, ql.Duration.Modified, day)
        terms = {
            "settlement": settlement,
            "clean_price_per_100": ours,
            "convention": convention,
        }
        if convention is Convention.STREET:
            assert modified_duration_years(security, **terms) == pytest.approx(duration, abs=1e-9)
            assert dv01_dollars_per_bp_per_100(security, **terms) == pytest.approx(
                duration * (float(ours) + accrued) / 1e4, abs=1e-9
            )
