"""Loading: the firm first, then each customer by itself, again without effect."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.participation.customer import State, state_of
from crossmargin.participation.documents import DocumentKind
from crossmargin.participation.entities import RegistrationKind
from crossmargin.services.books.loading import (
    Loaded,
    Participants,
    StatedCustomer,
    StatedRegistration,
    load_participants,
)
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.participation import customer_file, customers_of
from crossmargin.testing.participants import (
    FIRM,
    FIRM_LEI,
    FUND,
    TEN_PER_CENT,
    WAY_IN,
    establish_firm,
    instant,
    instant_of,
    paper,
    step,
)

_OWN_PAPERS = (
    DocumentKind.OWNERSHIP_AND_CONTROL,
    DocumentKind.PARTICIPATION_AND_SUBORDINATION,
    DocumentKind.DISCLOSURE,
    DocumentKind.PLEDGE_TO_BD_FCM,
)


def _customer(customer_id: str) -> StatedCustomer:
    whose = f"{FIRM}/{customer_id}"
    return StatedCustomer(
        customer_id,
        tuple(paper(kind, whose, instant("08:30")) for kind in _OWN_PAPERS),
        tuple((step(kind), instant_of(kind)) for kind in WAY_IN),
    )


def _file(*customers: StatedCustomer) -> Participants:
    return Participants(FIRM, None, (), (), (), customers)


def _books() -> MemoryBooks:
    books = MemoryBooks()
    with books.work() as work:
        establish_firm(work)
        work.commit()
    return books


def _load(books: MemoryBooks, participants: Participants) -> Loaded:
    return load_participants(
        books, participants, actor="ann", approver="bob", proprietary_share=TEN_PER_CENT
    )


def test_customers_are_brought_all_the_way_and_again_without_effect() -> None:
    books = _books()
    participants = _file(_customer("FUND-1"), _customer("FUND-2"))
    expected = Loaded(("FUND-1", "FUND-2"), ())
    assert _load(books, participants) == expected
    with books.work() as work:
        before = [each.digest for each in work.records.select()]
        file = customer_file(work, FUND, TEN_PER_CENT)
        assert state_of(file, instant("20:00")) is State.LIVE
    assert _load(books, participants) == expected
    with books.work() as work:
        assert [each.digest for each in work.records.select()] == before


def test_a_customer_who_is_refused_keeps_nobody_else_out_and_leaves_nothing() -> None:
    books = _books()
    whole = _customer("FUND-1")
    without_pledge = replace(whole, documents=whole.documents[:-1])
    loaded = _load(books, _file(without_pledge, _customer("FUND-2")))
    assert loaded.customers == ("FUND-2",)
    assert [each.field for each in loaded.refusals] == ["FUND-1: PLEDGE_TO_BD_FCM"]
    with books.work() as work:
        assert [each.customer_id for each in customers_of(work)] == ["FUND-2"]
        assert work.records.select(subject=f"{FIRM}/FUND-1") == ()
        assert work.ledger.accounts(customer_id="FUND-1") == ()


def test_a_customer_said_otherwise_than_before_is_a_conflict() -> None:
    books = _books()
    whole = _customer("FUND-1")
    _load(books, _file(whole))
    changed = replace(whole.documents[-1], sha256="0" * 64)
    again = replace(whole, documents=(*whole.documents[:-1], changed))
    loaded = _load(books, _file(again))
    assert loaded.customers == ()
    assert [each.field for each in loaded.refusals] == ["FUND-1"]


def test_a_firm_that_is_refused_loads_nobody() -> None:
    books = MemoryBooks()
    document = paper(DocumentKind.PARTICIPANT_AGREEMENT, FIRM, instant("08:00"))
    registration = StatedRegistration(
        RegistrationKind.BROKER_DEALER, FIRM_LEI, instant("08:00").date(), None
    )
    participants = replace(
        _file(_customer("FUND-1")),
        entered_at=instant("08:00"),
        registrations=(registration,),
        documents=(replace(document, parties=frozenset({"CME"})),),
    )
    with pytest.raises(RefusedError, match="parties"):
        _load(books, participants)
    with books.work() as work:
        assert work.records.select() == ()
