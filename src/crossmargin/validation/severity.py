"""Severity: how much the exceptions were short of, and how long margin took to catch up.

Figures are in the unit of losses and margins, dollars for a book. Sums are rounded once, so that
they do not depend on order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossmargin.market.history import FloatArray
from crossmargin.validation.coverage import BoolArray


@dataclass(frozen=True, slots=True)
class Severity:
    """What the exceptions lacked; a deficiency is a loss less its margin.

    Parameters
    ----------
    largest : float
        Zero where there is no exception.
    largest_at : int or None
        Its outcome; the first of equals.
    mean : float or None
        Of the exceptions: the mean loss beyond margin, given that there is one. None without any.
    total : float
        The uncovered amount, summed over all outcomes. Where outcomes overlap, a date's loss is in
        as many of them as the horizon has dates.
    totals_by_series : tuple of float
        The same for each series of outcomes that do not overlap: what an account would have lacked
        that was margined on those dates alone.
    largest_share, mean_share : float or None
        Deficiency over margin, 0.25 for a quarter; of the exceptions that had a margin. None
        without any.
    mean_loss_to_margin : float or None
        Mean loss of the exceptions over their mean margin: an expected shortfall in margins.
    without_margin : int
        Exceptions whose margin was zero.
    """

    largest: float
    largest_at: int | None
    mean: float | None
    total: float
    totals_by_series: tuple[float, ...]
    largest_share: float | None
    mean_share: float | None
    mean_loss_to_margin: float | None
    without_margin: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long after an exception margin was enough again.

    Two clocks, both in outcomes, one a date. A *spell* is a run of consecutive exceptions; it lasts
    until the first outcome that is covered. Margin *reaches* a missed loss on the first later date
    on which it is at least as large as that loss.

    Parameters
    ----------
    spells : int
    longest_spell : int
        Its exceptions; zero without any.
    longest_spell_start : int or None
        The first of equals.
    ends_uncovered : bool
        Whether the last outcome is an exception, so that its spell has no known end.
    longest_to_reach : int or None
        Most dates until margin reached a missed loss, of those that it did reach.
    longest_to_reach_start : int or None
        That exception; the first of equals.
    never_reached : tuple of int
        Exceptions whose loss margin did not reach by the end of the outcomes.
    """

    spells: int
    longest_spell: int
    longest_spell_start: int | None
    ends_uncovered: bool
    longest_to_reach: int | None
    longest_to_reach_start: int | None
    never_reached: tuple[int, ...]


def measure_severity(
    losses: FloatArray, margins: FloatArray, found: BoolArray, *, horizon: int
) -> Severity:
    """Return what the exceptions lacked.

    Parameters
    ----------
    losses, margins : ndarray, shape (outcomes,)
        Margins are not negative.
    found : ndarray of bool, shape (outcomes,)
        Exceptions.
    horizon : int
        How many series of outcomes that do not overlap there are.

    Examples
    --------
    >>> losses, margins = np.array([3.0, 1.0, 6.0]), np.array([2.0, 2.0, 4.0])
    >>> severity = measure_severity(losses, margins, losses > margins, horizon=1)
    >>> severity.total, severity.mean, severity.largest_share, severity.mean_loss_to_margin
    (3.0, 1.5, 0.5, 1.5)
    """
    places = np.flatnonzero(found)
    lacking, held = losses[places] - margins[places], margins[places]
    shares = lacking[held > 0.0] / held[held > 0.0]
    worst = int(np.argmax(lacking)) if len(places) else None
    held_total = math.fsum(held.tolist())
    lost_total = math.fsum(losses[places].tolist())
    return Severity(
        largest=0.0 if worst is None else float(lacking[worst]),
        largest_at=None if worst is None else int(places[worst]),
        mean=_mean(lacking.tolist()),
        total=math.fsum(lacking.tolist()),
        totals_by_series=tuple(
            math.fsum(lacking[places % horizon == series].tolist()) for series in range(horizon)
        ),
        largest_share=float(shares.max()) if len(shares) else None,
        mean_share=_mean(shares.tolist()),
        mean_loss_to_margin=lost_total / held_total if held_total > 0.0 else None,
        without_margin=int((held == 0.0).sum()),
    )


def measure_recovery(losses: FloatArray, margins: FloatArray, found: BoolArray) -> Recovery:
    """Return how long margin took to be enough again.

    Parameters
    ----------
    losses, margins : ndarray, shape (outcomes,)
    found : ndarray of bool, shape (outcomes,)
        Exceptions; consecutive dates.

    Examples
    --------
    >>> losses = np.array([3.0, 3.0, 0.0, 0.0])
    >>> margins = np.array([1.0, 2.0, 2.5, 3.0])
    >>> recovery = measure_recovery(losses, margins, losses > margins)
    >>> recovery.longest_spell, recovery.longest_to_reach, recovery.never_reached
    (2, 3, ())
    """
    edges = np.diff(np.concatenate([[0], found.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    lengths = stops - starts
    longest = int(np.argmax(lengths)) if len(starts) else None
    to_reach: dict[int, int] = {}
    never = []
    for place in np.flatnonzero(found).tolist():
        enough = margins[place + 1 :] >= losses[place]
        dates = int(np.argmax(enough)) + 1 if enough.any() else None
        if dates is None:
            never.append(place)
        else:
            to_reach[place] = dates
    slowest = max(to_reach, key=lambda place: (to_reach[place], -place), default=None)
    return Recovery(
        spells=len(starts),
        longest_spell=0 if longest is None else int(lengths[longest]),
        longest_spell_start=None if longest is None else int(starts[longest]),
        ends_uncovered=bool(found[-1]),
        longest_to_reach=None if slowest is None else to_reach[slowest],
        longest_to_reach_start=slowest,
        never_reached=tuple(never),
    )


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
