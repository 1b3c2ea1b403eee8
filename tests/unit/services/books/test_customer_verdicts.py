"""States and verdicts through time, each gate deciding in its turn, steps in their order."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.participation.customer import (
    CustomerFile,
    State,
    may_hold_positions,
    may_hold_property,
    state_changes,
    state_of,
)
from crossmargin.participation.documents import OF_BD_FCM, DocumentKind
from crossmargin.participation.entities import RegistrationKind
from crossmargin.participation.ownership import Owner, Relation
from crossmargin.participation.programme import ProgrammeFactKind
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.services.books.memory import MemoryBooks, MemoryWork
from crossmargin.services.books.papers import end_document
from crossmargin.services.books.participation import customer_file, take_step
from crossmargin.testing.participants import (
    FUND,
    TEN_PER_CENT,
    WAY_IN,
    bring_in,
    digest,
    entered,
    establish_firm,
    instant,
    instant_of,
    record_papers,
    step,
)

_LATER = instant("20:00")
_OWN_PAPERS = tuple(kind for kind in DocumentKind if kind not in OF_BD_FCM)
_DIRECTORS = (
    Owner("A DIRECTOR", Fraction(1, 2), Relation.OFFICER_OR_DIRECTOR),
    Owner("OTHERS", Fraction(1, 2), Relation.NONE),
)


@pytest.fixture
def work() -> MemoryWork:
    with MemoryBooks().work() as begun:
        return begun


def _file(work: MemoryWork) -> CustomerFile:
    return customer_file(work, FUND, TEN_PER_CENT)


def _take(work: MemoryWork, kind: Step, at: datetime, taken: StepTaken | None = None) -> str:
    return take_step(work, FUND, taken or step(kind), entered(at), proprietary_share=TEN_PER_CENT)


def _refusals(work: MemoryWork, kind: Step, at: datetime, taken: StepTaken | None = None) -> list:
    with pytest.raises(RefusedError) as refused:
        _take(work, kind, at, taken)
    return [(each.field, each.value) for each in refused.value.refusals]


def _live(work: MemoryWork) -> None:
    establish_firm(work)
    record_papers(work)
    bring_in(work)


def test_a_customer_goes_from_state_to_state(work: MemoryWork) -> None:
    _live(work)
    file = _file(work)
    assert [state for _, state in state_changes(file)] == [
        State.APPLICANT,
        State.DISCLOSED,  # the papers were there before
        State.OPTED_IN,
        State.ACCOUNTS_OPEN,
        State.REHEARSED,
        State.LIVE,
    ]
    assert state_of(file, instant("08:59")) is State.UNKNOWN
    assert state_of(file, instant_of(Step.WENT_LIVE)) is State.LIVE
    assert may_hold_positions(file, _LATER).decided_by is None
    assert may_hold_property(file, _LATER).decided_by is None


def test_property_may_come_once_accounts_are_open_and_positions_once_live(
    work: MemoryWork,
) -> None:
    _live(work)
    file = _file(work)
    opened, live = instant_of(Step.ACCOUNTS_OPENED), instant_of(Step.WENT_LIVE)
    just = {at: instant(f"{at.hour - 1:02d}:59") for at in (opened, live)}
    assert not may_hold_property(file, just[opened]).allowed
    assert may_hold_property(file, opened).allowed
    assert not may_hold_positions(file, just[live]).allowed
    assert may_hold_positions(file, live).allowed


def test_states_before_the_papers_are_there(work: MemoryWork) -> None:
    establish_firm(work)
    agreement, disclosure = (
        DocumentKind.PARTICIPATION_AND_SUBORDINATION,
        DocumentKind.DISCLOSURE,
    )
    bring_in(work, until=Step.DECLARED)
    assert state_of(_file(work), _LATER) is State.DECLARED
    record_papers(work, without={agreement, disclosure})
    assert state_of(_file(work), _LATER) is State.DECLARED
    record_papers(work, without={disclosure})
    assert state_of(_file(work), _LATER) is State.AGREED
    record_papers(work)
    assert state_of(_file(work), _LATER) is State.DISCLOSED


@pytest.mark.parametrize("missing", [*RegistrationKind, *ProgrammeFactKind, *sorted(OF_BD_FCM)])
def test_accounts_stay_shut_without_any_part_of_firm_and_programme(
    work: MemoryWork, missing: str
) -> None:
    establish_firm(work, without={missing})
    record_papers(work)
    bring_in(work, until=Step.BD_FCM_OPTED_IN)
    ((field, value),) = _refusals(work, Step.ACCOUNTS_OPENED, instant_of(Step.ACCOUNTS_OPENED))
    named = field if field != "BD_FCM_IS_ELIGIBLE" else value.partition(":")[0]
    assert named == missing


@pytest.mark.parametrize("missing", _OWN_PAPERS)
def test_nobody_opts_in_or_gets_accounts_without_a_paper(
    work: MemoryWork, missing: DocumentKind
) -> None:
    establish_firm(work)
    record_papers(work, without={missing})
    bring_in(work, until=Step.DECLARED)
    if missing is DocumentKind.PLEDGE_TO_BD_FCM:
        bring_in(work, until=Step.BD_FCM_OPTED_IN)
        stopped = Step.ACCOUNTS_OPENED
    else:
        stopped = Step.CUSTOMER_OPTED_IN
    assert [field for field, _ in _refusals(work, stopped, instant_of(stopped))] == [missing]


@pytest.mark.parametrize("place", range(1, len(WAY_IN)))
def test_no_step_is_left_out(work: MemoryWork, place: int) -> None:
    establish_firm(work)
    record_papers(work)
    left_out, last = WAY_IN[place - 1], WAY_IN[place]
    if last is Step.BD_FCM_OPTED_IN:  # either side may be the first
        return
    for kind in WAY_IN[: place - 1]:
        _take(work, kind, instant_of(kind))
    with pytest.raises(RefusedError) as refused:
        _take(work, last, instant_of(last))
    named = [(each.field, each.expected) for each in refused.value.refusals]
    assert (left_out, "passed") in named or ("step", f"{left_out} before it") in named


def test_every_step_and_gate_that_is_missing_is_named_at_once(work: MemoryWork) -> None:
    fields = [field for field, _ in _refusals(work, Step.WENT_LIVE, _LATER)]
    assert fields == [
        *ProgrammeFactKind,
        "BD_FCM_IS_ELIGIBLE",
        "PARTICIPANT_AGREEMENT",
        "SECURITY_INTEREST_TO_CME",
        "OWNERSHIP_AND_CONTROL",
        "IS_A_CUSTOMER",
        "PARTICIPATION_AND_SUBORDINATION",
        "DISCLOSURE",
        "PLEDGE_TO_BD_FCM",
        *(Step.CUSTOMER_OPTED_IN, Step.BD_FCM_OPTED_IN, Step.ACCOUNTS_OPENED, Step.REHEARSED),
    ]


@pytest.mark.parametrize("kind", [each for each in WAY_IN if each not in {"DECLARED", "REHEARSED"}])
def test_a_step_is_taken_once(work: MemoryWork, kind: Step) -> None:
    _live(work)
    assert _refusals(work, kind, _LATER) == [("step", kind)]


def test_nothing_is_written_before_what_was_done(work: MemoryWork) -> None:
    _live(work)
    early = instant("14:59")
    assert _refusals(work, Step.DECLARED, early) == [("at", early.isoformat())]


def test_a_change_of_ownership_ends_eligibility_and_another_mends_it(work: MemoryWork) -> None:
    _live(work)
    changed = StepTaken(Step.DECLARED, owners=_DIRECTORS)
    record_id = _take(work, Step.DECLARED, instant("17:00"), changed)
    _take(work, Step.DECLARED, instant("18:00"))
    file = _file(work)
    assert state_of(file, instant("16:59")) is State.LIVE
    assert state_of(file, instant("17:00")) is State.INELIGIBLE
    for verdict in (may_hold_positions, may_hold_property):
        decided = verdict(file, instant("17:00")).decided_by
        assert decided is not None
        assert (decided.name, decided.evidence) == ("IS_A_CUSTOMER", (record_id,))
        assert decided.detail == "related to the firm: A DIRECTOR, together 50 % of the account"
        assert verdict(file, instant("18:00")).allowed
    assert state_of(file, instant("18:00")) is State.LIVE


def test_a_proprietary_account_comes_no_further(work: MemoryWork) -> None:
    establish_firm(work)
    record_papers(work)
    bring_in(work, until=Step.DECLARED, owners=_DIRECTORS)
    assert state_of(_file(work), _LATER) is State.INELIGIBLE
    assert [field for field, _ in _refusals(work, Step.CUSTOMER_OPTED_IN, _LATER)] == [
        "IS_A_CUSTOMER"
    ]


@pytest.mark.parametrize("kind", _OWN_PAPERS)
def test_a_document_that_ends_ends_the_verdict_the_day_after(
    work: MemoryWork, kind: DocumentKind
) -> None:
    _live(work)
    document = _file(work).document(kind, _LATER)
    assert document is not None
    end_document(
        work,
        document.record_id,
        last=date(2026, 5, 4),
        sha256=digest("notice"),
        entry=entered(_LATER),
    )
    file = _file(work)
    for verdict in (may_hold_positions, may_hold_property):
        assert verdict(file, instant("23:59", "2026-05-04")).allowed
        decided = verdict(file, instant("00:00", "2026-05-05")).decided_by
        assert decided is not None
        assert decided.name == kind


def test_a_rehearsal_shows_its_evidence(work: MemoryWork) -> None:
    establish_firm(work)
    record_papers(work)
    bring_in(work, until=Step.ACCOUNTS_OPENED)
    at = instant_of(Step.REHEARSED)
    assert _refusals(work, Step.REHEARSED, at, StepTaken(Step.REHEARSED)) == [("evidence", "")]
    unknown = StepTaken(Step.REHEARSED, causes=("rehearsal/1",))
    assert _refusals(work, Step.REHEARSED, at, unknown) == [("evidence", "rehearsal/1")]
    (declared,) = [each.record_id for each in _file(work).steps if each.step is Step.DECLARED]
    other = StepTaken(Step.REHEARSED, causes=(declared,))
    assert _refusals(work, Step.REHEARSED, at, other) == [("evidence", declared)]


def test_a_leaving_customer_may_close_and_do_nothing_new(work: MemoryWork) -> None:
    _live(work)
    _take(work, Step.LEAVING, instant("17:00"))
    file = _file(work)
    assert state_of(file, _LATER) is State.LEAVING
    assert may_hold_positions(file, _LATER).allowed
    assert _refusals(work, Step.CUSTOMER_OPTED_IN, _LATER)[-1] == ("step", "CUSTOMER_OPTED_IN")
    _take(work, Step.LEFT, instant("18:00"))
    file = _file(work)
    assert state_of(file, _LATER) is State.LEFT
    for verdict in (may_hold_positions, may_hold_property):
        decided = verdict(file, _LATER).decided_by
        assert decided is not None
        assert decided.name == "NOT_LEFT"
    assert ("step", "APPLIED") in _refusals(work, Step.APPLIED, _LATER)


def test_an_applicant_may_withdraw(work: MemoryWork) -> None:
    bring_in(work, until=Step.APPLIED)
    _take(work, Step.LEAVING, instant("10:00"))
    _take(work, Step.LEFT, instant("11:00"))
    assert state_of(_file(work), _LATER) is State.LEFT
