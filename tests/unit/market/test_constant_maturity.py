"""Par yields of a constant maturity: gaps, the grid; the issue behind a contract, and its DV01."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.market.constant_maturity import (
    cheapest_dv01,
    future_value,
    issue_coupons,
    par_moves_bp,
    par_yields_at,
)
from crossmargin.market.factors import CURVE_TENORS, CurvePoints


def points(rows: list[list[float]]) -> CurvePoints:
    dates = np.datetime64("2020-01-01") + np.arange(len(rows))
    return CurvePoints(dates, np.array(rows) / 100.0, np.zeros(len(rows), dtype=bool))


FLAT, UP = [4.0] * len(CURVE_TENORS), [4.1] * len(CURVE_TENORS)


def test_a_parallel_move_is_the_same_at_every_maturity():
    for years in (1.8, 4.25, 15.3, 25.3):
        moves = par_moves_bp(points([FLAT, UP]), years)
        assert np.isnan(moves[0])
        assert moves[1] == 10.0


def test_a_published_tenor_is_hit():
    curve = [3.0, 3.1, 3.2, 3.3, 3.4, 3.6, 3.8, 4.0, 4.5, 4.6]
    assert par_yields_at(points([curve]), 10.0)[0] == pytest.approx(0.04)


def test_nothing_is_differenced_across_a_gap():
    without_30 = [*FLAT[:-1], np.nan]
    steep = [*UP[:-1], 9.0]
    moves = par_moves_bp(points([without_30, steep]), 25.3)
    assert moves[1] == 10.0  # the 30-year's first day back does not count


def test_a_date_with_too_few_tenors_has_no_move():
    few = [*FLAT[:5], *[np.nan] * 5]
    assert np.isnan(par_moves_bp(points([FLAT, few, FLAT]), 6.6)).all()


def test_moves_lie_on_the_grid():
    curve = [3.0, 3.1, 3.2, 3.3, 3.4, 3.6, 3.8, 4.0, 4.5, 4.6]
    moved = [rate + 0.01 * (-1) ** place for place, rate in enumerate(curve)]
    move = par_moves_bp(points([curve, moved]), 6.6)[1]
    assert move * 1024 == round(move * 1024)


def price(coupon: float, yield_: float, years: float) -> float:
    times = np.arange(1, round(2 * years) + 1)
    discount = (1 + yield_ / 2) ** -times
    return float(100 * (coupon / 2 * discount.sum() + discount[-1]))


@pytest.mark.parametrize(
    ("coupon", "rate", "years"), [(0.04, 0.04, 10.0), (0.045, 0.012, 15.5), (0.0125, 0.049, 25.0)]
)
def test_dv01_is_the_price_slope_of_the_issue_over_its_factor(coupon, rate, years):
    factor = price(coupon, 0.06, years) / 100.0
    points_per_bp = (price(coupon, rate - 5e-5, years) - price(coupon, rate + 5e-5, years)) / factor
    value, slope = future_value(np.array([rate]), np.array([coupon]), years)
    assert slope[0] == pytest.approx(points_per_bp, rel=1e-5)
    assert value[0] == pytest.approx(price(coupon, rate, years) / factor, rel=1e-12)


def test_a_coupon_is_the_par_yield_when_the_issue_was_sold():
    rows = [[3.0] * 10] * 40 + [[5.0] * 10] * 40
    coupons = issue_coupons(points(rows), 9.9, original_years=10.0)
    assert coupons[0] == coupons[39] == 0.03  # sold before the first curve: that of the first
    assert coupons[75] == 0.03  # sold 37 days before, under the old curve
    assert coupons[79] == 0.05


def test_the_cheapest_of_two_issues_is_taken():
    # Yields under the notional 6 per cent: the issue with the shorter duration is cheapest.
    short, long = (
        cheapest_dv01(points([FLAT]), [(years, years)], dollars_per_point=1000.0)[0]
        for years in (15.0, 25.0)
    )
    both = cheapest_dv01(points([FLAT]), [(25.0, 25.0), (15.0, 15.0)], dollars_per_point=1000.0)
    assert both[0] == short < long
