"""What both models read off a line's P&L on each date: windows, ranks, filters, scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.rules import CmeWalkRules, FiccWalkRules
from crossmargin.analysis.walk.windows import Windows, columns_of, earliest_start, windows_on
from crossmargin.market.history import FloatArray

PlaceArray = npt.NDArray[np.intp]

HISTORICAL, FILTERED, SCALED, STRESS = "historical", "filtered", "scaled", "stress"
_PER_CENT_PER_BP = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
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
class WalkSimulation:
    """Scenarios as monomials, and what is read off the P&L in them.

    ``scales`` multiplies weights date by date. An unfiltered reading is of all scenarios and comes
    last.
    """

    monomials: FloatArray
    readings: Sequence[Reading]
    scales: FloatArray | None = None


def ficc_simulation(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    monomials: Monomials,
    rules: FiccWalkRules,
) -> WalkSimulation:
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
        Reading(
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
    return WalkSimulation(scenarios, readings)


def _filtered(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    *,
    windows: Windows,
    columns: PlaceArray,
    rules: FiccWalkRules,
) -> Reading:
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

    return Reading(
        FILTERED,
        slice(first, first + len(starts)),
        windows.slices_of(wanted),
        _ranks(windows, rules, factors, places),
        volatility,
    )


def cme_simulations(
    factors: WalkFactors,
    known: KnownThen,
    places: Sequence[int],
    monomials: Monomials,
    *,
    rules: CmeWalkRules,
    forecasts: FactorForecasts,
) -> list[WalkSimulation]:
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
    reading = Reading(SCALED, slice(0, len(columns)), scaled.slices_of(columns), ranks)
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
    in_stress = Reading(
        STRESS,
        slice(0, len(columns)),
        stress.slices_of(columns),
        _ranks_of(stress.counts(), rules),
    )
    return [
        WalkSimulation(future.monomials, [reading], future.scales),
        WalkSimulation(stressed, [in_stress]),
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


def factor_forecasts(
    factors: WalkFactors, places: Sequence[int], rules: CmeWalkRules
) -> FactorForecasts:
    """Return what all the years of a walk take from CME's volatilities.

    Parameters
    ----------
    factors : WalkFactors
    places : sequence of int
        Of all margin dates.
    rules : CmeWalkRules
    """
    years = {day.year for day in factors.dates[np.asarray(places)].astype(object)}
    return FactorForecasts(
        {year: factors.known[year].moves[rules.horizon_days] for year in sorted(years)},
        places=places,
        runs=[runs[-1] for runs in scaled_windows(factors, places, rules).runs],
        decay=rules.decay,
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
