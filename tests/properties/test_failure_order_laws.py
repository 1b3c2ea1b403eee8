"""Laws of a failure: neither order nor another customer nor a reading of step one decides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.account_equity import PositionReading
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.claims import TrusteeFacts
from crossmargin.default_management.distribution import DistributionRule
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
)
from crossmargin.default_management.results import CustomerResults, DayResult
from crossmargin.default_management.rules import DefaultRules
from crossmargin.testing.drawn_firms import (
    CME,
    FIRST,
    QUICK,
    DrawnFirm,
    amounts_won_or_lost,
    case_of,
    default_rules,
    firms,
)


@QUICK
@given(firms(), default_rules, st.randoms(use_true_random=False))
def test_the_order_of_customers_decides_nothing(
    drawn: DrawnFirm, rules: DefaultRules, order: Random
) -> None:
    def shuffled(items: Iterable[Any]) -> list[Any]:
        found = list(items)
        order.shuffle(found)
        return found

    names = shuffled(drawn.holdings.customers)
    turned = replace(
        drawn,
        holdings=replace(
            drawn.holdings,
            customers={name: drawn.holdings.customers[name] for name in names},
        ),
        results={name: drawn.results[name] for name in names if name in drawn.results},
        facts=replace(drawn.facts, accounts=tuple(shuffled(drawn.facts.accounts))),
        events=tuple(shuffled(drawn.events)),
    )
    one, other = case_of(drawn, rules), case_of(turned, rules)
    assert one.recoveries == other.recoveries
    assert one.failure == other.failure
    if one.payout and other.payout:
        assert one.payout.rounds == other.payout.rounds
        assert one.payout.estate == other.payout.estate


@QUICK
@given(firms(), default_rules)
def test_net_equity_is_the_same_in_whichever_bucket_a_ficc_position_stands(
    drawn: DrawnFirm, rules: DefaultRules
) -> None:
    open_trade = case_of(drawn, replace(rules, position_reading=PositionReading.OPEN_TRADE))
    as_property = case_of(drawn, replace(rules, position_reading=PositionReading.PROPERTY))
    assert open_trade.recoveries == as_property.recoveries


@QUICK
@given(firms(), default_rules, amounts_won_or_lost)
def test_a_claim_depends_on_no_other_customer(
    drawn: DrawnFirm, rules: DefaultRules, other: Money
) -> None:
    """CP-16: another's loss lowers nobody's claim, only the property."""
    assume(len(drawn.holdings.customers) > 1)
    changed_name = sorted(drawn.holdings.customers)[0]
    changed = replace(
        drawn,
        results={
            **drawn.results,
            changed_name: CustomerResults(changed_name, {CME: (DayResult(FIRST, other),)}),
        },
    )
    one, two = case_of(drawn, rules), case_of(changed, rules)
    assume(one.payout is not None and two.payout is not None)
    assert one.estate
    assert two.estate
    for name, claim in one.estate.claims.items():
        if changed_name not in claim.customers and name != changed_name:
            other_claim = two.estate.claims[name]
            futures = AccountClass.FUTURES
            # What moved is out of step two; it may be more or less.
            assert other_claim.aggregated.get(futures, ZERO) + other_claim.transferred == (
                claim.aggregated.get(futures, ZERO) + claim.transferred
            )
            assert other_claim.total == claim.total


@QUICK
@given(firms(), default_rules)
def test_a_customer_outside_the_arrangement_is_touched_through_the_pool_alone(
    drawn: DrawnFirm, rules: DefaultRules
) -> None:
    """What it is paid is its claim times the one rate of the class, to the cent."""
    pooled = replace(rules, distribution=DistributionRule.POOLED)
    case = case_of(replace(drawn, events=(), facts=TrusteeFacts()), pooled)
    assume(case.estate is not None)
    assert case.estate
    for name, claim in case.estate.claims.items():
        exact = claim.of_class(AccountClass.FUTURES).dollars * case.estate.futures_rate
        from_pool = case.estate.paid[name] - case.estate.segregated.paid[name]
        assert abs(from_pool.dollars - exact) < Fraction(1, 100)


@QUICK
@given(firms(), default_rules)
def test_what_ficc_holds_of_one_customer_lowers_no_others_deficit(
    drawn: DrawnFirm, rules: DefaultRules
) -> None:
    """CP-16: customer by customer, whatever the rule set asks for and whoever's margin reaches."""
    each_alone = replace(
        rules,
        sharing=replace(rules.sharing, limit=GuarantyLimit.PER_CUSTOMER, cme_to_ficc=CmeToFicc.OFF),
    )
    paid, unpaid = case_of(drawn, each_alone), case_of(drawn, each_alone, sharing=False)
    assume(paid.settled is not None)
    assert paid.settled
    assert unpaid.settled
    with_, without = (each.settled.sides[CME] for each in (paid, unpaid) if each.settled)
    own = Money.total(
        max(ZERO, -without.customers[name].balance) - max(ZERO, -at.balance)
        for name, at in with_.customers.items()
    )
    # What CME lacks falls by no more than the deficits of those whose property paid.
    assert without.borne - with_.borne <= own
