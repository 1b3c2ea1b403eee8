"""A day of ``xm margin`` on the real data: EOD, EODXM, ITD with CME late, too late, CUR."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossmargin.testing.commands import xm

SAMPLE = "sample_bd_fcm_2026-03-24.csv"
CURVE, NEW, WIDE = "CURVE-FUND", "NEW-FUND", "WIDE-BOOK"
LAST_FACTOR = ("--set", "arrangement.fallback=last_factor")

pytestmark = pytest.mark.real_data


def cents(text: str) -> int:
    return round(float(text) * 100)


def final_positions(preliminary: str) -> str:
    """Return the file after the close: one bond grew, one customer left, one came."""
    lines = [
        line.replace(",91282CBS9,900000000,", ",91282CBS9,950000000,")
        for line in preliminary.splitlines()
        if not line.startswith(WIDE)
    ]
    came = [f"{NEW},FICC,XM,91282CBS9,100000000,,,,,", f"{NEW},CME,XM,TNM6,-240,,,,,"]
    return "\n".join((*lines, *came)) + "\n"


@pytest.fixture(scope="module")
def folder(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = real_data.parent / "portfolios" / SAMPLE
    if not source.is_file():
        pytest.skip("no sample portfolio beside the data folder")
    folder = tmp_path_factory.mktemp("day")
    text = source.read_text(encoding="utf-8")
    (folder / "preliminary.csv").write_text(text, encoding="utf-8")
    (folder / "final.csv").write_text(final_positions(text), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def margin(folder: Path, real_directory: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(positions: str, *options: object) -> subprocess.CompletedProcess[str]:
        given = ("margin", positions, "--market", real_directory, *options)
        return xm(*given, folder=folder, COLUMNS="160")

    return run


@pytest.fixture(scope="module")
def saved(margin, folder) -> Callable[..., dict[str, Any]]:
    def run(name: str, positions: str, *options: object) -> dict[str, Any]:
        result = margin(positions, *options, "--format", "json")
        assert result.returncode == 0, result.stderr
        (folder / name).write_text(result.stdout, encoding="utf-8")
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    return run


@pytest.fixture(scope="module")
def eod(saved) -> dict[str, Any]:
    return saved("eod.json", "preliminary.csv")


@pytest.fixture(scope="module")
def eodxm(saved, eod) -> dict[str, Any]:
    return saved("eodxm.json", "final.csv", "--cycle", "EODXM", "--previous", "eod.json")


@pytest.fixture(scope="module")
def noon(saved, eodxm) -> dict[str, Any]:
    options = ("--cycle", "ITD", "--at", "2026-03-25T12:30-04:00", "--late", "cme")
    return saved("itd.json", "final.csv", *options, "--previous", "eodxm.json", *LAST_FACTOR)


def by_customer(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["customer_id"]: item for item in items}


def test_the_true_up_is_the_difference_of_both_documents(eod, eodxm):
    assert eodxm["previous"]["digest"] == eod["digest"]
    entries = by_customer(eodxm["true_up"]["customers"])
    moved = cents(eodxm["totals"]["requirement"]) - cents(eod["totals"]["requirement"])
    assert sum(cents(each["total"]["difference"]) for each in entries.values()) == moved
    assert cents(eodxm["true_up"]["totals"]["total"]["difference"]) == moved
    before, after = by_customer(eod["customers"]), by_customer(eodxm["customers"])
    assert (entries[NEW]["presence"], entries[WIDE]["presence"]) == ("CAME", "LEFT")
    assert entries[WIDE]["total"]["difference"] == f"-{before[WIDE]['requirement']}"
    assert entries[NEW]["total"]["difference"] == after[NEW]["requirement"]
    for ccp in ("ficc", "cme"):
        entry = entries[CURVE][ccp]["requirement"]
        assert (entry["from"], entry["to"]) == (
            before[CURVE][ccp]["requirement"],
            after[CURVE][ccp]["requirement"],
        )
        assert cents(entry["difference"]) == cents(entry["to"]) - cents(entry["from"]) != 0
    untouched = [name for name in entries if name not in (CURVE, NEW, WIDE)]
    assert {entries[name]["total"]["booking"] for name in untouched} == {"NONE"}


def test_cut_offs_are_instants_with_their_gap(eod, eodxm, noon):
    assert eod["cutoffs"]["ficc"]["positions_at"] == "2026-03-24T20:00:00-04:00"
    assert eod["cutoffs"]["ficc"]["positions"] == "preliminary"
    assert eodxm["cutoffs"]["ficc"]["positions"] == "final"
    assert eodxm["cutoffs"]["cme"]["positions_at"] == eod["cutoffs"]["cme"]["positions_at"]
    assert [each["cutoffs"]["gap_minutes"] for each in (eod, eodxm, noon)] == [30, 30, 0]
    assert noon["cutoffs"]["cycle_date"] == "2026-03-25"
    assert (noon["cutoffs"]["ficc"]["late"], noon["cutoffs"]["cme"]["late"]) == (False, True)


def test_the_next_noon_falls_back_on_the_evening_to_the_cent(eodxm, noon):
    assert noon["fallback"]["customers"]["last_factor"] == len(noon["customers"])
    before, after = by_customer(eodxm["customers"]), by_customer(noon["customers"])
    for name, customer in after.items():
        fallback = customer["fallback"]
        assert fallback["source"] == "last_factor"
        assert fallback["last"]["digest"] == eodxm["digest"]
        assert fallback["last"]["age_minutes"] == 15 * 60 + 30
        assert customer["requirement"] == before[name]["requirement"]
        assert customer["binding"] == before[name]["binding"]


def test_a_day_later_the_factor_is_too_old(saved, eodxm):
    options = ("--cycle", "ITD", "--at", "2026-03-26T12:30-04:00", "--late", "cme")
    late = saved("late.json", "final.csv", *options, "--previous", "eodxm.json", *LAST_FACTOR)
    assert {c["fallback"]["reason"] for c in late["customers"]} == {"TOO_OLD"}
    assert {c["reduction"] for c in late["customers"]} == {"0.000000"}
    for customer in late["customers"]:
        for ccp, leg in (("ficc", "securities"), ("cme", "futures")):
            assert cents(customer[ccp]["requirement"]) >= cents(customer[ccp][leg])


def test_tables_and_csv_flag_the_fallback_too(margin, noon):
    options = ("--cycle", "ITD", "--at", "2026-03-25T12:30-04:00", "--late", "cme")
    options = (*options, "--previous", "eodxm.json", *LAST_FACTOR)
    table = margin("final.csv", *options, "--explain")
    assert table.returncode == 0, table.stderr
    assert "CME LATE: fallback last_factor" in table.stdout
    assert table.stdout.count("Fallback last_factor: ") == len(noon["customers"])
    assert "CAP, last factor" in table.stdout
    rows = list(
        csv.DictReader(io.StringIO(margin("final.csv", *options, "--format", "csv").stdout))
    )
    assert {row["fallback_source"] for row in rows} == {"last_factor"}
    assert {row["late"] for row in rows} == {"CME"}
    assert {row["last_factor_cycle"] for row in rows} == {"EODXM"}


def test_hourly_figures_are_indicative_and_numbered(saved):
    options = ("--cycle", "CUR", "--at", "2026-03-24T14:00-05:00")
    document = saved("cur.json", "preliminary.csv", *options)
    assert (document["indicative"], document["cutoffs"]["run"]) == (True, 8)
    assert any("never a call" in notice for notice in document["notices"])


def test_refusals_of_instants_and_documents_name_what_was_expected(margin, folder, eod):
    changed = (folder / "eod.json").read_text(encoding="utf-8").replace('"CAP"', '"FICC"', 1)
    (folder / "changed.json").write_text(changed, encoding="utf-8")
    for options, field in (
        (("--cycle", "CUR", "--at", "2026-03-24T14:03-05:00"), "at"),
        (("--at", "2026-03-24T14:00"), "at"),
        (("--cycle", "EODXM", "--previous", "changed.json"), "digest"),
        (("--previous", "preliminary.csv"), "previous"),
        (("--cycle", "ITD", "--previous", "eod.json"), "cutoffs.at"),
    ):
        result = margin("preliminary.csv", *options, "--format", "json")
        assert result.returncode == 1, options
        refused = json.loads(result.stdout)["refused"]
        assert [refusal["field"] for refusal in refused] == [field], options
        assert "Traceback" not in result.stderr


def test_a_side_that_is_none_is_a_matter_of_usage(margin):
    assert margin("preliminary.csv", "--late", "lch").returncode == 2
