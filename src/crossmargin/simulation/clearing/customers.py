"""What customers do: they bring property, pay calls or do not, and instruct."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.services.clearing_day.arrivals import (
    SEGREGATED_BANK,
    Action,
    Direction,
    FileKind,
    InstructionRow,
    PaymentRow,
)
from crossmargin.simulation.clearing.outbox import Call
from crossmargin.simulation.clearing.plan import CallConduct, Conduct
from crossmargin.simulation.clearing.seen import Seen, SentFile, gathered

LABEL = "customers"
FIRM_LABEL = "bd-fcm"
_CASH = "CASH-USD"


def files_until(seen: Seen, until: datetime) -> tuple[SentFile, ...]:
    """Return what customers, and the BD-FCM's own desk, send on the day up to an instant."""
    payments = [*_deposits(seen), *_call_payments(seen)]
    instructions = list(_instructions(seen))
    theirs = [each for each in instructions if _is_customers(each[1])]
    own = [each for each in instructions if not _is_customers(each[1])]
    files = (
        *gathered(FileKind.PAYMENTS, LABEL, payments),
        *gathered(FileKind.INSTRUCTIONS, LABEL, theirs),
        *gathered(FileKind.INSTRUCTIONS, FIRM_LABEL, own),
    )
    return tuple(file for file in files if seen.is_due(file.arrived_at, until))


def _is_customers(row: InstructionRow) -> bool:
    return row.customer is not None and row.action is not Action.RESOLVE_DISPUTE


def _deposits(seen: Seen) -> Iterator[tuple[datetime, PaymentRow]]:
    for number, deposit in enumerate(seen.plan.deposits, start=1):
        if deposit.day == seen.business_date:
            payment_id = f"deposit-{deposit.day.isoformat()}-{number}"
            customer = seen.plan.customer(deposit.customer_id)
            yield (
                seen.at(deposit.at),
                _paid(payment_id, "", customer, deposit.asset, deposit.quantity),
            )


def _call_payments(seen: Seen) -> Iterator[tuple[datetime, PaymentRow]]:
    minutes = seen.plan.clock.call_payment_minutes
    for call, conduct in _conducts(seen):
        on_time = _on_time(seen, call)
        # A later run lowers what is unpaid alone, so that what was paid is found the same again.
        share = call.amount_cents if conduct is None else _share(call, conduct)
        paid = min(share, call.standing_cents)
        customer = seen.plan.customer(call.customer_id)
        if paid:
            yield on_time, _paid_call(call, f"payment-{call.call_id}", customer, paid)
        rest_at = None if conduct is None else _rest_at(seen, conduct, on_time)
        if conduct is not None and rest_at is not None:
            if conduct.conduct is Conduct.DISPUTED:
                # What is found due is paid as a new call would be.
                hours = seen.plan.clock.customers
                rest_at = seen.answered_at(rest_at.date(), rest_at, minutes, hours)
            rest = call.standing_cents - paid
            if rest:
                yield rest_at, _paid_call(call, f"payment-{call.call_id}-rest", customer, rest)


def _instructions(seen: Seen) -> Iterator[tuple[datetime, InstructionRow]]:
    plan = seen.plan
    for number, planned in enumerate(plan.instructions, start=1):
        if planned.day == seen.business_date:
            yield (
                seen.at(planned.at),
                _instructed(
                    seen,
                    f"instruction-{planned.day.isoformat()}-{number}",
                    planned.action,
                    planned.customer_id,
                    asset=planned.asset,
                    quantity=planned.quantity,
                    place=planned.place,
                    reference=planned.reference,
                ),
            )
    for leaving in plan.leaving:
        if leaving.day == seen.business_date:
            leave_id = f"leave-{leaving.day.isoformat()}-{leaving.customer_id}"
            row = _instructed(seen, leave_id, Action.LEAVE, leaving.customer_id)
            yield seen.at(leaving.instructs_at), row
    yield from _intentions(seen)
    yield from _disputes(seen)


