r"""The CME-style performance bond: SPAN-2-style simulation, liquidity and concentration.

.. math:: \text{margin} = w \, L_{99}(\text{scaled}) + (1 - w) \, L_{99}(\text{stress})

The first is the k-th largest loss of one-day moves over ten years, each factor rescaled to today's
volatility; the second that of unscaled one-day moves over the stressed periods. Futures are
revalued in full; securities enter as futures-equivalents.

Liquidity and concentration (:mod:`crossmargin.margin.cme.liquidity`) stand outside that figure.

The form follows CME's description of SPAN 2; every number is our default (ruling 36). It is not
CME's model, and rates futures may still be on SPAN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import partial

import numpy as np

from crossmargin.basics.money import Money
from crossmargin.margin.book import Block, Contributions, Decisive, LegFigures, ThreeFigures
from crossmargin.margin.cme.correlation import CorrelationScaling, with_correlations_of_today
from crossmargin.margin.cme.equivalents import EquivalentRules, FuturesEquivalents
from crossmargin.margin.cme.hypothetical import HypotheticalStress, hypothetical_scenarios
from crossmargin.margin.cme.initial import HeightenedRiskRules
from crossmargin.margin.cme.liquidity import CmeAddOns, ExecutionTerms
from crossmargin.margin.cme.scaling import scaled_moves
from crossmargin.margin.exact import GRID_PER_DOLLAR, from_grid, to_grid
from crossmargin.margin.simulation import Simulation, cents_up
from crossmargin.margin.tail import QuantileConvention, tail_losses, tail_rank
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import (
    KEY_RATE_BITS,
    SHOCK_BITS,
    BoolArray,
    FactorHistory,
    ScenarioSet,
    join,
    on_grid,
    window_start,
)
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.cube import Cube, instrument_pnl
from crossmargin.pricing.valuation import Valuation

MODEL_NAME = "cme-style 0.1: volatility-scaled historical simulation with stress"


class CmeEngine(StrEnum):
    """What makes CME's figures (ruling 10)."""

    FHS = "fhs"
    SPAN = "span"


@dataclass(frozen=True, slots=True)
class CmeScenarios:
    """The two scenario sets of the model."""

    historical: ScenarioSet
    stress: ScenarioSet

    @property
    def identity(self) -> str:
        """SHA-256 of both."""
        return f"{self.historical.identity}+{self.stress.identity}"


