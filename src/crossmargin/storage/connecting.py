"""One address, one engine: what durability and keys depend on is set on every connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from crossmargin.services.books.ports import StorageError

_BUSY_MILLISECONDS = 30_000


def connect(address: str) -> Engine:
    """Return an engine of a store.

    Parameters
    ----------
    address : str
        A path of a SQLite file, or a ``postgresql://`` address.
    """
    if address.startswith(("postgresql://", "postgresql+psycopg://")):
        driver = address.replace("postgresql://", "postgresql+psycopg://", 1)
        return create_engine(driver, pool_pre_ping=True)
    engine = create_engine(f"sqlite:///{address}")

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        # The driver must not begin transactions by itself: a work begins IMMEDIATE.
        connection.isolation_level = None
        for setting in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"busy_timeout = {_BUSY_MILLISECONDS}",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Two writers never judge on the same balances: the second waits here.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextmanager
def translated() -> Iterator[None]:
    """Let nothing above see an error of a driver.

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
