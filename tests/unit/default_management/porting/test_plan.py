"""The plan: who moves, who stays and why, and what that does to others."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.customers import (
    Carriage,
    Ineligible,
    Standing,
    ineligibility,
)
from crossmargin.default_management.porting.plan import Outcome, Plan, make_plan
from crossmargin.default_management.porting.proof import TAKES_ANOTHER_PART
from crossmargin.default_management.porting.receivers import Limit
from crossmargin.default_management.porting.rules import Objective
from crossmargin.default_management.transfer_test import Unit
from crossmargin.testing.porting import RULES, customer, dollars, inputs, part, receiver

FUND = customer("FUND", 100, 90)
BANK = customer("BANK", 60, 50)
GRAIN = customer("GRAIN", 40, 30, futures_only=True)
LINES = {"note": 200, "ZNM26": -2, "bond": 100}


def outcomes(plan: Plan) -> dict[str, Outcome]:
    return {each.customer.customer_id: each for each in plan.outcomes}


def test_everybody_moves_where_there_is_room() -> None:
    plan = make_plan(inputs([FUND, BANK, GRAIN], [receiver()]))
    assert all(each.is_whole for each in plan.outcomes)
    assert plan.entitlements.rate == 1
    assert plan.prejudice.remaining == ZERO


def test_the_larger_claim_moves_where_there_is_room_for_one() -> None:
    plan = make_plan(inputs([FUND, BANK], [receiver(accounts_max=1)]))
    found = outcomes(plan)
    assert found["FUND"].is_whole
    (stay,) = found["BANK"].stays
    (short,) = stay.short
    assert (short.limit, short.needs, short.left, short.lacking) == (Limit.ACCOUNTS, 1, 0, 1)


def test_who_stays_is_told_which_limit_lacks_how_much() -> None:
    plan = make_plan(inputs([FUND, BANK], [receiver(margin_max=100, top_up_max=0)]))
    (stay,) = outcomes(plan)["BANK"].stays
    assert [(each.limit, each.lacking) for each in stay.short] == [(Limit.MARGIN, 40_00)]


def test_margin_may_be_placed_first_instead_of_net_equity() -> None:
    rich, risky = customer("RICH", 100, 10), customer("RISKY", 50, 90)
    one_account = [receiver(accounts_max=1)]
    by_equity = make_plan(inputs([rich, risky], one_account))
    rules = replace(RULES, objective=Objective.MARGIN)
    by_margin = make_plan(inputs([rich, risky], one_account, rules=rules))
    assert outcomes(by_equity)["RICH"].is_whole
    assert outcomes(by_margin)["RISKY"].is_whole


def test_of_receivers_with_room_the_one_that_asks_least_is_taken() -> None:
    dear = receiver("A-DEAR", add_on=Fraction(1, 2))
    plan = make_plan(inputs([FUND], [dear, receiver("B-CHEAP")]))
    assert plan.placements[0].offer.receiver_id == "B-CHEAP"


def test_the_named_back_up_comes_before_the_others_then_the_first_by_name() -> None:
    firms = [receiver("A"), receiver("B"), receiver("C")]
    named = replace(BANK, backup="C")
    plan = make_plan(inputs([FUND, named], firms))
    there = {each.offer.customer_id: each.offer.receiver_id for each in plan.placements}
    assert there == {"FUND": "A", "BANK": "C"}


def test_customers_outside_the_arrangement_move_in_full_while_no_receiver_takes_one_in_it() -> None:
    futures_alone = receiver(accepts=[Carriage.FUTURES])
    plan = make_plan(inputs([FUND, BANK, GRAIN], [futures_alone]))
    found = outcomes(plan)
    assert found["GRAIN"].is_whole
    assert found["GRAIN"].moved == GRAIN.net_equity
    assert not found["FUND"].placements
    assert plan.prejudice.is_allowed
    assert plan.prejudice.remaining == FUND.net_equity + BANK.net_equity


def test_nobody_moves_with_more_than_everybody_can_have() -> None:
    plan = make_plan(inputs([FUND, BANK], [receiver(accounts_max=1)], available=dollars(80)))
    assert plan.entitlements.rate == Fraction(1, 2)
    assert outcomes(plan)["FUND"].moved == dollars(50)
    # The property that stays is just what the others need to have as much.
    assert plan.prejudice.remaining.dollars == plan.prejudice.needed_dollars == 30


def test_what_is_asked_beyond_what_moves_is_a_top_up() -> None:
    plan = make_plan(inputs([FUND], [receiver()], available=dollars(60)))
    assert plan.placements[0].offer.top_up == dollars(30)


@pytest.mark.parametrize(
    ("standing", "value", "reasons"),
    [
        (Standing.DEBTOR, 5, (Ineligible.DEBTORS_OWN,)),
        (Standing.INSIDER, 5, (Ineligible.INSIDER,)),
        (Standing.PUBLIC, -5, (Ineligible.DEFICIT,)),
        (Standing.INSIDER, -5, (Ineligible.INSIDER, Ineligible.DEFICIT)),
        (Standing.PUBLIC, 0, ()),
    ],
)
def test_accounts_of_the_debtor_of_insiders_and_in_deficit_stay(
    standing: Standing, value: int, reasons: tuple[Ineligible, ...]
) -> None:
    who = customer("WHO", value, 3, standing=standing)
    assert ineligibility(who) == reasons
    plan = make_plan(inputs([who, BANK], [receiver()]))
    found = outcomes(plan)
    assert bool(found["WHO"].placements) is not bool(reasons)
    assert found["WHO"].stays == ()
    assert found["BANK"].is_whole


def test_parts_without_net_equity_move_and_an_account_without_any_is_not_divided() -> None:
    parts = (
        part(0, 50, part_id="1", lines={"note": 200, "ZNM26": -2}),
        part(0, 60, part_id="2", lines={"bond": 100}),
    )
    who = customer("EMPTY", 0, 90, lines=LINES, divisions=[parts])
    firms = [receiver("A"), receiver("B")]
    (whole,) = make_plan(inputs([who], firms)).outcomes
    assert [each.offer.part_id for each in whole.placements] == ["whole"]
    tight = [receiver("A", customer_max=60), receiver("B", customer_max=60)]
    (divided,) = make_plan(inputs([who], tight)).outcomes
    assert [each.offer.part_id for each in divided.placements] == ["1", "2"]


def test_an_account_without_net_equity_moves_too() -> None:
    plan = make_plan(inputs([customer("EMPTY", 0, 5), BANK], [receiver()]))
    assert outcomes(plan)["EMPTY"].is_whole
    assert outcomes(plan)["EMPTY"].moved == ZERO


PAIR = part(60, 50, part_id="1", lines={"note": 200, "ZNM26": -2})
BOND = part(40, 60, part_id="2", lines={"bond": 100})
DIVISIBLE = replace(
    customer("FUND", 100, 90, lines=LINES, divisions=[(PAIR, BOND)]),
    units=(Unit("note", {"note": 100, "ZNM26": -1}, 2),),
)


def test_an_account_that_fits_nowhere_whole_is_divided_between_two_receivers() -> None:
    firms = [receiver("A", customer_max=60), receiver("B", customer_max=60)]
    plan = make_plan(inputs([DIVISIBLE], firms))
    (found,) = plan.outcomes
    assert found.is_whole
    assert [each.offer.part_id for each in found.placements] == ["1", "2"]
    assert found.moved == dollars(100)
    assert plan.solution.stages[3].reached == 1


def test_an_account_that_fits_whole_is_not_divided() -> None:
    plan = make_plan(inputs([DIVISIBLE], [receiver("A"), receiver("B")]))
    assert plan.solution.stages[3].reached == 0
    assert [each.offer.part_id for each in plan.placements] == ["whole"]


def test_what_is_left_of_an_account_says_why_it_stays() -> None:
    plan = make_plan(inputs([DIVISIBLE], [receiver("A", customer_max=60)]))
    (found,) = plan.outcomes
    assert not found.is_whole
    assert [each.offer.part_id for each in found.placements] == ["1"]
    assert [each.part_id for each in found.left] == ["2"]
    (stay,) = found.stays
    assert stay.parts == {"1/2": (TAKES_ANOTHER_PART,)}


def test_who_stays_although_it_could_be_divided_has_a_reason_for_every_part() -> None:
    plan = make_plan(inputs([DIVISIBLE], [receiver("A", customer_max=10)]))
    (stay,) = plan.outcomes[0].stays
    assert stay.parts == {
        "1/1": ("CUSTOMER_LIMIT",),
        "1/2": ("CUSTOMER_LIMIT",),
    }


def test_a_division_that_breaks_a_pair_is_not_offered_and_is_named() -> None:
    broken = (
        part(60, 50, part_id="1", lines={"note": 200}),
        part(40, 60, part_id="2", lines={"ZNM26": -2, "bond": 100}),
    )
    who = replace(customer("FUND", 100, 90, lines=LINES, divisions=[broken]), units=DIVISIBLE.units)
    (found,) = make_plan(inputs([who], [receiver(customer_max=60)])).outcomes
    assert not found.placements
    assert {fault.field for fault in found.division_faults} == {"units.note"}


def test_a_customer_moves_with_its_entitlement_and_nothing_else() -> None:
    given = inputs([FUND], [receiver()])
    with pytest.raises(ValueError, match=r"entitlement of 100\.00, was 99\.00"):
        replace(given, customers=(customer("FUND", 99, 90),))


def test_equal_customers_are_told_apart_by_name_alone() -> None:
    twins = [customer("A", 50, 40), customer("B", 50, 40)]
    one = make_plan(inputs(twins, [receiver(accounts_max=1)]))
    other = make_plan(inputs(twins[::-1], [receiver(accounts_max=1)]))
    assert one == other
    assert sum(each.is_whole for each in one.outcomes) == 1


def test_stages_say_what_was_reached_and_what_could_be() -> None:
    plan = make_plan(inputs([FUND, BANK], [receiver(margin_max=100)]))
    placed, halves, top_up, divided, places = plan.solution.stages
    assert (placed.reached, placed.bound, placed.gap, placed.proved) == (100_00, 100_00, 0, True)
    assert (halves.reached, halves.bound) == (2, 2)
    assert [each.reached for each in (top_up, divided, places)] == [0, 0, 0]


def test_a_plan_without_receivers_or_without_customers_moves_nothing() -> None:
    assert make_plan(inputs([FUND], [])).placements == ()
    assert make_plan(inputs([], [receiver()])).outcomes == ()
    assert make_plan(inputs([], [receiver()])).prejudice.remaining == Money(0)
