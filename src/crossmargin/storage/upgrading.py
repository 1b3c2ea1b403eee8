"""Books of an earlier schema, brought to this version's."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, select

from crossmargin.services.books.ports import StorageError
from crossmargin.storage.connecting import connect
from crossmargin.storage.schema import SCHEMA_VERSION
from crossmargin.storage.session import translated

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade_books(address: str) -> tuple[str, str]:
    """Bring a store to this version's schema; one that is there already is left as it is.

    Returns
    -------
    tuple of str
        The version before and after.

    Raises
    ------
    StorageError
        If the store cannot be reached or holds no books, or a migration failed: the store is then
        as it was.
    """
    # SQLite checks keys row by row while a table is made anew: they are checked whole afterwards.
    engine = connect(address, has_keys=False)
    try:
        with translated(), engine.begin() as connection:
            if not inspect(connection).has_table("transfer"):
                raise StorageError("the store holds no books")
            before = _version_of(connection)
            migrate(connection)
            return before, _version_of(connection)
    finally:
        engine.dispose()


def migrate(connection: Connection) -> None:
    """Run every migration that a store has not had, in the transaction of a connection.

    Raises
    ------
    StorageError
        If a row names another that is not there.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise StorageError(f"{len(broken)} rows name others that are not there: {broken[0]}")


def _version_of(connection: Connection) -> str:
    return str(connection.execute(select(SCHEMA_VERSION.c.version_num)).scalar())
