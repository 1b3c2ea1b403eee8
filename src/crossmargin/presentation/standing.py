"""A customer's access, the published criteria and the parity check as documents, rows, tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crossmargin.participation.criteria import Criteria
from crossmargin.participation.customer import CustomerFile
from crossmargin.participation.standing import StandingEvent, StandingFact, standing_at
from crossmargin.presentation.tables import dollars, grid, print_whole
from crossmargin.services.suspension.notices import Compared

if TYPE_CHECKING:
    from rich.console import Console

CRITERIA_HEADER = (
    *("id", "name", "test", "threshold_business_days", "evidence", "severity", "leads_to"),
    *("invoked_by", "notice_business_days", "cure_business_days"),
)
PARITY_HEADER = ("criterion", "customer", "evidence", "acted_on", "notice")
STANDING_HEADER = (
    *("customer", "standing", "notice", "criterion", "leads_to", "effective_at"),
    *("clearing_organization", "requirement", "standalone", "surge"),
)
_SURGE = ("clearing_organization", "requirement", "standalone", "surge")


def criteria_document(criteria: Criteria) -> dict[str, Any]:
    """Return the table with its digest."""
    return {**criteria.as_document(), "digest": criteria.digest}


def criteria_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a criterion."""
    for each in document["criteria"]:
        cells = {**each, "invoked_by": " ".join(each["invoked_by"])}
        yield tuple("" if cells[name] is None else str(cells[name]) for name in CRITERIA_HEADER)


def print_criteria(console: Console, document: Mapping[str, Any]) -> None:
    """Print one row a criterion, and whose the table is."""
    shown = ("id", "name", "severity", "leads to", "invoked by", "notice", "cure")
    title = f"Criteria, version {document['version']}, in force from {document['effective_from']}"
    table = grid(f"{title}; business days", *shown)
    for each in document["criteria"]:
        cure = each["cure_business_days"]
        table.add_row(
            each["id"],
            each["name"],
            each["severity"],
            each["leads_to"],
            " ".join(each["invoked_by"]),
            str(each["notice_business_days"]),
            "-" if cure is None else str(cure),
        )
    print_whole(console, table)
    console.print(f"{document['status']}: {document['source']}")


def parity_document(
    criterion_id: str, at: datetime, compared: Iterable[Compared]
) -> dict[str, Any]:
    """Return everybody who meets a criterion at an instant."""
    return {
        "criterion": criterion_id,
        "at": at.isoformat(),
        "met_by": [each.as_document() for each in compared],
    }


def parity_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a customer."""
    for each in document["met_by"]:
        evidence = " ".join(each["evidence"])
        yield document["criterion"], each["customer"], evidence, each["acted_on"], each["notice"]


def print_parity(console: Console, document: Mapping[str, Any]) -> None:
    """Print who meets the criterion and whether there is a notice."""
    title = f"Who meets {document['criterion']} at {document['at']}"
    if not document["met_by"]:
        console.print(f"{title}: nobody")
        return
    table = grid(title, "customer", "acted on", "evidence")
    for each in document["met_by"]:
        table.add_row(each["customer"], each["acted_on"], " ".join(each["evidence"]))
    console.print(table)


def standing_document(file: CustomerFile, at: datetime) -> dict[str, Any]:
    """Return where access stands at an instant, and every notice with its surge table."""
    known = [each for each in file.standing if each.at <= at]
    notices = [each for each in known if each.event is StandingEvent.NOTICE]
    return {
        "customer": file.subject,
        "at": at.isoformat(),
        "standing": standing_at(file.standing, at).value,
        "notices": [_notice(each, known) for each in notices],
        "evidence": [
            {"record_id": each.record_id, "criterion": each.criterion, "sha256": each.sha256}
            for each in known
            if each.event is StandingEvent.EVIDENCE
        ],
    }


def standing_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a notice and clearing organization; one alone where there is no notice."""
    own = (document["customer"], document["standing"])
    if not document["notices"]:
        yield (*own, *("" for _ in STANDING_HEADER[2:]))
    for notice in document["notices"]:
        said = (notice["record_id"], notice["criterion"], notice["leads_to"])
        for row in notice["surge"]["rows"]:
            yield (*own, *said, notice["effective_at"], *(row[name] for name in _SURGE))


def print_standing(console: Console, document: Mapping[str, Any]) -> None:
    """Print where access stands, and each notice with its surge table and what followed."""
    console.print(f"{document['customer']}: {document['standing']} at {document['at']}")
    for notice in document["notices"]:
        console.print(
            f"\n{notice['leads_to']} under {notice['criterion']}, invoked by "
            f"{notice['invoked_by']} at {notice['at']}"
        )
        console.print(f"  takes effect at {notice['effective_at']}")
        if notice["may_be_cured_until"]:
            console.print(f"  may be cured until {notice['may_be_cured_until']}")
        for event in notice["followed_by"]:
            console.print(f"  {event['event']} at {event['at']}")
        others = [each["customer"] for each in notice["also_met_by"] if each["acted_on"] == "no"]
        if others:
            console.print(f"  also met, and not acted on: {', '.join(others)}")
        _print_surge(console, notice["surge"], f"due {notice['surge_due_at']}")
        if notice["surge_with_intended_trades"] is not None:
            _print_surge(console, notice["surge_with_intended_trades"], "after intended trades")


def _print_surge(console: Console, surge: Mapping[str, Any], note: str) -> None:
    columns = ("clearing organization", "required today", "stand-alone", "extra cash")
    table = grid(f"Surge, US dollars; {note}", *columns)
    for row in surge["rows"]:
        amounts = (dollars(row[name]) for name in _SURGE[1:])
        table.add_row(row["clearing_organization"], *amounts)
    totals = (dollars(surge[name]) for name in ("requirement", "standalone", "extra_cash"))
    table.add_row("both", *totals)
    console.print(table)


def _notice(notice: StandingFact, known: Sequence[StandingFact]) -> dict[str, Any]:
    return {
        "record_id": notice.record_id,
        "at": notice.at.isoformat(),
        **{name: value for name, value in notice.said.items() if name not in {"event", "notice"}},
        "actor": notice.actor,
        "approver": notice.approver,
        "followed_by": [
            {
                "event": each.event.value,
                "at": each.at.isoformat(),
                "record_id": each.record_id,
                "sha256": each.sha256,
            }
            for each in known
            if each.notice_id == notice.record_id and each is not notice
        ],
    }
