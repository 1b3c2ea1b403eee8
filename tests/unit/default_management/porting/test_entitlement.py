"""What may move: an equal share, in kind first; what hangs together; the solver's refusal."""

from __future__ import annotations

from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.porting.customers import Place, PropertyItem
from crossmargin.default_management.porting.entitlement import entitlements, property_in_kind
from crossmargin.default_management.porting.units import blocks_of, divisions_of, units_of
from crossmargin.testing.porting import dollars


def test_claims_of_600_and_400_on_800_have_four_fifths() -> None:
    # Vector TR-2: of 800, 480 may move of a claim of 600.
    claims = {"A": dollars(600), "B": dollars(400)}
    found = entitlements(claims, prior={}, available=dollars(800))
    assert found.rate == Fraction(4, 5)
    assert found.by_customer == {"A": dollars(480), "B": dollars(320)}


def test_who_was_paid_before_waits_until_the_others_have_as_much() -> None:
    # Vector TR-5: B has had 320 of 400; property 480 brings A to 480 of 600.
    claims = {"A": dollars(600), "B": dollars(400)}
    found = entitlements(claims, prior={"B": dollars(320)}, available=dollars(480))
    assert found.by_customer == {"A": dollars(480), "B": Money(0)}


def test_a_deficit_takes_no_share_and_plenty_pays_no_more_than_claims() -> None:
    claims = {"A": dollars(10), "B": dollars(-5)}
    found = entitlements(claims, prior={}, available=dollars(100))
    assert (found.rate, found.by_customer) == (1, {"A": dollars(10), "B": Money(0)})


def test_negative_property_and_payments_are_refused_each() -> None:
    with pytest.raises(RefusedError) as caught:
        entitlements({"A": dollars(1)}, prior={"A": dollars(-1)}, available=dollars(-1))
    assert [each.field for each in caught.value.refusals] == ["available", "prior.A"]


def test_what_a_customer_does_not_hold_is_paid_by_the_class_in_cash() -> None:
    cash = PropertyItem(Place.FICC, "", 0, dollars(30))
    moved = property_in_kind([cash], worth=dollars(50), par_lot_dollars=100)
    assert moved == (cash, PropertyItem(Place.POOL, "", 0, dollars(20)))


def test_a_line_of_zero_belongs_to_no_unit() -> None:
    assert units_of({"note": 0, "ZNM26": -3}, [("note", "ZNM26")]) == ()


def test_what_hangs_together_through_others_is_one_unit() -> None:
    held = {"a": 200, "b": 300, "ZTM26": -5}
    (unit,) = units_of(held, [("a", "ZTM26"), ("b", "ZTM26")])
    assert set(unit.legs) == set(held)
    assert (unit.count, unit.legs["a"]) == (5, 40)


def test_small_blocks_join_the_smallest() -> None:
    held = {"large": 9, "middle": 5, "small": 1, "tiny": 1}
    blocks = blocks_of(held, [], sizes=held, blocks_max=2)
    assert [set(block) for block in blocks] == [{"large"}, {"middle", "small", "tiny"}]


def test_an_account_that_is_one_unit_is_divided_in_two_numbers_of_it() -> None:
    held = {"note": 500, "ZNM26": -5}
    units = units_of(held, [("note", "ZNM26")])
    assert divisions_of((held,), units) == [
        ({"ZNM26": -2, "note": 200}, {"ZNM26": -3, "note": 300})
    ]
    assert divisions_of(({"note": 7, "ZNM26": -3},), units_of({"note": 7, "ZNM26": -3}, [])) == []
