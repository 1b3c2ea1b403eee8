"""What a customer has in the books of a BD-FCM, as a port asks for it: by line, place and asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.default_management.default_accounts import CLAIMED_IN, CME, FICC
from crossmargin.default_management.porting.customers import Place
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import AccountKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.default_books.carrying import positions_of
from crossmargin.settlement.lots import Lot

_PLACES = {FICC: Place.FICC, CME: Place.CME}


@dataclass(frozen=True, slots=True)
class Held:
    """What one customer has at one BD-FCM.

    Parameters
    ----------
    customer : CustomerKey
    positions : mapping of line to int
        Of live lots, signed.
    owed : mapping of Asset to int
        Owed to the customer in the futures account; cash is negative where the customer owes.
    margin : mapping of ClearingOrganization to mapping of Asset to int
        Claimed at each, whoever's money it is.
    """

    customer: CustomerKey
    positions: Mapping[str, int]
    owed: Mapping[Asset, int]
    margin: Mapping[ClearingOrganization, Mapping[Asset, int]]

    @property
    def own(self) -> dict[tuple[Place, Asset], int]:
        """The customer's own property by place.

        What a clearing organization has beyond what the customer is owed is residual interest.
        """
        left = {asset: max(0, amount) for asset, amount in self.owed.items()}
        found: dict[tuple[Place, Asset], int] = {}
        for side in (FICC, CME):
            for asset, amount in self.margin[side].items():
                here = min(amount, left.get(asset, 0))
                left[asset] = left.get(asset, 0) - here
                found[_PLACES[side], asset] = here
        found |= {(Place.BD_FCM, asset): amount for asset, amount in left.items()}
        return {key: amount for key, amount in found.items() if amount > 0}

    def as_document(self) -> dict[str, Any]:
        """Return it with amounts as text: dollars and cents, dollars of par, contracts."""
        return {
            "positions": dict(self.positions),
            "owed": amounts_text(self.owed),
            **{f"at_{side.value.lower()}": amounts_text(self.margin[side]) for side in (FICC, CME)},
        }


def held_of(work: Work, customer: CustomerKey, lots: Sequence[Lot] | None = None) -> Held:
    """Return what a customer has at a BD-FCM as the books stand.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
    lots : sequence of Lot, optional
        The customer's live lots, where they have been read.
    """
    if lots is None:
        live = read_register(work.records, customer.bd_fcm).live()
        lots = [lot for lot in live if lot.customer == customer]
    balances = work.ledger.balances(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id)
    kinds = {
        of_customer(kind, customer).account_id: kind
        for kind in (AccountKind.CUSTOMER_FUTURES_ACCOUNT, *CLAIMED_IN.values())
    }
    found: dict[AccountKind, dict[Asset, int]] = {kind: {} for kind in kinds.values()}
    for (account_id, asset), balance in balances.items():
        if account_id in kinds and balance.posted_debit:
            found[kinds[account_id]][asset] = balance.posted_debit
    owed = {asset: -debit for asset, debit in found[AccountKind.CUSTOMER_FUTURES_ACCOUNT].items()}
    return Held(
        customer,
        {line: quantity for line, quantity in positions_of(lots).items() if quantity},
        owed,
        {side: found[kind] for side, kind in CLAIMED_IN.items()},
    )


def amount_text(asset: Asset, amount: int) -> str:
    """Return an amount of an asset: dollars and cents of cash, else a whole number."""
    return str(Money(amount)) if asset == CASH else str(amount)


def amounts_text(amounts: Mapping[Asset, int]) -> dict[str, str]:
    """Return amounts by the names of assets, those of nothing left out."""
    found = {str(asset): amount_text(asset, amount) for asset, amount in amounts.items() if amount}
    return dict(sorted(found.items()))
