"""``xm default distribute``: corrections and later distributions, by new transfers alone."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crossmargin.ledger.transfers import TransferKind
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.default_books.correcting import DEFAULT_CORRECTION
from crossmargin.storage.books import open_books
from crossmargin.storage.copying import copy_books
from crossmargin.testing.commands import outcome

CUSTOMER = "CURVE-FUND"
HEADER = "entry,kind,customer,side,amount,reason\n"
PEOPLE = ("--actor", "trustee:t", "--approver", "bd_fcm_risk:r")
_NUMBERS = count()


class Estate:
    """The books of a default in which a part of claims was paid; later steps run on them."""

    def __init__(self, address: str, day: str, folder: Path) -> None:
        self.address, self.day, self.folder = address, day, folder

    def run(self, *rows: str, more: tuple[object, ...] = ()) -> tuple[int, str, str]:
        arguments: tuple[object, ...] = ()
        if rows:
            file = self.folder / f"corrections-{next(_NUMBERS)}.csv"
            file.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
            arguments = (file,)
        target = () if "--copy" in more else ("--carry-out",)
        return outcome(
            *("default", "distribute", *arguments, "--books", self.address, *target),
            *("--date", self.day, "--at", f"{self.day}T23:50-04:00", *PEOPLE, *more),
        )

    def said(self, *rows: str, more: tuple[object, ...] = ()) -> Any:
        status, output, remarks = self.run(*rows, more=(*more, "--format", "json"))
        assert status == 0, remarks
        assert findings(self.address) == ()
        return json.loads(output)

    def claimant(self, *rows: str, more: tuple[object, ...] = ()) -> dict[str, Any]:
        (found,) = self.said(*rows, more=more)["claimants"]
        return {k: Decimal(v) if k in FIGURES else v for k, v in found.items()}

    def transfers(self) -> list[Any]:
        store = open_books(self.address)
        with store.work() as work:
            found = list(work.ledger.transfers())
        store.close()
        return found


FIGURES = (
    *("owed_before", "paid_before", "claim", "paid_now", "paid_in_all", "unpaid"),
    *("to_come_back", "owed_after"),
)


def findings(address: str) -> tuple[Any, ...]:
    store = open_books(address)
    try:
        return verify_books(store)
    finally:
        store.close()


@pytest.fixture(scope="module")
def interim(closed_day_books: str, simulation, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return books in which a default was run and half of every claim was paid."""
    folder = tmp_path_factory.mktemp("interim")
    rows, copy, day = folder / "rows.csv", str(folder / "copy.db"), simulation.as_of.isoformat()
    rows.write_text(f"customer,ficc_result,cme_result,receiver\n{CUSTOMER},10.00,-30.01,\n")
    status, _, remarks = outcome(
        *("default", "books", rows, "--books", closed_day_books, "--copy", copy),
        *("--date", day, "--at", f"{day}T23:45-04:00", *PEOPLE, "--pay", "0.5"),
    )
    assert status == 0, remarks
    return copy


@pytest.fixture
def estate(interim: str, simulation, tmp_path: Path) -> Estate:
    own = str(tmp_path / "own.db")
    copy_books(interim, own)
    return Estate(own, simulation.as_of.isoformat(), tmp_path)


def test_the_final_distribution_pays_the_rest_and_nothing_earlier_changes(estate: Estate) -> None:
    before = estate.transfers()
    found = estate.claimant(more=("--pay", "1"))
    assert found["paid_before"] == (found["claim"] / 2).quantize(Decimal("0.01"), "ROUND_DOWN")
    assert found["paid_in_all"] == found["claim"] == found["paid_before"] + found["paid_now"]
    assert (found["unpaid"], found["owed_after"]) == (0, 0)
    after = estate.transfers()
    assert after[: len(before)] == before
    assert {each.kind for each in after[len(before) :]} == {TransferKind.DISTRIBUTION}


