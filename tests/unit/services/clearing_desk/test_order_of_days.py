"""Days are run in order, with maker and checker on every record; a misnamed file is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.books.inbox import FolderInbox
from crossmargin.ledger.findings import Check
from crossmargin.services.book_reports.custody import custodian_rows
from crossmargin.services.books.days import CLOSE, STEP
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.arrivals import (
    Action,
    CustodianRow,
    FileKind,
    InstructionRow,
    Segregation,
)
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import FILE, run_day
from crossmargin.services.clearing_day.intake import HELD_FILE
from crossmargin.services.clearing_day.schedule import StepKind
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.testing.clearing_days import FIRM, ScriptedInbox, arrived, desk_on, quiet_day

MONDAY, TUESDAY = date(2026, 3, 16), date(2026, 3, 17)
FRIDAY, SATURDAY = date(2026, 3, 13), date(2026, 3, 14)
NOTHING = ScriptedInbox({})


@pytest.fixture(scope="module")
def programme(simulated_market):
    """The programme of a day whose steps do nothing."""
    models = desk_on(MemoryBooks(), simulated_market, {}).models
    return quiet_day(models, MONDAY)[1]


def _at(clock: str) -> datetime:
    return arrived(FRIDAY, clock, FileKind.CUSTODIAN, []).arrived_at


def _fault(programme, books, day: date) -> str:
    with pytest.raises(RefusedError) as caught:
        run_day(programme, books, NOTHING, day)
    (refusal,) = caught.value.refusals
    assert (refusal.field, refusal.value) == ("date", day.isoformat())
    return refusal.expected


def test_a_day_waits_for_the_close_of_the_business_day_before(programme):
    books = MemoryBooks()
    clock = programme.clock
    run_day(programme, books, NOTHING, FRIDAY, until=clock.times[StepKind.EOD].on(FRIDAY))
    assert _fault(programme, books, MONDAY) == f"a day after {FRIDAY} is closed"
    run_day(programme, books, NOTHING, FRIDAY)
    run_day(programme, books, NOTHING, MONDAY)
    assert verify_books(books) == ()
    done = run_day(programme, books, NOTHING, FRIDAY)
    assert not any(each.is_new for each in done)


def test_no_day_is_left_out_and_none_is_run_before_the_first(programme):
    books = MemoryBooks()
    run_day(programme, books, NOTHING, MONDAY)
    assert _fault(programme, books, FRIDAY).startswith(f"{MONDAY}, the first day of the books")
    wednesday = TUESDAY + timedelta(days=1)
    assert _fault(programme, books, wednesday) == f"a day after {TUESDAY} is closed"
    assert "both clearing organizations are open" in _fault(programme, books, SATURDAY)
    with books.work() as work:
        assert {each.business_date for each in work.records.select(stream=STEP)} == {MONDAY}


def test_a_closed_day_does_no_step_that_it_was_closed_without(programme):
    books = MemoryBooks()
    clock, later = programme.clock, StepKind.EODXM_RESTRUCK
    times = {kind: at for kind, at in clock.times.items() if kind is not later}
    before = replace(programme, clock=replace(clock, times=times))
    first = run_day(before, books, NOTHING, FRIDAY)
    assert [each.record for each in run_day(programme, books, NOTHING, FRIDAY)] == [
        each.record for each in first
    ]
    run_day(programme, books, NOTHING, MONDAY)
    with books.work() as work:
        restruck = [r for r in work.records.select(stream=STEP) if "restruck" in r.record_id]
    assert [each.business_date for each in restruck] == [MONDAY]


def test_a_file_that_is_found_after_the_close_is_refused_by_name_and_makes_nothing(programme):
    books = MemoryBooks()
    row = CustodianRow(2, "FRBNY", None, Segregation.FUTURES, "CASH-USD", 100)
    late = ScriptedInbox({FRIDAY: [arrived(FRIDAY, "09:00", FileKind.CUSTODIAN, [row])]})
    run_day(programme, books, NOTHING, FRIDAY)
    (found,) = [each for each in run_day(programme, books, late, FRIDAY) if each.is_new]
    close = programme.clock.times[StepKind.CLOSE].on(FRIDAY)
    assert found.record.at == close
    assert found.record.content["refused"][0]["expected"].startswith("a file found before")
    with books.work() as work:
        assert not custodian_rows(work, FIRM, FRIDAY)
    assert not any(each.is_new for each in run_day(programme, books, late, FRIDAY))


def test_a_file_found_after_a_step_that_would_have_seen_it_counts_from_the_latest_step(
    programme, tmp_path
):
    books, inbox = MemoryBooks(), FolderInbox(tmp_path, FIRM)
    row = CustodianRow(2, "FRBNY", None, Segregation.FUTURES, "CASH-USD", 100)
    clock = programme.clock.times

    def put(time: str, label: str) -> None:
        inbox.send(FRIDAY, _at(time), FileKind.CUSTODIAN, label, [row])

    put("09:01", "in-time")
    run_day(programme, books, inbox, FRIDAY, until=clock[StepKind.ITD].on(FRIDAY))
    put("09:02", "late")
    put("12:45", "after-it")
    (tmp_path / FRIDAY.isoformat() / "0903-paymnts.csv").write_text("x", "utf-8")
    run_day(programme, books, inbox, FRIDAY)
    with books.work() as work:
        files = {each.content["name"]: each.at for each in work.records.select(stream=FILE)}
        held = work.records.select(stream=HELD_FILE)
        assert [each.at for each in held] == [work.records.get(each.causes[0]).at for each in held]
    latest = clock[StepKind.ITD].on(FRIDAY)
    assert files == {
        "0901-custodian-in-time.csv": _at("09:01"),
        "0902-custodian-late.csv": latest,
        "1245-custodian-after-it.csv": _at("12:45"),
        "0903-paymnts.csv": latest,
    }


def test_another_bd_fcms_days_are_its_own(programme):
    books = MemoryBooks()
    run_day(programme, books, NOTHING, MONDAY)
    run_day(replace(programme, bd_fcm="OTHER"), books, NOTHING, FRIDAY)
    assert verify_books(books) == ()


def test_verification_finds_a_day_that_was_begun_before_its_turn(programme):
    books = MemoryBooks()
    run_day(programme, books, NOTHING, FRIDAY)
    with books.work() as work:
        closed = work.records.get(f"day/{FIRM}/{FRIDAY}/{CLOSE}")
        stray = replace(closed, record_id="stray", business_date=TUESDAY)
        work.records.add(stray)
        work.commit()
    (found,) = verify_books(books)
    assert (found.check, found.where) == (Check.DAYS_ARE_IN_ORDER, "stray")
    assert found.expected == f"a day after {MONDAY} is closed"


@pytest.mark.parametrize(("first", "last"), [(SATURDAY, SATURDAY), (TUESDAY, MONDAY)])
def test_no_business_day_is_said_and_not_passed_over(simulated_market, first, last):
    desk = desk_on(MemoryBooks(), simulated_market, {})
    with pytest.raises(RefusedError, match="both clearing organizations are open on one"):
        desk.business_days(first, last)
    assert desk.business_days(FRIDAY, MONDAY) == (FRIDAY, MONDAY)


def test_a_misnamed_file_is_recorded_once_and_every_record_has_both_names(programme, tmp_path):
    folder = tmp_path / FRIDAY.isoformat()
    folder.mkdir()
    (folder / "0930-paymnts.csv").write_text("x", "utf-8")
    books, inbox = MemoryBooks(), FolderInbox(tmp_path, FIRM)
    run_day(programme, books, inbox, FRIDAY)
    assert not any(each.is_new for each in run_day(programme, books, inbox, FRIDAY))
    with books.work() as work:
        (file,) = work.records.select(stream=FILE)
        assert {(each.actor, each.approver) for each in work.records.select()} == {
            ("operations", "risk")
        }
    assert file.at == programme.clock.times[StepKind.OPEN].on(FRIDAY)
    assert file.content["name"] == "0930-paymnts.csv"
    assert file.content["refused"][0]["expected"] == "a known kind; did you mean payments?"


def test_a_statement_that_is_corrected_under_its_own_name_stands_beside_the_first(programme):
    books = MemoryBooks()
    row = CustodianRow(2, "FRBNY", None, Segregation.FUTURES, "CASH-USD", 100)
    first = arrived(FRIDAY, "09:00", FileKind.CUSTODIAN, [row])
    corrected = replace(first, rows=(replace(row, quantity=200),), sha256="corrected")
    evening = programme.clock.times[StepKind.EOD].on(FRIDAY)
    for file in (first, corrected, corrected):
        run_day(programme, books, ScriptedInbox({FRIDAY: [file]}), FRIDAY, until=evening)
    with books.work() as work:
        assert len(work.records.select(stream=FILE)) == 2
        (line,) = custodian_rows(work, FIRM, FRIDAY)
        assert line[5] == 200


@pytest.mark.parametrize(
    ("actor", "approver", "fields"),
    [
        ("operations", "risk", []),
        ("bd_fcm_operations:x", "bd_fcm_risk:y", []),
        ("bd_fcm_operations:x", "risk", []),
        ("bd_fcm_operations:x", "bd_fcm_risk:x", ["approver"]),
        ("customer:x", "regulator:y", ["actor", "approver"]),
        ("bd_fcm_risk:x", "bd_fcm_operations:y", ["actor"]),
        ("x", "", ["approver"]),
    ],
)
def test_a_day_is_run_by_two_people_who_may_make_and_approve_wires(
    programme, simulated_market, actor, approver, fields
):
    models = desk_on(MemoryBooks(), simulated_market, {}).models
    found = []
    try:
        DayContext(FIRM, actor, approver, programme.clock, models)
    except RefusedError as error:
        found = [each.field for each in error.refusals]
    assert found == fields


@pytest.mark.parametrize("action", Action)
def test_an_instruction_has_two_people_in_roles_that_may(action):
    def fields(entered_by: str, approved_by: str) -> list[str]:
        try:
            InstructionRow(2, "I", FIRM, None, action, "", 0, "", "", entered_by, approved_by)
        except RefusedError as error:
            return [each.field for each in error.refusals]
        return []

    assert fields("operations", "control") == []
    assert fields("customer:a", "bd_fcm_operations:a") != []
    assert "approved_by" in fields("a", "customer:b")
    assert fields("trustee:a", "trustee:b") == []
