r"""Exact sums: per-unit figures on a binary grid, quantities in whole units.

The unit is one contract, or $100 of par. Its P&L in each scenario is rounded to
:math:`2^{-18}` dollar (about $0.000004) before anything is added up; every sum of such figures
below :math:`2^{35}` dollars ($34.4 billion) is then exact in float64, whatever the order, the
thread count or the machine (ruling 9). Portfolios above that are summed in whole numbers without a
limit, one by one; the others stay as they are.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from crossmargin.market.history import FloatArray

BoolArray = npt.NDArray[np.bool_]

GRID_BITS = 18
GRID_PER_DOLLAR = 1 << GRID_BITS
#: Sums below this are exact: 53 bits less those of the grid.
EXACT_DOLLARS_MAX = float(1 << (53 - GRID_BITS))
_ROOT_STEPS = 1_000_000


def to_grid(dollars: FloatArray) -> FloatArray:
    """Return the figures rounded to the grid, half to even."""
    return np.rint(dollars * GRID_PER_DOLLAR) / GRID_PER_DOLLAR


def to_grid_up(dollars: FloatArray) -> FloatArray:
    """Return the figures rounded up to the grid."""
    return np.ceil(dollars * GRID_PER_DOLLAR) / GRID_PER_DOLLAR


def from_grid(dollars: float) -> Fraction:
    """Return a grid figure as an exact fraction of dollars."""
    return Fraction(round(dollars * GRID_PER_DOLLAR), GRID_PER_DOLLAR)


def exact_rows(units: FloatArray, per_unit_size: FloatArray) -> BoolArray:
    """Return which rows' sums are exact in float64.

    Parameters
    ----------
    units : ndarray, shape (portfolios, instruments)
        Whole numbers.
    per_unit_size : ndarray, shape (instruments,)
        Largest absolute per-unit figure of each instrument.
    """
    exact: BoolArray = np.abs(units) @ per_unit_size < EXACT_DOLLARS_MAX / 2
    return exact


def exact_pnl_in_grid_steps(units: list[int], pnl_dollars: FloatArray) -> list[int]:
    """Return one portfolio's P&L a scenario in whole grid steps, however large the quantities.

    Whole-number arithmetic without a limit, on the instruments that are held.

    Parameters
    ----------
    units : list of int, one an instrument
    pnl_dollars : ndarray, shape (instruments, N)
        Per unit, on the grid.
    """
    totals = np.zeros(pnl_dollars.shape[1], dtype=object)
    for quantity, column in zip(units, pnl_dollars, strict=True):
        if quantity:
            steps = (column * GRID_PER_DOLLAR).astype(np.int64).astype(object)
            totals = totals + steps * quantity
    return [int(total) for total in totals]


def root_up(square: Fraction, *, steps: int = _ROOT_STEPS) -> Fraction:
    """Return the square root of a number that is not negative, rounded up to a step.

    Parameters
    ----------
    square : Fraction
    steps : int
        Of one; a million if left out.

    Examples
    --------
    >>> root_up(Fraction(4)), root_up(Fraction(2))
    (Fraction(2, 1), Fraction(707107, 500000))
    """
    whole = math.ceil(square * steps**2)
    root = math.isqrt(whole)
    return Fraction(root if root * root == whole else root + 1, steps)
