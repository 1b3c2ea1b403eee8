"""Who claims what: net equity by claimant in the five steps of 17 CFR 190.08(b).

A claimant is one capacity: a customer of the arrangement and its other accounts count together.
What FICC holds outside the arrangement is Segregated Customer Margin: a claim of its own, on
securities customers' property, in no step of the five. A debt in one estate and a claim in the
other are set off as ``set_off_between_classes`` says.
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
    futures_account_of,
)
from crossmargin.default_management.holdings import CustomerHoldings, Holdings
from crossmargin.default_management.net_equity import (
    Correction,
    CustomerRecord,
    NetEquity,
    net_equity,
)
from crossmargin.default_management.results import CustomerResults
from crossmargin.default_management.segregated_set_off import (
    SegregatedSetOff,
    SetOffBetweenClasses,
    segregated_set_off,
)
from crossmargin.default_management.shares import no_less_than_zero
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
        Of the trustee's facts.
    transferred : Money
        Of the futures class, moved after the filing: out of step 1's ledger balance, and back in
        step 4.
    net_equity : NetEquity
        Steps 3 to 5.
    segregated_equity : Money
        Segregated Customer Margin and what it lost or gained; negative for a debt.
    set_off : SegregatedSetOff
        Between the account classes and Segregated Customer Margin.
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
    segregated_equity: Money = ZERO
    set_off: SegregatedSetOff = field(default_factory=SegregatedSetOff)

    def of_class(self, account_class: AccountClass) -> Money:
        """Return the allowed claim of one class."""
        return self.net_equity.by_class.get(account_class, ZERO)

    @property
    def of_segregated_margin(self) -> Money:
        """The claim on securities customers' property, after set-off."""
        return no_less_than_zero(self.segregated_equity) - self.set_off.against_margin

    @property
    def debt(self) -> Money:
        """What the claimant owes the estate after every set-off."""
        owed = self.net_equity.owed_by_customer + self.set_off.deficit_left
        return owed - self.set_off.against_margin

    @property
    def total(self) -> Money:
        """The allowed claim over all classes, and of Segregated Customer Margin."""
        return Money.total(self.net_equity.by_class.values()) + self.of_segregated_margin


def equity_items(
    customer: CustomerHoldings,
    results: CustomerResults | None,
    *,
    is_closed_out: bool,
    transferred: Money = ZERO,
) -> list[EquityItem]:
    """Return the items of a customer's futures account (step 1).

    Parameters
    ----------
    customer : CustomerHoldings
    results : CustomerResults or None
    is_closed_out : bool
        Realized; otherwise the positions are open and the results unrealized.
    transferred : Money
        Disbursed after the filing.
    """
    organizations = [each for each in ClearingOrganization if customer.is_futures_property(each)]
    places = {each.value: customer.property_at(each) for each in organizations}
    items = []
    if transferred > ZERO:
        items.append(EquityItem("transferred", ItemKind.DISBURSEMENT, transferred))
    for place, held in {**places, "BD-FCM": customer.at_bd_fcm}.items():
        items.append(EquityItem(f"cash at {place}", ItemKind.CASH_DEPOSITED, held.cash))
        value = held.securities_value
        items.append(EquityItem(f"securities at {place}", ItemKind.SECURITIES_VALUE, value))
    for organization in organizations:
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
    set_off : SetOffBetweenClasses
    """

    holdings: Holdings
    results: Mapping[str, CustomerResults]
    closed_out: frozenset[str]
    facts: TrusteeFacts
    order_for_relief: date
    reading: PositionReading
    set_off: SetOffBetweenClasses


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
    equities = _equities(inputs, {})
    if any(each > ZERO for each in moved.values()):
        equities = _equities(inputs, _moved_by_account(inputs, equities, moved))
    own = {
        name: replace(
            inputs.facts.held_as(inputs.holdings.customers[name].owner),
            account_id=futures_account_of(name),
            apart_as=inputs.holdings.customers[name].owner,
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
        segregated = Money.total(_segregated(inputs, name) for name in names)
        deficit = no_less_than_zero(-segregated) if inputs.set_off.against_equity else ZERO
        record = CustomerRecord(
            equity_by_class=by_class,
            owed_by_customer=debts.owed_by_customer + deficit,
            owed_to_customer=debts.owed_to_customer,
            moved_after_filing={AccountClass.FUTURES: gone} if gone > ZERO else {},
            corrections=tuple((corrections or {}).get(claimant, ())),
        )
        relief = inputs.order_for_relief
        after = net_equity(record, on=relief, order_for_relief=relief)
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
            net_equity=after,
            segregated_equity=segregated,
            set_off=segregated_set_off(
                inputs.set_off,
                by_class,
                segregated,
                after,
                owed_by_customer=debts.owed_by_customer,
                owed_to_customer=debts.owed_to_customer,
            ),
        )
    return {name: found[name] for name in sorted(found)}


def _equities(inputs: ClaimInputs, moved: Mapping[str, Money]) -> dict[str, AccountEquity]:
    return {
        name: account_equity(
            equity_items(
                customer,
                inputs.results.get(name),
                is_closed_out=name in inputs.closed_out,
                transferred=moved.get(name, ZERO),
            ),
            inputs.reading,
        )
        for name, customer in inputs.holdings.customers.items()
    }


def _moved_by_account(
    inputs: ClaimInputs, equities: Mapping[str, AccountEquity], moved: Mapping[str, Money]
) -> dict[str, Money]:
    """Return out of which account a claimant's transfer went: in proportion to their equity."""
    of: dict[str, list[str]] = {}
    for name in sorted(equities):
        owner = inputs.holdings.customers[name].owner
        of.setdefault(claimant_of(inputs.facts.held_as(owner).capacity), []).append(name)
    found: dict[str, Money] = {}
    for claimant, amount in moved.items():
        names = of[claimant]
        weights = [no_less_than_zero(equities[name].equity_balance).cents for name in names]
        found |= zip(
            names, amount.split(weights if any(weights) else [1] * len(names)), strict=True
        )
    return found


def _segregated(inputs: ClaimInputs, name: str) -> Money:
    """Return margin and result of an account at FICC that is of no futures class."""
    customer, results = inputs.holdings.customers[name], inputs.results.get(name)
    return Money.total(
        customer.property_at(each).value + (results.at(each) if results else ZERO)
        for each in ClearingOrganization
        if not customer.is_futures_property(each)
    )
