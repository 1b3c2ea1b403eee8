"""Laws of a failure from end to end: no cent lost or made, no customer pays another's loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.federal_days import federal_calendar
from crossmargin.default_management.account_equity import PositionReading
from crossmargin.default_management.capacities import AccountClass, HeldAccount, Holding
from crossmargin.default_management.case import Case, run_case
from crossmargin.default_management.claims import Debts, TrusteeFacts
from crossmargin.default_management.comparison import compare_cases
from crossmargin.default_management.distribution import DistributionRule, LeftOver
from crossmargin.default_management.failure import Cause, FailureTest, fail
from crossmargin.default_management.holdings import CustomerHoldings, Holdings, Property
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
    ProportionalLimit,
    RuleSet,
    SharingRules,
)
from crossmargin.default_management.payout import Event, Occasion, PayoutTerms
from crossmargin.default_management.results import CustomerResults, DayResult
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.default_management.sides import Reach
from crossmargin.default_management.transfer_test import ClockRoll, TransferClock
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import ClearingOrganization

_FICC, _CME = ClearingOrganization.FICC, ClearingOrganization.CME
_OPENING = date(2020, 3, 6)
_FIRST = date(2020, 3, 9)
_NAMES = ("A", "B", "C", "D", "E")

#: A firm has many parts: fewer are drawn, and a busy machine takes its time over one.
_QUICK = settings(max_examples=40, deadline=None)
_amounts = st.integers(0, 300_00).map(Money)
_results = st.integers(-400_00, 200_00).map(Money)
_BANKS = federal_calendar()
_CLOCK = TransferClock(7, ClockRoll.NONE)
_rules = st.builds(
    DefaultRules,
    sharing=st.builds(
        SharingRules,
        st.sampled_from(RuleSet),
        st.sampled_from(GuarantyLimit),
        st.sampled_from(CmeToFicc),
        st.sampled_from(ProportionalLimit),
    ),
    distribution=st.sampled_from(DistributionRule),
    left_over=st.sampled_from(LeftOver),
    position_reading=st.sampled_from(PositionReading),
    set_off=st.sampled_from(SetOffBetweenClasses),
    clock=st.just(_CLOCK),
    par_lot_dollars=st.just(100),
    failure_test=st.sampled_from(FailureTest),
    reach=st.fixed_dictionaries({_FICC: st.sampled_from(Reach), _CME: st.sampled_from(Reach)}),
    payout=st.builds(
        PayoutTerms,
        st.fractions(0, 1),
        st.integers(8, 60),
        st.integers(60, 400),
        st.integers(0, 7),
        st.just(_BANKS),
        st.just(_BANKS.joined_with(sifma_calendar())),
        st.just(_CLOCK),
    ),
)


@dataclass(frozen=True)
class Given:
    """One firm and its market."""

    holdings: Holdings
    results: Mapping[str, CustomerResults]
    defaulters: frozenset[str]
    facts: TrusteeFacts
    events: tuple[Event, ...]
    proprietary_loss: Money


@st.composite
def firms(draw: st.DrawFn) -> Given:
    """Draw a firm with up to five customers, some of them of the arrangement.

    Margin at FICC of the others is Segregated Customer Margin.
    """
    names = _NAMES[: draw(st.integers(1, len(_NAMES)))]
    customers, results = {}, {}
    for name in names:
        participates = draw(st.booleans())
        sides = (_FICC, _CME) if participates or draw(st.booleans()) else (_CME,)
        customers[name] = CustomerHoldings(
            name,
            {side: Property(draw(_amounts)) for side in sides},
            Property(draw(_amounts)),
            {side: draw(_amounts) for side in sides},
            participates,
        )
        if participates or draw(st.booleans()):
            results[name] = CustomerResults(name, {side: draw(_days()) for side in sides})
    closed = sorted(results)
    minimum = draw(_amounts)
    return Given(
        Holdings("F", _OPENING, customers, draw(_amounts), draw(_amounts), minimum),
        results,
        frozenset(draw(st.sets(st.sampled_from(closed))) if closed else ()),
        draw(_facts(names)),
        tuple(draw(st.lists(_events(names), max_size=3))),
        draw(st.sampled_from((ZERO, Money(1_000_00)))),
    )


def _days() -> st.SearchStrategy[tuple[DayResult, ...]]:
    return st.lists(st.tuples(_results, _amounts), max_size=3).map(
        lambda days: tuple(
            DayResult(_FIRST + timedelta(place), marks, impact)
            for place, (marks, impact) in enumerate(days)
        )
    )


@st.composite
def _facts(draw: st.DrawFn, names: tuple[str, ...]) -> TrusteeFacts:
    accounts = draw(
        st.lists(
            st.tuples(st.sampled_from((*names, "Z")), st.sampled_from(AccountClass), _results),
            max_size=3,
        )
    )
    return TrusteeFacts(
        accounts=tuple(
            HeldAccount(str(place), account_class, holder, Holding.ENTITY, equity)
            for place, (holder, account_class, equity) in enumerate(accounts)
        ),
        class_property=draw(st.dictionaries(st.sampled_from(AccountClass), _amounts)),
        common_pool=draw(_amounts),
        debts=draw(st.dictionaries(st.sampled_from(names), st.builds(Debts, _amounts, _amounts))),
        non_public=frozenset(draw(st.sets(st.sampled_from(names), max_size=1))),
    )


def _events(names: tuple[str, ...]) -> st.SearchStrategy[Event]:
    return st.builds(
        Event,
        st.integers(0, 500).map(lambda days: _FIRST + timedelta(days)),
        st.sampled_from((Occasion.RECOVERY, Occasion.DISALLOWED_CLAIM)),
        st.sampled_from(names),
        st.integers(1, 200_00).map(Money),
        st.just("said"),
    )


def _case(
    given_: Given, rules: DefaultRules, *, sharing: bool = True, loss: Money | None = None
) -> Case:
    failure = fail(
        given_.holdings,
        given_.results,
        defaulters=given_.defaulters,
        proprietary_loss=given_.proprietary_loss if loss is None else loss,
        test=rules.failure_test,
    )
    closed_out = given_.defaulters | frozenset(
        name for name in given_.results if given_.holdings.customers[name].participates
    )
    kept = closed_out if failure.has_failed else given_.defaulters
    results = {name: each for name, each in given_.results.items() if name in kept}
    if failure.has_failed:
        results = dict(given_.results)
    return run_case(
        given_.holdings,
        failure,
        results,
        closed_out=kept,
        facts=given_.facts,
        events=given_.events,
        rules=rules,
        sharing=rules.sharing if sharing else None,
    )


@_QUICK
@given(firms(), _rules)
def test_every_cent_of_customer_property_is_paid_or_left_and_no_claim_is_exceeded(
    given_: Given, rules: DefaultRules
) -> None:
    case = _case(given_, rules)
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
    classes = given_.facts.class_property
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
            given_.facts.common_pool,
        ]
    )


@_QUICK
@given(firms(), _rules)
def test_segregated_customer_margin_pays_securities_customers_alone(
    given_: Given, rules: DefaultRules
) -> None:
    """Without set-off no futures customer gains by it or loses by what it lacks."""
    case = _case(given_, replace(rules, set_off=SetOffBetweenClasses.NONE))
    assume(case.estate is not None)
    assert case.estate
    assert case.settled
    apart = {
        name: each
        for name, each in given_.holdings.customers.items()
        if not each.participates and _FICC in each.at
    }
    ficc = case.settled.sides[_FICC]
    own = Money.total(
        ficc.customers[name].balance for name in sorted(apart) if name in ficc.customers
    )
    estate = case.estate
    assert estate.segregated.returned == own + ficc.borne_of(segregated=True)
    assert Money.total(estate.segregated.paid.values()) <= estate.segregated.returned
    for name, claim in estate.segregated.claims.items():
        assert estate.segregated.paid[name] <= claim
        in_all = Money.total(
            each.value + (given_.results[one].at(_FICC) if one in case.results else ZERO)
            for one, held in apart.items()
            if one == name
            for each in [held.property_at(_FICC)]
        )
        assert claim <= max(ZERO, in_all)


@_QUICK
@given(firms(), _rules, st.sampled_from(SetOffBetweenClasses))
def test_a_set_off_takes_nothing_from_a_customer_who_has_none(
    given_: Given, rules: DefaultRules, reading: SetOffBetweenClasses
) -> None:
    """What is set off is paid at the share of the class: to a cent, nobody else pays for it."""
    pooled = replace(rules, distribution=DistributionRule.POOLED)
    alone = replace(given_, events=(), facts=TrusteeFacts())
    apart = _case(alone, replace(pooled, set_off=SetOffBetweenClasses.NONE)).estate
    found = _case(alone, replace(pooled, set_off=reading)).estate
    assume(found is not None and apart is not None)
    assert found
    assert apart
    for name, claim in found.claims.items():
        if claim.total == apart.claims[name].total:
            assert found.paid[name] >= apart.paid[name] - Money(2)


@_QUICK
@given(firms(), _rules, st.randoms(use_true_random=False))
def test_the_order_of_customers_decides_nothing(
    given_: Given, rules: DefaultRules, order: object
) -> None:
    names = sorted(given_.holdings.customers, reverse=True)
    turned = replace(
        given_,
        holdings=replace(
            given_.holdings,
            customers={name: given_.holdings.customers[name] for name in names},
        ),
        results={name: given_.results[name] for name in names if name in given_.results},
        facts=replace(given_.facts, accounts=tuple(reversed(given_.facts.accounts))),
        events=tuple(reversed(given_.events)),
    )
    one, other = _case(given_, rules), _case(turned, rules)
    assert one.recoveries == other.recoveries
    assert one.failure == other.failure
    if one.payout and other.payout:
        assert one.payout.rounds == other.payout.rounds
        assert one.payout.estate == other.payout.estate


@_QUICK
@given(firms(), _rules)
def test_net_equity_is_the_same_in_whichever_bucket_a_ficc_position_stands(
    given_: Given, rules: DefaultRules
) -> None:
    open_trade = _case(given_, replace(rules, position_reading=PositionReading.OPEN_TRADE))
    as_property = _case(given_, replace(rules, position_reading=PositionReading.PROPERTY))
    assert open_trade.recoveries == as_property.recoveries


@_QUICK
@given(firms(), _rules, _results)
def test_a_claim_depends_on_no_other_customer(
    given_: Given, rules: DefaultRules, other: Money
) -> None:
    """CP-16: another's loss lowers nobody's claim, only the property."""
    assume(len(given_.holdings.customers) > 1)
    changed_name = sorted(given_.holdings.customers)[0]
    changed = replace(
        given_,
        results={
            **given_.results,
            changed_name: CustomerResults(changed_name, {_CME: (DayResult(_FIRST, other),)}),
        },
    )
    one, two = _case(given_, rules), _case(changed, rules)
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


@_QUICK
@given(firms(), _rules)
def test_a_customer_outside_the_arrangement_is_touched_through_the_pool_alone(
    given_: Given, rules: DefaultRules
) -> None:
    """What it is paid is its claim times the one rate of the class, to the cent."""
    pooled = replace(rules, distribution=DistributionRule.POOLED)
    case = _case(replace(given_, events=(), facts=TrusteeFacts()), pooled)
    assume(case.estate is not None)
    assert case.estate
    for name, claim in case.estate.claims.items():
        exact = claim.of_class(AccountClass.FUTURES).dollars * case.estate.futures_rate
        from_pool = case.estate.paid[name] - case.estate.segregated.paid[name]
        assert abs(from_pool.dollars - exact) < Fraction(1, 100)


@_QUICK
@given(firms(), _rules, st.booleans())
def test_the_difference_to_no_arrangement_is_the_sum_of_its_parts(
    given_: Given, rules: DefaultRules, fails_without: bool
) -> None:
    more = {
        name: replace(
            each, at={side: Property(held.value + Money(50_00)) for side, held in each.at.items()}
        )
        for name, each in given_.holdings.customers.items()
    }
    apart = replace(given_, holdings=replace(given_.holdings, customers=more))
    loss = Money(1_000_00) if fails_without else ZERO
    found = compare_cases(
        _case(given_, rules).recoveries,
        _case(given_, rules, sharing=False).recoveries,
        _case(apart, rules, sharing=False, loss=loss).recoveries,
    )
    for each in found.values():
        assert each.difference.total == each.with_arrangement.recovered - each.without.recovered


@_QUICK
@given(firms(), _rules)
def test_what_a_defaulters_loss_takes_is_paid_by_margin_firm_or_nobody(
    given_: Given, rules: DefaultRules
) -> None:
    failure = fail(
        given_.holdings, given_.results, defaulters=given_.defaulters, test=rules.failure_test
    )
    for day in failure.days:
        lost = Money.total(
            max(ZERO, -result)
            for name in given_.defaulters
            for result in _by_estate(given_, name, day.on)
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
            apart = [
                not given_.holdings.customers[name].participates for name in failure.defaulters
            ]
            assert failure.residual_interest_left == ZERO or any(apart)
    assert (failure.debt > ZERO or failure.cause is Cause.MINIMUM_CAPITAL) is failure.has_failed
    paid_in = Money.total(each for at in failure.paid_in.values() for each in at.values())
    last = failure.days[-1] if failure.days else None
    assert paid_in == (
        last.from_bd_fcm + last.from_residual_interest + last.from_capital if last else ZERO
    )


def _by_estate(given_: Given, name: str, on: date) -> tuple[Money, ...]:
    """Return results that net: of the futures class, and of Segregated Customer Margin."""
    results = given_.results[name]
    if given_.holdings.customers[name].participates:
        return (results.total(on),)
    return results.at(_FICC, on), results.at(_CME, on)


@_QUICK
@given(firms(), _rules)
def test_what_ficc_holds_of_one_customer_lowers_no_others_deficit(
    given_: Given, rules: DefaultRules
) -> None:
    """CP-16: customer by customer, whatever the rule set asks for and whoever's margin reaches."""
    each_alone = replace(
        rules,
        sharing=replace(rules.sharing, limit=GuarantyLimit.PER_CUSTOMER, cme_to_ficc=CmeToFicc.OFF),
    )
    paid, unpaid = _case(given_, each_alone), _case(given_, each_alone, sharing=False)
    assume(paid.settled is not None)
    assert paid.settled
    assert unpaid.settled
    with_, without = (each.settled.sides[_CME] for each in (paid, unpaid) if each.settled)
    own = Money.total(
        max(ZERO, -without.customers[name].balance) - max(ZERO, -at.balance)
        for name, at in with_.customers.items()
    )
    # What CME lacks falls by no more than the deficits of those whose property paid.
    assert without.borne - with_.borne <= own


@_QUICK
@given(firms(), _rules)
def test_no_organization_pays_more_than_the_customers_property_there(
    given_: Given, rules: DefaultRules
) -> None:
    case = _case(given_, rules)
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


def test_an_account_under_another_customers_name_is_refused() -> None:
    alone = CustomerHoldings("A", {}, Property(), {}, participates=True)
    with pytest.raises(Exception, match=r"customers\.B"):
        Holdings("F", _OPENING, {"B": alone}, ZERO, ZERO)
