"""Why a saving is what it is: tail scenarios, key rates of both legs, factors one by one.

The saving a model finds falls short of one because the legs do not move together. How much each
risk factor is to blame is measured by switching that factor's shocks off, the others on, and
pricing everything again: the saving gained is what the factor costs. What the factors do not
account for one by one is shown as interaction. Where the floor sets the combined figure, switching
a factor off may change nothing; the floor is therefore measured in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.analysis.factors import RiskFactor, risk_factors
from crossmargin.margin.book import Block, ThreeFigures
from crossmargin.margin.cme.model import CmeModel
from crossmargin.margin.exact import from_grid
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.simulation import Simulation
from crossmargin.margin.tail import tail_scenarios
from crossmargin.market.scenarios import ScenarioSet

#: How many of the largest losses are shown; the last is the one that sets the figure.
SHOWN_SCENARIOS = 5

Repriced = Callable[[RiskFactor], tuple[FiccModel, CmeModel]]


@dataclass(frozen=True, slots=True)
class TailScenario:
    """One scenario of the combined portfolio's tail.

    Parameters
    ----------
    rank : int
        1 is the largest loss.
    start_date, end_date : date
        Whose move it repeats.
    securities, futures, combined : Fraction
        P&L in dollars, gains positive.
    """

    rank: int
    start_date: date
    end_date: date
    securities: Fraction
    futures: Fraction
    combined: Fraction


@dataclass(frozen=True, slots=True)
class FactorLoss:
    """What one risk factor costs the saving, as each model sees it.

    Parameters
    ----------
    label : str
    ficc, cme : Fraction or None
        Saving without the factor's shocks less the saving; None where a saving is undefined.
    """

    label: str
    ficc: Fraction | None
    cme: Fraction | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One customer's saving taken apart.

    Parameters
    ----------
    ficc_tail, cme_tail : tuple of TailScenario
    ficc_rank, cme_rank : int
        The rank that sets each model's figure.
    losses : tuple of FactorLoss
        Largest first, factors that cost nothing left out.
    interaction : FactorLoss
        One less the saving less the sum of the losses.
    """

    ficc_tail: tuple[TailScenario, ...]
    cme_tail: tuple[TailScenario, ...]
    ficc_rank: int
    cme_rank: int
    losses: tuple[FactorLoss, ...]
    interaction: FactorLoss


def saving(figures: ThreeFigures, row: int) -> Fraction | None:
    """Return one model's saving of one customer, or None without stand-alone margin."""
    alone = figures.securities.charge_cents[row] + figures.futures.charge_cents[row]
    if alone == 0:
        return None
    return 1 - Fraction(figures.combined.charge_cents[row], alone)


def explain(
    ficc: FiccModel, cme: CmeModel, block: Block, *, repriced: Repriced
) -> list[Explanation]:
    """Return an explanation of every portfolio of the block.

    Parameters
    ----------
    ficc, cme : models of the day
    block : Block
        XM accounts, one a row.
    repriced : callable
        Gives both models with one factor's shocks off.
    """
    base_ficc, base_cme = ficc.three_figures(block), cme.three_figures(block)
    losses: list[list[FactorLoss]] = [[] for _ in range(block.count)]
    without_floor = _without_floor(ficc).three_figures(block)
    for row in range(block.count):
        gained = _gain(without_floor, base_ficc, row)
        losses[row].append(FactorLoss("floor percentage", gained, Fraction(0)))
    for factor in risk_factors(ficc.scenarios):
        ficc_off, cme_off = (model.three_figures(block) for model in repriced(factor))
        for row in range(block.count):
            losses[row].append(
                FactorLoss(
                    factor.label,
                    _gain(ficc_off, base_ficc, row),
                    _gain(cme_off, base_cme, row),
                )
            )
    return [
        Explanation(
            ficc_tail=_tail(ficc.simulation, ficc.scenarios, block, row),
            cme_tail=_tail(cme.historical, cme.scenarios.historical, block, row),
            ficc_rank=ficc.simulation.rank,
            cme_rank=cme.historical.rank,
            losses=_ordered(losses[row]),
            interaction=_interaction(losses[row], saving(base_ficc, row), saving(base_cme, row)),
        )
        for row in range(block.count)
    ]


def _without_floor(ficc: FiccModel) -> FiccModel:
    return replace(
        ficc,
        floor_securities=np.zeros_like(ficc.floor_securities),
        floor_contracts=np.zeros_like(ficc.floor_contracts),
    )


def _gain(without: ThreeFigures, base: ThreeFigures, row: int) -> Fraction | None:
    after, before = saving(without, row), saving(base, row)
    return None if after is None or before is None else after - before


def _ordered(losses: Sequence[FactorLoss]) -> tuple[FactorLoss, ...]:
    def size(loss: FactorLoss) -> Fraction:
        return max(abs(loss.ficc or Fraction(0)), abs(loss.cme or Fraction(0)))

    costly = [loss for loss in losses if size(loss) > 0]
    return tuple(sorted(costly, key=lambda loss: (-size(loss), loss.label)))


def _interaction(
    losses: Sequence[FactorLoss], ficc: Fraction | None, cme: Fraction | None
) -> FactorLoss:
    def rest(base: Fraction | None, parts: Sequence[Fraction | None]) -> Fraction | None:
        if base is None:
            return None
        return 1 - base - sum((part or Fraction(0) for part in parts), start=Fraction(0))

    return FactorLoss(
        "interaction",
        rest(ficc, [loss.ficc for loss in losses]),
        rest(cme, [loss.cme for loss in losses]),
    )


def _tail(
    simulation: Simulation, scenarios: ScenarioSet, block: Block, row: int
) -> tuple[TailScenario, ...]:
    """Return the largest losses of the combined portfolio, and the one that sets the figure."""
    one = block.rows(slice(row, row + 1))
    securities = simulation.pnl_dollars(one.securities_only())[0]
    futures = simulation.pnl_dollars(one.contracts_only())[0]
    worst = tail_scenarios(securities + futures, simulation.rank)
    shown = [*range(min(SHOWN_SCENARIOS - 1, len(worst) - 1)), len(worst) - 1]
    return tuple(
        TailScenario(
            rank=place + 1,
            start_date=scenarios.start_dates[worst[place]].astype(date),
            end_date=scenarios.end_dates[worst[place]].astype(date),
            securities=from_grid(float(securities[worst[place]])),
            futures=from_grid(float(futures[worst[place]])),
            combined=from_grid(float(securities[worst[place]] + futures[worst[place]])),
        )
        for place in shown
    )
