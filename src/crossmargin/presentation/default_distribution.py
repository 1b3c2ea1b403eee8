"""A later distribution of a default, as rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.held_and_owed import print_held_and_owed
from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

_FIGURES = (
    *("claim", "paid_before", "paid_now", "paid_in_all", "unpaid", "to_come_back"),
    *("owed_before", "owed_after"),
)
DISTRIBUTION_HEADER = ("customer", *_FIGURES)


def distribution_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a claimant, US dollars."""
    for each in document["claimants"]:
        yield tuple(each[name] for name in DISTRIBUTION_HEADER)


def print_distribution(console: Console, document: Mapping[str, Any]) -> None:
    """Print what became known, every claimant, and what is held and owed."""
    for each in document["corrections"]:
        whose = " ".join(filter(None, (each["customer"], each["side"])))
        console.print(f"{each['entry']}: {each['kind']} {whose} {each['amount']}: {each['reason']}")
    heading = f"Distribution {document['number']} of {document['bd_fcm']}, {document['as_of']}"
    table = grid(f"{heading}, US dollars", "customer")
    for name in _FIGURES:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    for row in distribution_rows(document):
        table.add_row(*row)
    print_whole(console, table)
    console.print(f"paid now {document['paid']}; share of claims {document['share'] or 'none'}")
    print_held_and_owed(console, document)
