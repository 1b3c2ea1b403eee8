"""Back-ups as one document, as rows and in a terminal: dated, one verdict a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.port_plan import book_part, sealed
from crossmargin.presentation.port_tables import add_figures, or_none, print_notices, title
from crossmargin.presentation.tables import dollars, grid, print_whole
from crossmargin.services.porting.backup import BackupVerdict
from crossmargin.services.porting.book import PortingBook
from crossmargin.services.porting.porting_parameters import PortingParameters

if TYPE_CHECKING:
    from rich.console import Console

Document = dict[str, Any]
ALONE_NOTICE = (
    "Each back-up is asked about each customer by itself: room is shared out by xm port plan alone."
)
CSV_HEADER = (
    *("as_of", "simulated", "bd_fcm", "customer_id", "backup", "stands_ready", "carriage"),
    *("net_equity", "margin", "with_xm", "without_xm", "top_up", "reason"),
)


def backup_document(
    verdicts: Sequence[BackupVerdict], book: PortingBook, parameters: PortingParameters
) -> Document:
    """Return the JSON shape of the back-ups of a day."""
    lead = book_part(book, parameters)
    body = {
        **lead,
        "notices": [*lead["notices"], ALONE_NOTICE],
        "ready": sum(each.stands_ready for each in verdicts),
        "customers": [each.as_document() for each in verdicts],
    }
    return sealed(body, book)


def reason_of(customer: Mapping[str, Any]) -> str:
    """Return why a back-up does not stand ready; empty if it does."""
    return "; ".join(customer["why"])


def csv_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a customer."""
    lead = [document["as_of"], str(document["market"]["simulated"]).lower(), document["bd_fcm"]]
    return [
        [
            *lead,
            each["customer_id"],
            each["backup"] or "",
            str(each["stands_ready"]).lower(),
            *(each[name] or "" for name in CSV_HEADER[6:12]),
            reason_of(each),
        ]
        for each in document["customers"]
    ]


def print_backups(console: Console, document: Mapping[str, Any]) -> None:
    """Print every customer's back-up and what it would ask."""
    table = grid(
        f"Back-ups: {title(document)}, US dollars", "customer", "back-up", "ready", "carried"
    )
    headings = ("margin\nbefore", "margin\nthere", "without\nXM")
    add_figures(table, "net equity", *headings, "top-up")
    for each in document["customers"]:
        figures = (each[name] for name in ("margin", "without_xm", "top_up"))
        table.add_row(
            each["customer_id"],
            each["backup"] or "-",
            "yes" if each["stands_ready"] else "NO",
            each["carriage"] or "-",
            dollars(each["net_equity"]),
            dollars(each["margin_before"]),
            *map(or_none, figures),
        )
    print_whole(console, table)
    console.print(f"{document['ready']} of {len(document['customers'])} back-ups stand ready.")
    for each in document["customers"]:
        if reason := reason_of(each):
            console.print(f"{each['customer_id']}: {reason}.")
    print_notices(console, document)
