"""``xm span calibrate`` and ``xm span levels`` as a user meets them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from crossmargin.cli.main import app


def xm_span(*arguments: str | Path, columns: int = 80) -> Result:
    return CliRunner().invoke(
        app, ["span", *(str(a) for a in arguments)], env={"COLUMNS": str(columns)}
    )


@pytest.fixture(scope="session")
def simulated_directory(simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from crossmargin.feeds.market.directory import write_market_directory

    directory = tmp_path_factory.mktemp("span") / "market"
    write_market_directory(
        directory,
        simulation.tables,
        simulated=True,
        seed=simulation.seed,
        notes=simulation.notes,
    )
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
