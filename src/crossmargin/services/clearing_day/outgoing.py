"""What a BD-FCM sends out on a day, made from the records: it may be made again at any time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Protocol

from crossmargin.basics.identifiers import customer_of
from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.collateral.call_events import STREAM
from crossmargin.ledger.assets import Asset, AssetKind
from crossmargin.services.books.ports import Books, Records
from crossmargin.services.clearing_day.call_register import is_issue, is_true_up
from crossmargin.services.clearing_day.wires import WIRE

#: Name of a file of JSON lines to its objects.
Outgoing = Mapping[str, list[dict[str, object]]]


class Outbox(Protocol):
    """Where what goes out is put."""

    def put(self, business_date: date, files: Outgoing) -> None:
        """Put a day's files, in the place of what was there of the day."""
        ...


def send_out(books: Books, outbox: Outbox, bd_fcm: str, business_date: date) -> None:
    """Put everything that goes out on a day into the outbox."""
    with books.work() as work:
        files = outgoing(work.records, bd_fcm, business_date)
    outbox.put(business_date, files)


def outgoing(records: Records, bd_fcm: str, business_date: date) -> Outgoing:
    """Return a day's wires, calls and what calls changed by, in the order of their making."""

    def of_day(stream: str) -> list[Record]:
        found = records.select(stream=stream, first=business_date, last=business_date)
        return [each for each in found if each.subject.split("/")[0] == bd_fcm]

    return {
        "wires.jsonl": [_wire(each) for each in of_day(WIRE)],
        "calls.jsonl": [_call(each) for each in of_day(STREAM) if is_issue(each)],
        "call-changes.jsonl": [_change(each) for each in of_day(STREAM) if is_true_up(each)],
    }


def _wire(record: Record) -> dict[str, object]:
    said = record.content
    asset = Asset.parsed(str(said["asset"]))
    return {
        "wire_id": record.record_id,
        "at": record.at.isoformat(),
        "customer_id": _customer_id(record.subject),
        "from": said["from"],
        "to": said["to"],
        "asset": str(asset),
        "quantity": quantity_text(asset, int(str(said["amount"]))),
        "purpose": said["purpose"],
        "entered_by": record.actor,
        "approved_by": record.approver,
    }


def _call(record: Record) -> dict[str, object]:
    said = record.content
    return {
        "call_id": record.record_id,
        "customer_id": _customer_id(record.subject),
        "cycle": said["cycle"],
        "clearing_organization": said["ccp"],
        "amount": str(Money(int(str(said["amount"])))),
        "currency": said["currency"],
        "issued_at": record.at.isoformat(),
        "due_event": said["due_event"],
        "due_at": said["due_at"],
    }


def _change(record: Record) -> dict[str, object]:
    said = record.content
    return {
        "call_id": said["call_id"],
        "customer_id": _customer_id(record.subject),
        "change": str(Money(int(str(said["change"])))),
        "at": record.at.isoformat(),
    }


def quantity_text(asset: Asset, amount: int) -> str:
    """Return an amount as files have it: dollars and cents, or whole units."""
    return str(Money(amount)) if asset.kind is AssetKind.CASH else str(amount)


def _customer_id(subject: str) -> str:
    return customer_of(subject).customer_id
