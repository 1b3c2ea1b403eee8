"""The page of ``xm backtest`` has the columns of its CSVs and the keys of its documents."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossmargin import bootstrap
from crossmargin.cli.main import app
from crossmargin.presentation import backtest_grid, backtest_positions
from crossmargin.services.backtest_grid import GridDimension
from crossmargin.services.backtest_series import SERIES

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "reference" / "backtest.md").read_text("utf-8")
#: Whose names are data: series, years, sides, days, parameters, customers.
_DATA = ("series", "by_year", "largest_rise", "largest_rise_pct", "changed", "versions", "books",
         "outside", "skipped", "notices", "left_out")  # fmt: skip


def _section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def _names(text: str) -> set[str]:
    """Return every word of every name in code marks."""
    marked = re.findall(r"`([^`]+)`", text)
    return {word for name in marked for word in re.findall(r"[a-z_0-9]+", name)}


def _keys(value: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(value, dict):
        for name, below in value.items():
            below_it = _values(below) if name in _DATA else _keys(below)
            found |= {name} | (set() if name == "by_year" else below_it)
    elif isinstance(value, list):
        for below in value:
            found |= _keys(below)
    return found


def _values(below: Any) -> set[str]:
    """Return the keys under names that are data."""
    inner = below.values() if isinstance(below, dict) else []
    return {key for each in inner if isinstance(each, dict) for key in _keys(each)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("backtest-page")
    market = bootstrap.simulate_market(folder / "market", seed=bootstrap.demo_seed(None))
    bootstrap.demo_positions(market, folder / "demo.csv")
    header, *rows = (folder / "demo.csv").read_text("utf-8").splitlines()
    kept = [row for row in rows if ",CURVE-FUND," in row]
    (folder / "one.csv").write_text("\n".join([header, *kept, ""]), "utf-8")
    dated = [f"2025-11-28,{row}" for row in kept if row.split(",")[4][0] == "9"]
    (folder / "path.csv").write_text("\n".join([f"date,{header}", *dated, ""]), "utf-8")
    span = ("--from", "2025-12-01", "--to", "2025-12-19", "--format", "json")
    found = {}
    for name, arguments in (
        ("positions", (folder / "one.csv", "--daily", "--by-tenor")),
        ("grid", (folder / "one.csv", "--grid")),
        ("path", ("--path", folder / "path.csv")),
    ):
        command = ["backtest", *map(str, arguments), "--market", str(folder / "market"), *span]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        found[name] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("name", ["positions", "grid", "path"])
def test_every_key_is_on_the_page(made: dict[str, dict[str, Any]], name: str) -> None:
    # The figures of a date have the columns of the CSV.
    text = _section("JSON of POSITIONS") + _section("CSV columns of POSITIONS")
    known = _names(text) | {f"loss_{days}d" for days in (1, 3)}
    known |= _names((DOCS / "reference" / "margin.md").read_text("utf-8"))
    assert _keys(made[name]) <= known


def test_the_columns_are_documented_in_their_order(made: dict[str, dict[str, Any]]) -> None:
    text = _section("CSV columns of POSITIONS")
    lines = [
        re.findall(r"`([^`]+)`", line) for line in text.splitlines() if "one row" in line.lower()
    ]
    by_series, by_date, by_variant = lines
    assert by_series == list(backtest_positions.CSV_HEADER)
    daily = backtest_positions.backtest_positions_rows(made["positions"])[0]
    assert [name for name in by_date if name not in ("--daily", "loss_Nd")] == [
        name for name in daily if not name.startswith("loss_")
    ]
    assert [name for name in by_variant if name != "--grid"] == list(backtest_grid.CSV_HEADER)


def test_every_series_and_every_dimension_is_explained() -> None:
    text = (DOCS / "methodology" / "backtests.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (.+) \| (?:FICC|CME)'s \|$", text, re.MULTILINE)
    assert rows == [(kind.name, kind.loss) for kind in SERIES]
    assert {each.value for each in GridDimension} <= _names(_section("JSON of POSITIONS"))
