r"""The smallest plausible move that does something to a book.

**A loss.** With :math:`z` the coordinates of a move (:mod:`crossmargin.analysis.plausibility`) and
:math:`\ell(z)` the loss of the book under full repricing, the answer minimises :math:`|z|` subject
to :math:`\ell(z) \ge L`. For a linear book with gradient :math:`g` it is

.. math:: z^* = \frac{L}{|g|^2} g, \qquad d^* = \frac{L}{|g|}

which is the start. Then the book is made linear again at the point reached, and the point moved to
the nearest one that loses :math:`L` there (the iteration of Hasofer and Lind, Rackwitz and
Fiessler):

.. math:: z_{k+1} = \frac{\nabla \ell(z_k)}{|\nabla \ell(z_k)|^2}
          \bigl( L - \ell(z_k) + \nabla \ell(z_k) \cdot z_k \bigr)

The same is begun from the dates of the window that come nearest to losing :math:`L` when scaled: a
book that gains from every small move has more than one answer. Of all the smallest is taken, moved
along its own direction to the smallest multiple that loses :math:`L`, and priced once more.

**Anything else.** Where a requirement must be made again for each move there is no gradient worth
its price: directions are tried at growing distances, the best are shortened by halving and turned
component by component; where none reaches the target, the one that comes nearest is turned. What is
found is the smallest found, no proof that there is none smaller.

References
----------
.. [1] R. Rackwitz and B. Fiessler (1978), "Structural reliability under combined random load
   sequences", *Computers & Structures* 9(5), 489-494.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crossmargin.analysis.plausibility import Plausibility
from crossmargin.market.history import FloatArray

Vector = list[float]
#: Losses in dollars of moves with these coordinates, shape (n, K); NaN where none can be priced.
Losses = Callable[[FloatArray], Sequence[float]]
#: What must become negative; None where it cannot be made for the move.
Gap = Callable[[Vector], float | None]

_STEP = 0.25
_STILL = 1e-5
_SAME = 1e-3
_STARTS_FROM_HISTORY = 3
_POINTS = 16
_ROUNDS = 6
_FARTHEST = 64.0
_HALVINGS = 6
_SHORTER = 0.97
_TURNS = (0.5, 0.25, 0.125)
_DAMPED_AFTER = 6


@dataclass(frozen=True, slots=True)
class SmallestMove:
    """A move that reaches the target.

    Parameters
    ----------
    coordinates : list of float
    distance : float
    loss : float
        Of the book under full repricing, dollars.
    linear_distance : float or None
        Of the closed form; None for a book without a gradient.
    alignment : float
        Cosine between the move and the steepest direction at it: 1 where no move nearby is smaller.
    starts : int
        From how many points the search was begun.
    """

    coordinates: Vector
    distance: float
    loss: float
    linear_distance: float | None
    alignment: float
    starts: int


def length(vector: Sequence[float]) -> float:
    """Return the length of a vector."""
    return math.sqrt(math.fsum(each * each for each in vector))


def closed_form(gradient: Sequence[float], target: float) -> Vector | None:
    """Return the smallest move of a linear book that loses the target, None without a gradient.

    Examples
    --------
    >>> closed_form([3.0, 4.0], 10.0)
    [1.2, 1.6]
    """
    square = math.fsum(each * each for each in gradient)
    return [each * target / square for each in gradient] if square > 0.0 else None


def smallest_loss_move(
    losses: Losses,
    target: float,
    plausible: Plausibility,
    window_losses: Sequence[float],
    *,
    iterations: int,
) -> SmallestMove | None:
    """Return the smallest move that loses the target, None where none that can be priced does.

    Parameters
    ----------
    losses : callable
    target : float
        Dollars, positive.
    plausible : Plausibility
    window_losses : sequence of float, one a move of the window
        What the book loses under the window's own moves.
    iterations : int
        Most linearisations from each start.
    """
    origin = [0.0] * plausible.component_count
    _, gradient = _linear_at(losses, origin)
    linear = closed_form(gradient, target)
    starts = [] if linear is None else [linear]
    starts += _historical_starts(plausible, window_losses, target)
    best: tuple[float, Vector] | None = None
    for start in starts:
        known = None if best is None else best[1]
        point = _iterated(losses, start, target, iterations, known=known)
        reached = None if point is None else _shortest_multiple(losses, point, target)
        if reached is not None and (best is None or length(reached) < best[0]):
            best = length(reached), reached
    if best is None:
        return None
    distance, coordinates = best
    loss, slope = _linear_at(losses, coordinates)
    steep = length(slope)
    inner = math.fsum(a * b for a, b in zip(slope, coordinates, strict=True))
    return SmallestMove(
        coordinates,
        distance,
        loss,
        None if linear is None else length(linear),
        inner / (steep * distance) if steep * distance > 0.0 else 0.0,
        len(starts),
    )


def _historical_starts(
    plausible: Plausibility, window_losses: Sequence[float], target: float
) -> Iterator[Vector]:
    """Yield the window's moves that come nearest to the target when scaled to lose it."""
    distances = plausible.distances
    scaled = [
        (distances[place] * target / loss, place)
        for place, loss in enumerate(window_losses)
        if loss > 0.0
    ]
    for _, place in sorted(scaled)[:_STARTS_FROM_HISTORY]:
        scale = target / window_losses[place]
        yield [float(each) * scale for each in plausible.coordinates[place]]


def _linear_at(losses: Losses, point: Vector) -> tuple[float, Vector]:
    """Return the loss at a point and its gradient, by central differences of full repricing."""
    size = len(point)
    steps = np.eye(size) * _STEP
    priced = losses(np.vstack([np.zeros((1, size)), steps, -steps]) + np.array(point))
    up, down = priced[1 : size + 1], priced[size + 1 :]
    return priced[0], [(a - b) / (2.0 * _STEP) for a, b in zip(up, down, strict=True)]


