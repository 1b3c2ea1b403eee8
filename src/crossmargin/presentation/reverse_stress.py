"""A reverse stress as document, CSV rows and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from rich.console import Console

from crossmargin.analysis.plausibility import Plausibility
from crossmargin.analysis.reverse_targets import Target
from crossmargin.arrangement.reduction import Reduction, format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.basics.words import counted
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS
from crossmargin.presentation.cells import LABELS, labels
from crossmargin.presentation.margin_notices import margin_notices
from crossmargin.presentation.stress import (
    ACCOUNT_NOTICE,
    MODE_NOTICE,
    in_bp_text,
    run_part,
    signed,
    signed_dollars,
)
from crossmargin.presentation.tables import WIDTH_OF_TABLES, dollars, grid, per_cent
from crossmargin.services.reverse_book import Found
from crossmargin.services.reverse_stress import (
    Change,
    CustomerReverse,
    Exhaustion,
    ReverseRun,
)
from crossmargin.services.stress import MODE
from crossmargin.services.stress_parameters import StressParameters

Document = dict[str, Any]

CSV_HEADER = (
    *LABELS,
    *("customer_id", "bd_fcm", "target", "against", "days", "margin", "reached", "distance"),
    *("linear_distance", "loss", "window", "as_far", "as_far_along", "lost_as_much"),
    *("nearest_end_date", "nearest_distance", "ficc_saving", "cme_saving", "reduction", "reason"),
    "move_bp",
)
DISTANCE_NOTICE = (
    "Distance: Mahalanobis, in standard deviations of the window's moves together, on the largest "
    "principal components; a move is plausible when others as far have happened."
)
FOUND_NOTICE = (
    "A flip and a saving are searched, not solved: the smallest found is no proof that none is "
    "smaller, and none found is no proof that there is none."
)
_BP = 10_000
_PLACES = 2
_DISTANCE_PLACES = 3


def reverse_document(reverse: ReverseRun, parameters: StressParameters) -> Document:
    """Return the document of a reverse stress.

    Parameters
    ----------
    reverse : ReverseRun
    parameters : StressParameters
        Those the run was made with.
    """
    searched = reverse.target is not Target.EXHAUST
    notices = [MODE_NOTICE, ACCOUNT_NOTICE, DISTANCE_NOTICE, *([FOUND_NOTICE] if searched else [])]
    body: Document = {
        **run_part(reverse.run, parameters),
        "mode": MODE,
        "target": reverse.target.value,
        "below": None if reverse.below is None else format_ratio(reverse.below),
        "notices": [*notices, *margin_notices(reverse.run, "EOD")],
        "windows": [_window(window) for window in reverse.windows],
        "customers": [_customer(customer) for customer in reverse.customers],
    }
    return {**body, "digest": digest_of(body)}


def _window(plausible: Plausibility) -> Document:
    window, distances = plausible.window, plausible.distances
    farthest = int(distances.argmax())
    ordered = sorted(float(each) for each in distances)
    return {
        "days": window.horizon_days,
        "first_end_date": str(window.end_dates.min()),
        "last_end_date": str(window.end_dates.max()),
        "moves": window.count,
        "components": plausible.component_count,
        "explained": f"{plausible.explained:.4f}",
        "median_distance": _number(ordered[len(ordered) // 2]),
        "farthest_distance": _number(ordered[-1]),
        "farthest_end_date": str(window.end_dates[farthest]),
    }


def _customer(customer: CustomerReverse) -> Document:
    change = customer.change
    return {
        "customer_id": customer.result.key.customer_id,
        "bd_fcm": customer.result.key.bd_fcm,
        "margins": {name: str(amount) for name, amount in customer.margins.named().items()},
        "positions_outside_left_out": customer.has_outside,
        "incomplete": customer.result.incomplete,
        "exhaust": [_exhaustion(each) for each in customer.exhaustions],
        "change": None if change is None else _change(change, customer),
    }


def _exhaustion(each: Exhaustion) -> Document:
    smallest = each.smallest
    linear = None if smallest is None else smallest.linear_distance
    return {
        "against": each.against.value,
        "days": each.plausible.window.horizon_days,
        "margin": str(each.margin),
        "reached": each.found is not None,
        "linear_distance": None if linear is None else _number(linear),
        "alignment": None if smallest is None else f"{smallest.alignment:.4f}",
        "starts": 0 if smallest is None else smallest.starts,
        "lost_as_much": each.lost_as_much,
        **_found(each.found, each.plausible),
    }


def _found(found: Found | None, plausible: Plausibility) -> Document:
    if found is None:
        return {"distance": None, "loss": None, "pnl": None, "move": None, "history": None}
    window = plausible.window
    loss = charge_from_dollars(max(Fraction(0), -found.combined))
    return {
        "distance": _number(found.distance),
        "loss": str(loss),
        "pnl": {
            "securities": signed_dollars(found.securities),
            "futures": signed_dollars(found.futures),
            "combined": signed_dollars(found.combined),
        },
        "move": _move(found),
        "history": {
            "window": found.window,
            "as_far": found.as_far,
            "percentile_pct": f"{100 * (found.window - found.as_far) / found.window:.2f}",
            "as_far_along": found.as_far_along,
            "nearest_start_date": str(window.start_dates[found.nearest]),
            "nearest_end_date": str(window.end_dates[found.nearest]),
            "nearest_distance": _number(found.nearest_distance),
        },
    }


def _move(found: Found) -> Document:
    move = found.move
    return {
        "key_rates_bp": {
            f"{years:g}": in_bp_text(float(rate) * _BP)
            for years, rate in zip(move.key_years, move.key_rates[0], strict=True)
        },
        "basis_bp": {
            name: in_bp_text(float(each))
            for name, each in zip(BASIS_CONTRACTS, move.basis_bp[0], strict=True)
        },
        "spread_bp": {
            name: in_bp_text(float(each))
            for name, each in zip(SPREAD_KNOTS, move.spread_bp[0], strict=True)
        },
    }


def _change(change: Change, customer: CustomerReverse) -> Document:
    today = customer.result.requirement
    after = None if change.after is None else change.after.requirement
    return {
        "target": change.target.value,
        "days": change.plausible.window.horizon_days,
        "reached": change.found is not None,
        "reason": change.reason or None,
        "reach": format_ratio(change.reach),
        "evaluations": change.evaluations,
        "today": _reduction(today.reduction, _account(today)),
        "next_day_unmoved": None if change.still is None else _reduction(change.still, None),
        "after": None if after is None else _reduction(after.reduction, _account(after)),
        **_found(change.found, change.plausible),
    }


def _account(requirement: Any) -> Money:
    total: Money = requirement.ficc.requirement + requirement.cme.requirement
    return total


def _reduction(reduction: Reduction, requirement: Money | None) -> Document:
    return {
        "ficc_saving": format_ratio(reduction.ficc_saving),
        "cme_saving": format_ratio(reduction.cme_saving),
        "reduction": format_ratio(reduction.reduction),
        "binding": reduction.binding.value,
        "requirement": None if requirement is None else str(requirement),
    }


def _number(value: float) -> str:
    return f"{value:.{_DISTANCE_PLACES}f}"


def csv_rows(document: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield one row a customer and target."""
    for customer in document["customers"]:
        rows = customer["exhaust"] or [customer["change"]]
        for row in rows:
            history, after = row["history"] or {}, row.get("after") or {}
            cells = [
                *labels(document),
                *(customer["customer_id"], customer["bd_fcm"], document["target"]),
                *(row.get("against"), row["days"], row.get("margin"), row["reached"]),
                *(row["distance"], row.get("linear_distance"), row["loss"]),
                *(history.get(name) for name in ("window", "as_far", "as_far_along")),
                row.get("lost_as_much"),
                *(history.get(name) for name in ("nearest_end_date", "nearest_distance")),
                *(after.get(name) for name in ("ficc_saving", "cme_saving", "reduction")),
                row.get("reason"),
                _move_text(row["move"]),
            ]
            yield [_cell(cell) for cell in cells]


