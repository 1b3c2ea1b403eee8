r"""Histories that go on after the as-of date: an episode on today's market, or an impulse.

With :math:`T` the as-of date and :math:`s` the date before an episode, day :math:`k` of the
continuation has the par yields

.. math:: p_{T+k} = p_T + (p_{s+k} - p_s)

tenor by tenor. A tenor that was not published on either of the episode's dates is missing on the
day, and the curve is made of the tenors that are left, as on such a date of the history. Moves of
key rates are taken anew from those par yields, so a move that begins before the as-of date and ends
after it is one of the joined history.

Moves of basis and spread over a horizon are the episode's own where they begin on the as-of date or
later. One that begins before it is the sum of its one-day moves, the market's to the as-of date and
the episode's from there: no move over the horizon was ever observed between the two.

Yields may fall below zero; nothing holds them up, as nothing holds up those of the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import KnownThen, Moves, WalkFactors
from crossmargin.market.factors import CURVE_TENORS, CurvePoints, key_rate_changes
from crossmargin.market.history import PAR_TENOR_YEARS, DateArray, FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS
from crossmargin.product.calendars import sifma_calendar

BoolArray = npt.NDArray[np.bool_]

_BASIS_POINT = 1e-4
#: A twist turns between these: what lies under the first falls by half of it, over the second rises
#: by half, linearly in between.
TWIST_YEARS = (2.0, 10.0)
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class ResidualMoves:
    """Moves of basis and spread over one horizon; row r begins on day r, the as-of date being 0.

    Parameters
    ----------
    basis_bp, spread_bp : ndarray, shape (N, 8), (N, 2)
    basis_own, spread_own : ndarray of bool, shape (N, 8), (N, 2)
        Whether the move was observed.
    """

    basis_bp: FloatArray
    spread_bp: FloatArray
    basis_own: BoolArray
    spread_own: BoolArray

    @staticmethod
    def of(moves: Moves, rows: slice) -> ResidualMoves:
        """Return some rows of every factor's moves."""
        return ResidualMoves(
            moves.basis_bp[rows],
            moves.spread_bp[rows],
            moves.basis_own[rows],
            moves.spread_own[rows],
        )

    def over(self, horizon: int) -> ResidualMoves:
        """Return moves over a horizon from these of one day each, day by day summed.

        Observed only if each of them is; as many rows as there are whole horizons.
        """
        count = max(0, len(self.basis_bp) + 1 - horizon)

        def summed(moves: FloatArray) -> FloatArray:
            total = np.zeros((count, moves.shape[1]))
            for day in range(horizon):
                total = total + moves[day : day + count]
            return total

        def all_of(own: BoolArray) -> BoolArray:
            every = np.ones((count, own.shape[1]), np.bool_)
            for day in range(horizon):
                every &= own[day : day + count]
            return every

        return ResidualMoves(
            summed(self.basis_bp),
            summed(self.spread_bp),
            all_of(self.basis_own),
            all_of(self.spread_own),
        )


@dataclass(frozen=True, slots=True)
class Continuation:
    """What the market does on the days after the as-of date.

    Parameters
    ----------
    par_changes : ndarray, shape (days, tenors)
        Of par yields since the as-of date, plain ratios; NaN where a tenor is missing.
    residuals : mapping of horizon to ResidualMoves
        Of the moves that begin on the as-of date or later: ``days + 1 - horizon`` rows each.
    source_dates : ndarray of datetime64[D], shape (days,), or None
        Whose day each of them repeats; None where it repeats none.
    """

    par_changes: FloatArray
    residuals: Mapping[int, ResidualMoves]
    source_dates: DateArray | None = None

    @property
    def days(self) -> int:
        """Number of days that are appended."""
        return len(self.par_changes)


def episode(factors: WalkFactors, known: KnownThen, *, first: date, last: date) -> Continuation:
    """Return what a market did from one date to another, to be done again.

    The first day is the move that ends on the first scenario date from ``first`` on: a move bears
    the date of its end.

    Parameters
    ----------
    factors : WalkFactors
        That holds the dates.
    known : KnownThen
        What basis and spread are estimated with.
    first, last : date

    Raises
    ------
    ValueError
        If no move ends between the dates.
    """
    places = factors.places_between(first, last)
    if not len(places) or places.start == 0:
        raise ValueError(f"no move of the history ends between {first} and {last}")
    before, count = places.start - 1, len(places)
    par = factors.points.par_yields
    return Continuation(
        par_changes=par[places.start : places.stop] - par[before],
        residuals={
            horizon: ResidualMoves.of(moves, slice(before, before + max(0, count + 1 - horizon)))
            for horizon, moves in known.moves.items()
        },
        source_dates=factors.dates[places.start : places.stop],
    )


def impulse(
    days: int, *, parallel_bp: float, twist_bp: float, horizons: tuple[int, ...]
) -> Continuation:
    """Return one move of par yields on the first day, and days on which nothing moves after it.

    Parameters
    ----------
    days : int
        At least one.
    parallel_bp : float
        Of every par yield.
    twist_bp : float
        By which ten years rise against two; half of it down up to two years, half of it up from ten
        on.
    horizons : tuple of int
        In scenario dates, one among them.
    """
    if days < 1:
        raise ValueError(f"an impulse needs a day at least, were {days}")
    years = np.array([PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS])
    short, long = TWIST_YEARS
    turned = np.clip((years - short) / (long - short), 0.0, 1.0) - _HALF
    change = (parallel_bp + twist_bp * turned) * _BASIS_POINT
    return Continuation(
        par_changes=np.tile(change, (days, 1)),
        residuals={horizon: _still(max(0, days + 1 - horizon)) for horizon in horizons},
    )


