"""One address, one engine: what durability and keys depend on is set on every connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

from crossmargin.services.books.ports import StorageError
from crossmargin.storage.session import translated

_BUSY_MILLISECONDS = 30_000
_POSTGRESQL = ("postgresql://", "postgresql+psycopg://")


def connect(address: str, *, is_new: bool = False, has_keys: bool = True) -> Engine:
    """Return an engine of a store.

    Parameters
    ----------
    address : str
        A path of a SQLite file, with or without ``sqlite:///`` before it, or a ``postgresql://``
        address.
    is_new : bool
        Whether a SQLite file may be made.
    has_keys : bool
        Whether foreign keys are held to; only a migration of SQLite may say no.

    Raises
    ------
    StorageError
        If the address makes no sense, or names a file that is not there.
    """
    if address.startswith(_POSTGRESQL):
        driver = address.replace("postgresql://", "postgresql+psycopg://", 1)
        try:
            with translated():
                return create_engine(driver, pool_pre_ping=True)
        except ValueError as error:
            raise StorageError(f"a postgresql:// address that cannot be read: {error}") from None
    path = Path(address.removeprefix("sqlite:///"))
    if "://" in address.removeprefix("sqlite:///"):
        raise StorageError("an address is a path, sqlite:///path or postgresql://...")
    if not is_new and not path.is_file():
        raise StorageError(f"{path.name} is no file")
    return _sqlite(path, has_keys=has_keys)


def _sqlite(path: Path, *, has_keys: bool) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)))

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        # The driver must not begin transactions by itself: a work begins IMMEDIATE.
        connection.isolation_level = None
        for setting in (
            f"busy_timeout = {_BUSY_MILLISECONDS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            f"foreign_keys = {'ON' if has_keys else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Two writers never judge on the same balances: the second waits here.
        # On the driver's connection: every work begins so, and SQLAlchemy takes thrice as long.
        driver: Any = connection.connection.driver_connection
        with translated(connection):
            driver.execute("BEGIN IMMEDIATE")

    return engine


class Connections:
    """The connections of a store, each for one work at a time.

    A file's are kept between works: to take one from the engine and to give it back costs as much
    as to judge and write a transfer. A server may have ended one meanwhile: those are asked first,
    which the engine does.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: list[Connection] = []

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """Give a connection; what was not committed when it comes back is undone."""
        if self._engine.dialect.name != "sqlite":
            with self._engine.connect() as connection:
                yield connection
            return
        connection = self._kept.pop() if self._kept else self._engine.connect()
        try:
            yield connection
            connection.rollback()
        except BaseException:
            connection.close()
            raise
        self._kept.append(connection)

    def close(self) -> None:
        """Close every connection."""
        while self._kept:
            self._kept.pop().close()
        self._engine.dispose()
