"""The cash ladder: rungs by hour, peaks by instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.reporting.cash_ladder import (
    CashLadder,
    CashMovement,
    ComparedLadders,
    Direction,
    Peak,
    cash_ladder,
)

FIRST = datetime(2026, 5, 11, 12, tzinfo=UTC)
LAST = datetime(2026, 5, 11, 22, tzinfo=UTC)
OUT, IN = Direction.OUT, Direction.IN


def move(
    place: str, minutes: int, direction: Direction, cents: int, *, is_done: bool = True
) -> CashMovement:
    at = FIRST + timedelta(minutes=minutes)
    return CashMovement(place, at, direction, Money(cents), "margin", is_done)


def ladder(*movements: CashMovement, opening: dict[str, int] | None = None) -> CashLadder:
    return cash_ladder(
        movements,
        opening={place: Money(cents) for place, cents in (opening or {}).items()},
        first_hour=FIRST,
        last_hour=LAST,
    )


def test_every_place_has_every_hour_and_carries_its_cash():
    found = ladder(move("CME", 90, OUT, 70), move("FICC", 30, OUT, 10), opening={"CME": 100})
    assert len(found.rungs) == 2 * 11
    assert [rung.available_at_end.cents for rung in found.rungs[:3]] == [100, 30, 30]
    assert [rung.due_out.cents for rung in found.rungs[:3]] == [0, 70, 0]


def test_an_hour_ends_where_the_next_begins():
    first, second = ladder(move("CME", 59, OUT, 1), move("CME", 60, OUT, 2)).rungs[:2]
    assert (first.due_out.cents, second.due_out.cents) == (1, 2)


def test_what_is_not_done_is_named():
    (rung, *_) = ladder(
        move("CME", 0, OUT, 5),
        move("CME", 1, OUT, 7, is_done=False),
        move("CME", 2, IN, 11, is_done=False),
    ).rungs
    assert (rung.due_out.cents, rung.come_in.cents) == (12, 11)
    assert (rung.still_to_go_out.cents, rung.still_to_come_in.cents) == (7, 11)


def test_the_peak_is_found_by_instant_not_by_hour():
    # At the end of the hour all is back: only an instant shows what was laid out.
    found = ladder(move("CME", 10, OUT, 100), move("CME", 50, IN, 100), opening={"CME": 30})
    assert found.rungs[0].available_at_end == Money(30)
    assert found.peaks["CME"] == Peak(Money(70), FIRST + timedelta(minutes=10))


def test_in_one_instant_what_goes_out_goes_first():
    found = ladder(move("CME", 10, IN, 100), move("CME", 10, OUT, 100))
    assert found.peaks["CME"].amount == Money(100)


def test_one_places_surplus_lowers_the_total_peak():
    found = ladder(move("CME", 10, OUT, 100), opening={"BANK": 60})
    assert found.peaks["CME"].amount == Money(100)
    assert found.peaks["BANK"] == Peak(ZERO, None)
    assert found.total_peak.amount == Money(40)


def test_a_day_with_nothing():
    assert ladder() == CashLadder((), {}, Peak(ZERO, None))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"movements": (move("CME", -1, OUT, 1),)}, "movements are of"),
        ({"movements": (move("CME", 11 * 60, OUT, 1),)}, "movements are of"),
        ({"opening": {"CME": Money(-1)}}, "not negative"),
        ({"last_hour": LAST + timedelta(minutes=1)}, "whole hours"),
        ({"last_hour": FIRST - timedelta(hours=1)}, "whole hours"),
    ],
)
def test_impossible_days_are_refused(changes: dict[str, Any], message: str):
    values = {"movements": (), "opening": {}, "first_hour": FIRST, "last_hour": LAST, **changes}
    with pytest.raises(ValueError, match=message):
        cash_ladder(values.pop("movements"), **values)


def test_impossible_movements_are_refused():
    with pytest.raises(ValueError, match="above zero"):
        move("CME", 1, OUT, 0)
    with pytest.raises(ValueError, match="a zone"):
        CashMovement("CME", datetime(2026, 5, 11), OUT, Money(1), "margin", True)  # noqa: DTZ001


def test_what_the_arrangement_saves_is_the_difference_of_the_peaks():
    compared = ComparedLadders(
        with_arrangement=ladder(move("CME", 10, OUT, 20)),
        without_arrangement=ladder(move("CME", 10, OUT, 100)),
    )
    assert compared.peak_saved == Money(80)
    document: Any = compared.as_document()
    assert document["peak_saved"] == "0.80"
    assert document["without_arrangement"]["peak_prefunding"]["CME"] == {
        "amount": "1.00",
        "at": "2026-05-11T12:10:00+00:00",
    }
    assert document["with_arrangement"]["rungs"][0]["due_out"] == "0.20"
