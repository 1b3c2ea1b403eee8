r"""Cash that a customer needs day by day: margin calls and variation at two clearing organizations.

On day :math:`t` clearing organization :math:`c` calls the rise of its requirement and takes the
day's loss, or gives back the fall and pays the gain:

.. math:: x_{c,t} = R_{c,t} - R_{c,t-1}, \qquad v_{c,t} = \text{loss of the leg that it clears}

Nothing that one of them pays is there when the other's call is due, and a margin excess is not
there when a loss is: what is *due* is the sum of what is positive among the four, what is
*received* the sum of what is negative. So two figures stand for a day:

* *drawn*, at the end of the day: :math:`\sum_{u \le t} (\text{due}_u - \text{received}_u)`;
* *needed*, before anything has been received: what was drawn the day before, and what is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Liquidity:
    """Cash day by day, whole cents: shape (days,) each.

    Parameters
    ----------
    called : ndarray of int64
        Rises of both requirements; none is set off against a fall.
    due : ndarray of int64
        What is called, and losses.
    received : ndarray of int64
        Falls of requirements, and gains.
    """

    called: IntArray
    due: IntArray
    received: IntArray

    @property
    def net(self) -> IntArray:
        """What leaves the customer over the day; negative: what comes in."""
        return self.due - self.received

    @property
    def drawn(self) -> IntArray:
        """What has left since the beginning, at the end of each day."""
        return np.cumsum(self.net)

    @property
    def needed(self) -> IntArray:
        """What must be there on each day before anything is received on it."""
        return self.drawn + self.received


def liquidity(requirements: Sequence[IntArray], losses: Sequence[IntArray]) -> Liquidity:
    """Return the cash that requirements and losses take, clearing organization by organization.

    Parameters
    ----------
    requirements : sequence of ndarray of int64, shape (days + 1,)
        The first has been paid.
    losses : sequence of ndarray of int64, shape (days,)
        Of the leg that each clears; gains are negative.

    Raises
    ------
    ValueError
        If shapes do not fit.
    """
    changes = [np.diff(each) for each in requirements]
    if {len(each) for each in (*changes, *losses)} != {len(changes[0])}:
        raise ValueError("a requirement has one day more than losses: the day before the first")
    called = _sum([np.maximum(each, 0) for each in changes])
    flows = [*changes, *losses]
    return Liquidity(
        called=called,
        due=_sum([np.maximum(each, 0) for each in flows]),
        received=_sum([np.maximum(-each, 0) for each in flows]),
    )


def _sum(parts: Sequence[IntArray]) -> IntArray:
    total = np.zeros(len(parts[0]), dtype=np.int64)
    for part in parts:
        total = total + part
    return total
