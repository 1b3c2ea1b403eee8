r"""The FICC-style VaR Charge, first cut: simulation, haircut book, floor percentage.

.. math:: \text{VaR Charge} = \max(\text{VaR} + H, \; \text{Floor Percentage Amount})

VaR is the k-th largest loss of the full revaluation under three-day overlapping key-rate changes of
ten years and a stressed year, equal weights, with cash-futures basis and SOFR-Treasury spread as
factors of their own. The floor is a tenth of each bucket's haircut on the gross market value of a
CUSIP-netted book; a Treasury future counts with the market value of its cheapest to deliver.

This is an independent estimate from public descriptions; FICC's methodology document is
confidential. Not in this version: Minimum Margin Amount, repo volatility, bid-ask, carry, and the
add-ons outside the VaR Charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.margin.book import Block, LegFigures, ThreeFigures
from crossmargin.margin.exact import GRID_PER_DOLLAR, to_grid_up
from crossmargin.margin.ficc.haircut import HaircutLine, HaircutSchedule, haircut_schedule
from crossmargin.margin.simulation import Simulation, cents_up
from crossmargin.margin.tail import QuantileConvention, tail_rank
from crossmargin.market.curve import ZeroCurve
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import FactorHistory, ScenarioSet, join, window_start
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation

MODEL_NAME = "ficc-style 0.1: key-rate historical simulation"
_FLOOR_EXACT_MAX = float(1 << 33)


@dataclass(frozen=True, slots=True)
class FiccModel:
    """The model on one date: columns ready, portfolios still to come.

    Parameters
    ----------
    simulation : Simulation
    floor_securities, floor_contracts : ndarray, shape (S,), (C,)
        Floor dollars per unit, on the grid.
    floor_share : Fraction
        Share of the bucket haircut.
    haircuts : HaircutSchedule
    scenarios : ScenarioSet
    scenario_identity : str
    name : str
    """

    simulation: Simulation
    floor_securities: FloatArray
    floor_contracts: FloatArray
    floor_share: Fraction
    haircuts: HaircutSchedule
    scenarios: ScenarioSet
    scenario_identity: str
    name: str = MODEL_NAME

    def pnl_dollars(self, block: Block) -> FloatArray:
        """Return the P&L in each scenario, shape (portfolios, N)."""
        return self.simulation.pnl_dollars(block)

    def three_figures(self, block: Block) -> ThreeFigures:
        """Return the VaR Charge of securities alone, futures alone and both.

        Components ``historical_simulation`` and ``floor_percentage``: the charge is the larger.
        """
        losses = self.simulation.three_losses(block)
        securities_floor, futures_floor = self._floors(block)
        combined_floor = [a + b for a, b in zip(securities_floor, futures_floor, strict=True)]
        floors = (securities_floor, futures_floor, combined_floor)
        return ThreeFigures(
            *(_leg(loss, floor) for loss, floor in zip(losses, floors, strict=True))
        )

    def securities_figure(
        self, block: Block, haircut_lines: Sequence[HaircutLine]
    ) -> tuple[Money, dict[str, Fraction]]:
        """Return the VaR Charge of one portfolio of securities, haircut book included.

        Parameters
        ----------
        block : Block
            One row.
        haircut_lines : sequence of HaircutLine
            What has no sensitivities, netted by CUSIP.

        Returns
        -------
        charge : Money
        components : dict
            ``historical_simulation``, ``haircut``, ``floor_percentage`` in exact dollars. The first
            two are added; the charge is the larger of that and the floor.
        """
        loss = Fraction(self.simulation.losses(block)[0], GRID_PER_DOLLAR)
        haircut = self.haircuts.charge_dollars(haircut_lines)
        securities_floor, futures_floor = self._floors(block)
        floor = Fraction(securities_floor[0] + futures_floor[0], GRID_PER_DOLLAR)
        floor += self.floor_share * self.haircuts.gross_dollars(haircut_lines)
        components = {
            "historical_simulation": loss,
            "haircut": haircut,
            "floor_percentage": floor,
        }
        return charge_from_dollars(max(loss + haircut, floor)), components

    def _floors(self, block: Block) -> tuple[list[int], list[int]]:
        """Return each leg's floor in whole grid steps; quantities beyond float are exact too."""
        legs = (
            (block.securities, self.floor_securities),
            (block.contracts, self.floor_contracts),
        )
        floors = []
        for units, per_unit in legs:
            steps_per_unit = per_unit * GRID_PER_DOLLAR
            dollars = np.abs(units) @ per_unit
            if (dollars < _FLOOR_EXACT_MAX).all():
                floors.append((dollars * GRID_PER_DOLLAR).astype(np.int64).tolist())
            else:
                floors.append(
                    [
                        sum(abs(int(q)) * int(s) for q, s in zip(row, steps_per_unit, strict=True))
                        for row in units
                    ]
                )
        return floors[0], floors[1]


