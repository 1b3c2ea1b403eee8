"""Moves of today's curve: parallel up and down, steeper, flatter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crossmargin.market.history import FloatArray
from crossmargin.parameters.registry import ParameterSet

_BP = 10_000.0


@dataclass(frozen=True, slots=True)
class CurveShape:
    """One move of the zero curve.

    Parameters
    ----------
    name : str
        For people.
    moves_bp : ndarray, shape (K,)
        Basis points by key tenor; linear in time between them, flat outside.
    """

    name: str
    moves_bp: FloatArray

    @property
    def moves(self) -> FloatArray:
        """Plain ratios."""
        return self.moves_bp / _BP


def curve_shapes(parameters: ParameterSet, key_years: FloatArray) -> tuple[CurveShape, ...]:
    """Return the four shapes that the parameters make.

    Parameters
    ----------
    parameters : ParameterSet
        Of analysis.
    key_years : ndarray, shape (K,)
    """
    parallel, twist = (
        float(parameters.ratio(name)) for name in ("curve_parallel_bp", "curve_twist_bp")
    )
    years = [float(each) for each in parameters.ratios("curve_twist_years")]
    first, last = years[0], years[-1]
    # From -1 at the short end to +1 at the long end.
    slope = np.clip((key_years - first) / (last - first), 0.0, 1.0) * 2.0 - 1.0
    flat = np.ones(len(key_years))
    return (
        CurveShape(f"up {parallel:g} bp", parallel * flat),
        CurveShape(f"down {parallel:g} bp", -parallel * flat),
        CurveShape(f"steeper by {2 * twist:g} bp", twist * slope),
        CurveShape(f"flatter by {2 * twist:g} bp", -twist * slope),
    )
