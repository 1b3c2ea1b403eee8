"""The requirement over the ranges of parameters: in the document and as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from crossmargin.presentation.tables import grid
from crossmargin.services.margin_ranges import CustomerRanges

Document = dict[str, Any]

#: Longer values are cut in tables.
_LONGEST = 12


def ranges_document(customer: CustomerRanges) -> Document:
    """Return one customer's ranges."""
    return {
        "rows": [
            {
                "parameter": f"{row.parameter.owner}.{row.parameter.name}",
                "status": row.parameter.status,
                "low": row.parameter.low,
                "base": row.parameter.base,
                "high": row.parameter.high,
                "requirement_at_low": str(row.at_low),
                "requirement_at_base": str(row.at_base),
                "requirement_at_high": str(row.at_high),
                "effect": str(row.effect),
            }
            for row in customer.rows
        ],
        "joint_best": str(customer.joint_best),
        "base": str(customer.base),
        "joint_worst": str(customer.joint_worst),
        "inert": customer.inert,
    }


def print_ranges(console: Console, ranges: Mapping[str, Any]) -> None:
    """Print one customer's ranges, parameters without effect in one line."""
    best, base, worst = (
        f"{float(ranges[name]):,.0f}" for name in ("joint_best", "base", "joint_worst")
    )
    table = grid(f"Parameters with a range, each alone: requirement in dollars, as run {base}")
    # The range under the name: both fit a narrow terminal.
    table.add_column("parameter: low to high, status", overflow="fold")
    for heading in ("at low", "at high", "effect"):
        table.add_column(heading, justify="right", no_wrap=True)
    without = []
    for row in ranges["rows"]:
        if float(row["effect"]) == 0:
            without.append(row["parameter"])
            continue
        table.add_row(
            Text.assemble(
                (row["parameter"], "bold"),
                f"\n  {_short(row['low'])} to {_short(row['high'])}, {row['status']}",
            ),
            *(
                f"{float(row[name]):,.0f}"
                for name in ("requirement_at_low", "requirement_at_high", "effect")
            ),
        )
    console.print(table)
    if without:
        console.print(f"No effect: {', '.join(without)}.", highlight=False)
    console.print(
        f"All jointly: each at its best {best}, as run {base}, worst found {worst}.",
        highlight=False,
    )


def _short(value: str) -> str:
    """Return a value, a long list cut: the document has it whole."""
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}..."
