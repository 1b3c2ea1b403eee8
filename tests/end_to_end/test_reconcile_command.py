"""``xm reconcile`` from a shell: our files read back agree everywhere, and changes are found."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest

from crossmargin.testing.commands import xm

KINDS = {
    *("XMFICCCUSIP", "XMFICCPOSN", "XMFICCMARGINSAVINGS", "MARGIN001", "FICCVARDETAIL"),
    "CGMMARGINSSUMMARY",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, Path, dict[str, Path]]:
    """Return positions, market and the files that we write of them."""
    folder = tmp_path_factory.mktemp("demo")
    market, positions = folder / "market", folder / "market-positions.csv"
    assert xm("demo", "--no-serve", "--to", market).returncode == 0
    result = xm("reconcile", positions, "--market", market, "--write", folder / "ours")
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
    files = {path.name.partition("_")[0]: path for path in (folder / "ours").iterdir()}
    assert set(files) == KINDS
    return positions, market, files


def reconcile(demo, *arguments: object, files: dict[str, Path] | None = None, **environment: str):
    positions, market, ours = demo
    theirs = [part for path in (files or ours).values() for part in ("--theirs", path)]
    return xm("reconcile", positions, "--market", market, *theirs, *arguments, **environment)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def changed(path: Path, folder: Path, column: str, factor: float) -> Path:
    """Write the file with a column multiplied, its first row left out, one column more."""
    rows = rows_of(path)
    copy = folder / path.name
    with copy.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "Desk"])
        writer.writeheader()
        for row in rows[1:]:
            writer.writerow({**row, column: f"{float(row[column]) * factor:.6f}", "Desk": "NY"})
    return copy


def test_our_own_files_agree_everywhere(demo) -> None:
    result = reconcile(demo, "--fit", "--format", "json", "--tolerance", "0")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert {file["kind"] for file in document["files"]} == KINDS
    assert document["breaks"] == 0
    for file in document["files"]:
        assert file["lines"]
        totals = {(total["ratio"], Decimal(total["ours"]) == 0) for total in file["totals"]}
        assert totals <= {("1.000000", False), (None, True)}
        assert all(total["ours"] == total["theirs"] for total in file["totals"])
        assert {line["ratio"] for line in file["lines"]} <= {"1.000000", None}
        assert {fit["residual_after_dollars"] for fit in file["fit"]} <= {"0.00"}
        assert {f["name"]: f["value"] for f in file["fit"]} in (
            {},
            {"level": "1.000000"},
            {"level": "1.000000", "floor_share": "0.100000"},
        )


def test_a_level_is_found_shown_and_never_applied(demo, tmp_path) -> None:
    files = {
        "FICCVARDETAIL": changed(demo[2]["FICCVARDETAIL"], tmp_path, "ComponentVaR", 1.25),
    }
    fitted = json.loads(reconcile(demo, "--fit", "--format", "json", files=files).stdout)
    (file,) = fitted["files"]
    assert [(fit["name"], fit["value"]) for fit in file["fit"]] == [
        ("level", "1.250000"),
        ("floor_share", "0.100000"),
    ]
    # The lines are those without a fit: theirs is 1.25 of ours, and stays it.
    ratios = {li["ratio"] for li in file["lines"] if li["figure"] == "component_var"}
    assert {ratio[:6] for ratio in ratios if ratio} == {"0.8000"}
    assert file["unknown_columns"] == {"Desk": len(file["lines"]) // 5 - 1}
    total = next(t for t in file["totals"] if t["figure"] == "component_var")
    assert total["matched_ratio"] == "0.800000"
    assert total["breaks"] == total["lines"]
    missing = [line for line in file["lines"] if line["outcome"] == "missing there"]
    assert {line["figure"] for line in missing} == {
        "par",
        "market_value",
        "component_var",
        "standalone_var",
        "floor",
    }


@pytest.mark.parametrize("columns", ["80", "160"])
def test_tables_fit_the_terminal(demo, columns: str) -> None:
    files = {kind: demo[2][kind] for kind in ("XMFICCPOSN", "MARGIN001", "XMFICCMARGINSAVINGS")}
    result = reconcile(demo, "--fit", files=files, COLUMNS=columns)
    assert max(map(len, result.stdout.splitlines())) <= int(columns)
    for said in ("SIMULATED MARKET", "0 breaks; tolerance 0.05.", "not applied", "ZNM26"):
        assert said in result.stdout
    assert ("difference" in result.stdout) is (columns == "160")


def test_the_csv_form_has_a_row_a_line_and_a_total(demo) -> None:
    files = {"XMFICCPOSN": demo[2]["XMFICCPOSN"]}
    result = reconcile(demo, "--format", "csv", files=files)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    written = rows_of(files["XMFICCPOSN"])
    assert [(row["customer_id"], row["key"]) for row in rows[:-1]] == [
        (row["CustomerId"], row["Contract"]) for row in written
    ]
    assert (rows[-1]["key"], rows[-1]["ratio"]) == ("TOTAL", "1.000000")


def test_columns_of_another_name_are_read_as_told(demo, tmp_path) -> None:
    path = tmp_path / "portal.csv"
    text = demo[2]["XMFICCCUSIP"].read_text(encoding="utf-8")
    path.write_text(text.replace("CustomerId", "Fund", 1).replace(",Par", ",Nominal", 1), "utf-8")
    positions, market, _ = demo
    asked = ["reconcile", positions, "--market", market, "--theirs", f"XMFICCCUSIP={path}"]
    refused = xm(*asked)
    assert refused.returncode == 1
    assert "--column par=NAME" in refused.stderr
    named = ["--column", "par=Nominal", "--column", "XMFICCCUSIP.customer_id=Fund"]
    result = xm(*asked, *named, "--format", "json")
    assert json.loads(result.stdout)["breaks"] == 0, result.stderr
    # Without its customers the file is compared with all of them.
    total = json.loads(xm(*asked, *named[:2], "--format", "json").stdout)["files"][0]
    assert (total["by_customer"], total["breaks"]) == (False, 0)
    assert total["unknown_columns"]["Fund"] > 0


def test_the_drift_series_grows_once_a_run(demo, tmp_path) -> None:
    drift = tmp_path / "drift.jsonl"
    files = {"MARGIN001": demo[2]["MARGIN001"]}
    first = reconcile(demo, "--drift", drift, files=files)
    again = reconcile(demo, "--drift", drift, files=files)
    assert "1 records added, of which 0 corrections; 0 were there" in first.stderr
    assert "0 records added, of which 0 corrections; 1 were there" in again.stderr
    higher = {"MARGIN001": changed(demo[2]["MARGIN001"], tmp_path, "PerformanceBond", 2)}
    corrected = reconcile(demo, "--drift", drift, files=higher)
    assert "1 records added, of which 1 corrections" in corrected.stderr
    (series,) = json.loads(xm("reconcile", "drift", drift, "--format", "json").stdout)["series"]
    assert (series["kind"], series["count"], series["mean"]) == ("MARGIN001", 1, "0.500000")
    assert series["records"][0]["revision"] == 2
    (row,) = csv.DictReader(io.StringIO(xm("reconcile", "drift", drift, "--format", "csv").stdout))
    assert (row["figure"], row["ratio"]) == ("performance_bond", "0.500000")
    assert "0.5000" in xm("reconcile", "drift", drift, COLUMNS="80").stdout


def test_faults_of_all_files_are_told_and_nothing_is_done(demo, tmp_path) -> None:
    first, second = tmp_path / "XMFICCCUSIP.csv", tmp_path / "XMFICCPOSN.csv"
    first.write_text("BusDate,Cycle,Run,CUSIP,Par\n03/24/2026,EOD,1,912810FT1,5\n", "utf-8")
    second.write_text("BusDate,Cycle,Run,Contract,Contracts\n03/24/2026,EOD,1,ZNM26,(5)\n", "utf-8")
    drift, ours = tmp_path / "drift.jsonl", tmp_path / "ours"
    result = reconcile(
        demo,
        "--drift",
        drift,
        "--write",
        ours,
        "--format",
        "json",
        files={"a": first, "b": second},
    )
    assert result.returncode == 1
    refusals = json.loads(result.stdout)["refused"]
    assert [(r["file"], r["line"], r["column"]) for r in refusals] == [
        ("XMFICCCUSIP.csv", 2, 4),
        ("XMFICCPOSN.csv", 2, 5),
    ]
    assert "Traceback" not in result.stderr
    assert not drift.exists()
    assert not ours.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tolerance", "five"], "--tolerance"),
        (["--tolerance", "1"], "--tolerance"),
        (["--column", "nothing=Par"], "--column"),
        (["--column", "par"], "--column"),
        (["--set", "ficc.nothing=1"], "parameter"),
        (["--cycle", "ITD"], "BusDate, Cycle, Run"),
        (["--run", "7"], "BusDate, Cycle, Run"),
        (["--theirs", "XMFICCCUSIP_again.csv"], "one file of a kind"),
    ],
)
def test_options_at_fault_are_refused(demo, options: list[str], said: str) -> None:
    result = reconcile(demo, *options, files={"XMFICCCUSIP": demo[2]["XMFICCCUSIP"]})
    assert (result.returncode, result.stdout) == (1, "")
    assert said in result.stderr


def test_a_comparison_needs_something_to_compare(demo) -> None:
    positions, market, _ = demo
    assert xm("reconcile", positions, "--market", market).returncode == 2


@pytest.mark.real_data
def test_the_sample_agrees_with_its_own_files(real_data, real_directory, tmp_path) -> None:
    positions = real_data.parent / "portfolios" / "sample_bd_fcm_2026-03-24.csv"
    if not positions.is_file():
        pytest.skip("no sample portfolio beside the data folder")
    asked = ["reconcile", positions, "--market", real_directory, "--date", "2026-03-24"]
    assert xm(*asked, "--write", tmp_path).returncode == 0
    theirs = [part for path in sorted(tmp_path.iterdir()) for part in ("--theirs", path)]
    document = json.loads(xm(*asked, *theirs, "--format", "json", "--tolerance", "0").stdout)
    assert document["breaks"] == 0
    assert sum(len(file["lines"]) for file in document["files"]) > 500
