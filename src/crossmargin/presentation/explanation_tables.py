"""A customer's explanation, and the change against another run, as terminal tables."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console

from crossmargin.presentation.tables import dollars, grid, per_cent, print_whole

Document = Mapping[str, Any]

#: Positions shown one by one; the others are one line.
_SHOWN_POSITIONS = 15


def print_explanation(console: Console, explanation: Document) -> None:
    """Print tails, key rates, what the saving loses, and what adds up to the requirement."""
    _print_contributions(console, explanation["contributions"])
    _print_tails(console, explanation)
    table = grid("  Key-rate DV01, dollars per basis point")
    table.add_column("years", justify="right")
    for heading in ("securities", "futures", "net"):
        table.add_column(heading, justify="right")
    for row in explanation["key_rate_dv01_dollars_per_bp"]:
        table.add_row(
            row["years"], *(dollars(row[name]) for name in ("securities", "futures", "net"))
        )
    print_whole(console, table)
    for name, title in (
        ("saving_lost_by_kind", "Saving lost to each kind of risk factor, before the cap"),
        ("saving_lost", "Saving lost to each risk factor, before the cap"),
    ):
        table = grid(f"  {title}")
        table.add_column("factor")
        for heading in ("FICC lost", "saving without", "CME lost", "saving without"):
            table.add_column(heading, justify="right")
        for row in explanation[name]:
            table.add_row(
                row["factor"],
                per_cent(row["ficc"]),
                per_cent(row["ficc_saving_without"]),
                per_cent(row["cme"]),
                per_cent(row["cme_saving_without"]),
            )
        print_whole(console, table)
    console.print(
        "  Lost: what the combined figure (at FICC that of the simulation) falls by with those "
        "shocks off and the others on, as a share of both stand-alone figures as they are.\n"
        "  Saving without: all three figures priced again with those shocks off, floor included."
    )


def _print_tails(console: Console, explanation: Document) -> None:
    """Print the tails of what is simulated: none of CME where its engine is SPAN."""
    for name, title in (
        ("ficc_tail", "FICC, three-day moves"),
        ("cme_tail", "CME, one-day moves scaled to today's volatility"),
        ("cme_stress_tail", "CME, one-day moves of the stressed periods"),
    ):
        if not explanation[name]:
            continue
        table = grid(f"  Tail of the combined XM account: {title}")
        for heading in ("rank", "from", "to"):
            table.add_column(heading)
        for heading in ("securities", "futures", "combined"):
            table.add_column(heading, justify="right")
        for row in explanation[name]:
            table.add_row(
                str(row["rank"]),
                row["start_date"],
                row["end_date"],
                *(dollars(row[leg]) for leg in ("securities", "futures", "combined")),
            )
        print_whole(console, table)


def _print_contributions(console: Console, contributions: Document) -> None:
    """Print the three splits of the requirement; each adds up to it."""
    table = grid("  What each position adds to the requirement")
    table.add_column("position")
    headings = (
        "quantity",
        "contribution",
        "per contract or $1m",
        "requirement falls without it by",
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    positions = contributions["positions"]
    for row in positions[:_SHOWN_POSITIONS]:
        table.add_row(
            row["instrument"],
            f"{int(row['quantity']):,}",
            dollars(row["contribution"]),
            dollars(row["marginal"]),
            dollars(row["incremental"]),
        )
    rest = positions[_SHOWN_POSITIONS:]
    if rest:
        total = sum((Decimal(row["contribution"]) for row in rest), Decimal(0))
        table.add_row(f"{len(rest)} other positions", "", dollars(str(total)), "", "")
    if Decimal(contributions["unattributed"]):
        table.add_row("not attributable", "", dollars(contributions["unattributed"]), "", "")
    for row in contributions["others"]:
        table.add_row(row["label"], "", dollars(row["contribution"]), "", "")
    table.add_section()
    table.add_row("requirement", "", dollars(contributions["requirement"]), "", "")
    print_whole(console, table)
    for name, title in (("factors", "risk factor"), ("components", "component")):
        table = grid(f"  What each {title} adds to the requirement")
        table.add_column(title)
        table.add_column("contribution", justify="right")
        for row in (*contributions[name], *contributions["others"]):
            table.add_row(row["label"], dollars(row["contribution"]))
        table.add_section()
        table.add_row("requirement", dollars(contributions["requirement"]))
        print_whole(console, table)


def print_change(console: Console, change: Document) -> None:
    """Print what changed against the previous run, customer by customer."""
    table = grid(f"What changed since {change['previous']['as_of']}, US dollars")
    table.add_column("customer", overflow="fold")
    for heading in ("before", "positions", "market", "model", "rule", "binding side", "now"):
        table.add_column(heading, justify="right")
    table.add_column("bound by")
    for row in change["customers"]:
        bound = row["binding"]
        if row["previous_binding"] != bound:
            bound = f"{row['previous_binding']} to {bound}"
        table.add_row(
            row["customer_id"],
            dollars(row["previous_requirement"]),
            *(dollars(row[part]) for part in ("positions", "market", "model", "rule")),
            dollars(row["binding_side"]),
            dollars(row["requirement"]),
            bound,
        )
    print_whole(console, table)
    for refusal in change["not_valued_then"]:
        console.print(
            f"  line {refusal.get('line', '-')}: {refusal['value']} could not be valued then; it "
            "comes in with the market.",
            highlight=False,
        )
