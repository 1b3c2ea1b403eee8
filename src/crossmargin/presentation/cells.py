"""Cells and text of a CSV file, as every command writes them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: What every row of a run begins with.
LABELS = ("as_of", "simulated")
_FORMULA_BEGINS = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def csv_cell(value: object) -> str:
    """Return a cell; an apostrophe goes before text that a spreadsheet would take for a formula."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if text.startswith(_FORMULA_BEGINS) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Return a table as CSV, every cell as :func:`csv_cell` has it.

    Examples
    --------
    >>> csv_text(("customer", "amount"), [("=SUM", "-1.00")])
    "customer,amount\n'=SUM,-1.00\n"
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([csv_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def labels(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the cells of :data:`LABELS` of a document."""
    return document["as_of"], csv_cell(document["market"]["simulated"])
