"""What a margin day reads off the market: its curve, its repo rate, and whether it is all there."""

from __future__ import annotations

from datetime import date

import numpy as np

from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.market.basis import QUOTED
from crossmargin.market.curve import ZeroCurve, curve_on
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, MarketData, RateHistory

_PER_CENT = 100.0
_FEWEST_TENORS = 6
_LARGEST_YIELD_PCT = 25.0
_LARGEST_PRICE_PER_100 = 250


def refuse_missing(market: MarketData, as_of: date) -> None:
    """Refuse a market without what the models need, naming every table."""
    faults = []
    absent = [symbol for symbol in QUOTED if symbol not in market.treasury_futures]
    if absent:
        faults.append(
            Refusal("futures_closes", ", ".join(absent), "closes of every one", "ruling 19")
        )
    if not market.fed_funds_futures:
        faults.append(
            Refusal("fed_funds_futures", "none", "closes of fed funds contracts", "ruling 19")
        )
    rows = np.flatnonzero(market.par_yields.dates == np.datetime64(as_of))
    known = market.par_yields.yields_pct[rows]
    known = known[~np.isnan(known)]
    if len(rows) and (len(known) < _FEWEST_TENORS or np.abs(known).max() > _LARGEST_YIELD_PCT):
        faults.append(
            Refusal(
                f"par_yields of {as_of}",
                str(known.tolist()),
                f"at least {_FEWEST_TENORS} tenors, none over {_LARGEST_YIELD_PCT:g} per cent",
                "ruling 33",
            )
        )
    for cusip, price in market.price_sheets[as_of].prices.items():
        quoted = price.sell_clean_per_100 or price.buy_clean_per_100
        if quoted > _LARGEST_PRICE_PER_100:
            expected = f"a price of at most {_LARGEST_PRICE_PER_100}"
            faults.append(Refusal(f"security_prices, {cusip}", str(quoted), expected, "ruling 35"))
    if faults:
        raise RefusedError(*faults)


def fitted_curve(points: CurvePoints, sofr: RateHistory, day: date) -> ZeroCurve:
    """Return the zero curve of a date from the tenors published on it and overnight SOFR.

    Raises
    ------
    RefusedError
        If the date has no par yields.
    """
    rows = np.flatnonzero(points.dates == np.datetime64(day))
    if len(rows) == 0:
        raise refused("date", day, "a date with a par yield curve", "ruling 33")
    par = points.par_yields[rows[0]]
    published = np.flatnonzero(~np.isnan(par))
    years = [PAR_TENOR_YEARS[CURVE_TENORS[tenor]] for tenor in published]
    first_sofr = sofr.dates[0].astype(date) if len(sofr.dates) else date.max
    overnight = rate_on(sofr, day) / _PER_CENT if day >= first_sofr else None
    return curve_on(years, par[published], overnight=overnight)


def rate_on(history: RateHistory, day: date) -> float:
    """Return the rate of the day in per cent, or the last one before it (ruling 33).

    Raises
    ------
    RefusedError
        If there is none yet.
    """
    place = int(np.searchsorted(history.dates, np.datetime64(day), side="right")) - 1
    if place < 0:
        raise refused("date", day, "a date on or after the first SOFR", "ruling 33")
    return float(history.rates_pct[place])


def last_curve_date(points: CurvePoints, *, before: date) -> date:
    """Return the last date with par yields before a date: a month-end, given a month's first."""
    place = int(np.searchsorted(points.dates, np.datetime64(before))) - 1
    if place < 0:
        raise refused("date", before, "a date after the first par yield curve", "ruling 7")
    day: date = points.dates[place].astype(date)
    return day
