"""A withdrawal of residual interest: its pro forma comes first, and says what it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from crossmargin.basics.money import Money
from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import Action, InstructionRow
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.instructions import follow_instruction
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.report_register import (
    FILED,
    NOTICE,
    REPORT,
    filed_record_id,
    report_record_id,
)
from crossmargin.services.clearing_day.schedule import DayClock
from crossmargin.services.clearing_day.wires import WIRE, settle
from crossmargin.testing.clearing_days import EASTERN, FIRM, opened_books

HELD, REQUIRED = Money(40_000_000_00), Money(5_000_000_00)


@pytest.fixture(scope="module")
def day(simulation):
    return futures_delivery_calendar().next_business_day(simulation.as_of)


@pytest.fixture(scope="module")
def context(simulated_market, day) -> DayContext:
    registry = parameter_registry()
    clock = DayClock.from_parameters(lambda owner: registry.set_of(owner, day))
    models = DayModels(simulated_market, registry, block_executor())
    return DayContext(FIRM, "operations", "risk", clock, models)


@pytest.fixture
def work(context, simulation, day) -> Iterator[Work]:
    """Yield books with residual interest, whose reports of the day before are filed."""
    with opened_books(MemoryBooks()).work() as work:
        before = simulation.as_of
        brought = instruct(context, work, before, Action.RESIDUAL_INTEREST_DEPOSIT, HELD.cents)
        assert brought == ""
        confirm(work, before, "1")
        written = written_on(before)
        for name, document in (
            ("segregation", {"lines": [{"line": "14", "amount": str(HELD)}]}),
            (
                "residual-interest",
                {
                    "residual_interest_required": str(REQUIRED),
                    "debit_balances_included": "0.00",
                },
            ),
        ):
            record = written.record(
                report_record_id(FIRM, before, name),
                REPORT,
                FIRM,
                {"name": name, "version": 1, "document": document},
            )
            work.records.add(record)
            if name == "segregation":
                work.records.add(written_on(day).record(filed_record_id(record), FILED, FIRM, {}))
        yield work


def written_on(day, hour: int = 13) -> Written:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=EASTERN)
    return Written(day, at, "day", ("file",))


def instruct(context, work, day, action, cents, *, name: str = "1", officer: str = "") -> str:
    row = InstructionRow(
        *(2, name, FIRM, None, action, "CASH-USD", cents, "", officer, "treasury", "control"),
    )
    return follow_instruction(context, work, row, written_on(day))


def withdraw(context, work, day, dollars: int, *, name: str = "out", officer: str = "") -> str:
    action = Action.RESIDUAL_INTEREST_WITHDRAWAL
    return instruct(context, work, day, action, dollars * 100, name=name, officer=officer)


def confirm(work, day, name: str, *, is_confirmed: bool = True) -> None:
    wire = work.records.get(f"wire/{FIRM}/{name}")
    assert settle(work, wire, written_on(day), is_confirmed=is_confirmed) == ""


def pro_formas(work, day) -> list[dict]:
    return report_document(work, FIRM, day, "pro-forma")["document"]["withdrawals"]


def test_a_quarter_may_go_and_what_is_over_it_needs_an_officer_and_a_notice(
    context, work, day
) -> None:
    assert withdraw(context, work, day, 10_000_000) == ""
    assert work.records.select(stream=NOTICE) == ()
    refused = withdraw(context, work, day, 1_000_000, name="more")
    assert refused.startswith("pro forma: approval_missing, over_a_quarter")
    assert withdraw(context, work, day, 1_000_000, name="again", officer="CFO J. Doe") == ""
    (notice,) = work.records.select(stream=NOTICE)
    assert "CFO J. Doe" in notice.content["trigger"]
    assert notice.content["figures"]["withdrawn"] == "11000000.00"
    shown = pro_formas(work, day)
    assert [each["allowed"] for each in shown] == ["yes", "no", "yes"]
    assert [each["held_after"] for each in shown] == [
        *("30000000.00", "29000000.00", "29000000.00"),
    ]
    wires = work.records.select(stream=WIRE, first=day)
    assert [each.content["amount"] for each in wires] == [1_000_000_000, 100_000_000]


def test_what_is_required_stays_and_what_came_in_today_counts(context, work, day) -> None:
    officer = "CFO J. Doe"
    refused = withdraw(context, work, day, 35_000_001, officer=officer)
    assert refused.startswith("pro forma: under_required, over_a_quarter, under_target")
    deposit = Action.RESIDUAL_INTEREST_DEPOSIT
    assert instruct(context, work, day, deposit, 200, name="in") == ""
    assert "under_required" in withdraw(context, work, day, 35_000_002, name="b", officer=officer)
    confirm(work, day, "in")
    assert withdraw(context, work, day, 35_000_002, name="c", officer=officer) == ""


def test_a_voided_withdrawal_is_none(context, work, day) -> None:
    assert withdraw(context, work, day, 10_000_000) == ""
    confirm(work, day, "out", is_confirmed=False)
    assert withdraw(context, work, day, 10_000_000, name="again") == ""


def test_residual_interest_moves_in_cash_alone(context, work, day) -> None:
    row = InstructionRow(
        *(2, "note", FIRM, None, Action.RESIDUAL_INTEREST_DEPOSIT, "SEC-91282CMS7", 100),
        *("", "", "treasury", "control"),
    )
    assert "cash" in follow_instruction(context, work, row, written_on(day))
    assert work.records.get(f"wire/{FIRM}/note") is None


def test_without_the_filed_statement_of_the_day_before_nothing_goes(context, work, day) -> None:
    after = futures_delivery_calendar().next_business_day(day)
    assert withdraw(context, work, after, 1).startswith("statement_not_filed")
    with opened_books(MemoryBooks()).work() as empty:
        assert withdraw(context, empty, day, 1).startswith("statement_not_filed")
