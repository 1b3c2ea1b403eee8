"""Books in a database: made once, opened by an address, one transaction a work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, inspect, select

from crossmargin.ledger.transfers import MOVEMENTS
from crossmargin.ledger.verification import counters_of
from crossmargin.services.books.ports import StorageError
from crossmargin.storage.connecting import connect, translated
from crossmargin.storage.ledger_store import SqlLedger, balance_row
from crossmargin.storage.locking import lock_for_writing
from crossmargin.storage.record_store import SqlRecords
from crossmargin.storage.schema import BALANCE, METADATA, MOVEMENT, guards


def create_books(address: str) -> SqlBooks:
    """Make the tables of an empty store and return its books.

    Raises
    ------
    StorageError
        If the store cannot be reached, or holds books already.
    """
    engine = connect(address)
    with translated(), engine.begin() as connection:
        if inspect(connection).has_table("transfer"):
            raise StorageError(f"{engine.url.database} holds books already")
        METADATA.create_all(connection)
        rows = [
            {"kind": kind.value, "debit_kind": debit.value, "credit_kind": credit.value}
            for kind, pairs in MOVEMENTS.items()
            for debit, credit in sorted(pairs)
        ]
        connection.execute(MOVEMENT.insert(), rows)
        for statement in guards(connection.dialect.name):
            connection.exec_driver_sql(statement.replace("%", "%%"))
    return SqlBooks(engine)


def open_books(address: str) -> SqlBooks:
    """Return the books of a store.

    Raises
    ------
    StorageError
        If the store cannot be reached, holds no books, or those of another chart of movements.
    """
    engine = connect(address)
    with translated(), engine.begin() as connection:
        if not inspect(connection).has_table("transfer"):
            raise StorageError(f"{engine.url.database} holds no books")
        found = {tuple(row) for row in connection.execute(select(MOVEMENT))}
    known = {
        (kind.value, debit.value, credit.value)
        for kind, pairs in MOVEMENTS.items()
        for debit, credit in pairs
    }
    if found != known:
        raise StorageError("the store permits other movements than this version: upgrade it")
    return SqlBooks(engine)


class SqlBooks:
    """Books on an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def work(self) -> Iterator[SqlWork]:
        """Begin a transaction; leaving it without a commit undoes it."""
        with translated(), self._engine.connect() as connection:
            connection.info.pop("is_writing", None)
            yield SqlWork(connection)

    def rebuild_balances(self) -> int:
        """Make the balances anew from the transfers alone; return how many there are."""
        with translated(), self._engine.begin() as connection:
            lock_for_writing(connection)
            counters = counters_of(SqlLedger(connection).transfers())
            connection.execute(BALANCE.delete())
            rows = [
                balance_row(account_id, asset, balance)
                for (account_id, asset), balance in counters.items()
            ]
            if rows:
                connection.execute(BALANCE.insert(), rows)
        return len(rows)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


class SqlWork:
    """One transaction over records and ledger."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.records = SqlRecords(connection)
        self.ledger = SqlLedger(connection)

    def commit(self) -> None:
        """Make everything of this work durable, at once."""
        with translated():
            self._connection.commit()
            self._connection.info.pop("is_writing", None)
