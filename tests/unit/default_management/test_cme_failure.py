"""The failure of CME: separate capacities, loss allocation first, pro rata within the class."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.ccp_failure import CustomersPool, HeldLoss
from crossmargin.default_management.cme_failure import (
    AllocatedLoss,
    ClaimAtCme,
    CmePosition,
    EstateOf,
    MemberAccount,
    PropertyAtCme,
    fail,
)

FUTURES = EstateOf(MemberAccount.CUSTOMER, AccountClass.FUTURES)
SWAPS = EstateOf(MemberAccount.CUSTOMER, AccountClass.CLEARED_SWAPS)
HOUSE = EstateOf(MemberAccount.HOUSE, AccountClass.FUTURES)


def dollars(amount: int) -> Money:
    return Money(amount * 100)


def owed(bd_fcm: str, estate: EstateOf, amount: int, customer: str = "") -> ClaimAtCme:
    return ClaimAtCme(bd_fcm, estate, customer, dollars(amount))


def held(estate: EstateOf | None, amount: int, place: str = "CUSTODY") -> PropertyAtCme:
    return PropertyAtCme(place, estate, dollars(amount))


TWO_MEMBERS = CmePosition(
    claims=(
        owed("BD1", FUTURES, 60, "A"),
        owed("BD1", FUTURES, 40, "B"),
        owed("BD2", FUTURES, 100),
        owed("BD1", HOUSE, 50),
    ),
    held=(held(FUTURES, 200), held(HOUSE, 50)),
)


def rates(position: CmePosition) -> dict[str, Fraction]:
    return {str(each.estate): each.rate for each in fail(position).estates}


def test_with_all_property_there_everybody_is_paid() -> None:
    found = fail(TWO_MEMBERS)
    assert [each.paid for each in found.members] == [dollars(100), dollars(50), dollars(100)]
    assert [each.loss for each in found.customers] == [Money(0)] * 3
    assert (found.left, found.property_lost) == (Money(0), Money(0))


def test_customers_and_house_are_separate_and_a_short_house_takes_nothing_from_customers() -> None:
    short = replace(TWO_MEMBERS, held=(held(FUTURES, 200), held(HOUSE, 10)))
    assert rates(short) == {"CUSTOMER-futures": 1, "HOUSE-futures": Fraction(1, 5)}


def test_within_the_class_members_share_pro_rata() -> None:
    found = fail(TWO_MEMBERS, losses=[HeldLoss("", "CUSTODY", 100_00)])
    # Lost at the place, a fifth of the house's property there and four of the customers'.
    assert {str(each.estate): each.paid for each in found.estates} == {
        "CUSTOMER-futures": dollars(120),
        "HOUSE-futures": dollars(30),
    }
    assert [each.paid for each in found.members] == [dollars(60), dollars(30), dollars(60)]
    assert [each.recovered for each in found.customers] == [dollars(36), dollars(24), dollars(60)]


def test_what_the_house_has_beyond_its_claims_helps_public_customers_first() -> None:
    position = CmePosition(
        claims=(owed("BD1", FUTURES, 100), owed("BD1", HOUSE, 50)),
        held=(held(FUTURES, 80), held(HOUSE, 60)),
    )
    assert rates(position) == {"CUSTOMER-futures": Fraction(9, 10), "HOUSE-futures": 1}


def test_what_one_public_class_leaves_helps_the_other_and_then_the_house() -> None:
    position = CmePosition(
        claims=(owed("BD1", FUTURES, 100), owed("BD1", SWAPS, 100), owed("BD1", HOUSE, 50)),
        held=(held(FUTURES, 150), held(SWAPS, 70)),
    )
    assert rates(position) == {
        "CUSTOMER-cleared_swaps": 1,
        "CUSTOMER-futures": 1,
        "HOUSE-futures": Fraction(2, 5),
    }


def test_property_of_no_estate_rises_from_the_lowest_funded_class_up() -> None:
    position = CmePosition(
        claims=(owed("BD1", FUTURES, 100), owed("BD1", SWAPS, 100)),
        held=(held(FUTURES, 40), held(SWAPS, 60), held(None, 30, "GUARANTY_FUND")),
    )
    assert rates(position) == {
        "CUSTOMER-cleared_swaps": Fraction(13, 20),
        "CUSTOMER-futures": Fraction(13, 20),
    }


def test_the_loss_allocation_comes_before_net_equity() -> None:
    allocated = (AllocatedLoss("BD1", HOUSE, dollars(60)), AllocatedLoss("BD1", FUTURES, Money(1)))
    found = fail(replace(TWO_MEMBERS, allocated=allocated))
    customers, house, _ = found.members
    assert (house.net_equity, house.owed_to_cme, house.paid) == (Money(0), dollars(10), Money(0))
    assert (customers.net_equity, customers.paid) == (Money(9999), Money(9999))
    assert [each.loss for each in found.customers] == [Money(1), Money(0), Money(0)]
    assert found.left == dollars(50) + Money(1)


def test_a_customer_who_owes_bears_nothing_of_what_is_lost() -> None:
    position = CmePosition(
        claims=(owed("BD1", FUTURES, 120, "A"), owed("BD1", FUTURES, -20, "B")),
        held=(held(FUTURES, 50),),
    )
    assert [(each.customer_id, each.recovered) for each in fail(position).customers] == [
        ("A", dollars(70)),
        ("B", dollars(-20)),
    ]


def test_what_the_customers_account_recovers_joins_the_pool_of_its_bd_fcm() -> None:
    pool = CustomersPool({"A": dollars(60), "B": dollars(40), "C": dollars(100)}, dollars(100))
    position = replace(TWO_MEMBERS, held=(held(FUTURES, 100), held(HOUSE, 50)), pools={"BD1": pool})
    (shares,) = fail(position).pools
    assert (shares.recovered, shares.rate, shares.rate_without) == (dollars(50), Fraction(3, 4), 1)
    assert shares.paid == {"A": dollars(45), "B": dollars(30), "C": dollars(75)}


def test_an_account_in_debit_claims_nothing() -> None:
    position = CmePosition(claims=(owed("BD1", FUTURES, -5, "A"),), held=(held(FUTURES, 3),))
    found = fail(position)
    assert (found.members[0].owed_to_cme, found.members[0].paid) == (dollars(5), Money(0))
    assert found.left == dollars(3)


def test_every_loss_that_cannot_be_is_refused_at_once() -> None:
    losses = [HeldLoss("", "NOWHERE", 1), HeldLoss("", "CUSTODY", 250_01)]
    with pytest.raises(RefusedError) as caught:
        fail(TWO_MEMBERS, losses=losses)
    assert [each.value for each in caught.value.refusals] == [
        "0.01 dollars at NOWHERE",
        "250.01 dollars at CUSTODY",
    ]
