"""A backtest of a positions file as terminal tables: the same figures, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from crossmargin.presentation.tables import dollars, grid

if TYPE_CHECKING:
    from rich.console import Console

Document = Mapping[str, Any]

_WIDE = 130
_NARROW = 100
_VERDICTS = {
    "UNDER_MARGINED": "under",
    "OVER_MARGINED": "over",
    "NOT_REJECTED": "not rej.",
}
_NAMES = {
    "ficc_securities": "FICC, securities",
    "ficc_futures": "FICC, futures",
    "ficc_combined": "FICC, both legs",
    "cme_securities": "CME, securities",
    "cme_futures": "CME, futures",
    "cme_combined": "CME, both legs",
    "together_ficc_horizon": "OFFSET, together",
    "together_cme_horizon": "OFFSET, together",
    "ficc_alone": "OFFSET, FICC alone",
    "cme_alone": "OFFSET, CME alone",
    "collected": "collected, both",
}


def print_backtest_positions(console: Console, document: Document) -> None:
    """Print every customer's series, what decided the reduction, and the notices."""
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    console.print(
        Text.assemble(
            ("Backtest ", "bold"),
            f"{document['from']} to {document['to']}, {document['margin_dates']} margin dates, "
            f"{'positions by date' if 'path' in document else 'books of ' + document['as_of']}, "
            f"{label}",
        )
    )
    if "path" in document:
        _print_path(console, document["path"])
    for customer in document["customers"]:
        _print_customer(console, customer)
    _print_pooled(console, document["pooled"])
    if document["left_out"]:
        names = ", ".join(document["left_out"])
        console.print(Text(f"Nothing in the XM account: {names}.", style="dim"))
    console.print(
        Text(
            f"Verdict on coverage of {document['target_coverage_pct']} %: under- or over-margined "
            "by Kupiec's test, its ratio divided by the horizon because outcomes overlap; "
            "* exceptions come in clusters (Christoffersen). Uncovered adds up every loss beyond "
            "margin. OFFSET: the reduced margin against the loss of both legs; "
            "collected: the same with the customer minimum.",
            style="dim",
        )
    )
    for notice in document["notices"]:
        console.print(Text(notice, style="bold red" if notice.startswith("SIMULATED") else "dim"))
    console.print(Text(f"digest {document['digest']}", style="dim"))


def _print_path(console: Console, path: Document) -> None:
    counts = ", ".join(f"{name} {count}" for name, count in path["books"].items())
    console.print(Text(f"Books that follow each other: {counts}."))
    for each in path["left"]:
        left = f"line {each['line']} ({each['customer_id']}, {each['instrument']})"
        console.print(Text(f"Left on {each['since']}: {left}, {each['reason']}.", style="dim"))
    for name, count in path["outside"].items():
        lines = "1 line" if count == 1 else f"{count} lines"
        said = f"{name}: {lines} outside the XM account on some dates, no part of this."
        console.print(Text(said, style="dim"))
    if path["par_amounts"]:
        said = f"Repo lines without a start amount: {path['par_amounts']}; par stands for it."
        console.print(Text(said, style="dim"))


def _print_customer(console: Console, customer: Document) -> None:
    console.print()
    console.print(Text(f"{customer['customer_id']}: {customer['strategy'].replace('_', ' ')}"))
    console.print(_series_table(customer["series"], width=console.width))
    for name in ("requirement", "standalone"):
        found = customer[name]
        rises = found["largest_rise_pct"]
        console.print(
            f"{'Requirement' if name == 'requirement' else 'Stand-alone'}: average "
            f"{dollars(found['average'])}, {dollars(found['trough'])} ({found['trough_on']}) to "
            f"{dollars(found['peak'])} ({found['peak_on']}), largest rise "
            + ", ".join(f"{float(rise):.0f} % in {days}d" for days, rise in rises.items())
            + ".",
            highlight=False,
        )
    console.print(_binding_sentence(customer["binding"]), highlight=False)
    if customer["without_outcomes"]:
        names = ", ".join(_NAMES[name] for name in customer["without_outcomes"])
        console.print(Text(f"No date with futures prices: {names}.", style="dim"))
    _print_regimes(console, customer)
    for part in customer["tenors"]:
        console.print(f"  {part['customer_id']}", highlight=False)
        console.print(_series_table(part["series"], width=console.width))


def _series_table(series: Document, *, width: int) -> Any:
    """Return a row a series; narrow, the horizon stands with the name, so that dollars fit."""
    table = grid("")
    table.add_column("margin", no_wrap=True)
    headings = [] if width < _NARROW else ["days"]
    headings += ["of", "beyond", "cover %", "verdict", "uncovered"]
    if width >= _WIDE:
        headings += ["worst run %", "largest miss", "average", "peak/low"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    for name, found in series.items():
        if name == "together_ficc_horizon":
            table.add_section()
        days = str(found["horizon_days"])
        verdict = _VERDICTS[found["verdict"]] + ("*" if found["clustered"] else "")
        cells = [
            *([f"{_NAMES[name]}, {days}d"] if width < _NARROW else [_NAMES[name], days]),
            str(found["outcomes"]),
            str(found["exceptions"]),
            found["coverage_pct"],
            verdict,
            dollars(found["severity"]["uncovered"]),
        ]
        if width >= _WIDE:
            cells += _wide_cells(found)
        table.add_row(*cells)
    return table


def _wide_cells(found: Document) -> list[str]:
    worst = found["worst_rolling"]
    procyclicality = found["procyclicality"]
    ratio = procyclicality["peak_to_trough"]
    return [
        worst["coverage_pct"] if worst else "-",
        dollars(found["severity"]["largest"]),
        dollars(procyclicality["average"]),
        "-" if ratio is None else f"{float(ratio):.1f}",
    ]


def _binding_sentence(binding: Document) -> str:
    total: dict[str, int] = {}
    for counts in binding["by_year"].values():
        for side, count in counts.items():
            total[side] = total.get(side, 0) + count
    days = sum(total.values())
    parts = [f"{side} {100.0 * count / days:.0f} %" for side, count in total.items() if count]
    return f"Decided by: {', '.join(parts)} of dates; {binding['switches']} changes."


def _print_regimes(console: Console, customer: Document) -> None:
    headline = customer["series"].get("together_ficc_horizon")
    if headline is None:
        return
    console.print("The offset by regime and by volatility: both reduced, FICC's horizon")
    table = grid("")
    for heading in ("regime", "of", "beyond", "cover %", "uncovered", "avg. margin"):
        left = heading == "regime"
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for rows in (headline["regimes"], headline["volatility_states"]):
        for row in rows:
            table.add_row(
                row["regime"].replace("_", " "),
                str(row["outcomes"]),
                str(row["exceptions"]),
                row["coverage_pct"],
                dollars(row["uncovered"]),
                dollars(row["average_margin"]),
            )
        table.add_section()
    console.print(table)


def _print_pooled(console: Console, pooled: Sequence[Document]) -> None:
    if not pooled:
        return
    console.print()
    console.print("The offset by strategy: outcomes of one date are not independent, no test")
    table = grid("")
    for heading in ("strategy", "customers", "of", "beyond", "cover %", "uncovered"):
        left = heading == "strategy"
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    for row in pooled:
        table.add_row(
            row["group"].replace("_", " "),
            str(len(row["customers"])),
            str(row["outcomes"]),
            str(row["exceptions"]),
            row["coverage_pct"],
            dollars(row["uncovered"]),
        )
    console.print(table)
