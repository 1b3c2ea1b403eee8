"""Margin calls as they stand: a fold over what happened to them.

A payment goes to the earliest due time first, then in proportion (ruling 22); what is disputed
comes after all that is not. What a payment leaves over is the customer's: it is kept with the CCP
that the payment named and serves no call of the other. Every outcome of a dispute is a change of
its call; the time for payment does not stop while it lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.call_events import (
    CallCancelled,
    CallDisputed,
    CalledFor,
    CallEvent,
    CallIssued,
    CallPaid,
    CallTruedUp,
    DisputeResolved,
    LatenessExcused,
    Outside,
)
from crossmargin.product.position import ClearingOrganization

_RULE = "margin calls, ruling 22"


class CallStatus(StrEnum):
    """Where a call stands at an instant."""

    OPEN = "OPEN"
    DISPUTED = "DISPUTED"  # nothing but what is disputed is unpaid
    OVERDUE = "OVERDUE"
    MET = "MET"
    MET_LATE = "MET_LATE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class CallState:
    """One call.

    Parameters
    ----------
    issued : CallIssued
    changed : Money
        Sum of what true-ups and disputes changed, signed.
    paid : Money
    last_paid_at : datetime, optional
    disputes : mapping of dispute id to Money
        Those that are open; one whose part was trued down to nothing stays until it is resolved.
    is_cancelled : bool
    excuse : str
        Why lateness is no failure; empty if it would be one.
    """

    issued: CallIssued
    changed: Money = ZERO
    paid: Money = ZERO
    last_paid_at: datetime | None = None
    disputes: Mapping[str, Money] = field(default_factory=dict)
    is_cancelled: bool = False
    excuse: str = ""

    @property
    def amount(self) -> Money:
        """What is called, every change included."""
        return ZERO if self.is_cancelled else self.issued.amount + self.changed

    @property
    def is_of_ccp(self) -> bool:
        """Whether a CCP requires what is called; what the house asks above it is no deficiency."""
        return isinstance(self.issued.ccp, ClearingOrganization)

    @property
    def is_of_futures_account(self) -> bool:
        """Whether it is the futures account's: Segregated Customer Margin is none of its."""
        return not isinstance(self.issued.ccp, Outside)

    @property
    def outstanding(self) -> Money:
        """What is unpaid."""
        return max(ZERO, self.amount - self.paid)

    @property
    def disputed(self) -> Money:
        """What is unpaid and disputed."""
        return min(self.outstanding, Money.total(self.disputes.values()))

    @property
    def payable(self) -> Money:
        """What is unpaid and not disputed."""
        return self.outstanding - self.disputed

    @property
    def excess(self) -> Money:
        """What was paid beyond the call as it now stands: the customer's, at the call's CCP."""
        return max(ZERO, self.paid - self.amount)

    def status(self, now: datetime) -> CallStatus:
        """Return where the call stands; the due instant itself is still in time."""
        if self.is_cancelled:
            return CallStatus.CANCELLED
        if self.outstanding == ZERO:
            paid_at = self.last_paid_at
            is_late = paid_at is not None and paid_at > self.issued.due_at
            return CallStatus.MET_LATE if is_late else CallStatus.MET
        if now > self.issued.due_at and self.payable > ZERO:
            return CallStatus.OVERDUE
        return CallStatus.OPEN if self.payable > ZERO else CallStatus.DISPUTED

    def has_failed(self, now: datetime) -> bool:
        """Return whether the call was or is late, and no administrative error excuses it."""
        late = {CallStatus.OVERDUE, CallStatus.MET_LATE}
        return not self.excuse and self.status(now) in late


@dataclass(frozen=True, slots=True)
class Applied:
    """What a payment did.

    Parameters
    ----------
    payment : CallPaid
    to_calls : mapping of call id to Money
    left : Money
        What no call took: the customer's.
    """

    payment: CallPaid
    to_calls: Mapping[str, Money]
    left: Money


