r"""The FICC-style VaR Charge.

.. math::

    \text{VaR Charge} = \max(\text{VaR} + H + \text{RV} + \text{BA}, \;
        \text{Floor Percentage Amount}, \; \text{MMA}), \qquad
    \text{MMA} = \text{VaR}_{\text{filtered}} + H + \text{RV} + \text{BA}

VaR is the k-th largest loss of the full revaluation under three-day overlapping key-rate changes of
ten years and a stressed year, equal weights, with cash-futures basis and SOFR-Treasury spread as
factors of their own. The floor percentage and the Minimum Margin Amount (MMA) are the VaR Floor. H
is the haircut book, RV repo volatility, BA the bid-ask spread; each has its module.

This is an independent estimate from public descriptions; FICC's methodology document is
confidential. Carry over the liquidation period is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

import numpy as np

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.margin.book import Block, Contributions, Decisive, LegFigures, ThreeFigures
from crossmargin.margin.exact import GRID_PER_DOLLAR, to_grid
from crossmargin.margin.ficc.applicability import Component
from crossmargin.margin.ficc.gross import GrossCharge
from crossmargin.margin.ficc.haircut import (
    HaircutLine,
    HaircutSchedule,
)
from crossmargin.margin.ficc.liquidity import (
    MarginLiquidity,
)
from crossmargin.margin.ficc.minimum_margin import Filter
from crossmargin.margin.ficc.repo import RepoVolatility
from crossmargin.margin.ficc.scenarios import (
    FiccScenarios,
)
from crossmargin.margin.simulation import Simulation, cents_up
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.cube import Cube

MODEL_NAME = "ficc-style 0.2: key-rate historical simulation with VaR Floor"
PROXY_MODEL_NAME = "ficc-style 0.2: Margin-Proxy-like bucket indices with VaR Floor"

HISTORICAL, FILTERED = "historical_simulation", "filtered_simulation"
REPO, BID_ASK, HAIRCUT, FLOOR = "repo_volatility", "bid_ask", "haircut", "floor_percentage"
MARGIN_LIQUIDITY = Component.MARGIN_LIQUIDITY_ADJUSTMENT.value


class SensitivitySource(StrEnum):
    """Where each issue's sensitivities come from."""

    OWN = "own"
    MARGIN_PROXY = "margin_proxy"


class FiccValuation(StrEnum):
    """How both legs are revalued under the scenarios: never one leg one way (ruling 34)."""

    FULL = "full"
    DELTA_GAMMA = "delta_gamma"


class Decides(StrEnum):
    """Which member of the VaR Charge is the largest; of equals the first."""

    MODEL = "model"
    MINIMUM_MARGIN_AMOUNT = "minimum_margin_amount"
    FLOOR_PERCENTAGE = "floor_percentage"


