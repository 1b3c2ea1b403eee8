"""What ``--range`` prints: ranges, what moves nobody, and what is not moved with its reason."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from crossmargin.presentation.margin_ranges import (
    ALL_JOINTLY,
    RANGES_HEADER,
    print_ranges,
    range_rows,
    unmoved_sentence,
    without_effect,
)
from crossmargin.services.margin_ranges import OF_SPAN


def _customer(customer: str, *effects: str) -> dict[str, Any]:
    rows = [
        {
            "parameter": f"ficc.{name}",
            "status": "assumed",
            "low": "0",
            "base": "1",
            "high": "2",
            "requirement_at_low": "90.00",
            "requirement_at_base": "100.00",
            "requirement_at_high": "120.00",
            "effect": effect,
        }
        for name, effect in zip(("a", "b", "c"), effects, strict=True)
    ]
    joint = {"joint_best": "80.00", "base": "100.00", "joint_worst": "150.00", "inert": 0}
    return {"bd_fcm": "FCM", "customer_id": customer, "ranges": {"rows": rows, **joint}}


def _unmoved(name: str, reason: str) -> dict[str, str]:
    return {"parameter": f"cme.{name}", "status": "assumed", "value": "1", "reason": reason}


DOCUMENT: dict[str, Any] = {
    "as_of": "2026-03-24",
    "customers": [_customer("=A", "30.00", "0.00", "0.00"), _customer("B", "5.00", "1.00", "0.00")],
    "not_moved": [_unmoved("limit", "it is a limit"), _unmoved("hand", "")],
}


def test_the_csv_has_every_range_the_joint_figures_and_what_is_not_moved() -> None:
    rows = [dict(zip(RANGES_HEADER, row, strict=True)) for row in range_rows(DOCUMENT)]
    assert len(rows) == 2 * (3 + 1) + 2
    first, joint, limit = rows[0], rows[3], rows[8]
    assert (first["customer_id"], first["parameter"], first["low"]) == ("'=A", "ficc.a", "0")
    assert (first["requirement_at_high"], first["effect"]) == ("120.00", "30.00")
    assert joint["parameter"] == ALL_JOINTLY
    figures = [joint[f"requirement_at_{end}"] for end in ("low", "base", "high")]
    assert figures == ["80.00", "100.00", "150.00"]
    assert (limit["customer_id"], limit["base"], limit["reason"]) == ("", "1", "it is a limit")


def test_what_moves_nobody_is_told_once() -> None:
    inert = without_effect(DOCUMENT)
    assert inert == ["ficc.c"]
    for customer, told in zip(DOCUMENT["customers"], ("No effect: ficc.b.", None), strict=True):
        file = io.StringIO()
        print_ranges(Console(file=file, width=80), customer["ranges"], told_once=inert)
        assert "ficc.c" not in file.getvalue()
        assert ("No effect" in file.getvalue()) is (told is not None)
        assert (told or "") in file.getvalue()


def test_the_count_of_what_is_not_moved_says_where_the_reasons_are() -> None:
    one = [_unmoved("limit", "it is a limit")]
    plain = "Not moved: 1 parameter neither sourced nor derived; xm parameters list says of each "
    plain += "why it has no range"
    assert unmoved_sentence(one) == f"{plain}."
    of_span = unmoved_sentence([*one, _unmoved("span_a", OF_SPAN)])
    assert "Not moved: 2 parameters" in of_span
    assert ", but for 1 of SPAN that have one" in of_span
    by_hand = unmoved_sentence(DOCUMENT["not_moved"])
    assert by_hand.endswith("; 1 given by hand or in a user's file state neither range nor reason.")
