"""Books in a database: made once, opened by an address, one transaction a work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, inspect, select

from crossmargin.ledger.chart import CHART as CHART_OF_ACCOUNTS
from crossmargin.ledger.transfers import MOVEMENTS
from crossmargin.ledger.verification import counters_of
from crossmargin.services.books.ports import StorageError
from crossmargin.storage.connecting import Connections, connect
from crossmargin.storage.known import Known
from crossmargin.storage.ledger_store import SqlLedger
from crossmargin.storage.record_store import SqlRecords
from crossmargin.storage.schema import (
    BALANCE,
    CHART,
    METADATA,
    MOVEMENT,
    SCHEMA_VERSION,
    VERSION,
    guards,
)
from crossmargin.storage.session import Session, translated


def create_books(address: str) -> SqlBooks:
    """Make the tables of an empty store and return its books.

    Parameters
    ----------
    address : str
        A path of a SQLite file, or a ``postgresql://`` address.

    Raises
    ------
    StorageError
        If the store cannot be reached, or holds books already.
    """
    engine = connect(address, is_new=True)
    with _closed_on_failure(engine), engine.begin() as connection:
        if inspect(connection).has_table("transfer"):
            raise StorageError("the store holds books already")
        METADATA.create_all(connection)
        connection.execute(CHART.insert(), chart_rows())
        connection.execute(MOVEMENT.insert(), movement_rows())
        connection.execute(SCHEMA_VERSION.insert(), {"version_num": VERSION})
        for statement in guards(connection.dialect.name):
            # A per cent sign would be taken for a parameter.
            connection.exec_driver_sql(statement.replace("%", "%%"))
    return SqlBooks(engine)


def open_books(address: str) -> SqlBooks:
    """Return the books of a store.

    Raises
    ------
    StorageError
        If the store cannot be reached, holds no books, or those of another version.
    """
    engine = connect(address)
    with _closed_on_failure(engine), engine.begin() as connection:
        if not inspect(connection).has_table("transfer"):
            raise StorageError("the store holds no books")
        _refuse_another_version(connection)
    return SqlBooks(engine)


@contextmanager
def _closed_on_failure(engine: Engine) -> Iterator[None]:
    try:
        with translated():
            yield
    except StorageError:
        engine.dispose()
        raise


def chart_rows() -> list[dict[str, str]]:
    """Return every kind of account with its holder and classes, as the database keeps them."""
    return [
        {
            "kind": kind.value,
            "holder": terms.holder.value,
            "segregation_class": segregation_class.value,
        }
        for kind, terms in CHART_OF_ACCOUNTS.items()
        for segregation_class in sorted(terms.classes)
    ]


def movement_rows() -> list[dict[str, str]]:
    """Return every permitted movement, as the database keeps them."""
    return [
        {"kind": kind.value, "debit_kind": debit.value, "credit_kind": credit.value}
        for kind, pairs in MOVEMENTS.items()
        for debit, credit in sorted(pairs)
    ]


def _refuse_another_version(connection: Connection) -> None:
    version = connection.execute(select(SCHEMA_VERSION.c.version_num)).scalar()
    if version != VERSION:
        raise StorageError(f"the store has schema {version}, this version {VERSION}: upgrade it")
    for table, rows in ((CHART, chart_rows()), (MOVEMENT, movement_rows())):
        found = {tuple(row) for row in connection.execute(select(table))}
        if found != {tuple(row.values()) for row in rows}:
            raise StorageError(f"the store has another {table.name} than this version: upgrade it")


class SqlBooks:
    """Books on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._connections = Connections(engine)
        self._known = Known()

    @contextmanager
    def work(self) -> Iterator[SqlWork]:
        """Begin a transaction; leaving it without a commit undoes it."""
        with translated(), self._connections.open() as connection:
            work = SqlWork(Session(connection), self._known)
            yield work
            work.records.folds.end()

    def rebuild_balances(self) -> int:
        """Make the balances anew from the transfers alone; return how many there are."""
        with translated(), self._connections.open() as connection:
            session = Session(connection)
            with session.writing():
                self._known.remembered.forget()
                derived = counters_of(SqlLedger(session, self._known).transfers())
                connection.execute(BALANCE.delete())
                rows = [
                    (account_id, asset.text, *balance)
                    for (account_id, asset), balance in derived.items()
                ]
                if rows:
                    session.statements.begin_balances(session.driver, rows)
                    session.statements.end(session.driver)
            session.commit()
        return len(rows)

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()


class SqlWork:
    """One transaction over records and ledger."""

    def __init__(self, session: Session, known: Known) -> None:
        self._session = session
        self.records = SqlRecords(session, known.remembered, known.folds)
        self.ledger = SqlLedger(session, known)

    def commit(self) -> None:
        """Make everything of this work durable, at once."""
        with self.ledger.kept():
            self._session.commit()
        self.records.folds.committed()
