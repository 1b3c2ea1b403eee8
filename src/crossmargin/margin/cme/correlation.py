r"""Correlation rescaling: moves of the window made to move together as they do today.

With :math:`z_t = r_t / \sigma_t` the key-rate moves in units of their forecast volatility,
:math:`C_\text{hist}` their correlations over the window and :math:`C_\text{now}` the same with
exponential weights up to today, each shrunk towards the identity,
:math:`C \to (1 - \kappa) C + \kappa I`, and :math:`C = L L^\top`:

.. math:: z^*_t = L_\text{now} L_\text{hist}^{-1} z_t

Second moments are taken about zero. The Cholesky factor depends on the order of the factors, here
from the shortest key rate to the longest: the first keeps its move, each next keeps its own part
and takes what its correlation with those before it asks for.

Every sum runs in a fixed order in plain float64, without a linear algebra library, so the result is
the same on every machine. Shrinkage keeps both matrices well away from singular: neighbouring key
rates are read off the same par yields.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from crossmargin.market.history import FloatArray

BoolArray = npt.NDArray[np.bool_]
Matrix = list[list[float]]


class CorrelationScaling(StrEnum):
    """Whose correlations the scaled moves have."""

    NONE = "none"
    TODAY = "today"


def with_correlations_of_today(
    standardised: FloatArray, window: BoolArray, *, decay: float, shrinkage: float
) -> FloatArray:
    """Return the window's standardised moves with today's correlations: (window rows, factors).

    Parameters
    ----------
    standardised : ndarray, shape (rows, factors)
        Moves over their forecast volatility, up to the as-of date.
    window : ndarray of bool, shape (rows,)
    decay : float
        Weight of the day before in today's correlations.
    shrinkage : float
        Share of the identity, over 0 and up to 1.

    Raises
    ------
    ValueError
        If the shrinkage is not over 0 and up to 1.
    """
    if not 0.0 < shrinkage <= 1.0:
        raise ValueError(f"correlation_shrinkage must be over 0 and up to 1, was {shrinkage:g}")
    inside = standardised[window]
    history = _second_moments(inside, weights=None)
    today = _second_moments(standardised, weights=decay)
    turn = rescaling_matrix(
        shrunk_correlations(today, shrinkage), shrunk_correlations(history, shrinkage)
    )
    turned = np.zeros_like(inside)
    for row, weights in enumerate(turn):
        for column, weight in enumerate(weights[: row + 1]):
            turned[:, row] += weight * inside[:, column]
    return turned


def shrunk_correlations(moments: FloatArray, shrinkage: float) -> Matrix:
    """Return correlations from second moments, shrunk; a factor that never moves is on its own."""
    count = len(moments)
    matrix: Matrix = []
    for row in range(count):
        line = []
        for column in range(count):
            scale = math.sqrt(float(moments[row, row]) * float(moments[column, column]))
            pair = float(moments[row, column]) / scale if scale > 0.0 else 0.0
            line.append(1.0 if row == column else (1.0 - shrinkage) * pair)
        matrix.append(line)
    return matrix


def rescaling_matrix(today: Matrix, history: Matrix) -> Matrix:
    """Return the lower triangular matrix that turns historical correlations into today's.

    Raises
    ------
    ValueError
        If either is not positive definite.
    """
    upper, lower = cholesky(today), cholesky(history)
    count = len(lower)
    turn = [[0.0] * count for _ in range(count)]
    # turn x lower = upper, column by column from the right: both are lower triangular.
    for row in range(count):
        for column in range(row, -1, -1):
            rest = upper[row][column]
            for place in range(column + 1, row + 1):
                rest -= turn[row][place] * lower[place][column]
            turn[row][column] = rest / lower[column][column]
    return turn


def cholesky(matrix: Matrix) -> Matrix:
    """Return the lower triangular factor of a symmetric positive definite matrix.

    Raises
    ------
    ValueError
        If the matrix is not positive definite.
    """
    count = len(matrix)
    factor = [[0.0] * count for _ in range(count)]
    for row in range(count):
        for column in range(row + 1):
            rest = matrix[row][column]
            for place in range(column):
                rest -= factor[row][place] * factor[column][place]
            if row != column:
                factor[row][column] = rest / factor[column][column]
            elif rest > 0.0:
                factor[row][row] = math.sqrt(rest)
            else:
                raise ValueError("correlations are not positive definite: raise the shrinkage")
    return factor


def _second_moments(moves: FloatArray, *, weights: float | None) -> FloatArray:
    """Return mean products of moves about zero: equal weights, or weights that decay backwards."""
    count = moves.shape[1]
    total = np.zeros((count, count))
    for row in moves:
        product = row[:, np.newaxis] * row[np.newaxis, :]
        total = total + product if weights is None else weights * total + (1 - weights) * product
    return total
