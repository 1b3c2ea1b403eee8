"""The books of a clearing organization's failure, as rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.held_and_owed import print_held_and_owed
from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

CCP_BOOKS_HEADER = ("customer", "asset", "owed_before", "lost", "owed_after")
_FIGURES = CCP_BOOKS_HEADER[2:]


def ccp_books_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a customer and asset: dollars and cents, dollars of par."""
    for each in document["customers"]:
        assets = sorted({asset for name in _FIGURES for asset in each[name]})
        for asset in assets:
            yield (each["customer"], asset, *(each[name].get(asset, "0") for name in _FIGURES))


def print_ccp_books(console: Console, document: Mapping[str, Any]) -> None:
    """Print every customer, then what is held and owed."""
    failed = f"{document['clearing_organization']} fails, {document['as_of']}"
    table = grid(f"{failed}: futures accounts at {document['bd_fcm']}", "customer", "asset")
    for name in _FIGURES:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    for row in ccp_books_rows(document):
        table.add_row(*row)
    print_whole(console, table)
    print_held_and_owed(console, document)
