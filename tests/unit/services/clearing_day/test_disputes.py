"""Disputes in the books: what is found due stays called, the rest falls; later runs lower both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.bootstrap import parameter_registry
from crossmargin.collateral.call_events import issue_call
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import Action, InstructionRow
from crossmargin.services.clearing_day.call_register import (
    calls_of,
    dispute,
    pay_calls,
    resolve,
    write_event,
)
from crossmargin.services.clearing_day.collecting import _lower
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.instructions import _resolve
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.testing.clearing_days import EASTERN, FIRM, opened_books

FUND = CustomerKey(FIRM, "CURVE-FUND")
DAY = date(2026, 5, 11)
CALL = "call/FICC"


@pytest.fixture
def work() -> Iterator[Work]:
    with opened_books(MemoryBooks()).work() as work:
        rules = DeadlineRules.from_parameters(parameter_registry().set_of("collateral", DAY))
        issued = issue_call(
            CALL,
            FUND,
            business_date=DAY,
            at=at(12),
            ccp=ClearingOrganization.FICC,
            cycle="ITD",
            amount=Money(100),
            currency="USD",
            rules=rules,
        )
        write_event(work, issued, written("itd"))
        yield work


def at(hour: int) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=EASTERN)


def written(cause: str, hour: int = 12) -> Written:
    return Written(DAY, at(hour), "day", (cause,))


def found(work: Work) -> CallState:
    (call,) = calls_of(work.records, FUND)
    return call


def lower(work: Work, by: int, hour: int) -> Money:
    """Lower the call as a cycle at an hour does that finds less lacking."""
    context = cast(DayContext, SimpleNamespace(written=lambda step, *_: written("eod", hour)))
    step = Step(StepKind.EOD, DAY, at(hour))
    return _lower(context, work, step, calls_of(work.records, FUND), Money(by))


@pytest.mark.parametrize(("due", "called"), [(0, 60), (40, 100), (15, 75)])
def test_what_is_found_due_stays_called_and_the_rest_falls(work: Work, due, called) -> None:
    assert dispute(work, FUND, CALL, Money(40), written("said")) == ""
    row = InstructionRow(
        1, "I", FIRM, FUND, Action.RESOLVE_DISPUTE, "CASH-USD", due, "", CALL, "a", "b"
    )
    assert _resolve(cast(Any, None), work, row, written("found")) == ""
    assert (found(work).amount, found(work).disputes) == (Money(called), {})


def test_what_is_found_due_serves_one_dispute_after_the_other(work: Work) -> None:
    for name, cents in (("first", 30), ("second", 20)):
        assert dispute(work, FUND, CALL, Money(cents), written(name)) == ""
    assert resolve(work, FUND, CALL, Money(35), written("found")) == ""
    assert (found(work).amount, found(work).payable) == (Money(85), Money(85))


def test_more_than_was_disputed_is_not_found_due_and_nothing_is_written(work: Work) -> None:
    dispute(work, FUND, CALL, Money(40), written("said"))
    assert (
        resolve(work, FUND, CALL, Money(41), written("found")) == "no more than 0.40 was disputed"
    )
    assert found(work).disputed == Money(40)


def test_a_disputed_part_is_trued_down_once_the_rest_is_gone(work: Work) -> None:
    dispute(work, FUND, CALL, Money(40), written("said"))
    pay_calls(work, FUND, Money(50), written("paid"), ccp=None)
    assert lower(work, 30, hour=13) == Money(30)
    assert (found(work).amount, found(work).payable, found(work).disputed) == (
        Money(70),
        ZERO,
        Money(20),
    )
    assert resolve(work, FUND, CALL, Money(40), written("found")) == ""
    assert (found(work).amount, found(work).payable) == (Money(70), Money(20))


def test_after_the_due_time_only_what_is_disputed_is_trued_down(work: Work) -> None:
    dispute(work, FUND, CALL, Money(40), written("said"))
    assert lower(work, 30, hour=21) == ZERO
    pay_calls(work, FUND, Money(60), written("paid"), ccp=None)
    assert lower(work, 50, hour=21) == Money(40)
    assert found(work).outstanding == ZERO
