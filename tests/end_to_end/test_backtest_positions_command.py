"""``xm backtest POSITIONS`` as a user meets it: shapes, formats, tables, refusals, exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from crossmargin.basics.digest import digest_of
from crossmargin.cli.main import app
from crossmargin.presentation.backtest_grid import backtest_grid_rows, print_backtest_grid
from crossmargin.presentation.backtest_positions_tables import print_backtest_positions

SPAN = ("--from", "2025-09-02", "--to", "2025-12-31")
HEADER = "customer_id,clearing_organization,account,instrument,quantity\n"


def xm_backtest(*arguments: str | Path, columns: int = 80) -> Result:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["backtest", *map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a market directory, two books and one that has a bad row."""
    from crossmargin import bootstrap

    place = tmp_path_factory.mktemp("backtest-positions")
    market = bootstrap.simulate_market(place / "market", seed=bootstrap.demo_seed(None))
    bootstrap.demo_positions(market, place / "demo.csv")
    header, *rows = (place / "demo.csv").read_text("utf-8").splitlines()
    of = header.split(",").index("customer_id")
    kept = [row for row in rows if row.split(",")[of] in ("CURVE-FUND", "REGIONAL-BANK")]
    (place / "two.csv").write_text("\n".join([header, *kept, ""]), "utf-8")
    broken = "CURVE-FUND,CME,XM,ZNM26,many"
    good = [f"CURVE-FUND,CME,XM,{code},-10" for code in ("ZNM26", "ZTM26")]
    (place / "bad.csv").write_text(HEADER + "\n".join([*good, broken, ""]), "utf-8")
    return place


@pytest.fixture(scope="module")
def document(folder: Path) -> dict[str, Any]:
    result = xm_backtest(
        *(folder / "two.csv", "--market", folder / "market", *SPAN),
        *("--format", "json", "--daily", "--by-tenor"),
    )
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_the_document_has_the_promised_shape(document: dict[str, Any]) -> None:
    assert (document["from"], document["to"], document["mode"]) == (*SPAN[1::2], "restrike")
    assert document["target_coverage_pct"] == "99.00"
    assert [each["customer_id"] for each in document["customers"]] == [
        "CURVE-FUND",
        "REGIONAL-BANK",
    ]
    rest = {name: value for name, value in document.items() if name != "digest"}
    assert document["digest"] == digest_of(rest)
    for customer in document["customers"]:
        assert set(customer["series"]) == set(document["series"])
        for series in customer["series"].values():
            covered = 100 * (1 - series["exceptions"] / series["outcomes"])
            assert series["coverage_pct"] == f"{covered:.2f}"
            assert sum(third["outcomes"] for third in series["thirds"]) == series["outcomes"]
            counted = sum(regime["outcomes"] for regime in series["regimes"])
            assert counted == series["outcomes"]


def test_every_date_can_be_added_up(document: dict[str, Any]) -> None:
    for customer in document["customers"]:
        rows = customer["daily"]
        assert len(rows) == document["margin_dates"]
        total = sum(float(row["ficc_requirement"]) + float(row["cme_requirement"]) for row in rows)
        average = float(customer["requirement"]["average"])
        assert total / len(rows) == pytest.approx(average, abs=0.01)
        beyond = sum(
            float(row["loss_3d"]) > float(row["ficc_requirement"]) + float(row["cme_requirement"])
            for row in rows
        )
        # What is left out for want of a futures price may hold exceptions too.
        assert beyond >= customer["series"]["together_ficc_horizon"]["exceptions"]


def test_the_digest_does_not_depend_on_the_order_of_rows(
    folder: Path, document: dict[str, Any]
) -> None:
    header, *rows = (folder / "two.csv").read_text("utf-8").splitlines()
    turned = folder / "turned.csv"
    turned.write_text("\n".join([header, *reversed(rows), ""]), "utf-8")
    result = xm_backtest(
        *(turned, "--market", folder / "market", *SPAN),
        *("--format", "json", "--daily", "--by-tenor"),
    )
    assert json.loads(result.stdout)["customers"] == document["customers"]


def test_csv_has_a_row_a_series_or_a_row_a_date(folder: Path, document: dict[str, Any]) -> None:
    arguments = (folder / "two.csv", "--market", folder / "market", *SPAN, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(xm_backtest(*arguments).stdout)))
    assert [(row["customer_id"], row["series"]) for row in rows] == [
        (customer["customer_id"], series)
        for customer in document["customers"]
        for series in customer["series"]
    ]
    first = document["customers"][0]["series"]["ficc_securities"]
    assert rows[0]["coverage_pct"] == first["coverage_pct"]
    assert rows[0]["average"] == first["procyclicality"]["average"]
    by_date = list(csv.DictReader(io.StringIO(xm_backtest(*arguments, "--daily").stdout)))
    assert len(by_date) == 2 * document["margin_dates"]
    day = document["customers"][0]["daily"][0]
    assert by_date[0] == {"simulated": "true", "customer_id": "CURVE-FUND", **day}


