"""Laws of money in a failure, end to end: no cent lost or made, none paid beyond what there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.comparison import compare_cases
from crossmargin.default_management.failure import Cause, fail
from crossmargin.default_management.holdings import Property
from crossmargin.default_management.rules import DefaultRules
from crossmargin.testing.drawn_firms import (
    CME,
    FICC,
    QUICK,
    DrawnFirm,
    case_of,
    default_rules,
    firms,
)


@QUICK
@given(firms(), default_rules)
def test_every_cent_of_customer_property_is_paid_or_left_and_no_claim_is_exceeded(
    drawn: DrawnFirm, rules: DefaultRules
) -> None:
    case = case_of(drawn, rules)
    if case.payout is None:
        assert not case.failure.has_failed
        return
    estate = case.payout.estate
    received = dict.fromkeys(estate.claims, ZERO)
    for each in case.payout.rounds:
        for name, amount in each.paid.items():
            received[name] += amount
    assert received == dict(estate.paid)
    assert all(ZERO <= estate.paid[name] <= claim.total for name, claim in estate.claims.items())
    classes = drawn.facts.class_property
    others = [classes[each] for each in classes if each is not AccountClass.FUTURES]
    general, segregated = estate.general, estate.segregated
    assert Money.total(
        [
            *estate.paid.values(),
            general.left_of_customer_property,
            general.left_of_segregated_margin,
        ]
    ) == Money.total(
        [
            estate.futures_property.total,
            segregated.available,
            *others,
            drawn.facts.common_pool,
        ]
    )


@QUICK
@given(firms(), default_rules, st.booleans())
def test_the_difference_to_no_arrangement_is_the_sum_of_its_parts(
    drawn: DrawnFirm, rules: DefaultRules, fails_without: bool
) -> None:
    more = {
        name: replace(
            each, at={side: Property(held.value + Money(50_00)) for side, held in each.at.items()}
        )
        for name, each in drawn.holdings.customers.items()
    }
    apart = replace(drawn, holdings=replace(drawn.holdings, customers=more))
    loss = Money(1_000_00) if fails_without else ZERO
    found = compare_cases(
        case_of(drawn, rules).recoveries,
        case_of(drawn, rules, sharing=False).recoveries,
        case_of(apart, rules, sharing=False, loss=loss).recoveries,
    )
    for each in found.values():
        assert each.difference.total == each.with_arrangement.recovered - each.without.recovered


@QUICK
@given(firms(), default_rules)
def test_what_a_defaulters_loss_takes_is_paid_by_margin_firm_or_nobody(
    drawn: DrawnFirm, rules: DefaultRules
) -> None:
    failure = fail(
        drawn.holdings, drawn.results, defaulters=drawn.defaulters, failure_test=rules.failure_test
    )
    for day in failure.days:
        lost = Money.total(
            max(ZERO, -result)
            for name in drawn.defaulters
            for result in _by_estate(drawn, name, day.on)
        )
        assert lost == Money.total(
            (
                day.from_margin,
                day.from_bd_fcm,
                day.from_residual_interest,
                day.from_capital,
                day.unpaid,
            )
        )
        if day.unpaid > ZERO:
            assert day.on == failure.failed_on
            apart = [not drawn.holdings.customers[name].participates for name in failure.defaulters]
            assert failure.residual_interest_left == ZERO or any(apart)
    assert (failure.debt > ZERO or failure.cause is Cause.MINIMUM_CAPITAL) is failure.has_failed
    paid_in = Money.total(each for at in failure.paid_in.values() for each in at.values())
    last = failure.days[-1] if failure.days else None
    assert paid_in == (
        last.from_bd_fcm + last.from_residual_interest + last.from_capital if last else ZERO
    )


def _by_estate(drawn: DrawnFirm, name: str, on: date) -> tuple[Money, ...]:
    """Return results that net: of the futures class, and of Segregated Customer Margin."""
    results = drawn.results[name]
    if drawn.holdings.customers[name].participates:
        return (results.total(on),)
    return results.at(FICC, on), results.at(CME, on)


@QUICK
@given(firms(), default_rules)
def test_no_organization_pays_more_than_the_customers_property_there(
    drawn: DrawnFirm, rules: DefaultRules
) -> None:
    case = case_of(drawn, rules)
    assume(case.settled is not None)
    assert case.settled
    for side in case.settled.sides.values():
        for at in side.customers.values():
            assert -at.received <= at.margin + max(ZERO, at.result)
        assert side.returned >= ZERO
    together = [
        each.balance for side in case.settled.sides.values() for each in side.customers.values()
    ]
    moved = Money.total(
        at.received for side in case.settled.sides.values() for at in side.customers.values()
    )
    assert moved == ZERO
    assert Money.total(together) == Money.total(
        side.returned - side.borne for side in case.settled.sides.values()
    )
