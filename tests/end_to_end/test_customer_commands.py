"""``xm customer`` as a user runs it: papers, steps, verdicts, files of customers."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossmargin.bootstrap import books as books_bootstrap
from crossmargin.cli.main import app
from crossmargin.feeds.books.participants_csv import COLUMNS
from crossmargin.participation.rehearsal import Rehearsal, RehearsedStep, StepOutcome
from crossmargin.testing.participants import digest

SAMPLE = Path(__file__).resolve().parents[2] / "docs" / "tutorial" / "participants.toml"
ran = CliRunner()
_PEOPLE = ("--actor", "bd_fcm_operations:ann", "--approver", "bd_fcm_compliance:bob")
_MORNING = "2026-05-11T09:00-04:00"


class Desk:
    """Somebody at a terminal with one store of books."""

    def __init__(self, folder: Path) -> None:
        self.books = str(folder / "books.db")
        self.paper = folder / "paper.txt"
        self.paper.write_text("a paper", encoding="utf-8")
        books_bootstrap.create_books(self.books).close()

    def run(self, *arguments: object) -> tuple[int, str, str]:
        command = ["customer", *map(str, arguments), "--books", self.books]
        result = ran.invoke(app, command)
        return result.exit_code, result.stdout, result.stderr

    def rehearsed(self, customer: str, *failed: RehearsedStep) -> Path:
        """Return the file of a rehearsal in which all but some steps passed."""
        steps = tuple(StepOutcome(s, s not in failed, {}, ()) for s in RehearsedStep)
        held_at = datetime.fromisoformat(_MORNING)
        held = Rehearsal("BD-FCM", customer, held_at, {}, steps, "")
        path = self.paper.with_name(f"{customer}.json")
        path.write_text(json.dumps(held.as_document()), encoding="utf-8")
        return path

    def write(self, *arguments: object, at: str = _MORNING) -> tuple[int, str, str]:
        return self.run(*arguments, "--at", at, *_PEOPLE)

    def shown(self, customer: str, at: str = _MORNING) -> dict:
        code, out, _ = self.run("show", customer, "--at", at, "--format", "json")
        assert code == 0
        return json.loads(out)

    def import_sample(self) -> tuple[int, str, str]:
        return self.run("import", SAMPLE, *_PEOPLE)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _document(kind: str, desk: Desk, *more: object) -> tuple[object, ...]:
    return ("document", kind, desk.paper, "--signed-at", "2026-05-11T08:00-04:00", *more)


def test_a_file_brings_the_firm_and_its_customers_live_and_again_without_effect(
    desk: Desk,
) -> None:
    code, out, err = desk.import_sample()
    assert (code, err) == (0, "")
    assert out == "BD-FCM: 6 customers loaded of 6\n"
    assert desk.import_sample()[:2] == (0, out)
    code, out, _ = desk.run("list", "--at", _MORNING, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert {(row["state"], row["positions"], row["property"]) for row in rows} == {
        ("LIVE", "yes", "yes")
    }
    assert len(rows) == 6


def test_the_verdict_names_every_gate_with_rule_and_evidence(desk: Desk) -> None:
    desk.import_sample()
    document = desk.shown("BASIS-FUND")
    assert document["state"] == "LIVE"
    assert document["states"][-1] == {"state": "LIVE", "since": "2026-05-08T16:00:00-04:00"}
    gates = document["positions"]["gates"]
    assert all(gate["rule"] and gate["passed"] for gate in gates)
    evidence = {each for gate in gates for each in gate["evidence"]}
    written = {each["record_id"] for key in ("steps", "documents") for each in document[key]}
    applied = document["steps"][0]
    assert applied["step"] == "APPLIED"
    assert written - evidence == {applied["record_id"]}
    before = desk.shown("BASIS-FUND", "2026-05-08T15:59-04:00")
    assert before["positions"]["decided_by"] == "WENT_LIVE (CP-01)"
    assert before["property"]["allowed"]


def test_a_customer_is_brought_in_by_hand(desk: Desk) -> None:
    sample = desk.paper.with_name("firm.toml")
    text = SAMPLE.read_text("utf-8")
    sample.write_text(text[: text.index("[[customer]]")], encoding="utf-8")
    assert desk.run("import", sample, *_PEOPLE)[0] == 0
    assert desk.write("step", "FUND-9", "APPLIED")[0] == 0
    assert desk.write("declare", "FUND-9", "--owner", "ALL:1:NONE:controls")[0] == 0
    both = ("--party", "CUSTOMER", "--party", "BD_FCM", "--customer", "FUND-9")
    own = ("--party", "CUSTOMER", "--customer", "FUND-9")
    acknowledged = (
        *("--acknowledges", "NO_SECURITIES_CUSTOMER_TREATMENT"),
        *("--acknowledges", "SUBCHAPTER_IV_PROTECTION"),
    )
    agreement = _document("PARTICIPATION_AND_SUBORDINATION", desk, *both, *acknowledged)
    code, _, err = desk.write(*agreement)
    assert code == 1
    assert "lacking SUBORDINATION_OF_SECURITIES_CLAIMS" in err
    last = ("--acknowledges", "SUBORDINATION_OF_SECURITIES_CLAIMS")
    for command in (
        _document("OWNERSHIP_AND_CONTROL", desk, *own),
        (*agreement, *last),
        _document("DISCLOSURE", desk, *own),
        _document("PLEDGE_TO_BD_FCM", desk, *both),
        ("step", "FUND-9", "CUSTOMER_OPTED_IN"),
        ("step", "FUND-9", "BD_FCM_OPTED_IN"),
        ("step", "FUND-9", "ACCOUNTS_OPENED"),
        ("step", "FUND-9", "REHEARSED", "--rehearsal", desk.rehearsed("FUND-9")),
        ("step", "FUND-9", "WENT_LIVE"),
    ):
        assert desk.write(*command)[0] == 0, command
    assert desk.shown("FUND-9")["positions"]["allowed"]
    code, _, err = desk.write("step", "FUND-9", "LEAVING", "--id", "leaving-9")
    assert (code, err) == (0, "leaving-9\n")
    assert desk.write("step", "FUND-9", "LEFT")[0] == 0
    assert desk.shown("FUND-9")["state"] == "LEFT"


def test_a_step_too_early_names_every_reason_and_writes_nothing(desk: Desk) -> None:
    code, out, err = desk.write("step", "FUND-9", "WENT_LIVE", "--format", "json")
    assert code == 1
    refused = json.loads(out)["refused"]
    assert len(refused) == len(err.splitlines()) == 18
    assert {"IS_A_CUSTOMER", "DISCLOSURE", "CFTC_RELIEF"} <= {each["field"] for each in refused}
    assert desk.shown("FUND-9")["state"] == "UNKNOWN"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("step", "F", "FLEW"), "expected one of APPLIED"),
        (("step", "F", "DECLARED"), "xm customer declare"),
        (("step", "F", "REHEARSED"), "the document of a rehearsal"),
        (("notice", "F", "XM-99"), "XM-01, XM-02"),
        (("notice", "F", "XM-01", "--invoked-by", "US"), "BD_FCM, CUSTOMER"),
        (("cure", "F", "notice/1"), "a notice to BD-FCM/F that stands"),
        (("declare", "F", "--owner", "A:1"), "NAME:SHARE:RELATION"),
        (("declare", "F", "--owner", "A:1/2:NONE"), "100 % together"),
        (("register", "BANK", "--lei", "X", "--from", "2020-01-02"), "BROKER_DEALER"),
        (("register", "BROKER_DEALER", "--lei", "X", "--from", "2020-01-02"), "an LEI has 20"),
        (("step", "F/G", "APPLIED"), "without a slash"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    desk: Desk, arguments: tuple[object, ...], expected: str
) -> None:
    code, _, err = desk.write(*arguments)
    assert code == 1
    assert expected in err


def test_a_rehearsal_that_failed_or_is_anothers_or_no_document_is_no_evidence(desk: Desk) -> None:
    desk.import_sample()
    failed = desk.rehearsed("CURVE-FUND", RehearsedStep.PORT, RehearsedStep.CALL_MISSED)
    step = ("step", "CURVE-FUND", "REHEARSED", "--rehearsal")
    code, _, err = desk.write(*step, failed)
    assert code == 1
    assert [line.partition(" ")[0] for line in err.splitlines()] == [
        *("steps.CALL_MISSED", "steps.PORT"),
    ]
    code, _, err = desk.write(*step, desk.rehearsed("BASIS-FUND"))
    assert (code, "expected BD-FCM/CURVE-FUND" in err) == (1, True)
    assert "a JSON document" in desk.write(*step, desk.paper)[2]
    late = "2026-12-01T09:00-05:00"
    code, _, err = desk.write(*step, desk.rehearsed("CURVE-FUND"), at=late)
    assert (code, "at most 90 days old" in err) == (1, True)
    code, _, err = desk.write(*step, desk.rehearsed("CURVE-FUND"))
    assert code == 0
    last = desk.shown("CURVE-FUND")["steps"][-1]
    assert last["step"] == "REHEARSED"
    assert last["causes"][0].startswith("rehearsal/BD-FCM/CURVE-FUND/")


def test_an_order_suspends_and_a_paper_lifts_it(desk: Desk) -> None:
    desk.import_sample()
    order = ("CURVE-FUND", "XM-07")
    code, _, err = desk.write("notice", *order, "--invoked-by", "CME")
    assert (code, "evidence" in err) == (1, True)
    assert desk.write("evidence", *order, desk.paper)[0] == 0
    code, _, err = desk.write("notice", *order, "--invoked-by", "CME")
    assert code == 0
    notice = err.strip()
    assert desk.write("acknowledge", "CURVE-FUND", notice, desk.paper)[0] == 0
    noon = "2026-05-11T12:15-04:00"
    code, out, _ = desk.run("standing", "CURVE-FUND", "--at", noon)
    assert code == 0
    assert "SUSPENDED" in out
    assert "ACKNOWLEDGED at" in out
    assert "extra cash" in out
    code, out, _ = desk.run("parity", "XM-07", "--at", noon, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["customer"], row["acted_on"], row["notice"]) == ("CURVE-FUND", "yes", notice)
    assert desk.shown("CURVE-FUND", noon)["state"] == "SUSPENDED"
    after = "2026-05-11T15:00-04:00"
    assert desk.write("cure", "CURVE-FUND", notice, at=after)[0] == 1
    assert desk.write("cure", "CURVE-FUND", notice, "--paper", desk.paper, at=after)[0] == 0
    assert desk.shown("CURVE-FUND", after)["state"] == "LIVE"
    code, out, _ = desk.run("standing", "CURVE-FUND", "--at", after, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["clearing_organization"] for row in rows] == ["FICC", "CME"]
    assert {row["standing"] for row in rows} == {"ACTIVE"}


def test_the_criteria_are_shown_with_version_and_digest() -> None:
    result = ran.invoke(app, ["customer", "criteria", "--format", "json"])
    document = json.loads(result.stdout)
    assert (result.exit_code, document["version"], document["status"]) == (0, "1", "assumed")
    assert len(document["digest"]) == 64
    shown = ran.invoke(app, ["customer", "criteria"]).stdout
    assert all(each["id"] in shown for each in document["criteria"])


def test_one_person_is_no_maker_and_checker(desk: Desk) -> None:
    same = ("--actor", "bd_fcm_operations:ann", "--approver", "bd_fcm_risk:Ann")
    code, _, err = desk.run("step", "F", "APPLIED", "--at", _MORNING, *same)
    assert code == 1
    assert "maker and checker" in err


def test_an_ended_registration_and_an_ended_order_stop_what_is_new(desk: Desk) -> None:
    desk.import_sample()
    lei = "CROSSMARGINBDFCM0074"
    ended = ("register", "GSD_NETTING_MEMBER", "--lei", lei, "--from", "2020-01-02")
    assert desk.write(*ended, "--to", "2026-05-11")[0] == 0
    code, out, _ = desk.run("bd-fcm", "BD-FCM", "--at", _MORNING, "--format", "json")
    assert (code, json.loads(out)["allowed"]) == (0, True)
    tomorrow = "2026-05-12T09:00-04:00"
    code, out, _ = desk.run("bd-fcm", "BD-FCM", "--at", tomorrow, "--format", "json")
    assert json.loads(out)["decided_by"] == "GSD_NETTING_MEMBER (90 FR 58525, VIII(a)(ii))"
    code, out, _ = desk.run("list", "--at", tomorrow, "--format", "json")
    assert {each["decided_by"] for each in json.loads(out)["customers"]} == {
        "BD_FCM_IS_ELIGIBLE: GSD_NETTING_MEMBER: none in force on 2026-05-12"
    }
    relief = ("programme", "CFTC_RELIEF", "order of April 2026", desk.paper)
    assert desk.write(*relief, "--from", "2026-04-20", "--to", "2026-05-11")[0] == 0
    document = desk.shown("BASIS-FUND", tomorrow)
    assert document["positions"]["decided_by"] == "CFTC_RELIEF (90 FR 58525, VIII; CP-19)"


def test_a_document_is_ended_by_its_notice(desk: Desk) -> None:
    desk.import_sample()
    disclosure = next(
        each for each in desk.shown("BASIS-FUND")["documents"] if each["kind"] == "DISCLOSURE"
    )
    command = ("end-document", disclosure["record_id"], desk.paper, "--to", "2026-05-11")
    assert desk.write(*command)[0] == 0
    assert desk.shown("BASIS-FUND")["property"]["allowed"]
    after = desk.shown("BASIS-FUND", "2026-05-12T09:00-04:00")
    assert after["property"]["decided_by"] == "DISCLOSURE (SEC application, condition 9; CP-02)"


def test_customers_come_from_csv_and_one_who_is_refused_keeps_nobody_else_out(
    desk: Desk,
) -> None:
    desk.import_sample()
    papers = ("ownership_and_control", "participation_and_subordination", "disclosure")
    whole = dict.fromkeys(COLUMNS, "") | {"owners": "ALL:1:NONE:controls"}
    for each in (*papers, "pledge_to_bd_fcm"):
        whole |= {f"{each}_sha256": digest(each), f"{each}_signed_at": "2026-05-11T08:00-04:00"}
    whole["acknowledgements"] = (
        "NO_SECURITIES_CUSTOMER_TREATMENT SUBCHAPTER_IV_PROTECTION "
        "SUBORDINATION_OF_SECURITIES_CLAIMS"
    )
    for name in COLUMNS:
        if name.endswith("_at") and not name.endswith("signed_at"):
            whole[name] = _MORNING
    whole["rehearsed_sha256"] = digest("rehearsal")
    file = desk.paper.with_name("customers.csv")
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, COLUMNS)
        writer.writeheader()
        writer.writerow(whole | {"customer_id": "NEW-1"})
        writer.writerow(whole | {"customer_id": "NEW-2", "rehearsed_sha256": ""})
    code, out, err = desk.run("import", file, *_PEOPLE, "--format", "csv")
    assert code == 1
    assert out.splitlines() == [
        "bd_fcm,customer,loaded,reasons",
        "BD-FCM,NEW-1,yes,0",
        "BD-FCM,NEW-2,no,1",
    ]
    assert err.startswith("NEW-2: evidence was ''")
    assert desk.shown("NEW-1")["state"] == "LIVE"
    assert desk.shown("NEW-2")["state"] == "UNKNOWN"


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_tables_are_whole_on_any_terminal(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    desk.import_sample()
    code, out, _ = desk.run("show", "BASIS-FUND", "--at", _MORNING)
    assert code == 0
    assert max(map(len, out.splitlines())) <= int(columns)
    for said in ("May hold positions: yes", "May hold property: yes", "WENT_LIVE", "LIVE"):
        assert said in out
