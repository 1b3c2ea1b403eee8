"""Calls in other currencies: each is late when its own time for payment ends, not before."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.bootstrap.books import open_inbox, open_outbox, published_criteria
from crossmargin.collateral.call_events import STREAM, CallPaid, event_of
from crossmargin.collateral.calls import CallState, CallStatus
from crossmargin.collateral.deadline import DueEvent
from crossmargin.collateral.house_terms import HouseTerms
from crossmargin.product.calendars import sifma_calendar
from crossmargin.reporting.controls import Control
from crossmargin.services.book_reports.controls.asking import controls_of_day
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.clearing_day.arrivals import Action
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.close_outs import close_outs_of
from crossmargin.services.clearing_day.house_terms import set_terms
from crossmargin.services.clearing_day.outgoing import outgoing
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.report_register import REPORT
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_desk.desk import ClearingDesk
from crossmargin.simulation.book import demo_positions
from crossmargin.simulation.clearing.parties import SimulatedParties
from crossmargin.simulation.clearing.plan import (
    CallConduct,
    ClearingPlan,
    Conduct,
    Deposit,
    Instruction,
)
from crossmargin.simulation.clearing.rehearsal_plan import at_et, everyday_clock, everyday_files
from crossmargin.testing.clearing_days import CURVE, EASTERN, FIRM, content_of, opened_books

_MILLION = 100_000_000
_TUESDAY = 1
IN_DOLLARS, IN_YEN = CURVE, CustomerKey(FIRM, "BASIS-FUND")
PAYS_YEN = CustomerKey(FIRM, "WIDE-BOOK")


@dataclass(frozen=True)
class ThreeDays:
    """Books after a Tuesday, a Wednesday and a Thursday, and what their steps said."""

    books: MemoryBooks
    days: tuple[date, ...]
    done: dict[date, Any]
    inbox: Path

    def late(self, day: int, step: str) -> set[str]:
        return {row[0] for row in content_of(self.done[self.days[day]], step)["late"]}

    def calls(self, customer: CustomerKey, due: int) -> list[CallState]:
        """Return a customer's calls that are due on a day and were not lowered to nothing."""
        with self.books.work() as work:
            own = calls_of(work.records, customer)
        return [c for c in own if c.issued.due_date == self.days[due] and c.amount > ZERO]

    def at(self, day: int, clock: str) -> datetime:
        return datetime.combine(self.days[day], time.fromisoformat(clock), EASTERN)


@pytest.fixture(scope="module")
def three_days(days_models, simulation, first_day, tmp_path_factory) -> ThreeDays:
    """Three customers with the same positions: none has enough, and one pays, in yen."""
    week = sifma_calendar().business_days(first_day, simulation.as_of)
    start = next(n for n, day in enumerate(week) if day.weekday() == _TUESDAY)
    days = week[start : start + 3]
    own = [e for e in demo_positions(simulation) if e.customer.customer_id == CURVE.customer_id]
    customers = (IN_DOLLARS, IN_YEN, PAYS_YEN)
    first, last = days[0], days[-1]
    never = [CallConduct(e.customer_id, first, last, Conduct.MISSED) for e in customers[:2]]
    # An evening's call would have been paid on the day after: all of them are paid on Thursday.
    late = [
        CallConduct(
            *(PAYS_YEN.customer_id, first, last, Conduct.LATE, first_calls),
            rest_after_business_days=after,
            rest_at=at_et("16:30"),
        )
        for first_calls, after in ((1, 2), (None, 1))
    ]
    plan = ClearingPlan(
        *(FIRM, first, last, "operations", "operations-control", everyday_clock()),
        tuple(
            replace(line, customer=each, line=number * len(own) + place)
            for number, each in enumerate(customers)
            for place, line in enumerate(own, start=2)
        ),
        position_files=everyday_files(),
        deposits=tuple(
            Deposit(first, at_et("07:10"), each.customer_id, "CASH-USD", _MILLION)
            for each in customers
        ),
        instructions=(
            Instruction(
                *(first, at_et("06:30"), "", Action.RESIDUAL_INTEREST_DEPOSIT, "CASH-USD"),
                90 * _MILLION,
            ),
        ),
        calls=(*never, *late),
    )
    books = opened_books(MemoryBooks())
    with books.work() as work:
        people = Entry(datetime.combine(first, time(6), EASTERN), "bd_fcm_risk:ann", "bob")
        for customer in (IN_YEN, PAYS_YEN):
            set_terms(work, HouseTerms(customer, first, call_currency="JPY"), people)
        work.commit()
    folder = tmp_path_factory.mktemp("currencies")
    inbox, out = open_inbox(folder / "in", bd_fcm=FIRM), folder / "out"
    desk = ClearingDesk(books, inbox, open_outbox(out), days_models, FIRM, "operations", "risk")
    desk = desk.with_others(SimulatedParties(plan, inbox, out, desk.step_instants))
    return ThreeDays(books, days, {day: desk.run(day) for day in days}, folder / "in")


