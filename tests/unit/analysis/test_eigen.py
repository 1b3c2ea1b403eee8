"""Eigenvalues by Jacobi's method against a library's, and where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.analysis.eigen import symmetric_eigen


def test_a_matrix_of_two_has_its_known_values() -> None:
    values, vectors = symmetric_eigen([[2.0, 1.0], [1.0, 2.0]])
    assert values == pytest.approx([3.0, 1.0], abs=1e-15)
    half = 0.5**0.5
    assert vectors[0] == pytest.approx([half, half])
    assert abs(vectors[1][0]) == pytest.approx(half)
    assert vectors[1][0] == pytest.approx(-vectors[1][1])


@pytest.mark.parametrize("size", [1, 5, 22])
def test_values_and_vectors_are_those_of_a_library(size: int) -> None:
    rows = np.sin(np.arange(size * size) ** 1.5).reshape(size, size)
    matrix = rows @ rows.T
    matrix = (matrix + matrix.T) / 2.0
    values, vectors = symmetric_eigen(matrix.tolist())
    expected = np.linalg.eigvalsh(matrix)[::-1]
    assert values == pytest.approx(expected.tolist(), abs=1e-12 * expected[0])
    v = np.array(vectors)
    assert v @ v.T == pytest.approx(np.eye(size), abs=1e-12)
    assert v.T @ np.diag(values) @ v == pytest.approx(matrix, abs=1e-12 * expected[0])
    assert all(max(vector, key=abs) > 0.0 for vector in vectors)


def test_a_direction_that_never_moved_has_the_value_zero() -> None:
    # The second and third factor are one; the fourth is alone.
    matrix = [
        [1.0, 0.4, 0.4, 0.0],
        [0.4, 1.0, 1.0, 0.0],
        [0.4, 1.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 1.0],
    ]
    values, _ = symmetric_eigen(matrix)
    assert values[-1] == pytest.approx(0.0, abs=1e-15)
    assert sum(values) == pytest.approx(4.0)


def test_other_matrices_are_refused() -> None:
    with pytest.raises(ValueError, match="symmetric"):
        symmetric_eigen([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(ValueError, match="symmetric"):
        symmetric_eigen([[1.0, 2.0]])
