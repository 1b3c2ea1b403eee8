"""A linear program over exact fractions, with objectives in order of importance.

The simplex method on a tableau, pivots by Bland's rule: it ends, and equal input gives an equal
answer. For programs of tens of rows; nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

_Row = list[Fraction]


@dataclass(frozen=True, slots=True)
class LinearProgram:
    """Minimise each objective in turn over ``rows @ x == totals`` and ``x >= 0``.

    Parameters
    ----------
    rows : sequence of sequence of Fraction
        One row a condition, one column a variable.
    totals : sequence of Fraction
        Not negative.
    basis : sequence of int
        For each row a column that is one in this row and zero in the others: the start.
    objectives : sequence of sequence of Fraction
        Cost of each variable; a later objective decides among optima of the earlier ones.
    """

    rows: Sequence[Sequence[Fraction]]
    totals: Sequence[Fraction]
    basis: Sequence[int]
    objectives: Sequence[Sequence[Fraction]]

    def solution(self) -> tuple[Fraction, ...]:
        """Return an optimal vertex.

        Raises
        ------
        ValueError
            If a total is negative or the objective has no lower bound.
        """
        if any(total < 0 for total in self.totals):
            raise ValueError(f"totals must not be negative, were {self.totals}")
        basis = list(self.basis)
        tableau = [[*row, total] for row, total in zip(self.rows, self.totals, strict=True)]
        costs = [[*costs, Fraction(0)] for costs in self.objectives]
        for place, column in enumerate(basis):
            for cost in costs:
                _subtract(cost, tableau[place], cost[column])
        while (entering := _entering(costs)) is not None:
            leaving = _leaving(tableau, basis, entering)
            _pivot(tableau, costs, leaving, entering)
            basis[leaving] = entering
        values = [Fraction(0)] * len(costs[0][:-1])
        for place, column in enumerate(basis):
            values[column] = tableau[place][-1]
        return tuple(values)


def _entering(costs: Sequence[_Row]) -> int | None:
    """Return the first column whose cost is below nothing, the first objective deciding first."""
    for column in range(len(costs[0]) - 1):
        first = next((cost[column] for cost in costs if cost[column]), Fraction(0))
        if first < 0:
            return column
    return None


def _leaving(tableau: Sequence[_Row], basis: Sequence[int], entering: int) -> int:
    """Return the row that limits the entering column; of equal ones that of the first variable."""
    limits = [
        (row[-1] / row[entering], basis[place], place)
        for place, row in enumerate(tableau)
        if row[entering] > 0
    ]
    if not limits:
        raise ValueError("the objective has no lower bound")
    return min(limits)[2]


def _pivot(tableau: Sequence[_Row], costs: Sequence[_Row], place: int, column: int) -> None:
    row = tableau[place]
    by = row[column]
    row[:] = [value / by for value in row]
    for other in tableau:
        if other is not row:
            _subtract(other, row, other[column])
    for cost in costs:
        _subtract(cost, row, cost[column])


def _subtract(row: _Row, other: Sequence[Fraction], times: Fraction) -> None:
    if times:
        for column, value in enumerate(other):
            if value:
                row[column] -= times * value
