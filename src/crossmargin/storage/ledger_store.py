"""The ledger in the database: judged here as everywhere, and refused again by keys and checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.judgement import Opening, judge
from crossmargin.ledger.posting import Answer, Balance
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.services.books.ports import ConflictingRecordError
from crossmargin.storage.connecting import translated
from crossmargin.storage.locking import lock_for_writing
from crossmargin.storage.schema import ACCOUNT, ACCOUNT_CLOSING, BALANCE, TRANSFER
from crossmargin.storage.view import DatabaseView, opening_of, transfer_of


class SqlLedger:
    """Accounts, transfers and balances.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._openings: dict[str, Opening | None] = {}

    def open_account(self, account: Account, *, opened: date, cause_id: str) -> bool:
        """Open an account from a date on; return False if it is open already."""
        with translated():
            lock_for_writing(self._connection)
            found = self._connection.execute(
                select(ACCOUNT.c.opened, ACCOUNT.c.cause_id).where(
                    ACCOUNT.c.account_id == account.account_id
                )
            ).first()
            if found is not None:
                if tuple(found) != (opened.isoformat(), cause_id):
                    raise ConflictingRecordError(f"{account.account_id} was opened otherwise")
                return False
            self._connection.execute(
                ACCOUNT.insert(),
                {
                    "account_id": account.account_id,
                    "kind": account.kind.value,
                    "holder": account.terms.holder.value,
                    "segregation_class": account.segregation_class.value,
                    "bd_fcm": account.bd_fcm,
                    "customer_id": account.customer_id,
                    "custodian": account.custodian,
                    "opened": opened.isoformat(),
                    "cause_id": cause_id,
                },
            )
            self._openings.pop(account.account_id, None)
        return True

    def close_account(self, account_id: str, *, closed: date, cause_id: str) -> bool:
        """Close an account from a date on."""
        with translated():
            lock_for_writing(self._connection)
            found = self._connection.execute(
                select(ACCOUNT_CLOSING.c.closed).where(ACCOUNT_CLOSING.c.account_id == account_id)
            ).scalar()
            if found is not None:
                if found != closed.isoformat():
                    raise ConflictingRecordError(f"{account_id} was closed on {found}")
                return False
            self._connection.execute(
                ACCOUNT_CLOSING.insert(),
                {"account_id": account_id, "closed": closed.isoformat(), "cause_id": cause_id},
            )
            self._openings.pop(account_id, None)
        return True

    def accounts(
        self,
        *,
        kind: AccountKind | None = None,
        bd_fcm: str | None = None,
        customer_id: str | None = None,
    ) -> tuple[Account, ...]:
        """Return the accounts that fit, by id."""
        query = _of_accounts(
            select(ACCOUNT, ACCOUNT_CLOSING.c.closed).select_from(
                ACCOUNT.outerjoin(ACCOUNT_CLOSING)
            ),
            kind=kind,
            bd_fcm=bd_fcm,
            customer_id=customer_id,
        )
        with translated():
            rows = self._connection.execute(query).mappings().all()
        # Sorted here: databases differ in how they order text.
        return tuple(
            sorted((opening_of(row).account for row in rows), key=lambda each: each.account_id)
        )

    def post(self, transfers: Sequence[Transfer]) -> tuple[Answer, ...]:
        """Judge transfers in order and post those accepted."""
        if not transfers:
            return ()
        with translated():
            lock_for_writing(self._connection)
            view = DatabaseView(self._connection, self._openings)
            view.prepare(transfers)
            answers, scratch = judge(transfers, view)
            if scratch.posted:
                self._write(list(scratch.posted.values()), view, scratch.balances)
        return answers

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return the balance of one asset in one account."""
        query = select(BALANCE).where(
            BALANCE.c.account_id == account_id, BALANCE.c.asset == str(asset)
        )
        with translated():
            row = self._connection.execute(query).first()
        return Balance() if row is None else Balance(*row[2:])

    def balances(
        self,
        *,
        kind: AccountKind | None = None,
        bd_fcm: str | None = None,
        customer_id: str | None = None,
    ) -> Mapping[tuple[str, Asset], Balance]:
        """Return the balances of the accounts that fit, by account id and asset, sorted."""
        query = _of_accounts(
            select(BALANCE).join(ACCOUNT, ACCOUNT.c.account_id == BALANCE.c.account_id),
            kind=kind,
            bd_fcm=bd_fcm,
            customer_id=customer_id,
        )
        with translated():
            rows = self._connection.execute(query).all()
        found = {(row[0], Asset.parsed(row[1])): Balance(*row[2:]) for row in rows}
        return dict(sorted(found.items()))

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer, or None."""
        query = select(TRANSFER).where(TRANSFER.c.transfer_id == transfer_id)
        with translated():
            row = self._connection.execute(query).mappings().first()
        return None if row is None else transfer_of(row)

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
        query = select(TRANSFER).order_by(TRANSFER.c.sequence)
        if account_id is not None:
            query = query.where(
                or_(
                    TRANSFER.c.debit_account_id == account_id,
                    TRANSFER.c.credit_account_id == account_id,
                )
            )
        if group_id is not None:
            query = query.where(TRANSFER.c.group_id == group_id)
        if kind is not None:
            query = query.where(TRANSFER.c.kind == kind.value)
        if first is not None:
            query = query.where(TRANSFER.c.business_date >= first.isoformat())
        if last is not None:
            query = query.where(TRANSFER.c.business_date <= last.isoformat())
        with translated():
            rows = self._connection.execute(query).mappings().all()
        return tuple(transfer_of(row) for row in rows)

    def _write(
        self,
        posted: Sequence[Transfer],
        view: DatabaseView,
        balances: Mapping[tuple[str, Asset], Balance],
    ) -> None:
        self._connection.execute(TRANSFER.insert(), [_row(each, view) for each in posted])
        rows = [
            balance_row(account_id, asset, balance)
            for (account_id, asset), balance in balances.items()
        ]
        self._connection.execute(_upsert(self._connection.dialect.name), rows)


