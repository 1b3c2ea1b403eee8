"""Laws of set-off in a failure, between the futures class and Segregated Customer Margin."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.claims import TrusteeFacts
from crossmargin.default_management.distribution import DistributionRule
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.testing.drawn_firms import (
    FICC,
    QUICK,
    DrawnFirm,
    case_of,
    default_rules,
    firms,
)


@QUICK
@given(firms(), default_rules)
def test_segregated_customer_margin_pays_securities_customers_alone(
    drawn: DrawnFirm, rules: DefaultRules
) -> None:
    """Without set-off no futures customer gains by it or loses by what it lacks."""
    case = case_of(drawn, replace(rules, set_off=SetOffBetweenClasses.NONE))
    assume(case.estate is not None)
    assert case.estate
    assert case.settled
    apart = {
        name: each
        for name, each in drawn.holdings.customers.items()
        if not each.participates and FICC in each.at
    }
    ficc = case.settled.sides[FICC]
    own = Money.total(
        ficc.customers[name].balance for name in sorted(apart) if name in ficc.customers
    )
    estate = case.estate
    assert estate.segregated.returned == own + ficc.borne_of(segregated=True)
    assert Money.total(estate.segregated.paid.values()) <= estate.segregated.returned
    for name, claim in estate.segregated.claims.items():
        assert estate.segregated.paid[name] <= claim
        in_all = Money.total(
            each.value + (drawn.results[one].at(FICC) if one in case.results else ZERO)
            for one, held in apart.items()
            if one == name
            for each in [held.property_at(FICC)]
        )
        assert claim <= max(ZERO, in_all)


@QUICK
@given(firms(), default_rules, st.sampled_from(SetOffBetweenClasses))
def test_a_set_off_takes_nothing_from_a_customer_who_has_none(
    drawn: DrawnFirm, rules: DefaultRules, reading: SetOffBetweenClasses
) -> None:
    """What is set off is paid at the share of the class: to a cent, nobody else pays for it."""
    pooled = replace(rules, distribution=DistributionRule.POOLED)
    alone = replace(drawn, events=(), facts=TrusteeFacts())
    apart = case_of(alone, replace(pooled, set_off=SetOffBetweenClasses.NONE)).estate
    found = case_of(alone, replace(pooled, set_off=reading)).estate
    assume(found is not None and apart is not None)
    assert found
    assert apart
    for name, claim in found.claims.items():
        if claim.total == apart.claims[name].total:
            assert found.paid[name] >= apart.paid[name] - Money(2)
