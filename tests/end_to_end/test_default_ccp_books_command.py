"""``xm default ccp-books``: what a failure of FICC or CME leaves, on a copy of the books."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.storage.books import open_books
from crossmargin.testing.commands import outcome

CUSTOMER = "CURVE-FUND"


class Failures:
    """Posts failures on copies of the books of a closed day."""

    def __init__(self, books: str, day: str, folder: Path) -> None:
        self.books, self.day, self.copy = books, day, folder / "copy.db"

    def run(self, side: str, *more: object) -> tuple[int, str, str]:
        return outcome(
            *("default", "ccp-books", side, "--books", self.books, "--copy", self.copy),
            *("--date", self.day, "--at", f"{self.day}T23:45-04:00"),
            *("--actor", "trustee:t", "--approver", "bd_fcm_risk:r", *more),
        )

    def said(self, side: str, *more: object) -> Any:
        status, output, remarks = self.run(side, *more, "--format", "json")
        assert status == 0, remarks
        store = open_books(str(self.copy))
        assert verify_books(store) == ()
        store.close()
        return json.loads(output)

    def worked_out(self, command: str, *more: object) -> list[dict[str, str]]:
        of = ("--books", self.books, "--date", self.day, "--format", "csv")
        status, output, remarks = outcome("default", command, *of, *more)
        assert status == 0, remarks
        rows = csv.DictReader(io.StringIO(output))
        return [row for row in rows if row["section"] == "CUSTOMER"]


@pytest.fixture
def failures(closed_day_books: str, simulation, tmp_path: Path) -> Failures:
    return Failures(closed_day_books, simulation.as_of.isoformat(), tmp_path)


def cash(document: Any, name: str) -> Decimal:
    (found,) = document["customers"]
    return Decimal(found[name].get("CASH-USD", "0"))


def test_at_ficc_each_customer_bears_what_was_worked_out_to_the_cent(failures: Failures) -> None:
    loss = ("--held-loss", "USD=10%")
    document = failures.said("FICC", *loss)
    (row,) = [r for r in failures.worked_out("ficc-failure", *loss) if r["asset"] == "CASH-USD"]
    assert cash(document, "lost") == Decimal(row["unsecured"]) > 0
    assert cash(document, "owed_before") - cash(document, "owed_after") == cash(document, "lost")
    after = {(r["book"], r["asset"]): r for r in document["held_and_owed"]["after"]}
    assert after["BD-FCM", "CASH-USD"]["ficc"] == "0.00"
    assert after["FICC", "CASH-USD"]["held"] == after["FICC", "CASH-USD"]["owed"] == "0.00"
    before = {(r["book"], r["asset"]): r for r in document["held_and_owed"]["before"]}
    lost = [Decimal(each["BD-FCM", "CASH-USD"]["held"]) for each in (before, after)]
    assert lost[0] - lost[1] == cash(document, "lost")


def test_at_cme_a_loss_of_value_is_borne_and_the_rest_comes_back(failures: Failures) -> None:
    loss = ("--held-loss", "USD=25%")
    document = failures.said("CME", *loss)
    rows = failures.worked_out("cme-failure", *loss)
    (row,) = [each for each in rows if each["customer"] == CUSTOMER]
    assert cash(document, "lost") == Decimal(row["loss_value"]) > 0
    assert cash(document, "owed_before") - cash(document, "owed_after") == cash(document, "lost")
    after = {(r["book"], r["asset"]): r for r in document["held_and_owed"]["after"]}
    assert after["BD-FCM", "CASH-USD"]["cme"] == "0.00"
    assert after["CME", "CASH-USD"]["held"] == "0.00"
    assert {r["difference"] for r in document["held_and_owed"]["after"]} <= {"0.00", "0"}


def test_without_a_loss_everything_comes_back_and_nobody_bears_anything(
    failures: Failures,
) -> None:
    document = failures.said("FICC")
    assert cash(document, "lost") == 0
    assert cash(document, "owed_before") == cash(document, "owed_after")
    before, after = (
        {(r["book"], r["asset"]): r for r in document["held_and_owed"][when]}["BD-FCM", "CASH-USD"]
        for when in ("before", "after")
    )
    assert Decimal(before["ficc"]) > Decimal(after["ficc"]) == 0
    assert Decimal(before["held"]) == Decimal(after["held"])


def test_all_of_it_may_be_lost_and_no_more(failures: Failures, tmp_path: Path) -> None:
    document = failures.said("FICC", "--held-loss", "USD=100%")
    assert cash(document, "lost") > 0
    failures.copy = tmp_path / "other.db"
    status, _, remarks = failures.run("FICC", "--held-loss", "USD=999999999999.00")
    assert (status, "held_loss.CASH-USD was" in remarks) == (1, True)
    assert "which is held there" in remarks


def test_two_people_and_a_closed_day_are_needed(failures: Failures, tmp_path: Path) -> None:
    status, _, remarks = failures.run("CME", "--approver", "t")
    assert (status, "approver" in remarks) == (1, True)
    failures.copy = tmp_path / "other.db"
    status, _, remarks = failures.run("CME", "--date", "2026-01-05")
    assert (status, "a day that was closed" in remarks) == (1, True)
    failures.copy = tmp_path / "third.db"
    status, _, remarks = failures.run("CME", "--secured", "USD=1")
    assert (status, "no entitlements" in remarks) == (1, True)


def test_a_table_and_csv_have_every_customer(failures: Failures, tmp_path: Path) -> None:
    status, output, _ = failures.run("FICC", "--held-loss", "USD=10%")
    assert (status, CUSTOMER in output, "verified" in output) == (0, True, True)
    failures.copy = tmp_path / "other.db"
    status, output, _ = failures.run("FICC", "--format", "csv")
    assert [row["customer"] for row in csv.DictReader(io.StringIO(output))] == [CUSTOMER]


def test_at_ficc_a_parameter_may_be_set_and_is_said_at_cme_there_is_none(
    failures: Failures, tmp_path: Path
) -> None:
    chosen = ("--set", "default_management.interests_in_transit=left_out")
    document = failures.said("FICC", *chosen)
    assert document["parameters"] == {
        "par_lot_dollars": 100,
        "interests_in_transit": "left_out",
    }
    failures.copy = tmp_path / "other.db"
    for side, change, expected in (
        ("FICC", "default_management.interests_in_transit=perhaps", "counted"),
        ("FICC", "arrangement.cap=0.7", "of default_management alone"),
        ("CME", chosen[1], "without a parameter"),
    ):
        status, _, remarks = failures.run(side, "--set", change)
        assert (status, expected in remarks) == (1, True), remarks
        assert not failures.copy.exists()
