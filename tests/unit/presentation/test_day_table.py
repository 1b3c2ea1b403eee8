"""The table of a clearing day: one clock, so that it reads from top to bottom."""

from __future__ import annotations

import io

from rich.console import Console

from crossmargin.presentation.day import outcome_of, print_day


def _step(at: str, name: str) -> dict[str, object]:
    return {
        "business_date": "2026-05-11",
        "at": at,
        "is_new": True,
        "is_file": False,
        "content": {"step": name},
    }


def test_steps_of_both_zones_are_told_on_one_clock() -> None:
    done = [
        _step("2026-05-11T08:00:00-05:00", "cur-02"),
        _step("2026-05-11T09:30:00-04:00", "ficc-morning"),
        _step("2026-05-11T09:00:00-05:00", "cur-03"),
    ]
    written = io.StringIO()
    print_day(Console(file=written, width=120), {"bd_fcm": "BD-FCM", "done": done})
    lines = [line.split() for line in written.getvalue().splitlines()]
    told = [(line[0], line[2]) for line in lines if len(line) > 2 and line[1] == "step"]
    assert told == [("09:00", "cur-02"), ("09:30", "ficc-morning"), ("10:00", "cur-03")]


def test_an_amount_has_its_unit_and_a_count_is_a_count() -> None:
    content = {"requirement": "45820827.94", "wires": 3, "called": "0.00"}
    assert outcome_of(content, is_new=True) == "requirement 45,820,827.94 USD, wires 3"


def test_what_is_outside_the_arrangement_is_told_apart() -> None:
    lacking = [["FCM/FUND", "70.00", "not brought by the customer"]]
    content = {"called": "5.00", "called_outside": "70.00", "lacking_outside": lacking}
    assert outcome_of(content, is_new=True) == (
        "called 5.00 USD, called outside the arrangement 70.00 USD, "
        "lacking outside the arrangement: FCM/FUND 70.00 not brought by the customer"
    )
