from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.product.treasury import (
    CashFlow,
    SecurityKind,
    TreasurySecurity,
    cash_flows_per_100,
    coupon_dates,
    half_years_between,
    next_coupon_date,
    previous_coupon_date,
)


def security(
    coupon_pct: str = "4", maturity: date = date(2028, 2, 29), **terms: object
) -> TreasurySecurity:
    kind = terms.pop("kind", SecurityKind.NOTE)
    return TreasurySecurity(
        Cusip("912810FT0"),
        kind,
        Decimal(coupon_pct),
        maturity,
        **terms,  # type: ignore[arg-type]
    )


def test_a_month_end_maturity_pays_on_month_ends() -> None:
    dates = coupon_dates(security(), after=date(2026, 3, 24))
    assert dates == (
        date(2026, 8, 31),
        date(2027, 2, 28),
        date(2027, 8, 31),
        date(2028, 2, 29),
    )


def test_other_maturities_keep_their_day() -> None:
    dates = coupon_dates(security(maturity=date(2027, 5, 15)), after=date(2026, 3, 24))
    assert dates == (date(2026, 5, 15), date(2026, 11, 15), date(2027, 5, 15))


def test_principal_and_last_coupon_are_one_flow() -> None:
    flows = cash_flows_per_100(security("3.5", date(2027, 5, 15)), after=date(2026, 5, 15))
    assert flows == (
        CashFlow(date(2026, 11, 15), Fraction(7, 4)),
        CashFlow(date(2027, 5, 15), Fraction(407, 4)),
    )


def test_a_payment_on_the_day_itself_is_no_longer_the_holder_s() -> None:
    before = cash_flows_per_100(security(), after=date(2026, 8, 30))
    on = cash_flows_per_100(security(), after=date(2026, 8, 31))
    assert before[0].date == date(2026, 8, 31)
    assert on == before[1:]


def test_nothing_is_left_after_maturity() -> None:
    assert cash_flows_per_100(security(), after=date(2028, 2, 29)) == ()


@pytest.mark.parametrize("kind", [SecurityKind.BILL, SecurityKind.STRIPS, SecurityKind.FRN])
def test_securities_without_fixed_coupons_pay_100_at_maturity(kind: SecurityKind) -> None:
    flows = cash_flows_per_100(security("0", kind=kind), after=date(2026, 3, 24))
    assert flows == (CashFlow(date(2028, 2, 29), Fraction(100)),)


def test_inflation_protected_flows_are_real() -> None:
    flows = cash_flows_per_100(
        security("1", date(2026, 7, 15), kind=SecurityKind.TIPS), after=date(2026, 3, 24)
    )
    assert flows == (CashFlow(date(2026, 7, 15), Fraction(201, 2)),)


def test_a_zero_coupon_note_still_has_a_schedule() -> None:
    flows = cash_flows_per_100(security("0", date(2026, 11, 15)), after=date(2026, 3, 24))
    assert [flow.amount_per_100 for flow in flows] == [0, 100]


def test_a_short_first_coupon_is_in_proportion() -> None:
    # From 15 July to 15 August 2026: 31 of 181 days.
    short = security(maturity=date(2028, 8, 15), dated_date=date(2026, 7, 15))
    flows = cash_flows_per_100(short, after=date(2026, 7, 15))
    assert flows[0] == CashFlow(date(2026, 8, 15), 2 * Fraction(31, 181))
    assert flows[1].amount_per_100 == 2


def test_a_long_first_coupon_has_a_whole_half_year_and_a_part() -> None:
    # From 15 July 2026 to 15 February 2027: 31 of 181 days and a half-year.
    long = security(
        maturity=date(2028, 8, 15),
        dated_date=date(2026, 7, 15),
        first_coupon_date=date(2027, 2, 15),
    )
    flows = cash_flows_per_100(long, after=date(2026, 7, 15))
    assert flows[0] == CashFlow(date(2027, 2, 15), 2 * (1 + Fraction(31, 181)))
    assert flows[1].amount_per_100 == 2


def test_a_regular_issue_pays_a_whole_first_coupon() -> None:
    regular = security(dated_date=date(2026, 2, 28))
    flows = cash_flows_per_100(regular, after=date(2026, 3, 24))
    assert flows[0] == CashFlow(date(2026, 8, 31), Fraction(2))


def test_no_coupon_is_paid_on_or_before_the_dated_date() -> None:
    assert coupon_dates(security(dated_date=date(2026, 8, 31)), after=date(2026, 1, 1))[0] == date(
        2027, 2, 28
    )


@pytest.mark.parametrize(
    ("day", "previous", "following"),
    [
        (date(2026, 8, 30), date(2026, 2, 28), date(2026, 8, 31)),
        (date(2026, 8, 31), date(2026, 8, 31), date(2027, 2, 28)),
        (date(2026, 9, 1), date(2026, 8, 31), date(2027, 2, 28)),
        (date(2028, 2, 28), date(2027, 8, 31), date(2028, 2, 29)),
    ],
)
def test_schedule_dates_around_a_day(day: date, previous: date, following: date) -> None:
    assert previous_coupon_date(security(), day) == previous
    assert next_coupon_date(security(), day) == following


def test_half_years_are_actual_over_actual_in_each_period() -> None:
    note = security(maturity=date(2028, 5, 15))
    assert half_years_between(note, date(2025, 11, 15), date(2026, 5, 15)) == 1
    assert half_years_between(note, date(2026, 5, 15), date(2026, 5, 17)) == Fraction(2, 184)
    assert half_years_between(note, date(2026, 5, 14), date(2026, 5, 17)) == Fraction(
        1, 181
    ) + Fraction(2, 184)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"coupon_pct": "-1"}, "coupon_pct"),
        ({"coupon_pct": "NaN"}, "coupon_pct"),
        ({"dated_date": date(2028, 2, 29)}, "dated_date"),
        ({"issue_date": date(2029, 1, 1)}, "issue_date"),
    ],
)
def test_impossible_terms_are_refused(terms: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        security(**terms)  # type: ignore[arg-type]
