"""What the use cases write: records under the caller's ids, accounts opened once and closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.ledger.assets import futures_position
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.participation.documents import DocumentKind
from crossmargin.participation.entities import RegistrationKind
from crossmargin.participation.programme import ProgrammeFact, ProgrammeFactKind
from crossmargin.participation.steps import CUSTOMER_STEP, Step, StepTaken
from crossmargin.services.books.accounts import CUSTOMER_KINDS, SECURITIES_KINDS, of_customer
from crossmargin.services.books.memory import MemoryBooks, MemoryWork
from crossmargin.services.books.papers import (
    end_document,
    record_document,
    register,
    state_programme_fact,
)
from crossmargin.services.books.participation import (
    XM_KINDS,
    customer_file,
    customers_of,
    take_step,
    what_remains,
)
from crossmargin.services.books.ports import ConflictingRecordError
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
    instant_of,
    paper,
    record_papers,
    step,
)

_NOTE = futures_position("ZNM26")


@pytest.fixture
def work() -> MemoryWork:
    with MemoryBooks().work() as begun:
        establish_firm(begun)
        record_papers(begun)
        return begun


def _take(
    work: MemoryWork, taken: StepTaken, clock: str, record_id: str = "", day: str = "2026-05-01"
) -> str:
    return take_step(
        work,
        FUND,
        taken,
        entered(instant(clock, day)),
        proprietary_share=TEN_PER_CENT,
        record_id=record_id,
    )


def _trade(work: MemoryWork, quantity: int, clock: str, day: str = "2026-05-01") -> Posting:
    xm = of_customer(AccountKind.CME_XM_POSITION, FUND).account_id
    cleared = Account(AccountKind.CME_CLEARED_TRADES, SegregationClass.FUTURES, "")
    if cleared not in work.ledger.accounts():
        work.ledger.open_account(cleared, opened=date(2026, 5, 1), cause_id="test")
    debit, credit = (xm, cleared.account_id) if quantity > 0 else (cleared.account_id, xm)
    at = instant(clock, day)
    transfer = Transfer(
        transfer_id=f"trade/{at.isoformat()}",
        group_id=f"trade/{at.isoformat()}",
        kind=TransferKind.FUTURES_TRADE,
        debit_account_id=debit,
        credit_account_id=credit,
        asset=_NOTE,
        amount=abs(quantity),
        business_date=at.date(),
        at=at,
        cause_id="test",
    )
    (answer,) = work.ledger.post([transfer])
    return answer.posting


def test_accounts_are_opened_by_their_step_and_not_before(work: MemoryWork) -> None:
    bring_in(work, until=Step.BD_FCM_OPTED_IN)
    assert work.ledger.accounts(customer_id=FUND.customer_id) == ()
    bring_in(work, until=Step.ACCOUNTS_OPENED)
    opened = work.ledger.accounts(customer_id=FUND.customer_id)
    assert {each.kind for each in opened} == {*CUSTOMER_KINDS, *SECURITIES_KINDS}
    assert {each.bd_fcm for each in opened} == {FIRM}
    record_id = f"step/FCM-1/FUND-1/ACCOUNTS_OPENED/{instant_of(Step.ACCOUNTS_OPENED).isoformat()}"
    assert work.records.get(record_id) is not None


def test_a_futures_account_that_was_there_stays_as_it_was(work: MemoryWork) -> None:
    futures = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, FUND)
    work.ledger.open_account(futures, opened=date(2020, 1, 2), cause_id="before")
    bring_in(work, until=Step.ACCOUNTS_OPENED)
    assert not work.ledger.open_account(futures, opened=date(2020, 1, 2), cause_id="before")


def test_everything_done_again_changes_nothing(work: MemoryWork) -> None:
    bring_in(work)
    before = [each.digest for each in work.records.select()]
    establish_firm(work)
    record_papers(work)
    bring_in(work)
    assert [each.digest for each in work.records.select()] == before
    assert customers_of(work) == (FUND,)
    assert customers_of(work, "FCM-2") == ()


def test_the_callers_id_is_kept_and_says_one_thing(work: MemoryWork) -> None:
    assert _take(work, step(Step.APPLIED), "09:00", "mine") == "mine"
    assert _take(work, step(Step.APPLIED), "09:00", "mine") == "mine"
    with pytest.raises(ConflictingRecordError):
        _take(work, step(Step.APPLIED), "10:00", "mine")


@pytest.mark.parametrize("approver", ["", "ann", "ANN ", "bd_fcm_risk:ann", "auditor:bob"])
def test_nothing_is_written_without_a_second_person_in_a_right_role(
    work: MemoryWork, approver: str
) -> None:
    before = len(work.records.select())
    entry = entered(instant("19:00"), "ann", approver)
    facts = ProgrammeFact(ProgrammeFactKind.CME_RULES, "2", digest("2"), date(2026, 5, 1))
    document = paper(DocumentKind.DISCLOSURE, "FCM-1/FUND-2", instant("18:00"))
    ended = work.records.select(subject="FCM-1/FUND-1")[0].record_id
    kind = RegistrationKind.BROKER_DEALER
    for write in (
        lambda: state_programme_fact(work, facts, entry),
        lambda: register(
            work, "FCM-2", kind, FIRM_LEI, first=date(2020, 1, 2), last=None, entry=entry
        ),
        lambda: record_document(work, document, entry),
        lambda: end_document(work, ended, last=date(2026, 5, 4), sha256=digest("n"), entry=entry),
        lambda: take_step(work, FUND, step(Step.APPLIED), entry, proprietary_share=TEN_PER_CENT),
    ):
        with pytest.raises(RefusedError, match="maker and checker"):
            write()
    assert len(work.records.select()) == before


def test_a_document_is_not_recorded_before_it_is_signed_nor_ended_before_it_begins(
    work: MemoryWork,
) -> None:
    document = paper(DocumentKind.DISCLOSURE, "FCM-1/FUND-2", instant("18:00"))
    with pytest.raises(RefusedError, match="signed_at was"):
        record_document(work, document, entered(instant("17:59")))
    record_id = record_document(work, document, entered(instant("18:00")))
    for wrong in (
        {"document_id": record_id, "last": date(2026, 4, 30)},
        {"document_id": "document/none", "last": date(2026, 5, 4)},
    ):
        with pytest.raises(RefusedError):
            end_document(work, **wrong, sha256=digest("n"), entry=entered(instant("19:00")))
    with pytest.raises(RefusedError, match="last was"):
        register(
            work,
            FIRM,
            RegistrationKind.BROKER_DEALER,
            FIRM_LEI,
            first=date(2026, 5, 1),
            last=date(2026, 4, 30),
            entry=entered(instant("19:00")),
        )


def test_a_fact_that_is_known_may_be_stated_by_anybody_again(work: MemoryWork) -> None:
    kind = ProgrammeFactKind.CME_RULES
    fact = ProgrammeFact(kind, "first", digest(kind), date(2026, 4, 20))
    before = len(work.records.select())
    state_programme_fact(work, fact, entered(instant("19:00"), "eve", "mallory"))
    assert len(work.records.select()) == before
    with pytest.raises(ConflictingRecordError):
        state_programme_fact(
            work, replace(fact, first=date(2026, 4, 21)), entered(instant("19:00"))
        )


def test_a_leaving_customer_names_what_remains_and_has_left_when_nothing_does(
    work: MemoryWork,
) -> None:
    bring_in(work)
    assert what_remains(work, FUND) == ()
    assert _trade(work, 5, "15:30") is Posting.POSTED
    (line,) = what_remains(work, FUND)
    assert line == "CME_XM_POSITION FUT-ZNM26 5"
    with pytest.raises(RefusedError) as refused:
        _take(work, StepTaken(Step.LEAVING, remains=("FICC_XM_MARGIN CASH-USD 1",)), "17:00")
    assert [(each.value, each.expected) for each in refused.value.refusals] == [
        (line, "named as what remains"),
        ("FICC_XM_MARGIN CASH-USD 1", "what is there"),
    ]
    _take(work, StepTaken(Step.LEAVING, remains=(line,)), "17:00")
    with pytest.raises(RefusedError, match="nothing left"):
        _take(work, StepTaken(Step.LEFT), "18:00")
    assert _trade(work, -5, "18:30") is Posting.POSTED
    # Its accounts moved on the day: they close from the next one on.
    _take(work, StepTaken(Step.LEFT), "19:00")
    assert _trade(work, 5, "09:30", "2026-05-02") is Posting.ACCOUNT_IS_CLOSED


def test_leaving_closes_the_accounts_of_the_arrangement_alone(work: MemoryWork) -> None:
    bring_in(work)
    _take(work, StepTaken(Step.LEAVING), "17:00")
    left = _take(work, StepTaken(Step.LEFT), "18:00")
    assert _take(work, StepTaken(Step.LEFT), "18:00") == left
    for kind in XM_KINDS:
        account = of_customer(kind, FUND)
        assert not work.ledger.close_account(
            account.account_id, closed=date(2026, 5, 1), cause_id=left
        )
    futures = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, FUND)
    assert work.ledger.close_account(futures.account_id, closed=date(2026, 6, 1), cause_id="test")


def test_a_record_that_does_not_fit_is_refused_on_reading(work: MemoryWork) -> None:
    at = instant("09:00")
    bad = Record("bad", CUSTOMER_STEP, "FCM-1/FUND-1", at.date(), at, "ann", {"step": "FLEW"})
    work.records.add(bad)
    with pytest.raises(RefusedError, match="bad"):
        customer_file(work, FUND, TEN_PER_CENT)
