"""Both models' figures of some books on the margin dates of one calendar year, exactly.

Line by line and some dates at a time: one matrix product gives a line's P&L on those dates in
every scenario, and books add it up in whole units. What comes out is whole grid steps of 2^-18
dollar, the same on every machine and for any division of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import KnownThen, WalkFactors
from crossmargin.analysis.walk.filtering import (
    FilterScales,
    FutureScales,
    future_scales,
    moves_bp,
)
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.monomials import SUM_MAX, Monomials
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.analysis.walk.weights import CONTRACT_BITS, LineWeights, on_weight_grid
from crossmargin.analysis.walk.windows import Windows, columns_of, earliest_start, windows_on
from crossmargin.margin.exact import EXACT_DOLLARS_MAX, GRID_PER_DOLLAR
from crossmargin.market.history import FloatArray

IntArray = npt.NDArray[np.int64]
PlaceArray = npt.NDArray[np.intp]

#: Dates at once: what they take of one line stays in the processor's cache.
_DATES_AT_ONCE = 64
_PER_CENT_PER_BP = 0.01
SECURITIES, FUTURES, COMBINED = "securities", "futures", "combined"
LEGS = (SECURITIES, FUTURES, COMBINED)
HISTORICAL, FILTERED, SCALED, STRESS = "historical", "filtered", "scaled", "stress"


@dataclass(frozen=True, slots=True)
class TailSteps:
    """Tail losses of one book by simulation and leg, in grid steps: shape (dates,) each."""

    steps: Mapping[tuple[str, str], IntArray]


@dataclass(frozen=True, slots=True)
class _Simulation:
    """One simulation of some dates: its scenarios, and where each date's lie among them.

    ``scales`` multiplies weights date by date; ``filter`` multiplies P&L.
    """

    name: str
    monomials: FloatArray
    windows: Windows
    columns: PlaceArray
    ranks: Sequence[int]
    scales: FloatArray | None = None
    filter: Callable[[FloatArray, slice], FloatArray] | None = None


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

    Raises
    ------
    ValueError
        If a date has too few scenarios for a requirement of record, or a book is so large that its
        sums would not be exact.
    """
    own = _Legs(lines, weights.securities, weights.contracts)
    as_contracts = _Legs(lines, weights.equivalents, weights.contracts)
    found: list[dict[tuple[str, str], IntArray]] = [{} for _ in books]
    for legs, simulations in (
        (own, _ficc_simulations(factors, known, places, monomials, ficc)),
        (as_contracts, _cme_simulations(factors, known, places, monomials, cme)),
    ):
        for of_book, steps in zip(found, _tails(legs, simulations, books), strict=True):
            of_book.update(steps)
    return [TailSteps(steps) for steps in found]


def _ficc_simulations(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    monomials: Monomials,
    rules: FiccWalkRules,
) -> list[_Simulation]:
    days = rules.horizon_days
    historical = windows_on(
        factors.dates,
        places,
        years=rules.lookback_years,
        periods=rules.stressed_periods,
        horizon_days=days,
    )
    moves = known.moves[days]

    def scenarios(columns: PlaceArray) -> FloatArray:
        return monomials.of_moves(
            moves.key_rates[columns - days],
            moves.basis_bp[columns - days] * rules.basis_multiple,
            moves.spread_bp[columns - days] * rules.spread_multiple,
        )

    columns = columns_of(historical)
    ranks = _ranks(historical, rules, factors, places)
    found = [_Simulation(HISTORICAL, scenarios(columns), historical, columns, ranks)]
    if rules.filtered_years is not None:
        filtered = windows_on(
            factors.dates, places, years=rules.filtered_years, periods=(), horizon_days=days
        )
        columns = columns_of(filtered)
        one_day = moves_bp(
            known.moves[1],
            basis_multiple=rules.basis_multiple,
            spread_multiple=rules.spread_multiple,
        )
        first = earliest_start(
            factors.dates, known.until, years=rules.filtered_years, horizon_days=days
        )
        scales = FilterScales(one_day, first=first, last=places[-1], decay=rules.decay)
        starts = range(int(columns[0]) - days, int(columns[-1]) - days + 1)
        linear = list(monomials.linear_places)
        per_bp = np.ones(len(linear))
        per_bp[: len(factors.key_years)] = _PER_CENT_PER_BP

        def ratios(of_line: FloatArray, rows: slice) -> FloatArray:
            return scales.ratios(of_line[:, linear] * per_bp, places[rows], starts)

        ranks = _ranks(filtered, rules, factors, places)
        found.append(
            _Simulation(FILTERED, scenarios(columns), filtered, columns, ranks, filter=ratios)
        )
    return found


def _cme_simulations(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    monomials: Monomials,
    rules: CmeWalkRules,
) -> list[_Simulation]:
    days = rules.horizon_days
    moves = known.moves[days]
    scaled = windows_on(
        factors.dates, places, years=rules.lookback_years, periods=(), horizon_days=days
    )
    columns = columns_of(scaled)
    future: FutureScales = future_scales(
        moves,
        monomials,
        decay=rules.decay,
        basis_multiple=rules.basis_multiple,
        spread_multiple=rules.spread_multiple,
        places=places,
        runs=[runs[-1] for runs in scaled.runs],
        columns=columns,
    )
    found = [
        _Simulation(
            SCALED,
            future.monomials,
            scaled,
            columns,
            _ranks(scaled, rules, factors, places),
            scales=future.scales,
        )
    ]
    stress = windows_on(
        factors.dates, places, years=None, periods=rules.stressed_periods, horizon_days=days
    )
    columns = columns_of(stress)
    rows = columns - days
    stressed = monomials.of_moves(
        moves.key_rates[rows],
        moves.basis_bp[rows] * rules.basis_multiple,
        moves.spread_bp[rows] * rules.spread_multiple,
    )
    ranks = [rules.rank(count) for count in stress.counts()]
    return [*found, _Simulation(STRESS, stressed, stress, columns, ranks)]


