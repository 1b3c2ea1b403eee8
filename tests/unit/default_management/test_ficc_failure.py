"""The failure of FICC: by asset, no cure across assets, then customers and pools."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.ccp_failure import (
    CcpFailureRules,
    CustomersPool,
    HeldLoss,
    InterestsInTransit,
)
from crossmargin.default_management.entitlements import EntitlementHolder, MarginClass
from crossmargin.default_management.ficc_failure import (
    FiccFailure,
    FiccPosition,
    Interest,
    Owed,
    Secured,
    fail,
)
from crossmargin.default_management.regimes import REGIME_TERMS
from crossmargin.ledger.assets import CASH, Asset, security

NOTE, BOND = security("91282CMS7"), security("912810FT0")
XM, SCM = EntitlementHolder("BD1", MarginClass.XM), EntitlementHolder("BD2", MarginClass.SCM)
RULES = CcpFailureRules(100, InterestsInTransit.COUNTED)
PRICES = {NOTE.code: Fraction(99, 100), BOND.code: Fraction(101, 100)}


def vector(held: int, *more: Interest, secured: tuple[Secured, ...] = ()) -> FiccPosition:
    """Return UCC-1 to UCC-3: 60 million of BD1's XM, 40 million of BD2's securities customers."""
    return FiccPosition(
        interests=(Interest("FRBNY", NOTE, held), *more),
        secured=secured,
        owed=(Owed(XM, "A", NOTE, 60_000_000), Owed(SCM, "S", NOTE, 40_000_000)),
        prices=PRICES,
    )


def recovered(found: FiccFailure, asset: Asset = NOTE) -> list[int]:
    return [each.recovered for each in found.customers if each.owed.asset == asset]


@pytest.mark.parametrize(
    ("position", "rate", "paid", "surplus"),
    [
        (vector(100_000_000), Fraction(1), [60_000_000, 40_000_000], 0),
        (vector(90_000_000), Fraction(9, 10), [54_000_000, 36_000_000], 0),
        (
            vector(90_000_000, Interest("elsewhere", NOTE, 15_000_000)),
            Fraction(1),
            [60_000_000, 40_000_000],
            5_000_000,
        ),
    ],
    ids=["UCC-1", "UCC-2", "UCC-3"],
)
def test_the_vectors_of_article_8_hold_through_to_the_customers(
    position: FiccPosition, rate: Fraction, paid: list[int], surplus: int
) -> None:
    found = fail(position, RULES)
    (outcome,) = found.assets
    assert (outcome.recovery.rate, outcome.recovery.surplus) == (rate, surplus)
    assert recovered(found) == paid


def test_a_shortfall_in_one_asset_is_cured_by_no_other() -> None:
    owed = (
        Owed(XM, "", CASH, 310),
        Owed(SCM, "", CASH, 300),
        Owed(XM, "", NOTE, 150),
        Owed(SCM, "", NOTE, 90),
        Owed(XM, "", BOND, 60),
        Owed(SCM, "", BOND, 40),
    )
    held = (
        Interest("FRBNY", CASH, 500),
        Interest("BANK1", CASH, 120),
        Interest("FRBNY", NOTE, 200),
        Interest("BANK1", NOTE, 40),
        Interest("FRBNY", BOND, 95),
    )
    by_dollar = CcpFailureRules(1, InterestsInTransit.COUNTED)
    found = fail(FiccPosition(held, (), owed, PRICES), by_dollar)
    outcome = {each.held.asset: each.recovery for each in found.assets}
    assert (outcome[CASH].surplus, outcome[NOTE].surplus) == (10, 0)
    assert outcome[BOND].rate == Fraction(19, 20)
    assert recovered(found, BOND) == [57, 38]


def test_what_a_creditor_has_secured_comes_before_the_holders() -> None:
    found = fail(vector(100_000_000, secured=(Secured("LENDER", NOTE, 10_000_000),)), RULES)
    assert recovered(found) == [54_000_000, 36_000_000]


def test_what_is_under_way_is_an_interest_or_not_as_the_parameter_says() -> None:
    position = vector(90_000_000, Interest("BANK1", NOTE, 10_000_000, is_in_transit=True))
    assert recovered(fail(position, RULES)) == [60_000_000, 40_000_000]
    left_out = replace(RULES, in_transit=InterestsInTransit.LEFT_OUT)
    assert recovered(fail(position, left_out)) == [54_000_000, 36_000_000]


def test_a_loss_is_taken_where_it_is_said_to_be() -> None:
    position = vector(90_000_000, Interest("BANK1", NOTE, 10_000_000))
    by_share = fail(position, RULES, losses=[HeldLoss(NOTE.text, "BANK1", Fraction(1))])
    by_amount = fail(position, RULES, losses=[HeldLoss(NOTE.text, "", 10_000_000)])
    assert recovered(by_share) == recovered(by_amount) == [54_000_000, 36_000_000]
    assert by_share.assets[0].held.lost == 10_000_000


def test_every_loss_that_cannot_be_is_refused_at_once() -> None:
    losses = [
        HeldLoss(BOND.text, "", 1),
        HeldLoss(NOTE.text, "BANK1", 1),
        HeldLoss(NOTE.text, "FRBNY", 60),
        HeldLoss(NOTE.text, "", 60),
    ]
    with pytest.raises(RefusedError) as caught:
        fail(replace(vector(100), owed=()), RULES, losses=losses)
    assert [(each.field, each.value) for each in caught.value.refusals] == [
        ("held_loss", BOND.text),
        ("held_loss", f"{NOTE.text}@BANK1"),
        (f"held_loss.{NOTE.text}", "120 dollars of par"),
    ]


def test_a_refused_loss_is_said_in_dollars_and_cents_or_in_par() -> None:
    position = replace(vector(100), interests=(Interest("FRBNY", CASH, 150),), owed=())
    with pytest.raises(RefusedError) as caught:
        fail(position, RULES, losses=[HeldLoss(CASH.text, "", 200)])
    (refusal,) = caught.value.refusals
    assert refusal.value == "2.00 dollars"
    assert refusal.expected == "at most 1.50 dollars, which is held there"


def test_an_entitlement_of_no_whole_lot_is_refused() -> None:
    odd = replace(vector(1000), owed=(Owed(XM, "A", NOTE, 150), Owed(XM, "B", CASH, 3)))
    with pytest.raises(RefusedError, match="multiple of 100"):
        fail(odd, RULES)


def test_customers_bear_by_asset_while_the_bd_fcm_survives_and_from_one_pool_if_not() -> None:
    position = FiccPosition(
        interests=(Interest("FRBNY", NOTE, 500), Interest("FRBNY", CASH, 400_00)),
        owed=(Owed(XM, "A", NOTE, 1000), Owed(XM, "B", CASH, 400_00)),
        prices=PRICES,
        pools={"BD1": CustomersPool({"A": Money(990_00), "B": Money(400_00)}, Money(0))},
    )
    found = fail(position, RULES)
    losses = [
        (each.owed.customer_id, each.owed_value, each.recovered_value) for each in found.customers
    ]
    assert losses == [
        ("A", Money(990_00), Money(495_00)),
        ("B", Money(400_00), Money(400_00)),
    ]
    (pool,) = found.pools
    assert (pool.recovered, pool.claims) == (Money(895_00), Money(1390_00))
    assert (pool.rate_without, pool.rate) == (1, Fraction(895, 1390))
    assert pool.paid == {"A": Money(637_45), "B": Money(257_55)}


def test_what_securities_customers_recover_joins_no_futures_pool() -> None:
    pools = {name: CustomersPool({"A": Money(1)}, Money(0)) for name in ("BD1", "BD2")}
    found = fail(replace(vector(90_000_000), pools=pools), RULES)
    assert [each.recovered for each in found.pools] == [Money(53_460_000_00), Money(0)]


def test_settlements_that_are_due_are_owed_and_not_recovered() -> None:
    pool = CustomersPool({"A": Money(100)}, Money(50), unsettled=Money(50))
    found = fail(FiccPosition(pools={"BD1": pool}), RULES)
    assert (found.pools[0].rate_without, found.pools[0].rate) == (1, Fraction(1, 2))


def test_without_a_price_nothing_is_said_in_dollars() -> None:
    position = replace(vector(100_000_000), prices={}, pools={"BD1": CustomersPool({}, Money(0))})
    found = fail(position, RULES)
    assert (found.unpriced, found.pools) == ((NOTE,), ())
    assert {each.recovered_value for each in found.customers} == {None}


def test_an_asset_owed_and_held_nowhere_recovers_nothing() -> None:
    found = fail(FiccPosition(owed=(Owed(XM, "A", NOTE, 100),), prices=PRICES), RULES)
    assert recovered(found) == [0]


@pytest.mark.parametrize("amount", [-1, Fraction(11, 10), Fraction(-1, 10)])
def test_a_loss_is_of_what_there_is(amount: int | Fraction) -> None:
    with pytest.raises(ValueError, match="not negative"):
        HeldLoss(NOTE.text, "", amount)


def test_a_pool_holds_nothing_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        CustomersPool({}, Money(-1))


def test_every_answer_on_the_regimes_says_how_it_is_known() -> None:
    assert {each.status for each in REGIME_TERMS} <= {"sourced", "recalled", "inferred", "unknown"}
    assert all(each.bankruptcy and each.title_ii and each.source for each in REGIME_TERMS)
