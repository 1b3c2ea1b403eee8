"""The proof that flows are profit and loss, as rows and a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

_PARTS = ("price", "coupons", "repo_interest", "mark_interest", "fails_charges", "total")
PROOF_HEADER = ("customer", "part", "of_lots", "of_flows")


def proof_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a customer and part, US dollars.

    The last one holds what the ledger posted to profit and loss with what is none of it, which the
    rows before it name: marks that are still out, delivery invoices, corrections by hand.
    """
    for each in document["customers"]:
        for part in _PARTS:
            yield each["customer"], part, each[f"lots_{part}"], each[f"flows_{part}"]
        for part in ("marks_out", "delivery_invoices", "adjustments"):
            yield each["customer"], part, each[part], each[part]
        yield each["customer"], "posted", each["to_be_posted"], each["posted"]


def print_proof(console: Console, document: Mapping[str, Any]) -> None:
    """Print every customer's parts both ways, then whether they are equal."""
    heading = f"Profit and loss of {document['bd_fcm']}'s customers from intake to "
    table = grid(f"{heading}{document['until']}, US dollars", *PROOF_HEADER)
    for row in proof_rows(document):
        table.add_row(*row)
    print_whole(console, table)
    wrong = [each["customer"] for each in document["customers"] if not each["holds"]]
    says = f"Flows are not profit and loss: {', '.join(wrong)}." if wrong else "They are equal."
    console.print(says)
