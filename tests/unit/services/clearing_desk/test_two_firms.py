"""Two BD-FCMs in one store: each one's day is what it is alone; FICC's report is over both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_registry
from crossmargin.bootstrap.books import published_criteria
from crossmargin.ledger.transfers import Transfer
from crossmargin.reporting.controls import Control, Outcome
from crossmargin.services.book_reports.controls.asking import controls_of_day
from crossmargin.services.book_reports.reading import (
    notices_of_day,
    report_document,
    reports_of_day,
)
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.arrivals import (
    AccountScope,
    ArrivedFile,
    CustodianRow,
    Direction,
    FileKind,
    PaymentRow,
    Segregation,
)
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.testing.clearing_days import (
    EASTERN,
    RICH,
    arrived,
    day_files,
    desk_on,
    opened_books,
)

FIRMS = ("ALPHA", "BETA")
_OF_FICC = ("custody", "custody-slice")


@dataclass(frozen=True)
class Firm:
    """A BD-FCM with the files of its day."""

    name: str
    files: list[ArrivedFile]


def own_records(books: MemoryBooks, firm: str) -> dict[str, Record]:
    """Return the records of a BD-FCM's day but FICC's report, the slice of it, and the close."""
    with books.work() as work:
        found = [r for r in work.records.select() if r.subject.split("/")[0] == firm]
    return {
        each.record_id: each
        for each in found
        if each.content.get("name") not in _OF_FICC and each.content.get("step") != "close"
    }


def own_transfers(books: MemoryBooks, firm: str) -> list[Transfer]:
    """Return the transfers that touch an account of a BD-FCM's, in order."""
    with books.work() as work:
        transfers = work.ledger.transfers()
    return [t for t in transfers if f"/{firm}/" in f"{t.debit_account_id} {t.credit_account_id}"]


def custody(books: MemoryBooks, firm: str, day: date, *, version: int | None = None) -> dict:
    """Return FICC's custody report as a BD-FCM is shown it."""
    with books.work() as work:
        return report_document(work, firm, day, "custody", version=version)["document"]


@pytest.fixture(scope="module")
def run_firms(market, models, day):
    """Run the day of BD-FCMs in one store, one after the other."""

    def run(*firms: Firm) -> MemoryBooks:
        books = MemoryBooks()
        for each in firms:
            opened_books(books, bd_fcm=each.name)
        for each in firms:
            desk = desk_on(books, market, {day: each.files}, bd_fcm=each.name)
            replace(desk, models=models).run(day)
        return books

    return run


@pytest.fixture(scope="module")
def firms(run_firms, day, lines) -> tuple[Firm, ...]:
    """Return two firms of one book whose margin FICC confirms and the custodian has."""
    made = []
    for name in FIRMS:
        files = day_files(day, lines, RICH, bd_fcm=name)
        with run_firms(Firm(name, files)).work() as work:
            wires = [w for w in work.records.select(stream=WIRE) if w.content["to"] == "FRBNY"]
        at = max(w.at for w in wires).astimezone(EASTERN) + timedelta(minutes=10)
        rows = [
            PaymentRow(
                *(n, f"ficc-{n}", w.record_id, name, None, "FRBNY", "CASH-USD"),
                *(int(str(w.content["amount"])), Direction.OUT),
            )
            for n, w in enumerate(wires, start=2)
        ]
        total = sum(row.quantity for row in rows)
        held = CustodianRow(
            2, "FRBNY", AccountScope.XM_AND_SCM, Segregation.FUTURES, "CASH-USD", total
        )
        files.append(arrived(day, f"{at:%H:%M}", FileKind.PAYMENTS, rows, "ficc"))
        files.append(arrived(day, "23:10", FileKind.CUSTODIAN, [held]))
        made.append(Firm(name, files))
    return tuple(made)


@pytest.fixture(scope="module")
def alone(run_firms, firms) -> dict[str, MemoryBooks]:
    return {each.name: run_firms(each) for each in firms}


@pytest.fixture(scope="module")
def together(run_firms, firms) -> MemoryBooks:
    return run_firms(*firms)


@pytest.mark.parametrize("firm", FIRMS)
def test_a_firms_day_is_the_same_beside_another_as_alone(alone, together, firm, day):
    mine, beside = own_records(alone[firm], firm), own_records(together, firm)
    assert {k: r.digest for k, r in beside.items()} == {k: r.digest for k, r in mine.items()}
    assert own_transfers(together, firm) == own_transfers(alone[firm], firm)
    assert verify_books(together) == ()
    with together.work() as work:
        drafted = notices_of_day(work, firm, day)
        slice_ = report_document(work, firm, day, "custody-slice")["document"]
    with alone[firm].work() as work:
        assert drafted == notices_of_day(work, firm, day)
    assert slice_["ties"] is True
    assert slice_["rows"]


