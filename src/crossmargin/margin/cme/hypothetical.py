"""Hypothetical stress: moves of the curve that no stressed period had, beside those that it had.

Parallel shift, twist and butterfly, each up and down, of key rates alone: basis and SOFR-Treasury
spread stay. They are six more scenarios of the stress set, and the same rank rule reads it. CME
names hypothetical scenarios inside the stressed part of SPAN 2; these shapes and sizes are ours.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import numpy as np

from crossmargin.market.curve import linear_at
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import (
    BASIS_CONTRACTS,
    KEY_RATE_BITS,
    NOT_PROXIED,
    SPREAD_KNOTS,
    ScenarioSet,
    on_grid,
)
from crossmargin.parameters.registry import ParameterSet

_BP = 1e-4
_TWIST = (-1.0, 1.0)
_BUTTERFLY = (-1.0, 1.0, -1.0)


class HypotheticalStress(StrEnum):
    """Which hypothetical scenarios the stress set has."""

    NONE = "none"
    SHIFTS = "shifts"


def hypothetical_scenarios(
    key_years: FloatArray, parameters: ParameterSet, *, as_of: date
) -> ScenarioSet | None:
    """Return the hypothetical scenarios, or None where there are to be none.

    In order: parallel up and down; twist steeper and flatter; butterfly with the belly up and down.
    A scenario that repeats no date bears the as-of date as its start and its end.

    Parameters
    ----------
    key_years : ndarray, shape (K,)
    parameters : ParameterSet
    as_of : date

    Raises
    ------
    ValueError
        If the choice is unknown, a size negative, or the years of a shape are not as many as it has
        corners, or do not ascend.
    """
    choice = HypotheticalStress(parameters.choice("hypothetical_stress", list(HypotheticalStress)))
    if choice is HypotheticalStress.NONE:
        return None
    shapes = (
        np.ones(len(key_years)) * _size(parameters, "hypothetical_parallel_bp"),
        _shape(parameters, "twist", _TWIST, key_years),
        _shape(parameters, "butterfly", _BUTTERFLY, key_years),
    )
    moves = np.vstack([sign * shape for shape in shapes for sign in (1.0, -1.0)])
    count = len(moves)
    dates = np.full(count, np.datetime64(as_of))
    return ScenarioSet(
        name="hypothetical",
        horizon_days=parameters.whole("horizon_days"),
        start_dates=dates,
        end_dates=dates,
        key_years=key_years,
        key_rates=on_grid(moves, KEY_RATE_BITS),
        basis_bp=np.zeros((count, len(BASIS_CONTRACTS))),
        spread_bp=np.zeros((count, len(SPREAD_KNOTS))),
        proxied=NOT_PROXIED,
    )


def _shape(
    parameters: ParameterSet, shape: str, corners: tuple[float, ...], key_years: FloatArray
) -> FloatArray:
    """Return a move of the key rates: linear in time between corners, flat outside."""
    name = f"hypothetical_{shape}_years"
    years = np.array([float(part) for part in parameters.ratios(name)])
    if len(years) != len(corners) or (np.diff(years) <= 0.0).any():
        raise ValueError(f"cme.{name} must be {len(corners)} ascending years")
    move: FloatArray = linear_at(years, np.array([corners]), key_years)[0]
    return move * _size(parameters, f"hypothetical_{shape}_bp")


def _size(parameters: ParameterSet, name: str) -> float:
    size = parameters.ratio(name)
    if size < 0:
        raise ValueError(f"cme.{name} must not be negative, was {size}")
    return float(size) * _BP
