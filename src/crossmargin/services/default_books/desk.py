"""What a default reads of the books, and how its transfers are posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.default_management.ccp_failure import values_of
from crossmargin.default_management.default_accounts import CLAIMED_IN, CME, MarginPlace
from crossmargin.default_management.postings import (
    DefaultEntry,
    DefaultItem,
    postings,
)
from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferState
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import of_bd_fcm
from crossmargin.services.books.keeping import ficc_places, kept_for, permitted_first
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.settlement.lots import Lot

_RULE = "the books of a default"


@dataclass(frozen=True, slots=True)
class DefaultDesk:
    """One default on one work: nothing is committed here.

    Parameters
    ----------
    work : Work
    entry : DefaultEntry
    prices : mapping of CUSIP to Fraction
        Dollars that a dollar of par is worth: what margin is sold at.
    live : mapping of customer to tuple of Lot
        Of the BD-FCM's customers.
    """

    work: Work
    entry: DefaultEntry
    prices: Mapping[str, Fraction]
    live: Mapping[str, tuple[Lot, ...]]

    def owed(self, customer_id: str) -> dict[Asset, int]:
        """Return what the BD-FCM owes a customer by asset; negative where the customer owes."""
        return {
            asset: -debit
            for asset, debit in self._held(
                AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer_id
            ).items()
        }

    def margin(self, customer_id: str, side: ClearingOrganization) -> dict[Asset, int]:
        """Return what a clearing organization has of a customer, by asset."""
        return self._held(CLAIMED_IN[side], customer_id)

    def value_of(self, asset: Asset, amount: int) -> Money:
        """Return what an amount of an asset is worth at the day's price, down to the cent.

        Raises
        ------
        RefusedError
            If it is a security without one.
        """
        values = values_of(asset, {"": amount}, self.prices)
        if values is None:
            raise refused("margin", asset, "a security with a price of the day", _RULE)
        return values[""]

    def _held(self, kind: AccountKind, customer_id: str) -> dict[Asset, int]:
        found = self.work.ledger.balances(
            kind=kind, bd_fcm=self.entry.bd_fcm, customer_id=customer_id
        )
        return {
            asset: balance.posted_debit
            for (_, asset), balance in found.items()
            if balance.posted_debit
        }

    def firm_cash(self, kind: AccountKind, custodian: str = "") -> int:
        """Return the cents in an account of the BD-FCM's own, whichever its side."""
        account = of_bd_fcm(kind, self.entry.bd_fcm, custodian)
        return abs(self.work.ledger.balance(account.account_id, CASH).posted_debit)

    def places(
        self, customer_id: str, side: ClearingOrganization, asset: Asset, amount: int
    ) -> list[tuple[MarginPlace, int]]:
        """Return where an amount of margin lies: FICC's accounts in order, as far as each goes.

        Of several each goes as far as what is there for the BD-FCM's customers; what is in none
        of them is asked of the first, and the ledger says that it is not there.
        """
        if side is CME:
            return [(MarginPlace(customer_id, side), amount)]
        ledger, bd_fcm = self.work.ledger, self.entry.bd_fcm
        there = [
            each
            for each in ficc_places(ledger)
            if ledger.balance(each.account_id, asset).posted_debit > 0
        ]
        parts = dict.fromkeys((each.custodian for each in there), 0)
        left = amount
        for each in there if len(there) > 1 else ():
            parts[each.custodian] = min(left, max(0, kept_for(self.work, each, bd_fcm, asset)))
            left -= parts[each.custodian]
        if there:
            parts[there[0].custodian] += left
        return [
            (MarginPlace(customer_id, side, custodian), part)
            for custodian, part in parts.items()
            if part > 0
        ]

    def place(self, customer_id: str, side: ClearingOrganization) -> MarginPlace:
        """Return where a gain comes in: at FICC, the first of its accounts that takes property."""
        if side is CME:
            return MarginPlace(customer_id, side)
        places = permitted_first(self.work, ficc_places(self.work.ledger), self.entry.business_date)
        return MarginPlace(customer_id, side, places[0].custodian)

    def debits(self) -> int:
        """Return the cents that all customers of the BD-FCM owe it: residual interest covers."""
        found = self.work.ledger.balances(
            kind=AccountKind.CUSTOMER_FUTURES_ACCOUNT, bd_fcm=self.entry.bd_fcm
        )
        return sum(
            max(0, balance.posted_debit) for (_, asset), balance in found.items() if asset == CASH
        )

    def lots(self, customer_id: str) -> tuple[Lot, ...]:
        """Return a customer's lots that were live when the run began."""
        return self.live.get(customer_id, ())

    def post(self, items: Iterable[DefaultItem]) -> tuple[Transfer, ...]:
        """Post items, each whole.

        Raises
        ------
        RefusedError
            Naming every transfer that the ledger refuses, and why.
        """
        return self.post_transfers(postings(self.entry, items))

    def post_transfers(self, transfers: tuple[Transfer, ...]) -> tuple[Transfer, ...]:
        """Post transfers, likewise."""
        refusals = [
            Refusal("transfer", each.transfer_id, f"not {each.posting} {each.detail}", _RULE)
            for each in self.work.ledger.post(transfers)
            if not each.posting.is_accepted
        ]
        if refusals:
            raise RefusedError(*refusals)
        return transfers

    def waiting(self) -> tuple[Transfer, ...]:
        """Return what is on its way in the BD-FCM's book or for it, not yet posted or voided."""
        transfers = self.work.ledger.transfers()
        settled = {each.pending_id for each in transfers if each.pending_id}
        return tuple(
            each
            for each in transfers
            if each.state is TransferState.PENDING
            and each.transfer_id not in settled
            and self.entry.bd_fcm
            in {each.debit_account_id.split("/")[2], each.credit_account_id.split("/")[2]}
        )


def live_lots(work: Work, bd_fcm: str) -> dict[str, tuple[Lot, ...]]:
    """Return the live lots of a BD-FCM by customer: the register is read once."""
    found: dict[str, list[Lot]] = {}
    for lot in read_register(work.records, bd_fcm).live():
        found.setdefault(lot.customer.customer_id, []).append(lot)
    return {name: tuple(lots) for name, lots in found.items()}


def cash_of(held: Mapping[Asset, int]) -> int:
    """Return the cents among assets."""
    return held.get(CASH, 0)


def securities_of(held: Mapping[Asset, int]) -> dict[Asset, int]:
    """Return the securities among assets."""
    return {asset: par for asset, par in held.items() if asset.kind is AssetKind.SECURITY}
