"""The books in memory: the whole protocol, for rehearsals and drills that must leave nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from crossmargin.basics.records import Record
from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of, missing_fact
from crossmargin.ledger.judgement import Opening, judge, uncovered_of
from crossmargin.ledger.posting import Answer, Balance
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.services.books.ports import ConflictingRecordError


@dataclass(slots=True)
class _State:
    records: dict[str, Record] = field(default_factory=dict)
    openings: dict[str, tuple[Opening, str]] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    balances: dict[tuple[str, Asset], Balance] = field(default_factory=dict)
    resolved: dict[str, Transfer] = field(default_factory=dict)

    def copied(self) -> _State:
        """Return a copy that can be thrown away: everything in it is frozen."""
        return _State(
            dict(self.records),
            dict(self.openings),
            dict(self.transfers),
            dict(self.balances),
            dict(self.resolved),
        )


class MemoryBooks:
    """Books that end with the process."""

    def __init__(self) -> None:
        self._state = _State()

    @contextmanager
    def work(self) -> Iterator[MemoryWork]:
        """Begin a transaction on a copy; :meth:`MemoryWork.commit` puts it in the place."""
        work = MemoryWork(self, self._state.copied())
        yield work

    def put(self, state: _State) -> None:
        """Take a work's state over."""
        self._state = state


class MemoryWork:
    """One transaction."""

    def __init__(self, books: MemoryBooks, state: _State) -> None:
        self._books, self._state = books, state
        self.records = MemoryRecords(state)
        self.ledger = MemoryLedger(state)

    def commit(self) -> None:
        """Make everything of this work stand."""
        self._books.put(self._state.copied())


class MemoryRecords:
    """Records, in the order in which they were written."""

    def __init__(self, state: _State) -> None:
        self._state = state

    def add(self, record: Record) -> bool:
        """Write a record; return False if it was there already."""
        found = self._state.records.get(record.record_id)
        if found is not None:
            if found.digest != record.digest:
                raise ConflictingRecordError(f"{record.record_id} exists and says something else")
            return False
        self._state.records[record.record_id] = record
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


class MemoryLedger:
    """Accounts, transfers and balances."""

    def __init__(self, state: _State) -> None:
        self._state = state

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
        opening, opened_for = self._state.openings[account_id]
        if opening.closed is not None:
            if opening.closed != closed:
                raise ConflictingRecordError(f"{account_id} was closed on {opening.closed}")
            return False
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

    def post(self, transfers: Sequence[Transfer]) -> tuple[Answer, ...]:
        """Judge transfers in order and post those accepted."""
        answers, scratch = judge(transfers, _View(self._state))
        self._state.balances.update(scratch.balances)
        self._state.transfers.update(scratch.posted)
        self._state.resolved.update(scratch.resolved)
        return answers

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return the balance of one asset in one account."""
        return self._state.balances.get((account_id, asset), Balance())

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
        return {
            key: balance
            for key, balance in sorted(self._state.balances.items())
            if key[0] in wanted
        }

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
        return self._state.balances.get((account_id, asset), Balance())

    def transfer(self, transfer_id: str) -> Transfer | None:
        return self._state.transfers.get(transfer_id)

    def resolution(self, pending_id: str) -> Transfer | None:
        return self._state.resolved.get(pending_id)

    def missing_custody_fact(self, account: Account, on: date) -> str:
        facts = [
            fact_of(each)
            for each in self._state.records.values()
            if each.stream == CUSTODY_FACT and each.subject == account.account_id
        ]
        return missing_fact(account, facts, on)

    def uncovered_cents(self, bd_fcm: str, without: frozenset[str]) -> int:
        customers = {
            opening.account.customer_id
            for opening, _ in self._state.openings.values()
            if opening.account.kind is AccountKind.CUSTOMER_FUTURES_ACCOUNT
            and opening.account.bd_fcm == bd_fcm
        }
        return sum(uncovered_of(self, bd_fcm, each) for each in sorted(customers - without))
