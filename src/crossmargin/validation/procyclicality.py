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
from crossmargin.market.portable import log_portable


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
class AmountRise:
    """The largest rise of margin over some days, as an amount: what had to be funded.

    Parameters
    ----------
    days : int
    amount : float
        In the margin's own unit; negative where margin only fell.
    start : int
        The outcome that it rises from; the first of equals.
    """

    days: int
    amount: float
    start: int


@dataclass(frozen=True, slots=True)
class Procyclicality:
    """How a margin moved.

    Parameters
    ----------
    average : float
        In the margin's own unit: what the coverage costs.
    peak_to_trough : float or None
        Largest over smallest margin; None where a margin is zero.
    rises : tuple of Rise
        One a number of days that the path is long enough for and that no zero margin begins.
    amount_rises : tuple of AmountRise
        One a number of days that the path is long enough for.
    peak, trough : float
        Largest and smallest margin.
    peak_at, trough_at : int
        Their outcomes; the first of equals.
    log_change_deviation : float or None
        Standard deviation of the daily change of the margin's logarithm; None where a margin is
        zero or there are fewer than two changes.
    """

    average: float
    peak_to_trough: float | None
    rises: tuple[Rise, ...]
    amount_rises: tuple[AmountRise, ...]
    peak: float
    trough: float
    peak_at: int
    trough_at: int
    log_change_deviation: float | None


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
    >>> found.average, found.peak_to_trough, found.rises[0].ratio, found.amount_rises[0].amount
    (2.0, 3.0, 2.0, 2.0)
    """
    peak_at, trough_at = int(np.argmax(margins)), int(np.argmin(margins))
    peak, least = float(margins[peak_at]), float(margins[trough_at])
    rises = [largest_rise(margins, days) for days in rise_days if least > 0.0]
    amounts = [largest_amount_rise(margins, days) for days in rise_days]
    return Procyclicality(
        # fsum rounds once, so the order of summation leaves no trace.
        average=math.fsum(margins.tolist()) / len(margins),
        peak_to_trough=peak / least if least > 0.0 else None,
        rises=tuple(rise for rise in rises if rise is not None),
        amount_rises=tuple(rise for rise in amounts if rise is not None),
        peak=peak,
        trough=least,
        peak_at=peak_at,
        trough_at=trough_at,
        log_change_deviation=log_change_deviation(margins) if least > 0.0 else None,
    )


def largest_rise(margins: FloatArray, days: int) -> Rise | None:
    """Return the largest relative rise between a day and ``days`` later, None if too short."""
    if _is_too_short(margins, days):
        return None
    ratios = margins[days:] / margins[:-days] - 1.0
    start = int(np.argmax(ratios))
    return Rise(days, float(ratios[start]), start)


def largest_amount_rise(margins: FloatArray, days: int) -> AmountRise | None:
    """Return the largest rise in the margin's unit over ``days``, None if too short."""
    if _is_too_short(margins, days):
        return None
    amounts = margins[days:] - margins[:-days]
    start = int(np.argmax(amounts))
    return AmountRise(days, float(amounts[start]), start)


def log_change_deviation(margins: FloatArray) -> float | None:
    """Return the standard deviation of the daily change of the logarithm, about its mean.

    Parameters
    ----------
    margins : ndarray, shape (days,)
        Positive.

    Returns
    -------
    float or None
        With one less than the number of changes as divisor; None with fewer than two changes.

    Examples
    --------
    Changes of ln 2 and -ln 2 have mean zero and variance 2 (ln 2)^2.

    >>> round(log_change_deviation(np.array([1.0, 2.0, 1.0])) / math.log(2.0), 12)
    1.414213562373
    """
    changes = np.diff(log_portable(margins))
    count = len(changes)
    if count < 2:  # noqa: PLR2004 - one change has no deviation
        return None
    mean = math.fsum(changes.tolist()) / count
    return math.sqrt(math.fsum(((changes - mean) ** 2).tolist()) / (count - 1))


def _is_too_short(margins: FloatArray, days: int) -> bool:
    if days < 1:
        raise ValueError(f"a rise takes a day at least, was {days}")
    return len(margins) <= days
