"""A margin document as rows: one a customer, the same columns everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.cycles import (
    CYCLE_COLUMNS,
    customers_who_left,
    cycle_cells,
    true_up_by_customer,
)

#: Columns of the CSV form: a name and where it stands in a customer's document.
_CSV_COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("bd_fcm", ("bd_fcm",)),
    ("customer_id", ("customer_id",)),
    *(
        (f"{ccp}_{name}", (ccp, name))
        for ccp in ("ficc", "cme")
        for name in (
            "securities",
            "futures",
            "combined",
            "saving",
            "requirement",
            "outside",
            "standalone",
        )
    ),
    ("saving_before_cap", ("saving_before_cap",)),
    ("reduction", ("reduction",)),
    ("binding", ("binding",)),
    ("standalone", ("standalone",)),
    ("requirement", ("requirement",)),
    ("saved", ("saved",)),
    ("ficc_shortfall", ("order_check", "ficc_shortfall")),
    ("cme_shortfall", ("order_check", "cme_shortfall")),
    ("ficc_split_cost", ("split_cost", "ficc")),
    ("cme_split_cost", ("split_cost", "cme")),
    ("incomplete", ("incomplete",)),
)

CSV_HEADER = ("as_of", "cycle", "simulated", *(name for name, _ in _CSV_COLUMNS), *CYCLE_COLUMNS)


def csv_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return one row of text a customer, by :data:`CSV_HEADER`."""
    lead = [document["as_of"], document["cycle"], csv_cell(document["market"]["simulated"])]
    entries = true_up_by_customer(document)
    rows = []
    for customer in document["customers"]:
        row = list(lead)
        for _, path in _CSV_COLUMNS:
            value: Any = customer
            for key in path:
                value = value[key]
            row.append(csv_cell(value))
        rows.append([*row, *map(csv_cell, cycle_cells(document, customer, entries))])
    # One who left the book has no figures of this run, but is released: sums need the row.
    for entry in customers_who_left(document):
        known = {"bd_fcm": entry["bd_fcm"], "customer_id": entry["customer_id"]}
        known["requirement"] = entry["total"]["to"]
        cells = [csv_cell(known.get(name, "")) for name, _ in _CSV_COLUMNS]
        rows.append([*lead, *cells, *map(csv_cell, cycle_cells(document, entry, entries))])
    return rows
