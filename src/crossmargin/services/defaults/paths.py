"""Paths along which a close-out is made: what the walk offers, cut to what a close-out needs.

The failure is on the first day of a path. *Restrike* takes the books back to the date before it;
*shock* makes today's as-of date the opening and does again what came after.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from crossmargin.basics.refusals import refused
from crossmargin.market.history import MarketData
from crossmargin.services.forward_paths import ForwardPath, Restrike, Shock, Simulated

_RULE = "ruling 20"


class HistoricalMode(StrEnum):
    """How a date of the history comes to a book of today (ruling 20)."""

    RESTRIKE = "restrike"
    SHOCK = "shock"


def historical_path(
    market: MarketData, mode: HistoricalMode, *, failed_on: date, days: int
) -> ForwardPath:
    """Return the path of a failure on a date of the history.

    Parameters
    ----------
    market : MarketData
    mode : HistoricalMode
    failed_on : date
        The day of the failure, or the day off before it.
    days : int
        Scenario dates, the day of the failure included; fewer where the history ends before.

    Raises
    ------
    RefusedError
        If the history has no such date.
    """
    dates = market.par_yields.dates.astype(object).tolist()
    later = [day for day in dates if day >= failed_on][:days]
    if not later:
        raise refused("failed_on", failed_on, f"{dates[-1]} or before: the history ends", _RULE)
    chosen = Restrike if mode is HistoricalMode.RESTRIKE else Shock
    return chosen(failed_on, later[-1])


def simulated_path(
    market: MarketData, *, as_of: date, first: date, days: int, block_days: int, seed: int
) -> ForwardPath:
    """Return a path of days drawn from the history between a date and the as-of date.

    Parameters
    ----------
    market : MarketData
    as_of : date
        The opening; no later day is drawn.
    first : date
        No earlier day is drawn.
    days, block_days, seed : int
        See :class:`~crossmargin.services.forward_paths.Simulated`.

    Raises
    ------
    RefusedError
        If the seed is negative, or the history begins after the as-of date.
    """
    if seed < 0:
        raise refused("seed", seed, "a whole number, not negative", _RULE)
    dates = [day for day in market.par_yields.dates.astype(object).tolist() if day <= as_of]
    if not dates:
        raise refused("as_of", as_of, "a date that the history holds", _RULE)
    return Simulated(first, dates[-1], days, block_days, seed)
