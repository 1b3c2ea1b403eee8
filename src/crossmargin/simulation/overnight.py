"""Overnight rates and 30-day fed funds futures of the synthetic market.

The effective rate lies under the target's upper bound (ruling 19), at the target itself before
2008-12-16; SOFR lies under it too, with fading noise and a rise at month-ends. A fed funds future
of a near month pays the mean effective rate of its month, which the simulated market foresees; six
months out it is the Treasury-implied forward less a distance, plus a spread factor and noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from crossmargin.basics.dates import add_months
from crossmargin.market.history import FloatArray
from crossmargin.market.portable import log_portable
from crossmargin.market.seeds import generator
from crossmargin.product.futures import PRODUCTS, FuturesContract
from crossmargin.simulation.calibration import Calibration
from crossmargin.simulation.futures import bars
from crossmargin.simulation.path import RatePaths, fading_noise

SOFR_FIRST_DAY = date(2018, 4, 3)
TARGET_RANGE_FIRST_DAY = date(2008, 12, 16)
MONTHS_LISTED = 24
_SOFR, _EFFR, _SPREAD, _TIMING, _BARS = 21, 22, 23, 24, 25
_FORESIGHT_YEARS = (0.08, 0.50)  # all of it to the first, none from the second


def sofr(paths: RatePaths, *, days_count: int, seed: int, calibration: Calibration) -> pl.DataFrame:
    """Return the table ``sofr``: under the target, with month-ends."""
    noise = fading_noise(
        generator(seed, _SOFR).standard_normal(days_count),
        sd=calibration.number("sofr_noise_sd_bp"),
        decay=calibration.number("sofr_noise_decay"),
    )
    turn = np.array(
        [paths.days[i].month != paths.days[i + 1].month for i in range(days_count)]
    ) * calibration.number("sofr_month_end_bp")
    under = calibration.number("sofr_under_target_bp")
    rates = paths.target_pct[:days_count] + (turn + noise - under) / 100
    frame = pl.DataFrame(
        {"date": paths.days[:days_count], "sofr_pct": np.round(np.maximum(rates, 0.01), 2)}
    )
    return frame.filter(pl.col("date") >= SOFR_FIRST_DAY)


def fed_funds(paths: RatePaths, *, seed: int, calibration: Calibration) -> pl.DataFrame:
    """Return target and effective rate for every calendar day of the paths, foreseen days too."""
    noise = generator(seed, _EFFR).standard_normal(len(paths.days))
    under = np.array([day >= TARGET_RANGE_FIRST_DAY for day in paths.days])
    shift = noise * calibration.number("effr_noise_sd_bp")
    shift = shift - under * calibration.number("effr_under_target_bp")
    effective = np.round(np.maximum(paths.target_pct + shift / 100, 0.01), 2)
    first, last = paths.days[0], paths.days[-1]
    every = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    ordinals = np.array([day.toordinal() for day in paths.days])
    rows = np.searchsorted(ordinals, [day.toordinal() for day in every], side="right") - 1
    return pl.DataFrame(
        {
            "date": every,
            "fed_funds_target_pct": paths.target_pct[rows],
            "effr_pct": effective[rows],
        }
    )


def _month_means(table: pl.DataFrame) -> dict[tuple[int, int], float]:
    """Return the mean effective rate of each calendar month, per cent."""
    rows = table.group_by(
        pl.col("date").dt.year().alias("year"), pl.col("date").dt.month().alias("month")
    ).agg(pl.col("effr_pct").mean())
    return {(year, month): mean for year, month, mean in rows.iter_rows()}


def _forwards_pct(discount: FloatArray, start: FloatArray) -> FloatArray:
    """Return the one-month forward rate from each start in years, per cent, shape (days,)."""
    logs = log_portable(discount[:, : int(2 * MONTHS_LISTED / 12) + 3])
    knots = np.arange(logs.shape[1]) / 2
    rows = np.arange(len(start))
    span = 1 / 12
    values = []
    for at in (start, start + span):
        place = (at * 2).astype(np.int64)
        weight = at * 2 - knots[place] * 2
        values.append(logs[rows, place] + (logs[rows, place + 1] - logs[rows, place]) * weight)
    return np.asarray((values[0] - values[1]) / span * 100)


def fed_funds_futures(
    paths: RatePaths,
    *,
    days_count: int,
    discount: FloatArray,
    effective: pl.DataFrame,
    seed: int,
    calibration: Calibration,
) -> pl.DataFrame:
    """Return the table ``fed_funds_futures``: contracts from the spot month to 24 months out."""
    days = paths.days[:days_count]
    spread, timing = spread_and_timing_bp(days_count, seed=seed, calibration=calibration)
    shift = spread + timing - calibration.number("fed_funds_futures_under_forward_bp")
    means = _month_means(effective)
    random = generator(seed, _BARS)
    frames = []
    spot = [day.replace(day=1) for day in days]
    for ahead in range(MONTHS_LISTED + 1):
        listed = {month: add_months(month, ahead) for month in set(spot)}
        months = [listed[month] for month in spot]
        offset = np.array([(m - day).days for m, day in zip(months, days, strict=True)]) / 365.25
        start = np.maximum(offset, 0.0)
        near, far = _FORESIGHT_YEARS
        away = np.clip((offset - near) / (far - near), 0.0, 1.0)
        forward = _forwards_pct(discount[:days_count], start) + shift / 100
        foreseen = np.array([means.get((m.year, m.month), 0.0) for m in months])
        rate = away * forward + (1 - away) * foreseen
        draws = random.random((days_count, 3))
        table = bars(100 - rate, tick=PRODUCTS["ZQ"].tick_points, draws=draws)
        traded = np.rint(20_000 * random.random(days_count) / (1 + ahead))
        frames.append(
            pl.DataFrame(
                {
                    "date": days,
                    "symbol": _symbols(months),
                    **{name: np.round(values, 4) for name, values in table.items()},
                    "volume": traded.astype(np.int64),
                    "open_interest": (traded * 10).astype(np.int64),
                }
            )
        )
    return pl.concat(frames).sort("date", maintain_order=True)


def _symbols(months: Sequence[date]) -> list[str]:
    codes = {m: FuturesContract("ZQ", m.year, m.month).code for m in set(months)}
    return [codes[m] for m in months]


def spread_and_timing_bp(
    count: int, *, seed: int, calibration: Calibration
) -> tuple[FloatArray, FloatArray]:
    """Return the true spread factor and timing noise in basis points, shape (days,)."""
    decay = calibration.number("fed_funds_futures_decay")
    innovation = calibration.number("fed_funds_futures_spread_sd_bp")
    spread = fading_noise(
        generator(seed, _SPREAD).standard_normal(count),
        sd=float(innovation / np.sqrt(1 - decay * decay)),
        decay=decay,
    )
    timing = generator(seed, _TIMING).standard_normal(count)
    return spread, timing * calibration.number("fed_funds_futures_timing_sd_bp")
