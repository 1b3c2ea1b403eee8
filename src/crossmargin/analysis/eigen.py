r"""Eigenvalues of a small symmetric matrix, the same bits on every machine.

Libraries of linear algebra differ in the last bits between processors. Jacobi's method needs only
additions, multiplications, divisions and square roots, which IEEE 754 fixes; sums here are
correctly rounded.

References
----------
.. [1] G. H. Golub and C. F. Van Loan (2013), *Matrix Computations*, 4th ed., section 8.5.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_SWEEPS_MAX = 60
_TINY = 1e-15

Matrix = list[list[float]]


def symmetric_eigen(matrix: Sequence[Sequence[float]]) -> tuple[list[float], Matrix]:
    """Return eigenvalues, largest first, and their vectors, one a row.

    Each vector has length one, and its largest entry in size is positive (the first of equals).

    Parameters
    ----------
    matrix : sequence of sequence of float
        Symmetric.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, or the method does not come to an end.
    """
    size = len(matrix)
    a = [[float(entry) for entry in row] for row in matrix]
    if any(len(row) != size for row in a) or any(
        a[i][j] != a[j][i] for i in range(size) for j in range(i)
    ):
        raise ValueError("the matrix must be symmetric")
    vectors = [[float(i == j) for j in range(size)] for i in range(size)]
    scale = max((abs(entry) for row in a for entry in row), default=0.0)
    for _ in range(_SWEEPS_MAX):
        if all(abs(a[i][j]) <= _TINY * scale for i in range(size) for j in range(i)):
            break
        for p in range(size - 1):
            for q in range(p + 1, size):
                _rotate(a, vectors, p, q)
    else:
        raise ValueError("the eigenvalues were not found")
    order = sorted(range(size), key=lambda i: (-a[i][i], i))
    return [a[i][i] for i in order], [_signed(vectors[i]) for i in order]


def _rotate(a: Matrix, vectors: Matrix, p: int, q: int) -> None:
    """Turn rows and columns p and q so that what couples them is zero."""
    if a[p][q] == 0.0:
        return
    theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q])
    t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1.0))
    c = 1.0 / math.sqrt(t * t + 1.0)
    s = t * c
    pivot = a[p][q]
    a[p][p] -= t * pivot
    a[q][q] += t * pivot
    a[p][q] = a[q][p] = 0.0
    for i in range(len(a)):
        if i not in (p, q):
            one, two = a[i][p], a[i][q]
            a[i][p] = a[p][i] = c * one - s * two
            a[i][q] = a[q][i] = s * one + c * two
    for j in range(len(a)):
        one, two = vectors[p][j], vectors[q][j]
        vectors[p][j] = c * one - s * two
        vectors[q][j] = s * one + c * two


def _signed(vector: list[float]) -> list[float]:
    largest = max(vector, key=abs)
    return [-entry for entry in vector] if largest < 0.0 else vector
