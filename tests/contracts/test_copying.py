"""A copy of a store has everything of it, and what is written there reaches the original never."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from crossmargin.services.books.ports import StorageError
from crossmargin.storage.books import create_books, open_books
from crossmargin.storage.connecting import connect
from crossmargin.storage.copying import copy_books
from crossmargin.testing.books import BD_FCM, deposit, open_accounts


def _database(server: str, name: str) -> str:
    url = make_url(server)
    plain = {key: value for key, value in url.query.items() if key != "options"}
    return url.set(database=name, query=plain).render_as_string(hide_password=False)


@pytest.fixture(params=("sqlite", "postgresql"))
def addresses(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Return the address of an empty database, and one of nothing for its copy."""
    if request.param == "sqlite":
        return str(tmp_path / "books.db"), str(tmp_path / "copy.db")
    server = request.getfixturevalue("postgresql_server")
    own, copy = (_database(server, f"copying_{name}") for name in ("books", "copy"))
    engine = connect(_database(server, "postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("copying_books", "copying_copy"):
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}"')
        connection.exec_driver_sql('CREATE DATABASE "copying_books"')
    engine.dispose()
    return own, copy


def test_a_copy_has_everything_and_goes_its_own_way(addresses: tuple[str, str]) -> None:
    address, to = addresses
    store = create_books(address)
    with store.work() as work:
        open_accounts(work, BD_FCM, ("A",))
        work.ledger.post([deposit("d", "A", 100)])
        work.commit()
    store.close()
    copy_books(address, to)
    original, copy = open_books(address), open_books(to)
    with original.work() as one, copy.work() as other:
        assert one.ledger.balances() == other.ledger.balances()
        assert one.records.select() == other.records.select()
    with copy.work() as work:
        work.ledger.post([deposit("e", "A", 1)])
        work.commit()
    with original.work() as work:
        assert work.ledger.transfer("e") is None
    original.close()
    copy.close()
    with pytest.raises(StorageError):
        copy_books(address, to)


def test_a_copy_is_of_the_same_kind_and_of_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no file"):
        copy_books(str(tmp_path / "none.db"), str(tmp_path / "copy.db"))
    create_books(str(tmp_path / "books.db")).close()
    with pytest.raises(StorageError, match="SQLite"):
        copy_books(str(tmp_path / "books.db"), "postgresql://localhost/nothing")
