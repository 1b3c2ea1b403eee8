"""A drill of a port: what would have been sent, and how long each step took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.port_tables import print_notices, stage_lines, title
from crossmargin.presentation.tables import grid, print_whole
from crossmargin.services.porting.drill import StepTime

if TYPE_CHECKING:
    from rich.console import Console

Document = dict[str, Any]
TIME_NOTICE = (
    "Seconds are those of this machine on this run: no figure of record, and no part of a digest. "
    "What people, banks and clearing organizations take is not in them."
)
CSV_HEADER = ("as_of", "simulated", "bd_fcm", "step", "seconds")


def drill_document(
    plan: Mapping[str, Any], packages: Mapping[str, Document], steps: Sequence[StepTime]
) -> Document:
    """Return the JSON shape of a drill.

    Parameters
    ----------
    plan : mapping
        The document of the plan.
    packages : mapping of receiver to document
    steps : sequence of StepTime
    """
    return {
        "bd_fcm": plan["bd_fcm"],
        "as_of": plan["as_of"],
        "market": plan["market"],
        "parameters": plan["parameters"],
        "plan_digest": plan["digest"],
        "verdict": plan["verdict"],
        "clock": plan["clock"],
        "outcomes": _counts(plan),
        "objective": plan["objective"],
        "solver": plan["solver"],
        "stages": plan["stages"],
        "packages": [
            {
                "receiver": name,
                "customers": len(each["customers"]),
                "digest": each["digest"],
                "lacks": [
                    f"{customer['customer_id']}: {what}"
                    for customer in each["customers"]
                    for what in customer["lacks"]
                ],
            }
            for name, each in packages.items()
        ],
        "steps": [{"step": each.step, "seconds": f"{each.seconds:.3f}"} for each in steps],
        "seconds": f"{sum(each.seconds for each in steps):.3f}",
        "notices": [*plan["notices"], TIME_NOTICE],
    }


def _counts(plan: Mapping[str, Any]) -> dict[str, int]:
    words = ("WHOLE", "DIVIDED", "IN_PART", "STAYS", "INELIGIBLE")
    found = [each["outcome"] for each in plan["customers"]]
    return {word: found.count(word) for word in words}


def csv_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a step."""
    lead = [document["as_of"], str(document["market"]["simulated"]).lower(), document["bd_fcm"]]
    return [[*lead, each["step"], each["seconds"]] for each in document["steps"]]


def print_drill(console: Console, document: Mapping[str, Any]) -> None:
    """Print times, outcomes and what packages lack."""
    console.print(f"Drill: {title(document)}")
    table = grid("Machine time", "step")
    table.add_column("seconds", justify="right")
    for each in document["steps"]:
        table.add_row(each["step"], each["seconds"])
    table.add_row("all", document["seconds"])
    print_whole(console, table)
    outcomes = ", ".join(f"{word} {count}" for word, count in document["outcomes"].items())
    console.print(f"Customers: {outcomes}.")
    for line in stage_lines(document):
        console.print(line)
    for gate in document["verdict"]["gates"]:
        if not gate["passed"]:
            console.print(f"Gate not passed: {gate['name']}: {gate['detail']} ({gate['rule']}).")
    for each in document["packages"]:
        lacking = Counter(what.partition(": ")[2] for what in each["lacks"])
        words = "".join(f"; {what}: {count} lack it" for what, count in lacking.items())
        console.print(f"{each['receiver']}: {each['customers']} packed{words}.")
    print_notices(console, document)