def _intentions(seen: Seen) -> Iterator[tuple[datetime, InstructionRow]]:
    for number, tender in enumerate(seen.plan.tenders, start=1):
        if tender.day == seen.business_date and tender.instructs_at is not None:
            row = _instructed(
                seen,
                intention_id(tender.day, number),
                Action.TENDER,
                tender.customer_id,
                asset=f"FUT-{tender.contract}",
                quantity=tender.quantity,
                place=tender.account.value,
                reference=tender.cusip,
            )
            yield seen.at(tender.instructs_at), row


def intention_id(day: date, number: int) -> str:
    """Return the id of a short's notice of intention: of its day, and of its place in the plan."""
    return f"intention-{day.isoformat()}-{number}"


def _disputes(seen: Seen) -> Iterator[tuple[datetime, InstructionRow]]:
    for call, conduct in _conducts(seen):
        if conduct is None or conduct.conduct is not Conduct.DISPUTED:
            continue
        on_time = _on_time(seen, call)
        disputed = call.amount_cents - _share(call, conduct)
        resolved_at = _rest_at(seen, conduct, on_time)
        said = [(on_time, Action.DISPUTE), (resolved_at, Action.RESOLVE_DISPUTE)]
        for at, action in said:
            if at is not None:
                yield (
                    at,
                    _instructed(
                        seen,
                        f"{action.value.lower()}-{call.call_id}",
                        action,
                        call.customer_id,
                        asset=_CASH,
                        quantity=disputed,
                        reference=call.call_id,
                    ),
                )


def _conducts(seen: Seen) -> Iterator[tuple[Call, CallConduct | None]]:
    """Yield each call with the conduct that the plan has for it, if any: the first that fits."""
    met = dict.fromkeys(range(len(seen.plan.calls)), 0)
    for call in sorted(seen.outbox.calls, key=lambda each: (each.issued_at, each.call_id)):
        found = None
        for number, conduct in enumerate(seen.plan.calls):
            fits = (
                conduct.customer_id == call.customer_id
                and conduct.first <= call.business_date <= conduct.last
                and (conduct.calls is None or met[number] < conduct.calls)
            )
            if fits:
                met[number] += 1
                found = conduct
                break
        yield call, found


def _on_time(seen: Seen, call: Call) -> datetime:
    clock = seen.plan.clock
    return seen.answered_at(
        call.business_date, call.issued_at, clock.call_payment_minutes, clock.customers
    )


def _share(call: Call, conduct: CallConduct) -> int:
    """Return the cents paid on time, rounded down."""
    return int(call.amount_cents * Fraction(conduct.paid_share))


def _rest_at(seen: Seen, conduct: CallConduct, on_time: datetime) -> datetime | None:
    if conduct.rest_after_business_days is None or conduct.rest_at is None:
        return None
    days = conduct.rest_after_business_days
    day = seen.plan.calendar.add_business_days(on_time.date(), days)
    at = conduct.rest_at.on(day)
    # On the same day it is later than what was paid on time, whatever the plan says.
    return seen.later(at, on_time)


def _instructed(
    seen: Seen,
    instruction_id: str,
    action: Action,
    customer_id: str,
    *,
    asset: str = "",
    quantity: int = 0,
    place: str = "",
    reference: str = "",
) -> InstructionRow:
    plan = seen.plan
    return InstructionRow(
        line=0,
        instruction_id=instruction_id,
        bd_fcm=plan.bd_fcm,
        customer=plan.customer(customer_id) if customer_id else None,
        action=action,
        asset=asset,
        quantity=quantity,
        place=place,
        reference=reference,
        entered_by=plan.entered_by,
        approved_by=plan.approved_by,
    )


def _paid_call(call: Call, payment_id: str, customer: CustomerKey, cents: int) -> PaymentRow:
    """Return a payment of a call in its currency, of so many cents of US dollars."""
    row = _paid(payment_id, call.call_id, customer, _CASH, cents)
    return replace(row, currency=call.currency)


def _paid(
    payment_id: str, reference: str, customer: CustomerKey, asset: str, quantity: int
) -> PaymentRow:
    return PaymentRow(
        line=0,
        payment_id=payment_id,
        reference=reference,
        bd_fcm=customer.bd_fcm,
        customer=customer,
        place=SEGREGATED_BANK,
        asset=asset,
        quantity=quantity,
        direction=Direction.IN,
    )