def _cell(cell: object) -> str:
    if isinstance(cell, bool):
        return str(cell).lower()
    return "" if cell is None else str(cell)


def _move_text(move: Mapping[str, Any] | None) -> str:
    if move is None:
        return ""
    every = {**move["key_rates_bp"], **move["basis_bp"], **move["spread_bp"]}
    return " ".join(f"{name}:{signed(size, _PLACES)}" for name, size in every.items())


def print_reverse(console: Console, document: Mapping[str, Any]) -> None:
    """Print each customer's smallest moves, and what in the past was like them."""
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    for customer in document["customers"]:
        title = f"{customer['customer_id']}, {document['as_of']}, mode {document['mode']}, {label}"
        if customer["exhaust"]:
            _print_exhaustions(console, customer, title)
        else:
            _print_change(console, customer["change"], title, document)
        if customer["positions_outside_left_out"]:
            console.print("  Positions outside the XM account are left out.")
    for window in document["windows"]:
        console.print(
            f"{window['moves']} moves of {counted(window['days'], 'day')} to "
            f"{window['last_end_date']}: {window['components']} components explain "
            f"{per_cent(window['explained'])}; distance {window['median_distance']} in the median, "
            f"{window['farthest_distance']} at most ({window['farthest_end_date']}).",
            highlight=False,
        )
    console.print(
        "As far: moves of the window at least so far from none; along: at least so far in this "
        "direction; lost: that lose as much on today's book. Linear: distance by the closed form."
    )
    for notice in document["notices"]:
        console.print(notice)


