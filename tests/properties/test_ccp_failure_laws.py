"""Laws of a clearing organization's failure: nothing made, nothing lost, no order that decides."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management import cme_failure, ficc_failure
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.ccp_failure import (
    CcpFailureRules,
    CustomersPool,
    HeldLoss,
    InterestsInTransit,
)
from crossmargin.default_management.cme_failure import (
    AllocatedLoss,
    ClaimAtCme,
    CmePosition,
    EstateOf,
    MemberAccount,
    PropertyAtCme,
)
from crossmargin.default_management.entitlements import EntitlementHolder, MarginClass
from crossmargin.default_management.ficc_failure import FiccPosition, Interest, Owed, Secured
from crossmargin.ledger.assets import CASH, security

RULES = CcpFailureRules(100, InterestsInTransit.COUNTED)
ASSETS = (CASH, security("91282CMS7"), security("912810FT0"))
PRICES = {"91282CMS7": Fraction(9937, 10_000), "912810FT0": Fraction(10_311, 10_000)}
fcms = st.sampled_from(["BD1", "BD2"])
customers = st.sampled_from("ABC")
lots = st.integers(0, 40).map(lambda each: each * 100)
holders = st.builds(EntitlementHolder, fcms, st.sampled_from(MarginClass))
pools = st.dictionaries(
    fcms,
    st.builds(
        CustomersPool,
        st.dictionaries(customers, st.integers(-500_000, 500_000).map(Money)),
        st.integers(0, 500_000).map(Money),
    ),
)
ficc_positions = st.builds(
    FiccPosition,
    st.lists(
        st.builds(Interest, st.sampled_from(["FRBNY", "BANK"]), st.sampled_from(ASSETS), lots)
    ).map(tuple),
    st.lists(
        st.builds(Secured, st.just("LENDER"), st.sampled_from(ASSETS), st.integers(0, 300)),
        max_size=2,
    ).map(tuple),
    st.lists(st.builds(Owed, holders, customers, st.sampled_from(ASSETS), lots)).map(tuple),
    st.just(PRICES),
    pools,
)
estates = st.builds(
    EstateOf,
    st.sampled_from(MemberAccount),
    st.sampled_from([AccountClass.FUTURES, AccountClass.CLEARED_SWAPS]),
)
cents = st.integers(0, 10_000).map(Money)
cme_positions = st.builds(
    CmePosition,
    st.lists(
        st.builds(ClaimAtCme, fcms, estates, customers, st.integers(-3000, 10_000).map(Money)),
        max_size=8,
    ).map(tuple),
    st.lists(st.builds(AllocatedLoss, fcms, estates, cents), max_size=2).map(tuple),
    st.lists(
        st.builds(PropertyAtCme, st.just("CUSTODY"), st.one_of(st.none(), estates), cents),
        max_size=5,
    ).map(tuple),
    pools,
)


@given(ficc_positions)
def test_of_each_asset_all_that_is_available_is_paid_or_left(position: FiccPosition) -> None:
    found = ficc_failure.fail(position, RULES)
    for each in found.assets:
        recovery = each.recovery
        paid = sum(row.recovered for row in found.customers if row.owed.asset == each.held.asset)
        assert paid == sum(recovery.payouts.values())
        assert paid + recovery.surplus + recovery.undistributed == recovery.available
        assert 0 <= recovery.undistributed < RULES.par_lot_dollars
    assert all(0 <= row.recovered <= row.owed.amount for row in found.customers)


@given(ficc_positions, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_given_decides_nothing(position, random) -> None:
    def shuffled(rows):
        return tuple(random.sample(rows, len(rows)))

    other = FiccPosition(
        shuffled(position.interests),
        shuffled(position.secured),
        shuffled(position.owed),
        position.prices,
        dict(shuffled(list(position.pools.items()))),
    )
    assert ficc_failure.fail(position, RULES) == ficc_failure.fail(other, RULES)


@given(ficc_positions, st.integers(0, 99).map(lambda each: Fraction(each, 100)))
def test_what_is_lost_of_one_asset_changes_no_other(position: FiccPosition, share) -> None:
    if not any(each.asset == CASH and each.amount for each in position.interests):
        return
    before = ficc_failure.fail(position, RULES)
    after = ficc_failure.fail(position, RULES, losses=[HeldLoss(CASH.text, "", share)])
    for one, other in zip(before.customers, after.customers, strict=True):
        if one.owed.asset != CASH:
            assert one == other
        assert other.recovered <= one.recovered


@given(ficc_positions)
def test_a_pool_pays_out_what_it_has_and_nobody_beyond_the_claim(position: FiccPosition) -> None:
    for pool in ficc_failure.fail(position, RULES).pools:
        claims = position.pools[pool.bd_fcm].claims
        assert Money.total(pool.paid.values()) + pool.left == pool.other_property + pool.recovered
        assert all(ZERO <= paid <= max(ZERO, claims[name]) for name, paid in pool.paid.items())
        assert pool.rate <= pool.rate_without <= 1


@given(cme_positions)
def test_all_property_at_cme_is_paid_or_left(position: CmePosition) -> None:
    found = cme_failure.fail(position)
    paid = Money.total(each.paid for each in found.members)
    assert paid == Money.total(each.paid for each in found.estates)
    assert paid + found.left == Money.total(each.amount for each in position.held)
    assert found.left >= ZERO
    assert all(ZERO <= each.paid <= each.net_equity for each in found.members)


@given(cme_positions)
def test_customers_lose_what_their_account_is_not_paid(position: CmePosition) -> None:
    found = cme_failure.fail(position)
    for member in found.members:
        own = [
            each
            for each in found.customers
            if (each.bd_fcm, each.account_class) == (member.bd_fcm, member.estate.account_class)
        ]
        if member.estate.account is MemberAccount.CUSTOMER and own:
            lost = Money.total(each.loss for each in own)
            assert lost == max(ZERO, member.claimed) - member.paid
            assert all(ZERO <= each.loss <= max(ZERO, each.claimed) for each in own)


@given(cme_positions)
def test_the_order_of_claims_and_property_at_cme_decides_nothing(position: CmePosition) -> None:
    other = CmePosition(
        position.claims[::-1], position.allocated[::-1], position.held[::-1], position.pools
    )
    assert cme_failure.fail(position) == cme_failure.fail(other)


@given(cme_positions)
def test_no_public_claim_is_short_while_a_house_estate_keeps_more_than_its_claims(
    position: CmePosition,
) -> None:
    found = cme_failure.fail(position)
    is_short = any(
        each.paid < each.net_equity
        for each in found.estates
        if each.estate.account is MemberAccount.CUSTOMER
    )
    if is_short:
        assert found.left == ZERO
        for each in found.estates:
            if each.estate.account is MemberAccount.HOUSE:
                assert each.paid <= each.own_property