def _ranks(
    windows: Windows,
    rules: FiccWalkRules | CmeWalkRules,
    factors: WalkFactors,
    places: Sequence[int],
) -> list[int]:
    for count, place in zip(windows.counts(), places, strict=True):
        if count < rules.fewest_scenarios:
            raise ValueError(
                f"{count} scenarios on {factors.dates[place]}: too few for a requirement of record"
            )
    return [rules.rank(count) for count in windows.counts()]


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

    def held(self, leg: str, books: Sequence[Book]) -> list[tuple[str, FloatArray]]:
        """Return label and units by book of every line of a leg that a book holds."""
        found = []
        for label in self.weights[leg]:
            units = np.array([_units(book, leg).get(label, 0) for book in books], dtype=np.float64)
            if units.any():
                found.append((label, units))
        return found


def _units(book: Book, leg: str) -> Mapping[str, int]:
    return book.securities if leg == SECURITIES else book.contracts


def _tails(
    legs: _Legs, simulations: Sequence[_Simulation], books: Sequence[Book]
) -> list[dict[tuple[str, str], IntArray]]:
    found = [
        {
            (each.name, leg): np.zeros(legs.days, dtype=np.int64)
            for each in simulations
            for leg in LEGS
        }
        for _ in books
    ]
    held = {leg: legs.held(leg, books) for leg in (SECURITIES, FUTURES)}
    for first in range(0, legs.days, _DATES_AT_ONCE):
        rows = slice(first, min(first + _DATES_AT_ONCE, legs.days))
        for each in simulations:
            pnl = {leg: _leg_pnl(legs, leg, held[leg], len(books), each, rows) for leg in held}
            for place in range(len(books)):
                losses = _three_losses(pnl[SECURITIES][place], pnl[FUTURES][place], each, rows)
                for leg, steps in zip(LEGS, losses, strict=True):
                    found[place][each.name, leg][rows] = steps
    return found


def _leg_pnl(
    legs: _Legs,
    leg: str,
    held: Sequence[tuple[str, FloatArray]],
    books: int,
    simulation: _Simulation,
    rows: slice,
) -> FloatArray:
    """Return the P&L of one leg of every book: shape (books, dates, scenarios)."""
    total = np.zeros((books, rows.stop - rows.start, simulation.monomials.shape[1]))
    largest = np.abs(simulation.monomials).max(axis=1, initial=0.0)
    size = np.zeros(books)
    parts = 2.0**CONTRACT_BITS if leg == FUTURES else 1.0
    for label, units in held:
        unscaled = legs.weights[leg][label][rows]
        scaled = unscaled if simulation.scales is None else unscaled * simulation.scales[rows]
        weights = on_weight_grid(scaled)
        if (np.abs(weights) @ largest).max(initial=0.0) >= SUM_MAX:
            raise ValueError(f"{label} moves by more than its price: not exact")
        felt = int(np.flatnonzero(weights.any(axis=0)).max(initial=0)) + 1
        pnl = weights[:, :felt] @ simulation.monomials[:felt]
        if simulation.filter is not None:
            pnl *= simulation.filter(unscaled, rows)
        pnl *= parts * GRID_PER_DOLLAR
        np.rint(pnl, out=pnl)
        pnl *= 1.0 / GRID_PER_DOLLAR
        size += np.abs(units) * float(np.abs(pnl).max(initial=0.0))
        for place in np.flatnonzero(units):
            total[place] += units[place] * pnl
    if (size >= EXACT_DOLLARS_MAX / 2).any():
        raise ValueError("a book moves by over $17 billion in a scenario: its sums are not exact")
    return total


def _three_losses(
    securities: FloatArray, futures: FloatArray, simulation: _Simulation, rows: slice
) -> tuple[IntArray, IntArray, IntArray]:
    """Return tail losses of each leg and both, date by date, in grid steps."""
    combined = securities + futures
    found = tuple(np.zeros(len(combined), dtype=np.int64) for _ in LEGS)
    for row, day in enumerate(range(rows.start, rows.stop)):
        runs = [_slice(simulation.columns, run) for run in simulation.windows.runs[day]]
        rank = simulation.ranks[day]
        for steps, pnl in zip(found, (securities, futures, combined), strict=True):
            steps[row] = _loss_steps([pnl[row, run] for run in runs], rank)
    return found[0], found[1], found[2]


def _loss_steps(parts: Sequence[FloatArray], rank: int) -> int:
    pnl = parts[0] if len(parts) == 1 else np.concatenate(parts)
    worst = float(np.partition(pnl, rank - 1)[rank - 1])
    return round(max(0.0, -worst) * GRID_PER_DOLLAR)


def _slice(columns: PlaceArray, run: range) -> slice:
    first = int(np.searchsorted(columns, run.start))
    return slice(first, first + len(run))