@pytest.mark.parametrize("columns", [80, 120, 160])
def test_tables_are_whole_at_any_width(document: dict[str, Any], columns: int) -> None:
    # Dollars as wide as they come, of the largest book whose sums are exact.
    text = json.dumps(document).replace('"uncovered": "0.00"', '"uncovered": "-17179869184.00"')
    screen = Console(file=io.StringIO(), width=columns)
    print_backtest_positions(screen, json.loads(text))
    printed = screen.file.getvalue()  # type: ignore[attr-defined]
    lines = printed.splitlines()
    assert "17,179,869,184" in printed
    assert "…" not in printed
    assert max(map(len, lines)) <= columns
    assert (" largest miss " in printed) is (columns == 160)
    assert "SIMULATED MARKET" in printed


def test_the_table_is_what_is_printed_without_a_format(folder: Path) -> None:
    result = xm_backtest(folder / "two.csv", "--market", folder / "market", *SPAN)
    assert result.exit_code == 0, result.output
    assert "Verdict on coverage of 99.00 %" in " ".join(result.stdout.splitlines())
    assert "REGIONAL-BANK: " in result.stdout
    assert "OFFSET, FICC alone, 3d" in result.stdout


def test_a_date_without_a_price_sheet_is_derived_only_where_asked(folder: Path) -> None:
    arguments = ("--market", folder / "market", *SPAN, "--date", "2026-03-20")
    refused = xm_backtest(folder / "two.csv", *arguments)
    assert refused.exit_code == 1
    assert "a date with security prices: 2026-03-24" in refused.stderr
    # The only sheet is a later one: there is nothing to derive from.
    derived = xm_backtest(folder / "two.csv", *arguments, "--derived-prices")
    assert derived.exit_code == 1
    assert "a date with security prices:" not in derived.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either POSITIONS or --path or --par-books"),
        (("two.csv", "--par-books"), "give either POSITIONS or --path or --par-books"),
        (("two.csv", "--reference"), "--reference is for --par-books"),
        (("--par-books", "--daily", "--by-tenor"), "--by-tenor, --daily: for POSITIONS"),
        (("--path", "two.csv", "two.csv"), "give either POSITIONS or --path or --par-books"),
        (("--path", "two.csv", "--grid"), "--grid and --by-tenor are for POSITIONS"),
        (("--path", "two.csv", "--by-tenor"), "--grid and --by-tenor are for POSITIONS"),
        (("two.csv", "--grid", "--daily"), "--grid shows books as a whole"),
        (("--par-books", "--grid"), "--grid: for POSITIONS"),
        (("--par-books", "--derived-prices"), "--derived-prices: for POSITIONS"),
    ],
)
def test_what_makes_no_sense_is_usage(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    named = [folder / each if each.endswith(".csv") else each for each in arguments]
    result = xm_backtest(*named, "--market", folder / "market", *SPAN, columns=200)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["cme.engine=span"], "cme.engine was 'span'"),
        (["ficc.valuation=delta_gamma"], "ficc.valuation was 'delta_gamma'"),
        (["validation.unobserved_basis=guess"], "leave_out, keep"),
        (["nobody.knows=1"], "one of arrangement, cme, ficc, market"),
    ],
)
def test_what_a_walk_does_not_do_is_refused(folder: Path, changes: list[str], said: str) -> None:
    options = [part for change in changes for part in ("--set", change)]
    result = xm_backtest(
        folder / "two.csv", "--market", folder / "market", *SPAN, *options, "--format", "json"
    )
    assert result.exit_code == 1
    assert json.loads(result.stdout)["refused"]
    assert said in result.stderr
    assert "Nothing was computed." in result.stderr


def test_bad_rows_are_refused_by_line_or_left_out_by_name(folder: Path) -> None:
    arguments = (folder / "bad.csv", "--market", folder / "market", *SPAN, "--format", "json")
    result = xm_backtest(*arguments)
    assert result.exit_code == 1
    (refusal,) = json.loads(result.stdout)["refused"]
    assert (refusal["line"], refusal["field"], refusal["value"]) == (4, "quantity", "many")
    kept = json.loads(xm_backtest(*arguments, "--skip-bad-rows").stdout)
    assert [each["line"] for each in kept["positions"]["skipped"]] == [4]
    assert list(kept["customers"][0]["series"]) == ["ficc_futures", "cme_futures"]
    assert kept["pooled"] == []


