"""A failure worked out by hand to the end: what comes back to the estate and is paid to whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import AccountClass, HeldAccount, Holding
from crossmargin.default_management.case import Case, run_case
from crossmargin.default_management.claims import TrusteeFacts
from crossmargin.default_management.comparison import Recovery, compare_cases
from crossmargin.default_management.distribution import DistributionRule, Subclass, Treatment
from crossmargin.default_management.estate_parts import ConservationError, conserved
from crossmargin.default_management.payout import Event, Occasion
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.transfer_test import Obstacle
from crossmargin.testing.failing_firms import (
    A_LOSES,
    B_LOSES,
    CME,
    FICC,
    FIRST,
    HOLDINGS,
    SECOND,
    THIRD,
    customer,
    dollars,
    when_it_cannot_pay,
)


def by_hand(
    rules: DefaultRules, *, has_payments: bool = True, events: tuple[Event, ...] = ()
) -> Case:
    return run_case(
        HOLDINGS,
        when_it_cannot_pay(HOLDINGS, {"A": A_LOSES}, defaulters=["A"]),
        {"A": A_LOSES, "B": B_LOSES},
        closed_out=frozenset("AB"),
        facts=TrusteeFacts(),
        events=events,
        rules=rules,
        sharing=rules.sharing if has_payments else None,
    )


def test_sides_estate_and_payments_are_those_worked_out_by_hand(rules: DefaultRules) -> None:
    case = by_hand(rules)
    assert case.settled is not None
    ficc, cme = case.settled.sides[FICC], case.settled.sides[CME]
    # Of 90 left at FICC for A, a gain of 30 and then a surplus of 60 pay CME.
    assert ficc.customers["A"].received == dollars(-90)
    assert (ficc.returned, ficc.borne) == (dollars(20), ZERO)
    # A's last 10 are paid by B's and C's margin at CME.
    assert cme.from_fellow_customers == dollars(10)
    assert (cme.returned, cme.borne) == (dollars(215), ZERO)
    estate = case.estate
    assert estate is not None
    assert estate.futures_property.total == dollars(235)
    assert {name: claim.total for name, claim in estate.claims.items()} == {
        "A": ZERO,
        "B": dollars(45),
        "C": dollars(200),
    }
    assert estate.futures_rate == Fraction(235, 245)
    assert estate.paid == {"A": ZERO, "B": Money(43_16), "C": Money(191_84)}
    assert estate.general.debts_of_customers == dollars(160)
    # On the day of the failure B's loss is not known: 240 for claims of 250, and C moves with 192.
    assert estate.transferable.estimated_on == SECOND
    assert estate.transferable.obstacles == (Obstacle.PREJUDICES_OTHERS,)
    assert estate.transferred == {"C": dollars(192)}
    # Framework 1 would satisfy C from its own property first.
    assert estate.framework.treatment is Treatment.SEPARATE
    assert estate.framework.framework_one.in_cents == {
        Subclass.NON_XM: dollars(200),
        Subclass.XM: dollars(35),
    }


def test_accounts_that_move_before_the_failure_is_known_move_whole(rules: DefaultRules) -> None:
    """On the day of the order itself the test of 190.07(d)(5) sees the day before: no shortfall."""
    at_once = replace(rules, payout=replace(rules.payout, transfer_days=0))
    case = by_hand(at_once)
    assert case.payout is not None
    estate = case.payout.estate
    assert estate.transferable.estimated_on == FIRST
    assert estate.transferable.obstacles == ()
    assert estate.transferred == {"C": dollars(200)}
    assert estate.paid["C"] == Money(191_84)
    assert case.payout.rounds[1].paid["C"] == Money(-8_16)


def test_with_framework_one_of_record_each_subclass_has_its_own_property_first(
    rules: DefaultRules,
) -> None:
    case = by_hand(replace(rules, distribution=DistributionRule.FRAMEWORK_ONE))
    estate = case.estate
    assert estate is not None
    assert estate.paid == {"A": ZERO, "B": dollars(35), "C": dollars(200)}
    # C is whole out of its own property, and moves whole.
    assert estate.transferable.obstacles == ()
    assert estate.transferred == {"C": dollars(200)}
    pooled_ = by_hand(rules).estate
    assert pooled_ is not None
    assert estate.framework == pooled_.framework
    assert estate.paid["C"] - pooled_.paid["C"] == Money(8_16)


def test_what_the_common_pool_adds_helps_both_subclasses_alike(rules: DefaultRules) -> None:
    """A pool of 4 on 10 that framework 1 leaves unpaid of B's 45."""
    case = run_case(
        HOLDINGS,
        when_it_cannot_pay(HOLDINGS, {"A": A_LOSES}, defaulters=["A"]),
        {"A": A_LOSES, "B": B_LOSES},
        closed_out=frozenset("AB"),
        facts=TrusteeFacts(common_pool=dollars(4)),
        events=(),
        rules=replace(rules, distribution=DistributionRule.FRAMEWORK_ONE),
        sharing=rules.sharing,
    )
    assert case.estate is not None
    assert case.estate.paid == {"A": ZERO, "B": dollars(39), "C": dollars(200)}


