"""Who claims what: net equity by claimant in the five steps of 17 CFR 190.08(b).

A claimant is one capacity: a customer of the arrangement and its other accounts count together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.account_equity import (
    AccountEquity,
    EquityItem,
    ItemKind,
    PositionReading,
    account_equity,
)
from crossmargin.default_management.capacities import (
    AccountClass,
    Capacity,
    HeldAccount,
    Holding,
    aggregate,
)
from crossmargin.default_management.holdings import CustomerHoldings, Holdings
from crossmargin.default_management.net_equity import (
    Correction,
    CustomerRecord,
    NetEquity,
    net_equity,
)
from crossmargin.default_management.results import CustomerResults
from crossmargin.product.position import ClearingOrganization


@dataclass(frozen=True, slots=True)
class Debts:
    """Debts outside the accounts, for set-off (step 3); not negative."""

    owed_by_customer: Money = ZERO
    owed_to_customer: Money = ZERO


@dataclass(frozen=True, slots=True)
class TrusteeFacts:
    """What the trustee knows beyond the holdings.

    Parameters
    ----------
    capacities : mapping of customer to HeldAccount
        As what a customer of the holdings is held, its equity left out; an entity of its own name
        where nothing is said.
    accounts : tuple of HeldAccount
        Other accounts, of any class, with their equity: of customers of the holdings and of others.
    class_property : mapping of AccountClass to Money
        Property of each class beyond the holdings.
    common_pool : Money
        Customer property of no class.
    debts : mapping of claimant to Debts
    non_public : frozenset of str
        Claimants who are insiders or the firm's own.
    """

    capacities: Mapping[str, HeldAccount] = field(default_factory=dict)
    accounts: tuple[HeldAccount, ...] = ()
    class_property: Mapping[AccountClass, Money] = field(default_factory=dict)
    common_pool: Money = ZERO
    debts: Mapping[str, Debts] = field(default_factory=dict)
    non_public: frozenset[str] = frozenset()

    def held_as(self, customer_id: str) -> HeldAccount:
        """Return as what a customer of the holdings holds its futures account."""
        own = HeldAccount(customer_id, AccountClass.FUTURES, customer_id, Holding.ENTITY, ZERO)
        return self.capacities.get(customer_id, own)


def claimant_of(capacity: Capacity) -> str:
    """Return the name of a claimant.

    Examples
    --------
    >>> claimant_of(Capacity("FUND", Holding.ENTITY))
    'FUND'
    >>> claimant_of(Capacity("Ann", Holding.GUARDIAN, "Bob"))
    'Ann (guardian of Bob)'
    """
    if capacity.held_as is Holding.ENTITY:
        return capacity.holder
    beneficiary = f" of {capacity.on_behalf_of}" if capacity.on_behalf_of else ""
    return f"{capacity.holder} ({capacity.held_as.value}{beneficiary})"


@dataclass(frozen=True, slots=True)
class Claim:
    """One claimant's net equity.

    Parameters
    ----------
    claimant : str
    customers : tuple of str
        Customers of the holdings, by name.
    participates : bool
        Whether one of them is of the arrangement.
    is_public : bool
    accounts : mapping of account to AccountEquity
        Step 1, of the customers of the holdings.
    other_accounts : mapping of account to Money
        Equity of accounts beyond the holdings.
    aggregated : mapping of AccountClass to Money
        Step 2.
    debts : Debts
    transferred : Money
        Of the futures class, moved after the filing (step 4).
    net_equity : NetEquity
        Steps 3 to 5.
    """

    claimant: str
    customers: tuple[str, ...]
    participates: bool
    is_public: bool
    accounts: Mapping[str, AccountEquity]
    other_accounts: Mapping[str, Money]
    aggregated: Mapping[AccountClass, Money]
    debts: Debts
    transferred: Money
    net_equity: NetEquity

    def of_class(self, account_class: AccountClass) -> Money:
        """Return the allowed claim of one class."""
        return self.net_equity.by_class.get(account_class, ZERO)

    @property
    def total(self) -> Money:
        """The allowed claim over all classes."""
        return Money.total(self.net_equity.by_class.values())


def equity_items(
    customer: CustomerHoldings, results: CustomerResults | None, *, is_closed_out: bool
) -> list[EquityItem]:
    """Return the items of a customer's futures account (step 1).

    Parameters
    ----------
    customer : CustomerHoldings
    results : CustomerResults or None
    is_closed_out : bool
        Realized; otherwise the positions are open and the results unrealized.
    """
    places = {each.value: customer.property_at(each) for each in ClearingOrganization}
    items = []
    for place, held in {**places, "BD-FCM": customer.at_bd_fcm}.items():
        items.append(EquityItem(f"cash at {place}", ItemKind.CASH_DEPOSITED, held.cash))
        value = held.securities_value
        items.append(EquityItem(f"securities at {place}", ItemKind.SECURITIES_VALUE, value))
    for organization in ClearingOrganization:
        result = results.at(organization) if results is not None else ZERO
        kind = _kind(organization, is_gain=result >= ZERO, is_closed_out=is_closed_out)
        items.append(EquityItem(f"positions at {organization.value}", kind, max(result, -result)))
    return items


def _kind(organization: ClearingOrganization, *, is_gain: bool, is_closed_out: bool) -> ItemKind:
    if is_closed_out:
        return ItemKind.REALIZED_GAIN if is_gain else ItemKind.REALIZED_LOSS
    if organization is ClearingOrganization.FICC:
        return ItemKind.FICC_POSITION_GAIN if is_gain else ItemKind.FICC_POSITION_LOSS
    return ItemKind.UNREALIZED_GAIN if is_gain else ItemKind.UNREALIZED_LOSS


@dataclass(frozen=True, slots=True)
class ClaimInputs:
    """What claims are made of.

    Parameters
    ----------
    holdings : Holdings
    results : mapping of customer to CustomerResults
        Of customers closed out, and of those whose open positions have a result.
    closed_out : frozenset of str
    facts : TrusteeFacts
    order_for_relief : date
        Set-offs count from it on.
    reading : PositionReading
    """

    holdings: Holdings
    results: Mapping[str, CustomerResults]
    closed_out: frozenset[str]
    facts: TrusteeFacts
    order_for_relief: date
    reading: PositionReading


def claims_of(
    inputs: ClaimInputs,
    *,
    transferred: Mapping[str, Money] | None = None,
    corrections: Mapping[str, Sequence[Correction]] | None = None,
) -> dict[str, Claim]:
    """Return every claim by claimant, sorted.

    Parameters
    ----------
    inputs : ClaimInputs
    transferred : mapping of claimant to Money, optional
        Value moved to a receiver after the filing, of the futures class.
    corrections : mapping of claimant to sequence of Correction, optional
        Step 5.
    """
    moved = transferred or {}
    equities = {
        name: account_equity(
            equity_items(
                customer, inputs.results.get(name), is_closed_out=name in inputs.closed_out
            ),
            inputs.reading,
        )
        for name, customer in inputs.holdings.customers.items()
    }
    own = {
        name: replace(
            inputs.facts.held_as(inputs.holdings.customers[name].owner),
            account_id=f"futures account of {name}",
            equity=equity.equity_balance,
        )
        for name, equity in equities.items()
    }
    found = {}
    for capacity, by_class in aggregate([*own.values(), *inputs.facts.accounts]).items():
        claimant = claimant_of(capacity)
        names = tuple(name for name in sorted(own) if own[name].capacity == capacity)
        debts = inputs.facts.debts.get(claimant, Debts())
        gone = moved.get(claimant, ZERO)
        record = CustomerRecord(
            equity_by_class=_less(by_class, gone),
            owed_by_customer=debts.owed_by_customer,
            owed_to_customer=debts.owed_to_customer,
            moved_after_filing={AccountClass.FUTURES: gone} if gone > ZERO else {},
            corrections=tuple((corrections or {}).get(claimant, ())),
        )
        relief = inputs.order_for_relief
        found[claimant] = Claim(
            claimant=claimant,
            customers=names,
            participates=any(inputs.holdings.customers[name].participates for name in names),
            is_public=claimant not in inputs.facts.non_public,
            accounts={name: equities[name] for name in names},
            other_accounts={
                each.account_id: each.equity
                for each in sorted(inputs.facts.accounts, key=lambda one: one.account_id)
                if each.capacity == capacity
            },
            aggregated=by_class,
            debts=debts,
            transferred=gone,
            net_equity=net_equity(record, on=relief, order_for_relief=relief),
        )
    return {name: found[name] for name in sorted(found)}


def _less(by_class: Mapping[AccountClass, Money], moved: Money) -> dict[AccountClass, Money]:
    """Return equities with what has left the futures class."""
    if moved == ZERO:
        return dict(by_class)
    return {**by_class, AccountClass.FUTURES: by_class[AccountClass.FUTURES] - moved}
