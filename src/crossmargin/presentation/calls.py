"""Margin calls as a document, rows and a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.collateral.calls import MarginCall
from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

CALLS_HEADER = (
    *("call_id", "customer", "status", "amount", "ficc", "cme", "above", "paid", "disputed"),
    *("outstanding", "issued_at", "due_at", "age_business_days", "met_in_time"),
)


def calls_document(
    calls: Iterable[tuple[CustomerKey, MarginCall]], at: datetime, calendar: BusinessCalendar
) -> dict[str, Any]:
    """Return every call as it stands at an instant."""
    return {
        "at": at.isoformat(),
        "calls": [_call(customer, call, at, calendar) for customer, call in calls],
    }


def call_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a call."""
    for call in document["calls"]:
        yield tuple(str(call[name]) for name in CALLS_HEADER)


def print_calls(console: Console, document: Mapping[str, Any]) -> None:
    """Print one row a call."""
    shown = ("call_id", "status", "amount", "ficc", "cme", "above", "paid", "outstanding", "due_at")
    table = grid(f"Margin calls at {document['at']}, US dollars", *shown, "age")
    for call in document["calls"]:
        table.add_row(*(str(call[name]) for name in shown), str(call["age_business_days"]))
    print_whole(console, table)


def _call(
    customer: CustomerKey, call: MarginCall, at: datetime, calendar: BusinessCalendar
) -> dict[str, Any]:
    by_side = {side.value.lower(): str(amount) for side, amount in call.by_side.items()}
    return {
        "call_id": call.call_id,
        "customer": customer.customer_id,
        "status": call.status(at).value,
        "amount": str(call.amount),
        "ficc": by_side.get("ficc", "0.00"),
        "cme": by_side.get("cme", "0.00"),
        "above": str(call.above),
        "paid": str(call.paid),
        "disputed": str(call.disputed),
        "outstanding": str(call.outstanding),
        "issued_at": call.issued_at.isoformat(),
        "due_at": call.due_at.isoformat(),
        "age_business_days": call.age_business_days(at.date(), calendar),
        "met_in_time": "yes" if call.was_met_in_time() else "no",
    }
