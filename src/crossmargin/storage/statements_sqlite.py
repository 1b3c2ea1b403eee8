# ruff: noqa: S608 - statements are made of names of columns; values are always parameters.
"""The statements of the busy path on SQLite: everything is done in this process, and at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crossmargin.storage.statements import (
    COUNTERS,
    KEPT,
    NEW_PATH,
    OPENINGS,
    PATH_AS_READ,
    PATH_COLUMNS,
    TRANSFER_COLUMNS,
    TRANSFERS,
    PathKey,
    Rows,
)


@dataclass(frozen=True, slots=True)
class SqliteStatements:
    """SQLite takes a list as JSON."""

    mark: str = "?"
    goes_on_meanwhile: bool = False

    def version(self, driver: Any) -> object:
        """Return the connection and its count of what others committed."""
        (count,) = driver.execute("PRAGMA data_version").fetchone()
        return driver, count

    def openings(self, driver: Any, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        query = f"{OPENINGS} IN (SELECT value FROM json_each(?))"
        rows: Rows = driver.execute(query, (json.dumps(account_ids),)).fetchall()
        return rows

    def balances(self, driver: Any, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        query = (
            f"SELECT account_id, asset, {COUNTERS} FROM json_each(?) AS wanted"
            " CROSS JOIN balance ON account_id = json_extract(wanted.value, '$[0]')"
            " AND asset = json_extract(wanted.value, '$[1]')"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def transfers(self, driver: Any, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        query = f"{TRANSFERS} {column} IN (SELECT value FROM json_each(?))"
        rows: Rows = driver.execute(query, (json.dumps(values),)).fetchall()
        return rows

    def paths(self, driver: Any, keys: Sequence[PathKey]) -> Rows:
        """Read id, debited and credited account and kind of the paths that are there."""
        query = (
            f"SELECT {PATH_AS_READ} FROM json_each(?) AS wanted"
            " CROSS JOIN path ON debit_account_id = json_extract(wanted.value, '$[0]')"
            " AND credit_account_id = json_extract(wanted.value, '$[1]')"
            " AND kind = json_extract(wanted.value, '$[2]')"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def insert_paths(self, driver: Any, rows: Sequence[tuple[str, ...]]) -> None:
        """Write paths, as :data:`PATH_COLUMNS` has them."""
        driver.executemany(f"{NEW_PATH} VALUES ({', '.join('?' * len(PATH_COLUMNS))})", rows)

    def begin_transfers(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        marks = ", ".join("?" * len(TRANSFER_COLUMNS))
        query = f"INSERT INTO transfer ({', '.join(TRANSFER_COLUMNS)}) VALUES ({marks})"
        driver.executemany(query, rows)

    def begin_balances(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write account id, asset and four counters, whether they were there or not."""
        query = (
            f"INSERT INTO balance (account_id, asset, {COUNTERS}) VALUES (?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (account_id, asset) DO UPDATE SET {KEPT}"
        )
        driver.executemany(query, rows)

    def end(self, driver: Any) -> None:
        """Do nothing: it is done."""
