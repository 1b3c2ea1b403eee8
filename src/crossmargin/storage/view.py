"""What the judgement asks, read from the database in bulk before it begins.

Accounts are read once a connection: they never change but for a closing, which goes through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, select

from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.custody import CUSTODY_FACT, CustodyFact, fact_of, missing_fact
from crossmargin.ledger.judgement import CLAIMS, Opening, related_accounts, uncovered_of
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.storage.record_store import SqlRecords
from crossmargin.storage.schema import ACCOUNT, ACCOUNT_CLOSING, BALANCE, TRANSFER

_CHUNK = 400
_NOTHING = Balance()


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield the values in lists that fit into one statement."""
    listed = list(values)
    for first in range(0, len(listed), _CHUNK):
        yield listed[first : first + _CHUNK]


class DatabaseView:
    """A view for one call of the judgement.

    Parameters
    ----------
    connection : Connection
    openings : dict of account id to Opening or None
        Kept by the caller for the time of the transaction.
    """

    def __init__(self, connection: Connection, openings: dict[str, Opening | None]) -> None:
        self._connection = connection
        self._openings = openings
        self._balances: dict[tuple[str, str], Balance] = {}
        self._whole: set[str] = set()
        self._transfers: dict[str, Transfer | None] = {}
        self._resolutions: dict[str, Transfer | None] = {}
        self._facts: dict[str, list[CustodyFact]] = {}

    def prepare(self, transfers: Sequence[Transfer]) -> None:
        """Read everything that judging the transfers may ask, in a few statements."""
        named = {t.debit_account_id for t in transfers} | {t.credit_account_id for t in transfers}
        accounts = set(related_accounts(named)) | named
        self._read_openings(accounts - self._openings.keys())
        self._read_balances(accounts)
        ids = {t.transfer_id for t in transfers} | {t.pending_id for t in transfers if t.pending_id}
        self._read_transfers(ids)
        self._read_resolutions({t.pending_id for t in transfers if t.pending_id})

    def opening(self, account_id: str) -> Opening | None:
        """Return an account, or None."""
        if account_id not in self._openings:
            self._read_openings({account_id})
        return self._openings[account_id]

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return a balance; zero if nothing moved."""
        if account_id not in self._whole:
            self._read_balances({account_id})
        return self._balances.get((account_id, str(asset)), _NOTHING)

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
        account_id = account.account_id
        if account_id not in self._facts:
            records = SqlRecords(self._connection).select(stream=CUSTODY_FACT, subject=account_id)
            self._facts[account_id] = [fact_of(each) for each in records]
        return missing_fact(account, self._facts[account_id], on)

    def uncovered_cents(self, bd_fcm: str, without: frozenset[str]) -> int:
        """Return by how much customers' claims and debits exceed what they are owed, in sum."""
        kinds = (AccountKind.CUSTOMER_FUTURES_ACCOUNT, *CLAIMS)
        query = (
            select(BALANCE.c.account_id, ACCOUNT.c.customer_id)
            .join(ACCOUNT, ACCOUNT.c.account_id == BALANCE.c.account_id)
            .where(
                ACCOUNT.c.bd_fcm == bd_fcm,
                ACCOUNT.c.kind.in_([kind.value for kind in kinds]),
                BALANCE.c.asset == str(CASH),
            )
        )
        rows = self._connection.execute(query).all()
        customers = {customer_id for _, customer_id in rows} - without
        self._read_balances({account_id for account_id, each in rows if each in customers})
        return sum(uncovered_of(self, bd_fcm, each) for each in sorted(customers))

    def _read_openings(self, account_ids: set[str]) -> None:
        self._openings.update(dict.fromkeys(account_ids))
        joined = ACCOUNT.outerjoin(
            ACCOUNT_CLOSING, ACCOUNT_CLOSING.c.account_id == ACCOUNT.c.account_id
        )
        for part in chunks(sorted(account_ids)):
            query = (
                select(ACCOUNT, ACCOUNT_CLOSING.c.closed)
                .select_from(joined)
                .where(ACCOUNT.c.account_id.in_(part))
            )
            for row in self._connection.execute(query).mappings():
                self._openings[row["account_id"]] = opening_of(row)

    def _read_balances(self, account_ids: set[str]) -> None:
        wanted = account_ids - self._whole
        self._whole |= wanted
        for part in chunks(sorted(wanted)):
            query = select(BALANCE).where(BALANCE.c.account_id.in_(part))
            for account_id, asset, *counters in self._connection.execute(query):
                self._balances[account_id, asset] = Balance(*counters)

    def _read_transfers(self, transfer_ids: set[str]) -> None:
        self._transfers.update(dict.fromkeys(transfer_ids))
        for part in chunks(sorted(transfer_ids)):
            query = select(TRANSFER).where(TRANSFER.c.transfer_id.in_(part))
            for row in self._connection.execute(query).mappings():
                self._transfers[row["transfer_id"]] = transfer_of(row)

    def _read_resolutions(self, pending_ids: set[str]) -> None:
        self._resolutions.update(dict.fromkeys(pending_ids))
        for part in chunks(sorted(pending_ids)):
            query = select(TRANSFER).where(TRANSFER.c.pending_id.in_(part))
            for row in self._connection.execute(query).mappings():
                self._resolutions[row["pending_id"]] = transfer_of(row)


def opening_of(row: RowMapping) -> Opening:
    """Return the account of a row of accounts and closings."""
    closed = row["closed"]
    account = Account(
        AccountKind(row["kind"]),
        SegregationClass(row["segregation_class"]),
        row["bd_fcm"],
        row["customer_id"],
        row["custodian"],
    )
    return Opening(
        account,
        date.fromisoformat(row["opened"]),
        None if closed is None else date.fromisoformat(closed),
    )


def transfer_of(row: RowMapping) -> Transfer:
    """Return the transfer of a row."""
    return Transfer(
        transfer_id=row["transfer_id"],
        group_id=row["group_id"],
        kind=TransferKind(row["kind"]),
        debit_account_id=row["debit_account_id"],
        credit_account_id=row["credit_account_id"],
        asset=Asset.parsed(row["asset"]),
        amount=row["amount"],
        business_date=date.fromisoformat(row["business_date"]),
        at=datetime.fromisoformat(row["at"]),
        cause_id=row["cause_id"],
        state=TransferState(row["state"]),
        pending_id=row["pending_id"] or "",
    )
