r"""Exact sums: per-unit figures on a binary grid, quantities in whole units.

The unit is one contract, or $100 of par. Its P&L in each scenario is rounded to
:math:`2^{-18}` dollar (about $0.000004) before anything is added up; every sum of such figures
below :math:`2^{35}` dollars ($34.4 billion) is then exact in float64, whatever the order, the
thread count or the machine (ruling 9). Above that the quantity is split into a high and a low
part, each exact, and joined as whole numbers.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.market.history import FloatArray

GRID_BITS = 18
GRID_PER_DOLLAR = 1 << GRID_BITS
#: Sums below this are exact: 53 bits less those of the grid.
EXACT_DOLLARS_MAX = float(1 << (53 - GRID_BITS))
_SPLIT = 1 << 20


def to_grid(dollars: FloatArray) -> FloatArray:
    """Return the figures rounded to the grid, half to even."""
    return np.rint(dollars * GRID_PER_DOLLAR) / GRID_PER_DOLLAR


def to_grid_up(dollars: FloatArray) -> FloatArray:
    """Return the figures rounded up to the grid."""
    return np.ceil(dollars * GRID_PER_DOLLAR) / GRID_PER_DOLLAR


def from_grid(dollars: float) -> Fraction:
    """Return a grid figure as an exact fraction of dollars."""
    return Fraction(round(dollars * GRID_PER_DOLLAR), GRID_PER_DOLLAR)


def charge_from_grid(dollars: float) -> Money:
    """Return a grid figure as a charge, rounded up to the cent."""
    return charge_from_dollars(from_grid(dollars))


def is_exact(units: FloatArray, per_unit_size: FloatArray) -> bool:
    """Return whether every row's sum is exact in float64.

    Parameters
    ----------
    units : ndarray, shape (portfolios, instruments)
        Whole numbers.
    per_unit_size : ndarray, shape (instruments,)
        Largest absolute per-unit figure of each instrument.
    """
    sizes = np.abs(units) @ per_unit_size
    return bool((sizes < EXACT_DOLLARS_MAX / 2).all() and (np.abs(units) < 2.0**53).all())


def split_units(units: list[int]) -> tuple[FloatArray, FloatArray]:
    """Return high and low parts of whole quantities: units = high * 2^20 + low."""
    high = [quantity // _SPLIT for quantity in units]
    low = [quantity - part * _SPLIT for quantity, part in zip(units, high, strict=True)]
    return np.array(high, dtype=np.float64), np.array(low, dtype=np.float64)


def exact_pnl_in_grid_steps(units: list[int], pnl_dollars: FloatArray) -> list[int]:
    """Return one portfolio's P&L a scenario in whole grid steps, however large the quantities.

    Parameters
    ----------
    units : list of int, one an instrument
    pnl_dollars : ndarray, shape (instruments, N)
        Per unit, on the grid.

    Raises
    ------
    OverflowError
        If even the split parts are too large to add exactly.
    """
    high, low = split_units(units)
    size = np.abs(pnl_dollars).max(axis=1, initial=0.0)
    if not is_exact(np.vstack([high, low]), size):
        raise OverflowError("quantities too large to margin exactly")
    coarse = (high @ pnl_dollars) * GRID_PER_DOLLAR
    fine = (low @ pnl_dollars) * GRID_PER_DOLLAR
    return [int(a) * _SPLIT + int(b) for a, b in zip(coarse, fine, strict=True)]
