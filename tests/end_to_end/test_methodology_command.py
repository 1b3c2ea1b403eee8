"""``xm methodology build``: files written, refusals said, nothing written half."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from crossmargin import bootstrap
from crossmargin.cli.main import app

if TYPE_CHECKING:
    from crossmargin.simulation.market import SimulatedMarket

runner = CliRunner()


@pytest.fixture(scope="module")
def market(simulation: SimulatedMarket, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from crossmargin.testing.markets import write_simulated_market

    directory = tmp_path_factory.mktemp("methodology") / "market"
    write_simulated_market(directory, simulation)
    return directory


def test_a_public_pack_is_written_and_named(market: Path, tmp_path: Path) -> None:
    target = tmp_path / "made" / "pack"
    arguments = ["methodology", "build", str(target), "--market", str(market)]
    done = runner.invoke(app, [*arguments, "--skip-sensitivity", "--format", "json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["edition"] == "public"
    names = {f"methodology-public.{end}" for end in ("html", "pdf", "json")}
    assert {each["file"] for each in document["files"]} == names
    for each in document["files"]:
        content = (target / each["file"]).read_bytes()
        assert len(content) == each["bytes"]
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
    pack = json.loads((target / "methodology-public.json").read_text("utf-8"))
    assert pack["digest"] == document["digest"]
    assert pack["simulated"] is True
    page = (target / "methodology-public.html").read_text("utf-8")
    assert "SIMULATED MARKET" in page
    assert document["digest"] in page


@pytest.mark.parametrize(
    "arguments",
    [["--edition", "firm"], ["--edition", "public", "--positions", "POSITIONS"]],
)
def test_editions_and_positions_go_together(
    market: Path, tmp_path: Path, simulation: SimulatedMarket, arguments: list[str]
) -> None:
    positions = tmp_path / "positions.csv"
    bootstrap.demo_positions(simulation, positions)
    given = [str(positions) if each == "POSITIONS" else each for each in arguments]
    target = tmp_path / "pack"
    done = runner.invoke(
        app, ["methodology", "build", str(target), "--market", str(market), *given]
    )
    assert done.exit_code == 2
    assert not target.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--date", "2019-01-02"], "a date with security prices"),
        (["--set", "arrangement.cap=2"], "arrangement.cap"),
        (["--set", "validation.rolling_outcomes=many"], "validation.rolling_outcomes"),
        (["--set", "nobody.cap=1"], "nobody"),
    ],
)
def test_what_cannot_be_computed_is_refused_and_nothing_written(
    market: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    target = tmp_path / "pack"
    done = runner.invoke(
        app, ["methodology", "build", str(target), "--market", str(market), *arguments]
    )
    assert done.exit_code == 1
    assert said in done.stderr
    assert not target.exists()


def test_a_bad_row_of_the_positions_is_refused(
    market: Path, tmp_path: Path, simulation: SimulatedMarket
) -> None:
    positions = tmp_path / "positions.csv"
    bootstrap.demo_positions(simulation, positions)
    lines = positions.read_text("utf-8").splitlines()
    positions.write_text("\n".join([lines[0], lines[1].replace(",XM,", ",ELSEWHERE,")]) + "\n")
    target = tmp_path / "pack"
    arguments = ["--edition", "firm", "--positions", str(positions), "--format", "json"]
    done = runner.invoke(
        app, ["methodology", "build", str(target), "--market", str(market), *arguments]
    )
    assert done.exit_code == 1
    assert json.loads(done.stdout)["refused"][0]["line"] == 2
    assert not target.exists()
