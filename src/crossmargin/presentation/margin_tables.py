"""A margin document as terminal tables: the same figures, for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossmargin.presentation.cycles import (
    cutoff_line,
    fallback_sentence,
    late_words,
    true_up_rows,
)
from crossmargin.presentation.explanation_tables import print_change, print_explanation
from crossmargin.presentation.margin_ranges import (
    print_ranges,
    unmoved_sentence,
    without_effect,
)
from crossmargin.presentation.tables import WIDTH_OF_TABLES, dollars, grid, per_cent, print_whole

Document = Mapping[str, Any]

_BINDING_WORDS = {
    "FICC": "FICC's saving is the smaller, so both CCPs apply it.",
    "CME": "CME's saving is the smaller, so both CCPs apply it.",
    "CAP": "Both savings exceed the cap, so the cap is applied.",
    "BELOW_THRESHOLD": "The smaller saving is under the threshold, so nothing is applied.",
}

_NO_REDUCTION = {
    True: "No reduction: the smaller saving is not positive.",
    False: "No reduction: a leg of the XM account is missing, so nothing offsets.",
}

#: What stands behind the binding side where a side is late.
_SOURCE_WORDS = {"current": "", "last_factor": ", last factor", "none": ", no factor"}


def print_margin(console: Console, document: Document) -> None:
    """Print the run: what each customer owes, why, and what was left out."""
    market = document["market"]
    label = "SIMULATED MARKET" if market["simulated"] else "real market data"
    console.print(
        Text.assemble(
            ("Customer margin ", "bold"),
            f"as of {document['as_of']}, cycle {document['cycle']}, {label}",
            (late_words(document), "bold red"),
        )
    )
    if console.width < WIDTH_OF_TABLES:
        _print_blocks(console, document)
    else:
        console.print(_requirements(document))
        console.print(_models_table(document))
    console.print(Text(cutoff_line(document)))
    _print_true_up(console, document)
    if any("explanation" in customer for customer in document["customers"]):
        print_whole(console, _futures_table(document))
    inert = without_effect(document) if "not_moved" in document else []
    for customer in document["customers"]:
        print_customer(console, customer, told_once=inert)
    if "change" in document:
        print_change(console, document["change"])
    if "not_moved" in document:
        if inert:
            console.print(
                Text(f"No effect alone on any customer: {', '.join(inert)}.", style="dim")
            )
        console.print(Text(unmoved_sentence(document["not_moved"]), style="dim"))
    for sentence in _not_computed(document):
        console.print(Text(sentence, style="dim"))
    for notice in document["notices"]:
        console.print(Text(notice, style="bold red" if notice.startswith("SIMULATED") else "dim"))
    if document["incomplete"]:
        console.print(Text("Incomplete: lines were left out; see above.", style="bold red"))
    console.print(Text(f"digest {document['digest']}", style="dim"))


def _print_true_up(console: Console, document: Document) -> None:
    """Print what each customer's requirement moved by, where the cycle adjusts another."""
    rows = list(true_up_rows(document))
    if not rows:
        return
    previous = document["previous"]
    title = f"True-up against {previous['cycle']}, run {previous['digest'][:12]}, US dollars"
    if console.width < WIDTH_OF_TABLES:
        console.print(Text(title, style="bold"))
        for label, amounts in rows:
            console.print(f"  {label}", highlight=False)
            for name, each in amounts.items():
                side = "both" if name == "total" else name.upper()
                console.print(
                    f"    {side}: {dollars(each['from'])} to "
                    f"{dollars(each['to'])}, {each['booking']} {dollars(each['difference'])}",
                    highlight=False,
                )
        return
    table = grid(title)
    table.add_column("customer", overflow="fold")
    for heading in ("FICC from", "to", "CME from", "to", "FICC", "CME", "both", "booking"):
        table.add_column(heading, justify="right")
    for label, amounts in rows:
        if label == "total":
            table.add_section()
        table.add_row(
            label,
            *(dollars(amounts[ccp][end]) for ccp in ("ficc", "cme") for end in ("from", "to")),
            *(dollars(amounts[name]["difference"]) for name in ("ficc", "cme", "total")),
            amounts["total"]["booking"],
        )
    console.print(table)