def test_a_corrected_result_raises_or_lowers_the_claim_and_the_sum_ties(estate: Estate) -> None:
    first = estate.claimant(more=("--pay", "0.5"))
    more = estate.claimant(f"r1,RESULT,{CUSTOMER},CME,1000.01,a price was wrong")
    assert more["claim"] == first["claim"] + Decimal("1000.01")
    less = estate.claimant(f"r2,RESULT,{CUSTOMER},FICC,-400.00,interest was forgotten")
    assert less["claim"] == more["claim"] - 400
    final = estate.claimant(more=("--pay", "1"))
    assert final["paid_in_all"] == first["claim"] + Decimal("600.01")
    assert final["owed_after"] == 0


def test_a_claim_that_is_allowed_for_less_is_paid_up_to_it(estate: Estate) -> None:
    found = estate.claimant(
        f"c1,CLAIM,{CUSTOMER},,12000000.00,a deposit was another's", more=("--pay", "1")
    )
    assert found["claim"] == found["paid_in_all"] == 12_000_000
    assert found["owed_after"] > 0


def test_what_was_paid_beyond_a_claim_is_named_and_comes_back(estate: Estate) -> None:
    cut = estate.claimant(f"c1,CLAIM,{CUSTOMER},,1000000.00,disallowed", more=("--pay", "1"))
    assert cut["paid_now"] == 0
    assert cut["to_come_back"] == cut["paid_before"] - 1_000_000 > 0
    back = f"b1,RETURNED,{CUSTOMER},,{cut['to_come_back']},received by wire"
    returned = estate.claimant(back)
    assert (returned["to_come_back"], returned["paid_in_all"]) == (0, 1_000_000)
    kinds = [each.kind for each in estate.transfers()]
    assert kinds[-1] is TransferKind.DISTRIBUTION_RETURN


def test_what_is_recovered_for_the_class_stands_in_segregation(estate: Estate) -> None:
    document = estate.said("x1,RECOVERED,,,250000.00,a preference was avoided")
    rows = [
        {r["asset"]: r for r in document["held_and_owed"][when] if r["book"] == "BD-FCM"}[
            "CASH-USD"
        ]
        for when in ("before", "after")
    ]
    added = [Decimal(rows[1][n]) - Decimal(rows[0][n]) for n in ("bank", "residual_interest")]
    assert added == [250_000, 250_000]
    assert Decimal(rows[1]["difference"]) == 0


def test_every_line_that_cannot_be_is_refused_at_its_place_and_nothing_is_posted(
    estate: Estate,
) -> None:
    before = estate.transfers()
    status, _, remarks = estate.run(
        f"a,RESULT,{CUSTOMER},CME,-900000000.00,more than is owed",
        "b,RESULT,NOBODY,CME,1.00,nobody",
        f"c,RETURNED,{CUSTOMER},,900000000.00,more than was paid",
        f"d,CLAIM,{CUSTOMER},,900000000.00,more than the books owe",
        f"e,DEBT,{CUSTOMER},,1.00,it owes nothing",
        f"f,RESULT,{CUSTOMER},CME,1.00,good",
    )
    assert status == 1
    lines = remarks.strip().splitlines()
    assert [f":{number}" in line for number, line in enumerate(lines, start=2)] == [True] * 5
    assert estate.transfers() == before
    store = open_books(estate.address)
    with store.work() as work:
        assert work.records.select(stream=DEFAULT_CORRECTION) == ()
    store.close()


def test_every_fault_of_a_file_is_named_with_line_and_column(estate: Estate) -> None:
    status, _, remarks = estate.run(
        "a,RESULT,X,,1.00,no side",
        "a,CLAIM,X,CME,-1,a side and a sign",
        "b,WHAT,X,,0.001,",
        "c,RECOVERED,X,,0,of a customer",
    )
    assert status == 1
    for said in ("FICC or CME of a RESULT", "each once", "one of RESULT", "why, in words"):
        assert said in remarks
    assert "none of RECOVERED" in remarks


def test_an_entry_is_posted_once(estate: Estate) -> None:
    row = f"r1,RESULT,{CUSTOMER},CME,1.00,once"
    estate.said(row)
    status, _, remarks = estate.run(row)
    assert (status, "an entry that was not posted" in remarks) == (1, True)


