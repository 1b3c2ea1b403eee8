"""The names in a firm's file: each is somebody's, and no two are told apart by nothing.

Accounts and claimants are known by name from the close-out to the last page. A name that two have
would lose one of them, so it is refused where it is given, with the file and the entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crossmargin.basics.refusals import Refusal
from crossmargin.default_management.capacities import Capacity, futures_account_of
from crossmargin.default_management.claims import claimant_of
from crossmargin.default_management.payout import Occasion
from crossmargin.services.defaults.firm import Firm

_RULE = "reference: default"


@dataclass(frozen=True, slots=True)
class _Claims:
    """One who claims: in which capacity, and which entry of the file says so, if one does."""

    capacity: Capacity
    entry: str


def faults_of_names(firm: Firm, owners: Mapping[str, str]) -> list[Refusal]:
    """Return every name in a firm's file that is nobody's, or another's too.

    Parameters
    ----------
    firm : Firm
    owners : mapping of account to customer
        Of the positions file, with the arrangement: what is closed out.
    """
    claims = list(_claims(firm, sorted(set(owners.values()))))
    return [
        *_unknown_customers(firm, owners),
        *_taken(firm, owners),
        *_alike(firm, claims),
        *_unknown_claimants(firm, sorted({claimant_of(each.capacity) for each in claims})),
    ]


def _unknown_customers(firm: Firm, owners: Mapping[str, str]) -> Iterator[Refusal]:
    customers = set(owners.values())
    expected = f"a customer who is closed out: {', '.join(sorted(customers))}"
    named = [(f"default customers {n}", name) for n, name in enumerate(firm.defaulters, start=1)]
    said = dict.fromkeys([*firm.at_bd_fcm, *(name for name, _ in firm.par_at)])
    named += [(f"customer {n} customer_id", name) for n, name in enumerate(said, start=1)]
    yield from (
        _refusal(firm, field, name, expected) for field, name in named if name not in customers
    )
    yield from (
        Refusal("--customer-defaults", name, expected, _RULE)
        for name in firm.defaulters_asked
        if name not in customers
    )


def _taken(firm: Firm, owners: Mapping[str, str]) -> Iterator[Refusal]:
    """Yield names of customers without positions, and of other accounts, that accounts have."""
    for n, customer in enumerate(firm.outside, start=1):
        if customer.customer_id in owners.values():
            expected = "a customer without positions"
        elif customer.customer_id in owners:
            owner = owners[customer.customer_id]
            expected = f"another name: it is that of what {owner} holds outside its XM account"
        else:
            continue
        yield _refusal(firm, f"futures_customer {n} customer_id", customer.customer_id, expected)
    own = {futures_account_of(name) for name in owners}
    own |= {futures_account_of(each.customer_id) for each in firm.outside}
    for n, account in enumerate(firm.trustee.accounts, start=1):
        if account.account_id in own:
            expected = "another name: it is that of a futures account of the positions or this file"
            yield _refusal(firm, f"account {n} account_id", account.account_id, expected)


def _claims(firm: Firm, customers: list[str]) -> Iterator[_Claims]:
    held = {name: f"customer {n}" for n, name in enumerate(firm.at_bd_fcm, start=1)}
    for name in customers:
        yield _Claims(firm.trustee.held_as(name).capacity, held.get(name, ""))
    for n, outside in enumerate(firm.outside, start=1):
        capacity = firm.trustee.held_as(outside.customer_id).capacity
        yield _Claims(capacity, f"futures_customer {n}")
    for n, account in enumerate(firm.trustee.accounts, start=1):
        yield _Claims(account.capacity, f"account {n}")


def _alike(firm: Firm, claims: list[_Claims]) -> Iterator[Refusal]:
    """Yield every entry whose claimant is called as another's in another capacity."""
    capacities: dict[str, set[Capacity]] = {}
    for each in claims:
        capacities.setdefault(claimant_of(each.capacity), set()).add(each.capacity)
    for each in claims:
        name = claimant_of(each.capacity)
        if each.entry and len(capacities[name]) > 1:
            expected = "a name that no claimant in another capacity is called by"
            yield _refusal(firm, f"{each.entry} holder", name, expected)


def _unknown_claimants(firm: Firm, claimants: list[str]) -> Iterator[Refusal]:
    facts = firm.trustee
    named = [("non_public", name) for name in sorted(facts.non_public)]
    named += [(f"debt {n} claimant", name) for n, name in enumerate(facts.debts, start=1)]
    named += [
        (f"{occasion.value} {n} claimant", each.claimant)
        for occasion in (Occasion.RECOVERY, Occasion.DISALLOWED_CLAIM)
        for n, each in firm.events_of(occasion)
        if each.claimant
    ]
    expected = f"a claimant: {', '.join(claimants)}"
    for field, name in named:
        if name not in claimants:
            yield _refusal(firm, field, name, expected)


def _refusal(firm: Firm, field: str, name: str, expected: str) -> Refusal:
    return Refusal(field, name, expected, _RULE, firm.file)
