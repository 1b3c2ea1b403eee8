"""The margin document's keys and CSV columns, as made on the simulated market, are documented."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.analysis import explanation
from crossmargin.analysis.factors import risk_factors
from crossmargin.analysis.sensitivity import VARIANTS
from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.margin.ficc.assembly import _CHARGES
from crossmargin.margin.ficc.charge_history import ChargeHistory, ChargeRow
from crossmargin.margin.ficc.higher_of import FiccCycle
from crossmargin.market.history import MarketData
from crossmargin.presentation.margin import margin_document
from crossmargin.presentation.margin_ranges import RANGES_HEADER, range_rows
from crossmargin.presentation.margin_rows import CSV_HEADER
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import SecurityKind
from crossmargin.services import margin_ranges, margin_sensitivity
from crossmargin.services.ficc_charges import ChargeInputs
from crossmargin.services.margin_change import RunInputs, change_of
from crossmargin.services.margin_cycles import CycleRequest, cycle_outcome, plan_cycle
from crossmargin.services.margin_explanation import explain_run
from crossmargin.services.margin_positions import margin_positions
from crossmargin.simulation.market import SimulatedMarket

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "margin.md"
_KEY_CELL = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \| .+ \|$", re.MULTILINE)
_HEADER = "customer_id,clearing_organization,account,instrument,quantity"
# Charged on the days around a holiday, which the demo's date is not.
_HOLIDAY = "customers[].ficc.components.add_ons.holiday"


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
def note(simulation: SimulatedMarket, simulated_market: MarketData) -> str:
    prices = simulated_market.price_sheets[simulation.as_of].prices
    notes = [p.security for p in prices.values() if p.security.kind is SecurityKind.NOTE]
    return max(notes, key=lambda each: each.maturity_date).cusip.text


@pytest.fixture(scope="module")
def document(
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    note: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch_module: pytest.MonkeyPatch,
) -> dict[str, Any]:
    """Return a document with every kind of line, a true-up, an explanation and a sensitivity."""
    prices = simulated_market.price_sheets[simulation.as_of].prices
    securities = [price.security for price in prices.values()]
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
        "LARGE,CME,XM,UBM6,-900000",
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


@pytest.fixture(scope="module")
def charged(
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    note: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Return a document at noon under SPAN, with every charge outside FICC's VaR Charge."""
    lines = (
        f"A,FICC,XM,{note},900000000000",
        "A,CME,XM,ZNM6,-900",
        "A,CME,REGULAR,ZTM6,10",
    )
    path = tmp_path_factory.mktemp("charged") / "positions.csv"
    path.write_text("\n".join((_HEADER, *lines)) + "\n", encoding="utf-8")
    noon, large = FiccCycle.NOON, Money(10**15)
    rows = (
        # Charges that rose at last and losses above them, as many as the charges need, and a
        # liquidity need above FICC's own.
        *(
            ChargeRow(before, noon, var_charge=Money(100), realised_loss=Money(10**9))
            for before in (simulation.as_of - timedelta(days) for days in range(10, 140))
        ),
        ChargeRow(
            date(2026, 3, 20), noon, liquidity_need=Money(200), daily_liquidity_need=Money(1)
        ),
        ChargeRow(date(2026, 3, 23), FiccCycle.SOD, var_charge=large),
        ChargeRow(simulation.as_of, noon, mark_to_market=large, special_charge=Money(100)),
    )
    changes = {
        "ficc": {
            "higher_of": "large_indirect_participants",
            "volatility_events": f"{simulation.as_of.isoformat()}: 0.10",
        },
        "cme": {"engine": "span"},
    }
    run = margin_positions(
        bootstrap.read_positions(path),
        simulated_market,
        bootstrap.parameter_sets(simulation.as_of).changing(changes, reason="test"),
        bootstrap.block_executor(),
        as_of=simulation.as_of,
        charges=ChargeInputs(Cycle.ITD, {CustomerKey("BD-FCM", "A"): ChargeHistory.of(rows)}),
    )
    return margin_document(run, cycle="ITD")


def test_documented_keys_are_those_of_documents(
    document: dict[str, Any], charged: dict[str, Any]
) -> None:
    documented = _documented()
    assert len(documented) == len(set(documented)), "a key is documented twice"
    made = {key for each in (document, charged) for key in _keys(json.loads(json.dumps(each)))}
    # Parameters are by name, and those that the run changed are its own.
    made = {key for key in made if not key.startswith("parameters.changed.")}
    assert set(documented) == made | {_HOLIDAY}


def test_every_charge_outside_the_var_charge_is_documented() -> None:
    named = {component.value for component in _CHARGES}
    prefix = "customers[].ficc.components.add_ons."
    assert {key.removeprefix(prefix) for key in _documented() if key.startswith(prefix)} == named


def test_documented_csv_columns_are_those_written(document: dict[str, Any]) -> None:
    assert all(len(row) == len(RANGES_HEADER) for row in range_rows(document))
    assert tuple(re.findall(r"`(\w+)`", _part("CSV columns"))) == CSV_HEADER
    assert tuple(re.findall(r"`(\w+)`", _part("CSV columns of ranges"))) == RANGES_HEADER
