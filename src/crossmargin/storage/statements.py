# ruff: noqa: S608 - statements are made of names of columns; values are always parameters.
"""The statements of the busy path, written by hand for each database: lists go in as one value.

What is posted in thousands goes past SQLAlchemy, on the driver's own connection and in the same
transaction; everything else is SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from crossmargin.storage.schema import PATH, TRANSFER

#: Columns of a transfer as they are written, in this order.
TRANSFER_COLUMNS = tuple(column.name for column in TRANSFER.columns if column.name != "sequence")
#: Of a balance.
COUNTERS = "debits_posted, credits_posted, debits_pending, credits_pending"
KEPT = ", ".join(f"{name} = excluded.{name}" for name in COUNTERS.split(", "))
OPENINGS = """
    SELECT account.account_id, account.opened, account_closing.closed
    FROM account LEFT JOIN account_closing ON account_closing.account_id = account.account_id
    WHERE account.account_id """
#: Columns of a transfer as they are read, in this order.
STORED = (
    *("transfer_id", "group_id", "kind", "debit_account_id", "credit_account_id"),
    *("asset", "amount", "business_date", "at", "cause_id", "state", "pending_id"),
)
TRANSFERS = f"SELECT {', '.join(STORED)} FROM transfer JOIN path USING (path_id) WHERE "
#: Columns of a path as they are written.
PATH_COLUMNS = tuple(column.name for column in PATH.columns if column.name != "path_id")
PATH_AS_READ = "path_id, debit_account_id, credit_account_id, kind"
NEW_PATH = f"INSERT INTO path ({', '.join(PATH_COLUMNS)}) "

Rows = Sequence[Sequence[Any]]
#: Debited account, credited account, kind of transfer.
PathKey = tuple[str, str, str]


class Statements(Protocol):
    """What differs between the databases."""

    @property
    def mark(self) -> str:
        """What stands for a parameter."""
        ...

    @property
    def goes_on_meanwhile(self) -> bool:
        """Whether what is begun is done by another process, which is waited for at its end."""
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

    def begin_transfers(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Begin to write transfers, as :data:`TRANSFER_COLUMNS` has them.

        The connection takes no other statement before :meth:`end`.
        """
        ...

    def begin_balances(self, driver: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Begin to write account id, asset and four counters, whether they were there or not.

        The connection takes no other statement before :meth:`end`.
        """
        ...

    def end(self, driver: Any) -> None:
        """Wait until what was begun is done; raise the driver's error if it failed."""
        ...
