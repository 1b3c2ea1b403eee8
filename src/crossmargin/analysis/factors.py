"""Risk factors one by one: scenario sets with one factor's shocks switched off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crossmargin.margin.cme.model import CmeScenarios
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

    def off(self, scenarios: ScenarioSet) -> ScenarioSet:
        """Return the scenarios with this factor's shocks set to zero, the others as they are."""
        switch = {"key_rate": "key_rates", "basis": "basis", "spread": "spread"}[self.kind]
        width = {
            "key_rate": len(scenarios.key_years),
            "basis": len(BASIS_CONTRACTS),
            "spread": len(SPREAD_KNOTS),
        }[self.kind]
        on = np.ones(width)
        on[self.column] = 0.0
        return scenarios.scaling(**{switch: on})

    def off_at_cme(self, scenarios: CmeScenarios) -> CmeScenarios:
        """Return both CME-style sets with this factor off."""
        return CmeScenarios(self.off(scenarios.historical), self.off(scenarios.stress))


def risk_factors(scenarios: ScenarioSet) -> Iterator[RiskFactor]:
    """Yield every risk factor: key rates, basis by contract, spread by knot."""
    for column, years in enumerate(scenarios.key_years):
        label = f"{12 * years:.0f}-month" if years < 1 else f"{years:g}-year"
        yield RiskFactor("key_rate", column, f"{label} key rate")
    for column, product in enumerate(BASIS_CONTRACTS):
        yield RiskFactor("basis", column, f"{product} cash-futures basis")
    for column, end in enumerate(("front", "back")):
        yield RiskFactor("spread", column, f"SOFR-Treasury spread, {end}")