def test_payments_out_of_a_surplus_that_the_pool_would_have_change_no_share(
    rules: DefaultRules,
) -> None:
    one, other = by_hand(rules), by_hand(rules, has_payments=False)
    assert one.recoveries == other.recoveries


def test_an_interim_distribution_a_final_one_and_a_correction_add_up(rules: DefaultRules) -> None:
    late = Event(date(2022, 1, 3), Occasion.RECOVERY, "A", dollars(500), "A pays its debt")
    disallowed = Event(
        date(2020, 6, 1), Occasion.DISALLOWED_CLAIM, "B", dollars(25), "not B's account"
    )
    case = by_hand(rules, events=(late, disallowed))
    assert case.payout is not None
    transfer, interim, correction, final = case.payout.rounds
    assert [each.occasion for each in case.payout.rounds] == [
        Occasion.TRANSFER,
        Occasion.INTERIM,
        Occasion.DISALLOWED_CLAIM,
        Occasion.FINAL,
    ]
    assert (transfer.on, transfer.paid) == (THIRD, {"C": dollars(192)})
    # Four fifths of 43.16: the cent that rounding leaves is B's, whose remainder is larger. C moved
    # with 16 cents more than its funded balance: the trustee's to recover.
    assert interim.paid == {"B": Money(34_53), "C": Money(-16)}
    # B may claim 20 and has had more; C is whole with the final distribution.
    assert correction.paid == {"B": Money(-14_53)}
    assert final.paid == {"C": Money(8_16)}
    estate = case.payout.estate
    # All of A's debt comes in, no more: claims are then 20 and 200, and the rest is left.
    assert estate.futures_property.recovered == dollars(160)
    assert estate.paid == {"A": ZERO, "B": dollars(20), "C": dollars(200)}
    assert estate.general.left_of_customer_property == dollars(175)


def test_another_futures_account_of_a_customer_nets_and_another_class_is_its_own_estate(
    rules: DefaultRules,
) -> None:
    facts = TrusteeFacts(
        accounts=(
            HeldAccount("x", AccountClass.FUTURES, "B", Holding.ENTITY, dollars(-15)),
            HeldAccount("y", AccountClass.CLEARED_SWAPS, "C", Holding.ENTITY, dollars(40)),
        ),
        class_property={AccountClass.CLEARED_SWAPS: dollars(30)},
    )
    case = run_case(
        HOLDINGS,
        when_it_cannot_pay(HOLDINGS, {}, proprietary_loss=dollars(70)),
        {"B": B_LOSES},
        closed_out=frozenset("B"),
        facts=facts,
        events=(),
        rules=rules,
        sharing=rules.sharing,
    )
    assert case.estate is not None
    assert case.estate.claims["B"].total == dollars(30)
    # Residual interest that futures customers do not need fills the swaps class.
    assert case.estate.paid["C"] == dollars(240)
    assert case.estate.general.left_of_customer_property == dollars(105)


def test_non_public_customers_have_nothing_before_public_ones_have_all(
    rules: DefaultRules,
) -> None:
    """11 U.S.C. 766(h): at an interim distribution of four fifths no public claim is paid yet."""
    case = run_case(
        HOLDINGS,
        when_it_cannot_pay(HOLDINGS, {}, proprietary_loss=dollars(70)),
        {"B": B_LOSES},
        closed_out=frozenset("AB"),
        facts=TrusteeFacts(non_public=frozenset("A")),
        events=(),
        rules=rules,
        sharing=rules.sharing,
    )
    assert case.payout is not None
    interim, final = case.payout.rounds[1:]
    assert interim.paid == {"B": dollars(36)}
    assert final.paid == {"A": dollars(110), "B": dollars(9)}


