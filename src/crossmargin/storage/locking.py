"""One writer at a time: whoever judges has seen everything that was written before."""

from __future__ import annotations

from sqlalchemy import Connection, text

#: Any number, the same in every process: the name of the lock in PostgreSQL.
_LOCK = 0x786D_626F_6F6B


def lock_for_writing(connection: Connection) -> None:
    """Wait until no other transaction writes; the lock goes with the transaction.

    SQLite's transactions begin with the lock; PostgreSQL takes an advisory one at the first write,
    so that readers are not held up.
    """
    if connection.dialect.name == "postgresql" and not connection.info.get("is_writing"):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection.info["is_writing"] = True
