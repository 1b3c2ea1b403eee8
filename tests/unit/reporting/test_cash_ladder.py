"""The cash ladder: rungs by hour, what is prefunded by customer, peaks by instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.reporting.cash_ladder import (
    CARRIED,
    CashChange,
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


def change(customer_id: str, place: str, minutes: int, cents: int) -> CashChange:
    return CashChange(customer_id, place, FIRST + timedelta(minutes=minutes), Money(cents))


def ladder(*each: CashMovement | CashChange, **own: int) -> CashLadder:
    return cash_ladder(
        [one for one in each if isinstance(one, CashMovement)],
        [one for one in each if isinstance(one, CashChange)],
        own_cash={customer: Money(cents) for customer, cents in own.items()},
        first_hour=FIRST,
        last_hour=LAST,
    )


def test_every_place_has_every_hour():
    found = ladder(move("CME", 90, OUT, 70), move("FICC", 30, OUT, 10))
    assert len(found.rungs) == 2 * 11
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


def test_a_customers_own_cash_goes_before_the_firms():
    found = ladder(change("A", "CME", 10, -100), A=70)
    assert found.total_peak == Peak(Money(30), FIRST + timedelta(minutes=10))
    assert ladder(change("A", "CME", 10, -100), A=100).total_peak == Peak(ZERO, None)


def test_nobodys_cash_serves_another():
    found = ladder(change("A", "CME", 10, -100), change("B", "BANK", 5, 500), B=60)
    assert found.total_peak.amount == Money(100)


def test_the_peak_is_found_by_instant_not_by_hour():
    found = ladder(change("A", "CME", 10, -100), change("A", "BANK", 50, 100))
    assert found.peaks["CME"] == Peak(Money(100), FIRST + timedelta(minutes=10))
    assert [rung.prefunded_at_end for rung in found.rungs if rung.place == "CME"] == [ZERO] * 11


def test_in_one_instant_what_goes_out_goes_first():
    found = ladder(change("A", "BANK", 10, 100), change("A", "CME", 10, -100))
    assert found.total_peak.amount == Money(100)


def test_what_comes_in_pays_back_the_oldest_place_first():
    found = ladder(
        change("A", "CME", 10, -100), change("A", "FICC", 20, -50), change("A", "BANK", 70, 120)
    )
    ends = {
        (rung.place, rung.start.hour): rung.prefunded_at_end.cents
        for rung in found.rungs
        if rung.start.hour < 14
    }
    assert (ends["CME", 12], ends["FICC", 12]) == (100, 50)
    assert (ends["CME", 13], ends["FICC", 13]) == (0, 30)
    assert found.total_peak == Peak(Money(150), FIRST + timedelta(minutes=20))


def test_what_was_laid_out_before_is_carried():
    found = ladder(change("A", "BANK", 70, 40), A=-100)
    assert found.peaks[CARRIED] == Peak(Money(100), FIRST)
    carried = [rung.prefunded_at_end.cents for rung in found.rungs if rung.place == CARRIED]
    assert carried[:2] == [100, 60]


def test_a_day_with_nothing():
    assert ladder() == CashLadder((), {}, Peak(ZERO, None))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"movements": (move("CME", -1, OUT, 1),)}, "movements are of"),
        ({"movements": (move("CME", 11 * 60, OUT, 1),)}, "movements are of"),
        ({"changes": (change("A", "CME", -1, 1),)}, "movements are of"),
        ({"last_hour": LAST + timedelta(minutes=1)}, "whole hours"),
        ({"last_hour": FIRST - timedelta(hours=1)}, "whole hours"),
    ],
)
def test_impossible_days_are_refused(changed: dict[str, Any], message: str):
    values = {
        "movements": (),
        "changes": (),
        "own_cash": {},
        "first_hour": FIRST,
        "last_hour": LAST,
        **changed,
    }
    with pytest.raises(ValueError, match=message):
        cash_ladder(values.pop("movements"), values.pop("changes"), **values)


def test_impossible_movements_are_refused():
    naive = datetime(2026, 5, 11)  # noqa: DTZ001
    with pytest.raises(ValueError, match="above zero"):
        move("CME", 1, OUT, 0)
    with pytest.raises(ValueError, match="a zone"):
        CashMovement("CME", naive, OUT, Money(1), "margin", True)
    with pytest.raises(ValueError, match="an amount"):
        change("A", "CME", 1, 0)
    with pytest.raises(ValueError, match="a zone"):
        CashChange("A", "CME", naive, Money(1))


def test_what_the_arrangement_saves_is_the_difference_of_the_peaks():
    compared = ComparedLadders(
        with_arrangement=ladder(move("CME", 10, OUT, 20), change("A", "CME", 10, -20)),
        without_arrangement=ladder(change("A", "CME", 10, -100)),
    )
    assert compared.peak_saved == Money(80)
    document: Any = compared.as_document()
    assert document["peak_saved"] == "0.80"
    assert document["without_arrangement"]["peak_prefunding"]["CME"] == {
        "amount": "1.00",
        "at": "2026-05-11T12:10:00+00:00",
    }
    assert document["with_arrangement"]["rungs"][0]["due_out"] == "0.20"