@dataclass(frozen=True, slots=True)
class CmeModel:
    """The model on one date.

    Parameters
    ----------
    historical, stress : Simulation
        Securities' columns are those of their futures-equivalents.
    historical_weight : Fraction
    scenarios : CmeScenarios
    equivalents : FuturesEquivalents
    scenario_identity : str
    execution : CmeAddOns
        Liquidity and concentration.
    price : callable
        Gives every instrument's P&L under any scenarios.
    name : str
    """

    historical: Simulation
    stress: Simulation
    historical_weight: Fraction
    scenarios: CmeScenarios
    equivalents: FuturesEquivalents
    scenario_identity: str
    execution: CmeAddOns
    price: Callable[[ScenarioSet], Cube] = field(repr=False, compare=False)
    name: str = MODEL_NAME

    def three_figures(self, block: Block) -> ThreeFigures:
        """Return the margin of securities alone, futures alone and both.

        Components ``historical`` and ``stress`` before weighting.
        """
        historical = self.historical.three_losses(block)
        stress = self.stress.three_losses(block)
        return ThreeFigures(
            *(
                self._leg(scaled, stressed)
                for scaled, stressed in zip(historical, stress, strict=True)
            )
        )

    def futures_figure(self, block: Block) -> tuple[Money, dict[str, Fraction]]:
        """Return the margin of one portfolio of futures, and its components before weighting."""
        leg = self._leg(self.historical.losses(block), self.stress.losses(block))
        return leg.charge(0), leg.components(0)

    def add_ons(self, block: Block) -> Mapping[str, list[int]]:
        """Return the charges outside the saving of the futures, in whole cents by name."""
        return self.execution.cents(block)

    def contributions(self, block: Block) -> Contributions:
        """Return what each position adds to the margin of the block's one portfolio, weighted."""
        weights = {"historical": self.historical_weight, "stress": 1 - self.historical_weight}
        repo_buckets = [Fraction(0)] * block.repo.shape[1]
        components, scenarios = {}, {}
        for name, simulation in (("historical", self.historical), ("stress", self.stress)):
            losses, scenario = simulation.contributions(block)
            scenarios[name] = Decisive(scenario, weights[name])
            components[name] = [loss * weights[name] for loss in losses] + repo_buckets
        return Contributions(components, scenarios)

    def repriced(
        self, component: str, scenario: int, parts: Callable[[ScenarioSet], ScenarioSet]
    ) -> FloatArray:
        """Return per-unit P&L under parts of one scenario: shape (parts, instruments), on the grid.

        Parameters
        ----------
        component : str
            ``historical`` or ``stress``.
        scenario : int
        parts : callable
            Makes the parts of the scenario, one a row.
        """
        stressed = component == "stress"
        scenarios = self.scenarios.stress if stressed else self.scenarios.historical
        contracts = self.price(parts(scenarios.row(scenario))).contracts
        return to_grid(np.vstack([self.equivalents.columns(contracts), contracts]).T)

    def _leg(self, historical: list[int], stress: list[int]) -> LegFigures:
        return LegFigures(
            self._cents(historical, stress), {"historical": historical, "stress": stress}
        )

    def _cents(self, historical: list[int], stress: list[int]) -> list[int]:
        share, whole = self.historical_weight.numerator, self.historical_weight.denominator
        denominator = whole * GRID_PER_DOLLAR
        return [
            cents_up((share * a + (whole - share) * b) * 100, denominator)
            for a, b in zip(historical, stress, strict=True)
        ]


def prepare_cme(
    *,
    valuation: Valuation,
    history: FactorHistory,
    equivalents: FuturesEquivalents,
    parameters: ParameterSet,
    repo_follows_front: float,
    scenarios: CmeScenarios | None = None,
) -> CmeModel:
    """Return the model for a date: every contract repriced once, securities as equivalents.

    Parameters
    ----------
    valuation : Valuation
    history : FactorHistory
        At one day, up to the as-of date.
    equivalents : FuturesEquivalents
    parameters : ParameterSet
    repo_follows_front : float
        See :func:`crossmargin.pricing.cube.instrument_pnl`.
    scenarios : CmeScenarios, optional
        Instead of the model's own, for an explanation that switches a factor off.
    """
    used = scenarios or cme_scenarios(history, parameters, as_of=valuation.as_of)
    coverage = parameters.ratio("coverage")
    convention = QuantileConvention(parameters.text("quantile_convention"))
    price = partial(instrument_pnl, valuation, repo_follows_front=repo_follows_front)
    simulations = []
    for each in (used.historical, used.stress):
        cube = price(each)
        simulations.append(
            Simulation.on_grid(
                equivalents.columns(cube.contracts),
                cube.contracts,
                tail_rank(each.count, coverage, convention),
            )
        )
    weight = parameters.ratio("historical_weight")
    return CmeModel(
        historical=simulations[0],
        stress=simulations[1],
        historical_weight=weight,
        scenarios=used,
        equivalents=equivalents,
        scenario_identity=used.identity,
        execution=CmeAddOns.of_contracts(
            [future.contract for future in valuation.contracts],
            outright_dollars(*simulations, weight=weight),
            parameters,
        ),
        price=price,
    )


