r"""What happens when scenario dates leave the lookback windows.

A scenario belongs to a window as long as the date of its end is not older than the window. On each
business day ahead some scenarios leave; as many new scenario dates join as business days have
passed. Nobody knows what those will bring: they are taken as scenarios without a loss, which raises
the number of scenarios, and so the rank that is read, and adds nothing to the tail. Prices,
positions, volatilities and haircuts are those of today. So the figures say what leaving dates alone
do: the requirement of that day under this assumption, not a forecast.

Fixed stressed periods do not roll: FICC's stressed year and CME's stressed periods stay, and a date
of FICC's stressed year stays in its set when it leaves the ten years.

Rows are dropped from the simulations themselves, so every figure is what the models make of the
scenarios that are left, exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from crossmargin.margin.book import Block
from crossmargin.margin.cme.model import CmeModel, outright_dollars
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.simulation import Simulation
from crossmargin.margin.tail import QuantileConvention, tail_rank
from crossmargin.market.history import DateArray, FloatArray
from crossmargin.market.residuals import in_windows
from crossmargin.market.scenarios import BoolArray, window_start
from crossmargin.parameters.registry import ParameterSet

#: The sets with a window that rolls, in the order they are shown, with their model.
WINDOWS: Mapping[str, str] = {
    "ficc_historical": "FICC historical simulation",
    "ficc_filtered": "FICC Minimum Margin Amount",
    "cme_historical": "CME scaled history",
}
_ONE_DAY = timedelta(days=1)
LEGS = ("securities", "futures", "combined")


@dataclass(frozen=True, slots=True)
class Window:
    """One set of scenarios and its window.

    Parameters
    ----------
    name : str
        A key of :data:`WINDOWS`.
    simulation : Simulation
    end_dates : ndarray of datetime64[D], shape (N,)
    stays : ndarray of bool, shape (N,)
        Scenarios that no day ahead takes out.
    lookback_years : int
    """

    name: str
    simulation: Simulation
    end_dates: DateArray
    stays: BoolArray
    lookback_years: int

    def left_by(self, day: date) -> BoolArray:
        """Return which scenarios are out of the window on a day: shape (N,)."""
        first = np.datetime64(window_start(day, self.lookback_years))
        left: BoolArray = (self.end_dates < first) & ~self.stays
        return left

    def leaves_on(self, scenario: int) -> date | None:
        """Return the first calendar day on which a scenario is out; None where it stays."""
        if self.stays[scenario]:
            return None
        end: date = self.end_dates[scenario].astype(date)
        day = window_start(end, -self.lookback_years)
        while window_start(day, self.lookback_years) <= end:
            day += _ONE_DAY
        return day


def rolling_windows(
    ficc: FiccModel,
    cme: CmeModel | None,
    ficc_parameters: ParameterSet,
    cme_parameters: ParameterSet,
) -> tuple[Window, ...]:
    """Return every window that rolls, of the models of a day.

    Parameters
    ----------
    ficc : FiccModel
    cme : CmeModel or None
        None where CME's engine is SPAN: its arrays have no dates.
    ficc_parameters, cme_parameters : ParameterSet
    """
    used = ficc.scenarios
    stressed = in_windows(used.historical.end_dates, ficc_parameters.dates("stressed_period"))
    windows = [
        Window(
            "ficc_historical",
            ficc.simulation,
            used.historical.end_dates,
            stressed,
            ficc_parameters.whole("lookback_years"),
        )
    ]
    if ficc.filtered is not None:
        windows.append(
            Window(
                "ficc_filtered",
                ficc.filtered,
                used.filtered.end_dates,
                np.zeros(used.filtered.count, dtype=np.bool_),
                ficc_parameters.whole("minimum_margin_lookback_years"),
            )
        )
    if cme is not None:
        windows.append(
            Window(
                "cme_historical",
                cme.historical,
                cme.scenarios.historical.end_dates,
                np.zeros(cme.scenarios.historical.count, dtype=np.bool_),
                cme_parameters.whole("lookback_years"),
            )
        )
    return tuple(windows)


def rolled(
    simulation: Simulation, left: BoolArray, added: int, parameters: ParameterSet
) -> Simulation:
    """Return a simulation without the scenarios that have left, with new ones that lose nothing.

    Parameters
    ----------
    simulation : Simulation
    left : ndarray of bool, shape (N,)
    added : int
    parameters : ParameterSet
        Of the model: the rank is read anew from the number of scenarios.

    Raises
    ------
    ValueError
        If fewer scenarios are left than a requirement of record needs.
    """
    count = int((~left).sum()) + added
    fewest = parameters.whole("fewest_scenarios")
    if count < fewest:
        raise ValueError(f"{count} scenarios are left: a requirement of record needs {fewest}")

    def columns(pnl: FloatArray) -> FloatArray:
        return np.hstack([pnl[:, ~left], np.zeros((len(pnl), added))])

    return Simulation(
        columns(simulation.securities),
        columns(simulation.contracts),
        tail_rank(
            count,
            parameters.ratio("coverage"),
            QuantileConvention(parameters.text("quantile_convention")),
        ),
    )


def with_simulations(
    ficc: FiccModel, cme: CmeModel, simulations: Mapping[str, Simulation]
) -> tuple[FiccModel, CmeModel]:
    """Return the models with other simulations of some windows.

    CME's concentration charge follows its outright margins; FICC's Margin Liquidity Adjustment,
    which has a window of its own, stays as it is.
    """
    ficc = replace(
        ficc,
        simulation=simulations.get("ficc_historical", ficc.simulation),
        filtered=simulations.get("ficc_filtered", ficc.filtered),
    )
    if "cme_historical" in simulations:
        historical = simulations["cme_historical"]
        alone = outright_dollars(historical, cme.stress, weight=cme.historical_weight)
        execution = replace(cme.execution, outright_dollars=tuple(alone))
        cme = replace(cme, historical=historical, execution=execution)
    return ficc, cme


@dataclass(frozen=True, slots=True)
class TailPlace:
    """A scenario that is among the losses a figure is read from.

    Parameters
    ----------
    window, leg : str
    scenario : int
    end_date : date
    leaves_on : date or None
    rank : int
        From 1, the largest loss; ties by date.
    rank_read : int
        The rank that makes the figure.
    loss_dollars : float
        On the grid.
    """

    window: str
    leg: str
    scenario: int
    end_date: date
    leaves_on: date | None
    rank: int
    rank_read: int
    loss_dollars: float


def tail_places(window: Window, block: Block) -> list[TailPlace]:
    """Return the tail losses of the block's one portfolio, leg by leg, the largest first.

    Scenarios without a loss are no part of the tail.
    """
    found = []
    for leg, part in zip(
        LEGS, (block.securities_only(), block.contracts_only(), block), strict=True
    ):
        pnl = window.simulation.pnl_dollars(part)[0]
        order = np.argsort(pnl, kind="stable")[: window.simulation.rank]
        for rank, scenario in enumerate(order.tolist(), start=1):
            if pnl[scenario] < 0.0:
                found.append(
                    TailPlace(
                        window.name,
                        leg,
                        scenario,
                        window.end_dates[scenario].astype(date),
                        window.leaves_on(scenario),
                        rank,
                        window.simulation.rank,
                        float(-pnl[scenario]),
                    )
                )
    return found


def telling(window: Window, blocks: Iterable[Block]) -> Window:
    """Return the window with the scenarios alone that can decide a tail when one date leaves it.

    Of every leg of every portfolio, and of every contract alone, those that lose at least as much
    as the first loss beyond its tail: where one date of them loses nothing any more, the loss at
    the rank is among the others. What is left out never decides, so every figure is that of the
    whole window.

    Parameters
    ----------
    window : Window
    blocks : iterable of Block
        The portfolios that will be margined.
    """
    simulation = window.simulation
    kept = np.zeros(len(window.end_dates), dtype=np.bool_)
    beyond = min(simulation.rank, len(kept) - 1)
    pnls = [simulation.contracts, -simulation.contracts]
    for block in blocks:
        pnls += [
            simulation.pnl_dollars(part)
            for part in (block.securities_only(), block.contracts_only(), block)
        ]
    for pnl in pnls:
        bounds = np.partition(pnl, beyond, axis=1)[:, beyond]
        kept |= ((pnl <= bounds[:, np.newaxis]) & (pnl < 0.0)).any(axis=0)
    # A rank needs as many scenarios, and one more where one of them may lose nothing.
    kept[: beyond + 1] = True
    few = Simulation(
        np.ascontiguousarray(simulation.securities[:, kept]),
        np.ascontiguousarray(simulation.contracts[:, kept]),
        simulation.rank,
    )
    return replace(
        window, simulation=few, end_dates=window.end_dates[kept], stays=window.stays[kept]
    )


def without_date(window: Window, day: date) -> Simulation:
    """Return the window's simulation with the scenario of a date losing nothing any more."""
    gone = (window.end_dates == np.datetime64(day)) & ~window.stays
    if not gone.any():
        return window.simulation
    keeps = np.where(gone, 0.0, 1.0)
    return Simulation(
        window.simulation.securities * keeps,
        window.simulation.contracts * keeps,
        window.simulation.rank,
    )


def newly_left(window: Window, days: Sequence[date]) -> list[list[date]]:
    """Return, day by day, the end dates of the scenarios that leave the window on it."""
    before = np.zeros(len(window.end_dates), dtype=np.bool_)
    found = []
    for day in days:
        left = window.left_by(day)
        found.append([end.astype(date) for end in window.end_dates[left & ~before]])
        before = left
    return found