def test_what_moved_is_out_of_the_ledger_balance_and_comes_back_in_step_four(
    rules: DefaultRules,
) -> None:
    """17 CFR 190.08(b)(1): a transfer after the filing is a disbursement of the account."""
    estate = by_hand(rules).estate
    assert estate is not None
    claim = estate.claims["C"]
    assert claim.transferred == dollars(192)
    assert claim.accounts["C"].ledger_balance == dollars(8)
    assert claim.aggregated == {AccountClass.FUTURES: dollars(8)}
    assert claim.net_equity.after_set_off == {AccountClass.FUTURES: dollars(8)}
    assert claim.net_equity.after_distributions == {AccountClass.FUTURES: dollars(200)}


def test_a_pool_that_fills_the_class_shifts_no_loss(rules: DefaultRules) -> None:
    """With 10 of the common pool every claim is paid: framework 1 would pay C no more."""
    case = run_case(
        HOLDINGS,
        when_it_cannot_pay(HOLDINGS, {"A": A_LOSES}, defaulters=["A"]),
        {"A": A_LOSES, "B": B_LOSES},
        closed_out=frozenset("AB"),
        facts=TrusteeFacts(common_pool=dollars(10)),
        events=(),
        rules=rules,
        sharing=rules.sharing,
    )
    estate = case.estate
    assert estate is not None
    assert estate.paid == {"A": ZERO, "B": dollars(45), "C": dollars(200)}
    assert estate.framework.pooled.in_cents[Subclass.NON_XM] == dollars(200)
    assert estate.framework.shifted_dollars == 0


def test_a_firm_that_stands_pays_every_claimant_its_equity(rules: DefaultRules) -> None:
    holdings = replace(HOLDINGS, adjusted_net_capital=dollars(500))
    case = run_case(
        holdings,
        when_it_cannot_pay(holdings, {"A": A_LOSES}, defaulters=["A"]),
        {"A": A_LOSES},
        closed_out=frozenset("A"),
        facts=TrusteeFacts(),
        events=(),
        rules=rules,
        sharing=rules.sharing,
    )
    assert case.payout is None
    assert case.settled is None
    paid = {name: each.recovered for name, each in case.recoveries.items()}
    assert paid == {"A": ZERO, "B": dollars(50), "C": dollars(200)}


def test_each_part_of_a_difference_is_what_it_says() -> None:
    def recovery(margin: int, result_: int, claim: int, recovered: int) -> Recovery:
        return Recovery(*map(dollars, (margin, 0, result_, claim, recovered)))

    (found,) = compare_cases(
        {"A": recovery(20, -30, 0, 0)},
        {"A": recovery(20, -30, 0, 0)},
        {"A": recovery(100, -35, 65, 60)},
    ).values()
    difference = found.difference
    assert difference.close_out_result == dollars(5)
    assert difference.margin_collected == dollars(-80)
    assert difference.losses_beyond_property == dollars(10)
    assert difference.share_of_the_pool == dollars(5)
    assert difference.payments_between_organizations == ZERO
    assert difference.total == dollars(-60)


def test_payments_count_by_what_cme_then_bears_and_change_nothing_where_it_bears_nothing(
    rules: DefaultRules,
) -> None:
    """A's 90 at FICC pay CME: others' margin there is spared, or CME itself where it is used up."""
    found = {}
    for at_cme in (200, 20):
        own = {**HOLDINGS.customers, "C": customer("C", 0, at_cme, 0, xm=False)}
        held = replace(HOLDINGS, customers=own, residual_interest=ZERO)
        with_payments, without_payments = (
            run_case(
                held,
                when_it_cannot_pay(held, {"A": A_LOSES}, defaulters=["A"]),
                {"A": A_LOSES, "B": B_LOSES},
                closed_out=frozenset("AB"),
                facts=TrusteeFacts(),
                events=(),
                rules=rules,
                sharing=sharing,
            )
            for sharing in (rules.sharing, None)
        )
        assert with_payments.settled is not None
        assert without_payments.settled is not None
        one, other = (
            {name: side.borne for name, side in each.settled.sides.items()}
            for each in (with_payments, without_payments)
            if each.settled is not None
        )
        compared = compare_cases(
            with_payments.recoveries, without_payments.recoveries, without_payments.recoveries
        )
        parts = [each.difference.payments_between_organizations for each in compared.values()]
        found[at_cme] = one[CME] - other[CME], Money.total(parts)
    # 300 lost on 40, 10 of the firm's and 50 of capital: the others' 220 suffice, their 40 do not.
    assert found[200] == (ZERO, ZERO)
    # Without the payments A's 90 and B's 20 at FICC pay the others' 65: with them B's alone.
    assert found[20] == (dollars(-90), dollars(-45))


def test_a_lost_cent_is_a_fault() -> None:
    with pytest.raises(ConservationError, match=r"1\.00 before, 0\.99 after"):
        conserved("what", Money(100), Money(99))
