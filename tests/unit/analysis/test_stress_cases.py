"""Stress cases: shapes of hypothetical moves, moves of episodes, what a case does to a book."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.stress.cases import (
    Kind,
    Pick,
    Source,
    StressCase,
    moves,
    none_own,
)
from crossmargin.analysis.stress.episodes import (
    EpisodeMarket,
    episode_cases,
    published_changes_bp,
    stated_key_rates,
)
from crossmargin.analysis.stress.hypothetical import hypothetical_cases, shape
from crossmargin.analysis.stress.library import Episode, Move
from crossmargin.analysis.stress.outcomes import Margins, outcome_of, worst_first
from crossmargin.basics.money import Money
from crossmargin.bootstrap import stress_parameters
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS

YEARS: FloatArray = np.array([0.25, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0])
DATES = np.array(["2023-03-08", "2023-03-09", "2023-03-10", "2023-03-13"], dtype="datetime64[D]")
MOVE = Move(date(2023, 3, 8), date(2023, 3, 13), {"2Y": -100, "10Y": -40})
EPISODE = Episode("March", date(2023, 3, 8), date(2023, 3, 13), "It fell.", "source", (MOVE,))


def _market(rows: FloatArray, *, simulated: bool = False) -> EpisodeMarket:
    points = CurvePoints(DATES, rows, np.zeros(len(DATES), dtype=np.bool_))
    return EpisodeMarket(points, date(2023, 3, 13), YEARS, (), simulated)


def _flat(*levels: float) -> FloatArray:
    return np.outer(levels, np.ones(len(CURVE_TENORS)))


def _case(name: str, count: int, pick: Pick = Pick.WORST) -> StressCase:
    scenarios = moves(name, YEARS, key_rates=np.zeros((count, len(YEARS))))
    return StressCase(
        name, "g", Kind.HYPOTHETICAL, Source.ASSUMED, scenarios, none_own(count), pick=pick
    )


def test_shapes_of_the_curve_are_linear_between_the_maturities_named() -> None:
    steep = shape(YEARS, {2.0: -25.0, 10.0: 25.0})
    assert steep.tolist() == [-25.0, -25.0, -25.0, -6.25, 25.0, 25.0, 25.0]
    fly = shape(YEARS, {2.0: 0.0, 5.0: 20.0, 10.0: 0.0})
    assert fly.tolist() == [0.0, 0.0, 0.0, 20.0, 0.0, 0.0, 0.0]


def test_hypothetical_moves_come_in_both_directions_and_only_of_what_is_held() -> None:
    parameters = stress_parameters(date(2026, 3, 24)).stress
    cases = {
        case.name: case
        for case in hypothetical_cases(YEARS, parameters, products=frozenset({"ZN", "UB", "SR3"}))
    }
    up, down = (cases[f"parallel {sign}100 bp"].scenarios for sign in "+-")
    assert up.key_rates == pytest.approx(np.full((1, len(YEARS)), 0.01), abs=1e-12)
    assert np.array_equal(up.key_rates, -down.key_rates)
    two, ten = 2, 4
    twist = cases["flatter 2s10s 50 bp"].scenarios.key_rates[0]
    assert twist[ten] - twist[two] == pytest.approx(-0.005, abs=1e-12)
    basis = cases["basis ZN 15 bp, adverse"].scenarios.basis_bp
    assert basis[:, BASIS_CONTRACTS.index("ZN")].tolist() == [15.0, -15.0]
    assert np.count_nonzero(basis) == 2
    every = cases["basis of every contract 15 bp, each adverse"]
    assert every.pick is Pick.EACH_AGAINST
    assert every.scenarios.count == 4
    assert not any("ZT" in name for name in cases)
    assert not any(case.repo_rate for name, case in cases.items() if "repo" not in name)
    spike = cases["repo spike +50 bp"]
    assert spike.repo_rate == Fraction(1, 200)
    assert spike.scenarios.spread_bp.tolist() == [[50.0, 0.0]]
    assert not spike.scenarios.key_rates.any()
    one = hypothetical_cases(YEARS, parameters, products=frozenset({"ZN"}))
    assert not any(case.pick is Pick.EACH_AGAINST for case in one)


def test_a_move_in_the_history_is_computed_from_it() -> None:
    market = _market(_flat(0.05, 0.045, 0.042, 0.04))
    (case,) = episode_cases(EPISODE, market)
    assert (case.source, case.days) == (Source.COMPUTED, 3)
    # A flat par curve is a flat zero curve: 2 ln(1 + y/2).
    at = [2.0 * np.log1p(level / 2.0) for level in (0.05, 0.04)]
    assert case.scenarios.key_rates[0, 2:] == pytest.approx(at[1] - at[0], abs=1e-9)
    assert case.scenarios.end_dates.tolist() == [date(2023, 3, 13)]
    assert published_changes_bp(market, MOVE) == dict.fromkeys(CURVE_TENORS, -100)


@pytest.mark.parametrize("why", ["simulated", "before", "after"])
def test_a_move_that_is_not_in_the_history_is_the_published_one(why: str) -> None:
    market = _market(_flat(0.05, 0.045, 0.042, 0.04), simulated=why == "simulated")
    episode = EPISODE
    if why == "before":
        move = Move(date(1987, 10, 19), date(1987, 10, 20), MOVE.changes_bp)
        episode = Episode("1987", move.start, move.end, "It fell.", "source", (move,))
    if why == "after":
        market = replace(market, as_of=date(2023, 3, 10))
    (case,) = episode_cases(episode, market)
    assert case.source is Source.STATED
    assert case.days is None
    assert any("2Y, 10Y" in note for note in case.notes)
    with pytest.raises(ValueError, match="no par yields"):
        published_changes_bp(market, replace(MOVE, start=date(1987, 10, 19)))


def test_published_changes_are_put_on_todays_curve_linear_between_tenors() -> None:
    market = _market(_flat(0.05, 0.045, 0.042, 0.04))
    parallel = Move(MOVE.start, MOVE.end, {"2Y": -100, "10Y": -100})
    at = [2.0 * np.log1p(level / 2.0) for level in (0.04, 0.03)]
    assert stated_key_rates(parallel, market)[0, 2:] == pytest.approx(at[1] - at[0], abs=1e-9)
    moved = stated_key_rates(MOVE, market)[0] * 1e4
    # Flat below two years and above ten; the six-year halfway, near the five-year key rate.
    assert moved[1] == pytest.approx(moved[2], abs=1.5)
    assert -105.0 < moved[2] < moved[3] < moved[4] < -30.0
    one = Move(MOVE.start, MOVE.end, {"10Y": -100})
    assert stated_key_rates(one, market) == pytest.approx(
        stated_key_rates(parallel, market), abs=1e-12
    )
    with pytest.raises(ValueError, match="no par yields"):
        stated_key_rates(MOVE, replace(market, as_of=date(2023, 3, 12)))


def test_the_worst_scenario_of_a_case_counts_and_pairs_add_up() -> None:
    unit = GRID_PER_DOLLAR
    worst = outcome_of(
        _case("w", 3),
        securities=[5 * unit, -7 * unit, unit],
        futures=[-9 * unit, 4 * unit, -4 * unit],
        repo_cent_days=0,
    )
    assert (worst.scenario, worst.securities, worst.futures) == (0, 5, -9)
    assert worst.loss == Money(400)
    pairs = outcome_of(
        _case("p", 4, Pick.EACH_AGAINST),
        securities=[0, 0, 0, 0],
        futures=[3 * unit, -3 * unit, -2 * unit, 2 * unit],
        repo_cent_days=0,
    )
    assert (pairs.scenario, pairs.combined) == (None, -5)
    assert worst_first([worst, pairs]) == (pairs, worst)
    with pytest.raises(ValueError, match="pairs"):
        _case("odd", 3, Pick.EACH_AGAINST)


def test_repo_interest_is_the_start_amount_over_the_days_left() -> None:
    spike = replace(_case("repo", 1), repo_rate=Fraction(1, 200))
    # $100 million borrowed for 90 more days at a fixed rate: 50 bp dearer is a gain.
    outcome = outcome_of(spike, securities=[0], futures=[0], repo_cent_days=100_000_000 * 100 * 90)
    assert outcome.repo == outcome.combined == Fraction(125_000)
    assert outcome.loss == Money(0)


def test_what_margin_does_not_cover() -> None:
    margins = Margins(*(Money(each * 100) for each in (60, 40, 30, 50, 20, 15)))
    assert margins.both == Money(3500)
    assert margins.standalone == Money(10000)
    outcome = outcome_of(
        _case("x", 1), securities=[-40 * GRID_PER_DOLLAR - 1], futures=[0], repo_cent_days=0
    )
    # Up to the cent: what is lost beyond $40 is a fraction of a cent.
    assert outcome.loss == Money(4001)
    assert outcome.uncovered(margins.both) == Money(501)
    assert outcome.uncovered(margins.standalone) == Money(0)
    assert outcome.used(margins.both) == Fraction(4001, 3500)
    assert outcome.used(Money(0)) is None
