"""Margin calls as a document, rows and a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossmargin.collateral.ageing import AgeingRules
from crossmargin.collateral.calls import CallState
from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

CALLS_HEADER = (
    *("call_id", "customer", "clearing_organization", "cycle", "status", "amount", "paid"),
    *("disputed", "outstanding", "issued_at", "due_at", "age_business_days", "failed"),
)


def calls_document(calls: Iterable[CallState], at: datetime, rules: AgeingRules) -> dict[str, Any]:
    """Return every call as it stands at an instant."""
    return {
        "at": at.isoformat(),
        "calls": [_call(call, at, rules) for call in calls],
    }


def call_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a call."""
    for call in document["calls"]:
        yield tuple(str(call[name]) for name in CALLS_HEADER)


def print_calls(console: Console, document: Mapping[str, Any]) -> None:
    """Print one row a call."""
    shown = ("call_id", "cycle", "status", "amount", "paid", "disputed", "outstanding", "due_at")
    table = grid(f"Margin calls at {document['at']}, US dollars", *shown, "age")
    for call in document["calls"]:
        table.add_row(*(str(call[name]) for name in shown), str(call["age_business_days"]))
    print_whole(console, table)


def _call(call: CallState, at: datetime, rules: AgeingRules) -> dict[str, Any]:
    issued = call.issued
    age = rules.age_business_days(call, at.date()) if call.outstanding.cents else 0
    return {
        "call_id": issued.event_id,
        "customer": issued.customer.customer_id,
        "clearing_organization": issued.ccp.value,
        "cycle": issued.cycle,
        "status": call.status(at).value,
        "amount": str(call.amount),
        "paid": str(call.paid),
        "disputed": str(call.disputed),
        "outstanding": str(call.outstanding),
        "issued_at": issued.at.isoformat(),
        "due_at": issued.due_at.isoformat(),
        "age_business_days": age,
        "failed": "yes" if call.has_failed(at) else "no",
    }