def asked(books: MemoryBooks, firm: str, day: date) -> list[tuple[Control, Outcome]]:
    """Return how every control of a BD-FCM's day came out."""
    registry = parameter_registry()
    with books.work() as work:
        results = controls_of_day(
            *(work, firm, day),
            set_of=lambda owner: registry.set_of(owner, day),
            criteria=published_criteria(),
        )
    return [(each.control, each.outcome) for each in results]


@pytest.mark.parametrize("firm", FIRMS)
def test_a_firms_controls_come_out_beside_another_as_alone(alone, together, firm, day):
    found = asked(together, firm, day)
    assert found == asked(alone[firm], firm, day)
    assert (Control.HELD_AND_OWED, Outcome.HOLDS) in found


def test_the_custody_report_is_ficcs_over_both_and_each_version_has_its_own_id(
    alone, together, day
):
    first, second = (custody(together, "ALPHA", day, version=n) for n in (1, 2))
    own = [custody(alone[firm], firm, day) for firm in FIRMS]
    assert first == own[0]
    assert first["header"]["report_id"] != second["header"]["report_id"]
    assert second["header"]["supersedes"] == first["header"]["report_id"]
    assert second["owed"] == [*own[0]["owed"], *own[1]["owed"]]
    kept, *each = (money_from_decimal(document["held"][0]["amount"]) for document in (second, *own))
    assert kept == Money.total(each) > ZERO
    assert all(check["passed"] for check in second["checks"])
    for firm in FIRMS:
        assert custody(together, firm, day) == second
        with together.work() as work:
            listed = reports_of_day(work, firm, day)["reports"]
        found = [(each["name"], each["version"]) for each in listed if each["name"] in _OF_FICC]
        assert sorted(found) == [("custody", 2), ("custody-slice", FIRMS.index(firm) + 1)]


def test_who_has_not_closed_the_day_has_no_report_of_it(run_firms, firms, day):
    books = run_firms(firms[0])
    with pytest.raises(RefusedError, match="a day that was closed"):
        custody(books, "BETA", day)


def test_a_statement_after_both_closes_makes_the_next_version_over_both(
    run_firms, firms, market, models, day
):
    books = run_firms(*firms)
    before = custody(books, "BETA", day)
    (statement,) = [each for each in firms[0].files if each.kind is FileKind.CUSTODIAN]
    less = replace(statement.rows[0], quantity=statement.rows[0].quantity - 1)
    corrected = replace(statement, rows=(less,), sha256="another")
    files = [corrected if each is statement else each for each in firms[0].files]
    desk = desk_on(books, market, {day: files}, bd_fcm="ALPHA")
    replace(desk, models=models).run(day)
    last = custody(books, "ALPHA", day)
    assert (last["header"]["version"], last["header"]["supersedes"]) == (
        before["header"]["version"] + 1,
        before["header"]["report_id"],
    )
    assert last["owed"] == before["owed"]
    (short,) = last["recon"]
    assert (short["status"], short["difference"]) == ("SHORTFALL", "-0.01")


def test_rows_of_another_firms_positions_are_not_taken_in(run_firms, firms, day, lines):
    strange = day_files(day, lines, RICH, bd_fcm="ALPHA")
    wire = PaymentRow(
        *(2, "stolen", "wire/ALPHA/top-up", "BETA", None, "SEGREGATED_BANK", "CASH-USD"),
        *(2_000_000_000, Direction.IN),
    )
    mixed = [
        *(replace(each, name=f"x-{each.name}") for each in strange if "PAY" not in each.kind.name),
        arrived(day, "07:30", FileKind.PAYMENTS, [wire], "strange"),
    ]
    unpaid = [each for each in firms[0].files if each.kind is not FileKind.PAYMENTS]
    books = run_firms(Firm("ALPHA", unpaid), Firm("BETA", mixed))
    with books.work() as work:
        files = [r.content for r in work.records.select(stream="FILE", subject="BETA")]
        waiting = work.records.get("wire/ALPHA/top-up")
    told = [reason for each in files for _, reason in each["not_taken"]]
    assert waiting is not None
    assert {each["taken"] for each in files} == {0}
    assert set(told) >= {
        "of ALPHA, in the books of BETA",
        "wire/ALPHA/top-up is a wire of ALPHA",
        "an instruction to ALPHA, in the books of BETA",
    }
    assert verify_books(books) == ()
