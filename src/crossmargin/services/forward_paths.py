"""The paths of a forward walk: dates of the history, an episode again, an impulse, drawn days."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from crossmargin.analysis.walk.continuations import (
    Continuation,
    continued,
    cut_after,
    episode,
    impulse,
)
from crossmargin.analysis.walk.drawn_days import drawn_days
from crossmargin.analysis.walk.factors import KnownThen, WalkFactors, known_on, walk_factors
from crossmargin.analysis.walk.figures import WalkRules
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.market.history import DateArray, MarketData
from crossmargin.market.scenarios import FactorHistories
from crossmargin.services.margin_day import MarginDay

_RULE = "ruling 20"


@dataclass(frozen=True, slots=True)
class Restrike:
    """Every date of the history between two, both included.

    Parameters
    ----------
    first, last : date
    given_as : (str, str)
        The options that gave them, for refusals.
    """

    first: date
    last: date
    given_as: tuple[str, str] = field(default=("--from", "--to"), compare=False)

    mode = "restrike"


@dataclass(frozen=True, slots=True)
class Shock:
    """What the market did between two dates, both included, from the as-of date on.

    Parameters
    ----------
    first, last : date
    given_as : (str, str)
        The options that gave them, for refusals.
    """

    first: date
    last: date
    given_as: tuple[str, str] = field(default=("--shock-from", "--shock-to"), compare=False)

    mode = "shock"


@dataclass(frozen=True, slots=True)
class Impulse:
    """One move of par yields on the day after the as-of date, then still days.

    Parameters
    ----------
    parallel_bp, twist_bp : float
        Of all of them; by which ten years rise against two.
    days : int
        The day of the move included.
    """

    parallel_bp: float
    twist_bp: float
    days: int

    mode = "impulse"


@dataclass(frozen=True, slots=True)
class Simulated:
    """Days of the history drawn in blocks, from the as-of date on.

    Parameters
    ----------
    first : date or None
        Of the days that may be drawn; none: that of the first move which the factors have.
    last : date
        The last that may be drawn; none after the as-of date is.
    days, block_days : int
        In all, and drawn together.
    seed : int
        Not negative.
    skipped : int
        Days drawn before the first of them, and left out: the path goes on after those.
    """

    first: date | None
    last: date
    days: int
    block_days: int
    seed: int
    skipped: int = 0

    mode = "simulated"


ForwardPath = Restrike | Shock | Impulse | Simulated


@dataclass(frozen=True, slots=True)
class Route:
    """Factors, and the places of the margin dates among them."""

    factors: WalkFactors
    places: range
    source_dates: DateArray | None = None


def route_of(day: MarginDay, market: MarketData, path: ForwardPath, rules: WalkRules) -> Route:
    """Return factors and margin dates of a path.

    Parameters
    ----------
    day : MarginDay
        Of the terms date.
    market : MarketData
    path : Restrike, Shock, Impulse or Simulated
    rules : WalkRules

    Raises
    ------
    RefusedError
        If the history does not hold the path's dates.
    ValueError
        If its moves make no curve.
    """
    if isinstance(path, Restrike):
        return _restruck(day, market, path, rules)
    history_to = max(day.as_of, path.last) if isinstance(path, Shock) else day.as_of
    histories = FactorHistories(market, day.parameters.market, as_of=history_to)
    known = known_on(histories, day.as_of, rules.horizons)
    whole = WalkFactors(
        histories.points.dates, histories.points, histories.key_years, {day.as_of.year: known}
    )
    onward = _continuation(whole, known, path, rules)
    factors = continued(cut_after(whole, known, day.as_of), onward)
    opening = len(factors.dates) - onward.days - 1
    return Route(factors, range(opening, len(factors.dates)), onward.source_dates)


def _continuation(
    whole: WalkFactors, known: KnownThen, path: Shock | Impulse | Simulated, rules: WalkRules
) -> Continuation:
    if isinstance(path, Impulse):
        return impulse(
            path.days,
            parallel_bp=path.parallel_bp,
            twist_bp=path.twist_bp,
            horizons=rules.horizons,
        )
    if isinstance(path, Shock):
        _check_dates(whole, (path.first, path.last), options=path.given_as)
        return episode(whole, known, first=path.first, last=path.last)
    return _drawn(whole, known, path)


def _drawn(whole: WalkFactors, known: KnownThen, path: Simulated) -> Continuation:
    # A day's move needs the day before; the factors may begin later than the par yields do.
    first = path.first or whole.dates[1].astype(date)
    _check_dates(whole, (first, path.last), options=("--drawn-from", "--drawn-from"))
    try:
        return drawn_days(
            whole,
            known,
            first=first,
            last=path.last,
            days=path.days,
            block_days=path.block_days,
            seed=path.seed,
            skipped=path.skipped,
        )
    except ValueError as error:
        # The rest is checked where it is given; only this depends on the history.
        expected = f"a date followed by {path.block_days} days in a row with every par yield"
        raise refused("--drawn-from", first.isoformat(), expected, _RULE) from error


def _restruck(day: MarginDay, market: MarketData, path: Restrike, rules: WalkRules) -> Route:
    try:
        return _restruck_between(day, market, path, rules)
    except (ValueError, RefusedError) as error:
        earliest = _earliest_restruck(day, market, rules)
        if earliest is None or path.first >= earliest:
            raise
        # What fails too early is said in words of the factors: the date is what helps.
        expected = f"{earliest} or later: factors before it rest on too short a history"
        raise refused(path.given_as[0], path.first.isoformat(), expected, _RULE) from error


def _earliest_restruck(day: MarginDay, market: MarketData, rules: WalkRules) -> date | None:
    """Return the first date to which books can be re-struck, or None where there is none.

    Factors are estimated by the end of the year before the opening, which is the date before.
    """
    last = market.par_yields.dates[-1].astype(date)
    histories = FactorHistories(market, day.parameters.market, as_of=last)
    dates = histories.points.dates
    years = list(range(dates[0].astype(date).year + 1, last.year + 1))
    known = bisect_left(
        years, 1, key=lambda year: int(_is_known(histories, date(year - 1, 12, 31), rules))
    )
    if known == len(years):
        return None
    opening = int(np.searchsorted(dates, np.datetime64(date(years[known], 1, 1))))
    following = dates[opening + 1 : opening + 2]
    return following[0].astype(date) if len(following) else None


def _is_known(histories: FactorHistories, until: date, rules: WalkRules) -> bool:
    try:
        known_on(histories, until, rules.horizons)
    except ValueError:
        return False
    return True


def _restruck_between(
    day: MarginDay, market: MarketData, path: Restrike, rules: WalkRules
) -> Route:
    histories = FactorHistories(market, day.parameters.market, as_of=path.last)
    blank = WalkFactors(histories.points.dates, histories.points, histories.key_years, {})
    places = _check_dates(blank, (path.first, path.last), options=path.given_as)
    opening = blank.dates[places.start - 1].astype(date)
    factors = walk_factors(histories, first=opening, last=path.last, horizons=rules.horizons)
    return Route(factors, range(places.start - 1, places.stop))


def _check_dates(
    factors: WalkFactors, dates: tuple[date, date], *, options: tuple[str, str]
) -> range:
    """Return the places of a path's dates, refusing one that the history does not hold."""
    earliest, latest = (factors.dates[place].astype(date) for place in (1, -1))
    first, last = dates
    faults = []
    if first > last:
        value = f"{first} to {last}"
        faults.append(Refusal(options[0], value, "the earlier date first", _RULE))
    if first < earliest:
        expected = f"{earliest} or later: the history begins the date before"
        faults.append(Refusal(options[0], first.isoformat(), expected, _RULE))
    places = factors.places_between(first, last)
    if not faults and not len(places):
        value = f"{first} to {last}"
        expected = f"a date with par yields among them; the last one is {latest}"
        faults.append(Refusal(options[1], value, expected, _RULE))
    if faults:
        raise RefusedError(*faults)
    return places
