"""Clearing days in a process that is killed, again and again, and what is left of them.

``xm day run`` is started, killed with SIGKILL once its books have grown to a drawn number of
records and a drawn moment has passed, and started again, until it has ended by itself. What it
leaves, every row of every table and every file in and out, must be what an undisturbed run leaves.

Run: python -m crossmargin.testing.killed_days --market DIR --plan FILE --positions FILE
--from DATE --to DATE --kills N --seed N --folder DIR: an undisturbed run on SQLite, a disturbed one
on SQLite, and one on a PostgreSQL server that is started for it, in a folder that must be new. Ends
with status 1 if they differ.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossmargin.bootstrap.books import create_books
from crossmargin.testing.clearing_days import opened_books
from crossmargin.testing.postgresql import postgresql_server

_ENTRY = ("--actor", "operations", "--approver", "risk")
_POLL_SECONDS = 0.01
#: The longest that is waited between a number of records and the kill: most steps are shorter.
_DELAY_SECONDS_MAX = 0.3
#: Every table as it reads without the numbers that a database gives its rows: they may have gaps.
_ROWS = {
    "record": "SELECT record_id, stream, subject, business_date, at, actor, approver, causes,"
    " content, digest FROM record ORDER BY sequence",
    "transfer": "SELECT transfer_id, group_id, kind, debit_account_id, credit_account_id, asset,"
    " amount, business_date, at, cause_id, state, pending_id"
    " FROM transfer JOIN path ON path.path_id = transfer.path_id ORDER BY sequence",
    "path": "SELECT kind, holder, segregation_class, debit_account_id, debit_kind, debit_bd_fcm,"
    " debit_customer_id, credit_account_id, credit_kind, credit_bd_fcm, credit_customer_id"
    " FROM path",
    **{
        table: f"SELECT * FROM {table}"  # noqa: S608 - names of tables
        for table in ("account", "account_closing", "balance", "chart", "movement")
    },
}


@dataclass(frozen=True, slots=True)
class DayRun:
    """What ``xm day run`` is run with.

    Parameters
    ----------
    market : Path
        Market directory.
    plan, positions : Path
        What the simulated other parties go by.
    first, last : str
        Business dates.
    books : str
        Address of books.
    folder : Path
        Where the files in and out lie.
    """

    market: Path
    plan: Path
    positions: Path
    first: str
    last: str
    books: str
    folder: Path

    def start(self) -> subprocess.Popen[bytes]:
        """Start the command in a process of its own."""
        command = [sys.executable, "-m", "crossmargin", "day", "run", "--books", self.books]
        paths = {
            "--market": self.market,
            "--simulate-others": self.plan,
            "--positions": self.positions,
            "--inbox": self.folder / "in",
            "--outbox": self.folder / "out",
        }
        command += [part for name, path in paths.items() for part in (name, str(path))]
        command += ["--from", self.first, "--to", self.last, "--derived-prices", *_ENTRY]
        return subprocess.Popen(  # noqa: S603 - our own command
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )


def run_killed(run: DayRun, *, at_records: Sequence[int], seed: int) -> int:
    """Run days, kill them at drawn moments, and let them end at last.

    Parameters
    ----------
    run : DayRun
        On books that are open.
    at_records : sequence of int
        The process is killed a moment after the books hold so many records, once for each.
    seed : int
        Of the moments.

    Returns
    -------
    int
        How often it was killed before it had ended.

    Raises
    ------
    RuntimeError
        If it ends with another status than 0 by itself.
    """
    drawn, kills = random.Random(seed), 0  # noqa: S311 - moments, no secrets
    for count in sorted(at_records):
        with run.start() as process:
            while process.poll() is None and record_count(run.books) < count:
                time.sleep(_POLL_SECONDS)
            time.sleep(drawn.uniform(0, _DELAY_SECONDS_MAX))
            process.send_signal(signal.SIGKILL)
            if process.wait() == -signal.SIGKILL:
                kills += 1
    with run.start() as process:
        _, said = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the days ended with {process.returncode}: {said.decode()}")
    return kills


def record_count(address: str) -> int:
    """Return the number of the last record of books, read beside whoever writes them."""
    ((count,),) = _read(address, "SELECT coalesce(max(sequence), 0) FROM record")
    return int(count)


def state_of(run: DayRun) -> Mapping[str, str]:
    """Return a digest of every table's rows, and of the files in and out."""
    digests = {}
    for table, query in _ROWS.items():
        rows = [repr(tuple(row)) for row in _read(run.books, query)]
        digests[table] = _digest(rows if "ORDER BY" in query else sorted(rows))
    for name in ("in", "out"):
        files = sorted(path for path in (run.folder / name).rglob("*") if path.is_file())
        digests[name] = _digest(
            f"{path.relative_to(run.folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
            for path in files
        )
    return digests


def _digest(lines: Any) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _read(address: str, query: str) -> list[Any]:
    if address.startswith("postgresql"):
        import psycopg

        with psycopg.connect(address) as server:
            return server.execute(query.encode()).fetchall()
    # SQLite's own connection, which takes no lock: the process that is killed must not wait for it.
    store = sqlite3.connect(f"file:{address}?mode=ro", uri=True, timeout=30)
    try:
        return store.execute(query).fetchall()
    finally:
        store.close()


def main() -> int:
    """Run days undisturbed, killed on SQLite and killed on PostgreSQL, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("market", "plan", "positions", "folder"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--from", dest="first", required=True)
    parser.add_argument("--to", dest="last", required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    chosen = parser.parse_args()
    chosen.folder.mkdir()
    with postgresql_server(durable=True, parent=chosen.folder) as server:
        return _compared(chosen, server)


def _compared(chosen: argparse.Namespace, server: str) -> int:
    def opened(name: str, books: str) -> DayRun:
        opened_books(create_books(books)).close()
        own = (chosen.market, chosen.plan, chosen.positions, chosen.first, chosen.last, books)
        return DayRun(*own, chosen.folder / name)

    whole = opened("whole", str(chosen.folder / "whole.db"))
    before = record_count(whole.books)
    run_killed(whole, at_records=(), seed=0)
    expected, after = state_of(whole), record_count(whole.books)
    drawn = random.Random(chosen.seed)  # noqa: S311 - as above
    _say(f"undisturbed: {after - before:,} records")
    is_same = True
    for name, books in (("sqlite", str(chosen.folder / "killed.db")), ("postgresql", server)):
        run = opened(name, books)
        counts = [drawn.randint(before, after - 1) for _ in range(chosen.kills)]
        kills = run_killed(run, at_records=counts, seed=chosen.seed)
        found = state_of(run)
        differing = [table for table in expected if found[table] != expected[table]]
        is_same = is_same and not differing
        outcome = f"differs in {differing}" if differing else "same"
        _say(f"{name}: killed {kills} times; {outcome}")
    return 0 if is_same else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
