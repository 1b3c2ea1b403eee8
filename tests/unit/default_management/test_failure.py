"""A failure worked out by hand: what the firm has, who pays on which day, and when it fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.failure import Cause, FailureTest, fail
from crossmargin.default_management.holdings import Holdings, Property
from crossmargin.default_management.unsold import beyond_property
from crossmargin.testing.failing_firms import (
    A_LOSES,
    B_LOSES,
    CME,
    FICC,
    FIRST,
    HOLDINGS,
    OPENING,
    SECOND,
    customer,
    dollars,
    results_by_day,
    when_it_cannot_pay,
)


def test_margin_pays_first_then_the_firm_and_the_day_and_cent_of_the_failure_are_said() -> None:
    failure = when_it_cannot_pay(HOLDINGS, {"A": A_LOSES}, defaulters=["A"])
    first, second = failure.days
    assert (first.from_margin, first.from_bd_fcm, first.unpaid) == (dollars(80), ZERO, ZERO)
    assert second.from_margin == dollars(100)
    assert second.from_bd_fcm == dollars(10)
    assert second.from_residual_interest == dollars(100)
    assert second.from_capital == dollars(50)
    assert (failure.failed_on, failure.cause) == (SECOND, Cause.CUSTOMERS)
    assert failure.debt == second.unpaid == dollars(10)
    assert failure.below_minimum_on == SECOND
    assert failure.paid_in == {"A": {FICC: ZERO, CME: dollars(160)}}


def test_what_one_account_of_a_customer_releases_counts_against_another() -> None:
    """A's regular account has 70 to spare; of 180 lacking the firm pays what that and it leave."""
    regular = replace(customer("A regular", 0, 90, 5, xm=False), belongs_to="A")
    held = replace(HOLDINGS, customers={**HOLDINGS.customers, "A regular": regular})
    loses = {"A": A_LOSES, "A regular": results_by_day("A regular", {}, {FIRST: -20})}
    assert beyond_property(held, loses) == ("A",)
    failure = when_it_cannot_pay(held, loses, defaulters=["A"])
    last = failure.days[-1]
    assert last.result == dollars(-290)
    assert last.from_margin == dollars(190)
    assert last.from_bd_fcm == dollars(15)
    assert (last.from_residual_interest, last.unpaid) == (dollars(85), ZERO)
    assert failure.drawn_at_bd_fcm == {"A": dollars(10), "A regular": dollars(5)}
    # Nothing lacks in the regular account: all goes to the loss at CME in the other.
    assert failure.paid_in["A regular"] == {FICC: ZERO, CME: ZERO}
    assert failure.paid_in["A"] == {FICC: ZERO, CME: dollars(100)}
    with pytest.raises(ValueError, match="not there"):
        when_it_cannot_pay(held, {"A": A_LOSES}, defaulters=["A"])


def test_a_firm_that_must_keep_its_minimum_capital_fails_with_more_debt() -> None:
    failure = fail(
        HOLDINGS, {"A": A_LOSES}, defaulters=["A"], failure_test=FailureTest.MINIMUM_CAPITAL
    )
    assert failure.debt == dollars(30)
    assert failure.capital_left == dollars(20)


def test_a_firm_already_under_its_minimum_fails_at_the_last_cycle() -> None:
    """17 CFR 1.17(a)(4): it must transfer all accounts, without a loss of any kind."""
    thin = replace(HOLDINGS, adjusted_net_capital=dollars(15))
    failure = fail(thin, {"A": A_LOSES}, defaulters=["A"], failure_test=FailureTest.MINIMUM_CAPITAL)
    assert (failure.failed_on, failure.cause) == (OPENING, Cause.MINIMUM_CAPITAL)
    assert failure.below_minimum_on == OPENING
    assert (failure.capital_left, failure.days) == (dollars(15), ())
    assert fail(thin, {}, defaulters=[], failure_test=FailureTest.CANNOT_PAY).failed_on is None


def test_a_firm_that_pays_stands_and_a_later_gain_pays_it_back() -> None:
    recovers = results_by_day("A", {}, {FIRST: -200, SECOND: 50})
    failure = when_it_cannot_pay(HOLDINGS, {"A": recovers}, defaulters=["A"])
    assert not failure.has_failed
    assert [each.from_residual_interest for each in failure.days] == [dollars(90), dollars(40)]
    assert failure.residual_interest_left == dollars(60)


def test_a_proprietary_loss_fails_the_firm_at_the_last_cycle_with_segregation_clean() -> None:
    failure = when_it_cannot_pay(HOLDINGS, {}, proprietary_loss=dollars(70))
    assert (failure.failed_on, failure.cause) == (OPENING, Cause.PROPRIETARY)
    assert failure.proprietary_unpaid == dollars(20)
    assert (failure.residual_interest_left, failure.capital_left) == (dollars(100), ZERO)
    assert not when_it_cannot_pay(HOLDINGS, {}, proprietary_loss=dollars(50)).has_failed


def test_a_defaulter_without_a_close_out_is_no_default() -> None:
    with pytest.raises(ValueError, match="not there"):
        when_it_cannot_pay(HOLDINGS, {}, defaulters=["A"])


def test_customers_beyond_their_property_are_found_on_whichever_day_it_is() -> None:
    back_again = results_by_day("B", {FIRST: -60, SECOND: 60}, {})
    assert beyond_property(HOLDINGS, {"A": A_LOSES, "B": back_again}) == ("A", "B")
    assert beyond_property(HOLDINGS, {"B": B_LOSES}) == ()


def test_holdings_refuse_every_fault_at_once() -> None:
    with pytest.raises(RefusedError) as caught:
        Holdings("F", OPENING, {"B": HOLDINGS.customers["A"]}, Money(-1), Money(-1), Money(-1))
    assert [each.field for each in caught.value.refusals] == [
        "residual_interest",
        "adjusted_net_capital",
        "minimum_capital",
        "customers.B",
    ]


@pytest.mark.parametrize(
    ("cash", "par", "value"), [(-1, {}, 0), (0, {}, 5), (0, {"912810FT0": 0}, 0)]
)
def test_property_that_cannot_be_is_none(cash: int, par: dict[str, int], value: int) -> None:
    with pytest.raises(ValueError, match="was"):
        Property(Money(cash), par, Money(value))
