"""A customer's requirement follows from its own lots, down to its own lines in files."""

from __future__ import annotations

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.trace import trace
from crossmargin.services.clearing_day.arrivals import Action, FileKind, InstructionRow
from crossmargin.services.clearing_day.lot_register import LOT, line_ranges, read_register
from crossmargin.services.clearing_day.required import REQUIREMENT
from crossmargin.services.clearing_day.requirements import MARGIN_RUN
from crossmargin.simulation.book import demo_positions
from crossmargin.testing.clearing_days import (
    FIRM,
    arrived,
    day_files,
    desk_on,
    eastern,
    opened_books,
    with_day_before,
)

CUSTOMERS = ("CURVE-FUND", "BASIS-FUND")


@pytest.fixture(scope="module")
def afternoon(simulation, simulated_market):
    """Books at three o'clock: two customers in the same files, a lot of one parted at noon."""
    day = simulation.as_of
    lines = [each for each in demo_positions(simulation) if each.customer.customer_id in CUSTOMERS]
    (future, *_) = [
        each
        for each in lines
        if each.customer.customer_id == CUSTOMERS[0]
        and each.clearing_organization is ClearingOrganization.CME
        and abs(each.quantity) > 1
    ]
    part = InstructionRow(
        *(2, "part", FIRM, CustomerKey(FIRM, CUSTOMERS[0]), Action.DIRECT_OUT_OF_XM),
        *(f"FUT-{future.instrument}", 1 if future.quantity > 0 else -1, "", "", "ann", "bob"),
    )
    files = [
        *day_files(day, lines, dict.fromkeys(CUSTOMERS, 5_000_000_000)),
        arrived(day, "10:30", FileKind.INSTRUCTIONS, [part], "part"),
    ]
    books = opened_books(MemoryBooks())
    desk = desk_on(books, with_day_before(simulated_market, day), {day: files})
    desk.run(day, until=eastern(day, "15:00"))
    return books


def _requirements(work, customer_id: str, cycle: str):
    subject = f"{FIRM}/{customer_id}"
    found = work.records.select(stream=REQUIREMENT, subject=subject)
    return [each for each in found if each.content["cycle"] == cycle]


@pytest.mark.parametrize("customer_id", CUSTOMERS)
@pytest.mark.parametrize("cycle", ["ITD", "CUR"])
def test_every_lot_and_line_behind_a_requirement_is_its_customers(afternoon, customer_id, cycle):
    with afternoon.work() as work:
        own = {
            record.record_id: record
            for record in work.records.select(stream=LOT, subject=f"{FIRM}/{customer_id}")
        }
        requirements = _requirements(work, customer_id, cycle)
        assert requirements
        for requirement in requirements:
            nodes = trace(work, requirement.record_id)
            lots = [each for each in nodes if each.what == LOT]
            assert {each.node_id for each in lots} <= set(own)
            assert bool(lots) or cycle == "CUR", "an indicative one names lines"
            for each in lots:
                file = work.records.get(own[each.node_id].causes[0])
                line = own[each.node_id].content["line"]
                assert line is None or (each.line, each.sha256) == (
                    str(line),
                    file.content["sha256"],
                )
            ends = {each.what for each in nodes if each.is_origin}
            assert ends <= {MARGIN_RUN, "FILE"}
            assert not any("positions" in each.file for each in nodes)


@pytest.mark.parametrize("customer_id", CUSTOMERS)
def test_a_requirement_that_calls_names_its_live_lots_and_an_indicative_one_its_lines(
    afternoon, customer_id
):
    with afternoon.work() as work:
        (itd,) = _requirements(work, customer_id, "ITD")
        *_, last = _requirements(work, customer_id, "CUR")
        live = [
            each
            for each in read_register(work.records, FIRM).live()
            if each.customer.customer_id == customer_id
        ]
        records = {each.lot_id: work.records.get(each.lot_id) for each in live}
        assert set(itd.causes[1:]) == set(records)
        whole = [each for each in records.values() if each.content["line"] is not None]
        parts = {name for name, each in records.items() if each.content["line"] is None}
        assert bool(parts) is (customer_id == CUSTOMERS[0])
        lines = {}
        for each in whole:
            lines.setdefault(each.causes[0], []).append(each.content["line"])
        assert last.content["lines"] == {name: line_ranges(own) for name, own in lines.items()}
        assert set(last.causes[1:]) == parts | set(lines)
        assert itd.content["lines"] == {}


def test_the_run_says_what_it_read_and_follows_from_nobodys_file(afternoon):
    with afternoon.work() as work:
        (run,) = [
            each
            for each in work.records.select(stream=MARGIN_RUN)
            if each.content["cycle"] == "ITD"
        ]
        names = {
            str(found.content["name"])
            for each in run.content["sources"]
            if "name" in (found := work.records.get(each)).content
        }
    assert run.causes == ()
    assert {each.split("-", 1)[1].split("-")[0] for each in names} == {
        *("novations", "trades", "ficc", "cme")
    }
