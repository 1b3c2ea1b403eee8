"""Each row of the ranges is a run of its own with that value; jointly it is at least as bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossmargin import bootstrap
from crossmargin.analysis.ranges import RangedParameter, RangeRow
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.margin.cme.span.calibrated_set import span_parameters
from crossmargin.market.history import MarketData
from crossmargin.services import margin_ranges
from crossmargin.services.margin_day import prepare_day
from crossmargin.services.margin_positions import MarginRun, margin_positions, margined_under
from crossmargin.services.margin_ranges import (
    OF_SPAN,
    CustomerRanges,
    ranged_parameters,
    ranges_of,
    unmoved_parameters,
)
from crossmargin.services.span_calibration import calibrate
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing.builders import AS_OF

MOVED = (
    "ficc.lookback_years",
    "cme.historical_weight",
    "market.timing_noise",
    "arrangement.sec_scope",
)
KEY = CustomerKey("FCM", "A")
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
    assert len(ranged) >= 70
    for one in ranged:
        for end in {one.low, one.high} - {one.base}:
            changed = parameters.changing({one.owner: {one.name: end}}, reason="range")
            assert day.under(changed, simulated_market).parameters == changed


def test_spans_ranges_are_moved_where_span_is_the_engine_and_its_set_can_be_made_with_them(
    simulated_market: MarketData,
) -> None:
    shipped = bootstrap.parameter_sets(AS_OF)
    under_span = shipped.changing({"cme": {"engine": "span"}}, reason="by hand")
    of_span = [one for one in ranged_parameters(under_span) if one.name.startswith("span_")]
    assert set(ranged_parameters(under_span)) - set(of_span) == set(ranged_parameters(shipped))
    assert len(of_span) >= 15
    made = set()
    for end in ("low", "high"):
        ends = {one.name: getattr(one, end) for one in of_span}
        moved = under_span.changing({"cme": ends}, reason="range")
        calibrated = calibrate(simulated_market, moved, as_of=AS_OF)
        made.add(span_parameters(calibrated, moved.cme).digest)
    assert len(made) == 2


def test_every_uncertain_value_that_is_shipped_has_a_range_or_a_reason() -> None:
    uncertain = [
        version
        for read in bootstrap.parameter_registry().files.values()
        for version in read.versions
        if version.is_uncertain
    ]
    assert len(uncertain) > 100
    for version in uncertain:
        assert version.has_range is not bool(version.no_range), version.name


def test_an_uncertain_parameter_is_moved_or_named_with_its_reason() -> None:
    parameters = bootstrap.parameter_sets(AS_OF)
    moved = {f"{one.owner}.{one.name}" for one in ranged_parameters(parameters)}
    unmoved = {f"{one.owner}.{one.name}": one for one in unmoved_parameters(parameters)}
    assert not moved & set(unmoved)
    assert {
        f"{owner}.{one.name}"
        for owner, rules in parameters.owners.items()
        for one in rules.parameters.values()
        if one.is_uncertain
    } <= moved | set(unmoved)
    assert all(one.reason for one in unmoved.values())
    assert unmoved["cme.span_credit_max"].reason == OF_SPAN
    assert unmoved["ficc.bucket_years"].reason.startswith("moved with bucket_midpoint_years")


def test_a_value_given_by_hand_is_named_without_a_reason() -> None:
    """It is then assumed, and nobody has said what else it may be."""
    parameters = bootstrap.parameter_sets(AS_OF)
    assert "cap" not in {one.name for one in unmoved_parameters(parameters)}
    changed = parameters.changing({"arrangement": {"cap": "0.7"}}, reason="by hand")
    (cap,) = (one for one in unmoved_parameters(changed) if one.name == "cap")
    assert (cap.owner, cap.value, cap.status, cap.reason) == ("arrangement", "0.7", "assumed", "")


def test_which_day_is_made_ready_again_changes_no_figure(
    simulation: SimulatedMarket, simulated_market: MarketData, tmp_path: Path
) -> None:
    run = run_with(simulation, simulated_market, tmp_path)
    parameters, executor = run.result.day.parameters, bootstrap.block_executor()
    first = parameters.changing(
        {"market": {"timing_noise": "kept"}, "cme": {"volatility_decay": "0.94"}}, reason="range"
    )
    second = first.changing(
        {"arrangement": {"threshold": "0"}, "ficc": {"floor_share": "0.15"}}, reason="range"
    )
    start = margined_under(run, simulated_market, first, executor).day
    near = margined_under(run, simulated_market, second, executor, day=start)
    far = margined_under(run, simulated_market, second, executor)
    assert near.day.cme is start.cme
    assert near.customers == far.customers
    assert near.customers != run.result.customers


class _Requirement:
    """Two parameters that raise the requirement alone and lower it together."""

    def requirements(self, values: tuple[tuple[str, str, str], ...]) -> dict[CustomerKey, Money]:
        first, second = (dict(v[1:] for v in values).get(name, "0") == "1" for name in "ab")
        return {KEY: Money(100 + 10 * first + 8 * second - 30 * (first and second))}


def test_what_raises_alone_and_lowers_jointly_is_put_back() -> None:
    rows = [
        RangeRow(
            RangedParameter(owner, name, "0", "0", "1", "assumed"),
            *(Money(cents) for cents in (100, 100, high)),
        )
        for owner, name, high in (("ficc", "a", 110), ("market", "b", 108))
    ]
    found = margin_ranges._worst_found(_Requirement(), KEY, rows)  # type: ignore[arg-type]
    assert found == Money(110)


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
