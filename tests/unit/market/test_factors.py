"""Key-rate changes and the rules for gaps: nothing is differenced across one."""

import numpy as np
import pytest

from crossmargin.market.factors import CURVE_TENORS, curve_points, key_rate_changes
from crossmargin.market.history import PAR_TENOR_YEARS, ParYieldHistory

KEYS = np.array([0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0])


def history(rows: list[dict[str, float]]) -> ParYieldHistory:
    tenors = tuple(PAR_TENOR_YEARS)
    yields = np.array([[row.get(tenor, np.nan) for tenor in tenors] for row in rows])
    dates = np.datetime64("2008-12-01") + np.arange(len(rows)).astype("timedelta64[D]").astype(
        "timedelta64[D]"
    )
    return ParYieldHistory(dates, tenors, yields)


def flat(level: float, **changes: float) -> dict[str, float]:
    row = dict.fromkeys(("1M", *CURVE_TENORS), level)
    row.update(changes)
    return row


def test_a_parallel_move_is_the_same_at_every_key_rate():
    changes = key_rate_changes(curve_points(history([flat(3.0), flat(3.1)])), lag=1, key_years=KEYS)
    assert changes.changes[0] == pytest.approx(np.full(len(KEYS), 0.001), rel=0.02)
    assert not changes.proxied.any()


def test_a_blank_three_month_is_filled_from_one_and_six_months_and_counted():
    blank = flat(0.3, **{"1M": 0.1})
    del blank["3M"]
    points = curve_points(history([flat(0.3), blank]))
    # 3M lies two fifths of the way from 1M to 6M.
    assert points.par_yields[1, 0] == pytest.approx((0.1 + 0.2 * 2.0 / 5.0) / 100.0, abs=1e-15)
    assert points.filled.tolist() == [False, True]
    changes = key_rate_changes(points, lag=1, key_years=KEYS)
    assert changes.proxied.tolist() == [True]
    assert len(changes.changes) == 1  # no date dropped


def test_nothing_is_differenced_across_the_gap_of_the_thirty_year():
    without = flat(4.0)
    del without["30Y"]
    # The thirty-year comes back 40 basis points away from the twenty-year.
    points = curve_points(history([without, flat(4.0, **{"30Y": 3.6})]))
    changes = key_rate_changes(points, lag=1, key_years=KEYS)
    assert changes.changes[0] == pytest.approx(np.zeros(len(KEYS)), abs=1e-12)
    assert changes.proxied.tolist() == [True]


def test_changes_over_three_dates_overlap():
    points = curve_points(history([flat(3.0 + 0.1 * day) for day in range(6)]))
    changes = key_rate_changes(points, lag=3, key_years=KEYS)
    assert len(changes.changes) == 3
    assert (changes.end_dates - changes.start_dates).astype(int).tolist() == [3, 3, 3]


def test_too_few_tenors_are_refused():
    thin = {"1M": 3.0, "3M": 3.0, "1Y": 3.0}
    with pytest.raises(ValueError, match="too few par yields"):
        key_rate_changes(curve_points(history([thin, thin])), lag=1, key_years=KEYS)
