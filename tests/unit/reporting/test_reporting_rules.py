"""The shipped parameters of the reports, read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

from crossmargin import bootstrap
from crossmargin.basics.money import Money
from crossmargin.product.calendars import sifma_calendar
from crossmargin.reporting.residual_interest import UndermarginedScope
from crossmargin.reporting.rules import ReportingRules, due_on_next_business_day
from crossmargin.reporting.segregation import FiccCashLine, FiccMapping

SHIPPED = bootstrap.parameter_registry().set_of("reporting", date(2026, 5, 11))


def test_the_shipped_values():
    rules = ReportingRules.from_parameters(SHIPPED)
    assert rules.mapping == FiccMapping()
    assert rules.undermargined_scope is UndermarginedScope.CME_AND_FICC
    assert rules.minimum_capital == Money(1_000_000_00)
    assert rules.risk_margin_ratio == Fraction(8, 100)
    assert rules.withdrawal_notice_share == Fraction(1, 4)


def test_a_changed_value_is_taken():
    changed = SHIPPED.replacing({"ficc_cash_line": "7A"}, reason="a test")
    assert ReportingRules.from_parameters(changed).mapping.cash is FiccCashLine.BANK


def test_deadlines_pass_over_holidays_and_are_of_their_zone():
    rules = ReportingRules.from_parameters(SHIPPED)
    friday = date(2026, 5, 22)  # Memorial Day is on Monday.
    due = [
        due_on_next_business_day(friday, at, sifma_calendar()).astimezone(UTC)
        for at in (rules.custody_report_due, rules.segregation_due, rules.residual_interest_due)
    ]
    assert due == [
        datetime(2026, 5, 26, 15, tzinfo=UTC),
        datetime(2026, 5, 26, 16, tzinfo=UTC),
        datetime(2026, 5, 26, 22, tzinfo=UTC),
    ]
