r"""Volatility as an exponentially weighted average of squared moves.

.. math:: \sigma_t^2 = \lambda \sigma_{t-1}^2 + (1 - \lambda) r_{t-1}^2

is the forecast made before the move :math:`r_t`. Both models filter with it, each on moves of its
own: factors at one, price changes of instruments at the other.
"""

from __future__ import annotations

import numpy as np

from crossmargin.market.history import FloatArray

#: The first forecast is the root mean square of so many moves.
START_ROWS = 250


def ewma_volatility(moves: FloatArray, decay: float) -> FloatArray:
    """Return the forecast before each row and one after the last: shape (rows + 1, columns).

    Row by row in order, so that the result does not depend on how a library adds.

    Parameters
    ----------
    moves : ndarray, shape (rows, columns)
        At least one row.
    decay : float
        Weight of the forecast before, between 0 and 1.
    """
    variance = np.zeros(moves.shape[1])
    start = moves[:START_ROWS]
    for row in start:
        variance = variance + row * row
    variance = variance / len(start)
    forecasts = np.empty((len(moves) + 1, moves.shape[1]))
    forecasts[0] = variance
    fresh = (1.0 - decay) * (moves * moves)
    for before, after, squared in zip(forecasts, forecasts[1:], fresh, strict=False):
        np.multiply(before, decay, out=after)
        np.add(after, squared, out=after)
    volatility: FloatArray = np.sqrt(forecasts)
    return volatility
