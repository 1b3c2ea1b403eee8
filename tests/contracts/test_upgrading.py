"""A store that was upgraded has the same schema as one that is made now."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from crossmargin.services.books.ports import StorageError
from crossmargin.storage.books import create_books, open_books
from crossmargin.storage.connecting import connect
from crossmargin.storage.schema import SCHEMA_VERSION, VERSION
from crossmargin.storage.upgrading import migrate, upgrade_books

_POSTGRESQL = (
    "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2",
    "SELECT tablename, indexname, split_part(indexdef, 'USING', 2) FROM pg_indexes"
    " WHERE schemaname = current_schema() ORDER BY 1, 2",
    "SELECT tgrelid::regclass::text, tgname, tgtype, tgfoid::regproc::text FROM pg_trigger"
    " JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
    " AND relnamespace = current_schema()::regnamespace ORDER BY 1, 2",
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace",
)


def schema_of(connection: Connection) -> list[object]:
    """Return everything that a database says of its tables, keys, checks, indexes and triggers."""
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE '%%alembic%%'"
        )
        rows = connection.exec_driver_sql(query.replace("%%", "%")).all()
        return sorted((*row[:3], "".join((row[3] or "").split())) for row in rows)
    return [[tuple(row) for row in connection.exec_driver_sql(query)] for query in _POSTGRESQL]


def content_of(connection: Connection) -> list[object]:
    """Return the rows that every store has."""
    queries = ("SELECT * FROM chart", "SELECT * FROM movement")
    return [sorted(tuple(row) for row in connection.exec_driver_sql(query)) for query in queries]


def test_an_upgraded_store_equals_a_fresh_one(
    database: str, request: pytest.FixtureRequest
) -> None:
    engine = connect(database, is_new=True, has_keys=False)
    with engine.begin() as connection:
        migrate(connection)
    with engine.connect() as connection:
        upgraded = schema_of(connection), content_of(connection)
    engine.dispose()
    open_books(database).close()
    fresh = f"{database}-fresh"
    if database.startswith("postgresql"):
        fresh = request.getfixturevalue("postgresql_of_module")
    create_books(fresh).close()
    engine = connect(fresh)
    with engine.connect() as connection:
        assert (schema_of(connection), content_of(connection)) == upgraded
    engine.dispose()


def test_a_store_of_this_version_is_left_as_it_is(database: str) -> None:
    create_books(database).close()
    assert upgrade_books(database) == (VERSION, VERSION)
    open_books(database).close()


def test_a_store_of_another_version_is_not_opened(database: str) -> None:
    create_books(database).close()
    engine = connect(database)
    with engine.begin() as connection:
        connection.execute(SCHEMA_VERSION.update().values(version_num="0000"))
    engine.dispose()
    with pytest.raises(StorageError, match="upgrade"):
        open_books(database)


def test_what_holds_no_books_is_not_upgraded(database: str) -> None:
    engine = connect(database, is_new=True)
    engine.connect().close()
    engine.dispose()
    with pytest.raises(StorageError, match="no books"):
        upgrade_books(database)
