"""One customer's XM account under any move, and a move that was found for it with its past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from crossmargin.analysis.plausibility import Plausibility
from crossmargin.analysis.reverse_stress import Vector
from crossmargin.basics.refusals import RefusedError
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.stress import full_repricing, leg_pnl_steps


@dataclass(frozen=True, slots=True)
class Found:
    """A move that reaches a target, against its own past.

    Parameters
    ----------
    coordinates : list of float
    distance : float
    move : ScenarioSet
        One scenario.
    securities, futures : Fraction
        P&L of the legs under full repricing, exact dollars.
    as_far, as_far_along, window : int
        Moves of the window at least so far, at least so far in this direction, and all of them.
    nearest : int
        Which of the window's moves is the nearest.
    nearest_distance : float
        How far that one is from this.
    """

    coordinates: Vector
    distance: float
    move: ScenarioSet
    securities: Fraction
    futures: Fraction
    as_far: int
    as_far_along: int
    window: int
    nearest: int
    nearest_distance: float

    @property
    def combined(self) -> Fraction:
        """P&L of the whole book."""
        return self.securities + self.futures


@dataclass(frozen=True, slots=True)
class XmBook:
    """One customer's XM account on a day that has only its instruments.

    Parameters
    ----------
    day : MarginDay
    book : CustomerBook
        By the places of the day.
    """

    day: MarginDay
    book: CustomerBook

    @property
    def is_empty(self) -> bool:
        """Whether nothing that has a price is held."""
        priced = len(self.day.valuation.book.prices) + len(self.day.valuation.contracts)
        return not any(place < priced for place in self.book.xm)

    def legs(self, scenarios: ScenarioSet) -> tuple[list[int], list[int]]:
        """Return P&L of both legs in each scenario, whole grid steps."""
        columns = full_repricing(self.day, scenarios)
        first = len(self.day.valuation.book.prices)

        def steps(is_leg: Callable[[int], bool]) -> list[int]:
            held = self.book.xm.items()
            leg = {place: units for place, units in held if is_leg(place) and place < len(columns)}
            return leg_pnl_steps(leg, columns)

        return steps(lambda place: place < first), steps(lambda place: place >= first)

    def losses(self, scenarios: ScenarioSet) -> list[float]:
        """Return the loss of the whole book in each scenario, dollars; NaN where not priced."""
        try:
            legs = self.legs(scenarios)
        except RefusedError:
            if scenarios.count == 1:
                return [float("nan")]
            rows = (scenarios.row(place) for place in range(scenarios.count))
            return [loss for row in rows for loss in self.losses(row)]
        return [-(one + two) / GRID_PER_DOLLAR for one, two in zip(*legs, strict=True)]

    def found(self, plausible: Plausibility, coordinates: Vector, distance: float) -> Found:
        """Return a move with what it does and what in the past was like it."""
        move = plausible.moves(np.array([coordinates]))
        (securities,), (futures,) = self.legs(move)
        nearest, apart = plausible.nearest(coordinates)
        return Found(
            coordinates,
            distance,
            move,
            Fraction(securities, GRID_PER_DOLLAR),
            Fraction(futures, GRID_PER_DOLLAR),
            plausible.as_far(distance),
            plausible.as_far_along(coordinates),
            plausible.window.count,
            nearest,
            apart,
        )
