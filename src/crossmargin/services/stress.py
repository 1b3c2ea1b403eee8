"""The use case behind ``xm stress``: episodes and hypothetical moves on today's book.

A case is a move put on the book of the as-of date (``mode`` shock, ruling 20): every instrument of
the XM account is fully repriced under it, and the loss is held against the margin of the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from crossmargin.analysis.stress.cases import StressCase
from crossmargin.analysis.stress.episodes import EpisodeMarket, episode_cases
from crossmargin.analysis.stress.hypothetical import hypothetical_cases
from crossmargin.analysis.stress.library import StressLibrary
from crossmargin.analysis.stress.outcomes import Margins, StressOutcome, outcome_of, worst_first
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import refused
from crossmargin.margin.exact import (
    GRID_PER_DOLLAR,
    exact_pnl_in_grid_steps,
    exact_rows,
    to_grid,
)
from crossmargin.market.factors import curve_points
from crossmargin.market.history import FloatArray, MarketData
from crossmargin.market.scenarios import ScenarioSet, join
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.held_instruments import HeldInstruments
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_run import CustomerResult

#: Today's book under the moves of another time (ruling 20).
MODE = "shock"


@dataclass(frozen=True, slots=True)
class CustomerStress:
    """One customer under every case.

    Parameters
    ----------
    result : CustomerResult
    margins : Margins
    outcomes : tuple of StressOutcome
        Largest loss first.
    has_outside : bool
        Whether positions outside the XM account are in no figure here.
    """

    result: CustomerResult
    margins: Margins
    outcomes: tuple[StressOutcome, ...]
    has_outside: bool


@dataclass(frozen=True, slots=True)
class StressRun:
    """Every customer of a run under every case.

    Parameters
    ----------
    run : MarginRun
    library : StressLibrary
        The episodes that were taken.
    cases : tuple of StressCase
    customers : tuple of CustomerStress
        In the order of the run's customers.
    """

    run: MarginRun
    library: StressLibrary
    cases: tuple[StressCase, ...]
    customers: tuple[CustomerStress, ...]


def stress_run(
    run: MarginRun,
    market: MarketData,
    library: StressLibrary,
    parameters: ParameterSet,
    *,
    hypothetical: bool = True,
) -> StressRun:
    """Return what every case does to every customer of a run.

    Parameters
    ----------
    run : MarginRun
    market : MarketData
        What the run was made from.
    library : StressLibrary
        Episodes to take.
    parameters : ParameterSet
        Of owner ``stress``.
    hypothetical : bool
        Whether the hypothetical cases are taken too.

    Raises
    ------
    RefusedError
        If a move is so large that a book cannot be repriced under it.
    """
    held = HeldInstruments.of(run.result.day, run.books)
    day = held.day
    cases: list[StressCase] = []
    episodes = episode_market(day, market)
    for episode in library.episodes:
        cases += episode_cases(episode, episodes)
    if hypothetical:
        key_years = day.ficc_history.key_rates.key_years
        products = _products_held(day, held.books)
        cases += hypothetical_cases(key_years, parameters, products=products)
    columns = _columns(day, cases)
    return StressRun(
        run,
        library,
        tuple(cases),
        tuple(
            CustomerStress(
                result,
                margins_of(result),
                worst_first(_outcomes(day, book, cases, columns)),
                book.has_outside,
            )
            for book, result in zip(held.books, run.result.customers, strict=True)
        ),
    )


def episode_market(day: MarginDay, market: MarketData) -> EpisodeMarket:
    """Return what the moves of episodes are taken from on a day: nothing after it."""
    histories = {history.horizon_days: history for history in (day.ficc_history, day.cme_history)}
    return EpisodeMarket(
        points=curve_points(market.par_yields),
        as_of=day.as_of,
        key_years=day.ficc_history.key_rates.key_years,
        histories=tuple(histories.values()),
        simulated=day.simulated,
    )


def margins_of(result: CustomerResult) -> Margins:
    """Return the margins of a customer's XM account that losses are held against."""
    ficc, cme = result.requirement.ficc, result.requirement.cme
    # The minimum is known from what is collected: it tops both up to the same amount.
    minimum = ficc.requirement if ficc.minimum_top_up > ZERO else ZERO
    alone = ficc.figures.three.securities + Money(ficc.figures.add_on_cents)
    return Margins(
        securities=max(alone, minimum),
        futures=cme.figures.three.futures + Money(cme.figures.add_on_cents),
        ficc_combined=ficc.figures.three.combined,
        cme_combined=cme.figures.three.combined,
        ficc=ficc.requirement,
        cme=cme.requirement,
    )


