"""A store that was upgraded has the same schema as one that is made now."""

from __future__ import annotations

from importlib.resources import files

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from crossmargin.ledger.posting import Posting
from crossmargin.services.books.ports import StorageError
from crossmargin.storage.books import SqlBooks, create_books, open_books
from crossmargin.storage.connecting import connect
from crossmargin.storage.schema import SCHEMA_VERSION, VERSION
from crossmargin.storage.upgrading import migrate, upgrade_books
from crossmargin.testing.books import BD_FCM, deposit, open_accounts

_POSTGRESQL = (
    "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns"
    " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2",
    "SELECT tablename, indexname, split_part(indexdef, 'USING', 2) FROM pg_indexes"
    " WHERE schemaname = current_schema() ORDER BY 1, 2",
    "SELECT replace(pg_get_triggerdef(pg_trigger.oid), current_schema() || '.', '') FROM pg_trigger"
    " JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal"
    " AND relnamespace = current_schema()::regnamespace ORDER BY 1",
    "SELECT proname, prosrc, replace(proconfig::text, current_schema(), '') FROM pg_proc"
    " WHERE pronamespace = current_schema()::regnamespace ORDER BY 1",
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


@pytest.mark.parametrize("version", ["0005", "0006"])
def test_a_store_with_transfers_goes_on_after_an_upgrade(database: str, version: str) -> None:
    engine = connect(database, is_new=True, has_keys=False)
    config = Config()
    config.set_main_option("script_location", str(files("crossmargin.storage") / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    earlier = SqlBooks(engine)
    before, after = deposit("before", "A", 5), deposit("after", "A", 7)
    with earlier.work() as work:
        open_accounts(work, BD_FCM, ("A",))
        work.ledger.post([before])
        work.commit()
    earlier.close()
    assert upgrade_books(database) == (version, VERSION)
    books = open_books(database)
    for _ in range(2):
        with books.work() as work:
            assert work.ledger.post([before, after])[0].posting is Posting.EXISTS
            work.commit()
    with books.work() as work:
        assert work.ledger.transfers() == (before, after)
    books.close()


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
