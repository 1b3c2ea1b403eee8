"""Breaks: what differs, why, since when; what is resolved."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.reporting.breaks import Break, BreakReason, Reconciliation, reconcile

NOTE = security("91282CMS7")
MONDAY, TUESDAY, WEDNESDAY = date(2026, 5, 11), date(2026, 5, 12), date(2026, 5, 13)


def reconciled(
    ours: dict[tuple[str, Asset], int],
    theirs: dict[tuple[str, Asset], int],
    *,
    day: date = MONDAY,
    in_transit: dict[tuple[str, Asset], int] | None = None,
    previous: tuple[Break, ...] = (),
) -> Reconciliation:
    return reconcile(
        ours,
        theirs,
        business_date=day,
        counterpart="FRBNY",
        in_transit=in_transit or {},
        previous=previous,
    )


def test_sides_that_agree_have_no_breaks():
    both = {("FRBNY", CASH): 100, ("FRBNY", NOTE): 5_000}
    found = reconciled(both, dict(both))
    assert (found.compared, found.breaks, found.resolved) == (2, (), ())


def test_zero_on_one_side_and_silence_on_the_other_agree():
    assert reconciled({("FRBNY", CASH): 0}, {}).breaks == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "in_transit", "reason"),
    [
        ({("X", CASH): 100}, {("X", CASH): 90}, {}, BreakReason.AMOUNTS_DIFFER),
        ({("X", CASH): 100}, {}, {}, BreakReason.NOT_IN_THEIR_FILE),
        ({}, {("X", CASH): 90}, {}, BreakReason.NOT_IN_OUR_BOOKS),
        ({("X", CASH): 100}, {("X", CASH): 90}, {("X", CASH): 10}, BreakReason.IN_TRANSIT),
        ({("X", CASH): 100}, {}, {("X", CASH): 100}, BreakReason.IN_TRANSIT),
        ({("X", CASH): 90}, {("X", CASH): 100}, {("X", CASH): -10}, BreakReason.IN_TRANSIT),
        ({("X", CASH): 100}, {("X", CASH): 90}, {("X", CASH): 9}, BreakReason.AMOUNTS_DIFFER),
        ({("X", CASH): 100}, {("X", CASH): 90}, {("X", CASH): -10}, BreakReason.AMOUNTS_DIFFER),
    ],
)
def test_the_reason_is_what_the_figures_tell(
    ours: dict[tuple[str, Asset], int],
    theirs: dict[tuple[str, Asset], int],
    in_transit: dict[tuple[str, Asset], int],
    reason: BreakReason,
):
    (found,) = reconciled(ours, theirs, in_transit=in_transit).breaks
    assert found.reason is reason


def test_a_break_keeps_its_date_and_ages_until_the_sides_agree():
    ours = {("X", CASH): 100, ("X", NOTE): 700}
    first = reconciled(ours, {("X", CASH): 90, ("X", NOTE): 700})
    second = reconciled(
        ours, {("X", CASH): 80, ("X", NOTE): 600}, day=TUESDAY, previous=first.breaks
    )
    assert [(each.asset, each.opened, each.age_business_days) for each in second.breaks] == [
        (CASH, MONDAY, 1),
        (NOTE, TUESDAY, 0),
    ]
    third = reconciled(
        ours, {("X", CASH): 100, ("X", NOTE): 600}, day=WEDNESDAY, previous=second.breaks
    )
    assert [(each.asset, each.age_business_days) for each in third.breaks] == [(NOTE, 1)]
    assert [(each.asset, each.difference) for each in third.resolved] == [(CASH, -20)]


def test_what_neither_side_names_any_more_is_resolved():
    first = reconciled({("X", CASH): 1}, {})
    second = reconciled({}, {}, day=TUESDAY, previous=first.breaks)
    assert second.resolved == first.breaks


def test_a_break_of_the_same_day_is_not_carried():
    first = reconciled({("X", CASH): 1}, {})
    with pytest.raises(ValueError, match="before 2026-05-11"):
        reconciled({("X", CASH): 1}, {}, previous=first.breaks)


def test_the_document_says_in_which_unit_it_counts():
    document = reconciled({("X", NOTE): 700}, {}).as_document()
    assert document["breaks"] == [
        {
            "account": "X",
            "asset": "SEC-91282CMS7",
            "unit": "dollars of par",
            "ours": 700,
            "theirs": 0,
            "difference": -700,
            "reason": "not_in_their_file",
            "opened": "2026-05-11",
            "age_business_days": 0,
        }
    ]
