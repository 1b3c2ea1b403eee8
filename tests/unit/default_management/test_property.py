"""Funded balances, allocation among classes, distribution, entitlements."""

from __future__ import annotations

from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.class_allocation import ClassEstate, allocate
from crossmargin.default_management.distribution import (
    LeftOver,
    Subclass,
    SubclassFunds,
    Treatment,
    compared,
    framework_one,
    treatment_of,
)
from crossmargin.default_management.entitlements import (
    AssetHeld,
    EntitlementHolder,
    MarginClass,
    recover,
    recoveries,
)
from crossmargin.default_management.funded_balance import (
    ClassProperty,
    funded_balances,
)
from crossmargin.ledger.assets import CASH, futures_position, security


def dollars(amount: int) -> Money:
    return Money(amount * 100)


def of_class(segregated: int, *, letters: int = 0, allocated: int = 0) -> ClassProperty:
    return ClassProperty(dollars(letters), dollars(segregated), dollars(allocated), dollars(0))


def both(
    non_xm: tuple[int, int], xm: tuple[int, int], claims: tuple[int, int] | None = None
) -> dict[Subclass, SubclassFunds]:
    """Funds and requirement of each; claims equal the requirements unless given."""
    claimed = claims or (non_xm[1], xm[1])
    return {
        name: SubclassFunds(dollars(funds), dollars(required), dollars(claim))
        for name, (funds, required), claim in zip(Subclass, (non_xm, xm), claimed, strict=True)
    }


def paid(found: object, *, of: str = "framework_one") -> tuple[int, ...]:
    return tuple(money.cents for money in getattr(found, of).in_cents.values())


def test_payments_at_100_per_cent_are_taken_out_of_the_sharing_and_put_back() -> None:
    found = funded_balances(
        {"A": dollars(600), "B": dollars(400)}, of_class(550), {"A": dollars(100)}
    )
    assert found.rate == Fraction(1, 2)
    assert found.exact_dollars == {"A": 350, "B": 200}


def test_nobody_is_funded_beyond_its_claim_and_the_rest_is_excess() -> None:
    found = funded_balances({"A": dollars(60), "B": dollars(40)}, of_class(90, letters=30))
    assert found.exact_dollars == {"A": 60, "B": 40}
    assert (found.rate, found.excess) == (1, dollars(20))


def test_a_deficit_funds_nobody() -> None:
    found = funded_balances({"A": dollars(60), "B": dollars(-40)}, of_class(30))
    assert found.exact_dollars == {"A": 30, "B": 0}


def test_a_class_paid_at_100_per_cent_throughout_has_nothing_left_to_share() -> None:
    found = funded_balances({"A": dollars(60)}, of_class(70), {"A": dollars(60)})
    assert (found.exact_dollars, found.excess) == ({"A": 60}, dollars(10))


def test_what_went_out_beyond_the_funded_balance_is_to_be_recovered() -> None:
    found = funded_balances({"A": dollars(600), "B": dollars(400)}, of_class(500, allocated=200))
    still = found.still_to_pay({"A": dollars(500)})
    assert still == {"A": dollars(-80), "B": dollars(280)}


def test_impossible_payments_are_refused_all_at_once() -> None:
    given = {"A": dollars(61), "B": dollars(-1), "C": dollars(1)}
    with pytest.raises(RefusedError) as caught:
        funded_balances({"A": dollars(60), "B": dollars(40)}, of_class(10), given)
    assert [refusal.field for refusal in caught.value.refusals] == [
        "paid_at_100pct.A",
        "paid_at_100pct.B",
        "paid_at_100pct.C",
        "paid_at_100pct",
    ]


def test_property_is_not_negative() -> None:
    with pytest.raises(ValueError, match="property"):
        of_class(-1)


