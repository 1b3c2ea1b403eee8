"""Which moves a date looks back on, as runs of end dates; and medians as a window slides."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.market.history import DateArray, FloatArray
from crossmargin.market.scenarios import window_start

PlaceArray = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass(frozen=True, slots=True)
class Windows:
    """One model's windows: for each margin date, runs of places of end dates, in order.

    Parameters
    ----------
    runs : tuple of tuple of range
        No two runs of a date overlap; the last one ends with the margin date itself.
    """

    runs: tuple[tuple[range, ...], ...]

    def counts(self) -> list[int]:
        """Return how many scenarios each date has."""
        return [sum(len(run) for run in of_date) for of_date in self.runs]

    def slices_of(self, columns: PlaceArray) -> list[tuple[slice, ...]]:
        """Return where each date's runs lie among ascending places that hold them all."""
        starts = [run.start for of_date in self.runs for run in of_date]
        found = iter(np.searchsorted(columns, starts).tolist())
        return [
            tuple(slice(first := next(found), first + len(run)) for run in of_date)
            for of_date in self.runs
        ]


def windows_on(
    dates: DateArray,
    places: Sequence[int],
    *,
    years: int | None,
    periods: Sequence[tuple[date, date]],
    horizon_days: int,
) -> Windows:
    """Return the windows of margin dates: a look-back, and periods where they lie outside it.

    Parameters
    ----------
    dates : ndarray of datetime64[D]
    places : sequence of int
        Of the margin dates.
    years : int or None
        The look-back: from the same calendar day so many years before. None: periods alone.
    periods : sequence of (date, date)
        Both ends included; what lies after the margin date is not known and left out.
    horizon_days : int
        A move that ends before the history has as many dates is none.
    """
    bounds = [
        (
            max(int(np.searchsorted(dates, np.datetime64(first))), horizon_days),
            int(np.searchsorted(dates, np.datetime64(last), side="right")),
        )
        for first, last in periods
    ]
    if years is None:
        starts = [place + 1 for place in places]
    else:
        days: list[date] = dates[np.asarray(places, dtype=np.intp)].astype(object).tolist()
        firsts = np.array([window_start(day, years) for day in days], dtype=dates.dtype)
        starts = np.maximum(np.searchsorted(dates, firsts), horizon_days).tolist()
    runs = []
    for place, recent_start in zip(places, starts, strict=True):
        of_date = [
            range(first, min(stop, place + 1, recent_start))
            for first, stop in bounds
            if first < min(stop, place + 1, recent_start)
        ]
        if years is not None:
            of_date.append(range(recent_start, place + 1))
        runs.append(tuple(of_date))
    return Windows(tuple(runs))


def earliest_start(dates: DateArray, until: date, *, years: int, horizon_days: int) -> int:
    """Return the place at or before which every scenario starts that a later window holds.

    It depends on the date alone, so that whatever is rolled forward from there is the same for any
    choice of margin dates after it.

    Parameters
    ----------
    dates : ndarray of datetime64[D]
    until : date
        Before every margin date.
    years : int
        The look-back.
    horizon_days : int
    """
    first_end = int(np.searchsorted(dates, np.datetime64(window_start(until, years))))
    return max(0, first_end - horizon_days)


def columns_of(windows: Windows) -> PlaceArray:
    """Return every place that the windows hold, ascending, each once."""
    joined: list[range] = []
    runs = {run for of_date in windows.runs for run in of_date}
    for run in sorted(runs, key=lambda each: (each.start, each.stop)):
        if joined and run.start <= joined[-1].stop:
            joined[-1] = range(joined[-1].start, max(joined[-1].stop, run.stop))
        else:
            joined.append(run)
    return np.concatenate([np.arange(run.start, run.stop) for run in joined or [range(0)]])


def sliding_medians(values: FloatArray, runs: Sequence[range]) -> FloatArray:
    """Return the median of every column over each run: shape (runs, columns).

    The mean of the middle two where a run is even. One ordered list a column is kept and changed
    by what enters and leaves, so runs should follow each other closely.

    Parameters
    ----------
    values : ndarray, shape (rows, columns)
    runs : sequence of range
        None empty.
    """
    medians = np.empty((len(runs), values.shape[1]))
    for column in range(values.shape[1]):
        series: list[float] = values[:, column].tolist()
        ordered: list[float] = []
        held = range(0)
        for row, run in enumerate(runs):
            if run.start >= held.stop or run.stop < held.stop or run.start < held.start:
                ordered = sorted(series[run.start : run.stop])
            else:
                for left in series[held.start : run.start]:
                    del ordered[bisect_left(ordered, left)]
                for entered in series[held.stop : run.stop]:
                    insort(ordered, entered)
            held = run
            middle, odd = divmod(len(ordered), 2)
            high = ordered[middle]
            medians[row, column] = high if odd else (ordered[middle - 1] + high) / 2.0
    return medians
