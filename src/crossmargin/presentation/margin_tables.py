"""A margin document as terminal tables: the same figures, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossmargin.presentation.margin_ranges import print_ranges
from crossmargin.presentation.tables import grid

Document = Mapping[str, Any]

#: Narrower terminals get lines instead of the widest tables.
_WIDTH_OF_TABLES = 116

_BINDING_WORDS = {
    "FICC": "FICC's saving is the smaller, so both CCPs apply it.",
    "CME": "CME's saving is the smaller, so both CCPs apply it.",
    "CAP": "Both savings exceed the cap, so the cap is applied.",
    "BELOW_THRESHOLD": "The smaller saving is under the threshold, so nothing is applied.",
    "NONE": "No reduction: a leg is missing, or the smaller saving is not positive.",
}


def dollars(text: str) -> str:
    """Return a decimal string with separators, cents dropped from large figures.

    Examples
    --------
    >>> dollars("20674787.33"), dollars("-12.50"), dollars("0.00")
    ('20,674,787', '-12.50', '0')
    """
    value = Decimal(text)
    if value == 0:
        return "0"
    return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - display


def per_cent(ratio: str | None) -> str:
    """Return a ratio as per cent with one decimal.

    Examples
    --------
    >>> per_cent("0.684211"), per_cent(None)
    ('68.4 %', '-')
    """
    return "-" if ratio is None else f"{float(ratio) * 100:.1f} %"


def print_margin(console: Console, document: Document) -> None:
    """Print the run: what each customer owes, why, and what was left out."""
    market = document["market"]
    label = "SIMULATED MARKET" if market["simulated"] else "real market data"
    console.print(
        Text.assemble(
            ("Customer margin ", "bold"),
            f"as of {document['as_of']}, cycle {document['cycle']}, {label}",
        )
    )
    if console.width < _WIDTH_OF_TABLES:
        _print_blocks(console, document)
    else:
        console.print(_requirements(document))
        console.print(_models_table(document))
    if any("explanation" in customer for customer in document["customers"]):
        _print_table(console, _futures_table(document))
    for customer in document["customers"]:
        print_customer(console, customer)
    for notice in document["notices"]:
        console.print(Text(notice, style="bold red" if notice.startswith("SIMULATED") else "dim"))
    if document["incomplete"]:
        console.print(Text("Incomplete: lines were left out; see above.", style="bold red"))
    console.print(Text(f"digest {document['digest']}", style="dim"))


def _print_table(console: Console, table: Table) -> None:
    """Print a table whole: a narrow terminal folds its lines, but no figure is cut."""
    if console.width < _WIDTH_OF_TABLES:
        console = Console(
            file=console.file,
            width=_WIDTH_OF_TABLES,
            markup=False,
            force_terminal=console.is_terminal,
            no_color=console.no_color,
        )
    console.print(table)


def _print_blocks(console: Console, document: Document) -> None:
    """Print the two tables as lines a customer, where a terminal is too narrow for them."""
    for customer in document["customers"]:
        console.print(Text(customer["customer_id"], style="bold"))
        for name in ("standalone", "requirement", "saved"):
            console.print(f"  {name} {dollars(customer[name])}", highlight=False)
        console.print(f"  reduction {per_cent(customer['reduction'])}, {customer['binding']}")
        for ccp in ("ficc", "cme"):
            figures = customer[ccp]
            legs = ", ".join(
                f"{name} {dollars(figures[name])}"
                for name in ("securities", "futures", "combined", "requirement", "outside")
            )
            console.print(f"  {ccp.upper()}: {legs}", highlight=False)


def _requirements(document: Document) -> Table:
    table = grid("What each customer owes, US dollars")
    table.add_column("customer", overflow="fold")
    for heading in ("stand-alone", "requirement", "saved", "reduction", "binding"):
        table.add_column(heading, justify="right")
    for heading in ("FICC", "CME", "outside"):
        table.add_column(heading, justify="right")
    for customer in document["customers"]:
        outside = Decimal(customer["ficc"]["outside"]) + Decimal(customer["cme"]["outside"])
        mark = " *" if customer["incomplete"] else ""
        table.add_row(
            customer["customer_id"] + mark,
            dollars(customer["standalone"]),
            dollars(customer["requirement"]),
            dollars(customer["saved"]),
            per_cent(customer["reduction"]),
            customer["binding"],
            dollars(customer["ficc"]["requirement"]),
            dollars(customer["cme"]["requirement"]),
            dollars(str(outside)),
        )
    totals = document["totals"]
    table.add_section()
    table.add_row(
        "total",
        *(dollars(totals[name]) for name in ("standalone", "requirement", "saved")),
        *([""] * 5),
    )
    return table


def _models_table(document: Document) -> Table:
    table = grid("What each model says of the XM account")
    table.add_column("customer", overflow="fold")
    table.add_column("model")
    for heading in ("securities", "futures", "combined", "saving", "combined is set by"):
        table.add_column(heading, justify="right")
    for customer in document["customers"]:
        for ccp in ("ficc", "cme"):
            figures = customer[ccp]
            table.add_row(
                customer["customer_id"] if ccp == "ficc" else "",
                ccp.upper(),
                *(dollars(figures[name]) for name in ("securities", "futures", "combined")),
                per_cent(figures["saving"]),
                decided_by(ccp, figures),
            )
    return table


def _futures_table(document: Document) -> Table:
    table = grid("How Treasury futures were valued")
    for heading in ("contract", "cheapest", "delivery"):
        table.add_column(heading)
    for heading in ("price", "factor", "DV01, $/bp", "basket"):
        table.add_column(heading, justify="right")
    table.add_column("within 1/32 of the cheapest", overflow="fold")
    for future in document["futures"]:
        if future["kind"] != "Treasury":
            continue
        table.add_row(
            future["contract"] + (f" as {future['proxy_of']}" if future["proxy_of"] else ""),
            future["cheapest_to_deliver"],
            future["delivery_date"],
            f"{float(future['price']):.4f}",
            future["conversion_factor"],
            future["dv01_dollars_per_bp"],
            str(future["basket_size"]),
            ", ".join(future["near_ties"]) or "none",
        )
    return table


def decided_by(ccp: str, figures: Document) -> str:
    """Return which component sets the combined figure, in words."""
    parts = figures["components"].get("combined", {})
    if ccp == "ficc":
        floor = float(parts.get("floor_percentage", "0"))
        simulation = float(parts.get("historical_simulation", "0"))
        if floor > simulation:
            return f"floor percentage (simulation {dollars(str(simulation))})"
        return "historical simulation"
    return "scaled history and stress"


def print_customer(console: Console, customer: Document) -> None:
    """Print why one customer owes what it owes."""
    name = customer["customer_id"]
    console.print()
    console.print(Text(name, style="bold"))
    console.print(f"  {_BINDING_WORDS[customer['binding']]}")
    console.print(
        f"  Saving before threshold and cap: {per_cent(customer['saving_before_cap'])} "
        f"(FICC {per_cent(customer['ficc']['saving'])}, CME {per_cent(customer['cme']['saving'])})."
    )
    for sentence in _remarks(customer):
        console.print(f"  {sentence}")
    for line in (*customer["ineligible"], *customer["unsupported"]):
        kind = "outside the arrangement" if "account" in line else "unsupported, no model"
        console.print(
            f"  line {line['line']}: {line['instrument']} {line['quantity']} is {kind}: "
            f"{line['reason']} ({line['rule']})",
            highlight=False,
        )
    if "explanation" in customer:
        _print_explanation(console, customer["explanation"])
    if "sensitivity" in customer:
        _print_sensitivity(console, customer["sensitivity"])
    if "ranges" in customer:
        print_ranges(console, customer["ranges"])


def _remarks(customer: Document) -> Iterable[str]:
    for ccp in ("ficc", "cme"):
        shortfall = customer["order_check"][f"{ccp}_shortfall"]
        if float(shortfall) > 0:
            yield (
                f"Order check: what both CCPs collect is {dollars(shortfall)} less than "
                f"{ccp.upper()}'s own margin of the combined portfolio (ruling 4)."
            )
        split = customer["split_cost"][ccp]
        if float(split) != 0:
            yield (
                f"Carrying two accounts at {ccp.upper()} instead of one costs {dollars(split)} "
                "before the reduction (ruling 5)."
            )
        top_up = customer[ccp]["components"].get("customer_minimum_top_up")
        if top_up:
            yield (
                f"The customer minimum adds {dollars(top_up)} at {ccp.upper()} (ruling 6, "
                "recalled)."
            )


def _print_explanation(console: Console, explanation: Document) -> None:
    for name, title in (
        ("ficc_tail", "FICC, three-day moves"),
        ("cme_tail", "CME, one-day moves scaled to today's volatility"),
        ("cme_stress_tail", "CME, one-day moves of the stressed periods"),
    ):
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
        _print_table(console, table)
    table = grid("  Key-rate DV01, dollars per basis point")
    table.add_column("years", justify="right")
    for heading in ("securities", "futures", "net"):
        table.add_column(heading, justify="right")
    for row in explanation["key_rate_dv01_dollars_per_bp"]:
        table.add_row(
            row["years"], *(dollars(row[name]) for name in ("securities", "futures", "net"))
        )
    _print_table(console, table)
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
        _print_table(console, table)
    console.print(
        "  Lost: what the combined figure (at FICC that of the simulation) falls by with those "
        "shocks off and the others on, as a share of both stand-alone figures as they are.\n"
        "  Saving without: all three figures priced again with those shocks off, floor included."
    )


def _print_sensitivity(console: Console, sensitivity: Document) -> None:
    table = grid("  Under other assumptions")
    table.add_column("assumption")
    headings = ("FICC combined", "its simulation", "CME combined", "FICC", "CME", "reduction")
    for heading in (*headings, "binding", "requirement"):
        table.add_column(heading, justify="right")
    for row in sensitivity["variants"]:
        table.add_row(
            row["variant"],
            dollars(row["ficc_combined"]),
            dollars(row["ficc_simulation_combined"]),
            dollars(row["cme_combined"]),
            *(per_cent(row[name]) for name in ("ficc_saving", "cme_saving", "reduction")),
            row["binding"],
            dollars(row["requirement"]),
        )
    _print_table(console, table)
    multiple = sensitivity["cap_stops_binding_at_basis_multiple"]
    if multiple is not None:
        console.print(f"  The cap stops binding when basis volatility is {multiple} times ours.")
    effects = ", ".join(
        f"{name} {value}" for name, value in sensitivity["grid_rounding_dollars"].items()
    )
    console.print(f"  Grid rounding changes the simulation figures by, in dollars: {effects}.")
