"""Which accounts a default moves: a customer's margin by side, and what stands over it."""

from __future__ import annotations

from dataclasses import dataclass

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.position import ClearingOrganization

_K, _T = AccountKind, TransferKind
_FUTURES = SegregationClass.FUTURES
FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
FRBNY = "FRBNY"
#: Kind, debited and credited account, and what moves.
Leg = tuple[TransferKind, Account, Account, Asset, int]
#: In which of its accounts a BD-FCM claims a customer's margin at each side.
CLAIMED_IN = {FICC: _K.FICC_XM_MARGIN, CME: _K.CME_CUSTOMER_MARGIN}


@dataclass(frozen=True, slots=True)
class MarginPlace:
    """One customer's margin at one side.

    Parameters
    ----------
    customer_id : str
    side : ClearingOrganization
    place : str
        Where FICC keeps it; CME has one.
    """

    customer_id: str
    side: ClearingOrganization
    place: str = FRBNY

    def __str__(self) -> str:
        where = f"/{self.place}" if self.side is FICC else ""
        return f"{self.side.value}/{self.customer_id}{where}"

    def claim(self, bd_fcm: str) -> Account:
        """Return what a BD-FCM claims there for the customer."""
        return Account(CLAIMED_IN[self.side], _FUTURES, bd_fcm, self.customer_id)

    def debt(self, bd_fcm: str) -> Account:
        """Return what the clearing organization owes the BD-FCM for the customer."""
        kind = _K.FICC_OWED_XM if self.side is FICC else _K.CME_OWED
        return Account(kind, _FUTURES, bd_fcm, self.customer_id)

    @property
    def custody(self) -> Account:
        """Where the clearing organization holds it."""
        if self.side is not FICC:
            return Account(_K.CME_CUSTODY, _FUTURES, "")
        is_frbny = self.place == FRBNY
        kind = _K.FRBNY_SEGREGATED_ACCOUNT if is_frbny else _K.SEGREGATED_BANK_ACCOUNT
        return Account(kind, _FUTURES, "", custodian=self.place)

    def changed(self, bd_fcm: str, asset: Asset, amount: int) -> list[Leg]:
        """Add to the margin and to what the customer is owed, or take from both."""
        kind = _T.FICC_CLOSE_OUT if self.side is FICC else _T.CME_CLOSE_OUT
        pairs = (
            (self.claim(bd_fcm), owed_account(bd_fcm, self.customer_id)),
            (self.custody, self.debt(bd_fcm)),
        )
        if amount < 0:
            return [(kind, credit, debit, asset, -amount) for debit, credit in pairs]
        return [(kind, debit, credit, asset, amount) for debit, credit in pairs]


def owed_account(bd_fcm: str, customer: str) -> Account:
    """Return what a BD-FCM owes a futures customer."""
    return Account(_K.CUSTOMER_FUTURES_ACCOUNT, _FUTURES, bd_fcm, customer)


def bank_account_of(bd_fcm: str, bank: str) -> Account:
    """Return a BD-FCM's account at a depository of futures customers."""
    return Account(_K.SEGREGATED_BANK, _FUTURES, bd_fcm, custodian=bank)


def is_at_ficc(account: Account) -> bool:
    """Return whether a position account is one at FICC."""
    return account.kind in {_K.FICC_XM_POSITION, _K.FICC_REGULAR_POSITION}


def position_leg(kind: TransferKind, account: Account, asset: Asset, quantity: int) -> Leg:
    """Add a signed quantity to a position account, against what stands over it."""
    over = _K.FICC_NOVATION if is_at_ficc(account) else _K.CME_CLEARED_TRADES
    other = Account(over, account.segregation_class, "")
    if quantity > 0:
        return kind, account, other, asset, quantity
    return kind, other, account, asset, -quantity