def _iterated(
    losses: Losses, start: Vector, target: float, iterations: int, *, known: Vector | None
) -> Vector | None:
    """Return where the iteration ends; None where nothing is priced, or at what is known."""
    point = start
    for step in range(iterations):
        loss, slope = _linear_at(losses, point)
        square = math.fsum(each * each for each in slope)
        if not square > 0.0:  # not a number, or flat
            return None if math.isnan(square) else point
        inner = math.fsum(a * b for a, b in zip(slope, point, strict=True))
        scale = (target - loss + inner) / square
        # Where the cheapest to deliver changes the iteration may jump to and fro: half a step then.
        share = 1.0 if step < _DAMPED_AFTER else 0.5
        moved = [old + share * (scale * each - old) for old, each in zip(point, slope, strict=True)]
        change = _apart(moved, point)
        point = moved
        if known is not None and _apart(point, known) <= _SAME * length(known):
            return None
        if change <= _STILL * max(1.0, length(point)):
            break
    return point


def _apart(one: Vector, two: Vector) -> float:
    return length([a - b for a, b in zip(one, two, strict=True)])


def _shortest_multiple(losses: Losses, point: Vector, target: float) -> Vector | None:
    """Return the smallest multiple of a move that loses the target, None where none is found."""
    low, high = 0.0, 1.0
    while not losses(np.array([point]) * high)[0] >= target:
        low, high = high, 2.0 * high
        if high > _FARTHEST:
            return None
    for _ in range(_ROUNDS):
        multiples = [low + (high - low) * n / _POINTS for n in range(1, _POINTS + 1)]
        priced = losses(np.array(multiples)[:, np.newaxis] * np.array([point]))
        first = next((n for n, loss in enumerate(priced) if loss >= target), len(multiples) - 1)
        low, high = (multiples[first - 1] if first else low), multiples[first]
    return [high * each for each in point]


@dataclass(slots=True)
class _Counted:
    """A gap that is made a limited number of times."""

    gap: Gap
    left: int
    seen: int = 0
    best: tuple[float, Vector] | None = None
    nearest: tuple[float, Vector] | None = None

    def reached(self, direction: Vector, distance: float) -> bool | None:
        """Return whether a move reaches the target; None where nothing is left to spend."""
        if self.left == 0:
            return None
        self.left -= 1
        self.seen += 1
        point = [each * distance for each in direction]
        value = self.gap(point)
        found = value is not None and value < 0.0
        if value is not None and (self.nearest is None or value < self.nearest[0]):
            self.nearest = value, direction
        if found and (self.best is None or distance < self.best[0]):
            self.best = distance, point
        return found


def smallest_found(
    gap: Gap, directions: Sequence[Vector], *, reach: float, evaluations: int
) -> tuple[tuple[float, Vector] | None, int]:
    """Return the smallest move found that makes the gap negative, and how often it was made.

    Parameters
    ----------
    gap : callable
    directions : sequence of list of float
        To try; each and its opposite. Lengths do not matter.
    reach : float
        Farthest distance tried.
    evaluations : int
        How often the gap may be made.

    Returns
    -------
    found : (distance, coordinates) or None
        None where no direction reaches the target within ``reach``.
    seen : int
    """
    counted = _Counted(gap, evaluations)
    both = [unit for each in directions for unit in (_unit(each, 1.0), _unit(each, -1.0))]
    for level in (0.25, 0.5, 1.0):
        hits = [unit for unit in both if counted.reached(unit, level * reach)]
        if hits:
            for unit in hits:
                _halved(counted, unit, low=level * reach / 2.0 if level > 0.25 else 0.0)  # noqa: PLR2004 - levels double
            break
    if counted.best is None:
        _approached(counted, reach)
    if counted.best is not None:
        _turned(counted, len(directions[0]))
    return counted.best, counted.seen


def _approached(counted: _Counted, reach: float) -> None:
    """Turn the direction that comes nearest to the target at the farthest distance."""
    for turn in _TURNS:
        improved = True
        while improved and counted.left and counted.nearest is not None:
            improved = False
            before, unit = counted.nearest
            for component in range(len(unit)):
                for sign in (1.0, -1.0):
                    if counted.reached(_tilted(unit, component, sign * turn), reach):
                        return
            if counted.nearest[0] < before:
                improved = True


def _tilted(unit: Vector, component: int, by: float) -> Vector:
    turned = [*unit]
    turned[component] += by
    return _unit(turned, 1.0) if any(turned) else unit


def _unit(vector: Vector, sign: float) -> Vector:
    size = length(vector)
    return [sign * each / size for each in vector]


def _halved(counted: _Counted, unit: Vector, *, low: float) -> None:
    """Shorten along a direction, no farther than what is known already."""
    assert counted.best is not None
    high = counted.best[0]
    if not counted.reached(unit, high * _SHORTER):
        return
    high *= _SHORTER
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        reached = counted.reached(unit, middle)
        if reached is None:
            return
        low, high = (low, middle) if reached else (middle, high)


def _turned(counted: _Counted, size: int) -> None:
    """Turn the best direction component by component, and keep what reaches the target nearer."""
    for turn in _TURNS:
        improved = True
        while improved and counted.left:
            improved = False
            for component in range(size):
                for sign in (1.0, -1.0):
                    assert counted.best is not None
                    distance, point = counted.best
                    unit = _tilted([each / distance for each in point], component, sign * turn)
                    if counted.reached(unit, distance * _SHORTER):
                        improved = True
                        _halved(counted, unit, low=distance / 2.0)
