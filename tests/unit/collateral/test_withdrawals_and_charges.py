"""Withdrawals, house terms, undermargined amounts and the charge for them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.house_terms import (
    HouseTerms,
    limits_exceeded,
    must_have,
    reasons_against_transfer,
    reasons_against_withdrawal,
    terms_on,
    withdrawal_test,
)
from crossmargin.collateral.undermargined import (
    AccountType,
    ChargeRules,
    OutstandingCall,
    undermargined_amount,
    undermargined_charge,
)
from crossmargin.collateral.withdrawal import (
    WithdrawalTest,
)
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization

FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
FUND = CustomerKey("BD", "FUND")
DAY = date(2026, 5, 12)


def dollars(amount: int) -> Money:
    return Money(amount * 100)


def test_a_withdrawal_leaves_the_requirement_covered() -> None:
    test = WithdrawalTest(dollars(2_900_000), dollars(2_700_000))
    assert test.max_withdrawal == dollars(200_000)
    assert not test.allows(dollars(250_000))  # W-1
    assert test.allows(dollars(200_000))  # W-2
    assert not test.allows(dollars(200_000) + Money(1))
    assert test.reasons_against(dollars(200_000)) == ()
    assert [each.field for each in test.reasons_against(dollars(250_000))] == ["request"]


def test_what_is_granted_and_not_yet_gone_counts() -> None:
    test = WithdrawalTest(dollars(2_900_000), dollars(2_700_000), pending=dollars(150_000))
    assert test.max_withdrawal == dollars(50_000)


def test_nothing_leaves_an_account_that_is_short() -> None:
    test = WithdrawalTest(-dollars(5), dollars(10))
    assert test.max_withdrawal == ZERO
    assert not test.allows(ZERO)
    assert len(test.reasons_against(ZERO)) == 2
    with pytest.raises(ValueError, match="required"):
        WithdrawalTest(ZERO, Money(-1))


def test_what_a_customer_must_have_is_never_below_the_minimum() -> None:
    terms = HouseTerms(FUND, DAY, Fraction(1, 10), dollars(5), credit_limit=dollars(1_000_000))
    found = must_have(terms, dollars(100))
    assert found.add_on == dollars(15)
    assert found.amount == dollars(100)
    part = must_have(HouseTerms(FUND, DAY, Fraction(1, 3), ZERO, Money(1)), Money(100))
    assert part.add_on == Money(34), "up to the cent"
    assert part.amount == Money(133)
    with pytest.raises(ValueError, match="minimum"):
        must_have(terms, Money(-1))


@pytest.mark.parametrize(
    "terms",
    [
        {"add_on_ratio": Fraction(-1, 10)},
        {"add_on": Money(-1)},
        {"credit_limit": Money(-1)},
        {"uncollected_limit": Money(-1)},
    ],
)
def test_no_term_lowers_the_minimum(terms: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        HouseTerms(FUND, DAY, **terms)  # type: ignore[arg-type]


def test_terms_hold_from_their_day_for_their_customer() -> None:
    first = HouseTerms(FUND, date(2026, 1, 1), add_on=Money(1))
    second = HouseTerms(FUND, DAY, add_on=Money(2))
    other = HouseTerms(CustomerKey("BD2", "FUND"), date(2026, 1, 1), add_on=Money(9))
    every = [second, other, first]
    assert terms_on(every, FUND, date(2026, 5, 11)) == first
    assert terms_on(every, FUND, DAY) == second
    assert terms_on(every, FUND, date(2025, 12, 31)).add_on == ZERO
    with pytest.raises(ValueError, match="begin on one day"):
        terms_on([first, first], FUND, DAY)


def test_a_transfer_is_refused_with_every_reason() -> None:
    terms = HouseTerms(
        FUND, DAY, add_on=dollars(10), credit_limit=dollars(4), requirement_limit=dollars(100)
    )

    def rules(value: int, after: int) -> list[str]:
        reasons = reasons_against_transfer(
            terms, value=dollars(value), ccp_minimum_after=dollars(after)
        )
        return [each.rule for each in reasons]

    assert rules(106, 100) == []
    assert rules(105, 100) == ["house add-on; order, paragraph (g); CP-06"]
    assert rules(100, 101) == [
        "order, paragraph (g); CP-06",
        "house add-on; order, paragraph (g); CP-06",
        "17 CFR 1.73; CP-06",
    ]


def test_credit_does_not_serve_a_withdrawal() -> None:
    terms = HouseTerms(FUND, DAY, add_on=dollars(10), credit_limit=dollars(10))
    test = withdrawal_test(terms, value=dollars(120), ccp_minimum=dollars(100))
    assert test.max_withdrawal == dollars(10)


def test_undermargined_amounts_are_never_netted() -> None:
    required_and_value = [
        (6_000_000, 7_300_000),
        (350_000, 200_000),
        (90_000, -80_000),
        (2_700_000, 2_470_000),
    ]
    found = [undermargined_amount(dollars(r), dollars(v)) for r, v in required_and_value]
    assert found == [ZERO, dollars(150_000), dollars(170_000), dollars(230_000)]


@pytest.mark.parametrize(
    ("account_type", "counted", "charge", "age"),
    [
        (AccountType.OMNIBUS_OR_NONCUSTOMER, 160_000, 0, 2),  # CAP-2
        (AccountType.CUSTOMER, 100_000, 8_000, 1),
    ],
)
def test_calls_no_older_than_the_age_reduce_the_charge(
    parameters: ParameterSet, account_type: AccountType, counted: int, charge: int, age: int
) -> None:
    calls = [OutstandingCall(dollars(100_000), 1), OutstandingCall(dollars(60_000), 2)]
    found = undermargined_charge(
        maintenance_margin=dollars(300_000),
        equity=dollars(192_000),
        calls=calls,
        account_type=account_type,
        rules=ChargeRules.from_parameters(parameters),
    )
    assert found.deficiency == dollars(108_000)
    assert found.calls_counted == dollars(counted)
    assert found.charge == dollars(charge)
    assert found.max_age_business_days == age


def test_a_deficit_deducted_already_is_not_charged_twice(parameters: ParameterSet) -> None:
    found = undermargined_charge(
        maintenance_margin=dollars(300),
        equity=-dollars(50),
        calls=[],
        account_type=AccountType.CUSTOMER,
        rules=ChargeRules.from_parameters(parameters),
        deducted=dollars(50),
    )
    assert found.charge == dollars(300)


def test_a_withdrawal_is_refused_with_the_term_that_stands_against_it() -> None:
    terms = HouseTerms(FUND, DAY, add_on=dollars(10), uncollected_limit=dollars(5))

    def rules(request: int, uncollected: int = 0) -> list[str]:
        reasons = reasons_against_withdrawal(
            terms,
            value=dollars(120),
            ccp_minimum=dollars(100),
            request=dollars(request),
            uncollected=dollars(uncollected),
        )
        return [each.rule for each in reasons]

    by_rule, house = "17 CFR 1.44(b) and 39.13(g)(8)(iii); CP-08", "house add-on"
    assert rules(10, 5) == []
    assert [rule.split(";")[0] for rule in rules(11)] == [house]
    assert rules(21) == [by_rule]
    assert rules(21, 6) == [by_rule, "limit of uncollected calls; 17 CFR 1.73"]
    assert rules(0) == [by_rule]


def test_a_limit_that_is_reached_is_not_exceeded() -> None:
    terms = HouseTerms(FUND, DAY, requirement_limit=dollars(100), uncollected_limit=ZERO)

    def fields(minimum: int, uncollected: int) -> list[str]:
        found = limits_exceeded(
            terms, ccp_minimum=dollars(minimum), uncollected=dollars(uncollected)
        )
        return [each.field for each in found]

    assert fields(100, 0) == []
    assert fields(101, 1) == ["requirement", "uncollected"]
    nobody = HouseTerms(FUND, DAY)
    assert limits_exceeded(nobody, ccp_minimum=dollars(10**9), uncollected=dollars(10**9)) == ()