def test_a_debt_that_is_paid_frees_residual_interest(
    closed_day_books: str, simulation, tmp_path: Path
) -> None:
    day, copy = simulation.as_of.isoformat(), str(tmp_path / "deficit.db")
    rows = tmp_path / "rows.csv"
    rows.write_text(f"customer,ficc_result,cme_result,receiver\n{CUSTOMER},,-21000000,\n")
    status, _, remarks = outcome(
        *("default", "books", rows, "--books", closed_day_books, "--copy", copy),
        *("--date", day, "--at", f"{day}T23:45-04:00", *PEOPLE),
    )
    assert status == 0, remarks
    estate = Estate(copy, day, tmp_path)
    owes = estate.claimant(more=("--pay", "1"))["owed_after"]
    assert owes < 0
    found = estate.claimant(f"d1,DEBT,{CUSTOMER},,{-owes},paid by wire")
    assert (found["owed_before"], found["owed_after"]) == (owes, 0)


def test_books_without_a_default_have_nothing_to_distribute(
    closed_day_books: str, simulation, tmp_path: Path
) -> None:
    own = str(tmp_path / "own.db")
    copy_books(closed_day_books, own)
    estate = Estate(own, simulation.as_of.isoformat(), tmp_path)
    status, _, remarks = estate.run(more=("--pay", "1"))
    assert (status, "one whose default was run" in remarks) == (1, True)


def test_a_share_is_one_and_something_is_asked_for(estate: Estate) -> None:
    for share in ("1.1", "-1", "half"):
        status, _, remarks = estate.run(more=("--pay", share))
        assert (status, "a share of claims" in remarks) == (1, True)
    status, _, remarks = estate.run()
    assert (status, "a file of corrections" in remarks) == (1, True)


def test_a_drill_leaves_the_books_alone_and_csv_has_a_row_a_claimant(
    estate: Estate, tmp_path: Path
) -> None:
    before = estate.transfers()
    copy = tmp_path / "drill.db"
    status, output, _ = estate.run(more=("--pay", "1", "--copy", copy, "--format", "csv"))
    assert status == 0
    assert [row["customer"] for row in csv.DictReader(io.StringIO(output))] == [CUSTOMER]
    assert estate.transfers() == before
    status, output, _ = estate.run(more=("--pay", "1"))
    assert (status, "verified" in output) == (0, True)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def test_pages_say_what_the_ledger_says_for_each_reader(estate: Estate, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    found = estate.claimant(
        f"r1,RESULT,{CUSTOMER},CME,12.34,a price", more=("--pay", "1", "--pages", pages)
    )
    stems = ("trustee", "regulators", f"customer-0001-{CUSTOMER}")
    assert {each.name for each in pages.iterdir()} == {
        f"{stem}.{ending}" for stem in stems for ending in ("html", "pdf", "csv")
    }
    movements = rows_of(pages / f"customer-0001-{CUSTOMER}.csv")
    posted = {each.transfer_id: each for each in estate.transfers()}
    assert all(each["transfer"] in posted for each in movements)
    paid = [
        Decimal(each["amount"])
        for each in movements
        if each["kind"] == "DISTRIBUTION" and each["asset"] == "CASH-USD"
    ]
    assert -sum(paid) == found["paid_in_all"]
    assert len(paid) == 2
    html = (pages / f"customer-0001-{CUSTOMER}.html").read_text(encoding="utf-8")
    assert f"{found['paid_in_all']} dollars" in html
    trustee = (pages / "trustee.html").read_text(encoding="utf-8")
    assert "Verification finds nothing." in trustee
    assert "a price" in trustee
    groups = {each["group"] for each in rows_of(pages / "regulators.csv")}
    assert any("correction/r1" in each for each in groups)
    assert (pages / "trustee.pdf").read_bytes().startswith(b"%PDF")


def test_reports_are_written_again_from_the_books_alone(
    estate: Estate, closed_day_books: str, tmp_path: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    estate.said(more=("--pay", "1", "--pages", first))
    of = ("--books", estate.address, "--date", estate.day)
    status, output, _ = outcome("default", "reports", again, *of)
    assert (status, "trustee.html" in output) == (0, True)
    for each in first.iterdir():
        assert each.read_bytes() == (again / each.name).read_bytes()
    nothing = ("--books", closed_day_books, "--date", estate.day)
    status, _, remarks = outcome("default", "reports", again, *nothing)
    assert (status, "was declared" in remarks) == (1, True)
