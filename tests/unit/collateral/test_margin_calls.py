"""Calls as a fold: payment, disputes, true-up, cancellation, lateness, ageing, records."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.ageing import AgeingRules, Orders, outstanding_calls, restriction
from crossmargin.collateral.call_events import (
    CallCancelled,
    CallDisputed,
    CallEvent,
    CallIssued,
    CallPaid,
    CallTruedUp,
    DisputeResolved,
    LatenessExcused,
    Outside,
    event_of,
    issue_call,
    record_of,
)
from crossmargin.collateral.calls import CallBook, CallStatus, fold_calls
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.undermargined import AccountType, OutstandingCall
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization

FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
FUND, OTHER = CustomerKey("BD", "FUND"), CustomerKey("BD", "OTHER")
DAY = date(2026, 5, 12)
AT = datetime(2026, 5, 12, 13, tzinfo=UTC)
IN_TIME = datetime(2026, 5, 12, 20, tzinfo=UTC)
LATE = datetime(2026, 5, 13, 14, tzinfo=UTC)


@pytest.fixture
def ficc_call(parameters: ParameterSet) -> CallIssued:
    return issue_call(
        "C-FICC",
        FUND,
        business_date=DAY,
        at=AT,
        ccp=FICC,
        cycle="EOD",
        amount=Money(100_00),
        currency="USD",
        rules=DeadlineRules.from_parameters(parameters),
    )


@pytest.fixture
def cme_call(ficc_call: CallIssued) -> CallIssued:
    return replace(ficc_call, event_id="C-CME", ccp=CME, amount=Money(50_00))


def paid(
    cents: int,
    *,
    at: datetime = IN_TIME,
    ccp: ClearingOrganization | None = None,
    customer: CustomerKey = FUND,
    number: int = 1,
    currency: str = "USD",
) -> CallPaid:
    return CallPaid(f"P{number}", customer, DAY, at, Money(cents), currency, ccp)


def disputed(cents: int, call_id: str = "C-FICC") -> CallDisputed:
    return CallDisputed("D1", FUND, DAY, AT, call_id, Money(cents), "position unknown")


def resolved(cents: int, at: datetime = LATE) -> DisputeResolved:
    return DisputeResolved("R1", FUND, DAY, at, "D1", Money(cents), "booked twice")


def refused_fields(book: CallBook, event: CallEvent) -> list[str]:
    with pytest.raises(RefusedError) as refused:
        book.after(event)
    return [each.field for each in refused.value.refusals]


def test_a_call_carries_its_deadline(ficc_call: CallIssued) -> None:
    assert ficc_call.due_date == DAY
    assert ficc_call.due_at == datetime(2026, 5, 12, 23, tzinfo=UTC)
    assert fold_calls([ficc_call]).calls["C-FICC"].status(AT) is CallStatus.OPEN


def test_a_partial_payment_is_shared_in_proportion_at_one_due_time(
    ficc_call: CallIssued, cme_call: CallIssued
) -> None:
    book = fold_calls([ficc_call, cme_call, paid(30_01)])
    assert book.payments["P1"].to_calls == {"C-FICC": Money(20_01), "C-CME": Money(10_00)}
    assert book.payments["P1"].left == ZERO
    assert book.outstanding(FUND, FICC) == Money(79_99)
    assert book.outstanding(FUND, CME) == Money(40_00)


def test_the_earliest_due_time_is_paid_first(ficc_call: CallIssued, cme_call: CallIssued) -> None:
    sooner = replace(cme_call, due_at=cme_call.due_at - timedelta(hours=1))
    book = fold_calls([ficc_call, sooner, paid(60_00)])
    assert book.payments["P1"].to_calls == {"C-FICC": Money(10_00), "C-CME": Money(50_00)}


def test_excess_of_one_ccp_pays_no_call_of_the_other(
    ficc_call: CallIssued, cme_call: CallIssued
) -> None:
    book = fold_calls([ficc_call, cme_call, paid(120_00, ccp=FICC)])
    assert book.payments["P1"].to_calls == {"C-FICC": Money(100_00)}
    assert book.payments["P1"].left == Money(20_00)
    assert book.outstanding(FUND, CME) == Money(50_00)


def test_a_payment_serves_no_other_customers_calls(ficc_call: CallIssued) -> None:
    book = fold_calls([ficc_call, paid(1, customer=OTHER)])
    assert book.payments["P1"].left == Money(1)
    assert book.calls["C-FICC"].paid == ZERO


@pytest.mark.parametrize("currencies", [("JPY", "USD"), ("USD", "JPY"), ("JPY", "EUR")])
def test_what_was_credited_in_dollars_serves_a_call_in_any_currency(
    ficc_call: CallIssued, currencies: tuple[str, str]
) -> None:
    called, came = currencies
    book = fold_calls([replace(ficc_call, currency=called), paid(100_00, currency=came)])
    assert book.calls["C-FICC"].outstanding == ZERO
    assert book.payments["P1"].payment.currency == came


def test_the_earliest_due_is_served_first_whatever_it_is_payable_in(
    ficc_call: CallIssued, cme_call: CallIssued
) -> None:
    later = replace(ficc_call, currency="JPY", due_at=ficc_call.due_at + timedelta(days=2))
    book = fold_calls([later, cme_call, paid(60_00, currency="JPY")])
    assert book.payments["P1"].to_calls == {"C-CME": Money(50_00), "C-FICC": Money(10_00)}


@pytest.mark.parametrize(
    ("at", "now", "status", "failed"),
    [
        (IN_TIME, LATE, CallStatus.MET, False),
        (datetime(2026, 5, 12, 23, tzinfo=UTC), LATE, CallStatus.MET, False),
        (LATE, LATE, CallStatus.MET_LATE, True),
    ],
)
def test_met_in_time_or_late(
    ficc_call: CallIssued, at: datetime, now: datetime, status: CallStatus, failed: bool
) -> None:
    call = fold_calls([ficc_call, paid(100_00, at=at)]).calls["C-FICC"]
    assert call.status(now) is status
    assert call.has_failed(now) is failed


def test_unpaid_after_its_due_instant_is_overdue(ficc_call: CallIssued) -> None:
    call = fold_calls([ficc_call, paid(99_99)]).calls["C-FICC"]
    assert call.status(ficc_call.due_at) is CallStatus.OPEN
    assert call.status(LATE) is CallStatus.OVERDUE
    assert call.has_failed(LATE)


def test_an_administrative_error_is_no_failure(ficc_call: CallIssued) -> None:
    excused = LatenessExcused("E1", FUND, DAY, LATE, "C-FICC", "wrong account number")
    call = fold_calls([ficc_call, paid(100_00, at=LATE), excused]).calls["C-FICC"]
    assert call.status(LATE) is CallStatus.MET_LATE
    assert not call.has_failed(LATE)


def test_the_undisputed_part_stays_payable(ficc_call: CallIssued, cme_call: CallIssued) -> None:
    book = fold_calls([ficc_call, cme_call, disputed(40_00)])
    call = book.calls["C-FICC"]
    assert (call.payable, call.disputed) == (Money(60_00), Money(40_00))
    book = book.after(paid(110_00))
    assert book.payments["P1"].to_calls == {"C-FICC": Money(60_00), "C-CME": Money(50_00)}
    assert book.calls["C-FICC"].status(LATE) is CallStatus.DISPUTED
    assert book.outstanding(FUND, FICC) == Money(40_00)


def test_an_upheld_dispute_lowers_the_call(ficc_call: CallIssued) -> None:
    call = fold_calls([ficc_call, disputed(40_00), paid(60_00), resolved(40_00)]).calls["C-FICC"]
    assert call.amount == Money(60_00)
    assert call.status(LATE) is CallStatus.MET


def test_a_rejected_dispute_leaves_the_call_overdue(ficc_call: CallIssued) -> None:
    call = fold_calls([ficc_call, disputed(40_00), paid(60_00), resolved(0)]).calls["C-FICC"]
    assert call.payable == Money(40_00)
    assert call.status(LATE) is CallStatus.OVERDUE


def test_what_was_paid_under_dispute_comes_back_as_excess(ficc_call: CallIssued) -> None:
    call = fold_calls([ficc_call, disputed(40_00), paid(100_00), resolved(25_00)]).calls["C-FICC"]
    assert call.excess == Money(25_00)
    assert call.outstanding == ZERO


def test_a_true_up_changes_the_call(ficc_call: CallIssued) -> None:
    def trued(cents: int) -> CallTruedUp:
        return CallTruedUp("T1", FUND, DAY, AT, "C-FICC", Money(cents), "EODXM")

    assert fold_calls([ficc_call, trued(-30_00)]).calls["C-FICC"].outstanding == Money(70_00)
    assert fold_calls([ficc_call, trued(5_00)]).calls["C-FICC"].outstanding == Money(105_00)
    assert refused_fields(fold_calls([ficc_call]), trued(-100_01)) == ["change"]
    lowered = fold_calls([ficc_call, disputed(80_00), trued(-50_00)])
    assert refused_fields(lowered, resolved(50_01)) == ["upheld"]


def test_a_cancelled_call_asks_nothing_and_changes_no_more(ficc_call: CallIssued) -> None:
    cancelled = CallCancelled("X1", FUND, DAY, AT, "C-FICC", "late file arrived")
    book = fold_calls([ficc_call, paid(10_00), cancelled])
    call = book.calls["C-FICC"]
    assert (call.outstanding, call.excess) == (ZERO, Money(10_00))
    assert call.status(LATE) is CallStatus.CANCELLED
    assert refused_fields(book, replace(cancelled, event_id="X2")) == ["call_id"]
    assert refused_fields(book, disputed(1)) == ["call_id", "amount"]


def test_what_cannot_follow_is_refused_with_every_reason(ficc_call: CallIssued) -> None:
    book = fold_calls([ficc_call, disputed(40_00)])
    assert refused_fields(book, ficc_call) == ["event_id"]
    again = replace(disputed(60_01), customer=OTHER)
    assert refused_fields(book, again) == ["event_id", "customer", "amount"]
    assert refused_fields(book, replace(disputed(1, "C-9"), event_id="D2")) == ["call_id"]
    assert refused_fields(book, replace(resolved(0), dispute_id="D9")) == ["dispute_id"]
    assert refused_fields(book, resolved(40_01)) == ["upheld"]


@pytest.mark.parametrize(
    ("account_type", "last_free"),
    [
        (AccountType.CUSTOMER, date(2026, 5, 18)),
        (AccountType.OMNIBUS_OR_NONCUSTOMER, date(2026, 5, 15)),
    ],
)
def test_unpaid_calls_of_an_age_restrict_orders(
    parameters: ParameterSet, ficc_call: CallIssued, account_type: AccountType, last_free: date
) -> None:
    rules = AgeingRules.from_parameters(parameters)
    book = fold_calls([ficc_call, disputed(100_00)])

    def orders(on: date) -> tuple[Orders, tuple[str, ...]]:
        found = restriction(book, FUND, on=on, account_type=account_type, rules=rules)
        return found.orders, found.call_ids

    assert orders(last_free) == (Orders.ANY, ())
    after = rules.calendar.next_business_day(last_free)
    assert orders(after) == (Orders.RISK_REDUCING_ONLY, ("C-FICC",))
    met = book.after(paid(100_00))
    found = restriction(met, FUND, on=after, account_type=account_type, rules=rules)
    assert (found.orders, found.oldest_business_days) == (Orders.ANY, 0)


def test_age_counts_business_days_after_issue_or_due(
    parameters: ParameterSet, ficc_call: CallIssued
) -> None:
    book = fold_calls([ficc_call, paid(40_00)])
    over_memorial_day = date(2026, 5, 26)
    rules = AgeingRules.from_parameters(parameters)
    assert outstanding_calls(book, FUND, on=over_memorial_day, rules=rules) == (
        OutstandingCall(Money(60_00), 9),
    )
    yen = fold_calls([replace(ficc_call, due_date=date(2026, 5, 14))]).calls["C-FICC"]
    due = parameters.replacing({"call_age_counted_from": "due"}, reason="a test")
    assert AgeingRules.from_parameters(due).age_business_days(yen, over_memorial_day) == 7
    assert AgeingRules.from_parameters(due).age_business_days(yen, DAY) == 0


def test_every_event_is_written_and_read_back(ficc_call: CallIssued) -> None:
    events: list[CallEvent] = [
        ficc_call,
        paid(1),
        paid(1, ccp=CME),
        disputed(5),
        resolved(3),
        CallCancelled("X1", FUND, DAY, AT, "C-FICC", "late file"),
        CallTruedUp("T1", FUND, DAY, AT, "C-FICC", Money(-5), "EODXM"),
        LatenessExcused("E1", FUND, DAY, AT, "C-FICC", "an error"),
    ]
    for event in events:
        record = record_of(event, actor="operations", approver="risk", causes=("run-1",))
        assert event_of(record) == event
        assert record.subject == "BD/FUND"
        assert record.causes == ("run-1",)


def test_a_record_that_fits_no_event_is_refused_with_every_fault(ficc_call: CallIssued) -> None:
    good = record_of(ficc_call, actor="operations")

    def faults(**changes: object) -> list[str]:
        with pytest.raises(RefusedError) as refused:
            event_of(replace(good, **changes))  # type: ignore[arg-type]
        return [each.field for each in refused.value.refusals]

    assert faults(stream="other", subject="FUND") == ["stream", "subject"]
    assert faults(content={"event": "forgotten"}) == ["content.event"]
    content = {**good.content, "amount": "10000", "ccp": "LCH", "cycle": 5, "surplus": 1}
    del content["due_at"]
    assert faults(content=content) == [
        "content.due_at",
        "content.surplus",
        "content.amount",
        "content.ccp",
        "content.cycle",
    ]
    assert faults(content={**good.content, "amount": 0}) == ["content"]


def test_an_event_is_valid_from_birth(ficc_call: CallIssued) -> None:
    with pytest.raises(ValueError, match="zone"):
        replace(ficc_call, at=datetime(2026, 5, 12))  # noqa: DTZ001
    with pytest.raises(ValueError, match="more than 0"):
        paid(0)
    with pytest.raises(ValueError, match="reason"):
        CallCancelled("X1", FUND, DAY, AT, "C-FICC", "")


@pytest.mark.parametrize(
    ("ccp", "left_of_ficc", "left_outside"),
    [(None, 20_00, 70_00), (Outside.FICC_SCM, 100_00, 0), (FICC, 20_00, 70_00)],
)
def test_a_payment_of_the_futures_account_serves_nothing_outside_the_arrangement(
    ficc_call, ccp, left_of_ficc, left_outside
) -> None:
    outside = replace(ficc_call, event_id="C-SCM", ccp=Outside.FICC_SCM, amount=Money(70_00))
    payment = CallPaid("P", FUND, DAY, IN_TIME, Money(80_00), "USD", ccp)
    before = fold_calls([ficc_call, outside])
    after = before.after(payment)
    assert after.outstanding(FUND, FICC) == Money(left_of_ficc)
    assert after.outstanding(FUND, Outside.FICC_SCM) == Money(left_outside)
    served = Money(70_00) if isinstance(ccp, Outside) else Money(100_00)
    assert before.served_by(FUND, ccp) == served


def test_a_call_outside_the_arrangement_restricts_no_orders_and_is_read_back(
    ficc_call, parameters
) -> None:
    outside = replace(ficc_call, ccp=Outside.FICC_SCM)
    assert event_of(record_of(outside, actor="a", causes=("c",))) == outside
    old = DAY + timedelta(days=30)
    rules = AgeingRules.from_parameters(parameters)
    book = fold_calls([outside])
    given = {"on": old, "account_type": AccountType.CUSTOMER, "rules": rules}
    assert restriction(book, FUND, **given).orders is Orders.ANY
    assert restriction(fold_calls([ficc_call]), FUND, **given).orders is Orders.RISK_REDUCING_ONLY
    assert outstanding_calls(book, FUND, on=old, rules=rules) == ()