def _print_blocks(console: Console, document: Document) -> None:
    """Print the two tables as lines a customer, where a terminal is too narrow for them."""
    for customer in document["customers"]:
        console.print(Text(customer["customer_id"], style="bold"))
        for name in ("standalone", "requirement", "saved"):
            console.print(f"  {name} {dollars(customer[name])}", highlight=False)
        source = _SOURCE_WORDS[customer["fallback"]["source"]]
        binding = f"{customer['binding']}{source}"
        console.print(f"  reduction {per_cent(customer['reduction'])}, {binding}")
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
        source = _SOURCE_WORDS[customer["fallback"]["source"]]
        table.add_row(
            customer["customer_id"] + mark,
            dollars(customer["standalone"]),
            dollars(customer["requirement"]),
            dollars(customer["saved"]),
            per_cent(customer["reduction"]),
            f"{customer['binding']}{source}",
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


_DECIDES_WORDS = {
    "model": "historical simulation",
    "minimum_margin_amount": "Minimum Margin Amount",
    "floor_percentage": "floor percentage",
}


def decided_by(ccp: str, figures: Document) -> str:
    """Return which component sets the combined figure, in words."""
    if not any(Decimal(figures[name]) for name in ("securities", "futures", "combined")):
        return "nothing held"
    if ccp == "cme":
        is_span = "scan_risk" in figures["components"].get("combined", {})
        return "SPAN" if is_span else "scaled history and stress"
    decides = figures["decided_by"]["combined"]
    if decides == "model":
        return _DECIDES_WORDS[decides]
    simulation = figures["components"]["combined"]["historical_simulation"]
    return f"{_DECIDES_WORDS[decides]} (simulation {dollars(simulation)})"


def _binding_sentence(customer: Document) -> str:
    """Return why the reduction is what it is; of two reasons for none, the one that holds."""
    if customer["binding"] != "NONE":
        return _BINDING_WORDS[customer["binding"]]
    legs = (customer[ccp][name] for ccp in ("ficc", "cme") for name in ("securities", "futures"))
    return _NO_REDUCTION[all(Decimal(leg) > 0 for leg in legs)]


def print_customer(
    console: Console, customer: Document, *, told_once: Collection[str] = ()
) -> None:
    """Print why one customer owes what it owes; see :func:`print_ranges` for what is told once."""
    name = customer["customer_id"]
    console.print()
    console.print(Text(name, style="bold"))
    fallback = fallback_sentence(customer)
    if fallback:
        console.print(Text(f"  {fallback}", style="bold red"))
    else:
        console.print(f"  {_binding_sentence(customer)}")
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
        print_explanation(console, customer["explanation"])
    if "sensitivity" in customer:
        _print_sensitivity(console, customer["sensitivity"])
    if "ranges" in customer:
        print_ranges(console, customer["ranges"], told_once=told_once)


def _not_computed(document: Document) -> Iterable[str]:
    """Yield which of FICC's charges are missing and why, once for all customers it is true of."""
    concerned: dict[str, list[str]] = {}
    for customer in document["customers"]:
        reasons: dict[str, list[str]] = {}
        for each in customer["ficc"]["not_computed"]:
            reasons.setdefault(each["reason"], []).append(each["charge"].replace("_", " "))
        for reason, charges in reasons.items():
            text = f"Not computed at FICC: {', '.join(charges)}: {reason}"
            concerned.setdefault(text, []).append(customer["customer_id"])
    for text, customers in concerned.items():
        everyone = len(customers) == len(document["customers"])
        yield f"{text}." if everyone else f"{text} ({', '.join(customers)})."


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
        for name, amount in customer[ccp]["components"].get("add_ons", {}).items():
            yield (
                f"{ccp.upper()} adds {dollars(amount)} for {name.replace('_', ' ')}, outside the "
                "saving (ruling 2)."
            )
        higher_of = customer[ccp]["components"].get("higher_of")
        if higher_of:
            yield f"The other cycle's charge is {dollars(higher_of)} higher (higher-of, ruling 6)."
        top_up = customer[ccp]["components"].get("customer_minimum_top_up")
        if top_up:
            yield (
                f"The customer minimum adds {dollars(top_up)} at {ccp.upper()} (ruling 6, "
                "recalled)."
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
    print_whole(console, table)
    multiple = sensitivity["cap_stops_binding_at_basis_multiple"]
    if multiple is not None:
        console.print(f"  The cap stops binding when basis volatility is {multiple} times ours.")
    effects = ", ".join(
        f"{name} {value}" for name, value in sensitivity["grid_rounding_dollars"].items()
    )
    console.print(f"  Grid rounding changes the simulation figures by, in dollars: {effects}.")
