"""Calls in the books: events as records, and what they come to at an instant."""

from __future__ import annotations

from datetime import datetime

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.call_events import (
    STREAM,
    CallDisputed,
    CalledFor,
    CallEvent,
    CallPaid,
    CallTruedUp,
    DisputeResolved,
    event_of,
    record_of,
)
from crossmargin.collateral.calls import CallBook, CallState, fold_calls
from crossmargin.collateral.deadline import DOLLARS
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.lot_register import Written


def call_book(
    records: Records, customer: CustomerKey, *, until: datetime | None = None
) -> CallBook:
    """Return a customer's calls and payments as they stand, or stood at an instant."""
    found = records.select(stream=STREAM, subject=subject_of(customer))
    return fold_calls(event_of(each) for each in found if until is None or each.at <= until)


def calls_of(
    records: Records, customer: CustomerKey, *, until: datetime | None = None
) -> tuple[CallState, ...]:
    """Return a customer's calls as they stand, or stood at an instant, in the order of issue."""
    return call_book(records, customer, until=until).of_customer(customer)


def is_issue(record: Record) -> bool:
    """Return whether a record issues a call."""
    return record.stream == STREAM and record.content["event"] == "issued"


def is_true_up(record: Record) -> bool:
    """Return whether a record changes a call by a later run."""
    return record.stream == STREAM and record.content["event"] == "trued_up"


def write_event(work: Work, event: CallEvent, written: Written) -> None:
    """Write an event that can follow what is there.

    Raises
    ------
    RefusedError
        With every reason why it cannot.
    """
    if work.records.get(event.event_id) is None:
        faults = call_book(work.records, event.customer).faults_of(event)
        if faults:
            raise RefusedError(*faults)
    work.records.add(
        record_of(event, actor=written.actor, approver=written.approver, causes=written.causes)
    )


def pay_calls(
    work: Work,
    customer: CustomerKey,
    value: Money,
    written: Written,
    *,
    ccp: CalledFor | None,
    currency: str = DOLLARS,
) -> None:
    """Let what came in serve a customer's calls: of one side, or of the futures account.

    Ruling 22. The value is in US dollars, the currency that in which it was paid. What comes into
    the securities account names Segregated Customer Margin.
    """
    event = CallPaid(
        event_id=f"call-paid/{written.causes[0]}",
        customer=customer,
        business_date=written.business_date,
        at=written.at,
        amount=value,
        currency=currency,
        ccp=ccp,
    )
    write_event(work, event, written)


def true_up_call(work: Work, call: CallState, change: Money, reason: str, written: Written) -> None:
    """Book what a later run of the cycle changes of a call."""
    call_id = call.issued.event_id
    event = CallTruedUp(
        event_id=f"{call_id}/trued-up/{reason}",
        customer=call.issued.customer,
        business_date=written.business_date,
        at=written.at,
        call_id=call_id,
        change=change,
        reason=reason,
    )
    write_event(work, event, written)


def dispute(
    work: Work, customer: CustomerKey, call_id: str, amount: Money, written: Written
) -> str:
    """Book what a customer disputes of a call; return why it cannot be, or nothing."""
    event = CallDisputed(
        event_id=f"{call_id}/disputed/{written.causes[0]}",
        customer=customer,
        business_date=written.business_date,
        at=written.at,
        call_id=call_id,
        amount=amount,
        reason=written.causes[0],
    )
    return _tried(work, event, written)


def resolve(
    work: Work, customer: CustomerKey, call_id: str, found_due: Money, written: Written
) -> str:
    """Book how the disputes of a call ended; return why it cannot be, or nothing.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
    call_id : str
    found_due : Money
        What of the disputed amount the customer owes; the call falls by the rest of it. A later
        run of the cycle may have lowered what is disputed: no more than is left of it is due.
    written : Written
    """
    calls = {call.issued.event_id: call for call in calls_of(work.records, customer)}
    call = calls.get(call_id)
    if call is None or not call.disputes:
        return f"nothing of {call_id} is disputed"
    said = _disputed_at_first(work, call)
    if found_due > said:
        return f"no more than {said} was disputed"
    left = found_due
    for dispute_id, amount in sorted(call.disputes.items()):
        due = min(left, amount)
        event = DisputeResolved(
            event_id=f"{dispute_id}/resolved",
            customer=customer,
            business_date=written.business_date,
            at=written.at,
            dispute_id=dispute_id,
            upheld=amount - due,
            reason=written.causes[0],
        )
        reason = _tried(work, event, written)
        if reason:
            return reason
        left -= due
    return ""


def _disputed_at_first(work: Work, call: CallState) -> Money:
    """Return what the open disputes of a call were about when they began."""
    begun = [event_of(found) for each in call.disputes if (found := work.records.get(each))]
    return Money.total(each.amount for each in begun if isinstance(each, CallDisputed))


def _tried(work: Work, event: CallEvent, written: Written) -> str:
    try:
        write_event(work, event, written)
    except RefusedError as error:
        return str(error)
    return ""
