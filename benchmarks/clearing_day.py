"""A clearing day of many customers: processor seconds by step, memory, records and transfers.

Customers have the lines of the demo's six in turn, on a simulated market; the other parties are
simulated too, in the same process, and their share is printed apart. Measured from the first step
to the end of the last, models prepared on the way. The books are a SQLite file in a new folder.

Run: python benchmarks/clearing_day.py --customers N [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

from crossmargin.bootstrap.books import (
    clearing_desk,
    create_books,
    read_bd_fcm_books,
    read_participants,
)
from crossmargin.services.books.loading import load_participants
from crossmargin.services.books.opening import open_bd_fcm
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.engine import Done, Others
from crossmargin.testing.clearing_days import EASTERN, FIRM
from crossmargin.testing.day_inputs import DAY, write_day_inputs
from machine import describe, stolen_jiffies

_TUTORIAL = Path(__file__).resolve().parents[1] / "docs" / "tutorial"
#: Customers of the demo's book, and what they bring: about their margin.
_LIKE = {
    "BASIS-FUND": 22_000_000,
    "ASSET-MANAGER": 40_000_000,
    "CURVE-FUND": 4_000_000,
    "REGIONAL-BANK": 4_000_000,
    "REPO-CUSTOMER": 4_000_000,
    "WIDE-BOOK": 16_000_000,
}


@dataclass
class Watch:
    """Processor seconds by what was done."""

    spent: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    last: float = field(default_factory=time.process_time)

    def note(self, name: str) -> None:
        """Charge what was spent since the last note to a name."""
        now = time.process_time()
        self.spent[name] += now - self.last
        self.last = now

    def done(self, outcome: Done) -> None:
        """Charge a step or a file."""
        content = outcome.record.content
        self.note(str(content.get("step", content.get("kind", ""))).rstrip("-0123456789"))


@dataclass(frozen=True)
class TimedOthers:
    """The other parties, their time noted apart."""

    others: Others
    watch: Watch

    def act(self, books: Books, business_date: date, until: datetime) -> None:
        """Let them send, and charge what it takes to them."""
        self.watch.note("files out")
        self.others.act(books, business_date, until)
        self.watch.note("others, simulated")


def customers(count: int) -> dict[str, tuple[str, int]]:
    """Return customers, each like one of the demo's."""
    likes = list(_LIKE)
    named = (f"C{number:05}" for number in range(count))
    return {
        name: (likes[number % len(likes)], _LIKE[likes[number % len(likes)]])
        for number, name in enumerate(named)
    }


def participants_text(names: list[str]) -> str:
    """Return the tutorial's file of participants with other customers, all like its first."""
    text = (_TUTORIAL / "participants.toml").read_text("utf-8")
    parts = text.split("[[customer]]\n")
    return parts[0] + "".join(
        "[[customer]]\n" + parts[1].replace("ASSET-MANAGER", name) for name in names
    )


@contextmanager
def opened(folder: Path, names: list[str]) -> Iterator[Books]:
    """Yield books with the BD-FCM and its customers."""
    loaded = read_bd_fcm_books(_TUTORIAL / "bd-fcm-books.toml")
    (folder / "participants.toml").write_text(participants_text(names), "utf-8")
    books = create_books(str(folder / "books.db"))
    with books.work() as work:
        at = datetime(2026, 5, 1, 9, tzinfo=EASTERN)
        open_bd_fcm(
            work, loaded.books, at=at, actor="treasury", approver="control", sha256=loaded.sha256
        )
        work.commit()
    load_participants(
        books,
        read_participants(folder / "participants.toml"),
        actor="onboarding",
        approver="compliance",
        proprietary_share=Fraction(1, 10),
    )
    yield books
    books.close()


def measure_in(folder: Path, count: int) -> None:
    """Run the day and print what it took."""
    given = customers(count)
    write_day_inputs(folder, given)
    with opened(folder, list(given)) as books:
        desk = clearing_desk(
            books,
            market=folder / "market",
            inbox=folder / "in",
            outbox=folder / "out",
            bd_fcm=FIRM,
            actor="operations",
            approver="risk",
            derived_prices=True,
            plan=folder / "plan.toml",
            positions=folder / "positions.csv",
        )
        stolen, wall, watch = stolen_jiffies(), time.perf_counter(), Watch()
        assert desk.others is not None
        desk = replace(desk, others=TimedOthers(desk.others, watch))
        desk.run(DAY, watch=watch.done)
        watch.note("files out")
        wall, stolen = time.perf_counter() - wall, stolen_jiffies() - stolen
        with books.work() as work:
            transfers = len(work.ledger.transfers())
    lines = len((folder / "positions.csv").read_text("utf-8").splitlines()) - 1
    own = sum(watch.spent.values()) - watch.spent["others, simulated"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:,} customers, {lines:,} lines, {transfers:,} transfers: processor {own:.1f} s, "
        f"others {watch.spent['others, simulated']:.1f} s; wall {wall:.1f} s; peak {peak:,.0f} MB; "
        f"stolen {stolen} jiffies"
    )
    for name, seconds in sorted(watch.spent.items(), key=lambda item: -item[1]):
        print(f"  {name}: {seconds:.2f} s")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, required=True)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args()
    print(describe())
    with tempfile.TemporaryDirectory(prefix="xm-day-", dir=chosen.folder) as name:
        measure_in(Path(name), chosen.customers)


if __name__ == "__main__":
    main()
