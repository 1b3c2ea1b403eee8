"""What the judgement asks, read from the database in bulk before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account, SegregationClass
from crossmargin.ledger.cover import CASH_OF_CUSTOMERS, cover_of, uncovered_of
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of, missing_fact
from crossmargin.ledger.declaration import Declared, declared_of
from crossmargin.ledger.paths import Opening
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.ledger.view import Scratch
from crossmargin.storage.known import Known
from crossmargin.storage.record_store import SqlRecords
from crossmargin.storage.schema import ACCOUNT, BALANCE
from crossmargin.storage.session import Session

_NOTHING = Balance()


class DatabaseView:
    """A view for one call of the judgement.

    Parameters
    ----------
    session : Session
        That writes.
    known : Known
        Of which what is remembered stands for this work.
    """

    def __init__(self, session: Session, known: Known) -> None:
        self._session, self._known = session, known
        self._openings = known.remembered.openings
        self._balances = known.remembered.balances
        self._absent: set[str] = set()
        self._transfers: dict[str, Transfer | None] = {}
        self._resolutions: dict[str, Transfer | None] = {}
        self._declared: dict[str, Declared | None] = {}

    def prepare(self, transfers: Sequence[Transfer]) -> None:
        """Read everything that judging the transfers may ask, in a few statements."""
        named = {t.debit_account_id for t in transfers}
        named.update([t.credit_account_id for t in transfers])
        self._read_openings(named.difference(self._openings))
        openings, path_of = self._openings, self._known.paths.of
        keys: set[tuple[str, str]] = set()
        for transfer in transfers:
            debited = openings.get(transfer.debit_account_id)
            credited = openings.get(transfer.credit_account_id)
            if debited is not None and credited is not None:
                keys.update(path_of(transfer, debited.account, credited.account).looked_at)
        self._read_balances(keys.difference(self._balances))
        settled = {t.pending_id for t in transfers if t.pending_id}
        self._read_transfers({t.transfer_id for t in transfers} | settled)
        if settled:
            self._read_resolutions(settled)

    def opening(self, account_id: str) -> Opening | None:
        """Return an account, or None."""
        found = self._openings.get(account_id)
        if found is None and account_id not in self._absent:
            self._read_openings({account_id})
            found = self._openings.get(account_id)
        return found

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return a balance; zero if nothing moved."""
        key = (account_id, asset.text)
        found = self._balances.get(key)
        if found is None:
            self._read_balances({key})
            found = self._balances[key]
        return found

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer that stands, or None."""
        if transfer_id not in self._transfers:
            self._read_transfers({transfer_id})
        return self._transfers[transfer_id]

    def resolution(self, pending_id: str) -> Transfer | None:
        """Return the transfer that posted or voided a pending one, or None."""
        if pending_id not in self._resolutions:
            self._read_resolutions({pending_id})
        return self._resolutions[pending_id]

    def missing_custody_fact(self, account: Account, on: date) -> str:
        """Return the first fact that an account kept elsewhere lacks on a day, or nothing."""
        key, missing = (account.account_id, on), self._known.remembered.missing_facts
        if key not in missing:
            records = self._records()
            stated = records.select(stream=CUSTODY_FACT, subject=account.account_id)
            missing[key] = missing_fact(account, [fact_of(each) for each in stated], on)
        return missing[key]

    def declared_default(self, record_id: str) -> Declared | None:
        """Return the default that a record declares, or None."""
        if record_id not in self._declared:
            self._declared[record_id] = declared_of(self._records().get(record_id))
        return self._declared[record_id]

    def uncovered_cents(self, bd_fcm: str) -> Mapping[str, int]:
        """Return what of each customer is uncovered, by customer, cents."""
        uncovered = self._known.remembered.uncovered
        if bd_fcm not in uncovered:
            uncovered[bd_fcm] = self._read_uncovered(bd_fcm)
        return uncovered[bd_fcm]

    def keep(self, scratch: Scratch) -> None:
        """Remember what was accepted: it is written."""
        self._balances.update(scratch.balances)
        uncovered = self._known.remembered.uncovered
        if not uncovered:
            return
        touched = {each for _, path in scratch.applied(0) for each in path.touched}
        for bd_fcm, customer_id in touched:
            if bd_fcm in uncovered:
                cover = cover_of(SegregationClass.FUTURES, bd_fcm, customer_id)
                uncovered[bd_fcm][customer_id] = uncovered_of(self.balance, cover)

    def _read_uncovered(self, bd_fcm: str) -> dict[str, int]:
        query = (
            select(BALANCE, ACCOUNT.c.customer_id)
            .join(ACCOUNT, ACCOUNT.c.account_id == BALANCE.c.account_id)
            .where(
                ACCOUNT.c.bd_fcm == bd_fcm,
                ACCOUNT.c.kind.in_(sorted(kind.value for kind in CASH_OF_CUSTOMERS)),
                BALANCE.c.asset == CASH.text,
            )
        )
        found: dict[str, Balance] = {}
        customers: set[str] = set()
        with self._session.reading() as connection:
            rows = connection.execute(query).all()
        for account_id, _, *counters, customer_id in rows:
            found[account_id] = Balance(*counters)
            customers.add(customer_id)

        def balance_of(account_id: str, _: Asset) -> Balance:
            return found.get(account_id, _NOTHING)

        return {
            each: uncovered_of(balance_of, cover_of(SegregationClass.FUTURES, bd_fcm, each))
            for each in sorted(customers)
        }

    def _records(self) -> SqlRecords:
        return SqlRecords(self._session, self._known.remembered, self._known.folds)

    def _read_openings(self, account_ids: set[str]) -> None:
        if not account_ids:
            return
        self._absent |= account_ids
        rows = self._session.statements.openings(self._session.driver, sorted(account_ids))
        for account_id, opened, closed in rows:
            self._absent.discard(account_id)
            self._openings[account_id] = self._known.opening(account_id, opened, closed)

    def _read_balances(self, keys: set[tuple[str, str]]) -> None:
        if not keys:
            return
        self._balances.update(dict.fromkeys(keys, _NOTHING))
        rows = self._session.statements.balances(self._session.driver, sorted(keys))
        for account_id, asset, *counters in rows:
            self._balances[account_id, asset] = Balance(*counters)

    def _read_transfers(self, transfer_ids: set[str]) -> None:
        self._transfers.update(dict.fromkeys(transfer_ids))
        for found in self._stored("transfer_id", transfer_ids):
            self._transfers[found.transfer_id] = found

    def _read_resolutions(self, pending_ids: set[str]) -> None:
        self._resolutions.update(dict.fromkeys(pending_ids))
        for found in self._stored("pending_id", pending_ids):
            self._resolutions[found.pending_id] = found

    def _stored(self, column: str, values: set[str]) -> list[Transfer]:
        read = self._session.statements.transfers
        return [transfer_of(row) for row in read(self._session.driver, column, sorted(values))]


def transfer_of(row: Sequence[Any]) -> Transfer:
    """Return the transfer of a row, as :data:`~crossmargin.storage.statements.STORED` has it."""
    transfer_id, group_id, kind, debit, credit, asset, amount, *rest = row
    business_date, at, cause_id, state, pending_id = rest
    return Transfer(
        transfer_id=transfer_id,
        group_id=group_id,
        kind=TransferKind(kind),
        debit_account_id=debit,
        credit_account_id=credit,
        asset=Asset.parsed(asset),
        amount=amount,
        business_date=date.fromisoformat(business_date),
        at=datetime.fromisoformat(at),
        cause_id=cause_id,
        state=TransferState(state),
        pending_id=pending_id or "",
    )
