"""Windows of scenarios and order statistics that slide along them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.market.seeds import generator as seeded
from crossmargin.validation.windows import (
    StressedYearReading,
    Window,
    WindowReading,
    WindowRules,
    slide_of,
    sliding_tails,
    window_on,
)

DATES = np.arange("2000-01-01", "2006-01-01", dtype="datetime64[D]")
RULES = WindowRules(
    reading=WindowReading.CALENDAR,
    years=2,
    dates=100,
    stressed_reading=StressedYearReading.ONCE,
    whole_year_below=Fraction(1),
    stressed_period=(date(2001, 1, 1), date(2001, 1, 31)),
)


def place_of(day: str) -> int:
    return int(np.searchsorted(DATES, np.datetime64(day)))


def window(day: str, **changes: object) -> Window:
    return window_on(DATES, place_of(day), replace(RULES, **changes), horizon=3)


def span(run: range) -> tuple[str, str] | None:
    return (str(DATES[run.start]), str(DATES[run.stop - 1])) if run else None


def test_a_calendar_window_has_both_its_ends() -> None:
    found = window("2004-06-15")
    assert span(found.recent) == ("2002-06-15", "2004-06-15")
    assert span(window("2004-02-29").recent) == ("2002-02-28", "2004-02-29")


def test_a_window_of_dates_counts_the_margin_date() -> None:
    assert len(window("2004-06-15", reading=WindowReading.DATES).recent) == 100


def test_the_first_scenario_ends_a_horizon_after_the_first_date() -> None:
    assert window("2000-02-01").recent == range(3, place_of("2000-02-01") + 1)


@pytest.mark.parametrize(
    ("day", "stressed"),
    [
        ("2000-12-31", None),  # not known yet
        ("2001-01-10", None),  # in the window
        ("2003-01-01", None),
        ("2003-01-11", ("2001-01-01", "2001-01-10")),  # ten days have left the window
        ("2004-06-15", ("2001-01-01", "2001-01-31")),
    ],
)
def test_once_adds_what_has_left_the_window(day: str, stressed: tuple[str, str] | None) -> None:
    found = window(day)
    assert span(found.stressed) == stressed
    assert not set(found.recent) & set(found.stressed)
    assert span(window(day, stressed_reading=StressedYearReading.LEFT_OUT).stressed) is None


def test_the_whole_year_counts_twice_what_is_still_inside() -> None:
    whole = {"stressed_reading": StressedYearReading.WHOLE_YEAR}
    assert not window("2003-01-01", **whole).stressed
    assert not window("2000-12-31", **whole).stressed
    found = window("2003-01-02", **whole)
    assert span(found.stressed) == ("2001-01-01", "2001-01-31")
    assert len(set(found.recent) & set(found.stressed)) == 30
    late = whole | {"whole_year_below": Fraction("0.8")}
    assert not window("2003-01-07", **late).stressed  # 25 of 31 days are inside
    assert window("2003-01-08", **late).stressed  # 24 of 31


def test_the_values_of_a_window_are_in_order_and_twice_where_they_count_twice() -> None:
    values = np.arange(10.0)
    assert Window(range(4, 7), range(3, 5)).of(values).tolist() == [4.0, 5.0, 6.0, 3.0, 4.0]
    assert Window(range(4, 7), range(3, 3)).of(values).tolist() == [4.0, 5.0, 6.0]


@pytest.mark.parametrize("reading", StressedYearReading)
def test_sliding_statistics_are_those_of_ordering_every_window(
    reading: StressedYearReading,
) -> None:
    generator = seeded(11)
    values = np.rint(generator.normal(0.0, 4.0, len(DATES)))  # whole numbers: many ties
    values[generator.random(len(DATES)) < 0.05] = np.nan
    rules = replace(RULES, stressed_reading=reading)
    days = range(place_of("2002-12-20"), place_of("2003-03-01"))
    windows = [window_on(DATES, day, rules, horizon=3) for day in days]
    tails = sliding_tails(values, slide_of(windows), lambda count: max(1, count // 100))
    for day, held in enumerate(windows):
        ordered = sorted(value for value in held.of(values).tolist() if not math.isnan(value))
        rank = max(1, len(ordered) // 100)
        assert (tails.counts[day], tails.ranks[day]) == (len(ordered), rank)
        assert (tails.largest[day], tails.smallest[day]) == (ordered[-rank], ordered[rank - 1])


def test_a_window_without_values_is_an_error() -> None:
    with pytest.raises(ValueError, match="without scenarios"):
        sliding_tails(np.full(5, np.nan), slide_of([Window(range(1, 4), range(0))]), lambda n: n)
