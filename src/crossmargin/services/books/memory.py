"""The books in memory: the whole protocol, for rehearsals and drills that must leave nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import islice

from crossmargin.basics.digest import canonical_json
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.cover import cover_of, uncovered_of
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of, missing_fact
from crossmargin.ledger.declaration import Declared, declared_of
from crossmargin.ledger.judgement import judge
from crossmargin.ledger.paths import Opening, Paths
from crossmargin.ledger.posting import Answer, Balance
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.services.books.folds import Fold, KeptFolds, Row, S, WorkFolds
from crossmargin.services.books.ports import ConflictingRecordError, StorageError, refuse_closing

_NOTHING = Balance()


@dataclass(slots=True)
class _State:
    records: dict[str, Record] = field(default_factory=dict)
    openings: dict[str, tuple[Opening, str]] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    balances: dict[tuple[str, str], Balance] = field(default_factory=dict)  # by asset's text
    resolved: dict[str, Transfer] = field(default_factory=dict)
    facts: dict[str, tuple[Record, ...]] = field(default_factory=dict)

    def copied(self) -> _State:
        """Return a copy that can be thrown away: everything in it is frozen."""
        return _State(
            dict(self.records),
            dict(self.openings),
            dict(self.transfers),
            dict(self.balances),
            dict(self.resolved),
            dict(self.facts),
        )


class MemoryBooks:
    """Books that end with the process."""

    def __init__(self) -> None:
        self._state = _State()
        self._commits = 0
        self._paths = Paths()
        self._folds = KeptFolds()

    @contextmanager
    def work(self) -> Iterator[MemoryWork]:
        """Begin a transaction on a copy; :meth:`MemoryWork.commit` puts it in the place."""
        work = MemoryWork(self, self._state.copied(), self._commits, self._paths, self._folds)
        yield work
        work.records.folds.end()

    def put(self, state: _State, *, begun_at: int) -> int:
        """Take a work's state over; return how many were taken over by now.

        Parameters
        ----------
        state : _State
        begun_at : int
            What this returned, or 0, when the work began.

        Raises
        ------
        StorageError
            If another work was committed since: its judgement has not seen what stands now.
        """
        if begun_at != self._commits:
            raise StorageError("another work was committed since this one began")
        self._state = state
        self._commits += 1
        return self._commits

    def close(self) -> None:
        """Do nothing: the books end with the process."""


class MemoryWork:
    """One transaction."""

    def __init__(
        self, books: MemoryBooks, state: _State, begun_at: int, paths: Paths, folds: KeptFolds
    ) -> None:
        self._books, self._state, self._begun_at = books, state, begun_at
        self.records = MemoryRecords(state, folds)
        self.ledger = MemoryLedger(state, paths)

    def commit(self) -> None:
        """Make everything of this work stand."""
        self._begun_at = self._books.put(self._state.copied(), begun_at=self._begun_at)
        self.records.folds.committed()


class MemoryRecords:
    """Records, in the order in which they were written."""

    def __init__(self, state: _State, kept: KeptFolds) -> None:
        self._state = state
        #: What this work has of the states of folds.
        self.folds = WorkFolds(kept, self._rows)

    def add(self, record: Record) -> bool:
        """Write a record; return False if it was there already."""
        found = self._state.records.get(record.record_id)
        if found is not None:
            if found.digest != record.digest:
                raise ConflictingRecordError(f"{record.record_id} exists and says something else")
            return False
        self.folds.wrote()
        # As a database gives it back: what a tuple was is a list.
        content = json.loads(canonical_json(record.content))
        kept = replace(record, content=content)
        self._state.records[record.record_id] = kept
        if record.stream == CUSTODY_FACT:
            earlier = self._state.facts.get(record.subject, ())
            self._state.facts[record.subject] = (*earlier, kept)
        return True

    def get(self, record_id: str) -> Record | None:
        """Return a record, or None."""
        return self._state.records.get(record_id)

    def select(
        self,
        *,
        stream: str | None = None,
        subject: str | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> tuple[Record, ...]:
        """Return the records that fit, as written."""
        return tuple(
            each
            for each in self._state.records.values()
            if stream in (None, each.stream)
            and subject in (None, each.subject)
            and (first is None or first <= each.business_date)
            and (last is None or each.business_date <= last)
        )

    def folded(self, fold: Fold[S]) -> S:
        """Return what a fold makes of everything written so far."""
        return self.folds.read(fold)

    def _rows(self, streams: tuple[str, ...], first: int) -> Iterator[Row]:
        start = max(0, first - 1)
        for number, each in enumerate(islice(self._state.records.values(), start, None), start + 1):
            if each.stream in streams:
                yield (
                    number,
                    each.record_id,
                    partial(self._state.records.__getitem__, each.record_id),
                )


class MemoryLedger:
    """Accounts, transfers and balances."""

    def __init__(self, state: _State, paths: Paths) -> None:
        self._state, self._paths = state, paths

    def open_account(self, account: Account, *, opened: date, cause_id: str) -> bool:
        """Open an account from a date on; return False if it is open already."""
        asked = (Opening(account, opened), cause_id)
        found = self._state.openings.get(account.account_id)
        if found is not None:
            if (found[0].opened, found[1]) != (opened, cause_id):
                raise ConflictingRecordError(f"{account.account_id} was opened otherwise")
            return False
        self._state.openings[account.account_id] = asked
        return True

    def close_account(self, account_id: str, *, closed: date, cause_id: str) -> bool:
        """Close an account from a date on."""
        found = self._state.openings.get(account_id)
        if found is None:
            raise ConflictingRecordError(f"{account_id} was never opened")
        opening, opened_for = found
        if opening.closed is not None:
            if opening.closed != closed:
                raise ConflictingRecordError(f"{account_id} was closed on {opening.closed}")
            return False
        held = [
            balance for (each, _), balance in self._state.balances.items() if each == account_id
        ]
        refuse_closing(account_id, held, self.transfers(account_id=account_id, first=closed))
        self._state.openings[account_id] = (replace(opening, closed=closed), opened_for)
        return True

    def accounts(
        self,
        *,
        kind: AccountKind | None = None,
        bd_fcm: str | None = None,
        customer_id: str | None = None,
    ) -> tuple[Account, ...]:
        """Return the accounts that fit, by id."""
        return tuple(
            opening.account
            for _, (opening, _) in sorted(self._state.openings.items())
            if kind in (None, opening.account.kind)
            and bd_fcm in (None, opening.account.bd_fcm)
            and customer_id in (None, opening.account.customer_id)
        )

    def openings(self) -> tuple[Opening, ...]:
        """Return every account with its dates, by id."""
        return tuple(opening for _, (opening, _) in sorted(self._state.openings.items()))

    def post(self, transfers: Sequence[Transfer]) -> tuple[Answer, ...]:
        """Judge transfers in order and post those accepted."""
        answers, scratch = judge(transfers, _View(self._state), self._paths)
        self._state.balances.update(scratch.balances)
        self._state.transfers.update(scratch.posted)
        self._state.resolved.update(scratch.resolved)
        return answers

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return the balance of one asset in one account."""
        return self._state.balances.get((account_id, asset.text), _NOTHING)

    def balances(
        self,
        *,
        kind: AccountKind | None = None,
        bd_fcm: str | None = None,
        customer_id: str | None = None,
    ) -> Mapping[tuple[str, Asset], Balance]:
        """Return the balances of the accounts that fit, by account id and asset, sorted."""
        wanted = {
            account.account_id
            for account in self.accounts(kind=kind, bd_fcm=bd_fcm, customer_id=customer_id)
        }
        found = {
            (account_id, Asset.parsed(text)): balance
            for (account_id, text), balance in self._state.balances.items()
            if account_id in wanted
        }
        return dict(sorted(found.items()))

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer, or None."""
        return self._state.transfers.get(transfer_id)

    def transfers(
        self,
        *,
        account_id: str | None = None,
        group_id: str | None = None,
        kind: TransferKind | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> tuple[Transfer, ...]:
        """Return the transfers that fit, as posted."""
        return tuple(
            each
            for each in self._state.transfers.values()
            if account_id in (None, each.debit_account_id, each.credit_account_id)
            and group_id in (None, each.group_id)
            and kind in (None, each.kind)
            and (first is None or first <= each.business_date)
            and (last is None or each.business_date <= last)
        )


class _View:
    """What the judgement asks, of a state."""

    def __init__(self, state: _State) -> None:
        self._state = state

    def opening(self, account_id: str) -> Opening | None:
        found = self._state.openings.get(account_id)
        return None if found is None else found[0]

    def balance(self, account_id: str, asset: Asset) -> Balance:
        return self._state.balances.get((account_id, asset.text), _NOTHING)

    def transfer(self, transfer_id: str) -> Transfer | None:
        return self._state.transfers.get(transfer_id)

    def resolution(self, pending_id: str) -> Transfer | None:
        return self._state.resolved.get(pending_id)

    def missing_custody_fact(self, account: Account, on: date) -> str:
        stated = self._state.facts.get(account.account_id, ())
        return missing_fact(account, [fact_of(each) for each in stated], on)

    def declared_default(self, record_id: str) -> Declared | None:
        return declared_of(self._state.records.get(record_id))

    def uncovered_cents(self, bd_fcm: str) -> Mapping[str, int]:
        return {
            opening.account.customer_id: uncovered_of(
                self.balance,
                cover_of(SegregationClass.FUTURES, bd_fcm, opening.account.customer_id),
            )
            for opening, _ in self._state.openings.values()
            if opening.account.kind is AccountKind.CUSTOMER_FUTURES_ACCOUNT
            and opening.account.bd_fcm == bd_fcm
        }
