"""``xm default books``: a drill on a copy, to the cent, verified; or declared in the originals."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import TransferKind
from crossmargin.ledger.verification import Finding
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.default_books.reporting import DEFAULT_REPORT
from crossmargin.storage.books import open_books
from crossmargin.storage.copying import copy_books
from crossmargin.testing.books import move
from crossmargin.testing.commands import outcome

CUSTOMER = "CURVE-FUND"
HEADER = "customer,ficc_result,cme_result,receiver\n"
_NUMBERS = count()


class Drills:
    """Runs drills on copies of the books of a closed day."""

    def __init__(self, books: str, day: str, folder: Path) -> None:
        self.books, self.day, self.folder = books, day, folder

    def run(self, *rows: str, more: tuple[str, ...] = ()) -> tuple[int, str, str, str]:
        number = next(_NUMBERS)
        file = self.folder / f"{number}.csv"
        file.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
        copy = str(self.folder / f"{number}.db")
        target = () if "--declare" in more else ("--copy", copy)
        found = outcome(
            *("default", "books", str(file), "--books", self.books, *target, "--date", self.day),
            *("--at", f"{self.day}T23:45-04:00", "--actor", "trustee:t", "--approver", "risk"),
            *more,
        )
        return *found, copy

    def said(self, *rows: str) -> tuple[Any, str]:
        status, output, remarks, copy = self.run(*rows, more=("--format", "json"))
        assert status == 0, remarks
        return json.loads(output), copy


@pytest.fixture
def drills(closed_day_books: str, simulation, tmp_path: Path) -> Drills:
    return Drills(closed_day_books, simulation.as_of.isoformat(), tmp_path)


def findings(address: str) -> tuple[Finding, ...]:
    store = open_books(address)
    try:
        return verify_books(store)
    finally:
        store.close()


def of_customer(document: Any) -> dict[str, Decimal]:
    (found,) = document["customers"]
    return {name: Decimal(text) for name, text in found.items() if name in FIGURES}


FIGURES = (
    *("owed_before", "result", "sold", "guaranty", "deficit_paid", "from_capital", "unpaid"),
    *("ported", "distributed", "owed_after"),
)


def test_a_close_out_that_margin_covers_pays_the_customer_the_rest(drills: Drills) -> None:
    document, copy = drills.said(f"{CUSTOMER},10.00,-30.01,")
    found = of_customer(document)
    assert found["distributed"] == found["owed_before"] - Decimal("20.01")
    assert (found["owed_after"], found["guaranty"], found["deficit_paid"]) == (0, 0, 0)
    assert findings(copy) == ()
    assert document["trustee"]["rate"] == "1"


def test_a_loss_at_cme_beyond_margin_takes_the_customers_property_at_ficc_at_most(
    drills: Drills,
) -> None:
    document, copy = drills.said(f"{CUSTOMER},,-19000000,")
    found = of_customer(document)
    (evidence,) = document["regulators"]["evidence_cp_16"]
    assert evidence["within_limit"] == "yes"
    assert found["guaranty"] == Decimal(evidence["paid_to_cme"]) > 0
    assert found["distributed"] == found["owed_before"] - 19_000_000
    assert findings(copy) == ()


def test_a_deficit_is_paid_from_residual_interest_then_capital_and_stays_owed(
    drills: Drills,
) -> None:
    document, copy = drills.said(f"{CUSTOMER},-5000000,-40000000,")
    found = of_customer(document)
    assert found["owed_after"] == found["owed_before"] - 45_000_000
    assert found["from_capital"] > 0
    assert found["unpaid"] == 0
    trustee = document["trustee"]
    assert trustee["debts_of_customers"] == trustee["residual_interest"]
    assert findings(copy) == ()


def test_what_neither_margin_nor_the_firm_has_stays_unpaid(drills: Drills) -> None:
    document, copy = drills.said(f"{CUSTOMER},,-900000000,")
    found = of_customer(document)
    assert found["unpaid"] > 0
    assert document["trustee"]["house_bank"] == "0.00"
    assert found["owed_after"] == found["owed_before"] - 900_000_000 + found["unpaid"]
    assert findings(copy) == ()


def test_a_customer_is_ported_whole_and_both_books_hold(drills: Drills) -> None:
    document, copy = drills.said(f"{CUSTOMER},,,BD-TWO")
    found = of_customer(document)
    assert found["ported"] == found["owed_before"]
    assert document["trustee"]["ported"] == {CUSTOMER: "BD-TWO"}
    assert findings(copy) == ()
    of_receiver = ("--books", copy, "--bd-fcm", "BD-TWO", "--format", "json")
    balances = json.loads(outcome("ledger", "balances", *of_receiver)[1])["balances"]
    owed = [each for each in balances if each["account"].startswith("CUSTOMER_FUTURES_ACCOUNT")]
    assert [Decimal(each["balance"]) for each in owed] == [found["ported"]]
    assert any(each["account"].startswith("FICC_XM_POSITION") for each in balances)


def test_an_account_with_a_deficit_is_not_ported(drills: Drills, tmp_path: Path) -> None:
    own = str(tmp_path / "deficit.db")
    copy_books(drills.books, own)
    store = open_books(own)
    owed = f"CUSTOMER_FUTURES_ACCOUNT/FUTURES/BD-FCM/{CUSTOMER}/"
    due = "CME_SETTLEMENT/FUTURES/BD-FCM//"
    on = date.fromisoformat(drills.day)
    kind = TransferKind.CME_SETTLEMENT_VARIATION
    with store.work() as work:
        loss = move("loss", kind, owed, due, 3_000_000_000, business_date=on)
        assert [each.posting for each in work.ledger.post([loss])] == [Posting.POSTED]
        work.commit()
    store.close()
    status, _, remarks, _ = Drills(own, drills.day, tmp_path).run(f"{CUSTOMER},,,BD-TWO")
    assert (status, "has a deficit of" in remarks) == (1, True)


def test_the_reports_are_records_of_the_copy_and_the_originals_are_untouched(
    drills: Drills,
) -> None:
    document, copy = drills.said(f"{CUSTOMER},,-1,")
    again, _ = drills.said(f"{CUSTOMER},,-1,")
    assert document["digest"] == again["digest"]
    for address, expected in (
        (copy, {"trustee", "regulators", f"customer/{CUSTOMER}"}),
        (drills.books, set()),
    ):
        store = open_books(address)
        with store.work() as work:
            reports = work.records.select(stream=DEFAULT_REPORT)
            assert {each.content["name"] for each in reports} == expected
        store.close()


def test_every_customer_and_receiver_that_cannot_be_is_refused_at_once(drills: Drills) -> None:
    rows = ("NOBODY,,-1,", f"{CUSTOMER},,,BD-THREE", f"{CUSTOMER},,,BD-FCM")
    status, _, remarks, _ = drills.run(*rows)
    assert status == 1
    for said in ("NOBODY", CUSTOMER, "BD-THREE", "BD-FCM"):
        assert f"was '{said}'" in remarks


def test_a_default_is_declared_once_and_by_two(drills: Drills, tmp_path: Path) -> None:
    own = str(tmp_path / "own.db")
    copy_books(drills.books, own)
    declared = Drills(own, drills.day, tmp_path)
    status, output, _, _ = declared.run(f"{CUSTOMER},,-1,", more=("--declare",))
    assert (status, "verified" in output) == (0, True)
    status, _, remarks, _ = declared.run(f"{CUSTOMER},,-1,", more=("--declare",))
    assert (status, "one not declared" in remarks) == (1, True)
    status, _, remarks, _ = drills.run(f"{CUSTOMER},,-1,", more=("--approver", "t"))
    assert (status, "approver" in remarks) == (1, True)


def test_a_drill_names_its_copy_or_is_declared(drills: Drills, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(HEADER, encoding="utf-8")
    rest = ("--date", drills.day, "--at", f"{drills.day}T23:45-04:00")
    two = ("--actor", "a", "--approver", "b")
    status, _, remarks = outcome(
        "default", "books", str(file), "--books", drills.books, *rest, *two
    )
    assert (status, "either --copy" in remarks) == (1, True)


def test_a_table_as_csv_has_one_row_a_customer(drills: Drills) -> None:
    status, output, _, _ = drills.run(f"{CUSTOMER},,-1,", more=("--format", "csv"))
    assert (status, len(output.splitlines())) == (0, 2)
