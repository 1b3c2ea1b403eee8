"""The books of a clearing organization's failure: what a customer loses of its margin there."""

from __future__ import annotations

from dataclasses import dataclass

from crossmargin.default_management.default_accounts import Leg, MarginPlace, owed_account
from crossmargin.default_management.postings import DefaultEntry
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferKind


@dataclass(frozen=True, slots=True)
class MarginLost:
    """Margin that is not there any more: the customer whose it was bears it."""

    at: MarginPlace
    asset: Asset
    amount: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"lost/{self.at}/{self.asset}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        return self.at.changed(entry.bd_fcm, self.asset, -self.amount)


@dataclass(frozen=True, slots=True)
class SettlementLost:
    """Cents of a customer's settlement variation that CME does not pay: it is taken back."""

    customer_id: str
    cents: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"settlement-lost/{self.customer_id}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        due = Account(AccountKind.CME_SETTLEMENT, SegregationClass.FUTURES, entry.bd_fcm)
        own = owed_account(entry.bd_fcm, self.customer_id)
        return [(TransferKind.CME_SETTLEMENT_VARIATION, own, due, CASH, self.cents)]
