"""A crowding document as terminal tables: the same figures, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from crossmargin.presentation.crowding import SIDES, TRADER_CLASSES
from crossmargin.presentation.tables import dollars, grid, per_cent


def print_crowding(console: Console, document: Mapping[str, Any]) -> None:
    """Print all customers together, against the market."""
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    console.print(Text.assemble(("Crowding ", "bold"), f"as of {document['as_of']}, {label}"))
    share = per_cent(document["participation_share"])
    _print_dv01(console, document, share)
    _print_cash(console, document, share)
    _print_contracts(console, document, share)
    _print_interest(console, document)
    _print_crowds(console, document)
    for ccp, title in (("ficc", "FICC, impact cost"), ("cme", "CME, spread and concentration")):
        _print_liquidation(console, document["liquidation"][ccp], ccp, title)
    for notice in document["notices"]:
        console.print(Text(notice, style="bold red" if notice.startswith("SIMULATED") else "dim"))
    console.print(Text(f"digest {document['digest']}", style="dim"))


def _figures(
    console: Console, title: str, first: str, rows: Sequence[tuple[str, ...]], *headings: str
) -> None:
    table = grid(title)
    table.add_column(first, no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _years(tenor: Mapping[str, Any]) -> str:
    upper = tenor["to_years"]
    return f"{tenor['from_years']}-{upper}y" if upper else f"{tenor['from_years']}y up"


def _print_dv01(console: Console, document: Mapping[str, Any], share: str) -> None:
    rows = [
        (
            _years(tenor),
            *(_thousands(tenor["dv01"]["all"][name]) for name in SIDES),
            _thousands(tenor["dv01"]["market_per_day"]),
            f"{float(tenor['dv01']['days_net']):.2f}",
            f"{float(tenor['dv01']['days_gross']):.2f}",
        )
        for tenor in document["tenors"]
    ]
    title = f"DV01 by maturity, both legs, $ thousand/bp; days at {share} of a day's"
    headings = ("long", "short", "net", "gross", "day's DV01", "days net", "gross")
    _figures(console, title, "years", rows, *headings)


def _print_cash(console: Console, document: Mapping[str, Any], share: str) -> None:
    rows = [
        (
            _years(tenor),
            *(_millions(tenor["market_value"][name]) for name in SIDES),
            _millions(tenor["market_value"]["daily_volume"]),
            f"{float(tenor['market_value']['days_net']):.2f}",
            f"{float(tenor['market_value']['days_gross']):.2f}",
        )
        for tenor in document["tenors"]
    ]
    title = f"Securities by maturity, $ million; days at {share} of a day's volume"
    headings = ("long", "short", "net", "gross", "day's volume", "days net", "gross")
    _figures(console, title, "years", rows, *headings)


def _thousands(text: str) -> str:
    return f"{float(text) / 1e3:,.1f}"


def _millions(text: str) -> str:
    return f"{float(text) / 1e6:,.0f}"


def _print_contracts(console: Console, document: Mapping[str, Any], share: str) -> None:
    rows = [
        (
            each["product"],
            *(f"{int(each['contracts'][name]):,}" for name in SIDES),
            f"{float(each['daily_volume']):,.0f}",
            f"{float(each['days_net']):.2f}",
            f"{float(each['days_gross']):.2f}",
        )
        for each in document["products"]
    ]
    title = f"Contracts by product; days at {share} of a day's volume"
    headings = ("long", "short", "net", "gross", "day's volume", "days net", "gross")
    _figures(console, title, "product", rows, *headings)


def _print_interest(console: Console, document: Mapping[str, Any]) -> None:
    if document["open_interest"] is None:
        return
    rows = []
    for each in document["products"]:
        interest = each["open_interest"]
        if interest is None:
            rows.append((each["product"], "-", "-", "-", "-", "-"))
            continue
        nets = (interest["net_positions"][name] for name in TRADER_CLASSES)
        rows.append(
            (
                each["product"],
                f"{interest['contracts']:,}",
                f"{float(interest['share']) * 100:.2f} %",
                *("-" if net is None else f"{net:,}" for net in nets),
            )
        )
    report = document["open_interest"]
    title = (
        f"Open interest, CFTC report of {report['report_date']} ({report['age_days']} days old); "
        "net contracts of traders"
    )
    headings = ("open interest", "customers", "dealers", "asset managers", "leveraged funds")
    _figures(console, title, "product", rows, *headings)


def _print_crowds(console: Console, document: Mapping[str, Any]) -> None:
    rows = []
    named = [(_years(each), each["crowd"]) for each in document["tenors"]]
    named += [(each["product"], each["crowd"]) for each in document["products"]]
    named.append(("all DV01", document["crowd"]))
    for name, crowd in named:
        if not crowd["shares"]:
            continue
        largest = ", ".join(
            f"{share['customer_id']} {per_cent(share['share'])}" for share in crowd["shares"][:3]
        )
        rows.append((name, crowd["side"], f"{float(crowd['herfindahl']):.2f}", largest))
    table = grid("Customers on the side of the net: Herfindahl index and the largest")
    for heading in ("", "side"):
        table.add_column(heading, no_wrap=True)
    table.add_column("index", justify="right")
    table.add_column("largest shares", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print_liquidation(console: Console, part: Mapping[str, Any], ccp: str, title: str) -> None:
    label = "group" if ccp == "ficc" else "product"
    rows = [
        (
            row[label].removeprefix("treasury_").replace("_", " "),
            *_cost_cells(row["cost"]),
            dollars(row["charge"]["missed"]),
        )
        for row in [*part["rows"], {label: "total", **part["total"]}]
    ]
    headings = ("each alone", "netted", "crowd alone", "together", "missed", "of it charged")
    _figures(console, f"Closing out at {title}, US dollars", label, rows, *headings)


def _cost_cells(cost: Mapping[str, str]) -> tuple[str, ...]:
    names = ("own", "netted", "crowd_own", "crowd_together", "missed")
    return tuple(dollars(cost[name]) for name in names)
