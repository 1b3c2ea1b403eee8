# ruff: noqa: S608 - statements are made of names of columns; values are always parameters.
"""The statements of the busy path on PostgreSQL, which goes on by itself with what is begun.

The driver waits for the end of each of its statements; what is begun here goes past it, through
libpq as the driver has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

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

#: What encoding the connection has the server decides, or who started the process.
_COPY = (
    f"COPY transfer ({', '.join(TRANSFER_COLUMNS)}) FROM STDIN WITH (NULL '', ENCODING 'UTF8')"
).encode()
_UPSERT = (
    f"INSERT INTO balance (account_id, asset, {COUNTERS}) SELECT * FROM ROWS FROM ("
    "json_array_elements_text($1::json), json_array_elements_text($2::json), "
    + ", ".join(f"unnest(${place}::bigint[])" for place in range(3, 7))
    + f") ON CONFLICT (account_id, asset) DO UPDATE SET {KEPT}"
).encode()
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}


@dataclass(frozen=True, slots=True)
class PostgresqlStatements:
    """PostgreSQL takes texts as JSON too, which costs less than an array, and rows by COPY."""

    mark: str = "%s"
    goes_on_meanwhile: bool = True

    def version(self, driver: Any) -> object:
        """Return the transaction that changed them last, and how many changes there were."""
        found: object = driver.execute("SELECT changed_by, changes FROM ledger_version").fetchone()
        return found

    def openings(self, driver: Any, account_ids: Sequence[str]) -> Rows:
        """Read account id, opening and closing date."""
        query = f"{OPENINGS} IN (SELECT json_array_elements_text(%s::json))"
        rows: Rows = driver.execute(query, (json.dumps(account_ids),)).fetchall()
        return rows

    def balances(self, driver: Any, keys: Sequence[tuple[str, str]]) -> Rows:
        """Read account id, asset and four counters of the keys that are there."""
        query = (
            f"SELECT account_id, asset, {COUNTERS} FROM json_array_elements(%s::json) AS wanted"
            " JOIN balance ON account_id = wanted ->> 0 AND asset = wanted ->> 1"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def transfers(self, driver: Any, column: str, values: Sequence[str]) -> Rows:
        """Read the transfers of which a column has one of the values."""
        query = f"{TRANSFERS} {column} IN (SELECT json_array_elements_text(%s::json))"
        rows: Rows = driver.execute(query, (json.dumps(values),)).fetchall()
        return rows

    def paths(self, driver: Any, keys: Sequence[PathKey]) -> Rows:
        """Read id, debited and credited account and kind of the paths that are there."""
        query = (
            f"SELECT {PATH_AS_READ} FROM json_array_elements(%s::json) AS wanted"
            " JOIN path ON debit_account_id = wanted ->> 0 AND credit_account_id = wanted ->> 1"
            " AND kind = wanted ->> 2"
        )
        rows: Rows = driver.execute(query, (json.dumps(keys),)).fetchall()
        return rows

    def insert_paths(self, driver: Any, rows: Sequence[tuple[str, ...]]) -> None:
        """Write paths, as :data:`PATH_COLUMNS` has them."""
        columns = ", ".join(f"row ->> {place}" for place in range(len(PATH_COLUMNS)))
        query = f"{NEW_PATH} SELECT {columns} FROM json_array_elements(%s::json) AS row"
        driver.execute(query, (json.dumps(rows),))

    def begin_transfers(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Begin to write transfers, as :data:`TRANSFER_COLUMNS` has them."""
        server, data = driver.pgconn, copied(rows)
        answer = server.exec_(_COPY)
        if answer.status != ExecStatus.COPY_IN:
            raise error_from_result(answer)
        server.put_copy_data(data)
        server.put_copy_end()
        server.flush()

    def begin_balances(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Begin to write account id, asset and four counters, whether they were there or not."""
        account_ids, assets, *counters = zip(*rows, strict=True)
        texts = (json.dumps(account_ids), json.dumps(assets))
        arrays = (f"{{{','.join(map(str, each))}}}" for each in counters)
        driver.pgconn.send_query_params(_UPSERT, [each.encode() for each in (*texts, *arrays)])
        driver.pgconn.flush()

    def end(self, driver: Any) -> None:
        """Wait until what was begun is done; raise the driver's error if it failed."""
        failed = None
        while (answer := driver.pgconn.get_result()) is not None:
            if answer.status == ExecStatus.COPY_IN:  # interrupted before its end was sent
                driver.pgconn.put_copy_end(b"abandoned")
            elif answer.status != ExecStatus.COMMAND_OK:
                failed = failed or answer
        if failed is not None:
            raise error_from_result(failed)


def copied(rows: Rows) -> bytes:
    r"""Return rows in the text format of COPY, in which ``NULL`` is no text at all.

    Examples
    --------
    >>> copied([("d1", 3, None), ("d\t2", 4, "p")])
    b'd1\t3\t\nd\\t2\t4\tp\n'
    """
    texts = ["" if each is None else str(each) for row in rows for each in row]
    if _SPECIAL.search("".join(texts)):
        texts = [_SPECIAL.sub(_escaped, each) for each in texts]
    width = len(rows[0])
    lines = ["\t".join(texts[first : first + width]) for first in range(0, len(texts), width)]
    lines.append("")
    return "\n".join(lines).encode()


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES[found[0]]
