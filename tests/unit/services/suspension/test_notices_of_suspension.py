"""Notices: under a criterion that is met, at a boundary of a cycle, cured, ended, compared."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_registry
from crossmargin.bootstrap.books import published_criteria
from crossmargin.collateral.call_events import CallPaid, issue_call
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.house_terms import HouseTerms
from crossmargin.participation.customer import (
    State,
    may_hold_positions,
    may_hold_property,
    state_changes,
    state_of,
)
from crossmargin.participation.documents import DocumentKind
from crossmargin.participation.standing import Invoker, StandingState, standing_at
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks, MemoryWork
from crossmargin.services.books.papers import end_document
from crossmargin.services.books.participation import customer_file, take_step
from crossmargin.services.clearing_day.call_register import write_event
from crossmargin.services.clearing_day.house_terms import set_terms
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.suspension.desk import AccessDesk
from crossmargin.services.suspension.notices import (
    acknowledge,
    compare,
    cure,
    give_notice,
    state_evidence,
)
from crossmargin.testing.participants import (
    FIRM,
    FUND,
    TEN_PER_CENT,
    bring_in,
    digest,
    entered,
    establish_firm,
    instant,
    record_papers,
)

_OTHER = CustomerKey(FIRM, "FUND-2")
_MONDAY = "2026-05-04"


@pytest.fixture
def work() -> MemoryWork:
    with MemoryBooks().work() as begun:
        establish_firm(begun)
        for each in (FUND, _OTHER):
            record_papers(begun, each)
            bring_in(begun, each)
        return begun


@pytest.fixture(scope="module")
def desk() -> AccessDesk:
    return AccessDesk(FIRM, published_criteria(), parameter_registry())


def _stated(desk: AccessDesk, work: MemoryWork, criterion: str, at: datetime) -> str:
    return state_evidence(desk, work, FUND, criterion, entered(at), sha256=digest("order"))


def _notice(  # noqa: PLR0917 - as the command has them
    desk: AccessDesk,
    work: MemoryWork,
    criterion: str,
    at: datetime,
    by: Invoker = Invoker.BD_FCM,
    customer: CustomerKey = FUND,
) -> str:
    return give_notice(desk, work, customer, criterion, entered(at), invoked_by=by)


def _refused(call, *arguments, **named) -> list[str]:
    with pytest.raises(RefusedError) as refused:
        call(*arguments, **named)
    return [each.field for each in refused.value.refusals]


def _file(work: MemoryWork, customer: CustomerKey = FUND):
    return customer_file(work, customer, TEN_PER_CENT)


def _standing(work: MemoryWork, at: datetime) -> StandingState:
    return standing_at(_file(work).standing, at)


def _call(work: MemoryWork, customer: CustomerKey, day: str) -> str:
    """Issue a call at noon that is due on the day."""
    rules = DeadlineRules.from_parameters(
        parameter_registry().set_of("collateral", date.fromisoformat(day))
    )
    call = issue_call(
        f"call/{customer.customer_id}/{day}",
        customer,
        business_date=date.fromisoformat(day),
        at=instant("12:15", day),
        ccp=ClearingOrganization.CME,
        cycle="ITD",
        amount=Money(100),
        currency="USD",
        rules=rules,
    )
    write_event(work, call, Written(date.fromisoformat(day), instant("12:15", day), "ann"))
    return call.event_id


@pytest.mark.parametrize(
    ("currency", "due"),
    [("USD", "2026-05-04T19:00:00-04:00"), ("JPY", "2026-05-06T17:00:00-04:00")],
)
def test_the_surge_is_due_as_a_call_in_the_customers_currency_is(desk, work, currency, due) -> None:
    terms = HouseTerms(FUND, date.fromisoformat(_MONDAY), call_currency=currency)
    set_terms(work, terms, entered(instant("09:00", _MONDAY)))
    at = instant("11:00", _MONDAY)
    _stated(desk, work, "XM-07", at)
    _notice(desk, work, "XM-07", at, Invoker.CME)
    notice = _file(work).standing[-1]
    assert notice.said["effective_at"] == "2026-05-04T12:15:00-04:00"
    assert notice.said["surge_due_at"] == due


def test_an_order_takes_effect_at_the_next_boundary_of_a_cycle(desk, work) -> None:
    at = instant("11:00", _MONDAY)
    _stated(desk, work, "XM-07", at)
    _notice(desk, work, "XM-07", at, Invoker.FICC)
    assert _standing(work, instant("10:59", _MONDAY)) is StandingState.ACTIVE
    assert _standing(work, instant("12:14", _MONDAY)) is StandingState.NOTICE
    assert _standing(work, instant("12:15", _MONDAY)) is StandingState.SUSPENDED
    file = _file(work)
    assert state_of(file, instant("12:14", _MONDAY)) is State.LIVE
    assert state_of(file, instant("12:15", _MONDAY)) is State.SUSPENDED
    assert state_changes(file)[-1] == (instant("12:15", _MONDAY), State.SUSPENDED)
    decided = may_hold_positions(file, instant("12:15", _MONDAY)).decided_by
    assert decided is not None
    assert (decided.name, decided.detail) == ("NOT_SUSPENDED", "under criterion XM-07")
    assert may_hold_property(file, instant("12:15", _MONDAY)).allowed


@pytest.mark.parametrize(
    ("clock", "day", "effective"),
    [
        ("12:15", _MONDAY, "2026-05-04T20:45:00-04:00"),
        ("20:45", _MONDAY, "2026-05-05T12:15:00-04:00"),
        ("21:00", "2026-05-08", "2026-05-11T12:15:00-04:00"),
    ],
)
def test_a_cycle_that_has_begun_is_not_changed(desk, clock, day, effective) -> None:
    criterion = desk.criteria.of("XM-07")
    assert desk.effective_at(criterion, instant(clock, day)).isoformat() == effective


def test_a_period_runs_in_business_days_to_the_boundary_after_it(desk) -> None:
    # Ten business days, with Memorial Day among them.
    criterion = desk.criteria.of("XM-10")
    effective = desk.effective_at(criterion, instant("13:00", "2026-05-15"))
    assert effective.isoformat() == "2026-06-01T20:45:00-04:00"


def test_no_notice_without_a_criterion_that_is_published_met_and_invoked_by_who_may(
    desk, work
) -> None:
    at = instant("11:00", _MONDAY)
    assert _refused(_notice, desk, work, "", at) == ["criterion"]
    assert _refused(_notice, desk, work, "XM-07", at) == ["invoked_by", "evidence"]
    assert _refused(_notice, desk, work, "XM-01", at) == ["evidence"]
    stranger = CustomerKey(FIRM, "STRANGER")
    assert _refused(_notice, desk, work, "XM-01", at, customer=stranger) == [
        *("customer", "evidence"),
    ]
    _stated(desk, work, "XM-07", at)
    _notice(desk, work, "XM-07", at, Invoker.CME)
    later, before = instant("11:05", _MONDAY), instant("09:00", _MONDAY)
    assert _refused(_notice, desk, work, "XM-07", later, Invoker.CME) == ["criterion"]
    assert "at" in _refused(_notice, desk, work, "XM-05", before)


def test_a_paper_is_stated_only_under_a_criterion_that_papers_meet(desk, work) -> None:
    at = instant("11:00", _MONDAY)
    assert _refused(_stated, desk, work, "XM-01", at) == ["criterion"]
    wrong = entered(at)
    named = _refused(state_evidence, desk, work, FUND, "XM-07", wrong, sha256="no digest")
    assert named == ["sha256"]


def test_a_paper_is_one_of_a_customer_of_the_books_and_has_something_in_it(desk, work) -> None:
    stranger, nothing = CustomerKey(FIRM, "STRANGER"), digest("")
    entry = entered(instant("11:00", _MONDAY))
    named = _refused(state_evidence, desk, work, stranger, "XM-07", entry, sha256=nothing)
    assert named == ["sha256", "customer"]


@pytest.mark.parametrize(
    ("criterion", "actor", "fields"),
    [
        ("XM-07", "customer:ann", ["actor"]),
        ("XM-08", "customer:ann", ["actor"]),
        ("XM-07", "regulator:ann", ["actor"]),
        ("XM-07", "bd_fcm_compliance:ann", []),
        ("XM-09", "customer:ann", []),
    ],
)
def test_a_customers_own_people_enter_what_the_customer_invokes_and_nothing_else(
    desk, work, criterion, actor, fields
) -> None:
    by = min(desk.criteria.of(criterion).invoked_by)
    at, paper = instant("11:00", _MONDAY), digest("paper")
    fair, tried = entered(at), entered(at, actor)
    if fields:
        named = _refused(state_evidence, desk, work, FUND, criterion, tried, sha256=paper)
        assert named == fields
        state_evidence(desk, work, FUND, criterion, fair, sha256=paper)
        named = _refused(give_notice, desk, work, FUND, criterion, tried, invoked_by=by)
        assert named == fields
        notice = give_notice(desk, work, FUND, criterion, fair, invoked_by=by)
        later = entered(instant("15:00", _MONDAY), actor)
        assert _refused(cure, desk, work, FUND, notice, later, sha256=paper) == fields
    else:
        state_evidence(desk, work, FUND, criterion, tried, sha256=paper)
        notice = give_notice(desk, work, FUND, criterion, tried, invoked_by=by)
    acknowledge(desk, work, FUND, notice, entered(at, "customer:bea"), sha256=paper)


def test_maker_and_checker_differ(desk, work) -> None:
    at = instant("11:00", _MONDAY)
    _stated(desk, work, "XM-07", at)
    alone = entered(at, "ann", "Ann")
    named = _refused(give_notice, desk, work, FUND, "XM-07", alone, invoked_by=Invoker.CME)
    assert named == ["approver"]


def test_given_again_a_notice_is_there_already(desk, work) -> None:
    at = instant("11:00", _MONDAY)
    _stated(desk, work, "XM-07", at)
    first = _notice(desk, work, "XM-07", at, Invoker.CME)
    assert _notice(desk, work, "XM-07", at, Invoker.CME) == first
    assert len(_file(work).standing) == 2


def test_an_unpaid_call_leads_to_notice_and_its_payment_cures_it(desk, work) -> None:
    call_id = _call(work, FUND, _MONDAY)
    at = instant("11:00", "2026-05-06")
    assert _refused(_notice, desk, work, "XM-01", instant("11:00", "2026-05-05")) == ["evidence"]
    notice_id = _notice(desk, work, "XM-01", at)
    (notice,) = _file(work).standing
    assert notice.causes == (call_id,)
    assert notice.said["may_be_cured_until"] == "2026-05-07T12:15:00-04:00"
    soon = instant("12:00", "2026-05-06")
    assert _refused(cure, desk, work, FUND, notice_id, entered(soon)) == ["evidence"]
    paid = CallPaid(
        event_id="paid",
        customer=FUND,
        business_date=date(2026, 5, 6),
        at=instant("13:00", "2026-05-06"),
        amount=Money(100),
        currency="USD",
        ccp=ClearingOrganization.CME,
    )
    write_event(work, paid, Written(paid.business_date, paid.at, "ann"))
    cure(desk, work, FUND, notice_id, entered(instant("14:00", "2026-05-06")))
    assert _standing(work, instant("13:59", "2026-05-06")) is StandingState.NOTICE
    assert _standing(work, instant("12:15", "2026-05-07")) is StandingState.CURED
    again = entered(instant("15:00", "2026-05-06"))
    assert _refused(cure, desk, work, FUND, notice_id, again) == ["notice"]


def test_the_parity_check_names_who_also_meets_it_and_was_not_acted_on(desk, work) -> None:
    _call(work, FUND, _MONDAY)
    _call(work, _OTHER, _MONDAY)
    at = instant("11:00", "2026-05-06")
    notice_id = _notice(desk, work, "XM-01", at)
    (notice,) = _file(work).standing
    assert notice.said["also_met_by"] == [
        {
            "customer": "FUND-2",
            "evidence": [f"call/FUND-2/{_MONDAY}"],
            "notice": "",
            "acted_on": "no",
        }
    ]
    compared = {c.customer.customer_id: c.notice_id for c in compare(desk, work, "XM-01", at)}
    assert compared == {"FUND-1": notice_id, "FUND-2": ""}
    assert compare(desk, work, "XM-02", at) == ()


def test_a_paper_that_ends_is_a_criterion_until_another_is_in_force(desk, work) -> None:
    document = _file(work).document(DocumentKind.DISCLOSURE, instant("20:00"))
    assert document is not None
    end_document(
        work,
        document.record_id,
        last=date(2026, 5, 3),
        sha256=digest("ends"),
        entry=entered(instant("20:00")),
    )
    at = instant("11:00", _MONDAY)
    notice_id = _notice(desk, work, "XM-02", at)
    assert _file(work).standing[0].said["evidence"] == ["DISCLOSURE"]
    assert _refused(cure, desk, work, FUND, notice_id, entered(at)) == ["evidence"]


def test_what_is_immediate_is_lifted_only_after_it_took_effect_and_by_a_paper(desk, work) -> None:
    at = instant("11:00", _MONDAY)
    _stated(desk, work, "XM-07", at)
    notice_id = _notice(desk, work, "XM-07", at, Invoker.CME)
    before, after = (entered(instant(clock, _MONDAY)) for clock in ("11:30", "15:00"))
    paper = digest("lifted")
    assert _refused(cure, desk, work, FUND, notice_id, before, sha256=paper) == ["notice"]
    assert _refused(cure, desk, work, FUND, notice_id, after) == ["paper"]
    assert _refused(cure, desk, work, FUND, notice_id, after, sha256="x") == ["sha256"]
    cure(desk, work, FUND, notice_id, after, sha256=paper)
    assert _standing(work, instant("15:00", _MONDAY)) is StandingState.ACTIVE
    assert may_hold_positions(_file(work), instant("15:00", _MONDAY)).allowed
    # What was stated is taken back with it: another notice needs another paper.
    named = _refused(_notice, desk, work, "XM-07", instant("16:00", _MONDAY), Invoker.CME)
    assert named == ["evidence"]


def test_either_sides_withdrawal_ends_access_for_good_at_a_boundary(desk, work) -> None:
    at = instant("11:00", _MONDAY)
    _stated(desk, work, "XM-09", at)
    notice_id = _notice(desk, work, "XM-09", at, Invoker.CUSTOMER)
    assert _standing(work, instant("12:15", _MONDAY)) is StandingState.TERMINATED
    assert state_of(_file(work), instant("12:15", _MONDAY)) is State.TERMINATED
    after = entered(instant("15:00", _MONDAY))
    paper = digest("regrets")
    assert _refused(cure, desk, work, FUND, notice_id, after, sha256=paper) == ["notice"]
    _stated(desk, work, "XM-05", instant("15:30", _MONDAY))
    named = _refused(_notice, desk, work, "XM-05", instant("16:00", _MONDAY))
    assert named == ["customer"]
    leave = StepTaken(Step.LEAVING)
    take_step(work, FUND, leave, entered(instant("17:00", _MONDAY)), proprietary_share=TEN_PER_CENT)
    assert state_of(_file(work), instant("17:00", _MONDAY)) is State.LEAVING


def test_a_graver_notice_may_follow_one_that_waits(desk, work) -> None:
    _call(work, FUND, _MONDAY)
    _notice(desk, work, "XM-01", instant("11:00", "2026-05-06"))
    at = instant("11:30", "2026-05-06")
    _stated(desk, work, "XM-06", at)
    _notice(desk, work, "XM-06", at)
    assert _standing(work, instant("12:15", "2026-05-06")) is StandingState.TERMINATED


def test_a_customer_acknowledges_a_notice_that_stands_once(desk, work) -> None:
    at = instant("11:00", _MONDAY)
    _stated(desk, work, "XM-07", at)
    notice_id = _notice(desk, work, "XM-07", at, Invoker.CME)
    later, signed = entered(instant("11:10", _MONDAY)), digest("signed")
    assert _refused(acknowledge, desk, work, FUND, "notice/0", later, sha256=signed) == ["notice"]
    assert _refused(acknowledge, desk, work, FUND, notice_id, later, sha256="") == ["sha256"]
    acknowledge(desk, work, FUND, notice_id, later, sha256=signed)
    last = entered(instant("11:20", _MONDAY))
    assert _refused(acknowledge, desk, work, FUND, notice_id, last, sha256=signed) == ["notice"]
    assert _standing(work, instant("11:20", _MONDAY)) is StandingState.NOTICE
