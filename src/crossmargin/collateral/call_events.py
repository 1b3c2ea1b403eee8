"""What happens to margin calls: frozen events, each of which is written as a record and read back.

A call is of one customer, one cycle and one CCP, of what the house asks above both, or of what FICC
requires outside the arrangement. A payment need not name any of them; one that does serves those
calls alone (ruling 22). Instants are in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TypeAlias

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.deadline import DeadlineRules, DueEvent, deadline
from crossmargin.product.position import ClearingOrganization


class House(StrEnum):
    """Who calls what neither CCP requires: the BD-FCM, for its own add-on."""

    HOUSE = "HOUSE"


class Outside(StrEnum):
    """What is called outside the arrangement: Segregated Customer Margin, the securities account's.

    A payment serves it where it names it, and nothing else then.
    """

    FICC_SCM = "FICC_SCM"


#: For whom margin is called.
CalledFor: TypeAlias = ClearingOrganization | House | Outside
#: The stream of records that these events are written to.
STREAM = "margin-call"
_RULE = "margin call events"


@dataclass(frozen=True, slots=True)
class _Event:
    """Whose event, of which business date, when.

    Parameters
    ----------
    event_id : str
        The id of its record.
    customer : CustomerKey
    business_date : date
    at : datetime
        With a zone.
    """

    event_id: str
    customer: CustomerKey
    business_date: date
    at: datetime

    def __post_init__(self) -> None:
        for name in ("at", "due_at"):
            instant = getattr(self, name, None)
            if instant is None:
                continue
            if instant.tzinfo is None:
                raise ValueError(f"{name} has a zone, was {instant!r}")
            object.__setattr__(self, name, instant.astimezone(UTC))
        if not self.event_id or not getattr(self, "reason", "stated"):
            raise ValueError(f"an event has an id, and a reason where it asks for one, was {self}")
        amount = getattr(self, "amount", None)
        if amount is not None and amount <= ZERO:
            raise ValueError(f"amount must be more than 0, was {amount}")


@dataclass(frozen=True, slots=True)
class CallIssued(_Event):
    """A margin call; its id is the event's.

    Parameters
    ----------
    ccp : CalledFor
        Whose deficit is called: a CCP's, the house's add-on, which is in no CCP's part, or that of
        Segregated Customer Margin.
    cycle : str
        The cycle whose requirement made it: ITD, EOD or EODXM.
    amount : Money
        US dollars, whatever the currency of payment.
    currency : str
        In which it is to be paid; the deadline hangs on it.
    due_date, due_event, due_at : date, DueEvent, datetime
    """

    ccp: CalledFor
    cycle: str
    amount: Money
    currency: str
    due_date: date
    due_event: DueEvent
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CallPaid(_Event):
    """A payment that arrived.

    Parameters
    ----------
    amount : Money
        Its value in US dollars.
    currency : str
        In which the customer paid; it serves calls in any, for its value is here in US dollars.
    ccp : CalledFor, optional
        Whose calls it serves; None: all of the customer's futures account.
    """

    amount: Money
    currency: str
    ccp: CalledFor | None


@dataclass(frozen=True, slots=True)
class CallDisputed(_Event):
    """A customer disputes part of a call or all of it; the rest stays payable."""

    call_id: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class DisputeResolved(_Event):
    """How a dispute ended.

    Parameters
    ----------
    dispute_id : str
        Of the event that began it.
    upheld : Money
        By how much the call falls; zero if the customer was wrong.
    reason : str
    """

    dispute_id: str
    upheld: Money
    reason: str


@dataclass(frozen=True, slots=True)
class CallCancelled(_Event):
    """The call is taken back; what was paid on it is the customer's excess at its CCP."""

    call_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallTruedUp(_Event):
    """The call changes with a later run of its cycle, as EODXM changes that of EOD.

    Parameters
    ----------
    call_id : str
    change : Money
        Signed.
    reason : str
    """

    call_id: str
    change: Money
    reason: str


@dataclass(frozen=True, slots=True)
class LatenessExcused(_Event):
    """A late payment was a one-off administrative error, so no failure (17 CFR 1.44(f))."""

    call_id: str
    reason: str


