"""The moves of an episode as stress cases: computed from the market where its history reaches back.

A whole move is the change of zero rates at the key tenors between its two dates, under the gap
rules of :mod:`crossmargin.market.factors`. Where the market has no par yields of the dates, or is
simulated, the published changes of par yields of the library are put on today's par curve instead:
linear in maturity between the tenors that are known, flat outside; both curves are then turned into
zero rates. Zero rates follow the same par yields otherwise on another level: over the library's
moves the two ways differ by up to a twentieth of the move to ten years, and a seventh beyond.

Within the window of an episode every move at a model's horizon is a scenario, with the basis and
SOFR-Treasury spread residuals that are the date's own; a neighbour's or a redrawn one is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.analysis.stress.cases import Kind, Source, StressCase, in_bp, moves, none_own
from crossmargin.analysis.stress.library import Episode, Move
from crossmargin.market.curve import KNOT_YEARS, linear_at, zero_rates
from crossmargin.market.factors import CURVE_TENORS, CurvePoints, key_rate_changes
from crossmargin.market.history import PAR_TENOR_YEARS, FloatArray
from crossmargin.market.scenarios import BoolArray, FactorHistory

_FEWEST_TENORS = 6
FEW_TENORS_NOTE = "of these dates only {tenors} are known"
CURVE_ALONE_NOTE = "curve alone: no residual over these dates"


@dataclass(frozen=True, slots=True)
class EpisodeMarket:
    """What the moves of an episode are taken from.

    Parameters
    ----------
    points : CurvePoints
        Par yields up to the as-of date; those of a simulated market are not the episode's.
    as_of : date
    key_years : ndarray, shape (K,)
    histories : tuple of FactorHistory
        One for each horizon.
    simulated : bool
    """

    points: CurvePoints
    as_of: date
    key_years: FloatArray
    histories: tuple[FactorHistory, ...]
    simulated: bool

    def row_of(self, day: date) -> int | None:
        """Return the row of a date's par yields, None where it has too few or is not known."""
        if day > self.as_of:
            return None
        row = int(np.searchsorted(self.points.dates, np.datetime64(day)))
        if row == len(self.points.dates) or self.points.dates[row] != np.datetime64(day):
            return None
        published = int((~np.isnan(self.points.par_yields[row])).sum())
        return row if published >= _FEWEST_TENORS else None

    def has(self, move: Move) -> bool:
        """Return whether a move can be computed from the market's own par yields."""
        known = self.row_of(move.start) is not None and self.row_of(move.end) is not None
        return known and not self.simulated


def published_changes_bp(market: EpisodeMarket, move: Move) -> dict[str, int]:
    """Return the changes of par yields in the market's history, basis points, tenor by tenor.

    Tenors published on both dates; published yields have two decimals.

    Raises
    ------
    ValueError
        If the market has no par yields of a date.
    """
    start, end = market.row_of(move.start), market.row_of(move.end)
    if start is None or end is None:
        raise ValueError(f"no par yields of {move.start} or {move.end}")
    changes = (market.points.par_yields[end] - market.points.par_yields[start]) / in_bp([1.0])
    return {
        tenor: round(float(change))
        for tenor, change in zip(CURVE_TENORS, changes, strict=True)
        if not np.isnan(change)
    }


def episode_cases(episode: Episode, market: EpisodeMarket) -> tuple[StressCase, ...]:
    """Return the cases of an episode: its moves, then the worst at each horizon in its window.

    A move that the market's own history does not have is the published one, and says so; a window
    is only there where the history has it, and holds the moves that are as long as its horizon.
    """
    windows = (
        [] if market.simulated else [_window(episode, history) for history in market.histories]
    )
    found = tuple(window for window in windows if window is not None)
    # A move that is one of a window's days is looked at there.
    in_windows = {window.days for window in found}
    made = (_move(episode, move, market) for move in episode.moves)
    return (*(case for case in made if case.days not in in_windows), *found)


def _move(episode: Episode, move: Move, market: EpisodeMarket) -> StressCase:
    if not market.has(move):
        return _stated(episode, move, market)
    rows = [market.row_of(move.start), market.row_of(move.end)]
    first, last = (row for row in rows if row is not None)
    points = market.points
    two = np.array([first, last])
    pair = CurvePoints(points.dates[two], points.par_yields[two], points.filled[two])
    changes = key_rate_changes(pair, lag=1, key_years=market.key_years)
    days = last - first
    basis, spread, own = _own_residuals(market, move, days)
    notes = () if own.any() else (CURVE_ALONE_NOTE,)
    if changes.proxied[0]:
        notes = (*notes, "a tenor of these dates is filled or left out")
    return StressCase(
        name=_name(episode, move),
        group=episode.name,
        kind=Kind.EPISODE,
        source=Source.COMPUTED,
        scenarios=moves(
            _name(episode, move),
            market.key_years,
            key_rates=changes.changes,
            basis_bp=basis,
            spread_bp=spread,
            start_dates=changes.start_dates,
            end_dates=changes.end_dates,
            horizon_days=days,
        ),
        own=own,
        days=days,
        notes=notes,
    )


