"""The books of a default as rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

#: Figures by table: what the close-out did, and where the customer's cash went.
_CLOSE_OUT = (
    *("result", "sold", "guaranty", "deficit_paid", "from_capital", "paid_by_others", "unpaid"),
)
_ACCOUNT = ("owed_before", "paid_for_others", "ported", "distributed", "owed_after")
BOOKS_HEADER = ("customer", "receiver", *_CLOSE_OUT, *_ACCOUNT)


def books_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a customer, US dollars."""
    for each in document["customers"]:
        yield tuple(each[name] for name in BOOKS_HEADER)


def print_books(console: Console, document: Mapping[str, Any]) -> None:
    """Print every customer, what the firm is left with, and payments between both sides."""
    heading = f"Default of {document['bd_fcm']}, {document['as_of']}, {document['trigger']}"
    _print_figures(console, document, f"{heading}; close-out, US dollars", _CLOSE_OUT)
    _print_figures(console, document, "Futures accounts, cash, US dollars", _ACCOUNT)
    trustee = document["trustee"]
    console.print(
        f"paid of every claim in cash: {trustee['rate']}; residual interest "
        f"{trustee['residual_interest']}, house bank {trustee['house_bank']}, customers owe "
        f"{trustee['debts_of_customers']}"
    )
    for each in document["regulators"]["evidence_cp_16"]:
        console.print(
            f"CP-16: {each['customer']}: {each['paid_to_cme']} from FICC to CME, at most "
            f"{each['limit']} that it had there"
        )
    console.print(f"{len(document['regulators']['timeline'])} groups of transfers; verified")
    console.print(f"digest {document['digest']}")


def _print_figures(
    console: Console, document: Mapping[str, Any], title: str, figures: tuple[str, ...]
) -> None:
    table = grid(title, "customer", "receiver")
    for name in figures:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    for each in document["customers"]:
        table.add_row(each["customer"], each["receiver"], *(each[name] for name in figures))
    print_whole(console, table)