def _leg(losses: list[int], floors: list[int]) -> LegFigures:
    return LegFigures(
        [
            cents_up(max(loss, floor) * 100, GRID_PER_DOLLAR)
            for loss, floor in zip(losses, floors, strict=True)
        ],
        {"historical_simulation": losses, "floor_percentage": floors},
    )


def prepare_ficc(
    *,
    valuation: Valuation,
    history: FactorHistory,
    haircuts: HaircutSchedule,
    parameters: ParameterSet,
    repo_follows_front: float,
    scenarios: ScenarioSet | None = None,
) -> FiccModel:
    """Return the model for a date: every instrument repriced once.

    Parameters
    ----------
    valuation : Valuation
    history : FactorHistory
        At the model's horizon, up to the as-of date.
    haircuts : HaircutSchedule
    parameters : ParameterSet
    repo_follows_front : float
        See :func:`crossmargin.pricing.cube.instrument_pnl`.
    scenarios : ScenarioSet, optional
        Instead of the model's own, for an explanation that switches a factor off.
    """
    used = scenarios or ficc_scenarios(history, parameters, as_of=valuation.as_of)
    cube = instrument_pnl(valuation, used, repo_follows_front=repo_follows_front)
    rank = tail_rank(
        used.count,
        parameters.ratio("coverage"),
        QuantileConvention(parameters.text("quantile_convention")),
    )
    share = parameters.ratio("floor_share")
    securities_floor, contracts_floor = _floor_per_unit(valuation, haircuts, share)
    return FiccModel(
        simulation=Simulation.on_grid(cube.securities, cube.contracts, rank),
        floor_securities=securities_floor,
        floor_contracts=contracts_floor,
        floor_share=share,
        haircuts=haircuts,
        scenarios=used,
        scenario_identity=used.identity,
    )


def ficc_scenarios(history: FactorHistory, parameters: ParameterSet, *, as_of: date) -> ScenarioSet:
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
    if scenarios.count < parameters.whole("fewest_scenarios"):
        raise ValueError(
            f"{scenarios.count} scenarios on {as_of}: too few for a requirement of record"
        )
    return scenarios.scaling(
        basis=float(parameters.ratio("basis_volatility_multiple")),
        spread=float(parameters.ratio("spread_volatility_multiple")),
    )


def ficc_haircuts(
    history: FactorHistory, parameters: ParameterSet, *, curve: ZeroCurve, curve_date: date
) -> HaircutSchedule:
    """Return the haircut schedule recomputed on a month-end: its curve, its window.

    Parameters
    ----------
    history : FactorHistory
    parameters : ParameterSet
    curve : ZeroCurve
        Of the month-end.
    curve_date : date
    """
    return haircut_schedule(
        curve,
        ficc_scenarios(history, parameters, as_of=curve_date),
        coverage=parameters.ratio("coverage"),
        lower_years=parameters.ratios("bucket_years"),
        midpoint_years=parameters.ratios("bucket_midpoint_years"),
        zero_correlation_buckets=[int(b) for b in parameters.ratios("zero_correlation_buckets")],
        curve_date=curve_date.isoformat(),
    )


def _floor_per_unit(
    valuation: Valuation, haircuts: HaircutSchedule, share: Fraction
) -> tuple[FloatArray, FloatArray]:
    """Return floor dollars per $100 of par and per contract, on the grid."""
    book = valuation.book
    rates = np.array([float(share * rate) for rate in haircuts.rates])
    buckets = [haircuts.bucket(years) for years in book.remaining_years]
    securities = book.market_value * rates[buckets]
    contracts = np.zeros(len(valuation.contracts))
    for place, future in enumerate(valuation.contracts):
        if isinstance(future, TreasuryFuture):
            market_value = future.price * future.dollars_per_point
            contracts[place] = market_value * rates[buckets[future.cheapest_row]]
    # Up to the grid: a floor is never collected short.
    return to_grid_up(securities), to_grid_up(contracts)
