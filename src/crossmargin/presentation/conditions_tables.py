"""A conditions document as terminal tables: the same figures, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from crossmargin.presentation.conditions import window_words
from crossmargin.presentation.tables import WIDTH_OF_TABLES, dollars, grid, per_cent

Document = Mapping[str, Any]

_BINDING = {"BELOW_THRESHOLD": "below", "NONE": "none", "CAP": "cap"}
_LIMITS = {
    "threshold": "threshold",
    "cap": "cap",
    "binding_side": "other side's saving is the smaller",
    "floor_percentage": "floor percentage decides",
    "minimum_margin_amount": "Minimum Margin Amount decides",
    "customer_minimum": "customer minimum",
}
_SHOWN_ROLLS = 12


def print_conditions(console: Console, document: Document) -> None:
    """Print every customer under every condition."""
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    console.print(
        Text.assemble(("Conditions of the saving ", "bold"), f"as of {document['as_of']}, {label}")
    )
    _print_correlations(console, document["tenor_correlation"])
    _print_cheapest(console, document["curve_shapes"])
    ranks = {
        day["date"]: "/".join(str(window["rank"]) for window in day["windows"].values())
        for day in document["leaving"]
    }
    for customer in document["customers"]:
        _print_customer(console, customer, ranks)
    for notice in document["notices"]:
        console.print(Text(notice, style="bold red" if notice.startswith("SIMULATED") else "dim"))
    if document["incomplete"]:
        console.print(Text("Incomplete: lines were left out.", style="bold red"))
    console.print(Text(f"digest {document['digest']}", style="dim"))


def _print_correlations(console: Console, tenors: Document) -> None:
    short, long = tenors["years"]
    rows = ", ".join(
        f"x{row['multiple']} {_two(row['ficc'])}/{_two(row['cme'])}" for row in tenors["rows"]
    )
    console.print(
        f"Correlation of {short}- and {long}-year moves by multiple of what tenors do not share, "
        f"FICC/CME: {rows}.",
        highlight=False,
    )


def _print_cheapest(console: Console, shapes: list[Document]) -> None:
    for shape in shapes:
        changes = ", ".join(
            f"{each['contract']} {each['before']} to {each['after']}"
            for each in shape["cheapest_changes"]
        )
        console.print(
            f"Curve {shape['shape']}: cheapest to deliver changes: {changes or 'none'}.",
            highlight=False,
        )


def _print_customer(console: Console, customer: Document, ranks: Mapping[str, str]) -> None:
    console.print()
    console.print(Text(customer["customer_id"], style="bold"))
    wide = console.width >= WIDTH_OF_TABLES
    table = grid("Saving and requirement under one condition at a time, US dollars")
    table.add_column("condition", overflow="fold")
    headings = ["FICC / CME saving", "side", "requirement", "change"]
    if wide:
        headings[1:1] = ["legs' correlation", "FICC combined", "CME combined"]
    for heading in headings:
        table.add_column(heading, justify="right")
    section = ""
    for kind, name, row in _rows(customer):
        if section and kind != section:
            table.add_section()
        section = kind
        outcome = row["outcome"]
        cells = [
            f"{per_cent(outcome['ficc_saving'])} / {per_cent(outcome['cme_saving'])}",
            _BINDING.get(outcome["binding"], outcome["binding"]),
            dollars(outcome["requirement"]),
            dollars(outcome["change"]),
        ]
        if wide:
            cells[1:1] = [
                _legs(row),
                dollars(outcome["ficc_combined"]),
                dollars(outcome["cme_combined"]),
            ]
        table.add_row(name, *cells)
    console.print(table)
    if not wide:
        legs = ", ".join(f"x{row['multiple']} {_legs(row)}" for row in customer["correlation"])
        console.print(f"Correlation of the legs' P&L, FICC/CME: {legs}.", highlight=False)
    _print_basis(console, customer["basis"])
    _print_roll_off(console, customer["roll_off"], ranks)
    _print_limits(console, customer["limits"])


def _rows(customer: Document) -> Iterator[tuple[str, str, Document]]:
    yield "base", "as it is", {"outcome": customer["base"]}
    for row in customer["correlation"]:
        yield "correlation", f"not shared x{row['multiple']}", row
    for row in customer["basis"]["rows"]:
        yield "basis", f"basis x{row['multiple']}", row
    for row in customer["curve"]:
        yield "curve", row["shape"], row


def _legs(row: Document) -> str:
    if "ficc_leg_correlation" not in row:
        return ""
    return f"{_two(row['ficc_leg_correlation'])}/{_two(row['cme_leg_correlation'])}"


def _two(value: str | None) -> str:
    return "-" if value is None else f"{float(value):.2f}"


def _print_basis(console: Console, basis: Document) -> None:
    for name, limit in (
        ("below_cap_at_multiple", "cap"),
        ("below_threshold_at_multiple", "threshold"),
    ):
        if basis[name] is not None:
            console.print(
                f"The smaller saving falls below the {limit} when basis volatility is "
                f"{basis[name]} times ours.",
                highlight=False,
            )


def _print_roll_off(console: Console, roll_off: Document, ranks: Mapping[str, str]) -> None:
    days = roll_off["days"]
    table = grid(f"As dates leave the windows, to {days[-1]['date']}, US dollars")
    table.add_column("from")
    for heading in ("ranks read", "FICC / CME saving", "side", "requirement", "change"):
        table.add_column(heading, justify="right")
    changes, previous = [], None
    for day in days:
        outcome = day["outcome"]
        if outcome["requirement"] != previous:
            changes.append(day)
        previous = outcome["requirement"]
    for day in changes[:_SHOWN_ROLLS]:
        outcome = day["outcome"]
        table.add_row(
            day["date"],
            ranks[day["date"]],
            f"{per_cent(outcome['ficc_saving'])} / {per_cent(outcome['cme_saving'])}",
            _BINDING.get(outcome["binding"], outcome["binding"]),
            dollars(outcome["requirement"]),
            dollars(outcome["change"]),
        )
    console.print(table)
    if len(changes) > _SHOWN_ROLLS:
        console.print(f"{len(changes) - _SHOWN_ROLLS} more changes: the document has every day.")
    by_date: dict[tuple[str, str], list[str]] = {}
    for place in roll_off["leaving_tail"]:
        words = (
            f"{window_words(place['window'])}, {place['leg']}: {place['rank']} of "
            f"{place['rank_read']}, {dollars(place['loss'])}"
        )
        by_date.setdefault((place["date"], place["leaves_on"]), []).append(words)
    for (when, leaves), found in by_date.items():
        console.print(
            f"Tail loss of {when} leaves on {leaves} ({'; '.join(found)}).", highlight=False
        )
    if not by_date:
        console.print("No tail loss leaves a window in that time.")
    _print_departure(console, roll_off["largest_departure"])


def _print_departure(console: Console, departure: Document | None) -> None:
    if departure is None:
        console.print("No single date's departure changes the requirement.")
        return
    outcome = departure["outcome"]
    leaves = sorted(set(departure["leaves"].values()))
    console.print(
        f"The one date whose departure changes the requirement most: {departure['date']}, by "
        f"{dollars(outcome['change'])} to {dollars(outcome['requirement'])}, smaller saving "
        f"{per_cent(outcome['saving_before_cap'])}; it leaves on {' and '.join(leaves)}.",
        highlight=False,
    )


def _print_limits(console: Console, limits: list[Document]) -> None:
    table = grid("Limits, the nearest first")
    table.add_column("limit", overflow="fold")
    table.add_column("now")
    table.add_column("reached when", overflow="fold")
    for heading in ("by, dollars", "saving, points"):
        table.add_column(heading, justify="right")
    for limit in limits:
        table.add_row(
            _LIMITS[limit["limit"]],
            "past it" if limit["is_past"] else "not",
            f"{limit['figure']} {limit['direction']}",
            dollars(limit["distance_dollars"]),
            f"{float(limit['distance_saving']) * 100:.2f}",
        )
    console.print(table)
