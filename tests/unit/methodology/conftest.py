"""A pack on the simulated market, made once, and one made under other parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from crossmargin.market.history import MarketData
    from crossmargin.methodology.inputs import PackInputs
    from crossmargin.services.methodology_pack import PackRequest
    from crossmargin.simulation.market import SimulatedMarket

CHANGES: Mapping[str, Mapping[str, str]] = {
    "arrangement": {
        "cap": "0.65",
        "threshold": "0.02",
        "customer_minimum_dollars": "2000000",
        "denominator": "official_requirements",
    },
    "cme": {
        "historical_weight": "0.5",
        "volatility_decay": "0.9",
        "lookback_years": "9",
        "coverage": "0.98",
        "equivalent_contract": "two_contract",
        "correlation_scaling": "today",
        "stressed_periods": "2020-02-24..2020-04-30",
    },
    "ficc": {
        "lookback_years": "8",
        "minimum_margin_lookback_years": "7",
        "coverage": "0.98",
        "quantile_convention": "next_largest",
        "basis_volatility_multiple": "3",
        "fewest_scenarios": "251",
        "horizon_days": "2",
        "valuation": "delta_gamma",
        "haircut_correlation": "vendor",
        "stressed_period": "2008-09-01..2009-08-31",
    },
    "market": {"noise_variance_lags": "8", "timing_noise": "kept"},
    "validation": {
        "pack_backtest_years": "3",
        "rolling_outcomes": "200",
        "exception_reading": "loss_at_margin",
        "standard_book_dv01_dollars": "250000",
        "standard_curve_years": "3, 7",
    },
}


def request_of(
    market: MarketData, simulation: SimulatedMarket, changes: Mapping[str, Mapping[str, str]]
) -> PackRequest:
    from crossmargin import bootstrap
    from crossmargin.services.methodology_pack import PackRequest, changed_parameters

    registry = bootstrap.parameter_registry()
    parameters, validation = changed_parameters(registry, simulation.as_of, changes)
    return PackRequest(
        market=market,
        registry=registry,
        parameters=parameters,
        validation=validation,
        deviations=bootstrap.known_deviations(),
        executor=bootstrap.block_executor(),
        as_of=simulation.as_of,
        program="test",
    )


@pytest.fixture(scope="session")
def pack_request(simulated_market: MarketData, simulation: SimulatedMarket) -> PackRequest:
    return request_of(simulated_market, simulation, {})


@pytest.fixture(scope="session")
def inputs(pack_request: PackRequest) -> PackInputs:
    from crossmargin.services.methodology_pack import pack_inputs

    return pack_inputs(pack_request, with_sensitivity=False)


@pytest.fixture(scope="session")
def changed_inputs(simulated_market: MarketData, simulation: SimulatedMarket) -> PackInputs:
    from crossmargin.services.methodology_pack import pack_inputs

    return pack_inputs(request_of(simulated_market, simulation, CHANGES), with_sensitivity=False)


@pytest.fixture(scope="session")
def changes() -> dict[str, str]:
    return {
        f"{owner}.{name}": value
        for owner, names in CHANGES.items()
        for name, value in names.items()
    }
