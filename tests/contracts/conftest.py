"""The stores that the contracts are run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, one of each kind in turn."""
    if request.param == "sqlite":
        return str(tmp_path / "books.db")
    address: str = request.getfixturevalue("postgresql_address")
    return address


@pytest.fixture(params=("memory", *DATABASES))
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Books]:
    """Yield empty books, in each store in turn."""
    from crossmargin.storage.books import create_books

    if request.param == "memory":
        yield MemoryBooks()
        return
    if request.param == "sqlite":
        address = str(tmp_path / "books.db")
    else:
        address = request.getfixturevalue("postgresql_address")
    created = create_books(address)
    yield created
    created.close()
