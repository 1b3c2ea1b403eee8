"""Each row of the ranges is a run of its own with that value; jointly it is at least as bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossmargin import bootstrap
from crossmargin.market.history import MarketData
from crossmargin.services import margin_ranges
from crossmargin.services.margin_day import prepare_day
from crossmargin.services.margin_positions import MarginRun, margin_positions
from crossmargin.services.margin_ranges import CustomerRanges, ranged_parameters, ranges_of
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing.builders import AS_OF

MOVED = (
    "ficc.lookback_years",
    "cme.historical_weight",
    "market.timing_noise",
    "arrangement.sec_scope",
)
HEADER = "customer_id,clearing_organization,account,instrument,quantity"
LINES = ("A,CME,XM,ZNM6,-400", "A,CME,XM,SR3M6,500", "B,CME,XM,ZTM6,900", "B,CME,XM,ZNM6,-300")


def run_with(
    simulation: SimulatedMarket,
    market: MarketData,
    folder: Path,
    changes: dict[str, dict[str, str]] | None = None,
) -> MarginRun:
    note = max(
        (
            p.security
            for p in market.price_sheets[simulation.as_of].prices.values()
            if p.security.kind.value == "NOTE"
        ),
        key=lambda security: security.maturity_date,
    ).cusip.text
    path = folder / "positions.csv"
    path.write_text("\n".join((HEADER, f"A,FICC,XM,{note},500000000", *LINES)) + "\n", "utf-8")
    return margin_positions(
        bootstrap.read_positions(path),
        market,
        bootstrap.parameter_sets(simulation.as_of).changing(changes or {}, reason="by hand"),
        bootstrap.block_executor(),
        as_of=simulation.as_of,
    )


@pytest.fixture(scope="module")
def ranges(
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, CustomerRanges]:
    run = run_with(simulation, simulated_market, tmp_path_factory.mktemp("ranges"))
    few = [
        one
        for one in ranged_parameters(run.result.day.parameters)
        if f"{one.owner}.{one.name}" in MOVED
    ]
    assert len(few) == len(MOVED)
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(margin_ranges, "ranged_parameters", lambda sets: few)
        found = ranges_of(run, simulated_market, bootstrap.block_executor(), progress=told.append)
    assert len(told) == len(MOVED) + len(found)
    return {c.key.customer_id: each for c, each in zip(run.result.customers, found, strict=True)}


@pytest.mark.parametrize("moved", MOVED)
def test_an_end_is_what_a_run_with_that_value_gives(
    moved: str,
    ranges: dict[str, CustomerRanges],
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    tmp_path: Path,
) -> None:
    owner, _, name = moved.partition(".")
    rows = {
        customer: next(r for r in each.rows if r.parameter.name == name)
        for customer, each in ranges.items()
    }
    any_row = next(iter(rows.values()))
    ends = {"low": any_row.parameter.low, "high": any_row.parameter.high}
    (end,) = (end for end, value in ends.items() if value != any_row.parameter.base)
    run = run_with(simulation, simulated_market, tmp_path, {owner: {name: ends[end]}})
    expected = {c.key.customer_id: c.requirement.requirement for c in run.result.customers}
    assert {customer: getattr(r, f"at_{end}") for customer, r in rows.items()} == expected
    assert any(r.effect.cents > 0 for r in rows.values())


def test_every_shipped_end_is_one_that_a_day_can_be_prepared_with(
    simulated_market: MarketData,
) -> None:
    """On a day of fronts alone: whatever an end needs beside them is made."""
    parameters = bootstrap.parameter_sets(AS_OF)
    day = prepare_day(simulated_market, parameters, as_of=AS_OF, contracts=[])
    ranged = ranged_parameters(parameters)
    assert len(ranged) >= 30
    for one in ranged:
        for end in {one.low, one.high} - {one.base}:
            changed = parameters.changing({one.owner: {one.name: end}}, reason="range")
            assert day.under(changed, simulated_market).parameters == changed


def test_all_jointly_are_at_least_as_far_as_the_largest_alone(
    ranges: dict[str, CustomerRanges],
) -> None:
    for each in ranges.values():
        every = [(r.at_low, r.at_base, r.at_high) for r in each.rows]
        assert each.joint_worst >= max(max(three) for three in every) >= each.base
        assert each.inert == sum(not row.effect.cents for row in each.rows)
        assert each.joint_best <= min(min(three) for three in every) <= each.base
        effects = [r.effect.cents for r in each.rows]
        assert effects == sorted(effects, reverse=True)