def outright_dollars(
    historical: Simulation, stress: Simulation, *, weight: Fraction
) -> list[Fraction]:
    """Return the margin of one contract held alone, the larger of long and short, exactly."""
    long, short = (
        [
            weight * from_grid(float(a)) + (1 - weight) * from_grid(float(b))
            for a, b in zip(
                tail_losses(side * historical.contracts, historical.rank),
                tail_losses(side * stress.contracts, stress.rank),
                strict=True,
            )
        ]
        for side in (1.0, -1.0)
    )
    return [max(each) for each in zip(long, short, strict=True)]


def check_parameters(parameters: ParameterSet) -> None:
    """Refuse values that the model does not know, before anything is priced.

    Raises
    ------
    ValueError
        Saying which parameter, and what it may be.
    """
    parameters.choice("engine", list(CmeEngine))
    EquivalentRules.from_parameters(parameters)
    ExecutionTerms.from_parameters(parameters)
    HeightenedRiskRules.from_parameters(parameters)
    parameters.choice("hypothetical_stress", list(HypotheticalStress))
    parameters.choice("correlation_scaling", list(CorrelationScaling))


def cme_scenarios(history: FactorHistory, parameters: ParameterSet, *, as_of: date) -> CmeScenarios:
    """Return the scaled ten years and the unscaled stressed periods as of a date.

    Hypothetical scenarios, where they are chosen, stand at the end of the stress set.

    Raises
    ------
    ValueError
        If the ten years hold fewer scenarios than a requirement of record needs.
    """
    window = history.rows_between(window_start(as_of, parameters.whole("lookback_years")), as_of)
    if int(window.sum()) < parameters.whole("fewest_scenarios"):
        raise ValueError(
            f"{int(window.sum())} scenarios on {as_of}: too few for a requirement of record"
        )
    known = history.rows_between(date.min, as_of)
    decay = float(parameters.ratio("volatility_decay"))
    inside = window[known]

    def scaled(moves: FloatArray, *, last_is_known: bool, bits: int) -> FloatArray:
        values = scaled_moves(moves[known], inside, decay=decay, last_is_known=last_is_known)
        return on_grid(values, bits)

    historical = replace(
        history.scenarios(f"cme scaled {as_of}", window),
        key_rates=on_grid(
            scaled_moves(
                history.key_rates.changes[known],
                inside,
                decay=decay,
                last_is_known=True,
                turned=_turned(parameters),
            ),
            KEY_RATE_BITS,
        ),
        basis_bp=scaled(
            history.basis.shocks_bp,
            last_is_known=not bool(history.basis.redrawn[known][-1]),
            bits=SHOCK_BITS,
        ),
        spread_bp=scaled(
            history.spread.shocks_bp,
            last_is_known=not bool(history.spread.redrawn[known][-1]),
            bits=SHOCK_BITS,
        ),
    )
    stressed = [
        history.scenarios("stressed", history.rows_between(first, min(last, as_of)))
        for first, last in parameters.dates("stressed_periods")
        if first <= as_of
    ]
    hypothetical = hypothetical_scenarios(history.key_rates.key_years, parameters, as_of=as_of)
    stressed += [hypothetical] if hypothetical else []
    return _with_multiples(
        CmeScenarios(historical, join(f"cme stress {as_of}", stressed)), parameters
    )


def _turned(parameters: ParameterSet) -> Callable[[FloatArray, BoolArray], FloatArray] | None:
    """Return what gives key-rate moves today's correlations, or None where they keep their own."""
    choice = parameters.choice("correlation_scaling", list(CorrelationScaling))
    if choice == CorrelationScaling.NONE:
        return None
    return partial(
        with_correlations_of_today,
        decay=float(parameters.ratio("correlation_decay")),
        shrinkage=float(parameters.ratio("correlation_shrinkage")),
    )


def _with_multiples(scenarios: CmeScenarios, parameters: ParameterSet) -> CmeScenarios:
    basis = float(parameters.ratio("basis_volatility_multiple"))
    spread = float(parameters.ratio("spread_volatility_multiple"))
    return CmeScenarios(
        scenarios.historical.scaling(basis=basis, spread=spread),
        scenarios.stress.scaling(basis=basis, spread=spread),
    )