def _print_exhaustions(console: Console, customer: Mapping[str, Any], title: str) -> None:
    table = grid(f"{title}: smallest move that loses what is collected")
    wide = console.width >= WIDTH_OF_TABLES
    table.add_column("against", no_wrap=True)
    for heading in ("days", "collected", "distance", *(("linear",) if wide else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("as far", "along", "lost"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("nearest to", no_wrap=True)
    for row in customer["exhaust"]:
        history = row["history"] or {}
        table.add_row(
            row["against"],
            str(row["days"]),
            dollars(row["margin"]),
            row["distance"] or "none",
            *([row["linear_distance"] or "-"] if wide else []),
            *(str(history.get(name, "-")) for name in ("as_far", "as_far_along")),
            str(row["lost_as_much"]),
            history.get("nearest_end_date", "-"),
        )
    console.print(table)
    for row in customer["exhaust"]:
        if row["move"]:
            _print_move(console, row, f"{row['against']}, {counted(row['days'], 'day')}")


def _print_move(console: Console, row: Mapping[str, Any], name: str) -> None:
    pnl = {leg: dollars(amount) for leg, amount in row["pnl"].items()}
    console.print(
        f"  {name}: securities {pnl['securities']}, futures {pnl['futures']}, "
        f"combined {pnl['combined']}",
        highlight=False,
    )
    keys = ", ".join(
        f"{_tenor(years)} {signed(size, 1)}" for years, size in row["move"]["key_rates_bp"].items()
    )
    others = ", ".join(
        f"{name.replace('SOFR_SPREAD_', 'spread ').lower() if '_' in name else name}"
        f" {signed(size, 1)}"
        for kind in ("basis_bp", "spread_bp")
        for name, size in row["move"][kind].items()
    )
    console.print(f"    key rates, bp: {keys}", highlight=False)
    console.print(f"    basis and spread, bp: {others}", highlight=False)


def _tenor(years: str) -> str:
    value = float(years)
    return f"{12 * value:g}M" if value < 1 else f"{value:g}Y"


def _print_change(
    console: Console, change: Mapping[str, Any], title: str, document: Mapping[str, Any]
) -> None:
    aim = (
        "the other saving the smaller"
        if document["target"] == Target.FLIP
        else f"the reduction under {per_cent(document['below'])}"
    )
    table = grid(f"{title}: smallest move found that makes {aim}")
    table.add_column("", no_wrap=True)
    for heading in ("FICC saving", "CME saving", "reduction", "binds", "requirement"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, words in (("today", "today"), ("next_day_unmoved", "unmoved"), ("after", "after")):
        row = change[name]
        if row is not None:
            table.add_row(
                words,
                *(f"{float(row[each]) * 100:.2f} %" for each in ("ficc_saving", "cme_saving")),
                f"{float(row['reduction']) * 100:.2f} %",
                row["binding"],
                "-" if row["requirement"] is None else dollars(row["requirement"]),
            )
    console.print(table)
    asked = counted(change["evaluations"], "requirement")
    if change["reason"]:
        console.print(f"  Not searched: {change['reason']}.")
    elif not change["reached"]:
        console.print(
            f"  None found within a distance of {float(change['reach']):g}, {asked} made."
        )
    else:
        history = change["history"]
        console.print(
            f"  Distance {change['distance']}, {asked} made; as far {history['as_far']}, along "
            f"{history['as_far_along']} of {history['window']}; nearest to "
            f"{history['nearest_end_date']}.",
            highlight=False,
        )
        _print_move(console, change, counted(change["days"], "day"))
