"""Both models at another basis volatility, without repricing what no basis touches.

Basis enters a Treasury contract's P&L linearly (:mod:`crossmargin.pricing.cube`): basis points
times the contract's DV01. So the contracts are priced once without basis, and every multiple costs
a multiplication, and at FICC the volatilities of the contracts. The answer is that of models
prepared anew, to the last digit; tests compare them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from crossmargin.margin.cme.model import CmeModel, CmeScenarios, outright_dollars
from crossmargin.margin.exact import to_grid
from crossmargin.margin.ficc.minimum_margin import Filter, volatility_filter
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.margin.simulation import Simulation
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, ScenarioSet
from crossmargin.pricing.cube import Cube
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation


@dataclass(frozen=True, slots=True)
class _Contracts:
    """Contracts' P&L without basis, and what a multiple of one adds to it: shapes (C, N)."""

    without: FloatArray
    dv01_dollars: FloatArray
    basis_bp: FloatArray

    @staticmethod
    def of(
        valuation: Valuation, scenarios: ScenarioSet, price: Callable[[ScenarioSet], Cube]
    ) -> _Contracts:
        count = scenarios.count
        dv01, basis = [], []
        for future in valuation.contracts:
            if isinstance(future, TreasuryFuture):
                dv01.append(future.dv01_dollars)
                column = BASIS_CONTRACTS.index(future.contract.product)
                basis.append(scenarios.basis_bp[:, column])
            else:
                dv01.append(0.0)
                basis.append(np.zeros(count))
        return _Contracts(
            price(scenarios.scaling(basis=0.0)).contracts,
            np.array(dv01)[:, np.newaxis],
            np.array(basis).reshape(len(dv01), count),
        )

    def at(self, multiple: float) -> FloatArray:
        return self.without - (self.basis_bp * multiple) * self.dv01_dollars


class BasisVolatility:
    """Both models, at any multiple of the basis volatility in force.

    Parameters
    ----------
    ficc : FiccModel
    cme : CmeModel
    valuation : Valuation
        What both were prepared with.
    decay : float
        Of FICC's volatility filter.
    """

    def __init__(
        self, ficc: FiccModel, cme: CmeModel, valuation: Valuation, *, decay: float
    ) -> None:
        self._ficc, self._cme, self._decay = ficc, cme, decay
        self._at_ficc = {
            name: _Contracts.of(valuation, scenarios, ficc.price)
            for name, scenarios in (
                ("historical", ficc.scenarios.historical),
                ("filtered", ficc.scenarios.filtered),
                ("one_day", ficc.scenarios.one_day),
            )
        }
        self._at_cme = {
            name: _Contracts.of(valuation, scenarios, cme.price)
            for name, scenarios in (
                ("historical", cme.scenarios.historical),
                ("stress", cme.scenarios.stress),
            )
        }

    def ficc(self, multiple: Fraction) -> FiccModel:
        """Return the FICC-style model at a multiple; what it charges on gross value as it is."""
        times, model = float(multiple), self._ficc
        used = model.scenarios
        simulation = _with_contracts(model.simulation, self._at_ficc["historical"].at(times))
        scenarios = FiccScenarios(
            *(each.scaling(basis=times) for each in (used.historical, used.filtered, used.one_day))
        )
        if model.filtered is None or model.filter is None:
            return replace(
                model,
                simulation=simulation,
                scenarios=scenarios,
                scenario_identity=scenarios.identity,
            )
        contracts = volatility_filter(
            self._at_ficc["one_day"].at(times), used.one_day, used.filtered, decay=self._decay
        )
        securities = len(model.simulation.securities)
        changes = contracts.apply(self._at_ficc["filtered"].at(times))
        return replace(
            model,
            simulation=simulation,
            filtered=_with_contracts(model.filtered, changes),
            filter=Filter(np.vstack([model.filter.scale[:securities], contracts.scale])),
            scenarios=scenarios,
            scenario_identity=scenarios.identity,
        )

    def cme(self, multiple: Fraction) -> CmeModel:
        """Return the CME-style model at a multiple, its concentration charge with it."""
        times, model = float(multiple), self._cme
        used = model.scenarios
        simulations: Sequence[Simulation] = [
            Simulation.on_grid(model.equivalents.columns(contracts), contracts, simulation.rank)
            for contracts, simulation in (
                (self._at_cme["historical"].at(times), model.historical),
                (self._at_cme["stress"].at(times), model.stress),
            )
        ]
        historical, stress = simulations
        scenarios = CmeScenarios(
            used.historical.scaling(basis=times), used.stress.scaling(basis=times)
        )
        alone = outright_dollars(historical, stress, weight=model.historical_weight)
        return replace(
            model,
            historical=historical,
            stress=stress,
            scenarios=scenarios,
            scenario_identity=scenarios.identity,
            execution=replace(model.execution, outright_dollars=tuple(alone)),
        )


def _with_contracts(simulation: Simulation, contracts: FloatArray) -> Simulation:
    """Return the simulation with other contracts' P&L, put on the grid."""
    return Simulation(simulation.securities, to_grid(contracts), simulation.rank)
