"""The books of a port: everything that moves with one part of an account, as one group.

Positions and the margin that goes with them leave the transferor's books and enter the receiver's
together, or nothing of the part does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crossmargin.default_management.default_accounts import (
    Leg,
    MarginPlace,
)
from crossmargin.default_management.postings import (
    CashPorted,
    DefaultEntry,
    DefaultItem,
    MarginReturned,
)
from crossmargin.ledger.assets import Asset


@dataclass(frozen=True, slots=True)
class Linked:
    """Items that are one group: all of them are posted, or none is.

    Parameters
    ----------
    name : str
        What they are about together.
    items : sequence of DefaultItem

    Examples
    --------
    >>> from datetime import date, datetime
    >>> from crossmargin.default_management.postings import CashPorted, postings
    >>> from crossmargin.ledger.assets import CASH
    >>> entry = DefaultEntry("FCM", "BANK", "declared", date(2026, 5, 12),
    ...     datetime.fromisoformat("2026-05-12T18:00-04:00"))
    >>> cash = CashPorted("A", "TWO", "BANK", CASH, 500)
    >>> moved = postings(entry, [Linked("port/TWO/A/whole", (cash, cash))])
    >>> [each.kind.value for each in moved], len({each.group_id for each in moved})
    (['PORT_OUT', 'PORT_IN', 'PORT_OUT', 'PORT_IN'], 1)
    """

    name: str
    items: Sequence[DefaultItem]

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves, in every book that is touched."""
        return [leg for item in self.items for leg in item.legs(entry)]


@dataclass(frozen=True, slots=True)
class MarginPortedThroughBanks:
    """Margin that comes back from where it lies and goes to the receiver's bank.

    Margin at FICC of the arrangement does not become Segregated Customer Margin by a transfer: a
    receiver outside the arrangement gets the property in the futures class and margins the
    positions itself (inferred).
    """

    at: MarginPlace
    receiver: str
    receiver_bank: str
    asset: Asset
    amount: int

    @property
    def name(self) -> str:
        """What it is about."""
        return f"through-banks/{self.receiver}/{self.at}/{self.asset}"

    def legs(self, entry: DefaultEntry) -> list[Leg]:
        """Return what moves: back to the bank, and from there to the receiver's."""
        whose, asset, amount = self.at.customer_id, self.asset, self.amount
        from_bank = CashPorted(whose, self.receiver, self.receiver_bank, asset, amount)
        return [*MarginReturned(self.at, asset, amount).legs(entry), *from_bank.legs(entry)]