def test_a_call_has_its_customers_currency_and_due_time_and_a_value_in_dollars(three_days):
    (dollars, *_), (yen, *_) = three_days.calls(IN_DOLLARS, due=0), three_days.calls(IN_YEN, due=2)
    assert (dollars.issued.currency, yen.issued.currency) == ("USD", "JPY")
    assert yen.issued.amount == dollars.issued.amount
    assert dollars.issued.due_at == three_days.at(0, "19:00")
    assert yen.issued.due_at == three_days.at(2, "17:00")
    assert yen.issued.due_event is DueEvent.END_OF_BUSINESS_DAY
    with three_days.books.work() as work:
        sent = outgoing(work.records, FIRM, three_days.days[0])["calls.jsonl"]
    said = {each["call_id"]: each for each in sent}[yen.issued.event_id]
    assert said["currency"] == "JPY"
    assert said["due_event"] == "END_OF_BUSINESS_DAY"
    assert datetime.fromisoformat(said["due_at"]) == three_days.at(2, "17:00")


def test_dollars_are_late_on_tuesday_and_yen_only_when_thursday_ends(three_days):
    dollars = {call.issued.event_id for call in three_days.calls(IN_DOLLARS, due=0)}
    yen = {call.issued.event_id for call in three_days.calls(IN_YEN, due=2)}
    assert dollars
    assert yen
    assert three_days.late(0, "fedwire-close") == dollars
    for day in (0, 1):
        assert three_days.late(day, "end-of-business-day") == set()
        assert not yen & three_days.late(day, "fedwire-close")
    assert three_days.late(2, "end-of-business-day") == yen, "the other one has paid"
    assert not yen & three_days.late(2, "fedwire-close"), "each is named when it falls due"


def test_yen_paid_before_thursday_ends_are_in_time_and_kept_as_what_they_were(three_days):
    calls = three_days.calls(PAYS_YEN, due=2)
    assert calls
    for call in calls:
        assert call.status(three_days.at(2, "16:29")) is not CallStatus.OVERDUE
        assert call.status(three_days.at(2, "23:00")) is CallStatus.MET
    with three_days.books.work() as work:
        paid = work.records.select(stream=PAYMENT, subject=subject_of(PAYS_YEN))
        events = [
            event_of(e) for e in work.records.select(stream=STREAM, subject=subject_of(PAYS_YEN))
        ]
    assert {each.currency for each in events if isinstance(each, CallPaid)} == {"JPY"}
    whose = {
        str(each.content["reference"]).split("/")[0]: each.content["currency"] for each in paid
    }
    assert whose == {"": "USD", "call": "JPY", "wire": "USD"}
    (file,) = (three_days.inbox / three_days.days[2].isoformat()).glob("1630-payments-*")
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    assert {(row["asset"], row["currency"]) for row in rows} == {("CASH-USD", "JPY")}


def test_a_close_out_is_proposed_where_a_call_is_late_and_not_where_it_is_old_alone(three_days):
    with three_days.books.work() as work:
        (dollars, *_), (yen, *_), none = (
            close_outs_of(work.records, each) for each in (IN_DOLLARS, IN_YEN, PAYS_YEN)
        )
    assert dollars.proposal.at == three_days.at(1, "19:00")
    assert yen.proposal.at == three_days.at(2, "17:00")
    assert [call["due_at"] for call in yen.proposal.content["calls"]] == [
        call.issued.due_at.isoformat() for call in three_days.calls(IN_YEN, due=2)
    ]
    assert none == ()


def test_the_cash_ladder_expects_a_call_when_it_is_due_and_no_longer(three_days):
    with three_days.books.work() as work:
        made = work.records.select(stream=REPORT, subject=FIRM)
        ladders = {r.at: r.content["document"] for r in made if r.content["name"] == "cash-ladder"}

    def to_come(at: datetime, hour: str) -> Money:
        rungs = ladders[at]["with_arrangement"]["rungs"]
        whole = [r for r in rungs if datetime.fromisoformat(r["start"]) == three_days.at(2, hour)]
        return Money.total(money_from_decimal(r["still_to_come_in"]) for r in whole)

    before = three_days.at(2, "14:45")
    with three_days.books.work() as work:
        then = [c for e in (IN_YEN, PAYS_YEN) for c in calls_of(work.records, e, until=before)]
    due = [call.payable for call in then if call.issued.due_at == three_days.at(2, "17:00")]
    assert to_come(before, "17:00") == Money.total(due) > ZERO
    assert to_come(three_days.at(2, "17:00"), "17:00") == ZERO


def test_the_control_finds_a_call_late_when_it_was_and_named_then(three_days, days_registry):
    (yen, *_) = three_days.calls(IN_YEN, due=2)
    failed = []
    for day in three_days.days:
        with three_days.books.work() as work:
            asked = controls_of_day(
                *(work, FIRM, day),
                set_of=partial(days_registry.set_of, on=day),
                criteria=published_criteria(),
            )
        (found,) = [each for each in asked if each.control is Control.CALLS]
        failed.append([e.followed_by for e in found.failures if e.where == yen.issued.event_id])
    named = f"day/{FIRM}/{three_days.days[2]}/end-of-business-day"
    assert failed == [[], [], [named]]


def test_statements_say_currency_and_due_time_and_the_books_hold(three_days):
    (yen, *_) = three_days.calls(IN_YEN, due=2)
    with three_days.books.work() as work:
        name = f"statement/{IN_YEN.customer_id}"
        found = report_document(work, FIRM, three_days.days[1], name)
    said = {call["call_id"]: call for call in found["document"]["calls"]}[yen.issued.event_id]
    assert (said["currency"], said["state"]) == ("JPY", "OPEN")
    assert said["due_at"] == yen.issued.due_at.isoformat()
    assert verify_books(three_days.books) == ()
