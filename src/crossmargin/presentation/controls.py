"""The controls of a day as a document, rows and a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import grid, print_whole
from crossmargin.reporting.controls import ControlResult, Outcome, controls_document

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

CONTROLS_HEADER = ("control", "outcome", "asked", "where", "was", "followed_by")
_NONE = {"where": "", "was": "", "followed_by": ""}


def controls_report(bd_fcm: str, day: date, results: Sequence[ControlResult]) -> dict[str, Any]:
    """Return what the controls of a day found."""
    return {
        "bd_fcm": bd_fcm,
        "date": day.isoformat(),
        "broken": sum(each.outcome is Outcome.BROKEN for each in results),
        "controls": controls_document(results),
    }


def control_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a failure, and one a control without any."""
    for each in document["controls"]:
        for bad in each["failures"] or [_NONE]:
            own = (each["control"], each["outcome"], str(each["asked"]))
            yield (*own, bad["where"], bad["was"], bad["followed_by"])


def print_controls(console: Console, document: Mapping[str, Any]) -> None:
    """Print a row a control, then what failed."""
    title = f"Controls of {document['bd_fcm']}, {document['date']}"
    table = grid(title, "control", "outcome", "asked", "what must be so")
    for each in document["controls"]:
        table.add_row(each["control"], each["outcome"], str(each["asked"]), each["asks"])
    print_whole(console, table)
    failed = [row for row in control_rows(document) if row[3]]
    if failed:
        found = grid("What failed", "control", "where", "was", "followed by")
        for control, _, _, where, was, followed in failed:
            found.add_row(control, where, was, followed or "nothing")
        print_whole(console, found)
