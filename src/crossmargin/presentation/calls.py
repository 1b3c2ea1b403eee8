"""Margin calls and what follows from them, as a document, rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.collateral.ageing import restriction
from crossmargin.collateral.calls import CallBook, CallState
from crossmargin.collateral.ladder import LadderRules, rungs
from crossmargin.collateral.undermargined import AccountType
from crossmargin.participation.verdicts import eastern_date
from crossmargin.presentation.tables import grid, print_whole
from crossmargin.services.clearing_day.close_outs import CloseOut

if TYPE_CHECKING:
    from rich.console import Console

CALLS_HEADER = (
    *("call_id", "customer", "clearing_organization", "cycle", "status", "amount", "paid"),
    *("disputed", "outstanding", "currency", "issued_at", "due_event", "due_at"),
    *("age_business_days", "failed", "follows"),
)
TERMS_HEADER = (
    *("customer", "effective_from", "add_on_pct", "add_on"),
    *("credit_limit", "requirement_limit", "uncollected_limit", "call_currency"),
)
_AS_CUSTOMER = AccountType.CUSTOMER


@dataclass(frozen=True, slots=True)
class CalledCustomer:
    """One customer's calls, and the proposals to close it out, as they stand at an instant."""

    customer: CustomerKey
    book: CallBook
    close_outs: Sequence[CloseOut] = ()


def calls_document(
    customers: Sequence[CalledCustomer],
    at: datetime,
    rules: LadderRules,
    *,
    open_only: bool = False,
) -> dict[str, Any]:
    """Return every call as it stands at an instant, and what unmet ones lead to."""
    calls = [
        call
        for each in customers
        for call in each.book.of_customer(each.customer)
        if not open_only or call.outstanding.cents
    ]
    return {
        "at": at.isoformat(),
        "calls": [_call(call, at, rules) for call in calls],
        "customers": [_customer(each, at, rules) for each in customers if each.book.calls],
    }


def call_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a call."""
    for call in document["calls"]:
        cells = {**call, "follows": " ".join(call["follows"])}
        yield tuple(str(cells[name]) for name in CALLS_HEADER)


def print_calls(console: Console, document: Mapping[str, Any]) -> None:
    """Print one row a call, then the customers who may only reduce risk or may be closed out."""
    shown = (
        *("call_id", "cycle", "status", "amount", "paid", "disputed", "outstanding"),
        *("currency", "due_at"),
    )
    table = grid(f"Margin calls at {document['at']}, US dollars", *shown, "age", "follows")
    for call in document["calls"]:
        cells = (*(str(call[name]) for name in shown), str(call["age_business_days"]))
        table.add_row(*cells, ", ".join(call["follows"]))
    print_whole(console, table)
    told = [each for each in document["customers"] if each["restricted_by"] or each["close_outs"]]
    if told:
        table = grid("What follows", "customer", "orders", "oldest call", "close-out", "by")
        for each in told:
            found = each["close_outs"] or [{"state": "", "decided_by": ""}]
            for place, one in enumerate(found):
                whose = (each["customer"], each["orders"], str(each["oldest_business_days"]))
                table.add_row(*(whose if not place else ("", "", "")), *_close_out_cells(one))
        print_whole(console, table)


def terms_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row for each terms of a customer."""
    for terms in document["terms"]:
        yield tuple("" if terms[name] is None else terms[name] for name in TERMS_HEADER)


def print_terms(console: Console, document: Mapping[str, Any]) -> None:
    """Print house terms, as they follow each other."""
    table = grid("House terms, US dollars", *TERMS_HEADER)
    for row in terms_rows(document):
        table.add_row(*row)
    print_whole(console, table)


def _call(call: CallState, at: datetime, rules: LadderRules) -> dict[str, Any]:
    issued, on = call.issued, eastern_date(at)
    age = rules.ageing.age_business_days(call, on) if call.outstanding.cents else 0
    follows = rungs(call, now=at, on=on, account_type=_AS_CUSTOMER, rules=rules)
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
        "currency": issued.currency,
        "issued_at": issued.at.isoformat(),
        "due_event": issued.due_event.value,
        "due_at": issued.due_at.isoformat(),
        "age_business_days": age,
        "failed": "yes" if call.has_failed(at) else "no",
        "follows": [rung.value for rung in follows],
    }


def _customer(each: CalledCustomer, at: datetime, rules: LadderRules) -> dict[str, Any]:
    found = restriction(
        each.book,
        each.customer,
        on=eastern_date(at),
        account_type=_AS_CUSTOMER,
        rules=rules.ageing,
    )
    return {
        "customer": each.customer.customer_id,
        "uncollected": str(each.book.outstanding(each.customer)),
        "orders": found.orders.value,
        "restricted_by": list(found.call_ids),
        "oldest_business_days": found.oldest_business_days,
        "close_outs": [_close_out(one) for one in each.close_outs],
    }


def _close_out(one: CloseOut) -> dict[str, Any]:
    decision = one.decision
    return {
        "proposal": one.proposal.record_id,
        "proposed_at": one.proposal.at.isoformat(),
        "proposed_by": one.proposal.actor,
        "state": one.state.value,
        "evidence": dict(one.proposal.content),
        "decided_at": None if decision is None else decision.at.isoformat(),
        "decided_by": None if decision is None else decision.approver,
        "reason": None if decision is None else str(decision.content["reason"]),
    }


def _close_out_cells(one: Mapping[str, Any]) -> tuple[str, str]:
    named = f"{one['state']} {one['proposal']}" if one.get("proposal") else ""
    return named, one["decided_by"] or ""
