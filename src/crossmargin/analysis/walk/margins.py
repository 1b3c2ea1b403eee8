"""Both models' figures of some books on the margin dates of one calendar year, exactly.

Line by line and some dates at a time: one matrix product gives a line's P&L on those dates in
every scenario, and books add it up in whole units. What comes out is whole grid steps of 2^-18
dollar, the same on every machine and for any division of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import KnownThen, WalkFactors
from crossmargin.analysis.walk.filtering import (
    FactorForecasts,
    FilterScales,
    LineVolatility,
    future_scales,
    moves_bp,
)
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.monomials import SUM_MAX, Monomials
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.analysis.walk.weights import CONTRACT_BITS, LineWeights, felt_of, on_weight_grid
from crossmargin.analysis.walk.windows import Windows, columns_of, earliest_start, windows_on
from crossmargin.margin.exact import EXACT_DOLLARS_MAX, GRID_PER_DOLLAR
from crossmargin.margin.tail import tail_losses
from crossmargin.market.history import FloatArray

IntArray = npt.NDArray[np.int64]
PlaceArray = npt.NDArray[np.intp]

#: Dates at once: what they take of one line stays in the processor's cache.
_DATES_AT_ONCE = 32
_PER_CENT_PER_BP = 0.01
_STEPS_MAX = EXACT_DOLLARS_MAX / 2 * GRID_PER_DOLLAR
SECURITIES, FUTURES, COMBINED = "securities", "futures", "combined"
LEGS = (SECURITIES, FUTURES, COMBINED)
HISTORICAL, FILTERED, SCALED, STRESS = "historical", "filtered", "scaled", "stress"


@dataclass(frozen=True, slots=True)
class TailSteps:
    """Tail losses of one book by simulation and leg, in grid steps: shape (dates,) each."""

    steps: Mapping[tuple[str, str], IntArray]


@dataclass(frozen=True, slots=True)
class _Reading:
    """A tail that is read off P&L on each date.

    ``slices`` says where a date's scenarios lie, counted from the first of ``part``; ``volatility``
    makes of a line's weights what its P&L is filtered with.
    """

    name: str
    part: slice
    slices: Sequence[tuple[slice, ...]]
    ranks: Sequence[int]
    volatility: Callable[[FloatArray], LineVolatility] | None = None

    @property
    def count(self) -> int:
        """Number of scenarios in the part."""
        count: int = self.part.stop - self.part.start
        return count


@dataclass(frozen=True, slots=True)
class _Simulation:
    """Scenarios as monomials, and what is read off the P&L in them.

    ``scales`` multiplies weights date by date. An unfiltered reading is of all scenarios and comes
    last.
    """

    monomials: FloatArray
    readings: Sequence[_Reading]
    scales: FloatArray | None = None


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
    forecasts: FactorForecasts,
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
    forecasts : FactorForecasts
        Of all the dates of the walk.

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
        (own, [_ficc_simulation(factors, known, places, monomials, ficc)]),
        (
            as_contracts,
            _cme_simulations(factors, known, places, monomials, rules=cme, forecasts=forecasts),
        ),
    ):
        for of_book, steps in zip(found, _tails(legs, simulations, books), strict=True):
            of_book.update(steps)
    return [TailSteps(steps) for steps in found]


def _ficc_simulation(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    monomials: Monomials,
    rules: FiccWalkRules,
) -> _Simulation:
    """Return the model's scenarios, and among them those that the Minimum Margin Amount filters."""
    days = rules.horizon_days
    historical = windows_on(
        factors.dates,
        places,
        years=rules.lookback_years,
        periods=rules.stressed_periods,
        horizon_days=days,
    )
    filtered = windows_on(
        factors.dates,
        places,
        years=rules.filtered_years or rules.lookback_years,
        periods=(),
        horizon_days=days,
    )
    columns = columns_of(Windows(historical.runs + filtered.runs))
    readings = [
        _Reading(
            HISTORICAL,
            slice(0, len(columns)),
            historical.slices_of(columns),
            _ranks(historical, rules, factors, places),
        )
    ]
    if rules.filtered_years is not None:
        readings.insert(
            0,
            _filtered(factors, known, places, windows=filtered, columns=columns, rules=rules),
        )
    moves = known.moves[days]
    rows = columns - days
    scenarios = monomials.of_moves(
        moves.key_rates[rows],
        moves.basis_bp[rows] * rules.basis_multiple,
        moves.spread_bp[rows] * rules.spread_multiple,
    )
    return _Simulation(scenarios, readings)


