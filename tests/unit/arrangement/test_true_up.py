"""The true-up: from, to and difference to the cent; customers who came and who left."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crossmargin.arrangement.reduction import ModelFigures, ReductionRules, margin_reduction
from crossmargin.arrangement.true_up import (
    Booking,
    Collected,
    CollectedAtBoth,
    Difference,
    Presence,
    true_up,
)
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.bootstrap import parameter_sets

PAGE = Path(__file__).resolve().parents[3] / "docs" / "methodology" / "cycles.md"

STAYS, CAME, LEFT = (CustomerKey("BD1", name) for name in ("STAYS", "CAME", "LEFT"))


def collected(ficc: int, ficc_outside: int, cme: int, cme_outside: int) -> CollectedAtBoth:
    return CollectedAtBoth(
        Collected(Money(ficc), Money(ficc_outside)), Collected(Money(cme), Money(cme_outside))
    )


BEFORE = {STAYS: collected(20_00, 1_00, 18_40, 0), LEFT: collected(5_00, 2_00, 3_00, 4_00)}
AFTER = {STAYS: collected(31_58, 1_50, 17_40, 0), CAME: collected(10_00, 0, 2_00, 1_00)}


def test_each_account_at_each_ccp_has_both_amounts_and_the_difference():
    entry = next(c for c in true_up(BEFORE, AFTER).customers if c.key == STAYS)
    assert entry.presence is Presence.BOTH
    assert entry.ficc.requirement == Difference(Money(20_00), Money(31_58))
    assert entry.ficc.requirement.amount == Money(11_58)
    assert entry.ficc.outside.amount == Money(50)
    assert (entry.cme.total.amount, entry.cme.total.booking) == (Money(-1_00), Booking.RELEASE)
    assert (entry.total.amount, entry.total.booking) == (Money(11_08), Booking.CALL)


def test_who_comes_is_called_in_full_and_who_leaves_is_released_in_full():
    came, left, _ = true_up(BEFORE, AFTER).customers
    assert (came.key, came.presence, left.key, left.presence) == (
        CAME,
        Presence.CAME,
        LEFT,
        Presence.LEFT,
    )
    assert came.total == Difference(Money(0), Money(13_00))
    assert left.total == Difference(Money(14_00), Money(0))


def test_totals_are_those_of_both_cycles():
    found = true_up(BEFORE, AFTER)
    assert found.ficc == Difference(Money(28_00), Money(43_08))
    assert found.cme == Difference(Money(25_40), Money(20_40))
    assert found.total.amount == found.ficc.amount + found.cme.amount == Money(10_08)


def test_the_example_of_the_page_is_what_the_rule_and_the_true_up_give():
    rules = ReductionRules.from_parameters(parameter_sets(date(2026, 3, 24)).arrangement)

    def of(ficc_combined: int, cme_combined: int) -> CollectedAtBoth:
        found = margin_reduction(
            ficc=ModelFigures(Money(100_00), Money(90_00), Money(ficc_combined)),
            cme=ModelFigures(Money(95_00), Money(92_00), Money(cme_combined)),
            rules=rules,
        )
        return collected(found.ficc_requirement.cents, 0, found.cme_requirement.cents, 0)

    found = true_up({STAYS: of(60_00, 46_75)}, {STAYS: of(20_00, 25_00)})
    quoted = [
        f"| {name} | {each.before} | {each.after} | {each.amount} | `{each.booking}` |"
        for name, each in (("FICC", found.ficc), ("CME", found.cme), ("both", found.total))
    ]
    assert quoted[2] == "| both | 60.64 | 38.40 | -22.24 | `RELEASE` |"
    assert "\n".join(quoted) in PAGE.read_text(encoding="utf-8")


def test_the_same_requirement_books_nothing():
    found = true_up(BEFORE, BEFORE)
    assert {entry.total.booking for entry in found.customers} == {Booking.NONE}
    assert found.total == Difference(Money(53_40), Money(53_40))


def test_one_customer_at_two_bd_fcms_is_two():
    other = CustomerKey("BD2", "STAYS")
    found = true_up({STAYS: BEFORE[STAYS]}, {other: BEFORE[STAYS]})
    assert [(entry.key, entry.presence) for entry in found.customers] == [
        (STAYS, Presence.LEFT),
        (other, Presence.CAME),
    ]
    assert found.total.amount == Money(0)


@pytest.mark.parametrize("sides", [(BEFORE, AFTER), (AFTER, BEFORE)])
def test_entries_are_by_key_whatever_the_order_of_the_input(sides):
    before, after = sides
    turned = true_up(dict(reversed(before.items())), dict(reversed(after.items())))
    assert turned == true_up(before, after)