@pytest.mark.parametrize("columns", [80, 160])
def test_the_grid_has_a_row_a_variant_in_every_format(folder: Path, columns: int) -> None:
    result = xm_backtest(
        *(folder / "two.csv", "--market", folder / "market", "--grid", "--format", "json"),
        *("--from", "2025-10-01", "--to", "2025-10-31"),
        *("--set", "validation.grid_lookback_years=10", "--set", "validation.grid_decay=0.97"),
        *("--set", "validation.grid_coverage=0.99", "--set", "validation.grid_horizon_days=3"),
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    for customer in document["customers"]:
        named = [(row["dimension"], row["value"]) for row in customer["variants"]]
        assert named == [
            ("base", ""),
            ("stressed_year", "without"),
            *(("floor_share", "0.05"), ("floor_share", "0.15")),
            *(("cap", "0.7"), ("cap", "0.9")),
        ]
        for row in customer["variants"]:
            saved = float(row["standalone_average"]) - float(row["average"])
            assert float(row["average_saving"]) == pytest.approx(saved, abs=0.011)
    header, rows = backtest_grid_rows(document)
    assert len(rows) == sum(len(each["variants"]) for each in document["customers"])
    first = dict(zip(header, rows[0], strict=True))
    assert first["average"] == document["customers"][0]["variants"][0]["average"]
    screen = Console(file=io.StringIO(), width=columns)
    # As wide as dollars come.
    wide = json.loads(json.dumps(document))
    wide["customers"][0]["variants"][1]["average"] = "17179869184.00"
    print_backtest_grid(screen, wide)
    printed = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "no stressed year" in printed
    assert "17,179,869,184" in printed
    assert "…" not in printed
    assert max(map(len, printed.splitlines())) <= columns


def test_a_path_has_the_same_document_and_says_what_it_holds(folder: Path) -> None:
    header, *rows = (folder / "two.csv").read_text("utf-8").splitlines()
    instrument = header.split(",").index("instrument")
    kept = [row for row in rows if row.split(",")[instrument][0] == "9"]
    file = folder / "path.csv"
    dated = [f"{on},{row}" for on in ("2025-09-01", "2025-10-15") for row in kept]
    future = ["2025-10-15", *[""] * len(header.split(","))]
    for name, value in (
        *(("customer_id", "CURVE-FUND"), ("clearing_organization", "CME"), ("account", "XM")),
        *(("instrument", "ZNZ5"), ("quantity", "-100"), ("bd_fcm", "DEMO-BD-FCM")),
    ):
        future[header.split(",").index(name) + 1] = value
    text = "\n".join(["date," + header, *dated, ",".join(future), ""])
    file.write_text(text, "utf-8")
    arguments = ("--path", file, "--market", folder / "market", *SPAN)
    document = json.loads(xm_backtest(*arguments, "--format", "json", "--daily").stdout)
    # Without the contract, with it, and again without it once it is no longer traded.
    assert document["path"]["books"] == {"CURVE-FUND": 3, "REGIONAL-BANK": 1}
    # ZNZ25 traded until 19 December.
    assert [(each["instrument"], each["since"]) for each in document["path"]["left"]] == [
        ("ZNZ25", "2025-12-22")
    ]
    curve = document["customers"][0]
    before = [row for row in curve["daily"] if row["date"] < "2025-10-15"]
    assert before
    assert all(row["cme_futures"] == "0.00" for row in before)
    assert any(float(row["cme_futures"]) > 0.0 for row in curve["daily"])
    rest = {name: value for name, value in document.items() if name != "digest"}
    assert document["digest"] == digest_of(rest)
    table = xm_backtest(*arguments)
    assert table.exit_code == 0, table.output
    assert "positions by date" in " ".join(table.stdout.splitlines())
    assert "Books that follow each other: CURVE-FUND 3, REGIONAL-BANK 1." in table.stdout
    assert "cheapest issues of 2026-03-24 stand for" in " ".join(table.stdout.split())
    assert max(map(len, table.stdout.splitlines())) <= 80
    file.write_text(text.replace("2025-10-15,", "soon,", 1), "utf-8")
    refused = xm_backtest(*arguments, "--format", "json")
    assert refused.exit_code == 1
    (refusal,) = json.loads(refused.stdout)["refused"]
    named = (refusal["line"], refusal["column"], refusal["field"], refusal["value"])
    assert named == (2 + len(kept), 1, "date", "soon")