def balance_row(account_id: str, asset: Asset, balance: Balance) -> dict[str, object]:
    """Return a balance as a row."""
    return {
        "account_id": account_id,
        "asset": str(asset),
        "debits_posted": balance.debits_posted,
        "credits_posted": balance.credits_posted,
        "debits_pending": balance.debits_pending,
        "credits_pending": balance.credits_pending,
    }


def _upsert(dialect: str) -> Any:
    """Return the statement that writes a balance whether there was one or not."""
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        insert: Any = postgresql_insert(BALANCE)
    else:
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        insert = sqlite_insert(BALANCE)
    counters = ("debits_posted", "credits_posted", "debits_pending", "credits_pending")
    return insert.on_conflict_do_update(
        index_elements=["account_id", "asset"],
        set_={name: insert.excluded[name] for name in counters},
    )


def _row(transfer: Transfer, view: DatabaseView) -> dict[str, object]:
    debited = view.opening(transfer.debit_account_id)
    credited = view.opening(transfer.credit_account_id)
    if debited is None or credited is None:
        raise LookupError(f"{transfer.transfer_id} was posted between accounts that are not there")
    debit, credit = debited.account, credited.account
    return {
        "transfer_id": transfer.transfer_id,
        "group_id": transfer.group_id,
        "kind": transfer.kind.value,
        "holder": debit.terms.holder.value,
        "segregation_class": debit.segregation_class.value,
        "debit_account_id": transfer.debit_account_id,
        "debit_kind": debit.kind.value,
        "debit_bd_fcm": debit.bd_fcm,
        "debit_customer_id": debit.customer_id,
        "credit_account_id": transfer.credit_account_id,
        "credit_kind": credit.kind.value,
        "credit_bd_fcm": credit.bd_fcm,
        "credit_customer_id": credit.customer_id,
        "asset": str(transfer.asset),
        "amount": transfer.amount,
        "business_date": transfer.business_date.isoformat(),
        "at": transfer.at.isoformat(),
        "cause_id": transfer.cause_id,
        "state": transfer.state.value,
        "pending_id": transfer.pending_id or None,
    }


def _of_accounts(
    query: Select[Any],
    *,
    kind: AccountKind | None,
    bd_fcm: str | None,
    customer_id: str | None,
) -> Select[Any]:
    if kind is not None:
        query = query.where(ACCOUNT.c.kind == kind.value)
    if bd_fcm is not None:
        query = query.where(ACCOUNT.c.bd_fcm == bd_fcm)
    if customer_id is not None:
        query = query.where(ACCOUNT.c.customer_id == customer_id)
    return query