@dataclass(frozen=True, slots=True)
class FiccModel:
    """The model on one date: columns ready, portfolios still to come.

    Parameters
    ----------
    simulation : Simulation
    filtered : Simulation or None
        Of the Minimum Margin Amount; None before it was introduced.
    filter : Filter or None
        What made ``filtered`` from unscaled price changes.
    floor, bid_ask : GrossCharge
    repo : RepoVolatility
    floor_share : Fraction
        Share of the bucket haircut.
    haircuts : HaircutSchedule
    scenarios : FiccScenarios
    scenario_identity : str
    sensitivity_source : SensitivitySource
    liquidity : MarginLiquidity
        The Margin Liquidity Adjustment.
    price : callable
        Gives every instrument's P&L under any scenarios, as the model values them.
    """

    simulation: Simulation
    filtered: Simulation | None
    filter: Filter | None
    floor: GrossCharge
    bid_ask: GrossCharge
    repo: RepoVolatility
    floor_share: Fraction
    haircuts: HaircutSchedule
    scenarios: FiccScenarios
    scenario_identity: str
    sensitivity_source: SensitivitySource
    liquidity: MarginLiquidity
    price: Callable[[ScenarioSet], Cube] = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        """Name and version, for every output."""
        own = self.sensitivity_source is SensitivitySource.OWN
        return MODEL_NAME if own else PROXY_MODEL_NAME

    def three_figures(self, block: Block) -> ThreeFigures:
        """Return the VaR Charge of securities alone, futures alone and both.

        Components ``historical_simulation``, ``filtered_simulation``, ``repo_volatility``,
        ``bid_ask`` and ``floor_percentage``; :func:`decides` says how they make the charge.
        """
        historical = self.simulation.three_losses(block)
        filtered = self.filtered.three_losses(block) if self.filtered else (None, None, None)
        repo = self.repo.charges(block.repo)
        none = [0] * block.count
        repos = (repo, none, repo)
        floors, bid_asks = (_three(each.charges(block)) for each in (self.floor, self.bid_ask))
        return ThreeFigures(
            *(
                _leg(*parts)
                for parts in zip(historical, filtered, repos, bid_asks, floors, strict=True)
            )
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
            As those of :meth:`three_figures`, and ``haircut``; exact dollars.
        """
        figures = self.three_figures(block).combined.components(0)
        figures[HAIRCUT] = self.haircuts.charge_dollars(haircut_lines)
        figures[FLOOR] += self.floor_share * self.haircuts.gross_dollars(haircut_lines)
        figures[BID_ASK] += sum((line.bid_ask for line in haircut_lines), Fraction(0))
        return charge_from_dollars(max(members(figures).values())), figures

    def add_ons(self, block: Block) -> Mapping[str, list[int]]:
        """Return the charges outside the VaR Charge that a portfolio alone decides, whole cents.

        The others need a customer's history, a calendar or a declaration; see
        :mod:`crossmargin.margin.ficc.assembly`.
        """
        charges = self.liquidity.charges(block.securities)
        return {MARGIN_LIQUIDITY: [charge.cents for charge in charges]}

    def contributions(self, block: Block) -> Contributions:
        """Return what each position adds to the VaR Charge of the block's one portfolio.

        Those of the member that decides: the others add nothing.
        """
        figures = self.three_figures(block).combined.components(0)
        decided = decides(figures)
        repo_buckets = [Fraction(0)] * block.repo.shape[1]
        if decided is Decides.FLOOR_PERCENTAGE:
            return Contributions({FLOOR: self.floor.of_instruments(block) + repo_buckets}, {})
        by_model = decided is Decides.MODEL
        if by_model or self.filtered is None:
            simulation, name = self.simulation, HISTORICAL
        else:
            simulation, name = self.filtered, FILTERED
        losses, scenario = simulation.contributions(block)
        bid_ask = self.bid_ask.of_instruments(block)
        nothing = [Fraction(0)] * len(bid_ask)
        # The repo charge is rounded up to the grid once; what that adds is the first bucket's.
        of_repo = [
            self.repo.bucket_charge_dollars(bucket, int(cent_days))
            for bucket, cent_days in enumerate(block.repo[0])
        ]
        if of_repo:
            of_repo[0] += figures[REPO] - sum(of_repo, Fraction(0))
        return Contributions(
            {
                name: losses + repo_buckets,
                REPO: nothing + of_repo,
                BID_ASK: bid_ask + repo_buckets,
            },
            {name: Decisive(scenario, Fraction(1))},
        )

    def repriced(
        self, component: str, scenario: int, parts: Callable[[ScenarioSet], ScenarioSet]
    ) -> FloatArray:
        """Return per-unit P&L under parts of one scenario, filtered where the component is.

        Parameters
        ----------
        component : str
            ``historical_simulation`` or ``filtered_simulation``.
        scenario : int
        parts : callable
            Makes the parts of the scenario, one a row.

        Returns
        -------
        pnl : ndarray, shape (parts, instruments)
            On the grid.
        """
        filtered = component == FILTERED
        scenarios = self.scenarios.filtered if filtered else self.scenarios.historical
        cube = self.price(parts(scenarios.row(scenario)))
        pnl: FloatArray = np.vstack([cube.securities, cube.contracts]).T
        if filtered and self.filter:
            pnl = pnl * self.filter.scale[:, scenario]
        return to_grid(pnl)


def members(components: Mapping[str, Fraction]) -> dict[Decides, Fraction]:
    """Return the three members of the VaR Charge, in dollars."""
    added = components[REPO] + components[BID_ASK] + components.get(HAIRCUT, Fraction(0))
    figures = {Decides.MODEL: components[HISTORICAL] + added}
    if FILTERED in components:
        figures[Decides.MINIMUM_MARGIN_AMOUNT] = components[FILTERED] + added
    return {**figures, Decides.FLOOR_PERCENTAGE: components[FLOOR]}


def decides(components: Mapping[str, Fraction]) -> Decides:
    """Return which member is the charge."""
    figures = members(components)
    return max(figures, key=figures.__getitem__)


def _three(legs: tuple[list[int], list[int]]) -> tuple[list[int], list[int], list[int]]:
    securities, futures = legs
    return securities, futures, [a + b for a, b in zip(securities, futures, strict=True)]


def _leg(
    historical: list[int],
    filtered: list[int] | None,
    repo: list[int],
    bid_ask: list[int],
    floor: list[int],
) -> LegFigures:
    losses = historical if filtered is None else map(max, historical, filtered)
    charges = (
        max(loss + interest + spread, least)
        for loss, interest, spread, least in zip(losses, repo, bid_ask, floor, strict=True)
    )
    components = {HISTORICAL: historical, REPO: repo, BID_ASK: bid_ask, FLOOR: floor}
    if filtered is not None:
        components[FILTERED] = filtered
    return LegFigures([cents_up(charge * 100, GRID_PER_DOLLAR) for charge in charges], components)
