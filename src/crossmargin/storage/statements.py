# ruff: noqa: S608 - statements are made of names of columns; values are always parameters.
"""The statements of the busy path, written by hand for each database: lists go in as one value.

What is posted in thousands must not be assembled row by row; everything else is SQLAlchemy's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from crossmargin.storage.schema import TRANSFER

#: Columns of a transfer as they are written, in this order.
TRANSFER_COLUMNS = tuple(column.name for column in TRANSFER.columns if column.name != "sequence")
_COUNTERS = "debits_posted, credits_posted, debits_pending, credits_pending"
_KEPT = ", ".join(f"{name} = excluded.{name}" for name in _COUNTERS.split(", "))
_OPENINGS = """
    SELECT account.account_id, account.opened, account_closing.closed
    FROM account LEFT JOIN account_closing ON account_closing.account_id = account.account_id
    WHERE account.account_id """
_TRANSFERS = f"SELECT {', '.join(TRANSFER_COLUMNS)} FROM transfer WHERE "

Rows = Iterable[Sequence[Any]]


class Statements(Protocol):
    """What differs between the databases."""

    @property
    def mark(self) -> str:
        """What stands for a parameter."""
        ...

    def openings(self, connection: Connection, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        ...

    def balances(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        ...

    def transfers(self, connection: Connection, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        ...

    def insert_transfers(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        ...

    def write_balances(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write account id, asset and four counters, whether they were there or not."""
        ...


@dataclass(frozen=True, slots=True)
class SqliteStatements:
    """SQLite takes a list as JSON."""

    mark: str = "?"

    def openings(self, connection: Connection, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        query = f"{_OPENINGS} IN (SELECT value FROM json_each(?))"
        return connection.exec_driver_sql(query, (json.dumps(account_ids),))

    def balances(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        query = (
            f"SELECT account_id, asset, {_COUNTERS} FROM json_each(?) AS wanted"
            " CROSS JOIN balance ON account_id = json_extract(wanted.value, '$[0]')"
            " AND asset = json_extract(wanted.value, '$[1]')"
        )
        return connection.exec_driver_sql(query, (json.dumps(keys),))

    def transfers(self, connection: Connection, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        query = f"{_TRANSFERS} {column} IN (SELECT value FROM json_each(?))"
        return connection.exec_driver_sql(query, (json.dumps(values),))

    def insert_transfers(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        marks = ", ".join("?" * len(TRANSFER_COLUMNS))
        query = f"INSERT INTO transfer ({', '.join(TRANSFER_COLUMNS)}) VALUES ({marks})"
        connection.exec_driver_sql(query, list(rows))

    def write_balances(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write account id, asset and four counters, whether they were there or not."""
        query = (
            f"INSERT INTO balance (account_id, asset, {_COUNTERS}) VALUES (?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (account_id, asset) DO UPDATE SET {_KEPT}"
        )
        connection.exec_driver_sql(query, list(rows))


@dataclass(frozen=True, slots=True)
class PostgresqlStatements:
    """PostgreSQL takes a list as an array, and rows by COPY."""

    mark: str = "%s"

    def openings(self, connection: Connection, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        return connection.exec_driver_sql(f"{_OPENINGS} = ANY(%s)", (list(account_ids),))

    def balances(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        query = (
            f"SELECT account_id, asset, {_COUNTERS}"
            " FROM unnest(%s::text[], %s::text[]) AS wanted (account_id, asset)"
            " JOIN balance USING (account_id, asset)"
        )
        accounts, assets = zip(*keys, strict=True)
        return connection.exec_driver_sql(query, (list(accounts), list(assets)))

    def transfers(self, connection: Connection, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        return connection.exec_driver_sql(f"{_TRANSFERS} {column} = ANY(%s)", (list(values),))

    def insert_transfers(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        query = f"COPY transfer ({', '.join(TRANSFER_COLUMNS)}) FROM STDIN"
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(query) as copy:
            for row in rows:
                copy.write_row(row)

    def write_balances(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write account id, asset and four counters, whether they were there or not."""
        query = (
            f"INSERT INTO balance (account_id, asset, {_COUNTERS}) SELECT * FROM unnest("
            "%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])"
            f" ON CONFLICT (account_id, asset) DO UPDATE SET {_KEPT}"
        )
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        connection.exec_driver_sql(query, columns)


def statements_for(dialect: str) -> Statements:
    """Return the statements of a database, by the name of its dialect."""
    return PostgresqlStatements() if dialect == "postgresql" else SqliteStatements()
