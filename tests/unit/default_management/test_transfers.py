"""Transfers of a trustee: no prejudice, units that stay whole, the clock."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.transfer_test import (
    ClockRoll,
    NoPrejudice,
    Obstacle,
    TransferClock,
    Unit,
    no_prejudice,
    partial_transfer_faults,
)

MEMORIAL_DAY = BusinessCalendar(
    "US", frozenset({date(2026, 5, 25)}), date(2026, 5, 1), date(2026, 6, 30)
)
RELIEF = date(2026, 5, 18)
BASIS = Unit("basis", {"note": 100_000, "ZNM26": -1}, count=10)


def outcome_of(
    transfer: dict[str, int],
    *,
    claims: dict[str, int] | None = None,
    prior: dict[str, int] | None = None,
    available: int = 800,
) -> NoPrejudice:
    def money(amounts: dict[str, int]) -> dict[str, Money]:
        return {name: Money(each * 100) for name, each in amounts.items()}

    return no_prejudice(
        money(claims or {"A": 600, "B": 400}),
        prior=money(prior or {}),
        available=Money(available * 100),
        transfer=money(transfer),
    )


def test_the_last_dollar_that_leaves_others_an_equal_share_may_move() -> None:
    assert outcome_of({"A": 480}).is_allowed
    assert outcome_of({"A": 481}).obstacles == (Obstacle.PREJUDICES_OTHERS,)


def test_the_highest_share_of_all_that_move_is_what_others_need() -> None:
    found = outcome_of({"A": 300, "B": 300}, claims={"A": 600, "B": 400, "C": 100})
    assert (found.needed_dollars, found.remaining) == (150 + 75, Money(200_00))
    assert not found.is_allowed


def test_more_than_a_claim_may_not_move_even_from_plenty() -> None:
    found = outcome_of({"A": 601}, available=10_000)
    assert found.obstacles == (Obstacle.EXCEEDS_CLAIM,)
    assert outcome_of({"A": 481}, prior={"A": 120}, available=10_000).obstacles == (
        Obstacle.EXCEEDS_CLAIM,
    )


def test_nothing_to_move_needs_nothing() -> None:
    found = outcome_of({"A": 0}, prior={"B": 100})
    assert (found.highest_rate, found.needed_dollars, found.is_allowed) == (0, 0, True)


def test_a_deficit_needs_nothing_and_gets_nothing() -> None:
    assert outcome_of({"A": 600}, claims={"A": 600, "B": -400}).is_allowed
    with pytest.raises(RefusedError) as caught:
        outcome_of({"B": 1, "C": 1, "A": -1}, claims={"A": 600, "B": -400}, prior={"B": 1})
    assert [refusal.field for refusal in caught.value.refusals] == [
        "prior_distributions.B",
        "transfer.B",
        "transfer.C",
        "transfer.A",
    ]


@pytest.mark.parametrize(
    ("moved", "is_whole"),
    [
        ({}, True),
        ({"note": 1_000_000, "ZNM26": -10}, True),
        ({"note": 500_000, "ZNM26": -5}, True),
        ({"note": 500_000, "ZNM26": -4}, False),
        ({"note": 500_000}, False),
        ({"note": 50_000, "ZNM26": 0}, False),
        ({"note": 1_100_000, "ZNM26": -11}, False),
        ({"note": -100_000, "ZNM26": 1}, False),
    ],
)
def test_a_pair_moves_in_whole_units_or_not_at_all(moved: dict[str, int], is_whole: bool) -> None:
    assert BASIS.is_whole_in(moved) is is_whole


@pytest.mark.parametrize(
    ("legs", "count"), [({"a": 1}, 1), ({"a": 1, "b": 0}, 1), ({"a": 1, "b": 1}, 0)]
)
def test_a_unit_has_two_legs_and_is_held(legs: dict[str, int], count: int) -> None:
    with pytest.raises(ValueError, match="two legs"):
        Unit("unit", legs, count)


def test_a_partial_transfer_is_refused_with_every_reason() -> None:
    held = {"note": 1_000_000, "ZNM26": -10, "bill": 100}
    claims = {"A": Money(100)}
    whole = {"note": 300_000, "ZNM26": -3, "bill": 100}
    assert not partial_transfer_faults(
        held, whole, [BASIS], claims_before=claims, claims_after=claims
    )
    faults = partial_transfer_faults(
        held,
        {"note": 300_000, "ZNM26": 3, "bill": 200, "bond": 1},
        [BASIS],
        claims_before=claims,
        claims_after={"A": Money(101), "B": Money(1)},
    )
    assert [fault.field for fault in faults] == [
        "moved.ZNM26",
        "moved.bill",
        "moved.bond",
        "units.basis",
        "claims_after.A",
        "claims_after.B",
    ]


@pytest.mark.parametrize(
    ("roll", "last"),
    [
        (ClockRoll.NONE, date(2026, 5, 25)),
        (ClockRoll.NEXT_BUSINESS_DAY, date(2026, 5, 26)),
    ],
)
def test_the_seventh_calendar_day_ends_the_clock_over_a_holiday(
    roll: ClockRoll, last: date
) -> None:
    assert TransferClock(7, roll).last_day(RELIEF, MEMORIAL_DAY) == last