@dataclass(frozen=True, slots=True)
class CallBook:
    """Every call and payment, in the order in which they came.

    Parameters
    ----------
    calls : mapping of call id to CallState
    payments : mapping of payment id to Applied
    event_ids : frozenset of str
    """

    calls: Mapping[str, CallState] = field(default_factory=dict)
    payments: Mapping[str, Applied] = field(default_factory=dict)
    event_ids: frozenset[str] = frozenset()

    def of_customer(
        self, customer: CustomerKey, ccp: CalledFor | None = None
    ) -> tuple[CallState, ...]:
        """Return a customer's calls, as issued: all of them, or those of one CCP or the house."""
        return tuple(
            call
            for call in self.calls.values()
            if call.issued.customer == customer and ccp in (None, call.issued.ccp)
        )

    def outstanding(self, customer: CustomerKey, ccp: CalledFor | None = None) -> Money:
        """Return what a customer has not paid, disputed or not: of all calls, or of one side's."""
        return Money.total(call.outstanding for call in self.of_customer(customer, ccp))

    def served_by(self, customer: CustomerKey, ccp: CalledFor | None) -> Money:
        """Return what of a customer's calls a payment that names a side, or none, would serve.

        With none it is what is uncollected of the futures account, disputed or not.
        """
        return Money.total(
            call.outstanding for call in self.of_customer(customer) if _is_for(ccp, call)
        )

    def faults_of(self, event: CallEvent) -> tuple[Refusal, ...]:
        """Return every reason why an event cannot follow; none if it can."""
        faults = []
        if event.event_id in self.event_ids:
            faults.append(Refusal("event_id", event.event_id, "an id of its own", _RULE))
        call = self._call_of(event, faults)
        if call is None:
            return tuple(faults)
        if call.issued.customer != event.customer:
            expected = f"the call's customer, {call.issued.customer}"
            faults.append(Refusal("customer", str(event.customer), expected, _RULE))
        if call.is_cancelled:
            faults.append(Refusal("call_id", call.issued.event_id, "a call not cancelled", _RULE))
        return (*faults, *_amount_faults(event, call))

    def after(self, event: CallEvent) -> CallBook:
        """Return the book after an event.

        Raises
        ------
        RefusedError
            With every reason why it cannot follow.
        """
        faults: list[Refusal] = list(self.faults_of(event))
        if faults:
            raise RefusedError(*faults)
        seen = self.event_ids | {event.event_id}
        if isinstance(event, CallPaid):
            applied, calls = _applied(event, self.calls)
            payments = {**self.payments, event.event_id: applied}
            return CallBook({**self.calls, **calls}, payments, seen)
        if isinstance(event, CallIssued):
            calls = {event.event_id: CallState(event)}
        else:
            call = self._call_of(event, faults)
            if call is None:
                raise ValueError(f"an event of no call: {event}")
            calls = {call.issued.event_id: _changed(call, event)}
        return CallBook({**self.calls, **calls}, self.payments, seen)

    def _call_of(self, event: CallEvent, faults: list[Refusal]) -> CallState | None:
        """Return the call that an event changes; None for one that begins a call or pays."""
        if isinstance(event, CallIssued | CallPaid):
            return None
        if isinstance(event, DisputeResolved):
            for call in self.calls.values():
                if event.dispute_id in call.disputes:
                    return call
            faults.append(Refusal("dispute_id", event.dispute_id, "an open dispute", _RULE))
        elif event.call_id in self.calls:
            return self.calls[event.call_id]
        else:
            faults.append(Refusal("call_id", event.call_id, "a call that was issued", _RULE))
        return None


def fold_calls(events: Iterable[CallEvent]) -> CallBook:
    """Return the book after events in their order; refuse the first that cannot follow."""
    book = CallBook()
    for event in events:
        book = book.after(event)
    return book


def _amount_faults(event: CallEvent, call: CallState) -> list[Refusal]:
    if isinstance(event, CallDisputed) and event.amount > call.payable:
        expected = f"at most {call.payable}, what is unpaid and not disputed"
        return [Refusal("amount", str(event.amount), expected, _RULE)]
    if isinstance(event, DisputeResolved):
        most = min(call.amount, call.disputes[event.dispute_id])
        if not ZERO <= event.upheld <= most:
            expected = f"from 0 to {most}, what is disputed"
            return [Refusal("upheld", str(event.upheld), expected, _RULE)]
    if isinstance(event, CallTruedUp) and event.change < -call.amount:
        expected = f"at least -{call.amount}: a call does not fall below nothing"
        return [Refusal("change", str(event.change), expected, _RULE)]
    return []