def _filtered(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    *,
    windows: Windows,
    columns: PlaceArray,
    rules: FiccWalkRules,
) -> _Reading:
    """Return what the Minimum Margin Amount reads, among the places of all scenarios."""
    days = rules.horizon_days
    wanted = columns_of(windows)
    first = int(np.searchsorted(columns, wanted[0]))
    scales = FilterScales(
        moves_bp(
            known.moves[1],
            basis_multiple=rules.basis_multiple,
            spread_multiple=rules.spread_multiple,
        ),
        first=earliest_start(
            factors.dates,
            known.until,
            years=rules.filtered_years or rules.lookback_years,
            horizon_days=days,
        ),
        last=places[-1],
        decay=rules.decay,
    )
    starts = range(int(wanted[0]) - days, int(wanted[-1]) - days + 1)
    linear = list(Monomials(factors.key_years).linear_places)
    per_bp = np.ones(len(linear))
    per_bp[: len(factors.key_years)] = _PER_CENT_PER_BP

    def volatility(of_line: FloatArray) -> LineVolatility:
        return scales.of_line(of_line[:, linear] * per_bp, places, starts)

    return _Reading(
        FILTERED,
        slice(first, first + len(starts)),
        windows.slices_of(wanted),
        _ranks(windows, rules, factors, places),
        volatility,
    )


def _cme_simulations(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    monomials: Monomials,
    *,
    rules: CmeWalkRules,
    forecasts: FactorForecasts,
) -> list[_Simulation]:
    """Return the scaled simulation and the stress."""
    days = rules.horizon_days
    moves = known.moves[days]
    scaled = scaled_windows(factors, places, rules)
    columns = columns_of(scaled)
    year = factors.dates[places[0]].astype(object).year
    volatility, medians = forecasts.of_year(year, places, [runs[-1] for runs in scaled.runs])
    future = future_scales(
        moves,
        monomials,
        volatility=volatility,
        medians=medians,
        basis_multiple=rules.basis_multiple,
        spread_multiple=rules.spread_multiple,
        places=places,
        columns=columns,
    )
    ranks = _ranks(scaled, rules, factors, places)
    reading = _Reading(SCALED, slice(0, len(columns)), scaled.slices_of(columns), ranks)
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
    in_stress = _Reading(
        STRESS,
        slice(0, len(columns)),
        stress.slices_of(columns),
        _ranks_of(stress.counts(), rules),
    )
    return [
        _Simulation(future.monomials, [reading], future.scales),
        _Simulation(stressed, [in_stress]),
    ]


def scaled_windows(factors: WalkFactors, places: Sequence[int], rules: CmeWalkRules) -> Windows:
    """Return the look-back of CME's scaled simulation on some margin dates."""
    return windows_on(
        factors.dates,
        places,
        years=rules.lookback_years,
        periods=(),
        horizon_days=rules.horizon_days,
    )


def _ranks(
    windows: Windows,
    rules: FiccWalkRules | CmeWalkRules,
    factors: WalkFactors,
    places: Sequence[int],
) -> list[int]:
    counts = windows.counts()
    for count, place in zip(counts, places, strict=True):
        if count < rules.fewest_scenarios:
            raise ValueError(
                f"{count} scenarios on {factors.dates[place]}: too few for a requirement of record"
            )
    return _ranks_of(counts, rules)


def _ranks_of(counts: Sequence[int], rules: FiccWalkRules | CmeWalkRules) -> list[int]:
    rank_of = {count: rules.rank(count) for count in set(counts)}
    return [rank_of[count] for count in counts]


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

    def held(self, leg: str, books: Sequence[Book], simulation: _Simulation) -> list[_HeldLine]:
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

    def steps(self, simulation: _Simulation, rows: slice) -> Iterator[FloatArray]:
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
    legs: _Legs, simulations: Sequence[_Simulation], books: Sequence[Book]
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
    held: Sequence[Sequence[_HeldLine]], simulation: _Simulation, rows: slice, *, out: FloatArray
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
