"""The library's published moves against the market's own par yields, on the real data.

Sources: US Treasury, Daily Treasury Par Yield Curve Rates; Federal Reserve H.15 for 1987. The
library states the moves as facts; the market directory holds the yields themselves.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from crossmargin.analysis.stress.cases import Source
from crossmargin.analysis.stress.episodes import (
    EpisodeMarket,
    episode_cases,
    published_changes_bp,
    stated_key_rates,
)
from crossmargin.analysis.stress.library import StressLibrary
from crossmargin.bootstrap import parameter_sets, stress_library
from crossmargin.market.factors import curve_points
from crossmargin.market.history import MarketData
from crossmargin.market.scenarios import key_tenors

AS_OF = date(2026, 3, 24)


@pytest.fixture(scope="module")
def library() -> StressLibrary:
    return stress_library()


@pytest.fixture(scope="module")
def market(real_market: MarketData) -> EpisodeMarket:
    years = key_tenors(parameter_sets(AS_OF).market)
    return EpisodeMarket(curve_points(real_market.par_yields), AS_OF, years, (), simulated=False)


@pytest.mark.real_data
def test_every_published_move_is_that_of_the_markets_par_yields(
    library: StressLibrary, market: EpisodeMarket
) -> None:
    compared = 0
    for episode in library.episodes:
        for move in episode.moves:
            if move.end.year > 1987:
                assert published_changes_bp(market, move) == move.changes_bp, (episode.name, move)
                compared += 1
    assert compared == 25


@pytest.mark.real_data
def test_the_moves_of_1987_are_those_of_the_long_yields(
    library: StressLibrary, real_directory: Path
) -> None:
    with (real_directory / "long_yields.csv").open(encoding="utf-8") as file:
        yields = {row["date"]: row for row in csv.DictReader(file)}
    (crash,) = library.chosen(["1987 crash"]).episodes
    for move in crash.moves:
        start, end = (yields[day.isoformat()] for day in (move.start, move.end))
        changes = {
            column: (float(end[column]) - float(start[column])) * 100
            for column in ("DGS2", "DGS10", "T10Y3M")
        }
        assert move.changes_bp == {
            "3M": round(changes["DGS10"] - changes["T10Y3M"]),
            "2Y": round(changes["DGS2"]),
            "10Y": round(changes["DGS10"]),
        }


@pytest.mark.real_data
def test_a_published_move_on_todays_curve_is_near_the_computed_one(
    library: StressLibrary, market: EpisodeMarket
) -> None:
    """Zero rates follow the same par yields a little otherwise on another level."""
    for episode in library.episodes:
        cases = {
            (case.scenarios.start_dates[0], case.scenarios.end_dates[0]): case
            for case in episode_cases(episode, market)
        }
        for move in episode.moves:
            case = cases[np.datetime64(move.start), np.datetime64(move.end)]
            if move.end.year == 1987:
                assert case.source is Source.STATED
                continue
            assert case.source is Source.COMPUTED
            apart = np.abs((case.scenarios.key_rates - stated_key_rates(move, market))[0]) * 1e4
            size = max(abs(change) for change in move.changes_bp.values())
            to_ten_years = market.key_years <= 10.0
            assert apart[to_ten_years].max() <= 0.05 * size, (episode.name, move)
            assert apart.max() <= 0.15 * size, (episode.name, move)
