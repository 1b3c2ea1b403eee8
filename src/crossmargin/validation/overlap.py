r"""Outcomes that overlap: series that do not, and bounds of coverage that allow for it.

An outcome over :math:`h` dates that begins on every date shares up to :math:`h-1` of them with its
neighbors, so one bad date makes up to :math:`h` exceptions. Two bounds allow for that. The *exact*
one takes the worst case, :math:`h` exceptions at a time: :math:`n/h` outcomes hold what :math:`n`
do. The *bootstrap* one takes the dependence that the exceptions show, from blocks of consecutive
outcomes; it also sees clusters that overlap does not explain, and says nothing where there are few
exceptions.

References
----------
.. [1] C. J. Clopper and E. S. Pearson (1934), "The use of confidence or fiducial limits illustrated
   in the case of the binomial", *Biometrika* 26(4), 404-413.
.. [2] D. N. Politis and J. P. Romano (1992), "A circular block-resampling procedure for stationary
   data", in *Exploring the Limits of Bootstrap*, Wiley, 263-270.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from crossmargin.market.seeds import IntArray, generator
from crossmargin.validation.binomial import probability_between
from crossmargin.validation.coverage import BoolArray

#: Bounds are whole millionths, rounded outwards, so that no last bit of a logarithm reaches them.
_STEPS = 1_000_000


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """Between which shares of exceptions the true one lies, with a stated confidence.

    Parameters
    ----------
    low, high : Fraction
    level : Fraction
        Confidence; half of the rest lies on either side.
    """

    low: Fraction
    high: Fraction
    level: Fraction


@dataclass(frozen=True, slots=True)
class BlockBootstrap:
    """How shares of exceptions are resampled.

    Parameters
    ----------
    samples : int
    block_outcomes : int
        Consecutive outcomes that are drawn together.
    seed : int
    """

    samples: int
    block_outcomes: int
    seed: int


def interleaved(found: BoolArray, horizon: int) -> list[BoolArray]:
    """Return the series of every ``horizon``-th outcome: none of them overlaps itself.

    Parameters
    ----------
    found : ndarray of bool, shape (outcomes,)
        One outcome a date.
    horizon : int
        At least one.

    Returns
    -------
    list of ndarray of bool
        ``horizon`` series, the first from the first outcome on; empty ones where there are fewer
        outcomes than that.

    Examples
    --------
    >>> [each.tolist() for each in interleaved(np.array([True, False, False, True]), 3)]
    [[True, True], [False], [False]]
    """
    if horizon < 1:
        raise ValueError(f"a horizon takes a date at least, was {horizon}")
    return [found[first::horizon] for first in range(horizon)]


def estimated_inflation(found: BoolArray, horizon: int) -> float | None:
    r"""Return by how much overlap inflates the variance of the count, as the exceptions show it.

    .. math:: 1 + 2 \sum_{k=1}^{h-1} (1 - k/n) \hat\rho_k

    with the autocorrelations of the exceptions, about their own share. It is held between 1 and
    :math:`h`, which it cannot leave where exceptions further apart are independent and as frequent
    everywhere.

    Parameters
    ----------
    found : ndarray of bool, shape (outcomes,)
    horizon : int

    Returns
    -------
    float or None
        None where no outcome, or every one, is an exception.
    """
    outcomes, exceptions = len(found), int(found.sum())
    if exceptions in {0, outcomes}:
        return None
    share = exceptions / outcomes
    inflation = 1.0
    for lag in range(1, min(horizon, outcomes)):
        both = int((found[:-lag] & found[lag:]).sum())
        pairs = outcomes - lag
        correlation = (both / pairs - share * share) / (share * (1.0 - share))
        inflation += 2.0 * (1.0 - lag / outcomes) * correlation
    return min(max(inflation, 1.0), float(horizon))


def exact_interval(
    outcomes: int, exceptions: int, *, level: Fraction, horizon: int
) -> ShareInterval | None:
    """Return Clopper and Pearson's interval for as many outcomes as cannot overlap.

    ``outcomes // horizon`` outcomes hold ``exceptions / horizon`` exceptions: rounded down for the
    lower end, up for the upper end.

    Parameters
    ----------
    outcomes, exceptions : int
    level : Fraction
        Confidence.
    horizon : int

    Returns
    -------
    ShareInterval or None
        None where there are fewer outcomes than one horizon has dates.

    Examples
    --------
    No exception in 100: the upper end is 1 less the 100th root of 2.5 %.

    >>> found = exact_interval(100, 0, level=Fraction(95, 100), horizon=1)
    >>> found.low, float(found.high)
    (Fraction(0, 1), 0.036217)
    """
    apart = outcomes // horizon
    if apart == 0:
        return None
    fewest = exceptions // horizon
    most = min(math.ceil(exceptions / horizon), apart)
    return ShareInterval(*_clopper_pearson(apart, fewest, most, level), level)


def bootstrap_interval(
    found: BoolArray, rules: BlockBootstrap, *, level: Fraction
) -> ShareInterval | None:
    """Return the interval of the share of exceptions from blocks of consecutive outcomes.

    Circular blocks: the last outcome is followed by the first, so that every outcome is drawn as
    often as every other. The ends are order statistics of the resampled counts.

    Parameters
    ----------
    found : ndarray of bool, shape (outcomes,)
    rules : BlockBootstrap
    level : Fraction
        Confidence.

    Returns
    -------
    ShareInterval or None
        None where no outcome, or every one, is an exception: then every sample is the same and
        would claim to know the share.
    """
    outcomes = len(found)
    if int(found.sum()) in {0, outcomes}:
        return None
    block = min(rules.block_outcomes, outcomes)
    whole, rest = divmod(outcomes, block)
    starts = _block_starts(rules.seed, outcomes, rules.samples, whole + (rest > 0))
    counts = _in_runs(found, block)[starts[:, :whole]].sum(axis=1)
    if rest:
        counts += _in_runs(found, rest)[starts[:, whole]]
    counts.sort()
    outside = math.floor(rules.samples * (1 - level) / 2)
    low, high = int(counts[outside]), int(counts[rules.samples - 1 - outside])
    return ShareInterval(Fraction(low, outcomes), Fraction(high, outcomes), level)


@lru_cache(maxsize=8)
def _block_starts(seed: int, outcomes: int, samples: int, blocks: int) -> IntArray:
    """Return where the blocks begin: the same for every series of as many outcomes."""
    starts: IntArray = generator(seed).integers(0, outcomes, size=(samples, blocks))
    starts.setflags(write=False)
    return starts


def _in_runs(found: BoolArray, length: int) -> IntArray:
    """Return the exceptions in the run of so many outcomes from each on, around the end."""
    so_far = np.zeros(len(found) + length + 1, dtype=np.int64)
    np.cumsum(np.concatenate([found, found[:length]]), out=so_far[1:])
    in_run: IntArray = so_far[length : length + len(found)] - so_far[: len(found)]
    return in_run


@lru_cache(maxsize=1024)
def _clopper_pearson(
    outcomes: int, fewest: int, most: int, level: Fraction
) -> tuple[Fraction, Fraction]:
    """Return shares at which ``fewest`` or more, and ``most`` or fewer, are just too unlikely."""
    tail = float((1 - level) / 2)

    def probability(first: int, last: int, step: int) -> float:
        return probability_between(outcomes, first, last, step / _STEPS)

    low = high = 0
    if fewest > 0:
        low = _last_step(lambda step: probability(fewest, outcomes, step) <= tail)
    if most < outcomes:
        high = 1 + _last_step(lambda step: probability(0, most, step) > tail)
    return Fraction(low, _STEPS), Fraction(high, _STEPS) if most < outcomes else Fraction(1)


def _last_step(holds: Callable[[int], bool]) -> int:
    """Return the last millionth for which a falling answer still holds, zero counted as held."""
    inside, outside = 0, _STEPS
    while outside - inside > 1:
        half = (inside + outside) // 2
        inside, outside = (half, outside) if holds(half) else (inside, half)
    return inside