def test_what_a_class_leaves_helps_the_others() -> None:
    found = allocate(
        {
            "futures": ClassEstate(dollars(100), dollars(150)),
            "swaps": ClassEstate(dollars(100), dollars(20)),
        },
        dollars(0),
    )
    assert found.public_in_cents == {"futures": dollars(100), "swaps": dollars(70)}
    assert found.left_for_non_public == dollars(0)


def test_the_pool_rises_from_the_lowest_share_up() -> None:
    estates = {
        "a": ClassEstate(dollars(100), dollars(10)),
        "b": ClassEstate(dollars(100), dollars(40)),
        "c": ClassEstate(dollars(100), dollars(90)),
    }
    levels = {20: (30, 40, 90), 30: (40, 40, 90), 50: (50, 50, 90), 130: (90, 90, 90)}
    for pool, expected in levels.items():
        found = allocate(estates, dollars(pool))
        assert tuple(found.public_in_cents.values()) == tuple(map(dollars, expected))


def test_a_tie_of_shares_rises_together_whatever_the_claims() -> None:
    found = allocate(
        {
            "a": ClassEstate(dollars(300), dollars(30)),
            "b": ClassEstate(dollars(100), dollars(10)),
        },
        dollars(40),
    )
    assert found.public_dollars == {"a": 60, "b": 20}


def test_a_class_without_claims_gives_what_it_has_and_counts_as_paid() -> None:
    found = allocate(
        {
            "futures": ClassEstate(dollars(100), dollars(50)),
            "delivery": ClassEstate(dollars(0), dollars(30)),
        },
        dollars(0),
    )
    assert found.public_dollars == {"futures": 80, "delivery": 0}
    assert found.rates == {"futures": Fraction(4, 5), "delivery": 1}


def test_non_public_claims_come_last_and_in_the_same_manner() -> None:
    estates = {
        "a": ClassEstate(dollars(100), dollars(130), dollars(60)),
        "b": ClassEstate(dollars(50), dollars(0), dollars(20)),
    }
    found = allocate(estates, dollars(20))
    assert found.public_in_cents == {"a": dollars(100), "b": dollars(50)}
    assert found.left_for_non_public == dollars(0)
    found = allocate(estates, dollars(60))
    assert found.left_for_non_public == dollars(40)
    assert found.non_public_in_cents == {"a": dollars(30), "b": dollars(10)}
    assert allocate(estates, dollars(105)).left == dollars(5)


@pytest.mark.parametrize(
    ("non_xm", "xm", "treatment", "expected", "pool"),
    [
        # The cases that follow from the rule's words, one a row of its table
        ((150, 150), (150, 150), Treatment.NO_SHORTFALL, (150, 150), (150, 150)),
        ((100, 150), (150, 150), Treatment.POOLED, (125, 125), (125, 125)),
        ((150, 150), (100, 150), Treatment.SEPARATE, (150, 100), (125, 125)),
        ((125, 150), (100, 150), Treatment.SEPARATE, (125, 100), (112.5, 112.5)),
        ((100, 150), (125, 150), Treatment.POOLED, (112.5, 112.5), (112.5, 112.5)),
        ((100, 150), (100, 150), Treatment.POOLED, (100, 100), (100, 100)),
        ((0, 0), (10, 20), Treatment.SEPARATE, (0, 10), (0, 10)),
        ((10, 20), (0, 0), Treatment.POOLED, (10, 0), (10, 0)),
        # Pooled where the pool has more than is claimed
        ((100, 150), (250, 150), Treatment.POOLED, (150, 150), (150, 150)),
    ],
)
def test_framework_one_and_the_pool(
    non_xm: tuple[int, int],
    xm: tuple[int, int],
    treatment: Treatment,
    expected: tuple[float, float],
    pool: tuple[float, float],
) -> None:
    found = compared(both(non_xm, xm))
    assert found.treatment is treatment
    assert paid(found) == tuple(int(each * 100) for each in expected)
    assert paid(found, of="pooled") == tuple(int(each * 100) for each in pool)
    assert found.shifted_dollars == Fraction(expected[0]) - Fraction(pool[0])


