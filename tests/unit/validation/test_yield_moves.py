"""Par yields of whole years, moves, volatility and filtered moves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.seeds import generator as seeded
from crossmargin.testing.reference import ewma_volatilities
from crossmargin.validation.yield_moves import (
    WHOLE_YEARS,
    ewma_volatility,
    filtered_moves,
    moves_over,
    whole_year_yields,
)

#: 3M 6M 1Y 2Y 3Y 5Y 7Y 10Y 20Y 30Y, per cent.
CURVE = [3.60, 3.61, 3.56, 3.51, 3.56, 3.71, 3.91, 4.11, 4.65, 4.71]


def points(*curves: list[float]) -> CurvePoints:
    dates = np.arange("2024-01-01", "2025-01-01", dtype="datetime64[D]")[: len(curves)]
    return CurvePoints(dates, np.array(curves) / 100.0, np.zeros(len(curves), dtype=bool))


def test_a_published_tenor_has_its_own_yield_in_whole_basis_points() -> None:
    yields = whole_year_yields(points(CURVE))
    by_year = dict(zip(WHOLE_YEARS, yields.yields_bp[0].tolist(), strict=True))
    for year, pct in ((1, 3.56), (2, 3.51), (3, 3.56), (5, 3.71), (7, 3.91), (10, 4.11)):
        assert by_year[year] == round(100 * pct)
    assert (by_year[20], by_year[30]) == (465.0, 471.0)


def test_other_years_lie_between_their_neighbours_on_a_grid() -> None:
    yields = whole_year_yields(points(CURVE)).yields_bp[0]
    assert (np.diff(yields[1:]) > 0.0).all()
    assert ((yields * 2**20) == np.rint(yields * 2**20)).all()
    assert 356.0 < yields[3] < 371.0
    # A straight stretch of the curve stays straight.
    straight = [1.0, 1.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 30.0]
    bent = whole_year_yields(points(straight)).yields_bp[0]
    assert bent[2:].tolist() == pytest.approx([100.0 * year for year in range(3, 31)])


def test_a_missing_tenor_takes_with_it_the_years_that_need_it() -> None:
    without_30y = [*CURVE[:-1], float("nan")]
    yields = whole_year_yields(points(CURVE, without_30y)).yields_bp
    missing = [
        year for year, value in zip(WHOLE_YEARS, yields[1], strict=True) if math.isnan(value)
    ]
    assert missing == [*range(11, 20), *range(21, 31)]
    kept = [year - 1 for year in WHOLE_YEARS if year not in missing]
    assert yields[1, kept].tolist() == yields[0, kept].tolist()
    assert CURVE_TENORS[-1] == "30Y"


def test_moves_end_on_their_date() -> None:
    moves = moves_over(np.array([[1.0], [2.0], [4.0], [7.0]]), 2)[:, 0]
    assert np.isnan(moves[:2]).all()
    assert moves[2:].tolist() == [3.0, 5.0]


def test_volatility_is_that_of_the_slow_recursion_and_starts_again_after_a_gap() -> None:
    generator = seeded(3)
    changes = np.rint(generator.normal(0.0, 5.0, 200))
    changes[[0, 90, 91]] = np.nan
    found = ewma_volatility(changes[:, np.newaxis], decay=0.97, start_changes=20)[:, 0]
    for first, stop in ((1, 90), (92, 200)):
        expected = ewma_volatilities(changes[first:stop].tolist(), decay=0.97, start_changes=20)
        assert np.isnan(found[first : first + 19]).all()
        assert found[first + 19 : stop].tolist() == pytest.approx(expected[19:], rel=1e-13)
    assert np.isnan(found[[0, 90, 91]]).all()


def test_a_move_is_filtered_by_the_volatility_before_it() -> None:
    moves = np.array([[np.nan], [np.nan], [6.0], [8.0], [2.0]])
    volatility = np.array([[3.0], [0.0], [5.0], [1.0], [1.0]])
    found = filtered_moves(moves, volatility, 2)[:, 0]
    assert np.isnan(found[[0, 1, 3]]).all()  # no move, no move, no volatility to divide by
    assert found[[2, 4]].tolist() == [2.0, 0.4]
