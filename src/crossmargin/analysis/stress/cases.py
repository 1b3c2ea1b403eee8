"""Stress cases: scenarios with a name, and which of them counts for a customer.

A case holds one move, or several of which the worst for the customer counts: the days of an
episode's window, or both signs of a basis move. The move is put on today's book (``shock``, ruling
20): nothing is re-struck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from crossmargin.market.history import DateArray, FloatArray
from crossmargin.market.scenarios import (
    BASIS_CONTRACTS,
    KEY_RATE_BITS,
    NOT_PROXIED,
    SHOCK_BITS,
    SPREAD_KNOTS,
    BoolArray,
    ScenarioSet,
    on_grid,
)

_BLANK = np.datetime64("1970-01-01")
_BP = 1e-4


class Kind(StrEnum):
    """Where a case comes from."""

    EPISODE = "episode"
    HYPOTHETICAL = "hypothetical"


class Source(StrEnum):
    """Where the curve move of a case comes from."""

    COMPUTED = "computed from the market's par yields"
    STATED = "published changes of par yields, on today's curve"
    ASSUMED = "size and shape of ours"


class Pick(StrEnum):
    """Which scenario of a case counts."""

    #: The worst for the customer's combined book.
    WORST = "worst"
    #: Scenarios stand in pairs; the worse of each pair for the customer, all pairs added up.
    EACH_AGAINST = "each_against"


@dataclass(frozen=True, slots=True)
class StressCase:
    """One line of a stress report.

    Parameters
    ----------
    name : str
    group : str
        Name of the episode, or the kind of hypothetical move.
    kind : Kind
    source : Source
    scenarios : ScenarioSet
        At least one.
    own : ndarray of bool, shape (N, 10)
        Where basis (by contract), then spread (by knot), is the date's own residual.
    days : int or None
        Horizon in scenario dates; None where it is not known or there is none.
    pick : Pick
    repo_rate : Fraction
        Move of the repo rate over every term beside that of the front of the curve, plain ratio.
    notes : tuple of str
        What stands for something else, and what is left out.
    """

    name: str
    group: str
    kind: Kind
    source: Source
    scenarios: ScenarioSet
    own: BoolArray
    days: int | None = None
    pick: Pick = Pick.WORST
    repo_rate: Fraction = Fraction(0)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shape = (self.scenarios.count, len(BASIS_CONTRACTS) + len(SPREAD_KNOTS))
        if not self.scenarios.count or self.own.shape != shape:
            raise ValueError(f"{self.name}: own must have shape {shape}, was {self.own.shape}")
        if self.pick is Pick.EACH_AGAINST and self.scenarios.count % 2:
            raise ValueError(f"{self.name}: scenarios must stand in pairs")

    def own_names(self, scenario: int) -> tuple[str, ...]:
        """Return contracts and knots whose own residual of the date is in the scenario."""
        names = (*BASIS_CONTRACTS, *SPREAD_KNOTS)
        return tuple(n for n, own in zip(names, self.own[scenario], strict=True) if own)


def moves(
    name: str,
    key_years: FloatArray,
    *,
    key_rates: FloatArray | None = None,
    basis_bp: FloatArray | None = None,
    spread_bp: FloatArray | None = None,
    start_dates: DateArray | None = None,
    end_dates: DateArray | None = None,
    horizon_days: int = 0,
) -> ScenarioSet:
    """Return scenarios of the moves that are given, every other factor unmoved.

    Parameters
    ----------
    name : str
    key_years : ndarray, shape (K,)
    key_rates : ndarray, shape (N, K), optional
        Plain ratios.
    basis_bp : ndarray, shape (N, 8), optional
    spread_bp : ndarray, shape (N, 2), optional
    start_dates, end_dates : ndarray of datetime64[D], shape (N,), optional
    horizon_days : int
    """
    given = next(each for each in (key_rates, basis_bp, spread_bp) if each is not None)
    count = len(given)

    def whole(values: FloatArray | None, columns: int, bits: int) -> FloatArray:
        return np.zeros((count, columns)) if values is None else on_grid(values, bits)

    blank = np.full(count, _BLANK)
    return ScenarioSet(
        name=name,
        horizon_days=horizon_days,
        start_dates=blank if start_dates is None else start_dates,
        end_dates=blank if end_dates is None else end_dates,
        key_years=key_years,
        key_rates=whole(key_rates, len(key_years), KEY_RATE_BITS),
        basis_bp=whole(basis_bp, len(BASIS_CONTRACTS), SHOCK_BITS),
        spread_bp=whole(spread_bp, len(SPREAD_KNOTS), SHOCK_BITS),
        proxied=NOT_PROXIED,
    )


def none_own(count: int) -> BoolArray:
    """Return that no basis or spread move of the scenarios is a date's own."""
    return np.zeros((count, len(BASIS_CONTRACTS) + len(SPREAD_KNOTS)), dtype=np.bool_)


def in_bp(ratios: Sequence[float] | FloatArray) -> FloatArray:
    """Return basis points as plain ratios."""
    return np.asarray(ratios, dtype=np.float64) * _BP
