"""A customer's verdicts, steps and documents as a document, rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossmargin.basics.words import counted
from crossmargin.participation.customer import (
    CustomerFile,
    may_hold_positions,
    may_hold_property,
    state_changes,
    state_of,
)
from crossmargin.participation.verdicts import Verdict
from crossmargin.presentation.tables import grid

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from crossmargin.services.books.loading import Loaded, Participants

CUSTOMER_HEADER = ("customer", "state", "question", "gate", "rule", "passed", "evidence", "detail")
VERDICT_HEADER = ("question", "allowed", "gate", "rule", "passed", "evidence", "detail")
IMPORT_HEADER = ("bd_fcm", "customer", "loaded", "reasons")
LIST_HEADER = ("customer", "state", "positions", "property", "decided_by")


def customer_document(file: CustomerFile, at: datetime) -> dict[str, Any]:
    """Return what a customer is at an instant, and every gate with its evidence."""
    return {
        "customer": file.subject,
        "at": at.isoformat(),
        "state": state_of(file, at).value,
        "positions": _verdict(may_hold_positions(file, at)),
        "property": _verdict(may_hold_property(file, at)),
        "states": [
            {"state": state.value, "since": since.isoformat()}
            for since, state in state_changes(file)
        ],
        "steps": [
            {
                "step": each.step.value,
                "at": "" if each.at is None else each.at.isoformat(),
                "actor": each.actor,
                "approver": each.approver,
                "sha256": each.sha256,
                "remains": list(each.remains),
                "returned": list(each.returned),
                "causes": list(each.causes),
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
        console.print(_gates_table(f"May hold {question}: {answer}", verdict))
    states = grid("States", "state", "since")
    for each in document["states"]:
        states.add_row(each["state"], each["since"])
    console.print(states)
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


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict with every gate."""
    return {"question": verdict.question, **_verdict(verdict)}


def verdict_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a gate."""
    allowed = "yes" if document["allowed"] else "no"
    for gate in document["gates"]:
        yield (
            document["question"],
            allowed,
            gate["name"],
            gate["rule"],
            "yes" if gate["passed"] else "no",
            " ".join(gate["evidence"]),
            gate["detail"],
        )


def print_verdict(console: Console, document: Mapping[str, Any]) -> None:
    """Print the answer with its gates."""
    answer = "yes" if document["allowed"] else f"no: {document['decided_by']}"
    console.print(_gates_table(f"{document['question']}: {answer}", document))


def import_document(participants: Participants, loaded: Loaded) -> dict[str, Any]:
    """Return which customers of a file were loaded, and every reason against the others."""
    return {
        "bd_fcm": participants.bd_fcm,
        "customers": [
            {"customer": each.customer_id, "loaded": each.customer_id in loaded.customers}
            for each in participants.customers
        ],
        "refused": [each.as_document() for each in loaded.refusals],
    }


def import_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a customer, with how many reasons stand against it."""
    for each in document["customers"]:
        name = each["customer"]
        reasons = [r for r in document["refused"] if r["field"].partition(":")[0] == name]
        loaded = "yes" if each["loaded"] else "no"
        yield document["bd_fcm"], name, loaded, str(len(reasons))


def print_import(console: Console, document: Mapping[str, Any]) -> None:
    """Print how many customers were loaded, and who was not."""
    loaded = [each for each in document["customers"] if each["loaded"]]
    console.print(
        f"{document['bd_fcm']}: {counted(len(loaded), 'customer')} loaded of "
        f"{len(document['customers']):,}"
    )


def _gates_table(title: str, verdict: Mapping[str, Any]) -> Table:
    table = grid(title, "gate", "rule", "passed", "detail")
    for gate in verdict["gates"]:
        table.add_row(gate["name"], gate["rule"], "yes" if gate["passed"] else "no", gate["detail"])
    return table


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
