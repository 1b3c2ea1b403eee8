"""``xm default ficc-failure`` and ``cme-failure`` from the command line, on books and on files."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crossmargin.testing.commands import outcome

HEADER = "section,place,bd_fcm,account,class,customer,asset,amount\n"
FICC = f"""{HEADER}HELD,FRBNY,,,,,91282CMS7,90000000
OWED,,BD1,,XM,A,91282CMS7,60000000
OWED,,BD2,,SCM,S,91282CMS7,40000000
PRICE,,,,,,91282CMS7,99.5
CLAIM,,BD1,,,A,,60000000
PROPERTY,,BD1,,,,,1000000
"""
CME = f"""{HEADER}HELD,CUSTODY,,CUSTOMER,futures,,,150
OWED,,BD1,CUSTOMER,futures,A,,100
OWED,,BD2,CUSTOMER,futures,,,100
OWED,,BD2,HOUSE,futures,,,10
ALLOCATED_LOSS,,BD2,HOUSE,futures,,,10
"""


def said(*arguments: str) -> Any:
    status, output, remarks = outcome("default", *arguments, "--format", "json")
    assert status == 0, remarks
    return json.loads(output)


@pytest.fixture(scope="module")
def on(simulation) -> str:
    return simulation.as_of.isoformat()


@pytest.fixture
def books(closed_day_books: str) -> str:
    return closed_day_books


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    found = {}
    for name, text in (("ficc", FICC), ("cme", CME)):
        path = tmp_path / f"{name}.csv"
        path.write_text(text, encoding="utf-8")
        found[name] = str(path)
    return found


def test_a_loss_at_ficc_is_borne_by_asset_in_the_books_of_a_day(books: str, on: str) -> None:
    document = said("ficc-failure", "--books", books, "--date", on, "--held-loss", "USD@FRBNY=10%")
    (asset,) = document["assets"]
    assert Decimal(asset["recovered"]) == Decimal(asset["owed"]) - Decimal(asset["lost"])
    (customer,) = document["customers"]
    assert (customer["customer"], customer["unsecured"]) == ("CURVE-FUND", asset["lost"])
    (pool,) = document["pools"]
    paid = {each["customer"]: each["paid_without"] for each in pool["customers"]}
    assert paid["CURVE-FUND"] == pool["owed"]
    assert len(document["sources"]) == 2


def test_cme_owes_margin_and_what_it_has_not_settled(books: str, on: str) -> None:
    everything = said("cme-failure", "--books", books, "--date", on)
    (member,) = everything["members"]
    assert member["paid"] == member["net_equity"] == everything["totals"][0]["owed_value"]
    half = said("cme-failure", "--books", books, "--date", on, "--held-loss", "USD@CUSTODY=50%")
    assert Decimal(half["totals"][0]["loss_value"]) == Decimal(half["property_lost"]) > 0


def test_books_without_a_loss_pay_everybody_and_pools_are_what_segregation_holds(
    books: str, on: str
) -> None:
    for command in ("ficc-failure", "cme-failure"):
        document = said(command, "--books", books, "--date", on)
        (pool,) = document["pools"]
        (total,) = document["totals"]
        assert (total["loss_value"], pool["rate"]) == ("0.00", "1")
        segregated = Decimal(pool["other_property"]) + Decimal(pool["recovered"])
        assert segregated == Decimal(pool["owed"]) + Decimal(pool["left"])


def test_a_file_alone_is_enough_and_its_rows_are_written(files: dict[str, str]) -> None:
    of_file = ("ficc-failure", files["ficc"], "--date", "2026-05-12")
    document = said(*of_file)
    assert [each["recovered"] for each in document["customers"]] == ["54000000", "36000000"]
    assert document["pools"][0]["rate"] == "0.9121666667"
    status, table, _ = outcome("default", *of_file, "--format", "csv")
    rows = list(csv.DictReader(table.splitlines()))
    assert status == 0
    assert [row["section"] for row in rows] == [
        *("ASSET", "HOLDER", "HOLDER", "CUSTOMER", "CUSTOMER", "TOTAL", "TOTAL", "POOL"),
        "POOL_CUSTOMER",
    ]


def test_a_file_and_books_count_together(books: str, on: str, files: dict[str, str]) -> None:
    document = said("ficc-failure", files["ficc"], "--books", books, "--date", on)
    assert [each["asset"] for each in document["assets"]] == ["CASH-USD", "SEC-91282CMS7"]
    assert [each["bd_fcm"] for each in document["pools"]] == ["BD-FCM", "BD1"]


def test_tables_have_separators_and_drop_no_digit(files: dict[str, str]) -> None:
    loss = ("--held-loss", "91282CMS7@FRBNY=1000000")
    of_file = ("ficc-failure", files["ficc"], "--date", "2026-05-12", *loss)
    status, output, remarks = outcome("default", *of_file)
    assert status == 0, remarks
    assert "supposed lost: 1,000,000 of" in output
    assert "90,000,000" in output
    assert "claims 60,000,000.00, property elsewhere 1,000,000.00" in output
    assert "90000000" not in output


def test_cme_failure_shows_estates_and_members_of_a_file(files: dict[str, str]) -> None:
    status, output, _ = outcome("default", "cme-failure", files["cme"], "--date", "2026-05-12")
    assert status == 0
    assert "0.75" in output
    assert "If the BD-FCM survives" in output
    document = said("cme-failure", files["cme"], "--date", "2026-05-12")
    assert [each["paid"] for each in document["members"]] == ["75.00", "75.00", "0.00"]


def test_what_makes_no_sense_is_refused_with_every_reason(files: dict[str, str]) -> None:
    of_file = ("ficc-failure", files["ficc"], "--date", "2026-05-12")
    status, _, remarks = outcome(
        "default",
        *of_file,
        "--held-loss",
        "91282CMS7",
        "--held-loss",
        "USD=1%x",
        "--secured",
        "USD@L=-1",
    )
    assert (status, len(remarks.splitlines())) == (1, 3)
    assert outcome("default", "ficc-failure", "--date", "2026-05-12")[0] == 1
    assert outcome("default", *of_file, "--set", "arrangement.cap=1")[0] == 1
    cme = ("cme-failure", files["cme"], "--date", "2026-05-12")
    assert outcome("default", *cme, "--held-loss", "91282CMS7=1")[0] == 1
    assert outcome("default", *cme, "--held-loss", "USD=150.01")[0] == 1


def test_a_parameter_chosen_is_in_the_document_and_another_digest(files: dict[str, str]) -> None:
    of_file = ("ficc-failure", files["ficc"], "--date", "2026-05-12")
    one, same = said(*of_file), said(*of_file)
    chosen = said(*of_file, "--set", "default_management.interests_in_transit=left_out")
    assert one["digest"] == same["digest"] != chosen["digest"]
    assert chosen["parameters"]["interests_in_transit"] == "left_out"


@pytest.mark.parametrize("failure", ["ficc", "cme"])
def test_the_order_of_rows_changes_the_source_alone(
    files: dict[str, str], on: str, failure: str, tmp_path: Path
) -> None:
    header, *rows = Path(files[failure]).read_text(encoding="utf-8").splitlines()
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join([header, *reversed(rows), ""]), encoding="utf-8")
    one = said(f"{failure}-failure", files[failure], "--date", on)
    other = said(f"{failure}-failure", str(turned), "--date", on)
    assert one.pop("sources") != other.pop("sources")
    assert one == other
