"""Coverage: how often, and how badly, a realised loss went beyond the margin held against it.

Everything here takes losses and margins day by day and knows nothing of models or books. Counts
are whole numbers and coverage is an exact fraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from crossmargin.market.history import FloatArray

BoolArray = npt.NDArray[np.bool_]


class ExceptionReading(StrEnum):
    """Whether a loss equal to the margin is an exception."""

    LOSS_ABOVE_MARGIN = "loss_above_margin"
    LOSS_AT_MARGIN = "loss_at_margin"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a margin did against the outcomes.

    Parameters
    ----------
    outcomes : int
    exceptions : int
        By the reading asked for.
    ties : int
        Outcomes whose loss equals the margin, whatever the reading.
    worst_rolling : Fraction or None
        Smallest coverage of any run of consecutive outcomes; None where there are too few.
    worst_rolling_end : int or None
        Where that run ends; the first of equals.
    largest_miss : int or None
        The outcome whose loss exceeds its margin by most; None where none does.
    """

    outcomes: int
    exceptions: int
    ties: int
    worst_rolling: Fraction | None
    worst_rolling_end: int | None
    largest_miss: int | None

    @property
    def coverage(self) -> Fraction:
        """Share of outcomes that are no exceptions."""
        return Fraction(self.outcomes - self.exceptions, self.outcomes)


def exceptions(
    losses: FloatArray,
    margins: FloatArray,
    reading: ExceptionReading = ExceptionReading.LOSS_ABOVE_MARGIN,
) -> BoolArray:
    """Return which outcomes went beyond their margin.

    Parameters
    ----------
    losses, margins : ndarray, shape (outcomes,)
        In the same unit; gains are negative losses.
    reading : ExceptionReading

    Examples
    --------
    >>> exceptions(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])).tolist()
    [False, False, True]
    """
    if losses.shape != margins.shape:
        raise ValueError(f"{losses.shape} losses against {margins.shape} margins")
    found: BoolArray = (
        losses >= margins if reading is ExceptionReading.LOSS_AT_MARGIN else losses > margins
    )
    return found


def worst_rolling(found: BoolArray, outcomes: int) -> tuple[int, int] | None:
    """Return the most exceptions in a run of consecutive outcomes, and where it ends.

    Parameters
    ----------
    found : ndarray of bool, shape (outcomes,)
    outcomes : int
        Length of the run.

    Returns
    -------
    tuple of int or None
        The first of equals; None where there are fewer outcomes than the run has.

    Examples
    --------
    >>> worst_rolling(np.array([True, False, True, True, False]), 2)
    (2, 3)
    """
    if len(found) < outcomes:
        return None
    so_far = np.concatenate([[0], np.cumsum(found, dtype=np.int64)])
    in_run = so_far[outcomes:] - so_far[:-outcomes]
    start = int(np.argmax(in_run))
    return int(in_run[start]), start + outcomes - 1


def largest_miss(losses: FloatArray, margins: FloatArray) -> int | None:
    """Return the outcome whose loss exceeds its margin by most, None where none does.

    Examples
    --------
    >>> largest_miss(np.array([1.0, 5.0, 9.0]), np.array([2.0, 2.0, 8.0]))
    1
    """
    beyond = losses - margins
    place = int(np.argmax(beyond))
    return place if beyond[place] > 0.0 else None


def measure_coverage(
    losses: FloatArray,
    margins: FloatArray,
    *,
    reading: ExceptionReading,
    rolling_outcomes: int,
) -> Coverage:
    """Return how a margin did.

    Parameters
    ----------
    losses, margins : ndarray, shape (outcomes,)
        At least one.
    reading : ExceptionReading
    rolling_outcomes : int
        Length of the run whose worst coverage is wanted.
    """
    if len(losses) == 0:
        raise ValueError("there are no outcomes")
    found = exceptions(losses, margins, reading)
    worst = worst_rolling(found, rolling_outcomes)
    return Coverage(
        outcomes=len(losses),
        exceptions=int(found.sum()),
        ties=int((losses == margins).sum()),
        worst_rolling=None
        if worst is None
        else Fraction(rolling_outcomes - worst[0], rolling_outcomes),
        worst_rolling_end=None if worst is None else worst[1],
        largest_miss=largest_miss(losses, margins),
    )