def _still(rows: int) -> ResidualMoves:
    # Nothing was observed: no forecast rests on it, the median of the window stays (ruling 36).
    basis, spread = (rows, len(BASIS_CONTRACTS)), (rows, len(SPREAD_KNOTS))
    return ResidualMoves(
        np.zeros(basis), np.zeros(spread), np.zeros(basis, np.bool_), np.zeros(spread, np.bool_)
    )


def cut_after(factors: WalkFactors, known: KnownThen, last: date) -> WalkFactors:
    """Return the history up to a date, with what was known to be applied to its last year.

    Parameters
    ----------
    factors : WalkFactors
    known : KnownThen
        On ``last``, or before it.
    last : date
        A scenario date.
    """
    count = factors.places_between(last, last).stop
    points = factors.points
    return WalkFactors(
        dates=factors.dates[:count],
        points=CurvePoints(points.dates[:count], points.par_yields[:count], points.filled[:count]),
        key_years=factors.key_years,
        known={
            last.year: KnownThen(
                known.until,
                {
                    horizon: _cut(moves, max(0, count - horizon))
                    for horizon, moves in known.moves.items()
                },
            )
        },
    )


def _cut(moves: Moves, rows: int) -> Moves:
    return Moves(
        moves.horizon_days,
        moves.key_rates[:rows],
        moves.basis_bp[:rows],
        moves.spread_bp[:rows],
        moves.basis_own[:rows],
        moves.spread_own[:rows],
    )


def continued(factors: WalkFactors, continuation: Continuation) -> WalkFactors:
    """Return a history with the days of a continuation after its last date.

    They are the business days that follow it. What is estimated rests on what was known on its last
    date, for every day that is appended.

    Parameters
    ----------
    factors : WalkFactors
        Up to the as-of date; see :func:`cut_after`.
    continuation : Continuation

    Raises
    ------
    ValueError
        If par yields leave fewer than six tenors, or give a discount factor that is not positive.
    """
    last = factors.dates[-1].astype(date)
    appended = _business_days(last, continuation.days)
    points = CurvePoints(
        np.concatenate([factors.points.dates, np.array(appended, dtype="datetime64[D]")]),
        np.vstack(
            [
                factors.points.par_yields,
                factors.points.par_yields[-1] + continuation.par_changes,
            ]
        ),
        np.concatenate([factors.points.filled, np.zeros(continuation.days, np.bool_)]),
    )
    then = factors.known[last.year]
    known = KnownThen(
        then.until,
        {
            horizon: _continued_moves(points, factors.key_years, then, continuation, horizon)
            for horizon in then.moves
        },
    )
    years = range(last.year, appended[-1].year + 1)
    return WalkFactors(points.dates, points, factors.key_years, dict.fromkeys(years, known))


def _business_days(after: date, count: int) -> list[date]:
    calendar = sifma_calendar()
    found: list[date] = []
    for _ in range(count):
        found.append(calendar.next_business_day(found[-1] if found else after))
    return found


def _continued_moves(
    points: CurvePoints,
    key_years: FloatArray,
    known: KnownThen,
    continuation: Continuation,
    horizon: int,
) -> Moves:
    before = known.moves[horizon]
    # Every move that ends on an appended day: as many as there are of these.
    start = len(points.dates) - continuation.days - horizon
    tail = CurvePoints(points.dates[start:], points.par_yields[start:], points.filled[start:])
    rates = key_rate_changes(tail, lag=horizon, key_years=key_years).changes
    across = _across(known.moves[1], continuation, horizon)
    inside = continuation.residuals[horizon]
    return Moves(
        horizon_days=horizon,
        key_rates=np.vstack([before.key_rates, rates]),
        basis_bp=np.vstack([before.basis_bp, across.basis_bp, inside.basis_bp]),
        spread_bp=np.vstack([before.spread_bp, across.spread_bp, inside.spread_bp]),
        basis_own=np.vstack([before.basis_own, across.basis_own, inside.basis_own]),
        spread_own=np.vstack([before.spread_own, across.spread_own, inside.spread_own]),
    )


def _across(one_day: Moves, continuation: Continuation, horizon: int) -> ResidualMoves:
    """Return the moves that begin before the as-of date and end after it, day by day summed."""
    after = continuation.residuals[1]
    # As many days before the as-of date as a move that ends on the day after it begins there.
    before = ResidualMoves.of(one_day, slice(len(one_day.basis_bp) - (horizon - 1), None))
    count = min(horizon - 1, continuation.days)
    joined = ResidualMoves(
        np.vstack([before.basis_bp, after.basis_bp[:count]]),
        np.vstack([before.spread_bp, after.spread_bp[:count]]),
        np.vstack([before.basis_own, after.basis_own[:count]]),
        np.vstack([before.spread_own, after.spread_own[:count]]),
    )
    return joined.over(horizon)
