"""A copy of a store: what a drill is run on, so that nothing of it reaches the books of record."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from crossmargin.services.books.ports import StorageError
from crossmargin.storage.connecting import connect
from crossmargin.storage.session import translated

_MAINTENANCE = "postgres"


def copy_books(address: str, to: str) -> None:
    """Copy a store as it stands: SQLite by its backup, PostgreSQL as a template database.

    Parameters
    ----------
    address, to : str
        Of one kind, the second of nothing that is there. PostgreSQL copies while nobody else is
        connected to the first.

    Raises
    ------
    StorageError
        If they are of different kinds, or one cannot be reached or made.
    """
    source = connect(address)
    try:
        with translated():
            if source.dialect.name == "sqlite":
                _backup(source, to)
            else:
                _from_template(source, to)
    finally:
        source.dispose()


def _backup(source: Engine, to: str) -> None:
    target = connect(to, is_new=True)
    try:
        if target.dialect.name != "sqlite":
            raise StorageError("a SQLite file is copied to a SQLite file")
        with source.connect() as one, target.connect() as other:
            if _has_tables(other):
                raise StorageError("the copy goes to a file that is not there")
            other.rollback()
            one.connection.driver_connection.backup(other.connection.driver_connection)  # type: ignore[union-attr]
    finally:
        target.dispose()


def _has_tables(connection: Connection) -> bool:
    found = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    return bool(found)


def _from_template(source: Engine, to: str) -> None:
    try:
        name = make_url(to).database or ""
    except ArgumentError as error:
        raise StorageError(f"an address that cannot be read: {error}") from None
    if not to.startswith("postgresql"):
        raise StorageError("a PostgreSQL database is copied to a PostgreSQL database")
    template = source.url.database or ""
    plain = source.url.set(
        database=_MAINTENANCE,
        query={key: value for key, value in source.url.query.items() if key != "options"},
    )
    source.dispose()
    maintenance = connect(plain.render_as_string(hide_password=False))
    try:
        quoted = maintenance.dialect.identifier_preparer.quote_identifier
        statement = f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}"
        with maintenance.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement.replace("%", "%%"))
    finally:
        maintenance.dispose()
