"""What a person enters is entered after the latest step, whatever it says of days before."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_registry
from crossmargin.bootstrap.books import published_criteria
from crossmargin.collateral.house_terms import HouseTerms
from crossmargin.ledger.liens import Lien, Party, Property
from crossmargin.participation.documents import DOCUMENT, DocumentKind
from crossmargin.participation.entities import RegistrationKind
from crossmargin.participation.programme import ProgrammeFact, ProgrammeFactKind
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.services.books.days import CLOSE, STEP
from crossmargin.services.books.liens import enter_lien
from crossmargin.services.books.loading import Participants, StatedCustomer, load_participants
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import (
    end_document,
    record_document,
    register,
    state_programme_fact,
)
from crossmargin.services.books.participation import take_step
from crossmargin.services.clearing_day.house_terms import set_terms
from crossmargin.services.suspension.desk import AccessDesk
from crossmargin.services.suspension.notices import state_evidence
from crossmargin.testing.participants import (
    FIRM,
    FIRM_LEI,
    FUND,
    TEN_PER_CENT,
    bring_in,
    digest,
    entered,
    establish_firm,
    instant,
    paper,
    record_papers,
)

DAY, NEXT = date(2026, 5, 6), date(2026, 5, 7)
CLOSED_AT = instant("23:00", DAY.isoformat())
PLEDGE = DocumentKind.PLEDGE_TO_BD_FCM
FACT = ProgrammeFact(ProgrammeFactKind.FICC_RULES, "second", digest("second"), DAY)
LIEN = Lien(
    *("lien", FIRM, "FUND-1", Party.CUSTOMER, Party.BD_FCM),
    *(Property.XM_SECURITIES_CUSTOMER_PROPERTY, digest("lien"), DAY),
)


def _close(day: date) -> Record:
    at = CLOSED_AT + (day - DAY)
    return Record(f"day/{FIRM}/{day}", STEP, FIRM, day, at, "ann", {"step": CLOSE})


@pytest.fixture
def books() -> MemoryBooks:
    """Books with a customer who is live and one closed day."""
    books = MemoryBooks()
    with books.work() as work:
        establish_firm(work)
        record_papers(work)
        bring_in(work)
        work.records.add(_close(DAY))
        work.commit()
    return books


def _evidence(work, entry):
    desk = AccessDesk(FIRM, published_criteria(), parameter_registry())
    state_evidence(desk, work, FUND, "XM-07", entry, sha256=digest("order"))


ENTRIES = {
    "programme": lambda work, entry: state_programme_fact(work, FACT, entry),
    "registration": lambda work, entry: register(
        work, FIRM, RegistrationKind.BROKER_DEALER, FIRM_LEI, first=DAY, last=None, entry=entry
    ),
    "document": lambda work, entry: record_document(
        work, paper(PLEDGE, subject_of(FUND), instant("09:00", "2026-05-05")), entry
    ),
    "end of a document": lambda work, entry: end_document(
        work,
        f"document/{subject_of(FUND)}/{PLEDGE}/{instant('08:30').isoformat()}",
        last=NEXT,
        sha256=digest("end"),
        entry=entry,
    ),
    "lien": lambda work, entry: enter_lien(work, LIEN, entry),
    "step": lambda work, entry: take_step(
        work, FUND, StepTaken(Step.LEAVING), entry, proprietary_share=TEN_PER_CENT
    ),
    "terms": lambda work, entry: set_terms(work, HouseTerms(FUND, NEXT), entry),
    "evidence": _evidence,
}


@pytest.mark.parametrize("make", ENTRIES.values(), ids=ENTRIES)
def test_nothing_is_entered_into_a_closed_day(books, make):
    with books.work() as work:
        before = work.records.select()
        with pytest.raises(RefusedError) as refused:
            make(work, entered(CLOSED_AT - timedelta(seconds=1)))
        (refusal,) = refused.value.refusals
        assert refusal.field == "at"
        assert refusal.expected.startswith(f"no earlier than {CLOSED_AT.isoformat()}")
        assert work.records.select() == before
        make(work, entered(CLOSED_AT))
        assert len(work.records.select()) == len(before) + 1


@pytest.mark.parametrize("make", ENTRIES.values(), ids=ENTRIES)
def test_what_was_entered_in_time_may_be_entered_again(books, make):
    with books.work() as work:
        make(work, entered(CLOSED_AT))
        work.records.add(_close(NEXT))
        before = work.records.select()
        make(work, entered(CLOSED_AT))
        assert work.records.select() == before


@pytest.mark.parametrize("make", ENTRIES.values(), ids=ENTRIES)
def test_nothing_is_entered_before_a_step_of_a_running_day_that_is_done(books, make):
    noon = instant("12:15", NEXT.isoformat())
    with books.work() as work:
        work.records.add(
            Record(f"day/{FIRM}/{NEXT}/itd", STEP, FIRM, NEXT, noon, "ann", {"step": "itd"})
        )
        with pytest.raises(RefusedError) as refused:
            make(work, entered(noon - timedelta(minutes=1)))
        (refusal,) = refused.value.refusals
        assert refusal.field == "at"
        assert refusal.expected.startswith(f"no earlier than {noon.isoformat()}")
        make(work, entered(noon))


def test_the_days_of_another_bd_fcm_bind_what_concerns_everybody_alone(books):
    other, early = "FCM-2", entered(instant("12:00", "2026-05-05"))
    with books.work() as work:
        register(
            *(work, other, RegistrationKind.BROKER_DEALER, FIRM_LEI),
            first=DAY,
            last=None,
            entry=early,
        )
        with pytest.raises(RefusedError, match="latest step"):
            state_programme_fact(work, FACT, early)


def test_an_imported_paper_that_was_signed_before_is_entered_at_the_close(books):
    key = CustomerKey(FIRM, "FUND-9")
    signed = paper(PLEDGE, subject_of(key), instant("09:00", "2026-05-05"))
    after = paper(DocumentKind.DISCLOSURE, subject_of(key), CLOSED_AT + timedelta(hours=9))

    def load(applied) -> bool:
        customer = StatedCustomer("FUND-9", (signed, after), ((StepTaken(Step.APPLIED), applied),))
        file = Participants(FIRM, None, (), (), (), (customer,))
        people = {"actor": "ann", "approver": "bob"}
        loaded = load_participants(books, file, **people, proprietary_share=TEN_PER_CENT)
        assert loaded.customers or {each.field for each in loaded.refusals} == {"FUND-9: at"}
        return bool(loaded.customers)

    assert not load(CLOSED_AT - timedelta(minutes=1))
    assert load(CLOSED_AT + timedelta(hours=10))
    with books.work() as work:
        found = work.records.select(stream=DOCUMENT, subject=subject_of(key))
        assert [each.at for each in found] == [CLOSED_AT, after.signed_at]
        work.records.add(_close(NEXT))
        work.commit()
    assert load(CLOSED_AT + timedelta(hours=10)), "again, though another day is closed by now"