CallEvent = (
    CallIssued
    | CallPaid
    | CallDisputed
    | DisputeResolved
    | CallCancelled
    | CallTruedUp
    | LatenessExcused
)
_KINDS: Mapping[str, type[CallEvent]] = {
    "issued": CallIssued,
    "paid": CallPaid,
    "disputed": CallDisputed,
    "resolved": DisputeResolved,
    "cancelled": CallCancelled,
    "trued_up": CallTruedUp,
    "excused": LatenessExcused,
}
_KIND_OF = {event: kind for kind, event in _KINDS.items()}
_OF_THE_RECORD = frozenset({"event_id", "customer", "business_date", "at"})


def issue_call(
    call_id: str,
    customer: CustomerKey,
    *,
    business_date: date,
    at: datetime,
    ccp: CalledFor,
    cycle: str,
    amount: Money,
    currency: str,
    rules: DeadlineRules,
) -> CallIssued:
    """Return a call with its deadline; refuse a currency or instant that has none."""
    due = deadline(currency, at, rules)
    return CallIssued(
        event_id=call_id,
        customer=customer,
        business_date=business_date,
        at=at,
        ccp=ccp,
        cycle=cycle,
        amount=amount,
        currency=currency,
        due_date=due.due_date,
        due_event=due.due_event,
        due_at=due.due_at,
    )


def record_of(
    event: CallEvent, *, actor: str, approver: str = "", causes: tuple[str, ...] = ()
) -> Record:
    """Return the record that says what the event says."""
    own = [field.name for field in fields(event) if field.name not in _OF_THE_RECORD]
    return Record(
        record_id=event.event_id,
        stream=STREAM,
        subject=subject_of(event.customer),
        business_date=event.business_date,
        at=event.at,
        actor=actor,
        approver=approver,
        causes=causes,
        content={
            "event": _KIND_OF[type(event)],
            **{name: _written(getattr(event, name)) for name in own},
        },
    )


def event_of(record: Record) -> CallEvent:
    """Return the event that a record says.

    Raises
    ------
    RefusedError
        With everything in which the record is none of these events.
    """
    faults: list[Refusal] = []
    bd_fcm, slash, customer_id = record.subject.partition("/")
    if record.stream != STREAM:
        faults.append(Refusal("stream", record.stream, STREAM, _RULE))
    if not (bd_fcm and slash and customer_id):
        faults.append(Refusal("subject", record.subject, "BD-FCM/customer", _RULE))
    kind = str(record.content.get("event"))
    if kind not in _KINDS:
        expected = "one of " + ", ".join(_KINDS)
        raise RefusedError(*faults, Refusal("content.event", kind, expected, _RULE))
    values = _read(record, _KINDS[kind], faults)
    if faults:
        raise RefusedError(*faults)
    build: Callable[..., CallEvent] = _KINDS[kind]
    try:
        return build(
            event_id=record.record_id,
            customer=CustomerKey(bd_fcm, customer_id),
            business_date=record.business_date,
            at=record.at,
            **values,
        )
    except ValueError as error:
        raise RefusedError(Refusal("content", kind, str(error), _RULE)) from None


def _read(record: Record, kind: type[CallEvent], faults: list[Refusal]) -> dict[str, object]:
    own = {field.name for field in fields(kind)} - _OF_THE_RECORD
    stated = set(record.content) - {"event"}
    for name in sorted(own ^ stated):
        expected = "a value" if name in own else "no such key"
        value = str(record.content.get(name, "missing"))
        faults.append(Refusal(f"content.{name}", value, expected, _RULE))
    values: dict[str, object] = {}
    for name in sorted(own & stated):
        text = record.content[name]
        try:
            values[name] = _READERS.get(name, _text)(text)
        except (TypeError, ValueError) as error:
            faults.append(Refusal(f"content.{name}", str(text), str(error), _RULE))
    return values


def _written(value: object) -> object:
    if isinstance(value, Money):
        return value.cents
    if isinstance(value, date):
        return value.isoformat()
    return None if value is None else str(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text")
    return value


def _money(value: object) -> Money:
    if type(value) is not int:
        raise TypeError("whole cents")
    return Money(value)


def _ccp(value: object) -> CalledFor | None:
    if value is None:
        return None
    text = _text(value)
    for kind in (House, Outside):
        if text in set(kind):
            return kind(text)
    return ClearingOrganization(text)


_READERS: Mapping[str, Callable[[object], object]] = {
    "amount": _money,
    "upheld": _money,
    "change": _money,
    "ccp": _ccp,
    "due_date": lambda value: date.fromisoformat(_text(value)),
    "due_event": lambda value: DueEvent(_text(value)),
    "due_at": lambda value: datetime.fromisoformat(_text(value)),
}
