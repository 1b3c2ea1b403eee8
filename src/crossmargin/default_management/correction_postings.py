"""The books of what comes in after a default was run: a debt paid, property recovered."""

from __future__ import annotations

from dataclasses import dataclass

from crossmargin.default_management.default_accounts import Leg, owed_account
from crossmargin.default_management.postings import DefaultEntry
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferKind

_K, _T = AccountKind, TransferKind
_FUTURES, _HOUSE = SegregationClass.FUTURES, SegregationClass.PROPRIETARY


@dataclass(frozen=True, slots=True)
class DebtPaid:
    """Cents that a customer pays of what it owes: an ordinary deposit."""

    customer_id: str
    entry: str
    cents: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"debt/{self.entry}/{self.customer_id}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        owed = owed_account(entry.bd_fcm, self.customer_id)
        return [(_T.DEPOSIT, entry.bank_account, owed, CASH, self.cents)]


@dataclass(frozen=True, slots=True)
class RecoveredForTheClass:
    """Cents recovered for the customers of the futures class, from the estate or elsewhere.

    They pass through the firm's own bank into segregation, where they stand in residual interest:
    they are nobody's alone, and cover what is not covered.
    """

    entry: str
    cents: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"recovered/{self.entry}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        fcm, cents = entry.bd_fcm, self.cents
        bank, equity, interest = (
            Account(kind, _HOUSE, fcm)
            for kind in (_K.HOUSE_BANK, _K.HOUSE_EQUITY, _K.HOUSE_RESIDUAL_INTEREST)
        )
        deposit = _T.RESIDUAL_INTEREST_DEPOSIT
        return [
            (_T.CAPITAL, bank, equity, CASH, cents),
            (deposit, interest, bank, CASH, cents),
            (
                deposit,
                entry.bank_account,
                Account(_K.RESIDUAL_INTEREST, _FUTURES, fcm),
                CASH,
                cents,
            ),
        ]
