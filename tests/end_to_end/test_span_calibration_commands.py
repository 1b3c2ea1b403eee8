"""``xm span calibrate`` and ``xm span levels`` as a user meets them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from crossmargin import bootstrap
from crossmargin.cli.main import app


def xm_span(*arguments: str | Path, columns: int = 80) -> Result:
    return CliRunner().invoke(
        app, ["span", *(str(a) for a in arguments)], env={"COLUMNS": str(columns)}
    )


@pytest.fixture(scope="session")
def simulated_directory(simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from crossmargin.testing.markets import write_simulated_market

    directory = tmp_path_factory.mktemp("span") / "market"
    write_simulated_market(directory, simulation)
    return directory


def test_a_simulated_market_has_the_stored_weights_and_says_so(simulated_directory: Path):
    result = xm_span("calibrate", "--market", simulated_directory, "--format", "json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["simulated"] is True
    assert document["weights"]["fitted"] is False
    assert "not CME's" in document["label"]
    assert len(document["scan_ranges"]) > 100
    table = xm_span("calibrate", "--market", simulated_directory)
    assert "SIMULATED MARKET." in table.stdout
    assert "the stored weights stand" in " ".join(table.stdout.split())


def test_a_file_that_contradicts_itself_is_a_notice_of_the_run(
    simulated_directory: Path, simulation, tmp_path: Path
) -> None:
    own, positions = tmp_path / "own.pa2", tmp_path / "positions.csv"
    bootstrap.demo_positions(simulation, positions)
    written = xm_span(
        *("calibrate", "--market", simulated_directory, "--format", "csv", "--to", own)
    )
    assert written.exit_code == 0, written.stderr
    asked = ["margin", str(positions), "--market", str(simulated_directory), "--format", "json"]
    asked += ["--cme-model", "span", "--span-parameters"]
    whole = json.loads(CliRunner().invoke(app, [*asked, str(own)]).stdout)
    assert not [each for each in whole["notices"] if "scan range" in each]
    parameters = bootstrap.read_span(own).parameters
    turned = tuple(
        replace(each, losses=tuple(-loss for loss in each.losses)) for each in parameters.contracts
    )
    wrong = tmp_path / "wrong.pa2"
    bootstrap.write_span(replace(parameters, contracts=turned), wrong)
    result = CliRunner().invoke(app, [*asked, str(wrong)])
    assert result.exit_code == 0, result.stderr
    (notice,) = [each for each in json.loads(result.stdout)["notices"] if "scan range" in each]
    assert "CBT 21 FUT 202606" in notice


@pytest.mark.parametrize("day", ["2026-03-22", "2030-01-02"])
def test_a_date_without_a_curve_is_refused(
    day: str, simulated_directory: Path, tmp_path: Path
) -> None:
    to = tmp_path / "own.pa2"
    result = xm_span("calibrate", "--market", simulated_directory, "--date", day, "--to", to)
    assert result.exit_code == 1
    (refusal,) = result.exception.refusals
    assert (refusal.field, refusal.value) == ("date", day)
    assert "a date with par yields, the last one before it is 2026-03-2" in refusal.expected
    assert not to.exists()


def test_a_place_that_cannot_be_written_is_a_refusal(
    simulated_directory: Path, tmp_path: Path
) -> None:
    for to in (tmp_path, tmp_path / "none" / "own.pa2"):
        asked = ("calibrate", "--market", simulated_directory, "--to", to)
        (refusal,) = xm_span(*asked).exception.refusals
        assert (refusal.field, refusal.value) == ("--to", to.name)
        assert "a file that can be written" in refusal.expected


def test_levels_need_a_margin_history(simulated_directory: Path):
    result = xm_span("levels", "--market", simulated_directory)
    assert result.exit_code == 1
    assert "futures_margins" in str(result.exception)


@pytest.mark.real_data
def test_calibrate_in_every_format(real_directory: Path):
    result = xm_span("calibrate", "--market", real_directory)
    assert result.exit_code == 0
    for said in ("TNM26 to TNZ26", "Intercommodity credits", "correlation not stable", "not CME's"):
        assert said in " ".join(result.stdout.split())
    assert max(len(line) for line in result.stdout.splitlines()) <= 80
    rows = list(
        csv.DictReader(
            io.StringIO(xm_span("calibrate", "--market", real_directory, "--format", "csv").stdout)
        )
    )
    assert len({row["contract"] for row in rows}) == len(rows) == 142


@pytest.mark.real_data
def test_levels_print_theirs_ours_and_the_residual(real_directory: Path):
    result = xm_span("levels", "--market", real_directory, "--format", "json")
    document = json.loads(result.stdout)
    for row in (*document["published"], *document["history"]):
        residual = float(row["ours_dollars"]) - row["theirs_dollars"]
        assert float(row["residual_dollars"]) == pytest.approx(residual, abs=0.011)
        assert row["status"] in {"sourced", "derived", "recalled"}
    assert document["hedge_total"]["theirs_dollars"] == 569_910
    table = xm_span("levels", "--market", real_directory)
    assert "2025-06-04   SR3M25" in table.stdout
    assert max(len(line) for line in table.stdout.splitlines()) <= 80


@pytest.mark.real_data
def test_a_date_without_history_is_refused_with_every_reason(real_directory: Path):
    result = xm_span("calibrate", "--market", real_directory, "--date", "1999-06-30")
    assert result.exit_code == 1
    assert len(result.exception.refusals) == 5
