"""Sharing a loss between the clearing organizations: the case table, limits, directions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossmargin.basics.money import Money
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
    ProportionalLimit,
    RuleSet,
    SharingRules,
    Side,
    Sides,
    share,
    share_losses,
)
from crossmargin.product.position import ClearingOrganization

FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
OFFSETTING = RuleSet.OFFSETTING_GAIN_AND_LOSS
PROPORTIONAL = RuleSet.PROPORTIONAL_TO_REQUIREMENT
MAXIMISATION = RuleSet.MAXIMISATION_PAYMENT
TABLE = SharingRules(
    RuleSet.CASE_TABLE, GuarantyLimit.PER_CUSTOMER, CmeToFicc.OFF, ProportionalLimit.NONE
)
BOTH_WAYS = replace(TABLE, cme_to_ficc=CmeToFicc.ON)


def side(result: int, margin: int, requirement: int | None = None, own: int = 10**6) -> Side:
    required = margin if requirement is None else requirement
    return Side(*(Money(each * 100) for each in (result, margin, required, own)))


def shared(ficc: Side, cme: Side, rules: SharingRules = TABLE) -> tuple[list[tuple[str, int]], int]:
    """Return each payment as payer and rule set, dollars; and what FICC has after."""
    found = share({FICC: ficc, CME: cme}, rules)
    return (
        [(f"{each.payer} {each.rule_set}", each.amount.cents // 100) for each in found.payments],
        found.after[FICC].cents // 100,
    )


@pytest.mark.parametrize(
    ("ficc", "cme", "payments"),
    [
        # gain or zero at both: nothing
        (side(30, 100), side(0, 50), []),
        (side(0, 100), side(0, 50), []),
        # gain G at FICC, loss at CME: min(G, what CME lacks), then what is left over
        (side(30, 100), side(-80, 50), [("FICC offsetting_gain_and_loss", 30)]),
        (side(30, 100), side(-60, 50), [("FICC offsetting_gain_and_loss", 10)]),
        (side(30, 100), side(-40, 50), []),
        (
            side(30, 100),
            side(-100, 50),
            [("FICC offsetting_gain_and_loss", 30), ("FICC maximisation_payment", 20)],
        ),
        # loss at FICC, gain at CME: off
        (side(-150, 100), side(30, 50), []),
        # loss at both: in proportion to requirements, then what is left over
        (side(-20, 100), side(-80, 100), [("FICC proportional_to_requirement", 30)]),
        (side(-20, 100), side(-10, 50), []),
        (side(-80, 100), side(-20, 100), []),
        (
            side(-20, 100, 50),
            side(-150, 20, 50),
            [("FICC proportional_to_requirement", 65), ("FICC maximisation_payment", 15)],
        ),
        # zero counts as a gain
        (side(0, 100), side(-80, 50), [("FICC maximisation_payment", 30)]),
    ],
)
def test_the_case_table(ficc: Side, cme: Side, payments: list[tuple[str, int]]) -> None:
    found, ficc_after = shared(ficc, cme)
    assert found == payments
    left = ficc.balance.cents // 100 - sum(amount for _, amount in payments)
    assert ficc_after == left


@pytest.mark.parametrize(
    ("ficc", "cme", "payments"),
    [
        (side(-150, 100), side(60, 50), [("CME offsetting_gain_and_loss", 50)]),
        (side(-80, 100), side(-20, 100), [("CME proportional_to_requirement", 30)]),
        (
            side(-150, 100, own=0),
            side(20, 50, own=60),
            [("CME offsetting_gain_and_loss", 20), ("CME maximisation_payment", 30)],
        ),
        # within the same customer's property at CME
        (side(-150, 100), side(60, 50, own=40), [("CME offsetting_gain_and_loss", 40)]),
    ],
)
def test_cme_pays_only_where_that_direction_is_on(
    ficc: Side, cme: Side, payments: list[tuple[str, int]]
) -> None:
    assert shared(ficc, cme)[0] == []
    assert shared(ficc, cme, BOTH_WAYS)[0] == payments


@pytest.mark.parametrize(
    ("rule_set", "expected"), [(OFFSETTING, 30), (PROPORTIONAL, 0), (MAXIMISATION, 50)]
)
def test_each_rule_set_stands_alone(rule_set: RuleSet, expected: int) -> None:
    payments, _ = shared(side(30, 100), side(-100, 50), replace(TABLE, rule_set=rule_set))
    assert sum(amount for _, amount in payments) == expected


def test_no_payment_exceeds_the_customers_property_nor_what_the_payer_has_left() -> None:
    assert shared(side(30, 100, own=12), side(-100, 50))[0] == [
        ("FICC offsetting_gain_and_loss", 12)
    ]
    assert shared(side(-90, 100), side(-200, 100))[0] == [("FICC proportional_to_requirement", 10)]
    assert shared(side(-120, 100), side(-300, 100))[0] == []


def test_proportion_may_stop_at_what_the_payee_lacks() -> None:
    limited = replace(TABLE, proportional_limit=ProportionalLimit.SHORTFALL)
    ficc, cme = side(-20, 100), side(-110, 100)
    assert shared(ficc, cme)[0] == [("FICC proportional_to_requirement", 45)]
    assert shared(ficc, cme, limited)[0] == [("FICC proportional_to_requirement", 10)]


def test_without_requirements_there_is_no_proportion() -> None:
    proportional = replace(TABLE, rule_set=PROPORTIONAL)
    assert shared(side(-1, 5, 0), side(-9, 5, 0), proportional)[0] == []


def test_margin_requirement_and_property_are_not_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        side(0, -1)


CUSTOMERS: dict[str, Sides] = {
    "short": {FICC: side(10, 20, own=30), CME: side(-90, 40)},
    "rich": {FICC: side(30, 60, own=90), CME: side(0, 10)},
}


def test_a_customers_property_answers_for_that_customer_alone_unless_together() -> None:
    apart = share_losses(CUSTOMERS, TABLE)
    assert apart.paid(FICC, GuarantyLimit.PER_CUSTOMER) == Money(30_00)
    assert apart.drawn(FICC) == {"short": Money(30_00), "rich": Money(0)}
    together = share_losses(
        CUSTOMERS, replace(TABLE, limit=GuarantyLimit.RELEVANT_CUSTOMERS_TOGETHER)
    )
    # 40 together: 90 lost at CME against 50 of margin there; FICC's gain of both is 40.
    assert together.paid(FICC, GuarantyLimit.RELEVANT_CUSTOMERS_TOGETHER) == Money(40_00)
    assert together.drawn(FICC) == {"short": Money(10_00), "rich": Money(30_00)}
    assert together.paid(FICC, GuarantyLimit.PER_CUSTOMER) == Money(30_00)


def test_together_no_property_pays_that_its_customer_has_not_left() -> None:
    # One has a balance that is not its property there, the other property but no balance.
    customers: dict[str, Sides] = {
        "a": {FICC: side(0, 100, own=0), CME: side(-90, 40)},
        "b": {FICC: side(0, 0, own=100), CME: side(0, 0)},
        "c": {FICC: side(0, 5, own=5), CME: side(0, 0)},
    }
    together = share_losses(
        customers, replace(TABLE, limit=GuarantyLimit.RELEVANT_CUSTOMERS_TOGETHER)
    )
    assert together.drawn(FICC) == {"a": Money(0), "b": Money(0), "c": Money(5_00)}


def test_sharing_needs_somebody() -> None:
    with pytest.raises(ValueError, match="at least one customer"):
        share_losses({}, TABLE)
