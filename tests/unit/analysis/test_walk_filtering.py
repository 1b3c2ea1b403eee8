"""Volatilities of re-struck lines, and CME's scales of factors: against the models' own rules."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from crossmargin.analysis.walk.factors import Moves
from crossmargin.analysis.walk.filtering import (
    FactorForecasts,
    FilterScales,
    future_scales,
    moves_bp,
)
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.margin.cme.scaling import scaled_moves
from crossmargin.margin.ewma import START_ROWS, ewma_volatility
from crossmargin.market.seeds import generator
from crossmargin.testing.builders import KEY_YEARS
from crossmargin.testing.walks import invented_factors

FACTORS = invented_factors(first=date(2009, 6, 1), last=date(2013, 3, 1), seed=21)
MOVES = FACTORS.known[2013].moves[1]
DECAY = 0.97
ALL = slice(None)


def test_a_line_has_the_volatility_of_its_weighted_moves() -> None:
    """The quadratic form is the exponentially weighted variance of the line's own series."""
    moves = moves_bp(MOVES, basis_multiple=1.5, spread_multiple=1.0)
    weights = generator(5).normal(0.0, 1.0, (3, moves.shape[1]))
    weights[:, 15:] = 0.0  # a line that does not feel the other factors
    first, last = 300, 900
    scales = FilterScales(moves, first=first, last=last, decay=DECAY)
    now, starts = [880, 890, 900], range(400, 897)
    found = scales.of_line(weights, now, starts).ratios(ALL)
    for row, place in enumerate(now):
        series = (moves[first - START_ROWS : last] @ weights[row])[:, np.newaxis]
        volatility = ewma_volatility(series, DECAY)[:, 0]
        at = volatility[np.arange(starts.start, starts.stop) - (first - START_ROWS)]
        expected = volatility[place - (first - START_ROWS)] / at
        # Variances are kept on a grid of 2^-14 squared basis points.
        assert found[row] == pytest.approx(expected, rel=2e-4)


def test_a_line_twice_as_large_has_the_same_ratios() -> None:
    """To the last bit: only its shape counts."""
    moves = moves_bp(MOVES, basis_multiple=1.0, spread_multiple=1.0)
    scales = FilterScales(moves, first=300, last=500, decay=DECAY)
    weights = generator(6).normal(0.0, 1.0, (1, moves.shape[1]))
    one = scales.of_line(weights, [500], range(310, 490)).ratios(ALL)
    assert np.array_equal(one, scales.of_line(2.0 * weights, [500], range(310, 490)).ratios(ALL))
    assert np.array_equal(one, scales.of_line(-weights, [500], range(310, 490)).ratios(ALL))


def test_a_line_that_never_moved_is_not_scaled() -> None:
    """As the model has it: nothing divided by nothing is nothing."""
    moves = np.zeros((400, 3))
    moves[:, 0] = 5.0
    scales = FilterScales(moves, first=260, last=400, decay=DECAY)
    still = np.array([[0.0, 1.0, 0.0]])
    assert scales.of_line(still, [400], range(300, 310)).ratios(ALL).tolist() == [[0.0] * 10]
    steady = np.array([[1.0, 0.0, 0.0]])
    assert scales.of_line(steady, [400], range(300, 310)).ratios(ALL) == pytest.approx(
        np.ones((1, 10)), abs=1e-5
    )


def test_moves_too_large_for_the_grid_are_refused() -> None:
    with pytest.raises(ValueError, match="covariances are not exact"):
        FilterScales(np.full((300, 2), 1e4), first=260, last=300, decay=DECAY)


@pytest.mark.parametrize("last_seen", [True, False])
def test_scaled_moves_are_those_of_the_model(last_seen: bool) -> None:
    """A date's multiples times the standardised moves are the model's scaled moves."""
    place = next(at for at in range(900, 960) if bool(MOVES.basis_own[at - 1, 0]) is last_seen)
    run = range(place - 400, place + 1)
    columns = np.arange(run.start, run.stop)
    monomials = Monomials(KEY_YEARS)
    forecasts = FactorForecasts({2013: MOVES}, places=[place], runs=[run], decay=DECAY)
    volatility, medians = forecasts.of_year(2013, [place], [run])
    found = future_scales(
        MOVES,
        monomials,
        volatility=volatility,
        medians=medians,
        basis_multiple=2.0,
        spread_multiple=0.5,
        places=[place],
        columns=columns,
    )
    keys = len(KEY_YEARS)
    values = _side_by_side(MOVES)[:place]
    window = np.zeros(place, dtype=np.bool_)
    window[run.start - 1 :] = True
    expected = np.hstack(
        [
            scaled_moves(values[:, :keys], window, decay=DECAY, last_is_known=True) * 100,
            scaled_moves(values[:, keys : keys + 8], window, decay=DECAY, last_is_known=last_seen)
            * 2.0,
            scaled_moves(values[:, keys + 8 :], window, decay=DECAY, last_is_known=last_seen) * 0.5,
        ]
    )
    linear = list(monomials.linear_places)
    scaled = (found.monomials * found.scales[0][:, np.newaxis])[linear].T
    assert scaled == pytest.approx(expected, abs=1e-5)
    assert np.abs(expected).max(axis=0).min() > 0.04


def _side_by_side(moves: Moves) -> np.ndarray:
    return np.hstack([moves.key_rates, moves.basis_bp, moves.spread_bp])


def test_forecasts_of_a_year_are_those_of_what_was_known_for_it() -> None:
    """Key rates are one column for all years; basis and spread each year's own."""
    known = {year: FACTORS.known[year].moves[1] for year in (2012, 2013)}
    places, runs = [700, 701, 900], [range(300, 701), range(301, 702), range(500, 901)]
    both = FactorForecasts(known, places=places, runs=runs, decay=DECAY)
    for year, chosen in ((2012, slice(0, 2)), (2013, slice(2, 3))):
        volatility, medians = both.of_year(year, places[chosen], runs[chosen])
        expected = ewma_volatility(_side_by_side(known[year])[:900], DECAY)
        assert np.array_equal(volatility, expected)
        for row, run in enumerate(runs[chosen]):
            of_window = expected[run.start - 1 : run.stop - 1]
            assert medians[row] == pytest.approx(np.median(of_window, axis=0), rel=1e-15)
