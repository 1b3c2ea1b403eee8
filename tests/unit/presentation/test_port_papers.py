"""What is printed of the papers that customers came to receivers with."""

from __future__ import annotations

from typing import Any

from crossmargin.presentation.port_books import paper_lines


def brought(receiver: str, *lacking: str) -> dict[str, Any]:
    return {
        "receiver": receiver,
        "carried_over": [{"kind": "DISCLOSURE"}],
        "to_obtain": [{"what": "DISCLOSURE", "by": "2026-09-24"}],
        "lacking": list(lacking),
        "may_hold_positions": {"allowed": True, "decided_by": None},
    }


def test_customers_of_whom_a_receiver_is_told_the_same_stand_together() -> None:
    came = {
        "ONE": [brought("NORTH")],
        "TWO": [brought("NORTH", "access: kept out"), brought("SOUTH")],
        "THREE": [brought("NORTH")],
    }
    customers = [{"customer": name, "brought_in": each} for name, each in came.items()]
    same = [
        "  may hold positions: yes",
        "  carried over: DISCLOSURE",
        "  to obtain: DISCLOSURE by 2026-09-24",
    ]
    assert list(paper_lines({"customers": customers})) == [
        *("At NORTH: ONE, THREE", *same),
        *("At NORTH: TWO", *same, "  lacking: access: kept out"),
        *("At SOUTH: TWO", *same),
    ]
