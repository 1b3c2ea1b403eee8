"""With no arrangement FICC's margin is Segregated Customer Margin: apart from futures, by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.capacities import AccountClass, HeldAccount, Holding
from crossmargin.default_management.case import Case, run_case
from crossmargin.default_management.claims import TrusteeFacts
from crossmargin.default_management.holdings import CustomerHoldings, Holdings
from crossmargin.default_management.results import CustomerResults
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.default_management.sides import Reach
from crossmargin.testing.failing_firms import (
    CME,
    FICC,
    customer_with,
    dollars,
    results_by_day,
    when_it_cannot_pay,
)

OPENING, FIRST = date(2023, 3, 10), date(2023, 3, 13)


def customer(name: str, ficc: int, cme: int, at_bd_fcm: int = 0) -> CustomerHoldings:
    return customer_with(name, {FICC: ficc, CME: cme}, at_bd_fcm, participates=False)


def result(name: str, ficc: int, cme: int) -> CustomerResults:
    return results_by_day(name, {FIRST: ficc}, {FIRST: cme})


HOLDINGS = Holdings(
    "F",
    OPENING,
    {"A": customer("A", 60, 40, 5), "B": customer("B", 30, 20), "C": customer("C", 0, 200)},
    residual_interest=dollars(10),
    adjusted_net_capital=dollars(20),
)


@pytest.fixture(scope="module")
def one_way(rules: DefaultRules) -> DefaultRules:
    """Return the rules where no debt is set off against the claim on margin at FICC."""
    return replace(rules, set_off=SetOffBetweenClasses.FUTURES_EQUITY_ONLY)


def case(rules: DefaultRules, results: Mapping[str, CustomerResults], *defaulters: str) -> Case:
    return run_case(
        HOLDINGS,
        when_it_cannot_pay(HOLDINGS, results, defaulters=defaulters),
        results,
        closed_out=frozenset(results),
        facts=TrusteeFacts(),
        events=(),
        rules=rules,
        sharing=None,
    )


def test_a_gain_in_securities_pays_no_loss_in_futures(one_way: DefaultRules) -> None:
    """A gains 50 at FICC and loses 120 at CME: 80 lack there, whatever FICC has to give back."""
    found = case(one_way, {"A": result("A", 50, -120)}, "A")
    (day,) = found.failure.days
    assert (day.lost, day.gained, day.result) == (dollars(120), dollars(50), dollars(-70))
    assert (day.from_margin, day.from_bd_fcm) == (dollars(40), dollars(5))
    assert (day.from_residual_interest, day.from_capital) == (dollars(10), dollars(20))
    assert day.unpaid == dollars(45)
    estate = found.estate
    assert estate is not None
    # CME has 260 - 120 + 35: no cent of FICC's 140.
    assert estate.futures_property.returned == {FICC: ZERO, CME: dollars(175)}
    assert estate.futures_property.total == dollars(175)
    assert estate.segregated.returned == dollars(140)
    # A's 75 at CME are a debt to the futures class; its claim at FICC is whole.
    claim = estate.claims["A"]
    assert claim.segregated_equity == dollars(110)
    assert (claim.of_segregated_margin, claim.debt) == (dollars(110), dollars(75))
    assert estate.segregated.paid == {"A": dollars(110), "B": dollars(30), "C": ZERO}
    assert estate.general.left_of_segregated_margin == ZERO
    assert estate.general.debts_of_customers == dollars(75)
    # Futures: 175 on 20 and 200.
    assert {name: each.total for name, each in estate.claims.items()} == {
        "A": dollars(110),
        "B": dollars(50),
        "C": dollars(200),
    }
    assert estate.paid["C"] == Money(159_09)
    assert estate.paid["B"] == dollars(30) + Money(15_91)


def test_a_debt_to_futures_customers_is_set_off_against_margin_at_ficc_and_paid_by_it(
    rules: DefaultRules,
) -> None:
    """The same 75, with set-off both ways: A has 35 of its 110, and futures customers the 75."""
    found = case(rules, {"A": result("A", 50, -120)}, "A")
    estate = found.estate
    assert estate is not None
    claim = estate.claims["A"]
    assert (claim.of_segregated_margin, claim.debt) == (dollars(35), ZERO)
    assert estate.futures_property.from_segregated_margin == dollars(75)
    assert estate.futures_property.total == dollars(175 + 75)
    assert (estate.segregated.to_classes, estate.segregated.available) == (dollars(75), dollars(65))
    assert estate.paid == {"A": dollars(35), "B": dollars(50), "C": dollars(200)}
    # The firm's residual interest and capital, which had paid for A, come back.
    assert estate.general.left_of_customer_property == dollars(30)
    assert estate.general.left_of_segregated_margin == ZERO


def test_each_way_of_set_off_alone(rules: DefaultRules) -> None:
    """A owes 75 to futures customers, B 5 at FICC beside 20 at CME."""
    results = {"A": result("A", 50, -120), "B": result("B", -35, 0)}
    paid = {}
    for reading in SetOffBetweenClasses:
        estate = case(replace(rules, set_off=reading), results, "A", "B").estate
        assert estate is not None
        debts = {name: each.debt for name, each in estate.claims.items()}
        paid[reading] = estate.paid["A"], debts["A"], debts["B"]
        deficit = estate.futures_property.to_segregated_margin
        assert (deficit > ZERO) is reading.against_equity
    assert paid == {
        SetOffBetweenClasses.BOTH: (dollars(35), ZERO, ZERO),
        SetOffBetweenClasses.FUTURES_EQUITY_ONLY: (dollars(110), dollars(75), ZERO),
        SetOffBetweenClasses.NONE: (dollars(110), dollars(75), dollars(5)),
    }


def test_what_is_set_off_is_paid_at_the_share_of_the_claim(rules: DefaultRules) -> None:
    """Where FICC takes half of A's 110 for B's loss, 75 of debt bring half of 75."""
    together = replace(rules, reach={FICC: Reach.CUSTOMERS_TOGETHER, CME: Reach.CUSTOMERS_TOGETHER})
    results = {"A": result("A", 50, -120), "B": result("B", -85, 0)}
    found = case(together, results, "A", "B")
    estate = found.estate
    assert estate is not None
    share = Fraction(estate.segregated.returned.cents, dollars(110).cents)
    assert 0 < share < 1
    exact = 75 * share
    assert abs(estate.futures_property.from_segregated_margin.dollars - exact) < Fraction(1, 100)
    assert estate.claims["A"].of_segregated_margin == dollars(35)


def test_residual_interest_pays_nothing_that_ficc_lacks(rules: DefaultRules) -> None:
    """A loses 100 at FICC and gains 100 at CME; of 40 that FICC lacks capital pays 20."""
    found = case(rules, {"A": result("A", -100, 100)}, "A")
    (day,) = found.failure.days
    assert (day.from_margin, day.from_bd_fcm) == (dollars(60), ZERO)
    assert (day.from_residual_interest, day.from_capital) == (ZERO, dollars(20))
    assert day.unpaid == dollars(20)
    assert found.failure.paid_in["A"] == {FICC: dollars(20), CME: ZERO}
    estate = found.estate
    assert estate is not None
    assert found.settled is not None
    assert found.settled.sides[FICC].borne == dollars(20)
    # The debt of 40 is outside step 1, set off in step 3, and paid to FICC's estate.
    claim = estate.claims["A"]
    assert sum(each.cents for each in claim.aggregated.values()) == dollars(145).cents
    assert claim.total == dollars(105)
    assert estate.paid == {"A": dollars(105), "B": dollars(50), "C": dollars(200)}
    assert estate.futures_property.to_segregated_margin == dollars(40)
    assert estate.general.left_of_customer_property == dollars(10)
    assert estate.general.left_of_segregated_margin == dollars(40)


def test_capital_that_does_not_suffice_is_shared_between_the_two_estates(
    rules: DefaultRules,
) -> None:
    """At CME 35 lack beyond A's 5 and residual interest, at FICC 35: capital gives each ten."""
    found = case(rules, {"A": result("A", -95, -90)}, "A")
    (day,) = found.failure.days
    assert (day.from_residual_interest, day.from_capital) == (dollars(10), dollars(20))
    assert found.failure.paid_in["A"] == {FICC: dollars(10), CME: dollars(25)}
    assert day.unpaid == dollars(50)


