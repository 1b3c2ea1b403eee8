"""Which scenarios each margin date looks back on, and order statistics as the window slides.

A scenario bears the date on which its move ends; it is known from that date on. A window is a run
of scenarios up to the margin date and a second run, of the stressed year.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import chain

import numpy as np

from crossmargin.market.history import DateArray, FloatArray
from crossmargin.market.scenarios import window_start


class WindowReading(StrEnum):
    """How far a window reaches back."""

    CALENDAR = "calendar"
    DATES = "dates"


class StressedYearReading(StrEnum):
    """How the stressed year comes in."""

    ONCE = "once"
    WHOLE_YEAR = "whole_year"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What a window holds.

    Parameters
    ----------
    reading : WindowReading
        By calendar, or a fixed number of scenario dates.
    years : int
        By calendar: from the same calendar day so many years before, that day included.
    dates : int
        By scenario dates: how many, the margin date among them.
    stressed_reading : StressedYearReading
    whole_year_below : Fraction
        With ``WHOLE_YEAR``: the year is added while less than this share of it is in the window.
    stressed_period : tuple of date
        First and last date, both included.
    """

    reading: WindowReading
    years: int
    dates: int
    stressed_reading: StressedYearReading
    whole_year_below: Fraction
    stressed_period: tuple[date, date]


@dataclass(frozen=True, slots=True)
class Window:
    """Two runs of scenarios, as ranges of places in the dates.

    ``recent`` ends with the margin date; ``stressed`` may be empty and may overlap it, and then
    what lies in both counts twice.
    """

    recent: range
    stressed: range

    def of(self, values: FloatArray) -> FloatArray:
        """Return the values of the window's scenarios, twice where one counts twice."""
        recent = values[self.recent.start : self.recent.stop]
        if not self.stressed:
            return recent
        return np.concatenate([recent, values[self.stressed.start : self.stressed.stop]])


def window_on(dates: DateArray, place: int, rules: WindowRules, *, horizon: int) -> Window:
    """Return the window of the margin date at a place in the dates.

    Parameters
    ----------
    dates : ndarray of datetime64[D]
        Ascending scenario dates; the scenario at a place ends there and began ``horizon`` before.
    place : int
    rules : WindowRules
    horizon : int
    """
    if rules.reading is WindowReading.CALENDAR:
        start = np.datetime64(window_start(dates[place].astype(date), rules.years))
        first = int(np.searchsorted(dates, start))
    else:
        first = place + 1 - rules.dates
    first = max(first, horizon)
    begin, end = (np.datetime64(day) for day in rules.stressed_period)
    stressed_first = max(int(np.searchsorted(dates, begin)), horizon)
    stressed_stop = int(np.searchsorted(dates, end, side="right"))
    stressed_stop = max(stressed_first, min(stressed_stop, place + 1))
    inside = max(stressed_stop - max(stressed_first, first), 0)
    if rules.stressed_reading is StressedYearReading.ONCE:
        stressed_stop = min(stressed_stop, first)
    elif (
        rules.stressed_reading is StressedYearReading.LEFT_OUT
        or inside >= rules.whole_year_below * (stressed_stop - stressed_first)
    ):
        stressed_stop = stressed_first
    stressed = range(stressed_first, max(stressed_first, stressed_stop))
    return Window(range(first, place + 1), stressed)


@dataclass(frozen=True, slots=True)
class Tails:
    """Order statistics of one series, a margin date a row.

    Parameters
    ----------
    largest, smallest : ndarray, shape (days,)
        The k-th largest and the k-th smallest value in the window.
    counts, ranks : ndarray of int64, shape (days,)
        N and k; values that are missing are not in N.
    """

    largest: FloatArray
    smallest: FloatArray
    counts: np.ndarray[tuple[int], np.dtype[np.int64]]
    ranks: np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Slide:
    """What leaves and what enters from each margin date's window to the next one's."""

    leaving: tuple[tuple[int, ...], ...]
    entering: tuple[tuple[int, ...], ...]


def slide_of(windows: Sequence[Window]) -> Slide:
    """Return the slide along windows; the first is entered whole.

    Any windows may follow each other; the slide is short where neighbours have much in common.
    """
    before = [Window(range(0), range(0)), *windows][: len(windows)]
    return Slide(
        leaving=tuple(tuple(_changes(old, new)) for old, new in zip(before, windows, strict=True)),
        entering=tuple(tuple(_changes(new, old)) for old, new in zip(before, windows, strict=True)),
    )


def sliding_tails(values: FloatArray, slide: Slide, rank_of: Callable[[int], int]) -> Tails:
    """Return the k-th largest and smallest value of every window.

    One ordered list is kept and changed by what enters and leaves; nothing is ordered anew.

    Parameters
    ----------
    values : ndarray, shape (dates,)
        NaN where a scenario has no value: it is left out.
    slide : Slide
    rank_of : callable
        From N to k.

    Raises
    ------
    ValueError
        If a window is empty.
    """
    plain: list[float] = values.tolist()
    known: list[bool] = np.isfinite(values).tolist()
    ordered: list[float] = []
    days = len(slide.entering)
    largest, smallest = np.empty(days), np.empty(days)
    counts, ranks = np.empty(days, dtype=np.int64), np.empty(days, dtype=np.int64)
    for day, (leaving, entering) in enumerate(zip(slide.leaving, slide.entering, strict=True)):
        for place in leaving:
            if known[place]:
                del ordered[bisect_left(ordered, plain[place])]
        for place in entering:
            if known[place]:
                insort(ordered, plain[place])
        if not ordered:
            raise ValueError("a window without scenarios")
        rank = rank_of(len(ordered))
        largest[day], smallest[day] = ordered[-rank], ordered[rank - 1]
        counts[day], ranks[day] = len(ordered), rank
    return Tails(largest, smallest, counts, ranks)


def _changes(one: Window, other: Window) -> Iterator[int]:
    """Yield what one window's runs hold and the other's do not, run by run."""
    return chain(_beyond(one.recent, other.recent), _beyond(one.stressed, other.stressed))


def _beyond(one: range, other: range) -> Iterator[int]:
    before = range(one.start, min(one.stop, other.start))
    after = range(max(one.start, other.stop, other.start), one.stop)
    return chain(before, after)
