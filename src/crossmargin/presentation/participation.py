"""A customer's verdicts, steps and documents as a document, rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossmargin.participation.customer import (
    CustomerFile,
    may_hold_positions,
    may_hold_property,
    state_of,
)
from crossmargin.participation.verdicts import Verdict
from crossmargin.presentation.tables import grid

if TYPE_CHECKING:
    from rich.console import Console

CUSTOMER_HEADER = ("customer", "state", "question", "gate", "rule", "passed", "evidence", "detail")
LIST_HEADER = ("customer", "state", "positions", "property", "decided_by")


def customer_document(file: CustomerFile, at: datetime) -> dict[str, Any]:
    """Return what a customer is at an instant, and every gate with its evidence."""
    return {
        "customer": file.subject,
        "at": at.isoformat(),
        "state": state_of(file, at).value,
        "positions": _verdict(may_hold_positions(file, at)),
        "property": _verdict(may_hold_property(file, at)),
        "steps": [
            {
                "step": each.content["step"],
                "at": each.at.isoformat(),
                "actor": each.actor,
                "approver": each.approver,
                "record_id": each.record_id,
            }
            for each in file.steps
        ],
        "documents": [
            {
                "kind": each.kind.value,
                "of": each.subject,
                "sha256": each.sha256,
                "signed_at": each.signed_at.isoformat(),
                "first": each.first.isoformat(),
                "last": None if each.last is None else each.last.isoformat(),
                "record_id": each.record_id,
            }
            for each in (*file.documents, *file.bd_fcm_documents)
        ],
    }


def customer_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a gate."""
    for question in ("positions", "property"):
        for gate in document[question]["gates"]:
            yield (
                document["customer"],
                document["state"],
                question,
                gate["name"],
                gate["rule"],
                "yes" if gate["passed"] else "no",
                " ".join(gate["evidence"]),
                gate["detail"],
            )


def print_customer(console: Console, document: Mapping[str, Any]) -> None:
    """Print the state, both verdicts with their gates, and the steps."""
    console.print(f"{document['customer']}: {document['state']} at {document['at']}")
    for question in ("positions", "property"):
        verdict = document[question]
        answer = "yes" if verdict["allowed"] else f"no: {verdict['decided_by']}"
        table = grid(f"May hold {question}: {answer}", "gate", "rule", "passed", "detail")
        for gate in verdict["gates"]:
            table.add_row(
                gate["name"], gate["rule"], "yes" if gate["passed"] else "no", gate["detail"]
            )
        console.print(table)
    steps = grid("Steps", "step", "at", "actor", "approver")
    for each in document["steps"]:
        steps.add_row(each["step"], each["at"], each["actor"], each["approver"])
    console.print(steps)


def list_document(files: Iterable[CustomerFile], at: datetime) -> dict[str, Any]:
    """Return every customer's state and verdicts in short."""
    rows = []
    for file in files:
        positions, holding = may_hold_positions(file, at), may_hold_property(file, at)
        decided = positions.decided_by or holding.decided_by
        rows.append(
            {
                "customer": file.subject,
                "state": state_of(file, at).value,
                "positions": "yes" if positions.allowed else "no",
                "property": "yes" if holding.allowed else "no",
                "decided_by": "" if decided is None else f"{decided.name}: {decided.detail}",
            }
        )
    return {"at": at.isoformat(), "customers": rows}


def list_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a customer."""
    for each in document["customers"]:
        yield tuple(each[name] for name in LIST_HEADER)


def print_list(console: Console, document: Mapping[str, Any]) -> None:
    """Print one row a customer."""
    table = grid(f"Customers at {document['at']}", *LIST_HEADER)
    for row in list_rows(document):
        table.add_row(*row)
    console.print(table)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    decided = verdict.decided_by
    return {
        "allowed": verdict.allowed,
        "decided_by": None if decided is None else f"{decided.name} ({decided.rule})",
        "gates": [
            {
                "name": gate.name,
                "rule": gate.rule,
                "passed": gate.passed,
                "evidence": list(gate.evidence),
                "detail": gate.detail,
            }
            for gate in verdict.gates
        ],
    }