def _changed(call: CallState, event: CallEvent) -> CallState:
    return _CHANGES[type(event)](call, event)


def _dispute(call: CallState, event: CallDisputed) -> CallState:
    return replace(call, disputes={**call.disputes, event.event_id: event.amount})


def _resolve(call: CallState, event: DisputeResolved) -> CallState:
    disputes = {key: value for key, value in call.disputes.items() if key != event.dispute_id}
    # What was paid on the disputed part meanwhile comes back as excess.
    return replace(call, changed=call.changed - event.upheld, disputes=disputes)


def _true_up(call: CallState, event: CallTruedUp) -> CallState:
    """Change a call; what it falls by is undisputed first, and a dispute ends where its part goes.

    What is disputed is never more than the call.
    """
    changed = replace(call, changed=call.changed + event.change)
    if event.change >= ZERO:
        return changed
    gone = min(max(ZERO, -event.change - call.payable), call.disputed)
    left = min(Money.total(call.disputes.values()) - gone, changed.amount)
    disputes = {}
    for dispute_id, amount in call.disputes.items():
        disputes[dispute_id] = min(amount, left)
        left -= disputes[dispute_id]
    return replace(changed, disputes=disputes)


_CHANGES: Mapping[type[CallEvent], Callable[..., CallState]] = {
    CallDisputed: _dispute,
    DisputeResolved: _resolve,
    CallCancelled: lambda call, _: replace(call, is_cancelled=True, disputes={}),
    CallTruedUp: _true_up,
    LatenessExcused: lambda call, event: replace(call, excuse=event.reason),
}


#: A payment serves what is not disputed first, over all calls.
_PARTS_IN_ORDER: tuple[Callable[[CallState], Money], ...] = (
    lambda call: call.payable,
    lambda call: call.disputed,
)


def _applied(
    payment: CallPaid, calls: Mapping[str, CallState]
) -> tuple[Applied, dict[str, CallState]]:
    served = sorted(
        (call for call in calls.values() if _serves(payment, call)),
        key=lambda call: call.issued.due_at,
    )
    left, shares = payment.amount, dict.fromkeys(calls, ZERO)
    for open_part in _PARTS_IN_ORDER:
        for _, group in groupby(served, key=lambda call: call.issued.due_at):
            left = _share_out(left, [(call, open_part(call)) for call in group], shares)
    to_calls = {call_id: share for call_id, share in shares.items() if share > ZERO}
    changed = {
        call_id: replace(calls[call_id], paid=calls[call_id].paid + share, last_paid_at=payment.at)
        for call_id, share in to_calls.items()
    }
    return Applied(payment, to_calls, left), changed


def _serves(payment: CallPaid, call: CallState) -> bool:
    """Return whether a payment serves a call, in whatever currency either is.

    What is called is a value in US dollars, and what came in counts at the dollars credited for it:
    the currency of a call says when it is due, that of a payment how it came (inferred).
    """
    return call.issued.customer == payment.customer and _is_for(payment.ccp, call)


def _is_for(ccp: CalledFor | None, call: CallState) -> bool:
    """Whether what names a side serves a call; what names none is the futures account's."""
    return call.is_of_futures_account if ccp is None else ccp == call.issued.ccp


def _share_out(
    left: Money, parts: Sequence[tuple[CallState, Money]], shares: dict[str, Money]
) -> Money:
    """Share what is left over calls of one due time, in proportion; return what remains."""
    total = Money.total(part for _, part in parts)
    taken = min(left, total)
    if taken == ZERO:
        return left
    for (call, _), share in zip(parts, taken.split([part.cents for _, part in parts]), strict=True):
        shares[call.issued.event_id] += share
    return left - taken
