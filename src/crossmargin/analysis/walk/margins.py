"""Both models' figures of some books on the margin dates of one calendar year, exactly.

Line by line and some dates at a time: one matrix product gives a line's P&L on those dates in
every scenario, and books add it up in whole units. What comes out is whole grid steps of 2^-18
dollar, the same on every machine and for any division of the work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import KnownThen, WalkFactors
from crossmargin.analysis.walk.filtering import FactorForecasts, LineVolatility
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.monomials import SUM_MAX, Monomials
from crossmargin.analysis.walk.readings import (
    FILTERED,
    HISTORICAL,
    SCALED,
    STRESS,
    WalkSimulation,
    cme_simulations,
    factor_forecasts,
    ficc_simulation,
)
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.analysis.walk.weights import CONTRACT_BITS, LineWeights, felt_of, on_weight_grid
from crossmargin.margin.exact import EXACT_DOLLARS_MAX, GRID_PER_DOLLAR
from crossmargin.margin.tail import tail_losses
from crossmargin.market.history import FloatArray

IntArray = npt.NDArray[np.int64]

__all__ = [
    "COMBINED",
    "FILTERED",
    "FUTURES",
    "HISTORICAL",
    "LEGS",
    "SCALED",
    "SECURITIES",
    "STRESS",
    "TailSteps",
    "year_tails",
]

#: Dates at once: what they take of one line stays in the processor's cache.
_DATES_AT_ONCE = 32
_STEPS_MAX = EXACT_DOLLARS_MAX / 2 * GRID_PER_DOLLAR
SECURITIES, FUTURES, COMBINED = "securities", "futures", "combined"
LEGS = (SECURITIES, FUTURES, COMBINED)


@dataclass(frozen=True, slots=True)
class TailSteps:
    """Tail losses of one book by simulation and leg, in grid steps: shape (dates,) each."""

    steps: Mapping[tuple[str, str], IntArray]


def year_tails(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    *,
    weights: LineWeights,
    lines: Lines,
    books: Sequence[Book],
    monomials: Monomials,
    ficc: FiccWalkRules,
    cme: CmeWalkRules,
    forecasts: FactorForecasts | None = None,
) -> list[TailSteps]:
    """Return every book's tail losses on some margin dates that share what was known.

    Parameters
    ----------
    factors : WalkFactors
    known : KnownThen
    places : sequence of int
        Of the margin dates, ascending.
    weights : LineWeights
        On those dates.
    lines : Lines
    books : sequence of Book
    monomials : Monomials
    ficc, cme : FiccWalkRules, CmeWalkRules
    forecasts : FactorForecasts, optional
        Of all the dates of the walk, so that they are made once.

    Raises
    ------
    ValueError
        If a date has too few scenarios for a requirement of record, or a book is so large that its
        sums would not be exact.
    """
    forecasts = forecasts or factor_forecasts(factors, places, cme)
    own = _Legs(lines, weights.securities, weights.contracts)
    as_contracts = _Legs(lines, weights.equivalents, weights.contracts)
    found: list[dict[tuple[str, str], IntArray]] = [{} for _ in books]
    for legs, simulations in (
        (own, [ficc_simulation(factors, known, places, monomials, ficc)]),
        (
            as_contracts,
            cme_simulations(factors, known, places, monomials, rules=cme, forecasts=forecasts),
        ),
    ):
        for of_book, steps in zip(found, _tails(legs, simulations, books), strict=True):
            of_book.update(steps)
    return [TailSteps(steps) for steps in found]


class _Legs:
    """Lines with their weights on the grid, and what books hold of them."""

    def __init__(self, lines: Lines, securities: FloatArray, contracts: FloatArray) -> None:
        self.days = contracts.shape[1] if len(contracts) else securities.shape[1]
        self.weights = {
            SECURITIES: dict(
                zip((line.label for line in lines.securities), securities, strict=True)
            ),
            FUTURES: dict(zip((line.label for line in lines.contracts), contracts, strict=True)),
        }

    def held(self, leg: str, books: Sequence[Book], simulation: WalkSimulation) -> list[_HeldLine]:
        """Return every line of a leg that a book holds, ready for a simulation."""
        # Of a power of two: weights stay exact, and P&L comes in grid steps.
        steps = GRID_PER_DOLLAR * (2.0**CONTRACT_BITS if leg == FUTURES else 1.0)
        largest = np.abs(simulation.monomials).max(axis=1, initial=0.0)
        found = []
        for label, unscaled in self.weights[leg].items():
            units = np.array([_units(book, leg).get(label, 0) for book in books], dtype=np.float64)
            if not units.any():
                continue
            scales = simulation.scales
            weights = on_weight_grid(unscaled if scales is None else unscaled * scales)
            if (np.abs(weights) @ largest).max(initial=0.0) >= SUM_MAX:
                raise ValueError(f"{label} moves by more than its price: not exact")
            felt = felt_of(weights)
            volatility = [
                each.volatility(unscaled) if each.volatility else None
                for each in simulation.readings
            ]
            found.append(_HeldLine(units, weights[:, :felt] * steps, felt, volatility))
        return found


@dataclass(frozen=True, slots=True)
class _HeldLine:
    """A line that some books hold.

    ``units`` by book; ``weights`` of the monomials that it feels, date by date, in grid steps;
    ``volatility`` by reading.
    """

    units: FloatArray
    weights: FloatArray
    felt: int
    volatility: Sequence[LineVolatility | None]

    def steps(self, simulation: WalkSimulation, rows: slice) -> Iterator[FloatArray]:
        """Return P&L of a unit by reading, in whole grid steps: shape (dates, scenarios)."""
        pnl = self.weights[rows] @ simulation.monomials[: self.felt]
        for reading, volatility in zip(simulation.readings, self.volatility, strict=True):
            if volatility is None:
                yield np.rint(pnl, out=pnl)
            else:
                filtered = volatility.ratios(rows)
                filtered *= pnl[:, reading.part]
                yield np.rint(filtered, out=filtered)


def _units(book: Book, leg: str) -> Mapping[str, int]:
    return book.securities if leg == SECURITIES else book.contracts


def _tails(
    legs: _Legs, simulations: Sequence[WalkSimulation], books: Sequence[Book]
) -> list[dict[tuple[str, str], IntArray]]:
    found: list[dict[tuple[str, str], IntArray]] = [{} for _ in books]
    for simulation in simulations:
        held = [legs.held(leg, books, simulation) for leg in (SECURITIES, FUTURES)]
        steps = np.zeros((len(simulation.readings), len(books), len(LEGS), legs.days))
        for first in range(0, legs.days, _DATES_AT_ONCE):
            rows = slice(first, min(first + _DATES_AT_ONCE, legs.days))
            _losses(held, simulation, rows, out=steps[..., rows])
        for reading, of_reading in zip(simulation.readings, steps.astype(np.int64), strict=True):
            for of_book, losses in zip(found, of_reading, strict=True):
                of_book.update(
                    {(reading.name, leg): loss for leg, loss in zip(LEGS, losses, strict=True)}
                )
    return found


def _losses(
    held: Sequence[Sequence[_HeldLine]], simulation: WalkSimulation, rows: slice, *, out: FloatArray
) -> None:
    """Write tail losses by reading, book, leg and date, in grid steps."""
    days, books = rows.stop - rows.start, out.shape[1]
    pnl = [np.zeros((books, len(LEGS), days, each.count)) for each in simulation.readings]
    for leg, lines in enumerate(held):
        size = np.zeros((len(pnl), books))
        for line in lines:
            for number, steps in enumerate(line.steps(simulation, rows)):
                size[number] += np.abs(line.units) * max(float(steps.max()), -float(steps.min()))
                _add(pnl[number][:, leg], line.units, steps)
        if (size >= _STEPS_MAX).any():
            raise ValueError(
                "a book moves by over $17 billion in a scenario: its sums are not exact"
            )
    for number, (reading, total) in enumerate(zip(simulation.readings, pnl, strict=True)):
        np.add(total[:, 0], total[:, 1], out=total[:, 2])
        for book, row in np.ndindex(books, days):
            runs = reading.slices[rows.start + row]
            of_date = total[book, :, row]
            window = (
                of_date[:, runs[0]]
                if len(runs) == 1
                else np.concatenate([of_date[:, run] for run in runs], axis=1)
            )
            out[number, book, :, row] = tail_losses(window, reading.ranks[rows.start + row])


def _add(total: FloatArray, units: FloatArray, steps: FloatArray) -> None:
    """Add what each book has of a line; ``steps`` is used up."""
    *others, last = np.flatnonzero(units).tolist()
    for book in others:
        total[book] += units[book] * steps
    steps *= units[last]
    total[last] += steps
