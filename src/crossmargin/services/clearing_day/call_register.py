"""Calls as records: issued, paid, disputed, adjusted; what stands is a fold over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.collateral.calls import MarginCall, shares_of_payment
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.lot_register import Written, subject_of

CALL = "CALL"
CALL_PAID = "CALL_PAID"
CALL_DISPUTED = "CALL_DISPUTED"
CALL_ADJUSTED = "CALL_ADJUSTED"
CALL_EXCUSED = "CALL_EXCUSED"
_CURRENCY = "USD"


def call_record(call: MarginCall, customer: CustomerKey, cycle: str, written: Written) -> Record:
    """Return the record that issues a call; its causes are the requirement it comes from."""
    content = {
        "cycle": cycle,
        "currency": _CURRENCY,
        "due_date": call.due_date.isoformat(),
        "due_at": call.due_at.isoformat(),
        "by_side": {side.value: str(amount) for side, amount in sorted(call.by_side.items())},
        "above": str(call.above),
        "amount": str(call.amount),
    }
    return written.record(call.call_id, CALL, subject_of(customer), content)


def calls_of(records: Records, customer: CustomerKey) -> tuple[MarginCall, ...]:
    """Return a customer's calls as they stand, in the order in which they were issued."""
    subject = subject_of(customer)
    calls = {
        record.record_id: _issued(record) for record in records.select(stream=CALL, subject=subject)
    }
    for stream in (CALL_PAID, CALL_DISPUTED, CALL_ADJUSTED, CALL_EXCUSED):
        for record in records.select(stream=stream, subject=subject):
            call_id = str(record.content["call"])
            calls[call_id] = _after(calls[call_id], record)
    return tuple(calls.values())


def open_calls(records: Records, customer: CustomerKey) -> tuple[MarginCall, ...]:
    """Return a customer's calls of which something is outstanding."""
    return tuple(call for call in calls_of(records, customer) if call.outstanding > ZERO)


def pay_call(work: Work, call: Record, cents: int, written: Written) -> None:
    """Book cash that came in with a call's reference to it, and the rest to the customer's others.

    What no call asks for stays the customer's excess.
    """
    customer = CustomerKey(*call.subject.split("/", 1))
    standing = {each.call_id: each for each in calls_of(work.records, customer)}
    left = Money(cents)
    own = min(left, standing[call.record_id].outstanding)
    shares = {call.record_id: own} if own > ZERO else {}
    others = [each for each in standing.values() if each.call_id != call.record_id]
    shares |= shares_of_payment(others, left - own)
    for call_id, share in shares.items():
        content = {"call": call_id, "amount": str(share)}
        work.records.add(
            written.record(f"{call_id}/paid/{written.causes[0]}", CALL_PAID, call.subject, content)
        )


def adjust_call(
    work: Work, call_id: str, customer: CustomerKey, change: Money, reason: str, written: Written
) -> None:
    """Book a change of a call: a true-up, the outcome of a dispute."""
    content = {"call": call_id, "change": str(change), "reason": reason}
    work.records.add(
        written.record(
            f"{call_id}/adjusted/{reason}/{written.at.isoformat()}",
            CALL_ADJUSTED,
            subject_of(customer),
            content,
        )
    )


def dispute_call(
    work: Work, call_id: str, customer: CustomerKey, amount: Money, written: Written
) -> None:
    """Book what a customer disputes of a call; zero ends the dispute."""
    content = {"call": call_id, "disputed": str(amount)}
    work.records.add(
        written.record(
            f"{call_id}/disputed/{written.at.isoformat()}",
            CALL_DISPUTED,
            subject_of(customer),
            content,
        )
    )


def total_outstanding(calls: Iterable[MarginCall]) -> Money:
    """Return what is outstanding over calls."""
    return Money.total(call.outstanding for call in calls)


def _issued(record: Record) -> MarginCall:
    said = record.content
    by_side = said["by_side"]
    if not isinstance(by_side, Mapping):
        raise TypeError(f"expected a call, was {record!r}")
    return MarginCall(
        call_id=record.record_id,
        issued_at=record.at,
        due_at=datetime.fromisoformat(str(said["due_at"])),
        due_date=date.fromisoformat(str(said["due_date"])),
        by_side={
            ClearingOrganization(side): money_from_decimal(str(amount))
            for side, amount in by_side.items()
        },
        above=money_from_decimal(str(said["above"])),
    )


def _after(call: MarginCall, record: Record) -> MarginCall:
    said = record.content
    if record.stream == CALL_PAID:
        paid = call.paid + money_from_decimal(str(said["amount"]))
        return replace(call, paid=paid, last_paid_at=record.at)
    if record.stream == CALL_DISPUTED:
        return replace(call, disputed=money_from_decimal(str(said["disputed"])))
    if record.stream == CALL_ADJUSTED:
        return replace(call, adjusted=call.adjusted + money_from_decimal(str(said["change"])))
    return replace(call, excused=True)
