# ruff: noqa: S608 - statements are made of names of columns; values are always parameters.
"""The statements of the busy path, written by hand for each database: lists go in as one value.

What is posted in thousands goes past SQLAlchemy, on the driver's own connection and in the same
transaction; everything else is SQLAlchemy's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from crossmargin.storage.schema import PATH, TRANSFER

#: Columns of a transfer as they are written, in this order.
TRANSFER_COLUMNS = tuple(column.name for column in TRANSFER.columns if column.name != "sequence")
_COUNTERS = "debits_posted, credits_posted, debits_pending, credits_pending"
_KEPT = ", ".join(f"{name} = excluded.{name}" for name in _COUNTERS.split(", "))
_OPENINGS = """
    SELECT account.account_id, account.opened, account_closing.closed
    FROM account LEFT JOIN account_closing ON account_closing.account_id = account.account_id
    WHERE account.account_id """
#: Columns of a transfer as they are read, in this order.
STORED = (
    *("transfer_id", "group_id", "kind", "debit_account_id", "credit_account_id"),
    *("asset", "amount", "business_date", "at", "cause_id", "state", "pending_id"),
)
_TRANSFERS = f"SELECT {', '.join(STORED)} FROM transfer JOIN path USING (path_id) WHERE "
#: Columns of a path as they are written.
PATH_COLUMNS = tuple(column.name for column in PATH.columns if column.name != "path_id")
_PATH = "path_id, debit_account_id, credit_account_id, kind"
_NEW_PATH = f"INSERT INTO path ({', '.join(PATH_COLUMNS)}) "

Rows = Sequence[Sequence[Any]]
#: Debited account, credited account, kind of transfer.
PathKey = tuple[str, str, str]


class Statements(Protocol):
    """What differs between the databases."""

    @property
    def mark(self) -> str:
        """What stands for a parameter."""
        ...

    def version(self, driver: Any) -> object:
        """Return what names the state of accounts, balances and custody facts.

        It is another one after every transaction that changed them, whoever's it was but for, on
        SQLite, those of the same connection.
        """
        ...

    def openings(self, driver: Any, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        ...

    def balances(self, driver: Any, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        ...

    def transfers(self, driver: Any, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        ...

    def paths(self, driver: Any, keys: Sequence[PathKey]) -> Rows:
        """Read id, debited and credited account and kind of the paths that are there."""
        ...

    def insert_paths(self, driver: Any, rows: Sequence[tuple[str, ...]]) -> None:
        """Write paths, as :data:`PATH_COLUMNS` has them."""
        ...

    def insert_transfers(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        ...

    def write_balances(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write account id, asset and four counters, whether they were there or not."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteStatements:
    """SQLite takes a list as JSON."""

    mark: str = "?"

    def version(self, driver: Any) -> object:
        """Return the connection and its count of what others committed."""
        (count,) = driver.execute("PRAGMA data_version").fetchone()
        return driver, count

    def openings(self, driver: Any, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        query = f"{_OPENINGS} IN (SELECT value FROM json_each(?))"
        rows: Rows = driver.execute(query, (json.dumps(account_ids),)).fetchall()
        return rows

    def balances(self, driver: Any, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        query = (
            f"SELECT account_id, asset, {_COUNTERS} FROM json_each(?) AS wanted"
            " CROSS JOIN balance ON account_id = json_extract(wanted.value, '$[0]')"
            " AND asset = json_extract(wanted.value, '$[1]')"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def transfers(self, driver: Any, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        query = f"{_TRANSFERS} {column} IN (SELECT value FROM json_each(?))"
        rows: Rows = driver.execute(query, (json.dumps(values),)).fetchall()
        return rows

    def paths(self, driver: Any, keys: Sequence[PathKey]) -> Rows:
        """Read id, debited and credited account and kind of the paths that are there."""
        query = (
            f"SELECT {_PATH} FROM json_each(?) AS wanted"
            " CROSS JOIN path ON debit_account_id = json_extract(wanted.value, '$[0]')"
            " AND credit_account_id = json_extract(wanted.value, '$[1]')"
            " AND kind = json_extract(wanted.value, '$[2]')"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def insert_paths(self, driver: Any, rows: Sequence[tuple[str, ...]]) -> None:
        """Write paths, as :data:`PATH_COLUMNS` has them."""
        driver.executemany(f"{_NEW_PATH} VALUES ({', '.join('?' * len(PATH_COLUMNS))})", rows)

    def insert_transfers(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        marks = ", ".join("?" * len(TRANSFER_COLUMNS))
        query = f"INSERT INTO transfer ({', '.join(TRANSFER_COLUMNS)}) VALUES ({marks})"
        driver.executemany(query, rows)

    def write_balances(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write account id, asset and four counters, whether they were there or not."""
        query = (
            f"INSERT INTO balance (account_id, asset, {_COUNTERS}) VALUES (?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (account_id, asset) DO UPDATE SET {_KEPT}"
        )
        driver.executemany(query, rows)


