"""The sensitivity grid: each variant is the backtest with one parameter set by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin import bootstrap
from crossmargin.basics.refusals import RefusedError
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.market.history import MarketData
from crossmargin.services.backtest_grid import (
    BacktestGrid,
    GridDimension,
    backtest_grid,
    variants_of,
)
from crossmargin.services.backtest_positions import backtest_positions
from crossmargin.services.backtest_series import HEADLINE
from crossmargin.services.margin_positions import MarginRun, PositionsInput, margin_positions
from crossmargin.services.walk_dates import walk_rules
from crossmargin.simulation.book import demo_positions
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing.builders import AS_OF

FIRST, LAST = date(2025, 6, 2), date(2025, 10, 31)
PARAMETERS = bootstrap.parameter_sets(AS_OF)
VALIDATION = bootstrap.backtest_parameters(AS_OF).validation
#: One value of each dimension, so that the tests are short.
SHORT = VALIDATION.replacing(
    {
        "grid_lookback_years": "5",
        "grid_coverage": "0.985",
        "grid_horizon_days": "2",
        "grid_decay": "0.94",
        "grid_floor_share": "0.9",
        "grid_cap": "0.2",
    },
    reason="test",
)
SETTINGS = {
    GridDimension.LOOKBACK_YEARS: {
        "ficc": {"lookback_years": "5", "minimum_margin_lookback_years": "5"},
        "cme": {"lookback_years": "5"},
    },
    GridDimension.COVERAGE: {"ficc": {"coverage": "0.985"}, "cme": {"coverage": "0.985"}},
    GridDimension.HORIZON_DAYS: {"ficc": {"horizon_days": "2"}},
    GridDimension.DECAY: {
        "ficc": {"minimum_margin_decay": "0.94"},
        "cme": {"volatility_decay": "0.94"},
    },
    GridDimension.FLOOR_SHARE: {"ficc": {"floor_share": "0.9"}},
    GridDimension.CAP: {"arrangement": {"cap": "0.2"}},
}


@pytest.fixture(scope="module")
def margined(simulation: SimulatedMarket, simulated_market: MarketData) -> MarginRun:
    lines = tuple(
        line for line in demo_positions(simulation) if line.customer.customer_id == "CURVE-FUND"
    )
    return margin_positions(
        PositionsInput("demo.csv", "", len(lines), lines, ()),
        simulated_market,
        PARAMETERS,
        ThreadExecutor(),
        as_of=AS_OF,
    )


@pytest.fixture(scope="module")
def told() -> list[str]:
    return []


@pytest.fixture(scope="module")
def grid(margined: MarginRun, simulated_market: MarketData, told: list[str]) -> BacktestGrid:
    return backtest_grid(
        margined,
        simulated_market,
        SHORT,
        ThreadExecutor(),
        first=FIRST,
        last=LAST,
        progress=told.append,
    )


def test_the_base_is_first_and_every_variant_is_told(grid: BacktestGrid, told: list[str]) -> None:
    (customer,) = grid.customers
    dimensions = [figures.variant.dimension for figures in customer.figures]
    assert dimensions == list(GridDimension)
    assert len(told) == len(dimensions)
    assert told[1] == "Variant 2 of 8: lookback years 5"


@pytest.mark.parametrize("dimension", SETTINGS)
def test_a_variant_is_the_backtest_with_the_parameter_set(
    dimension: GridDimension,
    grid: BacktestGrid,
    margined: MarginRun,
    simulated_market: MarketData,
) -> None:
    day = margined.result.day
    changed = replace(
        margined,
        result=replace(
            margined.result,
            day=replace(day, parameters=PARAMETERS.changing(SETTINGS[dimension], reason="test")),
        ),
    )
    (expected,) = backtest_positions(
        changed, simulated_market, SHORT, ThreadExecutor(), first=FIRST, last=LAST
    ).customers
    (figures,) = (each for each in grid.customers[0].figures if each.variant.dimension is dimension)
    series = expected.series[HEADLINE]
    assert figures.assessment is not None
    assert figures.assessment.coverage == series.assessment.coverage
    assert figures.assessment.verdict is series.assessment.verdict
    assert figures.horizon_days == series.horizon_days
    assert figures.without_basis == series.without_basis
    assert figures.requirement.average == expected.requirement.average
    assert figures.requirement.peak_to_trough == expected.requirement.peak_to_trough
    assert figures.saving_dollars == pytest.approx(
        expected.standalone.average - expected.requirement.average, rel=1e-12
    )
    base = grid.customers[0].figures[0]
    assert figures.requirement.average != base.requirement.average


def test_what_the_base_has_is_no_variant_of_it() -> None:
    rules = walk_rules(PARAMETERS)
    found = [(each.dimension.value, each.value) for each in variants_of(rules, VALIDATION)]
    assert found == [
        ("base", ""),
        *(("lookback_years", years) for years in ("5", "7")),
        ("stressed_year", "without"),
        *(("coverage", share) for share in ("0.985", "0.995")),
        *(("horizon_days", days) for days in ("2", "5")),
        *(("decay", decay) for decay in ("0.94", "0.99")),
        *(("floor_share", share) for share in ("0.05", "0.15")),
        *(("cap", cap) for cap in ("0.7", "0.9")),
    ]


def test_a_cap_under_the_threshold_and_dates_without_outcome_are_refused(
    margined: MarginRun, simulated_market: MarketData
) -> None:
    low = VALIDATION.replacing({"grid_cap": "0.001"}, reason="test")
    for validation, last, said in (
        (low, LAST, "caps of at least the threshold"),
        (VALIDATION, date(2026, 3, 18), "an outcome needs 5 later dates"),
    ):
        with pytest.raises(RefusedError, match=said):
            backtest_grid(
                margined, simulated_market, validation, ThreadExecutor(), first=FIRST, last=last
            )