def _stated(episode: Episode, move: Move, market: EpisodeMarket) -> StressCase:
    notes = [CURVE_ALONE_NOTE]
    if len(move.changes_bp) < _FEWEST_TENORS:
        notes.append(FEW_TENORS_NOTE.format(tenors=", ".join(move.tenors)))
    return StressCase(
        name=_name(episode, move),
        group=episode.name,
        kind=Kind.EPISODE,
        source=Source.STATED,
        scenarios=moves(
            _name(episode, move),
            market.key_years,
            key_rates=stated_key_rates(move, market),
            start_dates=np.array([move.start], dtype="datetime64[D]"),
            end_dates=np.array([move.end], dtype="datetime64[D]"),
        ),
        own=none_own(1),
        notes=tuple(notes),
    )


def stated_key_rates(move: Move, market: EpisodeMarket) -> FloatArray:
    """Return published changes of par yields as changes of zero rates today, shape (1, K).

    Raises
    ------
    ValueError
        If the as-of date has no par yields.
    """
    row = market.row_of(market.as_of)
    if row is None:
        raise ValueError(f"no par yields of {market.as_of}")
    known = ~np.isnan(market.points.par_yields[row])
    years = np.array([PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS])[known]
    today = market.points.par_yields[row, known]
    stated_years = np.array([PAR_TENOR_YEARS[tenor] for tenor in move.tenors])
    stated = in_bp([move.changes_bp[tenor] for tenor in move.tenors])[np.newaxis, :]
    change = (
        linear_at(stated_years, stated, years)[0]
        if len(stated_years) > 1
        else np.full(len(years), stated[0, 0])
    )
    zeros = zero_rates(years.tolist(), np.vstack([today, today + change]))
    at_keys = linear_at(KNOT_YEARS, zeros, market.key_years)
    return at_keys[1:] - at_keys[:1]


def _own_residuals(
    market: EpisodeMarket, move: Move, days: int
) -> tuple[FloatArray | None, FloatArray | None, BoolArray]:
    """Return basis and spread of a move whose length is a model's horizon, else none."""
    for history in market.histories:
        if history.horizon_days == days:
            rates = history.key_rates
            rows = (rates.start_dates == np.datetime64(move.start)) & (
                rates.end_dates == np.datetime64(move.end)
            )
            if rows.any():
                return _own_of(history, rows)
    return None, None, none_own(1)


def _own_of(history: FactorHistory, rows: BoolArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    parts, own = [], []
    for residuals in (history.basis, history.spread):
        is_own = residuals.own[rows] & ~residuals.redrawn[rows, np.newaxis]
        parts.append(np.where(is_own, residuals.shocks_bp[rows], 0.0))
        own.append(is_own)
    return parts[0], parts[1], np.hstack(own)


def _window(episode: Episode, history: FactorHistory) -> StressCase | None:
    rates = history.key_rates
    rows = (rates.start_dates >= np.datetime64(episode.start)) & (
        rates.end_dates <= np.datetime64(episode.end)
    )
    if not rows.any():
        return None
    basis, spread, own = _own_of(history, rows)
    days = history.horizon_days
    name = f"{episode.name}: worst {days} days" if days > 1 else f"{episode.name}: worst day"
    proxied = int(rates.proxied[rows].sum())
    return StressCase(
        name=name,
        group=episode.name,
        kind=Kind.EPISODE,
        source=Source.COMPUTED,
        scenarios=moves(
            name,
            rates.key_years,
            key_rates=rates.changes[rows],
            basis_bp=basis,
            spread_bp=spread,
            start_dates=rates.start_dates[rows],
            end_dates=rates.end_dates[rows],
            horizon_days=days,
        ),
        own=own,
        days=days,
        notes=(f"{proxied} of {int(rows.sum())} dates with a tenor filled or left out",)
        if proxied
        else (),
    )


def _name(episode: Episode, move: Move) -> str:
    if move.start.year == move.end.year:
        return f"{episode.name}: {move.start} to {move.end:%m-%d}"
    return f"{episode.name}: {move.start} to {move.end}"
