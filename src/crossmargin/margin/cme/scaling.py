r"""Filtered scenarios: one-day moves rescaled to the volatility of today.

With :math:`\sigma_t^2 = \lambda \sigma_{t-1}^2 + (1 - \lambda) r_{t-1}^2` the forecast made before
the move :math:`r_t`, each factor's move becomes

.. math:: r_t \, \hat\sigma / \sigma_t, \qquad
          \hat\sigma = \max(\sigma_{T+1}, \; \text{median of the window})

factor by factor (ruling 36; the form is that of CME's SPAN 2 description, the numbers are ours).
Basis and spread have no observations after their price histories end: where the last date of a
factor is redrawn, today's volatility is unknown and the median of the window stands for it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from crossmargin.margin.ewma import ewma_volatility
from crossmargin.market.history import FloatArray

BoolArray = npt.NDArray[np.bool_]


def scaled_moves(
    moves: FloatArray,
    window: BoolArray,
    *,
    decay: float,
    last_is_known: bool,
    turned: Callable[[FloatArray, BoolArray], FloatArray] | None = None,
) -> FloatArray:
    """Return the window's moves rescaled to today's volatility: shape (window rows, factors).

    Parameters
    ----------
    moves : ndarray, shape (rows, factors)
        One-day moves up to the as-of date.
    window : ndarray of bool, shape (rows,)
    decay : float
    last_is_known : bool
        Whether the last row was observed; if not, the median of the window is today's volatility.
    turned : callable, optional
        Gives the window's moves in units of their volatility other correlations, before they are
        scaled to today's: see :mod:`crossmargin.margin.cme.correlation`.
    """
    volatility = ewma_volatility(moves, decay)
    in_window = volatility[:-1][window]
    median = _median(in_window)
    today = np.maximum(volatility[-1], median) if last_is_known else median
    if turned is not None:
        before = volatility[:-1]
        standardised = np.where(before > 0.0, moves / np.where(before > 0.0, before, 1.0), 0.0)
        return turned(standardised, window) * today
    safe = np.where(in_window > 0.0, in_window, 1.0)
    return moves[window] * np.where(in_window > 0.0, today / safe, 0.0)


def _median(values: FloatArray) -> FloatArray:
    ordered = np.sort(values, axis=0)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        odd: FloatArray = ordered[middle]
        return odd
    even: FloatArray = (ordered[middle - 1] + ordered[middle]) / 2.0
    return even
