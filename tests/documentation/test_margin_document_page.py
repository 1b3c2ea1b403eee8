"""The margin document's keys and CSV columns, as made on the simulated market, are documented."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossmargin import bootstrap
from crossmargin.cli.main import app
from crossmargin.market.history import MarketData
from crossmargin.presentation.margin import margin_document
from crossmargin.services.margin_positions import explain_run, margin_positions
from crossmargin.services.margin_sensitivity import sensitivity_of
from crossmargin.simulation.market import SimulatedMarket

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "margin.md"
_KEY_CELL = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \| .+ \|$", re.MULTILINE)
_HEADER = "customer_id,clearing_organization,account,instrument,quantity"


def _part(heading: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def _expanded(pattern: str) -> Iterator[str]:
    """Yield the keys of a pattern such as ``a.{b,c}.d``."""
    parts = re.split(r"\{([^}]+)\}", pattern)
    choices = [part.split(",") if place % 2 else [part] for place, part in enumerate(parts) if part]
    return ("".join(chosen) for chosen in itertools.product(*choices))


def _documented() -> list[str]:
    cells = _KEY_CELL.findall(_part("The JSON document"))
    patterns = [pattern for cell in cells for pattern in re.findall(r"`([^`]+)`", cell)]
    return [key for pattern in patterns for key in _expanded(pattern)]


def _keys(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, below in value.items():
            key = f"{path}.{name}" if path else name
            yield key
            yield from _keys(below, key)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item, f"{path}[]")


@pytest.fixture(scope="module")
def document(
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Return a document with every kind of line, an explanation and a sensitivity."""
    note = max((issue for issue in simulation.issues), key=lambda issue: issue.maturity_date).cusip
    bill = next(
        cusip
        for cusip, price in simulated_market.price_sheets[simulation.as_of].prices.items()
        if price.security.kind.value == "BILL"
    )
    lines = (
        f"SMALL,FICC,XM,{note},100000",
        "SMALL,CME,XM,UBM6,-1",
        f"MIXED,FICC,XM,{note},100000000",
        "MIXED,CME,XM,ZNM6,-900",
        f"MIXED,FICC,REGULAR,{bill},5000000",
        "MIXED,CME,REGULAR,ZTM6,10",
        "MIXED,CME,XM,ZNM6C11250,40",
        "MIXED,CME,XM,ZNM6,12.5",
    )
    path = tmp_path_factory.mktemp("document") / "positions.csv"
    path.write_text("\n".join((_HEADER, *lines)) + "\n", encoding="utf-8")
    executor = bootstrap.block_executor()
    run = margin_positions(
        bootstrap.read_positions(path),
        simulated_market,
        bootstrap.parameter_sets(simulation.as_of),
        executor,
        as_of=simulation.as_of,
        skip_bad_rows=True,
    )
    return margin_document(
        run,
        cycle="EOD",
        explanations=explain_run(run),
        sensitivities=sensitivity_of(run, executor),
    )


def test_documented_keys_are_those_of_a_document(document: dict[str, Any]) -> None:
    documented = _documented()
    assert len(documented) == len(set(documented)), "a key is documented twice"
    assert set(documented) == set(_keys(json.loads(json.dumps(document))))


def test_documented_csv_columns_are_those_written(
    document: dict[str, Any], simulation: SimulatedMarket, tmp_path: Path
) -> None:
    columns = re.findall(r"`(\w+)`", _part("CSV columns"))
    market = tmp_path / "market"
    positions = tmp_path / "positions.csv"
    positions.write_text(f"{_HEADER}\nSMALL,CME,XM,UBM6,-1\n", encoding="utf-8")
    bootstrap.simulate_market(market, seed=simulation.seed)
    result = CliRunner().invoke(
        app, ["margin", str(positions), "--market", str(market), "--format", "csv"]
    )
    assert result.exit_code == 0, result.stderr
    assert columns == result.stdout.splitlines()[0].split(",")
