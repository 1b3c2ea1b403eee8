"""Risk factors one by one: scenario sets with some factors' shocks switched off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from crossmargin.margin.cme.model import CmeScenarios
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS, ScenarioSet


@dataclass(frozen=True, slots=True)
class RiskFactor:
    """One column of the scenarios.

    Parameters
    ----------
    kind : str
        ``key_rate``, ``basis`` or ``spread``.
    column : int
    label : str
        For people.
    """

    kind: str
    column: int
    label: str


def without(factors: Sequence[RiskFactor], scenarios: ScenarioSet) -> ScenarioSet:
    """Return the scenarios with these factors' shocks set to zero, the others as they are."""
    on = {
        "key_rate": np.ones(len(scenarios.key_years)),
        "basis": np.ones(len(BASIS_CONTRACTS)),
        "spread": np.ones(len(SPREAD_KNOTS)),
    }
    for factor in factors:
        on[factor.kind][factor.column] = 0.0
    return scenarios.scaling(key_rates=on["key_rate"], basis=on["basis"], spread=on["spread"])


def without_at_ficc(factors: Sequence[RiskFactor], scenarios: FiccScenarios) -> FiccScenarios:
    """Return the FICC-style sets with these factors off, their volatility too."""
    return FiccScenarios(
        without(factors, scenarios.historical),
        without(factors, scenarios.filtered),
        without(factors, scenarios.one_day),
    )


def without_at_cme(factors: Sequence[RiskFactor], scenarios: CmeScenarios) -> CmeScenarios:
    """Return both CME-style sets with these factors off."""
    return CmeScenarios(without(factors, scenarios.historical), without(factors, scenarios.stress))


def risk_factors(scenarios: ScenarioSet) -> Iterator[RiskFactor]:
    """Yield every risk factor: key rates, basis by contract, spread by knot."""
    for column, years in enumerate(scenarios.key_years):
        label = f"{12 * years:.0f}-month" if years < 1 else f"{years:g}-year"
        yield RiskFactor("key_rate", column, f"{label} key rate")
    for column, product in enumerate(BASIS_CONTRACTS):
        yield RiskFactor("basis", column, f"{product} cash-futures basis")
    for column, end in enumerate(("front", "back")):
        yield RiskFactor("spread", column, f"SOFR-Treasury spread, {end}")


def one_factor_each(factors: Sequence[RiskFactor], scenario: ScenarioSet) -> ScenarioSet:
    """Return as many scenarios as factors, each with one factor's shock of the scenario alone."""
    count = len(factors)
    shocks = {
        "key_rate": np.zeros((count, len(scenario.key_years))),
        "basis": np.zeros((count, len(BASIS_CONTRACTS))),
        "spread": np.zeros((count, len(SPREAD_KNOTS))),
    }
    moves = {
        "key_rate": scenario.key_rates[0],
        "basis": scenario.basis_bp[0],
        "spread": scenario.spread_bp[0],
    }
    for row, factor in enumerate(factors):
        shocks[factor.kind][row, factor.column] = moves[factor.kind][factor.column]
    return replace(
        scenario,
        start_dates=np.repeat(scenario.start_dates, count),
        end_dates=np.repeat(scenario.end_dates, count),
        key_rates=shocks["key_rate"],
        basis_bp=shocks["basis"],
        spread_bp=shocks["spread"],
    )
