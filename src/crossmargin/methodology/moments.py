"""Second moments of shocks, in sums that are the same on every machine.

About zero, as the models take them: a scenario's shock is a move, and its mean is no forecast.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.methodology.words import tenor

_BP = 1e4


def factor_labels(scenarios: ScenarioSet, contracts: Sequence[str]) -> tuple[str, ...]:
    """Return the label of every column of :func:`factor_columns`."""
    return (
        *(tenor(float(years)) for years in scenarios.key_years),
        *(f"{contract} basis" for contract in contracts),
        "SOFR front",
        "SOFR back",
    )


def factor_columns(scenarios: ScenarioSet) -> list[list[float]]:
    """Return every factor's shocks in basis points: key rates, basis, spread."""
    arrays: tuple[FloatArray, ...] = (
        scenarios.key_rates * _BP,
        scenarios.basis_bp,
        scenarios.spread_bp,
    )
    return [column.tolist() for array in arrays for column in array.T]


def deviations(columns: Sequence[Sequence[float]]) -> list[float]:
    """Return the root mean square of every column.

    Examples
    --------
    >>> deviations([[3.0, -3.0], [0.0, 0.0]])
    [3.0, 0.0]
    """
    return [
        math.sqrt(math.fsum(value * value for value in column) / len(column)) for column in columns
    ]


def correlations(columns: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the correlations of columns; one that never moves is on its own.

    Examples
    --------
    >>> correlations([[1.0, -1.0], [-2.0, 2.0]])
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    spread = deviations(columns)
    count = len(columns)
    matrix = [[float(row == column) for column in range(count)] for row in range(count)]
    for row in range(count):
        for column in range(row):
            if spread[row] and spread[column]:
                pairs = zip(columns[row], columns[column], strict=True)
                mean = math.fsum(a * b for a, b in pairs) / len(columns[row])
                matrix[row][column] = matrix[column][row] = mean / (spread[row] * spread[column])
    return matrix
