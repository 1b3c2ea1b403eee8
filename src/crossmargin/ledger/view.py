"""What a judgement sees: a store as it stands, and on top of it what has been accepted so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, SegregationClass
from crossmargin.ledger.cover import Uncovered, cover_of, uncovered_of
from crossmargin.ledger.declaration import Declared
from crossmargin.ledger.paths import Opening, Path
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import Transfer, TransferState


class View(Protocol):
    """A store, before the transfers that are judged."""

    def opening(self, account_id: str) -> Opening | None:
        """Return an account, or None."""
        ...

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return a balance; zero if nothing moved."""
        ...

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer that stands, or None."""
        ...

    def resolution(self, pending_id: str) -> Transfer | None:
        """Return the transfer that posted or voided a pending one, or None."""
        ...

    def missing_custody_fact(self, account: Account, on: date) -> str:
        """Return the first fact that an account kept elsewhere lacks on a day, or nothing."""
        ...

    def declared_default(self, record_id: str) -> Declared | None:
        """Return the default that a record declares, or None."""
        ...

    def uncovered_cents(self, bd_fcm: str) -> Mapping[str, int]:
        """Return what of each customer is uncovered (:func:`uncovered_of`), by customer, cents.

        Customers of whom nothing is may be left out.
        """
        ...


#: What a transfer of each state moves, and what waits: times its amount.
_MOVES = {
    TransferState.POSTED: (1, 0),
    TransferState.PENDING: (0, 1),
    TransferState.POSTS_PENDING: (1, 0),
    TransferState.VOIDS_PENDING: (0, 0),
}


#: What a transfer was applied to, so that it can be undone; None where nothing was on top.
_Step = tuple[Transfer, Path, Balance | None, Balance | None]


class Scratch:
    """A view with what has been accepted on top of it; the last steps can be undone.

    Parameters
    ----------
    base : View

    Attributes
    ----------
    balances : dict of (account id, text of an asset) to Balance
        Those that changed.
    posted, resolved : dict of str to Transfer
        Accepted transfers by id, and those that settle another by its id.
    """

    def __init__(self, base: View) -> None:
        self.base = base
        self.balances: dict[tuple[str, str], Balance] = {}
        self.posted: dict[str, Transfer] = {}
        self.resolved: dict[str, Transfer] = {}
        self._steps: list[_Step] = []
        self._missing_facts: dict[tuple[str, date], str] = {}
        self._uncovered: dict[str, Uncovered] = {}
        # Customers whose uncovered amount is to be counted anew, by BD-FCM.
        self._touched: dict[str, set[str]] = {}

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return a balance with what was accepted."""
        found = self.balances.get((account_id, asset.text))
        return found if found is not None else self.base.balance(account_id, asset)

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer, accepted now or before."""
        return self.posted.get(transfer_id) or self.base.transfer(transfer_id)

    def resolution(self, pending_id: str) -> Transfer | None:
        """Return what settled a pending transfer, now or before."""
        return self.resolved.get(pending_id) or self.base.resolution(pending_id)

    def missing_custody_fact(self, place: Account, transfer: Transfer) -> str:
        """Return the first fact that a place lacks on the day of a transfer, or nothing."""
        key = (transfer.debit_account_id, transfer.business_date)
        found = self._missing_facts.get(key)
        if found is None:
            found = self.base.missing_custody_fact(place, transfer.business_date)
            self._missing_facts[key] = found
        return found

    def uncovered_cents(self, bd_fcm: str) -> int:
        """Return what of all customers of a BD-FCM is uncovered, with what was accepted."""
        uncovered = self._uncovered.get(bd_fcm)
        if uncovered is None:
            uncovered = self._uncovered[bd_fcm] = Uncovered(self.base.uncovered_cents(bd_fcm))
            self._touched[bd_fcm] = set()
            # What was accepted before anybody asked.
            for _, path, _, _ in self._steps:
                self._touch(path)
        touched = self._touched[bd_fcm]
        for customer_id in touched:
            cover = cover_of(SegregationClass.FUTURES, bd_fcm, customer_id)
            uncovered.put(customer_id, uncovered_of(self.balance, cover))
        touched.clear()
        return uncovered.total()

    def apply(self, transfer: Transfer, path: Path) -> tuple[Balance, Balance, Balance, Balance]:
        """Let a transfer move.

        Returns
        -------
        tuple of Balance
            Of the debited account before and after, of the credited one before and after.
        """
        moves, waits = _MOVES[transfer.state]
        moves, waits = moves * transfer.amount, waits * transfer.amount
        if transfer.pending_id:
            pending = self.transfer(transfer.pending_id)
            # All of what it settles waits no longer.
            waits -= pending.amount if pending is not None else 0
        balances, asset = self.balances, transfer.asset
        debit_key = (transfer.debit_account_id, asset.text)
        credit_key = (transfer.credit_account_id, asset.text)
        on_debit, on_credit = balances.get(debit_key), balances.get(credit_key)
        debited = on_debit or self.base.balance(transfer.debit_account_id, asset)
        credited = on_credit or self.base.balance(transfer.credit_account_id, asset)
        debits, credits_, debits_pending, credits_pending = debited
        now_debited = Balance(debits + moves, credits_, debits_pending + waits, credits_pending)
        debits, credits_, debits_pending, credits_pending = credited
        now_credited = Balance(debits, credits_ + moves, debits_pending, credits_pending + waits)
        balances[debit_key], balances[credit_key] = now_debited, now_credited
        self.posted[transfer.transfer_id] = transfer
        if transfer.pending_id:
            self.resolved[transfer.pending_id] = transfer
        self._steps.append((transfer, path, on_debit, on_credit))
        if self._uncovered:
            self._touch(path)
        return debited, now_debited, credited, now_credited

    @property
    def mark(self) -> int:
        """How many transfers were applied: what :meth:`undo` goes back to."""
        return len(self._steps)

    def applied(self, mark: int) -> Iterator[tuple[Transfer, Path]]:
        """Yield every transfer that was applied after a mark, with its path."""
        for transfer, path, _, _ in self._steps[mark:]:
            yield transfer, path

    def undo(self, mark: int) -> None:
        """Take back every transfer that was applied after a mark."""
        while len(self._steps) > mark:
            transfer, path, debited, credited = self._steps.pop()
            for account_id, before in (
                (transfer.debit_account_id, debited),
                (transfer.credit_account_id, credited),
            ):
                key = (account_id, transfer.asset.text)
                if before is None:
                    del self.balances[key]
                else:
                    self.balances[key] = before
            del self.posted[transfer.transfer_id]
            if transfer.pending_id:
                del self.resolved[transfer.pending_id]
            self._touch(path)

    def _touch(self, path: Path) -> None:
        for bd_fcm, customer_id in path.touched:
            if bd_fcm in self._touched:
                self._touched[bd_fcm].add(customer_id)
