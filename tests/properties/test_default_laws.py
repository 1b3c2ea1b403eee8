"""Laws of the default rules: no cent is lost, nobody gets more than its claim.

The order of customers decides nothing. The laws hold for any customers, deficits and empty claims
among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.account_equity import (
    EquityItem,
    ItemKind,
    PositionReading,
    account_equity,
)
from crossmargin.default_management.class_allocation import ClassEstate, allocate
from crossmargin.default_management.distribution import (
    LeftOver,
    Subclass,
    SubclassFunds,
    Treatment,
    compared,
)
from crossmargin.default_management.entitlements import recover
from crossmargin.default_management.funded_balance import ClassProperty, funded_balances
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
    ProportionalLimit,
    RuleSet,
    SharingRules,
    Side,
    share,
    share_losses,
)
from crossmargin.default_management.net_equity import set_off
from crossmargin.default_management.shares import share_of
from crossmargin.default_management.transfer_test import no_prejudice
from crossmargin.product.position import ClearingOrganization

amounts = st.integers(0, 10**9).map(Money)
#: Small ones too, so that ties, zeros and single cents are common.
small = st.one_of(st.integers(0, 5), st.integers(0, 10**6)).map(Money)
signed = st.integers(-(10**6), 10**6).map(Money)
names = st.sampled_from("ABCDEFGH")
claims_of_customers = st.dictionaries(names, st.one_of(small, signed), min_size=1)


def reordered(of: Mapping[str, Money]) -> dict[str, Money]:
    return {name: of[name] for name in reversed(list(of))}


def claim(amount: Money) -> Money:
    return max(amount, ZERO)


@given(st.lists(st.tuples(st.sampled_from(ItemKind), amounts)))
def test_equity_does_not_depend_on_the_bucket_of_a_ficc_position(
    items: list[tuple[ItemKind, Money]],
) -> None:
    named = [EquityItem(str(place), *item) for place, item in enumerate(items)]
    one, other = (account_equity(named, reading) for reading in PositionReading)
    assert one.equity_balance == other.equity_balance
    assert one.equity_balance == Money.total(item.signed for item in named)
    assert one.ledger_balance == other.ledger_balance


@given(claims_of_customers, small, small)
def test_a_set_off_makes_and_loses_no_cent(
    equity: dict[str, Money], owed_by: Money, owed_to: Money
) -> None:
    found = set_off(equity, owed_by_customer=owed_by, owed_to_customer=owed_to)
    left = sum(found.equity_dollars.values(), start=Fraction(0))
    before = Money.total(equity.values()) + owed_to - owed_by
    after = left + found.general_creditor_claim.dollars - found.owed_by_customer.dollars
    assert after == before.dollars
    for name, amount in found.equity_dollars.items():
        assert 0 <= amount <= claim(equity[name]).dollars


@given(claims_of_customers, small, st.data())
def test_funded_balances_share_the_property_and_no_more(
    net_equity: dict[str, Money], segregated: Money, data: st.DataObject
) -> None:
    paid = {
        name: Money(data.draw(st.integers(0, claim(amount).cents)))
        for name, amount in net_equity.items()
    }
    of_class = ClassProperty(Money(1), segregated + Money.total(paid.values()), Money(2), Money(3))
    found = funded_balances(net_equity, of_class, paid)
    cents = found.in_cents
    assert Money.total(cents.values()) + found.excess == of_class.total
    for name, amount in cents.items():
        assert paid[name] <= amount <= claim(net_equity[name])
    assert funded_balances(reordered(net_equity), of_class, paid).in_cents == cents


@given(claims_of_customers, small, signed)
def test_a_customer_without_a_claim_changes_no_other_customers_share(
    net_equity: dict[str, Money], segregated: Money, deficit: Money
) -> None:
    of_class = ClassProperty(ZERO, segregated, ZERO, ZERO)
    cents = funded_balances(net_equity, of_class).in_cents
    for nothing in (ZERO, -claim(deficit)):
        more = funded_balances({"newcomer": nothing, **net_equity}, of_class).in_cents
        assert more == {"newcomer": ZERO, **cents}


estates = st.dictionaries(names, st.builds(ClassEstate, small, small, small), min_size=1)


@given(estates, small)
def test_allocation_spends_all_property_and_fills_from_the_lowest(
    classes: dict[str, ClassEstate], pool: Money
) -> None:
    found = allocate(classes, pool)
    public, non_public = found.public_in_cents, found.non_public_in_cents
    spent = Money.total(public.values()) + Money.total(non_public.values()) + found.left
    assert spent == pool + Money.total(each.own_property for each in classes.values())
    for name, each in classes.items():
        assert public[name] <= each.public_net_equity
        assert non_public[name] <= each.non_public_net_equity
        kept = min(each.own_property, each.public_net_equity).dollars
        assert found.public_dollars[name] >= kept
        if found.public_dollars[name] > kept:
            # Whoever was lifted has the lowest share there is.
            assert found.rates[name] == min(found.rates.values())
    if found.left_for_non_public > ZERO:
        assert set(found.rates.values()) == {1}
    backwards = {name: classes[name] for name in reversed(list(classes))}
    assert allocate(backwards, pool).public_in_cents == public


subclass = st.builds(SubclassFunds, small, small, small)
cents_or_two = st.integers(1, 300).map(Money)
requirement_is_claim = st.builds(
    lambda funds, required: SubclassFunds(funds, required, required), cents_or_two, cents_or_two
)


@given(subclass, subclass, st.sampled_from(LeftOver))
def test_distributions_conserve_property_and_pay_no_more_than_claims(
    non_xm: SubclassFunds, xm: SubclassFunds, left_over: LeftOver
) -> None:
    both = {Subclass.NON_XM: non_xm, Subclass.XM: xm}
    found = compared(both, left_over=left_over)
    for each in (found.pooled, found.framework_one):
        cents = each.in_cents
        assert Money.total(cents.values()) + each.left == non_xm.funds + xm.funds
        for name, amount in cents.items():
            assert amount <= both[name].claims


@given(requirement_is_claim, requirement_is_claim)
def test_framework_one_never_pays_other_customers_less_than_the_pool(
    non_xm: SubclassFunds, xm: SubclassFunds
) -> None:
    found = compared({Subclass.NON_XM: non_xm, Subclass.XM: xm})
    assert found.shifted_dollars >= 0
    if found.treatment is not Treatment.SEPARATE:
        assert found.shifted_dollars == 0


@given(claims_of_customers, small, st.data())
def test_a_transfer_is_allowed_if_and_only_if_all_others_can_have_the_same_share(
    net_equity: dict[str, Money], available: Money, data: st.DataObject
) -> None:
    moved = data.draw(st.sampled_from(sorted(net_equity)))
    transfer = {moved: Money(data.draw(st.integers(0, claim(net_equity[moved]).cents)))}
    found = no_prejudice(net_equity, prior={}, available=available, transfer=transfer)
    others = Money.total(
        amount for name, amount in net_equity.items() if name != moved and amount > ZERO
    )
    could_get = share_of(claim(found.remaining), others)
    assert found.is_allowed is (found.remaining >= ZERO and could_get >= found.highest_rate)
    again = no_prejudice(
        {**reordered(net_equity), "newcomer": ZERO},
        prior={},
        available=available,
        transfer=transfer,
    )
    assert again == found


@given(
    st.dictionaries(names, st.integers(0, 10**5), min_size=1),
    st.integers(0, 3 * 10**5),
    st.integers(0, 10**5),
    st.sampled_from([1, 100]),
)
def test_entitlements_never_pay_more_than_there_is_and_no_lot_that_fits_is_kept(
    entitlements: dict[str, int], held: int, prior_secured: int, lot: int
) -> None:
    whole = {name: amount * lot for name, amount in entitlements.items()}
    found = recover(held=held, prior_secured=prior_secured, entitlements=whole, lot=lot)
    paid = sum(found.payouts.values())
    assert paid <= found.available
    assert min(found.available, sum(whole.values())) - paid < lot
    for name, amount in found.payouts.items():
        assert amount % lot == 0
        assert abs(amount - found.exact[name]) < lot
        assert amount + found.unsecured[name] == whole[name]
    backwards = {name: whole[name] for name in reversed(list(whole))}
    again = recover(held=held, prior_secured=prior_secured, entitlements=backwards, lot=lot)
    assert again.payouts == found.payouts


sides = st.builds(Side, signed, small, small, small)
both_sides = st.fixed_dictionaries(dict.fromkeys(ClearingOrganization, sides))
sharing_rules = st.builds(
    SharingRules,
    st.sampled_from(RuleSet),
    st.sampled_from(GuarantyLimit),
    st.sampled_from(CmeToFicc),
    st.sampled_from(ProportionalLimit),
)


@given(both_sides, sharing_rules)
def test_sharing_a_loss_makes_and_loses_no_cent_and_stays_within_property(
    given_sides: dict[ClearingOrganization, Side], rules: SharingRules
) -> None:
    found = share(given_sides, rules)
    before = Money.total(side.balance for side in given_sides.values())
    assert Money.total(found.after.values()) == before
    for payer, side in given_sides.items():
        paid = Money.total(each.amount for each in found.payments if each.payer is payer)
        assert paid <= side.payable
    if rules.cme_to_ficc is CmeToFicc.OFF:
        assert all(each.payer is ClearingOrganization.FICC for each in found.payments)
    # A payment never turns who pays into one who lacks.
    for name, left in found.after.items():
        assert left >= min(given_sides[name].balance, ZERO)


@given(both_sides, sharing_rules)
def test_the_case_table_leaves_no_shortfall_beside_property_that_may_pay_it(
    given_sides: dict[ClearingOrganization, Side], rules: SharingRules
) -> None:
    if rules.rule_set not in {RuleSet.CASE_TABLE, RuleSet.MAXIMISATION_PAYMENT}:
        return
    found = share(given_sides, rules)
    paid = Money.total(
        each.amount for each in found.payments if each.payer is ClearingOrganization.FICC
    )
    could_still = given_sides[ClearingOrganization.FICC].payable - paid
    assert found.after[ClearingOrganization.CME] >= ZERO or could_still == ZERO


@given(st.dictionaries(names, both_sides, min_size=1, max_size=4), sharing_rules)
def test_under_either_limit_nobodys_property_pays_more_than_there_is(
    customers: dict[str, dict[ClearingOrganization, Side]], rules: SharingRules
) -> None:
    found = share_losses(customers, rules)
    for payer in ClearingOrganization:
        drawn = found.drawn(payer)
        assert Money.total(drawn.values()) == found.paid(payer, rules.limit)
        for name, amount in drawn.items():
            assert amount <= customers[name][payer].payable
    backwards = {name: customers[name] for name in reversed(list(customers))}
    again = share_losses(backwards, rules)
    assert again.drawn_together == found.drawn_together
    assert again.per_customer == found.per_customer
