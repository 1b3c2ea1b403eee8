"""The books of a default: amounts by customer, side and asset as groups of linked transfers.

Each movement is one group, posted whole or not at all, in every book that it touches: the BD-FCM's,
the clearing organization's, the receiver's. All follow from the record that declares the default.
A customer's property moves for that customer alone (CP-16); what the firm pays stands in residual
interest, brought in from its own bank where segregation lacks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from crossmargin.default_management.default_accounts import (
    CME,
    FICC,
    FRBNY,
    Leg,
    MarginPlace,
    bank_account_of,
    is_at_ficc,
    owed_account,
    position_leg,
)
from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.product.position import ClearingOrganization

_K, _T = AccountKind, TransferKind
_FUTURES, _HOUSE = SegregationClass.FUTURES, SegregationClass.PROPRIETARY


@dataclass(frozen=True, slots=True)
class DefaultEntry:
    """What every transfer of one default has in common.

    Parameters
    ----------
    bd_fcm : str
    bank : str
        The depository that its futures customers' cash is paid from and to.
    declaration_id : str
        Of the record that declares the default.
    business_date : date
    at : datetime
    """

    bd_fcm: str
    bank: str
    declaration_id: str
    business_date: date
    at: datetime

    @property
    def bank_account(self) -> Account:
        """The BD-FCM's account at the depository."""
        return bank_account_of(self.bd_fcm, self.bank)


class DefaultItem(Protocol):
    """One movement of a default: a group of linked transfers."""

    @property
    def name(self) -> str:
        """What it is about: two items of one name are the same."""
        ...

    def legs(self, entry: DefaultEntry) -> Sequence[Leg]:
        """Return what moves, in every book that is touched."""
        ...


@dataclass(frozen=True, slots=True)
class CloseOutResult:
    """A gain (positive) or loss in cents that meets a customer's margin where it lies."""

    at: MarginPlace
    cents: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"{'gain' if self.cents > 0 else 'loss'}/{self.at}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        return self.at.changed(entry.bd_fcm, CASH, self.cents)


@dataclass(frozen=True, slots=True)
class MarginSold:
    """Securities margin sold where it lies: par of a CUSIP into cents."""

    at: MarginPlace
    cusip: str
    par_dollars: int
    cents: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"sold/{self.at}/{self.cusip}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        return [
            *self.at.changed(entry.bd_fcm, security(self.cusip), -self.par_dollars),
            *self.at.changed(entry.bd_fcm, CASH, self.cents),
        ]


