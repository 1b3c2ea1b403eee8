"""What the use cases need of a store: records, the ledger, and one transaction over both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol

from crossmargin.basics.records import Record
from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.paths import Opening
from crossmargin.ledger.posting import Answer, Balance
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.services.books.folds import Fold, S


class ConflictingRecordError(Exception):
    """What was written before says something else: a record of that id, an opening, a balance."""


class StorageError(Exception):
    """The store could not be reached, or failed; the work that met it can no longer be committed.

    Two works at once: the one that waited for the other too long, or in memory the one that
    commits second, ends with this error. Nothing of it was written, and it may be done again.
    """


def refuse_closing(account_id: str, held: Iterable[Balance], later: Sequence[Transfer]) -> None:
    """Refuse to close an account that holds something, or that moved on that date or later.

    Parameters
    ----------
    account_id : str
    held : iterable of Balance
        All of the account.
    later : sequence of Transfer
        Those that touch it on the closing date or later.

    Raises
    ------
    ConflictingRecordError
    """
    if any(each.posted_debit or each.debits_pending or each.credits_pending for each in held):
        raise ConflictingRecordError(f"{account_id} is not empty")
    if later:
        raise ConflictingRecordError(f"{account_id} moved on {later[-1].business_date}")


class Records(Protocol):
    """Records, in the order in which they were written."""

    def add(self, record: Record) -> bool:
        """Write a record; return False if it was there already.

        Raises
        ------
        ConflictingRecordError
            If a record of that id says something else.
        """
        ...

    def get(self, record_id: str) -> Record | None:
        """Return a record, or None."""
        ...

    def select(
        self,
        *,
        stream: str | None = None,
        subject: str | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> tuple[Record, ...]:
        """Return the records that fit, as written; dates bound the business date, both counted."""
        ...

    def folded(self, fold: Fold[S]) -> S:
        """Return what a fold makes of everything written so far.

        The state is lent until the work ends, and goes on changing with what is read next.
        """
        ...


class Ledger(Protocol):
    """Accounts, transfers and balances."""

    def open_account(self, account: Account, *, opened: date, cause_id: str) -> bool:
        """Open an account from a date on; return False if it is open already.

        Raises
        ------
        ConflictingRecordError
            If it was opened with another date or cause.
        """
        ...

    def close_account(self, account_id: str, *, closed: date, cause_id: str) -> bool:
        """Close an account from a date on: no transfer of that date or later touches it.

        Returns
        -------
        bool
            False if it is closed from that date already.

        Raises
        ------
        ConflictingRecordError
            If it was never opened, is closed from another date, holds something, or was moved by
            a transfer of that date or later.
        """
        ...

    def accounts(
        self,
        *,
        kind: AccountKind | None = None,
        bd_fcm: str | None = None,
        customer_id: str | None = None,
    ) -> tuple[Account, ...]:
        """Return the accounts that fit, by id."""
        ...

    def openings(self) -> tuple[Opening, ...]:
        """Return every account with the dates from which it is open and closed, by id."""
        ...

    def post(self, transfers: Sequence[Transfer]) -> tuple[Answer, ...]:
        """Judge transfers in order and post those accepted; neighbours of one group are linked.

        Transfers of a group stand next to each other: all of them are posted or none is.
        """
        ...

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return the balance of one asset in one account; zero if nothing moved."""
        ...

    def balances(
        self,
        *,
        kind: AccountKind | None = None,
        bd_fcm: str | None = None,
        customer_id: str | None = None,
    ) -> Mapping[tuple[str, Asset], Balance]:
        """Return the balances of the accounts that fit, by account id and asset, sorted."""
        ...

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer, or None."""
        ...

    def transfers(
        self,
        *,
        account_id: str | None = None,
        group_id: str | None = None,
        kind: TransferKind | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> tuple[Transfer, ...]:
        """Return the transfers that fit, as posted; dates bound the business date."""
        ...


class Work(Protocol):
    """One transaction over records and ledger. Leaving it without :meth:`commit` undoes it."""

    @property
    def records(self) -> Records:
        """The records."""
        ...

    @property
    def ledger(self) -> Ledger:
        """The ledger."""
        ...

    def commit(self) -> None:
        """Make everything of this work durable, at once."""
        ...


class Books(Protocol):
    """A store of books."""

    def work(self) -> AbstractContextManager[Work]:
        """Begin a transaction."""
        ...

    def close(self) -> None:
        """Let go of the store; what was not committed is undone."""
        ...
