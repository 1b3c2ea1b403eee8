"""Dates that leave: which, when, and that every figure is that of the scenarios that are left."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from crossmargin.analysis.roll_off import (
    Window,
    newly_left,
    rolled,
    rolling_windows,
    tail_places,
    telling,
    with_simulations,
    without_date,
)
from crossmargin.margin.book import Block
from crossmargin.margin.cme.model import CmeScenarios
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.margin.simulation import Simulation
from crossmargin.market.history import MarketData
from crossmargin.market.scenarios import NOT_PROXIED, BoolArray, ScenarioSet, join, window_start
from crossmargin.services.customer_books import holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun


def window_of(*ends: date, stays: tuple[bool, ...] | None = None, years: int = 10) -> Window:
    """Return a window of one security that loses its scenario's number in each scenario."""
    count = len(ends)
    pnl = -np.arange(1.0, count + 1.0)[np.newaxis, :]
    return Window(
        "ficc_historical",
        Simulation(pnl, np.zeros((1, count)), 2),
        np.array(ends, dtype="datetime64[D]"),
        np.array(stays or (False,) * count),
        years,
    )


@pytest.mark.parametrize(
    ("end", "years", "leaves"),
    [
        (date(2016, 3, 24), 10, date(2026, 3, 25)),
        (date(2016, 2, 29), 10, date(2026, 3, 1)),
        (date(2018, 2, 28), 10, date(2028, 3, 1)),  # 28 and 29 February look back on the same day
        (date(2016, 2, 29), 8, date(2024, 3, 1)),
    ],
)
def test_a_scenario_leaves_on_the_day_it_is_too_old(end: date, years: int, leaves: date) -> None:
    window = window_of(end, years=years)
    assert window.leaves_on(0) == leaves
    assert window.left_by(leaves).tolist() == [True]
    assert window.left_by(leaves - timedelta(days=1)).tolist() == [False]


def test_what_stays_never_leaves() -> None:
    window = window_of(date(2009, 1, 5), date(2016, 3, 24), stays=(True, False))
    assert window.leaves_on(0) is None
    assert window.left_by(date(2030, 1, 1)).tolist() == [False, True]


def test_each_date_leaves_once() -> None:
    ends = (date(2016, 3, 24), date(2016, 3, 28), date(2016, 3, 29))
    days = [date(2026, 3, 25), date(2026, 3, 27), date(2026, 3, 30), date(2026, 3, 31)]
    found = newly_left(window_of(*ends), days)
    assert found == [[ends[0]], [], [ends[1], ends[2]], []]


def test_tail_losses_have_their_place_and_gains_none() -> None:
    window = window_of(date(2016, 3, 24), date(2017, 1, 3), date(2018, 1, 2))
    found = tail_places(window, Block.without_repo(np.array([[2.0]]), np.array([[0.0]])))
    assert [(each.leg, each.rank, each.loss_dollars) for each in found] == [
        ("securities", 1, 6.0),
        ("securities", 2, 4.0),
        ("combined", 1, 6.0),
        ("combined", 2, 4.0),
    ]
    assert found[0].end_date == date(2018, 1, 2)
    assert not tail_places(window, Block.without_repo(np.array([[-2.0]]), np.array([[0.0]])))


def without_rows(scenarios: ScenarioSet, left: BoolArray, added: int) -> ScenarioSet:
    """Return the set without some scenarios, and as many new ones in which nothing moves."""
    kept = replace(
        scenarios,
        start_dates=scenarios.start_dates[~left],
        end_dates=scenarios.end_dates[~left],
        key_rates=scenarios.key_rates[~left],
        basis_bp=scenarios.basis_bp[~left],
        spread_bp=scenarios.spread_bp[~left],
        proxied=NOT_PROXIED,
    )
    still = scenarios.row(scenarios.count - 1).scaling(key_rates=0.0, basis=0.0, spread=0.0)
    return join(scenarios.name, [kept, *[still] * added])


def block_of(run: MarginRun) -> Block:
    portfolios = [book.xm for book in run.books]
    return holdings_of(run.result.day, portfolios).block(0, len(portfolios))


def windows_of(day: MarginDay) -> tuple[Window, ...]:
    return rolling_windows(day.ficc, day.cme, day.parameters.ficc, day.parameters.cme)


def test_dropping_rows_is_preparing_the_models_without_them(simulated_run: MarginRun) -> None:
    day, block = simulated_run.result.day, block_of(simulated_run)
    windows = {window.name: window for window in windows_of(day)}
    ahead, added = window_start(day.as_of, -1), 250
    left = {name: window.left_by(ahead) for name, window in windows.items()}
    assert all(gone.sum() > 200 for gone in left.values())
    owners = {"ficc": day.parameters.ficc, "cme": day.parameters.cme}
    simulations = {
        name: rolled(window.simulation, left[name], added, owners[name.partition("_")[0]])
        for name, window in windows.items()
    }
    ficc, cme = with_simulations(day.ficc, day.cme, simulations)
    used = day.ficc.scenarios
    anew = day.with_scenarios(
        ficc=FiccScenarios(
            without_rows(used.historical, left["ficc_historical"], added),
            without_rows(used.filtered, left["ficc_filtered"], added),
            used.one_day,
        ),
        cme=CmeScenarios(
            without_rows(day.cme.scenarios.historical, left["cme_historical"], added),
            day.cme.scenarios.stress,
        ),
    )
    for mine, theirs in ((ficc, anew.ficc), (cme, anew.cme)):
        assert mine.three_figures(block) == theirs.three_figures(block)
        assert mine.add_ons(block) == theirs.add_ons(block)
    assert ficc.three_figures(block) != day.ficc.three_figures(block)


def test_few_scenarios_tell_what_all_do_when_one_date_leaves(simulated_run: MarginRun) -> None:
    day, block = simulated_run.result.day, block_of(simulated_run)
    windows = windows_of(day)
    few = [telling(window, [block]) for window in windows]
    assert all(len(f.end_dates) < len(w.end_dates) / 2 for f, w in zip(few, windows, strict=True))
    dates = {
        place.end_date
        for window in windows
        for row in range(block.count)
        for place in tail_places(window, block.rows(slice(row, row + 1)))
    }
    changed = 0
    for end in sorted(dates)[::90]:
        by_few, by_all = (
            with_simulations(
                day.ficc, day.cme, {each.name: without_date(each, end) for each in some}
            )
            for some in (few, windows)
        )
        for mine, theirs, now in zip(by_few, by_all, (day.ficc, day.cme), strict=True):
            assert mine.three_figures(block) == theirs.three_figures(block)
            assert mine.add_ons(block) == theirs.add_ons(block)
            changed += theirs.three_figures(block) != now.three_figures(block)
    assert changed


def test_too_few_scenarios_are_refused(simulated_day: MarginDay) -> None:
    window = windows_of(simulated_day)[0]
    with pytest.raises(ValueError, match="a requirement of record needs 250"):
        rolled(
            window.simulation,
            np.ones(len(window.end_dates), dtype=np.bool_),
            249,
            simulated_day.parameters.ficc,
        )


def test_dates_of_the_stressed_year_stay_at_ficc(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    changes = {"ficc": {"stressed_period": "2016-04-01..2016-06-30"}}
    parameters = simulated_day.parameters.changing(changes, reason="test")
    day = simulated_day.under(parameters, simulated_market)
    window = windows_of(day)[0]
    gone = window.end_dates[window.left_by(date(2026, 7, 15))]
    within = (gone >= np.datetime64("2016-04-01")) & (gone <= np.datetime64("2016-06-30"))
    assert gone.size
    assert not within.any()