@dataclass(frozen=True, slots=True)
class PositionClosed:
    """A position that is gone: its signed quantity as it was carried, of one lot."""

    account: Account
    asset: Asset
    quantity: int
    lot_id: str

    @property
    def name(self) -> str:
        """What it is about."""
        return f"closed/{self.lot_id}"

    def legs(self, _: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        kind = _T.FICC_CLOSE_OUT if is_at_ficc(self.account) else _T.CME_CLOSE_OUT
        return [position_leg(kind, self.account, self.asset, -self.quantity)]


@dataclass(frozen=True, slots=True)
class GuarantyPayment:
    """Cents of one customer's cash at FICC that pay that customer's debt at CME (ruling 26)."""

    customer_id: str
    cents: int
    place: str = FRBNY

    @property
    def name(self) -> str:
        """What it is about."""
        return f"guaranty/{self.customer_id}/{self.place}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        payer = MarginPlace(self.customer_id, FICC, self.place)
        payee = MarginPlace(self.customer_id, CME)
        fcm, kind = entry.bd_fcm, _T.GUARANTY_PAYMENT
        return [
            (kind, payee.claim(fcm), payer.claim(fcm), CASH, self.cents),
            (kind, payer.debt(fcm), payer.custody, CASH, self.cents),
            (kind, payee.custody, payee.debt(fcm), CASH, self.cents),
        ]


@dataclass(frozen=True, slots=True)
class DeficitPaid:
    """Cents that the BD-FCM pays a side for a customer.

    Parameters
    ----------
    customer_id : str
    side : ClearingOrganization
    cents : int
    from_capital_cents : int
        Part of them, brought in from capital first.
    is_own : bool
        Whether it is the customer's own cash.
    is_for_others : bool
        Whether it is the customer's share of other customers' deficits.
    """

    customer_id: str
    side: ClearingOrganization
    cents: int
    from_capital_cents: int = 0
    is_own: bool = False
    is_for_others: bool = False

    @property
    def name(self) -> str:
        """What it is about."""
        whose = "own" if self.is_own else "others" if self.is_for_others else "firm"
        return f"deficit/{whose}/{self.side.value}/{self.customer_id}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        fcm, bank = entry.bd_fcm, entry.bank_account
        paid: Leg = (
            _T.DEFICIT_PAYMENT,
            owed_account(fcm, self.customer_id),
            bank,
            CASH,
            self.cents,
        )
        if not self.from_capital_cents:
            return [paid]
        kind, cents = _T.RESIDUAL_INTEREST_DEPOSIT, self.from_capital_cents
        house = Account(_K.HOUSE_RESIDUAL_INTEREST, _HOUSE, fcm)
        own_bank = Account(_K.HOUSE_BANK, _HOUSE, fcm)
        return [
            (kind, bank, Account(_K.RESIDUAL_INTEREST, _FUTURES, fcm), CASH, cents),
            (kind, house, own_bank, CASH, cents),
            paid,
        ]


@dataclass(frozen=True, slots=True)
class MarginReturned:
    """What a clearing organization gives back of a customer's margin: an ordinary movement."""

    at: MarginPlace
    asset: Asset
    amount: int
    number: int = 1

    @property
    def name(self) -> str:
        """What it is about."""
        again = f"/{self.number}" if self.number > 1 else ""
        return f"returned/{self.at}/{self.asset}{again}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        kind = _T.MARGIN_FROM_FICC if self.at.side is FICC else _T.MARGIN_FROM_CME
        fcm = entry.bd_fcm
        return [
            (kind, entry.bank_account, self.at.claim(fcm), self.asset, self.amount),
            (kind, self.at.debt(fcm), self.at.custody, self.asset, self.amount),
        ]


@dataclass(frozen=True, slots=True)
class MarginPorted:
    """A customer's margin that a receiver takes over where it lies."""

    at: MarginPlace
    receiver: str
    asset: Asset
    amount: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"ported/{self.receiver}/{self.at}/{self.asset}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves, out of one book and into the other."""
        at, asset, amount = self.at, self.asset, self.amount
        fcm, receiver = entry.bd_fcm, self.receiver
        return [
            (_T.PORT_OUT, owed_account(fcm, at.customer_id), at.claim(fcm), asset, amount),
            (_T.PORT_OUT, at.debt(fcm), at.custody, asset, amount),
            (_T.PORT_IN, at.claim(receiver), owed_account(receiver, at.customer_id), asset, amount),
            (_T.PORT_IN, at.custody, at.debt(receiver), asset, amount),
        ]


@dataclass(frozen=True, slots=True)
class CashPorted:
    """What lies of a customer at the BD-FCM's bank and goes to the receiver's."""

    customer_id: str
    receiver: str
    receiver_bank: str
    asset: Asset
    amount: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"ported/{self.receiver}/BANK/{self.customer_id}/{self.asset}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves, out of one book and into the other."""
        mine, theirs = (
            owed_account(entry.bd_fcm, self.customer_id),
            owed_account(self.receiver, self.customer_id),
        )
        bank = bank_account_of(self.receiver, self.receiver_bank)
        return [
            (_T.PORT_OUT, mine, entry.bank_account, self.asset, self.amount),
            (_T.PORT_IN, bank, theirs, self.asset, self.amount),
        ]


@dataclass(frozen=True, slots=True)
class PositionPorted:
    """A position that a receiver carries on; its quantity does not change.

    Parameters
    ----------
    carried : PositionClosed
        As it leaves.
    theirs : Account
        The receiver's: of the same kind, or one outside the arrangement where it does not carry it
        in it.
    """

    carried: PositionClosed
    theirs: Account

    @property
    def name(self) -> str:
        """What it is about."""
        return f"ported/{self.theirs.bd_fcm}/{self.carried.lot_id}"

    def legs(self, _: DefaultEntry) -> list[Leg]:
        """Return what moves, out of one book and into the other."""
        own, asset, quantity = self.carried.account, self.carried.asset, self.carried.quantity
        return [
            position_leg(_T.PORT_OUT, own, asset, -quantity),
            position_leg(_T.PORT_IN, self.theirs, asset, quantity),
        ]


@dataclass(frozen=True, slots=True)
class Distributed:
    """What a customer is paid of its claim; negative where a correction takes it back."""

    customer_id: str
    asset: Asset
    amount: int
    number: int = 1

    @property
    def name(self) -> str:
        """What it is about."""
        return f"distribution/{self.number}/{self.customer_id}/{self.asset}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves."""
        own, bank = owed_account(entry.bd_fcm, self.customer_id), entry.bank_account
        if self.amount < 0:
            return [(_T.DISTRIBUTION_RETURN, bank, own, self.asset, -self.amount)]
        return [(_T.DISTRIBUTION, own, bank, self.asset, self.amount)]


def postings(entry: DefaultEntry, items: Iterable[DefaultItem]) -> tuple[Transfer, ...]:
    """Return the transfers of all items, each item a group, in their order.

    Parameters
    ----------
    entry : DefaultEntry
    items : iterable of DefaultItem
        Ids are made of what an item is about: the same item twice is the same group.

    Examples
    --------
    >>> entry = DefaultEntry("FCM", "BANK", "declared", date(2026, 5, 12),
    ...     datetime.fromisoformat("2026-05-12T18:00-04:00"))
    >>> paid = postings(entry, [Distributed("A", CASH, 500)])
    >>> [(each.kind.value, each.amount) for each in paid]
    [('DISTRIBUTION', 500)]
    """
    return tuple(transfer for item in items for transfer in _group(entry, item))


def _group(entry: DefaultEntry, item: DefaultItem) -> list[Transfer]:
    group_id = f"default/{entry.bd_fcm}/{entry.business_date.isoformat()}/{item.name}"
    return [
        Transfer(
            transfer_id=f"{group_id}/{number}",
            group_id=group_id,
            kind=kind,
            debit_account_id=debit.account_id,
            credit_account_id=credit.account_id,
            asset=asset,
            amount=amount,
            business_date=entry.business_date,
            at=entry.at,
            cause_id=entry.declaration_id,
        )
        for number, (kind, debit, credit, asset, amount) in enumerate(item.legs(entry), start=1)
    ]
