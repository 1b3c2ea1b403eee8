"""Probabilities of a binomial count, from sums of logarithms: no overflow, whatever the counts."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from crossmargin.market.history import FloatArray


def probability_between(outcomes: int, first: int, last: int, share: float) -> float:
    """Return the chance of ``first`` to ``last`` exceptions, both included.

    Parameters
    ----------
    outcomes, first, last : int
        From 0 to ``outcomes``; zero where ``first`` is above ``last``.
    share : float
        Chance of each exception, strictly between 0 and 1.

    Examples
    --------
    >>> round(probability_between(250, 0, 4, 0.01), 4)
    0.8922
    """
    places = np.arange(first, last + 1)
    logs = _log_combinations(outcomes)[first : last + 1] + places * math.log(share)
    return math.fsum(np.exp(logs + (outcomes - places) * math.log1p(-share)).tolist())


@lru_cache(maxsize=64)
def _log_combinations(outcomes: int) -> FloatArray:
    """Return the logarithm of how many ways there are to choose 0 to ``outcomes`` of them."""
    counts = np.arange(outcomes, dtype=np.float64)
    logs = np.concatenate([[0.0], np.cumsum(np.log((outcomes - counts) / (counts + 1.0)))])
    logs.setflags(write=False)
    return logs
