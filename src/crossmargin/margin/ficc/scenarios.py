"""The scenario sets of the FICC-style model: what its portfolios are revalued under.

Ten years and a stressed year, equal weights, for the model; ten years for the Minimum Margin
Amount; and the one-day moves from which its volatilities are forecast. A scenario belongs to the
window that holds the date of its end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.margin.ficc.minimum_margin import BURN_IN_ROWS
from crossmargin.market.scenarios import FactorHistory, ScenarioSet, join, window_start
from crossmargin.parameters.registry import ParameterSet


@dataclass(frozen=True, slots=True)
class FiccScenarios:
    """The scenario sets of the model.

    Parameters
    ----------
    historical : ScenarioSet
        Ten years and the stressed year.
    filtered : ScenarioSet
        The Minimum Margin Amount's window: ten years.
    one_day : ScenarioSet
        Consecutive one-day moves that volatility is forecast from.
    """

    historical: ScenarioSet
    filtered: ScenarioSet
    one_day: ScenarioSet

    @property
    def identity(self) -> str:
        """SHA-256 of all three."""
        return f"{self.historical.identity}+{self.filtered.identity}+{self.one_day.identity}"


def ficc_scenarios(
    history: FactorHistory,
    one_day_history: FactorHistory,
    parameters: ParameterSet,
    *,
    as_of: date,
) -> FiccScenarios:
    """Return the model's scenario sets as of a date.

    Raises
    ------
    ValueError
        If there are fewer scenarios than a requirement of record needs.
    """
    historical = historical_scenarios(history, parameters, as_of=as_of)
    years = parameters.whole("minimum_margin_lookback_years")
    window = history.rows_between(window_start(as_of, years), as_of)
    filtered = _with_multiples(history.scenarios(f"ficc filtered {as_of}", window), parameters)
    _refuse_few(filtered, parameters, as_of)
    # Enough one-day moves before the first scenario starts that its forecast rests on a history.
    known = one_day_history.rows_between(date.min, as_of)
    first = int(np.searchsorted(one_day_history.key_rates.start_dates, filtered.start_dates.min()))
    known[: max(0, first - BURN_IN_ROWS)] = False
    one_day = one_day_history.scenarios(f"ficc one day {as_of}", known)
    return FiccScenarios(historical, filtered, _with_multiples(one_day, parameters))


def historical_scenarios(
    history: FactorHistory, parameters: ParameterSet, *, as_of: date
) -> ScenarioSet:
    """Return the scenarios as of a date: ten years, and the stressed year where it lies outside.

    Raises
    ------
    ValueError
        If there are fewer scenarios than a requirement of record needs.
    """
    rows = history.rows_between(window_start(as_of, parameters.whole("lookback_years")), as_of)
    sets = []
    for first, last in parameters.dates("stressed_period"):
        outside = history.rows_between(first, min(last, as_of)) & ~rows
        if outside.any():
            sets.append(history.scenarios("stressed", outside))
    sets.append(history.scenarios("lookback", rows))
    scenarios = join(f"ficc {as_of}", sets)
    _refuse_few(scenarios, parameters, as_of)
    return _with_multiples(scenarios, parameters)


def _refuse_few(scenarios: ScenarioSet, parameters: ParameterSet, as_of: date) -> None:
    if scenarios.count < parameters.whole("fewest_scenarios"):
        raise ValueError(
            f"{scenarios.count} scenarios on {as_of}: too few for a requirement of record"
        )


def _with_multiples(scenarios: ScenarioSet, parameters: ParameterSet) -> ScenarioSet:
    return scenarios.scaling(
        basis=float(parameters.ratio("basis_volatility_multiple")),
        spread=float(parameters.ratio("spread_volatility_multiple")),
    )
