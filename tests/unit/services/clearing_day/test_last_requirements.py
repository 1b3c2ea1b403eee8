"""Each customer's last requirement, now and as it was on a day before."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cycle
from crossmargin.basics.records import Record
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.required import (
    REQUIREMENT,
    last_factors,
    last_requirements,
    required_of,
)
from crossmargin.testing.clearing_days import EASTERN, FIRM

_SIDE = dict.fromkeys(("requirement", "outside", "standalone"), "1.00")
_DAYS = [date(2026, 5, day) for day in (11, 12, 13)]
#: Business day, customer, cycle, in the order in which they are written.
_WRITTEN = st.lists(
    st.tuples(st.sampled_from(_DAYS), st.sampled_from("ABC"), st.sampled_from(list(Cycle))),
    max_size=12,
)


def record(number: int, day: date, customer: str, cycle: Cycle, firm: str = FIRM) -> Record:
    content: dict[str, Any] = {
        "cycle": cycle.value,
        "ficc": _SIDE,
        "cme": _SIDE,
        "agreed_factor": None,
    }
    at = datetime(2026, 5, 11, 9, tzinfo=EASTERN)
    subject = f"{firm}/{customer}"
    return Record(f"r/{number}", REQUIREMENT, subject, day, at, "somebody", content)


@given(_WRITTEN, st.sampled_from(_DAYS), st.none() | st.sets(st.sampled_from(list(Cycle))))
def test_it_is_the_last_written_of_the_cycles_asked_up_to_the_day(
    rows: list[tuple[date, str, Cycle]], until: date, cycles: set[Cycle] | None
) -> None:
    books = MemoryBooks()
    wanted = {c for c in Cycle if CYCLE_TERMS[c].calls} if cycles is None else cycles
    expected = {}
    with books.work() as work:
        work.records.add(record(-1, _DAYS[0], "A", Cycle.EOD, firm="ANOTHER"))
        for number, (day, customer, cycle) in enumerate(rows):
            each = record(number, day, customer, cycle)
            work.records.add(each)
            last_factors(work.records, FIRM, before=day)
            if cycle in wanted and day <= until:
                required = required_of(each)
                expected[required.customer] = required
        found = last_requirements(work.records, FIRM, until=until, cycles=cycles)
    assert list(found.items()) == list(expected.items())
