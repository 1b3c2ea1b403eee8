"""Scenario sets: what they hold, what they are called, and no later observation in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.market.history import MarketData
from crossmargin.market.residuals import Origin
from crossmargin.market.scenarios import (
    KEY_RATE_BITS,
    NOT_PROXIED,
    SHOCK_BITS,
    Proxied,
    ScenarioSet,
    bumps,
    factor_history,
    join,
    key_tenors,
    on_grid,
    window_start,
)
from crossmargin.testing.builders import (
    AS_OF,
    KEY_YEARS,
    invented_history,
    random_scenarios,
    scenario_set,
)


@pytest.fixture
def scenarios() -> ScenarioSet:
    return random_scenarios(20, seed=4)


def test_the_ladder_is_the_vendors() -> None:
    assert np.array_equal(key_tenors(parameter_sets(AS_OF).market), KEY_YEARS)


@pytest.mark.parametrize("attribute", ["key_rates", "basis_bp", "spread_bp"])
def test_any_changed_shock_changes_the_identity(scenarios: ScenarioSet, attribute: str) -> None:
    changed = getattr(scenarios, attribute).copy()
    changed[3, 1] = np.nextafter(changed[3, 1], 1.0)
    assert replace(scenarios, **{attribute: changed}).identity != scenarios.identity


def test_names_dates_and_horizon_are_in_the_identity(scenarios: ScenarioSet) -> None:
    others = [
        replace(scenarios, name="another"),
        replace(scenarios, horizon_days=3),
        replace(scenarios, start_dates=scenarios.start_dates - np.timedelta64(1, "D")),
        replace(scenarios, end_dates=scenarios.end_dates + np.timedelta64(1, "D")),
    ]
    identities = {each.identity for each in (scenarios, *others)}
    assert len(identities) == len(others) + 1
    assert replace(scenarios).identity == scenarios.identity


def test_the_identity_does_not_depend_on_memory_order(scenarios: ScenarioSet) -> None:
    turned = replace(scenarios, key_rates=np.asfortranarray(scenarios.key_rates))
    assert turned.identity == scenarios.identity


@pytest.mark.parametrize("attribute", ["key_rates", "basis_bp", "spread_bp"])
def test_a_missing_or_misshapen_shock_is_refused(scenarios: ScenarioSet, attribute: str) -> None:
    shocks = getattr(scenarios, attribute)
    missing = shocks.copy()
    missing[0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        replace(scenarios, **{attribute: missing})
    with pytest.raises(ValueError, match="shape"):
        replace(scenarios, **{attribute: shocks[:, :-1]})


def test_scaling_touches_only_what_it_names(scenarios: ScenarioSet) -> None:
    doubled = scenarios.scaling(basis=2.0)
    assert np.array_equal(doubled.basis_bp, 2.0 * scenarios.basis_bp)
    assert np.array_equal(doubled.key_rates, scenarios.key_rates)
    assert np.array_equal(doubled.spread_bp, scenarios.spread_bp)
    one_off = np.ones(len(KEY_YEARS))
    one_off[2] = 0.0
    without = scenarios.scaling(key_rates=one_off)
    assert (without.key_rates[:, 2] == 0.0).all()
    assert np.array_equal(without.key_rates[:, 3:], scenarios.key_rates[:, 3:])


def test_bumps_go_up_then_down_one_key_at_a_time() -> None:
    ups_downs = bumps(KEY_YEARS, size_bp=10.0)
    count = len(KEY_YEARS)
    assert ups_downs.count == 2 * count
    assert np.array_equal(ups_downs.key_rates[:count], np.eye(count) * 1e-3)
    assert np.array_equal(ups_downs.key_rates[count:], np.eye(count) * -1e-3)
    assert not ups_downs.basis_bp.any()
    assert not ups_downs.spread_bp.any()


def test_joining_keeps_order_and_adds_proxies(scenarios: ScenarioSet) -> None:
    one = Proxied(1, {"ZN": Origin(5, 2, 3)}, {})
    two = Proxied(10, {"ZN": Origin(1, 1, 1), "ZB": Origin(0, 3, 0)}, {"FRONT": Origin(1, 0, 1)})
    first = replace(scenarios, proxied=one)
    second = replace(random_scenarios(5, seed=6), proxied=two)
    both = join("both", [first, second])
    assert both.count == 25
    assert np.array_equal(both.key_rates[:20], first.key_rates)
    assert np.array_equal(both.key_rates[20:], second.key_rates)
    assert both.proxied == Proxied(
        11, {"ZN": Origin(6, 3, 4), "ZB": Origin(0, 3, 0)}, {"FRONT": Origin(1, 0, 1)}
    )
    assert both.proxied.basis_redrawn == 4
    assert both.proxied.as_document()["basis"]["ZB"] == {"own": 0, "neighbour": 3, "redrawn": 0}


@pytest.mark.parametrize("bits", [KEY_RATE_BITS, SHOCK_BITS])
def test_the_grid_swallows_a_lost_last_bit(bits: int) -> None:
    values = random_scenarios(50, seed=2).key_rates
    nearby = np.nextafter(values, 1.0)
    assert np.abs(on_grid(values, bits) - values).max() <= 2.0 ** -(bits + 1)
    assert (on_grid(values, bits) == on_grid(nearby, bits)).mean() > 0.99


@pytest.mark.parametrize("horizon", [1, 3])
def test_a_pair_belongs_to_the_window_that_it_ends_in(horizon: int) -> None:
    history = invented_history(
        first=date(2015, 1, 1), last=date(2016, 12, 30), horizon_days=horizon, seed=1
    )
    first, last = date(2015, 6, 1), date(2016, 5, 31)
    rows = history.rows_between(first, last)
    chosen = history.scenarios("window", rows)
    inside = int(np.busday_count(first, last)) + 1
    assert chosen.count == inside
    assert chosen.end_dates.min() == np.datetime64(first)
    assert chosen.start_dates.min() == np.busday_offset(first, -horizon)
    assert chosen.end_dates.max() == np.datetime64(last)


def test_moves_over_three_days_are_sums_of_one_day_moves() -> None:
    one, three = (
        invented_history(
            first=date(2015, 1, 1), last=date(2015, 12, 31), horizon_days=days, seed=1
        ).key_rates.changes
        for days in (1, 3)
    )
    summed = one[:-2] + one[1:-1] + one[2:]
    assert three == pytest.approx(summed, abs=1e-15)


def test_the_window_starts_on_the_same_calendar_day() -> None:
    assert window_start(date(2026, 3, 24), 10) == date(2016, 3, 24)
    assert window_start(date(2024, 2, 29), 5) == date(2019, 2, 28)
    assert window_start(date(2024, 2, 29), 4) == date(2020, 2, 29)


def test_nothing_later_than_the_date_is_used(simulated_market: MarketData) -> None:
    """The same history cut at the date gives the same factors: nothing looks ahead."""
    parameters = parameter_sets(AS_OF).market
    as_of = date(2021, 6, 30)
    whole = factor_history(simulated_market, parameters, horizon_days=3, as_of=as_of)
    dates = simulated_market.par_yields.dates <= np.datetime64(as_of)
    futures = {
        symbol: replace(
            closes,
            dates=closes.dates[closes.dates <= np.datetime64(as_of)],
            closes=closes.closes[closes.dates <= np.datetime64(as_of)],
        )
        for symbol, closes in simulated_market.treasury_futures.items()
    }
    cut = replace(
        simulated_market,
        par_yields=replace(
            simulated_market.par_yields,
            dates=simulated_market.par_yields.dates[dates],
            yields_pct=simulated_market.par_yields.yields_pct[dates],
        ),
        treasury_futures=futures,
    )
    again = factor_history(cut, parameters, horizon_days=3, as_of=as_of)
    assert whole.key_rates.end_dates[-1] == np.datetime64(as_of)
    assert np.array_equal(again.key_rates.changes, whole.key_rates.changes)
    assert np.array_equal(again.basis.shocks_bp, whole.basis.shocks_bp)
    assert np.array_equal(again.spread.shocks_bp, whole.spread.shocks_bp)


def test_every_factor_has_every_pair(simulated_market: MarketData) -> None:
    parameters = parameter_sets(AS_OF).market
    history = factor_history(simulated_market, parameters, horizon_days=1, as_of=AS_OF)
    for residuals in (history.basis, history.spread):
        assert np.array_equal(residuals.start_dates, history.key_rates.start_dates)
        assert np.array_equal(residuals.end_dates, history.key_rates.end_dates)
        assert np.isfinite(residuals.shocks_bp).all()
    assert set(history.noise_estimates()) >= {"ZT", "ZF", "ZN", "TN", "ZB"}


def test_scenarios_say_how_many_rest_on_a_proxy(simulated_market: MarketData) -> None:
    parameters = parameter_sets(AS_OF).market
    history = factor_history(simulated_market, parameters, horizon_days=3, as_of=AS_OF)
    rows = history.rows_between(date(2016, 3, 24), AS_OF)
    proxied = history.scenarios("ten years", rows).proxied
    assert proxied.basis_redrawn == int(history.basis.redrawn[rows].sum()) > 0
    assert proxied.spread_redrawn == int(history.spread.redrawn[rows].sum())
    assert scenario_set(np.zeros((1, len(KEY_YEARS)))).proxied == NOT_PROXIED


def test_no_set_is_no_scenarios() -> None:
    with pytest.raises(ValueError, match="no dates give scenarios of stress"):
        join("stress", [])
