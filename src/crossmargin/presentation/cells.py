"""Cells of a CSV file, as every command writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What every row of a run begins with.
LABELS = ("as_of", "simulated")


def csv_cell(value: object) -> str:
    """Return a cell; an apostrophe goes before text that a spreadsheet would take for a formula."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if text[:1] in ("=", "+", "@") or (text[:1] == "-" and not text[1:2].isdigit()):
        return f"'{text}"
    return text


def labels(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return the cells of :data:`LABELS` of a document."""
    return document["as_of"], csv_cell(document["market"]["simulated"])