def test_the_switch_says_whether_a_surplus_helps_the_other_pool() -> None:
    surplus = both((200, 150), (100, 150))
    helped = framework_one(surplus, left_over=LeftOver.HELPS_OTHER)
    assert tuple(helped.in_cents.values()) == (dollars(150), dollars(150))
    apart = framework_one(surplus, left_over=LeftOver.STAYS)
    assert tuple(apart.in_cents.values()) == (dollars(150), dollars(100))
    assert apart.left == dollars(50)


def test_claims_that_differ_from_requirements_are_what_is_paid() -> None:
    found = compared(both((150, 150), (100, 150), claims=(100, 300)))
    assert paid(found, of="pooled") == (62_50, 187_50)
    assert found.treatment is Treatment.SEPARATE
    assert paid(found) == (100_00, 150_00)
    # Neither is short of its requirement: what one claims less pays what the other claims more
    for left_over in LeftOver:
        neither = compared(both((150, 150), (150, 150), claims=(100, 180)), left_over=left_over)
        assert paid(neither) == (100_00, 180_00)


def test_the_larger_share_decides_not_the_larger_amount() -> None:
    assert treatment_of(both((900, 1000), (50, 100))) is Treatment.SEPARATE
    assert treatment_of(both((700, 1000), (75, 100))) is Treatment.POOLED


def test_shares_are_paid_in_whole_lots_ties_by_name() -> None:
    found = recover(
        held=1000, prior_secured=0, entitlements={"C": 500, "B": 500, "A": 500}, lot=100
    )
    assert found.payouts == {"A": 400, "B": 300, "C": 300}
    assert found.unsecured == {"A": 100, "B": 200, "C": 200}
    assert sum(found.exact.values()) == 1000


def test_a_lot_beyond_an_odd_entitlement_is_paid_to_nobody() -> None:
    found = recover(held=1000, prior_secured=0, entitlements={"A": 150, "B": 50}, lot=100)
    assert (found.payouts, found.surplus) == ({"A": 100, "B": 0}, 800)


def test_prior_secured_claims_come_first_and_leave_no_less_than_nothing() -> None:
    assert recover(held=90, prior_secured=40, entitlements={"A": 100}).payouts == {"A": 50}
    found = recover(held=90, prior_secured=100, entitlements={"A": 100})
    assert (found.available, found.rate, found.unsecured) == (0, 0, {"A": 100})
    assert recover(held=9, prior_secured=0, entitlements={"A": 0}).rate == 1


def test_a_surplus_in_one_asset_repairs_no_other() -> None:
    one, other = security("91282CMS7"), security("912810FT0")
    xm, scm = (EntitlementHolder("BD1", each) for each in MarginClass)
    found = recoveries(
        [
            AssetHeld(one, {"FRBNY": 900, "bank": 0}, 0, {xm: 600, scm: 400}),
            AssetHeld(other, {"FRBNY": 1000, "bank": 500}, 0, {xm: 600}),
            AssetHeld(CASH, {"bank": 99}, 0, {xm: 100, scm: 1}),
        ],
        par_lot_dollars=100,
    )
    assert found[one].payouts == {"BD1-XM": 500, "BD1-SCM": 400}
    assert found[other].surplus == 900
    assert found[CASH].payouts == {"BD1-XM": 98, "BD1-SCM": 1}


def test_an_asset_stands_once_and_is_somebodys_property() -> None:
    cash = AssetHeld(CASH, {}, 0, {})
    with pytest.raises(ValueError, match="CASH-USD"):
        recoveries([cash, cash], par_lot_dollars=100)
    with pytest.raises(ValueError, match="FUT-ZNM26"):
        AssetHeld(futures_position("ZNM26"), {}, 0, {})
    with pytest.raises(ValueError, match="negative"):
        AssetHeld(CASH, {"bank": -1}, 0, {})
