"""The page of `xm report controls` has the catalogue, word for word."""

from __future__ import annotations

from pathlib import Path

from crossmargin.reporting.controls import CATALOGUE, Outcome

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "reports.md"


def test_every_control_stands_there_as_it_is_asked() -> None:
    table = PAGE.read_text("utf-8").split("| control | what must be so |")[1].split("\n\n")[0]
    rows = [
        (f"`{each.value}`", terms.asks, terms.when, terms.on_failure, terms.basis)
        for each, terms in CATALOGUE.items()
    ]
    assert table.splitlines()[2:] == [f"| {' | '.join(row)} |" for row in rows]


def test_every_outcome_is_said() -> None:
    assert all(f"| `{each.value}` | " in PAGE.read_text("utf-8") for each in Outcome)
