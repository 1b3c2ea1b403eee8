"""Packages for receivers as files: a cover page, one JSON document, and tables as CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.pack_html import table_html
from crossmargin.presentation.pack_style import CSS
from crossmargin.presentation.page_tables import money, table
from crossmargin.presentation.port_tables import title
from crossmargin.presentation.port_verdicts import property_part
from crossmargin.services.porting.packages import CustomerPackage, PackagedPosition
from crossmargin.services.porting.papers import PortPapers

Document = dict[str, Any]
BOOKS_NOTICE = (
    "No books were given: papers of customers are those alone that the receivers' file names."
)
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_CUSTOMER = (
    *("customer_id", "part", "carriage", "requirement", "margin", "value", "top_up", "contact"),
)
_POSITION = (
    *("clearing_organization", "account", "instrument", "quantity", "leg", "settlement_date"),
    *("end_date", "repo_rate_pct", "start_amount"),
)
_PROPERTY = ("place", "cusip", "par", "value")
_DOCUMENTS = ("kind", "sha256", "signed_at", "first", "last", "carried_over", "record_id")
_TO_OBTAIN = ("what", "by")
_TABLES = {
    "positions": _POSITION,
    "property": _PROPERTY,
    "documents": _DOCUMENTS,
    "to_obtain": _TO_OBTAIN,
}


def package_documents(
    packages: Mapping[str, Sequence[CustomerPackage]], plan: Mapping[str, Any]
) -> dict[str, Document]:
    """Return one document a receiver.

    Parameters
    ----------
    packages : mapping of receiver to sequence of CustomerPackage
    plan : mapping
        The document of the plan.
    """
    return {name: _document(name, each, plan) for name, each in packages.items()}


def _document(
    receiver: str, packages: Sequence[CustomerPackage], plan: Mapping[str, Any]
) -> Document:
    has_books = all(each.papers is not None for each in packages)
    body: Document = {
        "receiver": receiver,
        "bd_fcm": plan["bd_fcm"],
        "as_of": plan["as_of"],
        "market": {"simulated": plan["market"]["simulated"]},
        "trigger": plan["trigger"],
        "verdict": plan["verdict"],
        "clock": plan["clock"],
        "plan_digest": plan["digest"],
        "customers": [_customer(each) for each in packages],
        "notices": [*plan["notices"], *(() if has_books else (BOOKS_NOTICE,))],
    }
    return {**body, "digest": digest_of(body)}


def _customer(package: CustomerPackage) -> Document:
    offer, part = package.placement.offer, package.placement.part
    return {
        "customer_id": offer.customer_id,
        "part": offer.part_id,
        "carriage": offer.carriage.value,
        "requirement": str(offer.requirement),
        "margin": str(offer.margin),
        "value": str(part.value),
        "top_up": str(offer.top_up),
        "contact": package.facts.contact or None,
        "positions": [_position(each) for each in package.positions],
        "property": property_part(part.property_moved),
        "documents": [] if package.papers is None else _documents(package.papers),
        "agreements": dict(package.facts.agreements),
        "documents_at_receiver_sha256": package.known_documents_sha256 or None,
        "to_obtain": [each.as_document() for each in package.to_obtain],
        "lacks": list(package.lacks),
    }


def _documents(papers: PortPapers) -> list[Document]:
    """Return every document of the customer in the books, and whether it goes with the port."""
    carried = {each.record_id for each in papers.carried}
    return [
        {
            "kind": each.kind.value,
            "sha256": each.sha256,
            "signed_at": each.signed_at.isoformat(),
            "first": each.first.isoformat(),
            "last": each.last and each.last.isoformat(),
            "carried_over": each.record_id in carried,
            "record_id": each.record_id,
        }
        for each in papers.documents
    ]


def _position(position: PackagedPosition) -> Document:
    line = position.line
    return {
        "clearing_organization": position.clearing_organization,
        "account": position.account,
        "instrument": position.instrument,
        "quantity": line.quantity,
        "leg": line.leg.value if position.clearing_organization == "FICC" else None,
        "settlement_date": line.settlement_date.isoformat() if line.settlement_date else None,
        "end_date": line.end_date.isoformat() if line.end_date else None,
        "repo_rate_pct": None if line.repo_rate_pct is None else str(line.repo_rate_pct),
        "start_amount": None if line.start_amount is None else str(line.start_amount),
    }


def package_files(documents: Mapping[str, Document]) -> dict[str, str]:
    """Return every file by its path: a folder a receiver."""
    files = {}
    for place, (name, document) in enumerate(documents.items(), start=1):
        folder = f"{place:02d}-{_UNSAFE.sub('-', name)}"
        files[f"{folder}/cover.html"] = _cover(document)
        files[f"{folder}/package.json"] = f"{json.dumps(document, indent=2)}\n"
        customers = document["customers"]
        files[f"{folder}/customers.csv"] = _csv(_CUSTOMER, ((each, each) for each in customers))
        for kind, columns in _TABLES.items():
            rows = ((each, row) for each in customers for row in each[kind])
            files[f"{folder}/{kind}.csv"] = _csv(("customer_id", "part", *columns), rows)
    return files


def _csv(header: Sequence[str], rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> str:
    """Return a table; a column that a row has not is the customer's."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for customer, row in rows:
        cells = (row[name] if name in row else customer[name] for name in header)
        writer.writerow(["" if cell is None else csv_cell(cell) for cell in cells])
    return text.getvalue()


