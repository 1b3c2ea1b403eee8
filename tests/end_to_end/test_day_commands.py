"""``xm day``, ``xm report``, ``xm call`` and ``xm trace`` from the command line."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from crossmargin.bootstrap.books import create_books
from crossmargin.feeds.market.directory import write_market_directory
from crossmargin.product.calendars import sifma_calendar
from crossmargin.simulation.book import demo_positions, demo_positions_csv
from crossmargin.testing.clearing_days import (
    FIRM,
    day_files,
    desk_on,
    opened_books,
    with_day_before,
)
from crossmargin.testing.commands import outcome

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial"
ENTRY = ["--actor", "operations", "--approver", "risk"]


def said(*arguments: str) -> Any:
    status, output, remarks = outcome(*arguments, "--format", "json")
    assert status == 0, remarks
    return json.loads(output)


@pytest.fixture(scope="module")
def day(simulation) -> str:
    return simulation.as_of.isoformat()


@pytest.fixture(scope="module")
def books(simulation, simulated_market, tmp_path_factory) -> str:
    """Return the address of books after one clearing day of a customer who had to be called."""
    address = str(tmp_path_factory.mktemp("books") / "books.db")
    on = simulation.as_of
    own = [each for each in demo_positions(simulation) if each.customer.customer_id == "CURVE-FUND"]
    store = opened_books(create_books(address))
    market = with_day_before(simulated_market, on)
    desk_on(store, market, {on: day_files(on, own, {"CURVE-FUND": 100_000_000})}).run(on)
    store.close()
    return address


def test_every_report_of_the_day_is_named_shown_and_written(
    books: str, day: str, tmp_path: Path
) -> None:
    of_day = ("--books", books, "--date", day)
    listed = said("report", "list", *of_day)["reports"]
    named = [each["name"] for each in listed if each["what"] == "REPORT"]
    assert {"segregation", "residual-interest", "custody", "reconciliation", "capital"} <= {*named}
    for named_so in named:
        name, _, customer = named_so.partition("/")
        whose = ("--customer", customer) if customer else ()
        document = said("report", "show", name, *of_day, *whose)
        assert (document["bd_fcm"], document["business_date"]) == (FIRM, day)
    last = said("report", "show", "cash-ladder", *of_day)
    first = said("report", "show", "cash-ladder", *of_day, "--version", "1")
    assert (first["version"], last["version"] > 1, len(named)) == (1, True, len({*named}))
    assert first["made_at"] < last["made_at"]
    shown = outcome("report", "show", "cash-ladder", *of_day, "--version", "99")
    assert (shown[0], "one of 1, 2, " in shown[2]) == (1, True)
    assert outcome("report", "write", str(tmp_path), *of_day)[0] == 0
    kinds = {each.suffix for each in tmp_path.iterdir()}
    assert kinds == {".json", ".csv", ".xlsx", ".pdf"}
    assert len(list(tmp_path.glob("*.json"))) == len(named)
    stem = f"{day.replace('-', '')}_FICC_1"
    custody = [f"custody_{name}{stem}" for name in ("", "cash_", "securities_")]
    assert all(list(tmp_path.glob(f"{name}.*")) for name in custody)


def test_a_notice_that_is_listed_is_shown_by_its_record(
    simulation, simulated_market, day: str, tmp_path: Path
) -> None:
    address, on = str(tmp_path / "books.db"), simulation.as_of
    own = [each for each in demo_positions(simulation) if each.customer.customer_id == "CURVE-FUND"]
    without_residual_interest = day_files(on, own, {"CURVE-FUND": 100_000_000})[2:]
    with closing(create_books(address)) as store:
        market = with_day_before(simulated_market, on)
        desk_on(opened_books(store), market, {on: without_residual_interest}).run(on)
    of_day = ("--books", address, "--date", day)
    listed = said("report", "list", *of_day)["reports"]
    drafted = [each for each in listed if each["what"] == "NOTICE"]
    assert drafted
    for each in drafted:
        shown = said("report", "show", "notice", *of_day, "--notice", each["record_id"])
        assert (shown["digest"], shown["report"]) == (each["digest"], f"notice/{each['name']}")
        assert shown["document"]["text"]
    for wrong in (
        ("notice",),
        ("capital", "--notice", drafted[0]["record_id"]),
        ("notice", "--notice", "none"),
        ("notice", "--notice", drafted[0]["record_id"], "--version", "1"),
    ):
        status, _, remarks = outcome("report", "show", *wrong, *of_day)
        assert (status, "notice" in remarks) == (1, True)


def test_files_in_the_shapes_of_the_clearing_organizations_are_read_back_without_a_difference(
    books: str, day: str, simulation, tmp_path: Path
) -> None:
    out, market = tmp_path / "out", tmp_path / "market"
    assert outcome("report", "write", str(out), "--books", books, "--date", day)[0] == 0
    write_market_directory(market, simulation.tables, simulated=True, seed=1, notes={})
    whole = demo_positions_csv(simulation).splitlines()
    positions = tmp_path / "positions.csv"
    positions.write_text("\n".join([whole[0], *(r for r in whole if "CURVE-FUND" in r)]), "utf-8")
    stem = f"{day.replace('-', '')}_EOD_1.csv"
    kinds = ("XMFICCCUSIP", "XMFICCPOSN", "XMFICCMARGINSAVINGS", "MARGIN001", "CGMMARGINSSUMMARY")
    theirs = [option for kind in kinds for option in ("--theirs", str(out / f"{kind}_{stem}"))]
    document = said(
        *("reconcile", str(positions), "--market", str(market), *theirs, "--cycle", "EOD"),
        *("--date", day, "--tolerance", "0"),
    )
    assert {each["kind"] for each in document["files"]} == {*kinds}
    lines = [line for each in document["files"] for line in each["lines"]]
    assert len(lines) > len(kinds)
    assert {line["difference"] for line in lines} <= {"0", "0.00", "0.000000"}
    assert {line["outcome"] for line in lines} == {"agrees"}


def test_terms_and_decisions_are_entered_and_shown(books: str, day: str) -> None:
    shown = said("call", "list", "--books", books, "--at", f"{day}T23:59-04:00")
    (customer,) = shown["customers"]
    assert (customer["orders"], customer["close_outs"]) == ("ANY", [])
    assert all("FAILED" in each["follows"] for each in shown["calls"] if each["cycle"] == "ITD")
    entered = ("--books", books, "--at", f"{day}T23:59-04:00")
    people = ("--actor", "bd_fcm_risk:ann", "--approver", "bd_fcm_compliance:bob")
    set_terms = ("call", "set-terms", "CURVE-FUND", *entered, *people, "--from", "2026-06-01")
    status, _, remarks = outcome(
        *set_terms, "--add-on-pct", "12.5", "--requirement-limit", "9000000"
    )
    assert (status, remarks.strip()) == (0, f"house-terms/{FIRM}/CURVE-FUND/2026-06-01")
    assert outcome(*set_terms, "--add-on-pct", "x")[0] == 1
    (terms,) = said("call", "terms", "--books", books)["terms"]
    assert (terms["add_on_pct"], terms["requirement_limit"]) == ("12.500000", "9000000.00")
    decided = ("call", "decide", "nothing", *entered, "--reject", "--reason", "paid in part")
    status, _, remarks = outcome(*decided, "--approver", "bd_fcm_risk:ann")
    assert (status, "a proposal to close out" in remarks) == (1, True)


def test_a_correction_by_hand_is_entered_after_the_close_and_traced(
    books: str, day: str, tmp_path: Path
) -> None:
    fees = said("ledger", "transfers", "--books", books, "--kind", "FEE")["transfers"]
    file, paper = tmp_path / "corrections.csv", "ab" * 32
    file.write_text(
        "adjustment_id,customer_id,corrects,amount,transfer_id,reason,document_sha256\n"
        f"rate,CURVE-FUND,FEE,1.00,{fees[0]['transfer_id']},wrong rate,{paper}\n",
        "utf-8",
    )
    people = ("--actor", "bd_fcm_operations:ann", "--approver", "bd_fcm_risk:bob")
    enter = ("ledger", "adjust", str(file), "--books", books, "--bd-fcm", FIRM, *people)
    status, _, remarks = outcome(*enter, "--at", f"{day}T23:45-04:00")
    assert (status, "a day that is not closed" in remarks) == (1, True)
    next_day = sifma_calendar().next_business_day(date.fromisoformat(day))
    for _ in range(2):
        status, _, remarks = outcome(*enter, "--at", f"{next_day}T06:30-04:00")
        assert (status, remarks.strip()) == (0, f"adjustment/{FIRM}/rate/1")
    kind = ("--kind", "FEE_ADJUSTMENT")
    (posted,) = said("ledger", "transfers", "--books", books, *kind)["transfers"]
    nodes = said("trace", posted["transfer_id"], "--books", books)["nodes"]
    assert ["corrections.csv", "2"] in [[each["file"], each["line"]] for each in nodes]
    assert outcome("ledger", "verify", "--books", books)[0] == 0


def test_a_report_of_no_day_is_refused(books: str) -> None:
    status, _, remarks = outcome(
        "report", "show", "custody", "--books", books, "--date", "2026-01-02"
    )
    assert status == 1
    assert "2026-01-02" in remarks


def test_a_day_without_reports_is_said_and_no_folder_is_made(books: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = ("report", "write", str(out), "--books", books, "--date", "2026-01-02")
    status, _, remarks = outcome(*asked)
    assert (status, "no report, notice or file" in remarks) == (1, True)
    assert not out.exists()


def test_a_statement_is_a_customers_and_no_other_report_is(books: str, day: str) -> None:
    of_day = ("--books", books, "--date", day)
    for asked in (
        ("statement",),
        ("securities-statement",),
        ("capital", "--customer", "CURVE-FUND"),
    ):
        status, _, remarks = outcome("report", "show", *asked, *of_day)
        assert (status, "the customer of a statement" in remarks) == (1, True)


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        (("bd_fcm_operations:x", "bd_fcm_risk:X"), "another than the maker"),
        (("customer:x", "regulator:y"), "a role among"),
    ],
)
def test_a_day_is_not_run_by_one_person_or_by_those_who_may_not(
    books: str, day: str, tmp_path: Path, people: tuple[str, str], reason: str
) -> None:
    folders = [word for name in ("market", "inbox", "outbox") for word in (f"--{name}", tmp_path)]
    entry = ("--actor", people[0], "--approver", people[1])
    asked = ("day", "run", "--books", books, *map(str, folders), "--from", day, *entry)
    status, _, remarks = outcome(*asked)
    assert (status, reason in remarks) == (1, True)


@pytest.mark.parametrize("words", [("--approve", "--reject"), ()])
def test_a_close_out_is_approved_or_rejected_and_not_both(books: str, day: str, words) -> None:
    entered = ("--books", books, "--at", f"{day}T23:59-04:00", "--approver", "bd_fcm_risk:ann")
    status, _, remarks = outcome("call", "decide", "nothing", *entered, *words, "--reason", "why")
    assert (status, "one of --approve and --reject" in remarks) == (1, True)


def test_calls_stand_as_they_do_at_the_instant(books: str, day: str) -> None:
    at_night, at_dawn = (f"{day}T{clock}-04:00" for clock in ("23:59", "06:00"))
    calls = said("call", "list", "--books", books, "--at", at_night)["calls"]
    assert calls
    assert {each["customer"] for each in calls} == {"CURVE-FUND"}
    assert said("call", "list", "--books", books, "--at", at_dawn)["calls"] == []


def test_a_requirement_is_followed_to_its_files(books: str, day: str) -> None:
    requirement = f"requirement/{FIRM}/CURVE-FUND/{day}/eodxm"
    status, output, _ = outcome("trace", requirement, "--books", books, "--format", "csv")
    assert status == 0
    rows = list(csv.DictReader(output.splitlines()))
    files = {row["file"]: row["sha256"] for row in rows if row["what"] == "FILE"}
    lots = [row for row in rows if row["what"] == "LOT"]
    assert {name.split("-")[1] for name in files} == {"novations", "trades"}
    assert all(int(row["line"]) > 1 and row["sha256"] == files[row["file"]] for row in lots)
    assert len({(row["file"], row["line"]) for row in lots}) == len(lots) > 1
    assert outcome("trace", f"{requirement}x", "--books", books)[0] == 1


@pytest.mark.real_data
def test_two_days_of_the_tutorial_from_the_command_line(
    real_data: Path, real_directory: Path, tmp_path: Path
) -> None:
    address = str(tmp_path / "books.db")
    at = ("--at", "2026-05-01T09:00-04:00")
    entered = ("--books", address, *ENTRY)
    assert outcome("ledger", "create", address)[0] == 0
    assert outcome("ledger", "open", str(TUTORIAL / "bd-fcm-books.toml"), *entered, *at)[0] == 0
    assert outcome("customer", "import", str(TUTORIAL / "participants.toml"), *entered)[0] == 0
    market = ("--market", str(real_directory), "--derived-prices")
    run = (
        *("day", "run", *entered, *market, "--from", "2026-05-11", "--to", "2026-05-12"),
        *("--inbox", str(tmp_path / "in"), "--outbox", str(tmp_path / "out")),
        *("--simulate-others", str(TUTORIAL / "clearing-month.toml")),
        *("--positions", str(real_data.parent / "portfolios" / "sample_bd_fcm_2026-03-24.csv")),
        *("--backups", str(TUTORIAL / "receivers.toml")),
    )
    done = said(*run)["done"]
    assert all(each["is_new"] for each in done)
    again = said(*run)["done"]
    assert [each["digest"] for each in again] == [each["digest"] for each in done]
    assert not any(each["is_new"] for each in again)
    assert outcome("ledger", "verify", "--books", address)[0] == 0
    of_day = ("--books", address, "--date", "2026-05-12")
    backups = said("report", "show", "backups", *of_day)["document"]["customers"]
    assert [e["customer_id"] for e in backups if e["backup"] == "NORTH"] == [
        "BASIS-FUND",
        "WIDE-BOOK",
    ]
    assert (tmp_path / "out" / "2026-05-12" / "2026-05-12-backups.csv").is_file()
    proof = said("report", "profit-and-loss", *of_day, *market)
    assert proof["holds"]
    assert len(proof["customers"]) == 6
    assert any(each["flows_total"] != "0.00" for each in proof["customers"])
    assert any(each["marks_out"] != "0.00" for each in proof["customers"])
    assert all(each["posted"] == each["to_be_posted"] for each in proof["customers"])
    earlier = said("report", "profit-and-loss", *of_day[:3], "2026-05-11", *market)
    assert earlier["holds"]
    assert earlier != proof
    status, _, remarks = outcome("report", "profit-and-loss", *of_day[:3], "2026-05-13", *market)
    assert (status, "that was closed" in remarks) == (1, True)
