"""A rehearsal as rows and a table; the document is made where the rehearsal is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

REHEARSAL_HEADER = ("step", "outcome", "figure", "value", "evidence", "lacking")
#: So many ids of evidence are shown; the document has all of them.
_SHOWN = 2


def rehearsal_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a figure; one alone for a step that shows none."""
    for each in document["steps"]:
        evidence = " ".join(each["evidence"])
        figures = each["figures"] or {"": ""}
        for name, value in figures.items():
            yield each["step"], each["outcome"], name, value, evidence, each["lacking"]


def print_rehearsal(console: Console, document: Mapping[str, Any]) -> None:
    """Print one row a step: outcome, figures or what is lacking, and where the evidence begins."""
    inputs = document["inputs"]
    title = (
        f"Rehearsal of {document['customer']} at {document['bd_fcm']}, "
        f"{inputs['first_day']} to {inputs['last_day']}"
    )
    table = grid(title, "step", "outcome", "figures", "evidence")
    for each in document["steps"]:
        shown = [f"{name} {value}" for name, value in each["figures"].items()]
        if each["lacking"]:
            shown.insert(0, f"lacking: {each['lacking']}")
        ids = list(each["evidence"])
        more = [f"and {len(ids) - _SHOWN} more"] if len(ids) > _SHOWN else []
        table.add_row(
            each["step"],
            each["outcome"],
            "\n".join(shown),
            "\n".join([*ids[:_SHOWN], *more]),
            end_section=True,
        )
    print_whole(console, table)
    console.print(f"{document['outcome']}; digest {document['digest']}")
    console.print(document["note"])
