"""Which moves a walked date looks back on, and medians as windows slide: small cases by hand."""

from __future__ import annotations

import statistics
from datetime import date

import numpy as np
import pytest

from crossmargin.analysis.walk.windows import (
    columns_of,
    earliest_start,
    sliding_medians,
    windows_on,
)
from crossmargin.market.seeds import generator

#: Every day from 1 January 2010: place 0.
DATES = np.arange("2010-01-01", "2016-01-01", dtype="datetime64[D]")


def place_of(day: str) -> int:
    return int(np.searchsorted(DATES, np.datetime64(day)))


def test_a_window_runs_from_the_same_calendar_day_to_the_date_itself() -> None:
    place = place_of("2014-06-10")
    windows = windows_on(DATES, [place], years=2, periods=(), horizon_days=3)
    assert windows.runs == ((range(place_of("2012-06-10"), place + 1),),)
    assert windows.counts() == [731]


def test_a_leap_day_looks_back_to_the_28th() -> None:
    place = place_of("2012-02-29")
    windows = windows_on(DATES, [place], years=1, periods=(), horizon_days=1)
    assert windows.runs[0][0].start == place_of("2011-02-28")


def test_a_move_that_has_no_start_is_none() -> None:
    """The first move over three dates ends on the fourth."""
    windows = windows_on(DATES, [20], years=2, periods=(), horizon_days=3)
    assert windows.runs == ((range(3, 21),),)


@pytest.mark.parametrize(
    ("day", "outside"),
    [
        ("2011-01-20", []),  # all of the stressed month lies in the window
        ("2013-01-05", [("2011-01-01", "2011-01-04")]),  # its first days no longer do
        ("2014-01-20", [("2011-01-01", "2011-01-31")]),  # none of it does
        ("2010-12-31", []),  # it is yet to come
    ],
)
def test_a_stressed_period_counts_where_it_lies_outside(
    day: str, outside: list[tuple[str, str]]
) -> None:
    place = place_of(day)
    windows = windows_on(
        DATES,
        [place],
        years=2,
        periods=[(date(2011, 1, 1), date(2011, 1, 31))],
        horizon_days=3,
    )
    expected = [range(place_of(first), place_of(last) + 1) for first, last in outside]
    assert list(windows.runs[0][:-1]) == expected
    assert windows.runs[0][-1].stop == place + 1


def test_periods_alone_hold_what_is_known() -> None:
    """Half of the second period has happened, the third is yet to come."""
    place = place_of("2012-03-15")
    windows = windows_on(
        DATES,
        [place],
        years=None,
        periods=[
            (date(2010, 5, 1), date(2010, 5, 31)),
            (date(2012, 3, 1), date(2012, 3, 31)),
            (date(2013, 1, 1), date(2013, 1, 31)),
        ],
        horizon_days=1,
    )
    assert windows.runs == (
        (
            range(place_of("2010-05-01"), place_of("2010-06-01")),
            range(place_of("2012-03-01"), place + 1),
        ),
    )


def test_columns_are_every_place_once() -> None:
    windows = windows_on(
        DATES,
        [800, 801, 805],
        years=1,
        periods=[(date(2010, 2, 1), date(2010, 2, 3))],
        horizon_days=1,
    )
    columns = columns_of(windows).tolist()
    held = {place for runs in windows.runs for run in runs for place in run}
    assert columns == sorted(held)
    assert columns[:3] == [31, 32, 33]
    assert columns[3:] == list(range(windows.runs[0][-1].start, 806))


def test_the_earliest_start_is_before_every_scenario_of_the_year() -> None:
    first = earliest_start(DATES, date(2012, 12, 31), years=2, horizon_days=3)
    assert DATES[first] == np.datetime64("2010-12-28")
    for day in ("2013-01-01", "2013-12-31"):
        windows = windows_on(DATES, [place_of(day)], years=2, periods=(), horizon_days=3)
        assert first <= windows.runs[0][-1].start - 3
    assert earliest_start(DATES, date(2010, 12, 31), years=2, horizon_days=3) == 0


def test_medians_by_hand() -> None:
    """Odd: the middle one; even: the mean of the middle two."""
    values = np.array([[5.0], [1.0], [4.0], [4.0], [9.0], [2.0]])
    runs = [range(3), range(4), range(1, 5), range(2, 6), range(5, 6)]
    assert sliding_medians(values, runs)[:, 0].tolist() == [4.0, 4.0, 4.0, 4.0, 2.0]


def test_medians_are_those_of_each_window_alone() -> None:
    """Windows that slide, jump, and go back."""
    values = generator(11).normal(0.0, 1.0, (90, 3))
    runs = [range(10), range(1, 12), range(3, 13), range(40, 60), range(45, 61), range(5, 9)]
    found = sliding_medians(values, runs)
    for row, run in enumerate(runs):
        for column in range(3):
            chosen = values[run.start : run.stop, column].tolist()
            assert found[row, column] == statistics.median(chosen)
