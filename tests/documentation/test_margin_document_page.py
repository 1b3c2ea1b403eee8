"""The margin document's keys and CSV columns, as made on the simulated market, are documented."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.analysis import explanation
from crossmargin.analysis.factors import risk_factors
from crossmargin.analysis.sensitivity import VARIANTS
from crossmargin.arrangement.cycles import Cycle
from crossmargin.market.history import MarketData
from crossmargin.presentation.margin import margin_document
from crossmargin.presentation.margin_rows import CSV_HEADER
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import SecurityKind
from crossmargin.services import margin_ranges, margin_sensitivity
from crossmargin.services.margin_change import RunInputs, change_of
from crossmargin.services.margin_cycles import CycleRequest, cycle_outcome, plan_cycle
from crossmargin.services.margin_explanation import explain_run
from crossmargin.services.margin_positions import margin_positions
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
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def document(
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch_module: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """Return a document with every kind of line, a true-up, an explanation and a sensitivity."""
    prices = simulated_market.price_sheets[simulation.as_of].prices
    securities = [price.security for price in prices.values()]
    note = max(
        (each for each in securities if each.kind is SecurityKind.NOTE),
        key=lambda each: each.maturity_date,
    ).cusip.text
    bill = next(each.cusip.text for each in securities if each.kind is SecurityKind.BILL)
    lines = (
        f"SMALL,FICC,XM,{note},100000",
        "SMALL,CME,XM,UBM6,-1",
        f"MIXED,FICC,XM,{note},100000000",
        "MIXED,CME,XM,ZNM6,-900",
        f"MIXED,FICC,REGULAR,{bill},5000000",
        "MIXED,CME,REGULAR,ZTM6,10",
        "MIXED,CME,XM,SR3M6,25",
        "MIXED,CME,XM,ZNM6C11250,40",
        "MIXED,CME,XM,ZNM6,12.5",
    )
    path = tmp_path_factory.mktemp("document") / "positions.csv"
    path.write_text("\n".join((_HEADER, *lines)) + "\n", encoding="utf-8")
    # One variant and one factor have the keys of all.
    monkeypatch_module.setattr(margin_sensitivity, "VARIANTS", VARIANTS[:1])
    every = margin_ranges.ranged_parameters
    monkeypatch_module.setattr(margin_ranges, "ranged_parameters", lambda sets: every(sets)[:1])
    monkeypatch_module.setattr(
        explanation, "risk_factors", lambda scenarios: [*risk_factors(scenarios)][:1]
    )
    executor = bootstrap.block_executor()
    inputs = RunInputs(
        bootstrap.read_positions(path),
        simulated_market,
        bootstrap.parameter_sets(simulation.as_of),
        simulation.as_of,
    )
    run = margin_positions(
        inputs.positions,
        inputs.market,
        inputs.parameters,
        executor,
        as_of=inputs.as_of,
        skip_bad_rows=True,
    )
    # The same lines as a previous run, one of which its date could not value.
    then = replace(inputs, positions=replace(inputs.positions, refusals=()))
    change = change_of(run, inputs, then, executor)
    change = replace(change, not_valued_then=run.skipped)
    before = tmp_path_factory.mktemp("before") / "eod.json"
    before.write_text(json.dumps(margin_document(run, cycle="EOD")), encoding="utf-8")
    plan = plan_cycle(
        CycleRequest(
            Cycle.EODXM,
            late=frozenset({ClearingOrganization.FICC}),
            previous=bootstrap.read_previous_run(before),
        ),
        as_of=simulation.as_of,
        arrangement=inputs.parameters.arrangement,
        simulated=True,
    )
    return margin_document(
        run,
        cycle="EODXM",
        outcome=cycle_outcome(run, plan),
        explanations=explain_run(run),
        sensitivities=margin_sensitivity.sensitivity_of(run, simulated_market, executor),
        change=change,
        ranges=margin_ranges.ranges_of(run, simulated_market, executor),
    )


def test_documented_keys_are_those_of_a_document(document: dict[str, Any]) -> None:
    documented = _documented()
    assert len(documented) == len(set(documented)), "a key is documented twice"
    assert set(documented) == set(_keys(json.loads(json.dumps(document))))


def test_documented_csv_columns_are_those_written() -> None:
    assert tuple(re.findall(r"`(\w+)`", _part("CSV columns"))) == CSV_HEADER
