"""Procyclicality: how far and how fast the margin of an unchanged book moves, and what it costs.

To be read next to coverage, never without it: a margin that rises at once covers more and asks for
cash when there is least.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossmargin.market.history import FloatArray


@dataclass(frozen=True, slots=True)
class Rise:
    """The largest relative rise of margin over some days.

    Parameters
    ----------
    days : int
    ratio : float
        0.25 is a quarter more; negative where margin only fell.
    start : int
        The outcome that it rises from; the first of equals.
    """

    days: int
    ratio: float
    start: int


@dataclass(frozen=True, slots=True)
class Procyclicality:
    """How a margin moved.

    Parameters
    ----------
    average : float
        In the margin's own unit.
    peak_to_trough : float or None
        Largest over smallest margin; None where a margin is zero.
    rises : tuple of Rise
        One a number of days that the path is long enough for and that no zero margin begins.
    """

    average: float
    peak_to_trough: float | None
    rises: tuple[Rise, ...]


def measure_procyclicality(margins: FloatArray, *, rise_days: Sequence[int]) -> Procyclicality:
    """Return how a margin moved.

    Parameters
    ----------
    margins : ndarray, shape (days,)
        Not negative; at least one.
    rise_days : sequence of int

    Examples
    --------
    >>> found = measure_procyclicality(np.array([2.0, 1.0, 3.0]), rise_days=[1])
    >>> found.average, found.peak_to_trough, found.rises[0].ratio
    (2.0, 3.0, 2.0)
    """
    least = float(margins.min())
    rises = [largest_rise(margins, days) for days in rise_days if least > 0.0]
    return Procyclicality(
        # fsum rounds once, so the order of summation leaves no trace.
        average=math.fsum(margins.tolist()) / len(margins),
        peak_to_trough=float(margins.max()) / least if least > 0.0 else None,
        rises=tuple(rise for rise in rises if rise is not None),
    )


def largest_rise(margins: FloatArray, days: int) -> Rise | None:
    """Return the largest relative rise between a day and ``days`` later, None if too short."""
    if days < 1:
        raise ValueError(f"a rise takes a day at least, was {days}")
    if len(margins) <= days:
        return None
    ratios = margins[days:] / margins[:-days] - 1.0
    start = int(np.argmax(ratios))
    return Rise(days, float(ratios[start]), start)