def _cover(document: Document) -> str:
    trigger, customers = document["trigger"], document["customers"]
    allowed = document["verdict"]["allowed"]
    rows = [
        [
            each["customer_id"],
            each["part"],
            each["carriage"],
            str(len(each["positions"])),
            *(money(each[name]) for name in ("value", "requirement", "margin", "top_up")),
        ]
        for each in customers
    ]
    columns = ("customer", "part", "carried", "positions")
    amounts = ("property that moves", "requirement", "margin asked", "top-up")
    overview = table("What comes, US dollars", (*columns, *amounts), rows, figures_from=3)
    documents = table(
        "Documents, what is lacking, and what the receiver obtains itself",
        ("customer", "document", "signed", "SHA-256; what is lacking; by when"),
        [row for each in customers for row in _papers(each)],
        figures_from=4,
    )
    heading = f"Transfer to {document['receiver']}"
    clock = document["clock"]
    last = f" Last day of the clock: {clock['last_day']}." if clock else ""
    may = "It may be carried out." if allowed else "It may NOT be carried out yet."
    lead = (
        f"From {title(document)}. {trigger['rule']} since {trigger['since']}, transfer on "
        f"{trigger['transfer_on']}.{last} {may}"
    )
    notices = "".join(f"<p class='notice'>{escape(each)}</p>\n" for each in document["notices"])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(heading)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f"<header>\n<p class='kicker'>Crossmargin</p>\n<h1>{escape(heading)}</h1>\n"
        f"<p class='lead'>{escape(lead)}</p>\n{notices}"
        f"<p class='digest'>Digest of package.json: <code>{document['digest']}</code>; "
        f"of the plan: <code>{document['plan_digest']}</code></p>\n</header>\n<main>\n"
        f"{table_html(overview)}{table_html(documents)}</main>\n</body>\n</html>\n"
    )


def _papers(customer: Mapping[str, Any]) -> list[list[str]]:
    """Return the papers of a customer: kind or word, date, digest or what it is about."""
    papers = [
        [each["kind"], each["signed_at"][:10], f"{each['sha256']}{_not_carried(each)}"]
        for each in customer["documents"]
    ]
    papers += [[name, "", sha256] for name, sha256 in customer["agreements"].items()]
    if known := customer["documents_at_receiver_sha256"]:
        papers.append(["onboarding at the receiver", "", known])
    papers += [["lacking", "", what] for what in customer["lacks"]]
    papers += [["to obtain", "", _obtained(each)] for each in customer["to_obtain"]]
    return [[customer["customer_id"], *paper] for paper in papers]


def _not_carried(document: Mapping[str, Any]) -> str:
    return "" if document["carried_over"] else " (not in force: not carried over)"


def _obtained(each: Mapping[str, Any]) -> str:
    by = f"by {each['by']}" if each["by"] else "what was carried over governs until then"
    return f"{each['what']}: {by}"