def full_repricing(
    day: MarginDay, scenarios: ScenarioSet, *, repo_rate: Fraction = Fraction(0)
) -> FloatArray:
    """Return every instrument's P&L per unit, whatever shortcut a model takes, on the grid.

    Parameters
    ----------
    day : MarginDay
    scenarios : ScenarioSet
        N scenarios.
    repo_rate : Fraction
        Move of the repo rate beside that of the front of the curve, plain ratio.

    Returns
    -------
    ndarray, shape (instruments, N)
        Dollars per $100 of par, then per contract.

    Raises
    ------
    RefusedError
        If a move is so large that repricing would no longer be exact.
    """
    follows = float(day.parameters.market.ratio("repo_rate_follows_front"))
    # Contracts keep today's price: what another repo rate does to them is P&L.
    valuation = replace(day.valuation, repo_rate=day.valuation.repo_rate + float(repo_rate))
    try:
        cube = instrument_pnl(valuation, scenarios, repo_follows_front=follows)
    except ValueError as error:
        expected = "moves that every instrument can be repriced under"
        raise refused("stress", error, expected, "ruling 34") from error
    return to_grid(np.vstack([cube.securities, cube.contracts]))


def leg_pnl_steps(leg: Mapping[int, int], columns: FloatArray) -> list[int]:
    """Return a leg's P&L in each scenario in whole grid steps, exactly.

    Parameters
    ----------
    leg : mapping of place to units
    columns : ndarray, shape (instruments, N)
        P&L per unit on the grid.
    """
    rows = columns[list(leg)]
    units = np.array([list(leg.values())], dtype=np.float64)
    if exact_rows(units, np.abs(rows).max(axis=1, initial=0.0))[0]:
        steps: list[int] = (units @ rows * GRID_PER_DOLLAR)[0].astype(np.int64).tolist()
        return steps
    return exact_pnl_in_grid_steps(list(leg.values()), rows)


def _columns(day: MarginDay, cases: Sequence[StressCase]) -> dict[str, FloatArray]:
    """Return P&L per unit under each case by its name, shape (instruments, N) each."""
    made: dict[str, FloatArray] = {}
    for repo_rate in sorted({case.repo_rate for case in cases}):
        chosen = [case for case in cases if case.repo_rate == repo_rate]
        scenarios = join("stress", [case.scenarios for case in chosen])
        bounds = np.cumsum([case.scenarios.count for case in chosen])[:-1]
        parts = np.split(full_repricing(day, scenarios, repo_rate=repo_rate), bounds, axis=1)
        made |= {case.name: part for case, part in zip(chosen, parts, strict=True)}
    return made


def _outcomes(
    day: MarginDay,
    book: CustomerBook,
    cases: Sequence[StressCase],
    columns: Mapping[str, FloatArray],
) -> list[StressOutcome]:
    securities = len(day.valuation.book.prices)
    priced = securities + len(day.valuation.contracts)
    legs = (
        {place: units for place, units in book.xm.items() if place < securities},
        {place: units for place, units in book.xm.items() if securities <= place < priced},
    )
    repo_cent_days = sum(units for place, units in book.xm.items() if place >= priced)

    return [
        outcome_of(
            case,
            securities=leg_pnl_steps(legs[0], columns[case.name]),
            futures=leg_pnl_steps(legs[1], columns[case.name]),
            repo_cent_days=repo_cent_days,
        )
        for case in cases
    ]


def _products_held(day: MarginDay, books: Sequence[CustomerBook]) -> frozenset[str]:
    first = len(day.valuation.book.prices)
    contracts = day.valuation.contracts
    return frozenset(
        contracts[place - first].contract.product
        for book in books
        for place in book.xm
        if first <= place < first + len(contracts)
    )
