"""``xm backtest --par-books`` as a user meets it: shapes, formats, refusals, exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crossmargin.basics.digest import digest_of
from crossmargin.cli.main import app
from crossmargin.testing.commands import in_its_own_process

SPAN = ("--from", "2025-01-02", "--to", "2025-12-31")
MODELS = ["hs", "fhs", "max"]


def xm_backtest(*arguments: str | Path, columns: int = 80) -> Result:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["backtest", *map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from crossmargin.bootstrap import demo_seed, simulate_market

    folder = tmp_path_factory.mktemp("backtest") / "market"
    simulate_market(folder, seed=demo_seed(None))
    return folder


@pytest.fixture(scope="module")
def document(directory: Path) -> dict[str, Any]:
    result = xm_backtest("--par-books", "--market", directory, *SPAN, "--format", "json")
    assert result.exit_code == 0
    return dict(json.loads(result.stdout))


def test_the_document_has_the_promised_shape(document: dict[str, Any]) -> None:
    books = {book["book"]: book for book in document["books"]}
    assert len(books) == 64
    assert {"2y short", "10y long", "2s10s flattener", "2-5-10 fly"} <= set(books)
    for book in books.values():
        for name in ("coverage_pct", "peak_to_trough", "average_pct"):
            assert list(book[name]) == MODELS
            assert all(float(value) > 0.0 for value in book[name].values())
    book = books["10y long"]
    covered = 100 * (1 - book["exceptions"]["fhs"] / book["outcomes"])
    assert book["coverage_pct"]["fhs"] == f"{covered:.2f}"
    assert list(book["largest_rise_pct"]["max"]) == ["1", "5", "20", "30"]
    # The window reaches back to the first simulated yields, less than ten years at no time.
    assert 2400 < book["scenarios"]["fewest"] <= book["scenarios"]["most"]
    assert book["rank"]["highest"] == book["scenarios"]["most"] // 100


def test_the_digest_covers_the_rest_and_repeats(directory: Path, document: dict[str, Any]) -> None:
    rest = {name: value for name, value in document.items() if name != "digest"}
    assert document["digest"] == digest_of(rest)
    assert document["market"]["simulated"] is True
    again = xm_backtest("--par-books", "--market", directory, *SPAN, "--format", "json")
    assert json.loads(again.stdout)["digest"] == document["digest"]


def test_the_digest_does_not_depend_on_vector_units(
    directory: Path, document: dict[str, Any]
) -> None:
    # numpy reads the variable when it is loaded, so another process is needed.
    arguments = ("backtest", "--par-books", "--market", directory, *SPAN, "--format", "json")
    disabled = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL"}
    result = in_its_own_process(*arguments, **disabled)
    if result.returncode and "NPY_DISABLE_CPU_FEATURES" in result.stderr:
        pytest.skip("this processor has fewer features than the variable names")
    assert json.loads(result.stdout)["digest"] == document["digest"]


def test_csv_has_a_row_a_book_and_model(directory: Path, document: dict[str, Any]) -> None:
    result = xm_backtest("--par-books", "--market", directory, *SPAN, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["book"], row["model"]) for row in rows] == [
        (book["book"], model) for book in document["books"] for model in MODELS
    ]
    for row, book in zip(rows[2::3], document["books"], strict=True):
        assert row["coverage_pct"] == book["coverage_pct"]["max"]
        assert row["largest_rise_20_pct"] == book["largest_rise_pct"]["max"]["20"]
        assert row["worst_rolling_pct"] == ""  # 249 outcomes hold no run of 250


@pytest.mark.parametrize("columns", [80, 160])
def test_the_table_is_whole_at_any_width(directory: Path, columns: int) -> None:
    result = xm_backtest("--par-books", "--market", directory, *SPAN, columns=columns)
    assert result.exit_code == 0
    assert "…" not in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= columns
    assert "SIMULATED MARKET" in result.stdout
    assert ("exceptions" in result.stdout) is (columns == 160)
    assert " 2-5-10 fly short " in result.stdout
    assert "249 outcomes of 3 scenario dates" in result.stdout


def test_a_reading_may_be_changed_and_is_then_named(directory: Path) -> None:
    result = xm_backtest(
        *("--par-books", "--market", directory, *SPAN, "--format", "json"),
        *("--set", "validation.window_reading=dates", "--set", "validation.window_dates=500"),
        *("--set", "validation.stressed_year_reading=left_out"),
    )
    found = json.loads(result.stdout)
    assert found["parameters"]["changed"] == {
        "validation.stressed_year_reading": "left_out",
        "validation.window_dates": "500",
        "validation.window_reading": "dates",
    }
    assert {book["scenarios"]["most"] for book in found["books"]} == {500}
    assert {book["rank"]["lowest"] for book in found["books"]} == {5}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--par-books", "--reference"), ["simulated", "2742 outcomes"]),
        (("--par-books", "--set", "validation.window_reading=rows"), ["calendar, dates"]),
        (
            ("--par-books", "--set", "ficc.horizon_days=0", "--set", "validation.ewma_decay=1.5"),
            ["ficc.horizon_days was '0'", "validation.ewma_decay was '1.5'"],
        ),
        (("--par-books", "--set", "cme.coverage=0.9"), ["one of ficc, market, validation"]),
        (("--par-books", "--set", "coverage=0.9"), ["OWNER.NAME=VALUE"]),
    ],
)
def test_what_cannot_be_done_is_refused_with_every_reason(
    directory: Path, arguments: tuple[str, ...], said: list[str]
) -> None:
    result = xm_backtest(*arguments, "--market", directory, *SPAN, "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["refused"]
    for words in said:
        assert words in result.stderr
    assert "Nothing was computed." in result.stderr


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2025-02-01", "2025-01-01", "--from on or before --to: they are reversed"),
        ("2025-02-01", "2025-02-02", "a run of dates with par yields"),
        ("2025-01-02", "2030-01-02", "an outcome needs 3 later dates"),
        ("2006-01-03", "2006-02-03", "a date after 2006-01-03"),
        ("2006-02-03", "2006-03-03", "fewer than 250 scenarios"),
    ],
)
def test_dates_without_history_or_outcome_are_refused(
    directory: Path, first: str, last: str, said: str
) -> None:
    result = xm_backtest("--par-books", "--market", directory, "--from", first, "--to", last)
    assert result.exit_code == 1
    assert not result.stdout
    assert said in result.stderr


def test_a_book_whose_yields_are_missing_is_left_out_and_named(real_directory: Path) -> None:
    # The 30-year was not published on these dates, and what is interpolated with it is not either.
    result = xm_backtest(
        *("--par-books", "--market", real_directory, "--format", "json"),
        *("--from", "2005-12-01", "--to", "2005-12-30"),
    )
    found = json.loads(result.stdout)
    assert {"30y long", "25y short", "11y long"} <= set(found["left_out"])
    kept = {book["book"] for book in found["books"]}
    assert kept.isdisjoint(found["left_out"])
    assert {"20y long", "10y short", "2-5-10 fly"} <= kept


def test_the_reference_stands_beside_ours(real_directory: Path) -> None:
    result = xm_backtest(
        *("--par-books", "--reference", "--market", real_directory, "--format", "csv"),
        *("--from", "2015-03-02", "--to", "2026-02-17"),
    )
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    (row,) = (
        row
        for row in rows
        if (row["book"], row["figure"], row["model"]) == ("10y short", "coverage_pct", "hs")
    )
    assert (row["ours"], row["reference"], row["difference"]) == ("99.42", "99.38", "+0.04")
    assert row["cause"].startswith("consistent with ties")
