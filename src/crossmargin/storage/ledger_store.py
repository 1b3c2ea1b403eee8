"""The ledger in the database: judged here as everywhere, and refused again by keys and checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select

from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.judgement import judged
from crossmargin.ledger.paths import Opening
from crossmargin.ledger.posting import Answer, Balance
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.ledger.view import Scratch
from crossmargin.services.books.ports import ConflictingRecordError, refuse_closing
from crossmargin.storage.known import Known
from crossmargin.storage.schema import ACCOUNT, ACCOUNT_CLOSING, BALANCE, PATH, TRANSFER
from crossmargin.storage.session import Session
from crossmargin.storage.statements import STORED
from crossmargin.storage.transfer_writer import TransferWriter
from crossmargin.storage.view import DatabaseView, transfer_of

_STORED = tuple(TRANSFER.c[name] if name in TRANSFER.c else PATH.c[name] for name in STORED)
_WITH_PATH = TRANSFER.join(PATH)


class SqlLedger:
    """Accounts, transfers and balances.

    Parameters
    ----------
    session : Session
    known : Known
        Shared by all works of a store.
    """

    def __init__(self, session: Session, known: Known) -> None:
        self._session = session
        self._known = known
        self._writer = TransferWriter(session, known)
        #: Whether what is remembered is this work's, since its first posting.
        self._has_begun = False

    def open_account(self, account: Account, *, opened: date, cause_id: str) -> bool:
        """Open an account from a date on; return False if it is open already."""
        with self._session.writing() as connection:
            found = connection.execute(
                select(ACCOUNT.c.opened, ACCOUNT.c.cause_id).where(
                    ACCOUNT.c.account_id == account.account_id
                )
            ).first()
            if found is not None:
                if tuple(found) != (opened.isoformat(), cause_id):
                    raise ConflictingRecordError(f"{account.account_id} was opened otherwise")
                return False
            connection.execute(
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
        return True

    def close_account(self, account_id: str, *, closed: date, cause_id: str) -> bool:
        """Close an account from a date on."""
        with self._session.writing() as connection:
            found = connection.execute(
                select(ACCOUNT_CLOSING.c.closed).where(ACCOUNT_CLOSING.c.account_id == account_id)
            ).scalar()
            if found is not None:
                if found != closed.isoformat():
                    raise ConflictingRecordError(f"{account_id} was closed on {found}")
                return False
            query = select(ACCOUNT.c.account_id).where(ACCOUNT.c.account_id == account_id)
            if connection.execute(query).scalar() is None:
                raise ConflictingRecordError(f"{account_id} was never opened")
            rows = connection.execute(select(BALANCE).where(BALANCE.c.account_id == account_id))
            held = [Balance(*row[2:]) for row in rows]
            refuse_closing(account_id, held, self.transfers(account_id=account_id, first=closed))
            self._known.remembered.openings.pop(account_id, None)
            connection.execute(
                ACCOUNT_CLOSING.insert(),
                {"account_id": account_id, "closed": closed.isoformat(), "cause_id": cause_id},
            )
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
            select(ACCOUNT.c.account_id),
            kind=kind,
            bd_fcm=bd_fcm,
            customer_id=customer_id,
        )
        with self._session.reading() as connection:
            found = connection.execute(query).scalars().all()
        # Sorted here: databases differ in how they order text.
        return tuple(Account.parsed(account_id) for account_id in sorted(found))

    def openings(self) -> tuple[Opening, ...]:
        """Return every account with its dates, by id."""
        columns = (ACCOUNT.c.account_id, ACCOUNT.c.opened, ACCOUNT_CLOSING.c.closed)
        with self._session.reading() as connection:
            rows = connection.execute(select(*columns).outerjoin_from(ACCOUNT, ACCOUNT_CLOSING))
            found = [tuple(row) for row in rows]
        return tuple(self._known.opening(*row) for row in sorted(found, key=lambda row: row[0]))

    def post(self, transfers: Sequence[Transfer]) -> tuple[Answer, ...]:
        """Judge transfers in order and post those accepted."""
        if not transfers:
            return ()
        with self._session.writing():
            self._begin()
            view = DatabaseView(self._session, self._known)
            view.prepare(transfers)
            scratch, answers = Scratch(view), list[Answer]()
            with self._writer.writing(scratch) as write:
                for found in judged(transfers, scratch, self._known.paths):
                    answers += found
                    write()
            view.keep(scratch)
        return tuple(answers)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Remember what this work read and wrote, if what is done meanwhile commits it."""
        remembered = self._known.remembered
        if self._has_begun:
            self._session.refuse_after_failure()
            with self._session.reading():
                remembered.keep(self._session.statements.version(self._session.driver))
        try:
            yield
        except BaseException:
            remembered.forget()
            raise
        self._has_begun = False
        self._writer.keep_paths()

    def _begin(self) -> None:
        if not self._has_begun:
            version = self._session.statements.version(self._session.driver)
            if not self._known.remembered.begin(version):
                self._known.path_ids.clear()
            self._has_begun = True

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return the balance of one asset in one account."""
        query = select(BALANCE).where(
            BALANCE.c.account_id == account_id, BALANCE.c.asset == str(asset)
        )
        with self._session.reading() as connection:
            row = connection.execute(query).first()
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
        with self._session.reading() as connection:
            rows = connection.execute(query).all()
        found = {(row[0], Asset.parsed(row[1])): Balance(*row[2:]) for row in rows}
        return dict(sorted(found.items()))

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer, or None."""
        query = (
            select(*_STORED).select_from(_WITH_PATH).where(TRANSFER.c.transfer_id == transfer_id)
        )
        with self._session.reading() as connection:
            row = connection.execute(query).first()
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
        query = select(*_STORED).select_from(_WITH_PATH).order_by(TRANSFER.c.sequence)
        if account_id is not None:
            query = query.where(
                or_(
                    PATH.c.debit_account_id == account_id,
                    PATH.c.credit_account_id == account_id,
                )
            )
        if group_id is not None:
            query = query.where(TRANSFER.c.group_id == group_id)
        if kind is not None:
            query = query.where(PATH.c.kind == kind.value)
        if first is not None:
            query = query.where(TRANSFER.c.business_date >= first.isoformat())
        if last is not None:
            query = query.where(TRANSFER.c.business_date <= last.isoformat())
        with self._session.reading() as connection:
            rows = connection.execute(query).all()
        return tuple(transfer_of(row) for row in rows)


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
