"""The failure of FICC or CME as terminal tables: the same figures, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from crossmargin.presentation.tables import grid, print_whole, separated


def print_ficc_failure(console: Console, document: Mapping[str, Any]) -> None:
    """Print assets, customers, pools, and what the two regimes say."""
    _print_heading(console, document)
    _figures(
        console,
        "By asset: all that FICC holds, less what comes before, shared by all its holders",
        ("asset",),
        *("held", "lost", "prior_secured", "available", "owed", "rate", "recovered"),
        *("surplus", "unsecured"),
        rows=document["assets"],
    )
    _print_customers(console, document, ("bd_fcm", "class", "customer", "asset"), "owed")
    _print_pools(console, document)
    if document["unpriced"]:
        console.print(f"Without a price, so without pools: {', '.join(document['unpriced'])}")
    table = grid("Bankruptcy and Title II: the same recovery", "question", "bankruptcy", "Title II")
    table.add_column("status")
    for each in document["regimes"]:
        table.add_row(each["question"], each["bankruptcy"], each["title_ii"], each["status"])
    print_whole(console, table)
    _print_end(console, document)


def print_cme_failure(console: Console, document: Mapping[str, Any]) -> None:
    """Print estates, members, customers and pools."""
    _print_heading(console, document)
    lost, left = (separated(document[name]) for name in ("property_lost", "left"))
    console.print(f"property lost {lost}, left {left}")
    _figures(
        console,
        "By estate: customer class and account class",
        ("account", "class"),
        *("net_equity", "own_property", "paid", "rate"),
        rows=document["estates"],
    )
    _figures(
        console,
        "By member account",
        ("bd_fcm", "account", "class"),
        *("claimed", "allocated_loss", "net_equity", "paid", "owed_to_cme"),
        rows=document["members"],
    )
    _print_customers(console, document, ("bd_fcm", "class", "customer"), "owed_value")
    _print_pools(console, document)
    _print_end(console, document)


def _print_heading(console: Console, document: Mapping[str, Any]) -> None:
    console.print(
        Text.assemble((f"Failure of {document['failure']} ", "bold"), f"as of {document['as_of']}")
    )
    for loss in document["losses"]:
        where = f" at {loss['place']}" if loss["place"] else ""
        console.print(f"supposed lost: {separated(loss['lost'])} of {loss['asset']}{where}")


def _print_customers(
    console: Console, document: Mapping[str, Any], names: tuple[str, ...], first: str
) -> None:
    figures = ("owed", "recovered", "unsecured") if first == "owed" else ("owed_value",)
    values = ("recovered_value", "loss_value")
    _figures(
        console,
        "If the BD-FCM survives: each customer by what was held for it",
        names,
        *figures,
        *values,
        rows=document["customers"],
    )
    for total in document["totals"]:
        said = (separated(total[name] or "no price") for name in ("owed_value", *values))
        owed, recovered, loss = said
        console.print(
            f"{total['bd_fcm']} {total['class']} together: owed {owed}, recovered {recovered}, "
            f"loss {loss}"
        )


def _print_pools(console: Console, document: Mapping[str, Any]) -> None:
    for pool in document["pools"]:
        names = ("owed", "other_property", "recovered", "left")
        owed, elsewhere, recovered, left = (separated(pool[name]) for name in names)
        console.print(
            f"{pool['bd_fcm']}'s futures customers: claims {owed}, property elsewhere "
            f"{elsewhere}, recovered {recovered}; paid {pool['rate']} "
            f"(without the failure {pool['rate_without']}), left {left}"
        )
        _figures(
            console,
            f"If {pool['bd_fcm']} fails too: one pool (17 CFR part 190), dollars",
            ("customer",),
            *("paid_without", "paid", "loss_value"),
            rows=pool["customers"],
        )


def _figures(
    console: Console,
    title: str,
    names: Sequence[str],
    *figures: str,
    rows: Iterable[Mapping[str, Any]],
) -> None:
    table = grid(title)
    for name in names:
        table.add_column(name.replace("_", " "), no_wrap=True)
    for name in figures:
        table.add_column(name.replace("_", " "), justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            *(row[name] or "-" for name in names),
            *(separated(row[name] or "-") for name in figures),
        )
    print_whole(console, table)


def _print_end(console: Console, document: Mapping[str, Any]) -> None:
    for notice in document["notices"]:
        console.print(Text(notice, style="dim"))
    console.print(Text(f"digest {document['digest']}", style="dim"))
