"""Drafted notices: each has its trigger, and none is drafted without it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.reporting.custody_checks import CustodyFacts
from crossmargin.reporting.custody_report import CustodyReport, custody_report
from crossmargin.reporting.notices import (
    IMMEDIATELY,
    Notice,
    NoticeKind,
    call_unmet_above_excess_capital,
    custody_shortfall,
    under_required,
    under_segregation,
    under_target,
    withdrawal_over_a_quarter,
)
from crossmargin.reporting.residual_interest import (
    CustomerMargin,
    ProForma,
    ResidualInterest,
    UndermarginedScope,
    pro_forma,
    residual_interest,
)
from crossmargin.reporting.segregation import (
    CustomerBalance,
    FiccItems,
    FiccMapping,
    FundsInSegregation,
    SegregationStatement,
    segregation_statement,
)

DAY = date(2026, 5, 11)
FROM = {"sender": "FCM-1", "business_date": DAY}


def drafted(notice: Notice | None) -> Notice:
    assert notice is not None
    return notice


def segregation(held: int) -> SegregationStatement:
    return segregation_statement(
        [CustomerBalance("A", Money(1_000_00))],
        FundsInSegregation(bank_cash=Money(held)),
        ficc=FiccItems(),
        management_target=ZERO,
        mapping=FiccMapping(),
    )


def test_under_segregation():
    notice = drafted(under_segregation(segregation(999_99), **FROM))  # type: ignore[arg-type]
    assert notice.kind is NoticeKind.UNDER_SEGREGATION
    assert dict(notice.figures)["deficiency, line 14"] == "-0.01"
    assert notice.addressees == ("CFTC", "designated self-regulatory organization")
    assert notice.deadline == IMMEDIATELY
    assert notice.text.splitlines()[:4] == [
        "To: CFTC, designated self-regulatory organization",
        "From: FCM-1",
        "Notice under 17 CFR 1.12; 1.32",
        "Business date: 2026-05-11",
    ]
    assert under_segregation(segregation(1_000_00), **FROM) is None  # type: ignore[arg-type]


def interest(held: int, target: int) -> ResidualInterest:
    return residual_interest(
        [CustomerMargin("A", Money(100_00), cme=Money(300_00))],
        held=Money(held),
        target=Money(target),
        payments={"A": Money(50_00)},
        scope=UndermarginedScope.CME_AND_FICC,
    )


def test_residual_interest_under_required_counts_payments():
    # Required 200.00, after the payment 150.00.
    notice = drafted(under_required(interest(149_99, 0), **FROM))  # type: ignore[arg-type]
    assert notice.kind is NoticeKind.RESIDUAL_INTEREST_UNDER_REQUIRED
    assert dict(notice.figures)["shortfall"] == "0.01"
    assert under_required(interest(150_00, 0), **FROM) is None  # type: ignore[arg-type]


def test_residual_interest_under_target():
    notice = drafted(under_target(interest(500_00, 500_01), **FROM))  # type: ignore[arg-type]
    assert notice.kind is NoticeKind.RESIDUAL_INTEREST_UNDER_TARGET
    assert dict(notice.figures)["under target"] == "0.01"
    assert under_target(interest(500_00, 500_00), **FROM) is None  # type: ignore[arg-type]


def withdrawal(request: int, approved_by: str) -> ProForma:
    return pro_forma(
        prior_day_held=Money(1_000_00),
        request=Money(request),
        withdrawn_earlier=ZERO,
        deposits=ZERO,
        estimated_debits=ZERO,
        required=ZERO,
        target=ZERO,
        is_statement_filed=True,
        approved_by=approved_by,
        notice_share=Fraction(1, 4),
    )


@pytest.mark.parametrize(
    ("request_", "approved_by", "is_drafted"),
    [(250_01, "CFO", True), (250_00, "CFO", False), (250_01, "", False)],
)
def test_a_withdrawal_over_a_quarter_that_is_allowed(
    request_: int, approved_by: str, is_drafted: bool
):
    notice = withdrawal_over_a_quarter(
        withdrawal(request_, approved_by),
        sender="FCM-1",
        business_date=DAY,
        approved_by=approved_by,
        deadline=datetime(2026, 5, 11, 22, tzinfo=UTC),
    )
    assert (notice is not None) is is_drafted
    if notice is not None:
        assert notice.deadline == "2026-05-11T22:00:00+00:00"
        assert "approved in writing by CFO" in notice.text


@pytest.mark.parametrize(
    ("unmet", "excess", "is_past", "is_drafted"),
    [
        (100_01, 100_00, True, True),
        (100_00, 100_00, True, False),
        (100_01, 100_00, False, False),
        (1, -5_00, True, True),
        (0, -5_00, True, False),
    ],
)
def test_a_call_unmet_above_excess_capital(
    unmet: int, excess: int, is_past: bool, is_drafted: bool
):
    notice = call_unmet_above_excess_capital(
        account="FUND-1",
        unmet=Money(unmet),
        excess_adjusted_net_capital=Money(excess),
        is_past_next_close=is_past,
        sender="FCM-1",
        business_date=DAY,
    )
    assert (notice is not None) is is_drafted
    if notice is not None:
        assert "FUND-1" in notice.trigger


def test_a_custody_shortfall_names_every_asset_and_goes_to_both_agencies(report: CustodyReport):
    notice = drafted(custody_shortfall(report))
    assert notice.addressees == ("CFTC Division of Clearing and Risk", "SEC")
    assert notice.figures == (("SEC-91282CKX8", "held 9500, owed 10000, short 500, rate 0.95"),)
    assert notice.trigger == "less is held than owed of 1 asset"


def test_no_custody_shortfall_no_notice(report: CustodyReport):
    nothing = CustodyFacts((), (), (), {}, {})
    nil = custody_report(report.heading, nothing, previous_day=None, corrects=None)
    assert custody_shortfall(nil) is None


def test_the_document_names_the_rule():
    notice = drafted(under_target(interest(0, 1), **FROM))  # type: ignore[arg-type]
    document = notice.as_document()
    assert document["rule"] == "17 CFR 1.12; 1.11(e)(3)(i)(D)"
    assert document["figures"] == {"target": "0.01", "held": "0.00", "under target": "0.01"}
