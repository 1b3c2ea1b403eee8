"""Places after the books are open, in every store: a fact that ends is missed from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import Fact
from crossmargin.ledger.findings import Check
from crossmargin.ledger.posting import Posting
from crossmargin.services.books.opening import BdFcmBooks, Place, StatedFact, open_bd_fcm
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.places import places_on, state_places
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.verifying import verify_work
from crossmargin.testing.books import BD_FCM, DAY, OPENED, deposit, open_accounts

AT = datetime.fromisoformat(f"{DAY}T09:00-04:00")
ENTRY = Entry(AT, "ann", "bob")
OWN = "another bank"
LETTER = StatedFact(Fact.ACKNOWLEDGMENT_LETTER, "17 CFR 1.20", "1" * 64, OPENED)
TITLED = (
    StatedFact(Fact.HOLDER, BD_FCM, "", OPENED),
    StatedFact(Fact.EXACT_TITLE, "Customer Segregated Account", "", OPENED),
)


def _own(*facts: StatedFact) -> Place:
    return Place(AccountKind.SEGREGATED_BANK, OWN, facts)


def _stated(books: Books, *places: Place, entry: Entry = ENTRY, sha256: str = "2" * 64):
    with books.work() as work:
        found = state_places(work, BD_FCM, places, entry, sha256=sha256)
        work.commit()
    return found


@pytest.fixture
def opened(books: Books) -> Books:
    with books.work() as work:
        open_accounts(work, BD_FCM, ("A",))
        open_bd_fcm(
            work,
            BdFcmBooks(BD_FCM, OPENED, Money(0), ()),
            at=datetime.fromisoformat(f"{OPENED}T09:00-04:00"),
            actor="ann",
            approver="bob",
            sha256="0" * 64,
        )
        work.commit()
    return books


def _deposited(books: Books, name: str, on: date):
    """Post a deposit at the place on a day; return the answer and what verification finds."""
    with books.work() as work:
        (account,) = (each.account for each in places_on(work, on) if each.account.custodian == OWN)
        given = replace(
            deposit(name, "A", 100), debit_account_id=account.account_id, business_date=on
        )
        (answer,) = work.ledger.post([given])
        work.commit()
        return answer, verify_work(work)


def test_a_new_place_takes_property_once_it_has_every_fact(opened: Books) -> None:
    _stated(opened, _own(*TITLED))
    answer, _ = _deposited(opened, "early", DAY)
    assert answer.posting is Posting.CUSTODY_FACT_IS_MISSING
    assert answer.detail == "ACKNOWLEDGMENT_LETTER"
    _stated(opened, _own(LETTER), sha256="3" * 64)
    answer, found = _deposited(opened, "fair", DAY)
    assert (answer.posting, found) == (Posting.POSTED, ())


def test_from_the_end_of_a_fact_on_a_deposit_is_refused_by_its_name(opened: Books) -> None:
    _stated(opened, _own(*TITLED, LETTER))
    assert _deposited(opened, "first", DAY)[0].posting is Posting.POSTED
    (ended,) = _stated(opened, _own(replace(LETTER, last=DAY)), sha256="3" * 64)
    assert ended.endswith(f"/until/{DAY}")
    answer, found = _deposited(opened, "second", DAY + timedelta(days=1))
    assert (answer.posting, answer.detail, found) == (
        Posting.CUSTODY_FACT_IS_MISSING,
        "ACKNOWLEDGMENT_LETTER",
        (),
    )
    assert _deposited(opened, "third", DAY)[0].posting is Posting.POSTED


def test_a_deposit_before_an_end_was_known_is_found_on_reading(opened: Books) -> None:
    _stated(opened, _own(*TITLED, LETTER))
    _deposited(opened, "first", DAY)
    last = DAY - timedelta(days=1)
    _stated(opened, _own(replace(LETTER, last=last)), sha256="3" * 64)
    with opened.work() as work:
        (found,) = verify_work(work)
    assert (found.check, found.where) == (Check.CUSTODY_FACTS, "first")


def test_done_again_it_changes_nothing_and_what_conflicts_is_refused(opened: Books) -> None:
    assert len(_stated(opened, _own(*TITLED, LETTER))) == 3
    assert _stated(opened, _own(*TITLED, LETTER)) == ()
    with pytest.raises(RefusedError, match="as it was stated from"):
        _stated(opened, _own(replace(LETTER, value="another")))
    twice = (replace(LETTER, first=DAY), replace(LETTER, first=DAY, value="another"))
    with pytest.raises(RefusedError, match="as it was stated from"):
        _stated(opened, _own(*twice), sha256="3" * 64)
    with pytest.raises(RefusedError, match="another than the maker"):
        _stated(opened, _own(replace(LETTER, last=DAY)), entry=replace(ENTRY, approver="Ann"))


def test_who_opens_later_may_not_say_otherwise_what_a_place_of_all_is(opened: Books) -> None:
    title = StatedFact(Fact.EXACT_TITLE, "FICC Segregated Account", "", DAY)

    def of_ficc(fact: StatedFact) -> BdFcmBooks:
        scope = StatedFact(Fact.SCOPE, "XM_ONLY", "", OPENED)
        place = Place(AccountKind.SEGREGATED_BANK_ACCOUNT, "BANK OF FICC", (scope, fact))
        return BdFcmBooks("LATER", DAY, Money(0), (place,))

    def opens(books: BdFcmBooks) -> None:
        with opened.work() as work:
            open_bd_fcm(work, books, at=AT, actor="ann", approver="bob", sha256="5" * 64)

    with opened.work() as work:
        state_places(work, BD_FCM, of_ficc(title).places, ENTRY, sha256="4" * 64)
        work.commit()
    opens(of_ficc(title))
    with pytest.raises(RefusedError, match="FICC Segregated Account, as it was stated from"):
        opens(of_ficc(replace(title, value="Another Title")))


def test_a_third_kind_of_account_at_ficc_is_not_opened_without_both_consents(opened: Books) -> None:
    scope = StatedFact(Fact.SCOPE, "OTHER", "", OPENED)
    consents = [
        StatedFact(fact, "consent", "4" * 64, OPENED)
        for fact in (Fact.CFTC_CONSENT, Fact.SEC_CONSENT)
    ]

    def place(*facts: StatedFact) -> Place:
        return Place(AccountKind.SEGREGATED_BANK_ACCOUNT, "third", facts)

    with pytest.raises(RefusedError, match="SEC_CONSENT"):
        _stated(opened, place(scope, consents[0]))
    assert len(_stated(opened, place(scope, *consents))) == 3


def test_books_that_are_not_open_have_no_places(books: Books) -> None:
    with pytest.raises(RefusedError, match="whose books are open"):
        _stated(books, _own(*TITLED))
