"""What a customer is called for, pays and instructs in the course of a day."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.collateral.call_events import STREAM, CallPaid, House, event_of
from crossmargin.collateral.calls import CallStatus
from crossmargin.collateral.house_terms import HouseTerms
from crossmargin.participation.steps import CUSTOMER_STEP, Step, step_of
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.clearing_day.arrivals import (
    Action,
    FileKind,
)
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.directing import DIRECTION
from crossmargin.services.clearing_day.house_terms import set_terms
from crossmargin.services.clearing_day.instructions import INSTRUCTION
from crossmargin.services.clearing_day.required import REQUIREMENT, required_of
from crossmargin.services.clearing_day.standing import priced
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    POOR,
    RICH,
    arrived,
    content_of,
    day_files,
    desk_on,
    eastern,
    instruction,
    opened_books,
    payment,
)

FICC = ClearingOrganization.FICC


def test_a_customer_who_instructs_to_leave_is_leaving_and_what_it_has_is_named(run, day):
    books = opened_books(MemoryBooks())
    row = instruction("leave", Action.LEAVE)
    again = replace(row, instruction_id="leave-again")
    leave, twice = (
        arrived(day, clock, FileKind.INSTRUCTIONS, [each], label)
        for clock, each, label in (("13:10", row, "one"), ("13:20", again, "two"))
    )
    run(books, RICH, leave, twice)
    with books.work() as work:
        steps = work.records.select(stream=CUSTOMER_STEP, subject=f"{FIRM}/CURVE-FUND")
        outcomes = {
            each.record_id.rpartition("/")[2]: each.content["outcome"]
            for each in work.records.select(stream=INSTRUCTION, subject=f"{FIRM}/CURVE-FUND")
        }
    last = step_of(steps[-1])
    assert last.step is Step.LEAVING
    assert any(line.startswith("CME_XM_POSITION FUT-") for line in last.remains)
    assert any(line.startswith("FICC_XM_POSITION ") for line in last.remains)
    assert outcomes == {"leave": "FOLLOWED", "leave-again": "REFUSED"}


def test_what_lies_at_the_clearing_organizations_is_what_they_require(run):
    books = opened_books(MemoryBooks())
    run(books, RICH)
    with books.work() as work:
        itd = [r for r in work.records.select(stream=REQUIREMENT) if r.record_id.endswith("/itd")]
        required = required_of(itd[0])
        moved = {
            r.content["purpose"]: r.content["amount"] for r in work.records.select(stream=WIRE)
        }
    assert moved["MARGIN_TO_FICC"] == required.ficc_xm.cents
    assert moved["MARGIN_TO_CME"] == required.cme.cents


def test_who_brought_too_little_is_called_for_each_side_and_is_late(run, day):
    books = opened_books(MemoryBooks())
    _, done = run(books, POOR)
    with books.work() as work:
        calls = calls_of(work.records, CURVE)
    assert {call.issued.cycle for call in calls} >= {"ITD"}
    late = content_of(done, "fedwire-close")["late"]
    assert {row[0] for row in late} == {c.issued.event_id for c in calls if c.issued.cycle == "ITD"}
    assert verify_books(books) == ()


def test_a_call_that_is_paid_is_met_and_nothing_is_late(run, day):
    books = opened_books(MemoryBooks())
    run(books, POOR)
    with books.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if c.issued.cycle == "ITD"]
    again = opened_books(MemoryBooks())
    paid = payment("pays", "CASH-USD", call.amount.cents, call.issued.event_id)
    _, done = run(again, POOR, arrived(day, "15:00", FileKind.PAYMENTS, [paid], "calls"))
    late = content_of(done, "fedwire-close")["late"]
    assert call.issued.event_id not in {row[0] for row in late}


@pytest.mark.parametrize(
    ("clock", "names_it", "status"),
    [
        ("15:00", True, CallStatus.MET),
        ("15:00", False, CallStatus.MET),
        ("19:30", True, CallStatus.MET_LATE),
    ],
)
def test_a_security_brought_for_a_call_meets_it_late_or_in_time(
    run, day, lines, *, clock, names_it, status
):
    before, books = opened_books(MemoryBooks()), opened_books(MemoryBooks())
    run(before, POOR)
    with before.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if c.issued.cycle == "ITD"]
    note = next(line.instrument for line in lines if line.clearing_organization is FICC)
    paid = payment("pays", f"SEC-{note}", 50_000_000, call.issued.event_id if names_it else "")
    _, done = run(books, POOR, arrived(day, clock, FileKind.PAYMENTS, [paid], "bonds"))
    with books.work() as work:
        found = {each.issued.event_id: each for each in calls_of(work.records, CURVE)}
    met = found[call.issued.event_id]
    assert (met.status(met.issued.due_at), met.changed) == (status, ZERO)
    late = {row[0] for row in content_of(done, "fedwire-close")["late"]}
    assert (call.issued.event_id in late) is (status is CallStatus.MET_LATE)
    assert verify_books(books) == ()


def test_a_security_serves_as_far_as_it_counts(run, day, lines, market):
    before, books = opened_books(MemoryBooks()), opened_books(MemoryBooks())
    run(before, POOR)
    with before.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if c.issued.cycle == "ITD"]
    note = next(line.instrument for line in lines if line.clearing_organization is FICC)
    paid = payment("pays", f"SEC-{note}", 10_000, call.issued.event_id)
    run(books, POOR, arrived(day, "15:00", FileKind.PAYMENTS, [paid], "bonds"))
    with books.work() as work:
        (event,) = [e for e in map(event_of, work.records.select(stream=STREAM)) if is_paid(e)]
    price = priced([Cusip(note)], market.price_sheets[day])[Cusip(note)].full_price_per_100
    # Of par of 10,000 dollars, less a haircut.
    assert Fraction(9, 10) < event.amount.dollars / (100 * price) < 1
    assert event.ccp is call.issued.ccp


def is_paid(event) -> bool:
    return isinstance(event, CallPaid)


def test_more_than_is_free_may_not_be_withdrawn_and_less_may(run, day):
    books = opened_books(MemoryBooks())
    asked = [
        instruction(name, Action.WITHDRAW, "CASH-USD", cents, line=line, place="SEGREGATED_BANK")
        for line, name, cents in ((2, "too-much", 990_000_000), (3, "little", 100))
    ]
    _, done = run(books, RICH, arrived(day, "15:00", FileKind.INSTRUCTIONS, asked, "customers"))
    (taken,) = [
        d.record.content for d in done if d.record.content.get("name", "").startswith("1500")
    ]
    assert [row[0] for row in taken["not_taken"]] == [2]
    with books.work() as work:
        wires = [
            r for r in work.records.select(stream=WIRE) if r.content["purpose"] == "WITHDRAWAL"
        ]
    assert [wire.content["amount"] for wire in wires] == [100]


@pytest.mark.parametrize(("clock", "reaches_itd"), [("11:00", True), ("12:01", False)])
def test_futures_directed_before_the_cutoff_lower_itd_and_after_it_do_not(
    run, day, lines, clock, reaches_itd
):
    regular = [
        replace(line, account=Account.REGULAR) if line.instrument.startswith("TN") else line
        for line in lines
    ]
    (future,) = [line for line in regular if line.account is Account.REGULAR]
    order = instruction(
        "direct", Action.DIRECT_INTO_XM, f"FUT-{future.instrument}", future.quantity
    )
    figures = {}
    for name, more in (
        ("without", ()),
        ("with", (arrived(day, clock, FileKind.INSTRUCTIONS, [order], "customers"),)),
    ):
        books = opened_books(MemoryBooks())
        _, done = run(books, {"CURVE-FUND": 5_000_000_000}, *more, held=regular)
        with books.work() as work:
            directions = work.records.select(stream=DIRECTION)
            (itd,) = [
                required_of(r)
                for r in work.records.select(stream=REQUIREMENT)
                if r.record_id.endswith("/itd")
            ]
        figures[name] = itd
    lower = figures["with"].ficc_xm < figures["without"].ficc_xm
    assert lower is reaches_itd
    assert (figures["with"].cme < figures["without"].cme) is reaches_itd
    (direction,) = directions
    assert direction.content["reaches"] == ("ITD" if reaches_itd else "EOD")
    (said,) = content_of(done, "itd")["directed"]
    assert said[3:] == [
        "changes ITD by",
        f"FICC {figures['with'].ficc_xm - figures['without'].ficc_xm}",
        f"CME {figures['with'].cme - figures['without'].cme}",
    ]
    (evening,) = content_of(done, "eod")["directed"]
    ficc, cme = (money_from_decimal(each.split()[1]) for each in evening[4:])
    assert evening[3] == "changes EOD by"
    assert ficc < ZERO
    assert cme < ZERO


def test_the_house_add_on_is_called_apart_and_bounds_a_withdrawal(market, models, day, lines):
    books = opened_books(MemoryBooks())
    terms = HouseTerms(CURVE, day, add_on=Money(900_000_000), credit_limit=Money(100_000_000))
    with books.work() as work:
        at = eastern(day, "06:00")
        set_terms(work, terms, Entry(at, "bd_fcm_risk:ann", "bd_fcm_compliance:bob"))
        work.commit()
    asked = instruction("little", Action.WITHDRAW, "CASH-USD", 100, place="SEGREGATED_BANK")
    order = arrived(day, "15:00", FileKind.INSTRUCTIONS, [asked], "customers")
    files = {day: [*day_files(day, lines, RICH), order]}
    replace(desk_on(books, market, files), models=models).run(day)
    with books.work() as work:
        (itd, *_) = calls_of(work.records, CURVE)
        (refused,) = work.records.select(stream=INSTRUCTION, subject=f"{FIRM}/CURVE-FUND")
        required = required_of(work.records.get(f"requirement/{FIRM}/CURVE-FUND/{day}/itd"))
    lacking = required.in_futures_account + Money(800_000_000) - Money(RICH["CURVE-FUND"])
    assert (itd.issued.ccp, itd.issued.amount) == (House.HOUSE, lacking)
    assert "house add-on" in refused.content["reason"]