def test_what_ficc_lacks_of_one_it_may_take_of_securities_customers_alone(
    rules: DefaultRules,
) -> None:
    together = replace(rules, reach={FICC: Reach.CUSTOMERS_TOGETHER, CME: Reach.OWN_CUSTOMER})
    found = case(together, {"A": result("A", -100, 0)}, "A")
    estate = found.estate
    assert estate is not None
    # 20 lack after capital, and B's 30 pay them; A's 45 at CME and at the firm pay its debt of 40.
    assert estate.segregated.returned == dollars(10)
    assert estate.segregated.from_classes == dollars(40)
    assert estate.segregated.paid == {"A": ZERO, "B": dollars(30), "C": ZERO}
    assert estate.claims["A"].total == dollars(5)
    assert estate.futures_rate == 1


def test_a_customer_of_the_arrangement_keeps_what_it_holds_outside_it_apart(
    rules: DefaultRules,
) -> None:
    own = {**HOLDINGS.customers}
    own["A"] = replace(own["A"], participates=True)
    own["A outside XM"] = replace(customer("A outside XM", 50, 0), belongs_to="A")
    held = replace(HOLDINGS, customers=own)
    results = {"A": result("A", -10, 0), "A outside XM": result("A outside XM", -20, 0)}
    found = run_case(
        held,
        when_it_cannot_pay(held, {}, proprietary_loss=dollars(21)),
        results,
        closed_out=frozenset(results),
        facts=TrusteeFacts(),
        events=(),
        rules=rules,
        sharing=rules.sharing,
    )
    estate = found.estate
    assert estate is not None
    assert estate.futures_property.returned[FICC] == dollars(50)
    assert estate.segregated.claims == {"A": dollars(30), "B": dollars(30), "C": ZERO}
    assert estate.claims["A"].total == dollars(50 + 45 + 30)


def test_accounts_of_a_customer_that_is_a_capacity_by_itself_are_one_claim(
    rules: DefaultRules,
) -> None:
    own = dict(HOLDINGS.customers)
    own["A outside XM"] = replace(customer("A outside XM", 0, 20), belongs_to="A")
    plan = HeldAccount("A", AccountClass.FUTURES, "A", Holding.OTHER, ZERO)
    results = {"B": result("B", -120, -10)}
    holdings = replace(HOLDINGS, customers=own)
    found = run_case(
        holdings,
        when_it_cannot_pay(holdings, results, defaulters=("B",)),
        results,
        closed_out=frozenset(results),
        facts=TrusteeFacts(capacities={"A": plan}),
        events=(),
        rules=rules,
        sharing=None,
    )
    assert set(found.recoveries) == {"A (other of A)", "B", "C"}
    assert found.estate is not None
    assert found.estate.claims["A (other of A)"].customers == ("A", "A outside XM")
