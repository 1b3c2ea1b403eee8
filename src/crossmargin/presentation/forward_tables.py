"""A forward walk in a terminal: one row a day, then what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossmargin.basics.words import counted
from crossmargin.presentation.tables import dollars, grid, per_cent, print_whole

if TYPE_CHECKING:
    from rich.console import Console

#: From this width on a day has every column.
WIDE = 150
_BINDS = {"BELOW_THRESHOLD": "below", "NONE": "none"}
_DECIDES = {
    "model": "model",
    "minimum_margin_amount": "MMA",
    "floor_percentage": "floor",
    "customer_minimum": "least",
}
_NO_FLOWS = "-"
_UNBOUND = 1000


def print_forward(console: Console, document: Mapping[str, Any]) -> None:
    """Print every customer's days and what they come to, then what the walk rests on."""
    for customer in document["customers"]:
        _print_days(console, document, customer)
        for line in _summary_lines(customer):
            console.print(line)
        console.print()
    for name, reason in document["not_walked"].items():
        console.print(f"Not walked: {name}, {reason}.")
    for name, value in document["parameters"]["changed"].items():
        console.print(f"Set by hand: {name} = {value}.")
    console.print("US dollars in thousands, to the nearest. A loss below zero is a gain.")
    console.print(
        "saved: the reduction; binds: what decides it; due: calls and losses of the day; needed: "
        "what must be there before anything is received, since the opening."
    )
    for notice in document["notices"]:
        console.print(notice)


def _title(document: Mapping[str, Any], customer: Mapping[str, Any]) -> str:
    path, label = document["path"], "real market data"
    if document["market"]["simulated"]:
        label = "SIMULATED MARKET"
    if document["mode"] == "impulse":
        moves = [("parallel", path["parallel_bp"]), ("twist", path["twist_bp"])]
        words = ", ".join(f"{float(bp):+g} bp {name}" for name, bp in moves if float(bp))
    else:
        words = f"{path['from']} to {path['to']}"
    return (
        f"{customer['customer_id']}: {document['mode']}, {words}; "
        f"book of {document['terms_date']}, {label}"
    )


def _print_days(console: Console, document: Mapping[str, Any], customer: Mapping[str, Any]) -> None:
    table = grid(_title(document, customer))
    wide = console.width >= WIDE
    repeats = wide and document["mode"] == "shock"
    table.add_column("date", no_wrap=True)
    if repeats:
        table.add_column("repeats", no_wrap=True)
    headings = ["required", "saved", "binds", "loss\nFICC", "loss\nCME", "due", "needed"]
    if not wide:
        table.padding = (0, 0, 0, 1)
    else:
        headings = ["required", "alone", "saved", "binds", "FICC by", "vol."]
        headings += ["scaled", "stress", "loss\nFICC", "loss\nCME", "due", "needed"]
        headings += ["alone\ndue", "alone\nneeded"]
    for heading in headings:
        left = heading in ("binds", "FICC by")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for row in (customer["opening"], *customer["days"]):
        cells = [row["date"], *([row["repeats"] or "opening"] if repeats else [])]
        table.add_row(*cells, *(_wide(row) if wide else _narrow(row)))
    if table.__rich_measure__(console, console.options.update(max_width=_UNBOUND)).maximum > (
        console.width
    ):
        print_whole(console, table)
    else:
        console.print(table)


def _narrow(row: Mapping[str, Any]) -> list[str]:
    cells = [_thousands(row["requirement"]), per_cent(row["reduction"]), _binds(row)]
    if "variation" not in row:
        return [*cells, *[_NO_FLOWS] * 4]
    flows = row["liquidity"]
    losses = (row["variation"]["ficc_loss"], row["variation"]["cme_loss"])
    return cells + [_thousands(each) for each in (*losses, flows["due"], flows["needed"])]


def _wide(row: Mapping[str, Any]) -> list[str]:
    own = row["cme"]["futures"]
    cells = [
        _thousands(row["requirement"]),
        _thousands(row["standalone"]),
        per_cent(row["reduction"]),
        _binds(row),
        _DECIDES[row["ficc_decided_by"]],
        f"{float(row['volatility_ratio']):.2f}",
        _thousands(own["scaled"]),
        _thousands(own["stress"]),
    ]
    if "variation" not in row:
        return [*cells, *[_NO_FLOWS] * 6]
    flows, without = row["liquidity"], row["liquidity_without"]
    losses = (row["variation"]["ficc_loss"], row["variation"]["cme_loss"])
    amounts = (*losses, flows["due"], flows["needed"], without["due"], without["needed"])
    return cells + [_thousands(each) for each in amounts]


def _binds(row: Mapping[str, Any]) -> str:
    side = str(row["binding"])
    return _BINDS.get(side, side)


def _thousands(text: str) -> str:
    """Return dollars as thousands, the nearest.

    Examples
    --------
    >>> _thousands("-20950163.20"), _thousands("499.99")
    ('-20,950', '0')
    """
    return f"{int((Decimal(text) / 1000).to_integral_value()):,}"


def _summary_lines(customer: Mapping[str, Any]) -> list[str]:
    summary, days = customer["summary"], len(customer["days"])
    low, high = summary["reduction_lowest"], summary["reduction_highest"]
    with_it, without = summary["liquidity"], summary["liquidity_without"]
    binding = ", ".join(
        f"{_BINDS.get(side, side)} {count}" for side, count in summary["binding_days"].items()
    )
    switches = "; ".join(
        f"{each['date']} {each['from']} to {each['to']}" for each in summary["switches"][:_SHOWN]
    )
    more = len(summary["switches"]) - _SHOWN
    lines = [
        f"Requirement: peak {_on(summary['peak_requirement'])}; "
        f"alone {_on(summary['peak_standalone'])}.",
        f"Saved: {_range(low, high)}; days by what binds: {binding}.",
        f"{counted(len(summary['switches']), 'switch', 'switches')} of the binding side"
        f"{': ' + switches if switches else ''}{f'; {more} more' if more > 0 else ''}.",
        f"Largest call of a day: {_on(with_it['largest_called'])}; "
        f"alone {_on(without['largest_called'])}.",
        f"Largest payment due in a day: {_on(with_it['largest_due'])}; "
        f"alone {_on(without['largest_due'])}.",
        f"Most needed since the opening: {_on(with_it['peak_needed'])}; "
        f"alone {_on(without['peak_needed'])}.",
        f"vol.: forecast over median of the {customer['volatility_key_years']}-year key rate; "
        "over 1 it sets CME's scale.",
    ]
    if summary["days_without_observed_basis"]:
        missing = summary["days_without_observed_basis"]
        lines.append(f"No basis of its own on {missing} of {counted(days, 'day')}: left out.")
    return lines


_SHOWN = 4


def _range(low: Mapping[str, str], high: Mapping[str, str]) -> str:
    lowest, highest = per_cent(low["reduction"]), per_cent(high["reduction"])
    if low["reduction"] == high["reduction"]:
        return f"{lowest} on every date"
    return f"{lowest} on {low['date']} to {highest} on {high['date']}"


def _on(peak: Mapping[str, str]) -> str:
    return f"{dollars(peak['dollars'])} on {peak['date']}"
