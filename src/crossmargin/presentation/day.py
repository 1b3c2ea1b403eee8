"""A run of the clearing day as a document, rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossmargin.collateral.deadline import NEW_YORK
from crossmargin.presentation.tables import grid
from crossmargin.services.clearing_day.engine import FILE, Done

if TYPE_CHECKING:
    from rich.console import Console

DAY_HEADER = ("business_date", "at", "what", "name", "outcome")
_SHOWN = (
    ("requirement", "requirement"),
    ("standalone", "without the arrangement"),
    ("called", "called"),
    ("called_outside", "called outside the arrangement"),
    ("lowered", "lowered"),
    ("wires", "wires"),
    ("left", "lots left"),
    ("closed_out", "contracts closed out"),
    ("taken", "rows taken"),
    ("accrued_paid", "accrued charges paid"),
    ("accrued_left", "accrued and not paid"),
)


def day_document(done: Sequence[Done], *, bd_fcm: str) -> dict[str, Any]:
    """Return what was done, in order."""
    return {
        "bd_fcm": bd_fcm,
        "done": [
            {
                "record_id": each.record.record_id,
                "business_date": each.record.business_date.isoformat(),
                "at": each.record.at.isoformat(),
                "is_file": each.record.stream == FILE,
                "is_new": each.is_new,
                "digest": each.record.digest,
                "content": dict(each.record.content),
            }
            for each in done
        ],
    }


def day_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row for each thing that was done."""
    for each in document["done"]:
        content = each["content"]
        yield (
            each["business_date"],
            each["at"],
            "file" if each["is_file"] else "step",
            content["name"] if each["is_file"] else content["step"],
            outcome_of(content, is_new=each["is_new"]),
        )


def print_day(console: Console, document: Mapping[str, Any]) -> None:
    """Print one table a business day, every time of it New York's, in order."""
    rows = list(day_rows(document))
    for day in dict.fromkeys(row[0] for row in rows):
        table = grid(f"{document['bd_fcm']}, {day}", "at (New York)", "what", "name", "outcome")
        for row in rows:
            if row[0] == day:
                at = datetime.fromisoformat(row[1]).astimezone(NEW_YORK)
                table.add_row(f"{at:%H:%M}", row[2], row[3], row[4])
        console.print(table)


def outcome_of(content: Mapping[str, Any], *, is_new: bool) -> str:
    """Return the outcome of a step or file in a line."""
    parts = [] if is_new else ["done before"]
    parts += [
        f"{label} {_amount(content[key])}"
        for key, label in _SHOWN
        if content.get(key) not in (None, "0.00", 0)
    ]
    parts += [str(content["backups"])] if content.get("backups") else []
    for key, label in (
        ("refused", "refused"),
        ("not_taken", "not taken"),
        ("late", "late"),
        ("fails", "fails"),
        ("directed", "directed"),
        ("in_delivery", "in delivery"),
        ("delivered", "delivered"),
        ("not_delivered", "not delivered"),
        ("restricted_to_risk_reducing", "may only reduce risk"),
        ("close_outs_proposed", "close-out to be decided"),
        ("over_limits", "over a limit"),
        ("lacking_outside", "lacking outside the arrangement"),
        ("accrued", "accrued"),
    ):
        found = content.get(key)
        if found:
            parts.append(f"{label}: {'; '.join(_text(each) for each in found)}")
    return ", ".join(parts)


def _amount(value: object) -> str:
    """Return dollars and cents with their unit, a count as it is."""
    return f"{Decimal(value):,.2f} USD" if isinstance(value, str) else str(value)


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(str(each) for each in value.values())
    if isinstance(value, list | tuple):
        return " ".join(str(each) for each in value)
    return str(value)
