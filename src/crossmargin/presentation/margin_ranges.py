"""The requirement over the ranges of parameters: in the document and as tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from crossmargin.basics.words import counted
from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.tables import grid
from crossmargin.services.margin_ranges import OF_SPAN, CustomerRanges, UnmovedParameter

Document = dict[str, Any]

#: Columns of the CSV form of ``--range``.
RANGES_HEADER = (
    *("as_of", "bd_fcm", "customer_id", "parameter", "status", "low", "base", "high"),
    *("requirement_at_low", "requirement_at_base", "requirement_at_high", "effect", "reason"),
)
#: In the place of a parameter: best, base and worst of all jointly.
ALL_JOINTLY = "all jointly"
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


def unmoved_document(unmoved: Sequence[UnmovedParameter]) -> list[Document]:
    """Return the uncertain parameters that no range moves, each with its reason."""
    return [
        {
            "parameter": f"{each.owner}.{each.name}",
            "status": each.status,
            "value": each.value,
            "reason": each.reason,
        }
        for each in unmoved
    ]


def unmoved_sentence(unmoved: Sequence[Document]) -> str:
    """Return how many uncertain parameters no range moves, and where the reasons are."""
    told = (
        f"Not moved: {counted(len(unmoved), 'parameter')} neither sourced nor derived; "
        "xm parameters list says of each why it has no range"
    )
    of_span = sum(each["reason"] == OF_SPAN for each in unmoved)
    if of_span:
        told += f", but for {of_span} of SPAN that have one: CME's engine here is the simulation"
    unstated = sum(not each["reason"] for each in unmoved)
    if unstated:
        told += f"; {unstated} given by hand or in a user's file state neither range nor reason"
    return f"{told}."


def range_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return rows by :data:`RANGES_HEADER`: each customer's ranges and what no range moves."""
    rows = []
    for customer in document["customers"]:
        lead = [document["as_of"], customer["bd_fcm"], customer["customer_id"]]
        ranges = customer["ranges"]
        rows += [
            [*lead, *(row.get(name, "") for name in RANGES_HEADER[len(lead) :])]
            for row in ranges["rows"]
        ]
        joint = (ranges[name] for name in ("joint_best", "base", "joint_worst"))
        rows.append([*lead, ALL_JOINTLY, *[""] * 4, *joint, *[""] * 2])
    for each in document["not_moved"]:
        cells = {"as_of": document["as_of"], **each, "base": each["value"]}
        rows.append([cells.get(name, "") for name in RANGES_HEADER])
    return [list(map(csv_cell, row)) for row in rows]


def without_effect(document: Mapping[str, Any]) -> list[str]:
    """Return the parameters whose range moves no customer, in the order of their names."""
    effects: dict[str, float] = {}
    for customer in document["customers"]:
        for row in customer["ranges"]["rows"]:
            name = row["parameter"]
            effects[name] = max(effects.get(name, 0.0), float(row["effect"]))
    return sorted(name for name, effect in effects.items() if effect == 0.0)


def print_ranges(
    console: Console, ranges: Mapping[str, Any], *, told_once: Collection[str] = ()
) -> None:
    """Print one customer's ranges, parameters without effect in one line.

    Parameters
    ----------
    console : Console
    ranges : mapping
        As in the document.
    told_once : collection of str
        Parameters that move no customer: they are named elsewhere.
    """
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
    others = [name for name in without if name not in told_once]
    if others:
        console.print(f"No effect: {', '.join(others)}.", highlight=False)
    console.print(
        f"All jointly: each at its best {best}, as run {base}, worst found {worst}.",
        highlight=False,
    )


def _short(value: str) -> str:
    """Return a value, a long list cut: the document has it whole."""
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 3]}..."
