"""One transaction on one connection: its lock, its errors, its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from crossmargin.services.books.ports import StorageError
from crossmargin.storage.statements import Statements
from crossmargin.storage.statements_sqlite import SqliteStatements

#: Any number, the same in every process: the name of the lock in PostgreSQL.
_LOCK = 0x786D_626F_6F6B


@contextmanager
def translated(connection: Connection | None = None) -> Iterator[None]:
    """Let nothing above see an error of a driver.

    Parameters
    ----------
    connection : Connection, optional
        Whose driver may also raise by itself, where it is used without SQLAlchemy.

    Raises
    ------
    StorageError
        In its place.
    """
    try:
        yield
    except DBAPIError as error:
        raise StorageError(str(error.orig)) from error
    except SQLAlchemyError as error:
        raise StorageError(str(error)) from error
    except (UnicodeError, OverflowError) as error:
        # So the drivers refuse text that has no UTF-8 form, and numbers beyond 64 bits.
        raise StorageError(str(error)) from error
    except Exception as error:
        if connection is None or not isinstance(error, connection.dialect.loaded_dbapi.Error):
            raise
        raise StorageError(str(error)) from error


class Session:
    """A transaction.

    Parameters
    ----------
    connection : Connection

    Attributes
    ----------
    statements : Statements
        Those of the connection's database.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.statements: Statements = _statements_for(connection.dialect.name)
        #: Whether this transaction holds the lock.
        self.is_writing = False
        self._driver: Any = None
        self._has_failed = False
        self._is_going_on = False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give the connection; what fails there spoils the whole work."""
        try:
            with translated(self.connection):
                self.end()
                yield self.connection
        except StorageError:
            self._has_failed = True
            raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give the connection once no other transaction writes.

        Whoever judges has then seen everything that was written before. SQLite's transactions begin
        with the lock; PostgreSQL's take an advisory one here, so that readers are not held up.
        """
        with self.reading() as connection:
            if not connection.in_transaction():
                connection.begin()
            if not self.is_writing and connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            self.is_writing = True
            yield connection

    @property
    def driver(self) -> Any:
        """The driver's own connection, for use while writing."""
        self.end()
        if self._driver is None:
            self._driver = self.connection.connection.driver_connection
        return self._driver

    def to_begin(self) -> Any:
        """Return the driver's own connection, to begin what is ended before the next statement."""
        driver = self.driver
        self._is_going_on = True
        return driver

    def end(self) -> None:
        """Wait for the statement that goes on, if one does.

        Where that is interrupted it goes on still: it is waited for again.
        """
        if self._is_going_on:
            self.statements.end(self._driver)
            self._is_going_on = False

    def abandon(self) -> None:
        """Spoil the work: nothing of it is to be written."""
        self._has_failed = True
        with suppress(Exception):  # what is raised already says more
            self.end()

    def refuse_after_failure(self) -> None:
        """Let nothing go on after a statement failed.

        Raises
        ------
        StorageError
            If one did.
        """
        if self._has_failed:
            raise StorageError("a statement of this work failed: nothing of it is written")

    def commit(self) -> None:
        """Make everything durable, at once.

        Raises
        ------
        StorageError
            If it cannot be, or a statement failed before: half of a work is never committed.
        """
        self.refuse_after_failure()
        with self.reading() as connection:
            connection.commit()
        self.is_writing = False


def _statements_for(dialect: str) -> Statements:
    """Return the statements of a database, by the name of its dialect."""
    if dialect == "postgresql":
        # Loads the driver, which books in a file do without.
        from crossmargin.storage.statements_postgresql import PostgresqlStatements

        return PostgresqlStatements()
    return SqliteStatements()
