"""A ported customer at its receiver: what stands in, what is its own, what does not come along."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import RefusedError
from crossmargin.participation.customer import State, may_hold_positions, state_of
from crossmargin.participation.documents import OF_BD_FCM, DocumentKind
from crossmargin.participation.entities import RegistrationKind
from crossmargin.participation.standing import STANDING
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.services.books.memory import MemoryBooks, MemoryWork
from crossmargin.services.books.papers import record_document, register
from crossmargin.services.books.participation import customer_file, take_step
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.default_books.bringing_in import BroughtIn, OnboardingTerms, bring_in
from crossmargin.services.porting.papers import months_after, still_to_obtain
from crossmargin.testing.participants import (
    FIRM_LEI,
    FUND,
    TEN_PER_CENT,
    WAY_IN,
    entered,
    establish_firm,
    instant,
    paper,
    record_papers,
    step,
)
from crossmargin.testing.participants import bring_in as take_part

TWO = "FCM-2"
THERE = CustomerKey(TWO, FUND.customer_id)
PORT = instant("20:00", "2026-05-12")
WRITTEN = Written(PORT.date(), PORT, "trustee", ("declared",), "risk")
TERMS = OnboardingTerms(TEN_PER_CENT, 6)
UNTIL = date(2026, 11, 12)


@pytest.fixture
def work() -> MemoryWork:
    """Return a work with a customer who takes part at one firm, and another firm's own papers."""
    with MemoryBooks().work() as begun:
        establish_firm(begun)
        record_papers(begun)
        take_part(begun)
        for kind in RegistrationKind:
            entry = entered(instant("08:00"))
            register(begun, TWO, kind, FIRM_LEI, first=date(2020, 1, 2), last=None, entry=entry)
        for kind in OF_BD_FCM:
            record_document(begun, paper(kind, TWO, instant("08:00")), entered(instant("08:00")))
        return begun


def brought(work: MemoryWork, *, in_arrangement: bool = True) -> BroughtIn:
    return bring_in(
        work, FUND, TWO, WRITTEN, terms=TERMS, name="port/1", in_arrangement=in_arrangement
    )


def test_who_was_live_may_hold_positions_at_the_receiver(work: MemoryWork) -> None:
    found = brought(work)
    assert found.faults() == []
    assert may_hold_positions(found.file, PORT).allowed
    assert state_of(found.file, PORT) is State.PORTED


def test_outside_the_arrangement_nothing_stands_in_for_a_step(work: MemoryWork) -> None:
    found = brought(work, in_arrangement=False)
    assert found.faults() == []
    assert len(found.documents) == 4
    verdict = may_hold_positions(found.file, PORT)
    assert {gate.name for gate in verdict.gates if not gate.passed} >= {"WENT_LIVE", "REHEARSED"}
    assert found.as_document()["may_hold_positions"] is None


def test_access_under_a_notice_does_not_come_with_a_port(work: MemoryWork) -> None:
    notice = {
        "event": "NOTICE",
        "criterion": "C-1",
        "leads_to": "SUSPENSION",
        "invoked_by": "FICC",
        "effective_at": instant("09:00", "2026-05-12").isoformat(),
    }
    earlier = Written(date(2026, 5, 11), instant("09:00", "2026-05-11"), "ann")
    work.records.add(
        earlier.record("notice", STANDING, f"{FUND.bd_fcm}/{FUND.customer_id}", notice)
    )
    found = brought(work)
    decided = may_hold_positions(found.file, PORT).decided_by
    assert decided is not None
    assert decided.name == "WENT_LIVE"
    assert any("criterion C-1" in each for each in found.papers.missing)
    assert found.faults() == []


def test_what_was_never_done_at_the_firm_left_is_not_done_by_the_port() -> None:
    with MemoryBooks().work() as work:
        establish_firm(work)
        record_papers(work, without={DocumentKind.PLEDGE_TO_BD_FCM})
        take_part(work, until=Step.DECLARED)
        found = brought(work)
    failed = {fault.field.split()[-1] for fault in found.faults()}
    assert {"PLEDGE_TO_BD_FCM", "CUSTOMER_OPTED_IN"} <= failed
    assert "SECURITY_INTEREST_TO_CME" in failed  # the receiver's own is not carried over
    assert f"PLEDGE_TO_BD_FCM: none in force in the books of {FUND.bd_fcm}" in found.papers.missing


def test_the_receivers_own_papers_and_steps_take_the_place_of_what_was_carried(
    work: MemoryWork,
) -> None:
    brought(work)
    day = "2026-05-13"
    record_at = instant("08:30", day)
    for kind in DocumentKind:
        if kind not in OF_BD_FCM:
            record_document(
                work, paper(kind, f"{TWO}/{FUND.customer_id}", record_at), entered(record_at)
            )
    for number, kind in enumerate(WAY_IN):
        take_step(
            work,
            THERE,
            step(kind),
            entered(instant(f"{9 + number:02d}:00", day)),
            proprietary_share=TEN_PER_CENT,
        )
    file = customer_file(work, THERE, TEN_PER_CENT)
    later = instant("12:00", "2027-05-13")
    assert state_of(file, later) is State.LIVE
    assert may_hold_positions(file, later).allowed
    assert still_to_obtain(file, later) == ()


@pytest.mark.parametrize("in_arrangement", [True, False])
def test_no_port_stands_before_a_step_that_the_receiver_has(
    work: MemoryWork, *, in_arrangement: bool
) -> None:
    later = instant("20:01", "2026-05-12")
    take_step(work, THERE, step(Step.APPLIED), entered(later), proprietary_share=TEN_PER_CENT)
    (fault,) = brought(work, in_arrangement=in_arrangement).faults()
    assert fault.field == f"{TWO}/{FUND.customer_id} at"
    assert later.isoformat() in fault.expected


def test_papers_come_to_a_receiver_from_two_firms_that_fail(work: MemoryWork) -> None:
    three = CustomerKey("FCM-3", FUND.customer_id)
    record_papers(work, three)
    brought(work)
    later = replace(WRITTEN, at=instant("21:00", "2026-05-12"))
    found = bring_in(work, three, TWO, later, terms=TERMS, name="port/1", in_arrangement=False)
    assert len(found.documents) == 4
    assert len({each.record_id for each in found.file.documents}) == 8
    assert found.faults() == []


def test_nobody_takes_the_step_of_a_port_by_hand(work: MemoryWork) -> None:
    with pytest.raises(RefusedError, match="a port takes it"):
        take_step(work, FUND, StepTaken(Step.PORTED), entered(PORT), proprietary_share=TEN_PER_CENT)


def test_a_ported_customer_may_leave_without_having_applied(work: MemoryWork) -> None:
    brought(work)
    at = instant("09:00", "2026-05-13")
    leaving = StepTaken(Step.LEAVING)
    take_step(work, THERE, leaving, entered(at), proprietary_share=TEN_PER_CENT)
    assert state_of(customer_file(work, THERE, TEN_PER_CENT), at) is State.LEAVING


def test_diligence_ends_with_the_document_where_that_ends_earlier(work: MemoryWork) -> None:
    papers = TERMS.papers(work, FUND, PORT)
    assert papers.until == UNTIL == months_after(PORT.date(), 6)
    (disclosure,) = [e for e in papers.carried if e.kind is DocumentKind.DISCLOSURE]
    assert papers.as_carried(disclosure, TWO).last == UNTIL
    early = replace(disclosure, last=date(2026, 6, 1))
    assert papers.as_carried(early, TWO).last == date(2026, 6, 1)