@dataclass(frozen=True, slots=True)
class PostgresqlStatements:
    """PostgreSQL takes texts as JSON too, which costs less than an array, and rows by COPY."""

    mark: str = "%s"

    def version(self, driver: Any) -> object:
        """Return the transaction that changed them last, and how many changes there were."""
        found: object = driver.execute("SELECT changed_by, changes FROM ledger_version").fetchone()
        return found

    def openings(self, driver: Any, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        query = f"{_OPENINGS} IN (SELECT json_array_elements_text(%s::json))"
        rows: Rows = driver.execute(query, (json.dumps(account_ids),)).fetchall()
        return rows

    def balances(self, driver: Any, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        query = (
            f"SELECT account_id, asset, {_COUNTERS} FROM json_array_elements(%s::json) AS wanted"
            " JOIN balance ON account_id = wanted ->> 0 AND asset = wanted ->> 1"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def transfers(self, driver: Any, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        query = f"{_TRANSFERS} {column} IN (SELECT json_array_elements_text(%s::json))"
        rows: Rows = driver.execute(query, (json.dumps(values),)).fetchall()
        return rows

    def paths(self, driver: Any, keys: Sequence[PathKey]) -> Rows:
        """Read id, debited and credited account and kind of the paths that are there."""
        query = (
            f"SELECT {_PATH} FROM json_array_elements(%s::json) AS wanted"
            " JOIN path ON debit_account_id = wanted ->> 0 AND credit_account_id = wanted ->> 1"
            " AND kind = wanted ->> 2"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def insert_paths(self, driver: Any, rows: Sequence[tuple[str, ...]]) -> None:
        """Write paths, as :data:`PATH_COLUMNS` has them."""
        columns = ", ".join(f"row ->> {place}" for place in range(len(PATH_COLUMNS)))
        query = f"{_NEW_PATH} SELECT {columns} FROM json_array_elements(%s::json) AS row"
        driver.execute(query, (json.dumps(rows),))

    def insert_transfers(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        query = f"COPY transfer ({', '.join(TRANSFER_COLUMNS)}) FROM STDIN"
        with driver.cursor() as cursor, cursor.copy(query) as copy:
            for row in rows:
                copy.write_row(row)

    def write_balances(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write account id, asset and four counters, whether they were there or not."""
        account_ids, assets, *counters = zip(*rows, strict=True)
        texts, numbers = "json_array_elements_text(%s::json)", "unnest(%s::bigint[])"
        query = (
            f"INSERT INTO balance (account_id, asset, {_COUNTERS})"
            f" SELECT * FROM ROWS FROM ({', '.join([texts] * 2 + [numbers] * 4)})"
            f" ON CONFLICT (account_id, asset) DO UPDATE SET {_KEPT}"
        )
        arrays = [f"{{{','.join(map(str, each))}}}" for each in counters]
        driver.execute(query, (json.dumps(account_ids), json.dumps(assets), *arrays))


def statements_for(dialect: str) -> Statements:
    """Return the statements of a database, by the name of its dialect."""
    return PostgresqlStatements() if dialect == "postgresql" else SqliteStatements()
