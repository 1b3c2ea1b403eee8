"""Recompute the calibration of the simulated market from real files, and print it as TOML.

The birth certificate of every figure in ``src/crossmargin/simulation/calibration.toml`` whose
status is ``derived``. Run ``python benchmarks/calibrate_simulated_market.py DATA_DIR`` with a
folder of published market data; nothing is written.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.simulation.calibration import EPISODES, FACTOR_TENORS, factor_weights
from crossmargin.simulation.estimation import (
    episode_multipliers,
    factor_moves,
    factor_shapes,
    fit_volatility,
    level_noise,
    split_noise,
)

FloatArray = npt.NDArray[np.float64]

FIRST_DAY = date(2006, 2, 9)  # the 30-year yield is published again from this day
LAST_DAY = date(2026, 3, 24)
HORIZONS_DAYS = (1, 2, 3, 5, 10)
FUTURES_TENORS = {
    "ZT": ("1Y", "2Y", "3Y"),
    "ZF": ("3Y", "5Y", "7Y"),
    "ZN": ("5Y", "7Y", "10Y"),
    "ZB": ("10Y", "20Y", "30Y"),
    "TN": ("7Y", "10Y", "20Y"),
}
ROLL_MONTHS = (3, 6, 9, 12)
LAST_DAYS_FROM, FIRST_DAYS_TO = 17, 3  # a roll falls between these days
MONTHS_AHEAD = 9
PROGRAM = "computed by benchmarks/calibrate_simulated_market.py from "
CURVE = PROGRAM + "the US Treasury par yield curve 2006-2026"
CLOSES = PROGRAM + "continuous CBOT Treasury futures closes 2006-2025 and the par yield curve"
FUNDS = PROGRAM + "CBOT 30-day fed funds futures 2006-2023 and the par yield curve"
OVERNIGHT = PROGRAM + "SOFR 2018-2026 and the fed funds target"


def read_curve(folder: Path) -> pl.DataFrame:
    """Return the par yield curve between the first and the last day."""
    curve = pl.read_csv(
        folder / "ust_par_yield_curve_daily.csv.gz",
        try_parse_dates=True,
        schema_overrides=dict.fromkeys(PAR_TENOR_YEARS, pl.Float64),
    )
    return curve.filter(pl.col("date").is_between(FIRST_DAY, LAST_DAY))


def _numbers(values: FloatArray | list[float], digits: int = 3) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in np.asarray(values).ravel())


Calibrated = dict[str, tuple[str, str, str]]


def calibrate_curve(curve: pl.DataFrame) -> Calibrated:
    """Return shapes, volatilities, episodes, tails and noise of the par yield curve."""
    yields = curve.select(FACTOR_TENORS).to_numpy().astype(np.float64)
    moves_bp = np.diff(yields, axis=0) * 100
    shapes = factor_shapes(moves_bp)
    factors = factor_moves(moves_bp, shapes.loadings)
    days = curve["date"].to_list()[1:]
    masks = [np.array([e.first <= d <= e.last for d in days]) for e in EPISODES]
    order = [i for i, e in sorted(enumerate(EPISODES), key=lambda pair: pair[1].priority)]
    multipliers, calm = episode_multipliers(factors, masks, priority=order)
    weight = factor_weights(days, multipliers)
    fits = [fit_volatility(factors[:, k] / weight[:, k]) for k in range(3)]
    residual = yields * 100 - factor_moves(yields * 100, shapes.loadings) @ shapes.loadings
    noises = [level_noise(column) for column in residual.T]
    found: Calibrated = {
        "mean_yields_pct": (_numbers(yields.mean(axis=0), 2), "per cent", CURVE),
        "loadings_level": (_numbers(shapes.loadings[0]), "ratio", CURVE),
        "loadings_slope": (_numbers(shapes.loadings[1]), "ratio", CURVE),
        "loadings_curvature": (_numbers(shapes.loadings[2]), "ratio", CURVE),
        "calm_sd_bp": (_numbers(calm), "basis points a day", CURVE),
        "variance_share": (_numbers(shapes.variance_share, 4), "ratio", CURVE),
        "volatility_reaction": (_numbers([f.reaction for f in fits]), "ratio", CURVE),
        "volatility_persistence": (_numbers([f.persistence for f in fits]), "ratio", CURVE),
        "degrees_of_freedom": (_numbers([f.degrees_of_freedom for f in fits], 1), "count", CURVE),
        "tenor_noise_sd_bp": (_numbers([n.sd for n in noises]), "basis points", CURVE),
        "tenor_noise_decay": (_numbers([n.decay for n in noises]), "ratio a day", CURVE),
    }
    for episode, row in zip(EPISODES, multipliers, strict=True):
        found[f"multiplier_{episode.name}"] = (_numbers(row), "ratio", CURVE)
    bills = (curve["1M"] - curve["3M"]).to_numpy().astype(np.float64) * 100
    noise = level_noise(bills[~np.isnan(bills)])
    found["bill_noise_sd_bp"] = (f"{noise.sd:.3f}", "basis points", CURVE)
    found["bill_noise_decay"] = (f"{noise.decay:.3f}", "ratio a day", CURVE)
    return found


def _away_from_rolls(days: list[date], horizon: int) -> npt.NDArray[np.bool_]:
    """Return which changes over ``horizon`` rows do not touch the end of a roll month."""
    ends = [d.month in ROLL_MONTHS and d.day >= LAST_DAYS_FROM for d in days]
    starts = [d.month % 3 == 1 and d.day <= FIRST_DAYS_TO for d in days]
    near = np.array(ends) | np.array(starts)
    return np.array([not near[i : i + horizon + 1].any() for i in range(len(days) - horizon)])


def _residual_variances(
    prices: FloatArray, yields: FloatArray, days: list[date]
) -> tuple[dict[int, float], float]:
    """Return residual variances by horizon, in per cent of price squared, and the duration."""
    returns = 100 * np.log(prices)
    quiet = _away_from_rolls(days, 5)
    change = (yields[5:] - yields[:-5])[quiet]
    target = (returns[5:] - returns[:-5])[quiet]
    slopes = np.linalg.lstsq(change, target, rcond=None)[0]
    variances = {}
    for k in HORIZONS_DAYS:
        quiet = _away_from_rolls(days, k)
        left = (returns[k:] - returns[:-k] - (yields[k:] - yields[:-k]) @ slopes)[quiet]
        spread = np.median(np.abs(left)) / 0.6745  # the roll days and bad prints of the feed
        variances[k] = float(np.mean(left[np.abs(left) < 6 * spread] ** 2))
    return variances, float(-slopes.sum())


def calibrate_futures(curve: pl.DataFrame, folder: Path) -> Calibrated:
    """Return timing noise and basis of Treasury futures, in basis points of yield."""
    closes = pl.read_csv(folder / "treasury_futures_continuous_daily.csv.gz", try_parse_dates=True)
    timing, basis = [], []
    for symbol, tenors in FUTURES_TENORS.items():
        one = closes.filter(pl.col("symbol") == symbol).select("date", "close")
        both = curve.select("date", *tenors).join(one, on="date").sort("date").drop_nulls()
        variances, duration = _residual_variances(
            both["close"].to_numpy().astype(np.float64),
            both.select(tenors).to_numpy().astype(np.float64),
            both["date"].to_list(),
        )
        split = split_noise(variances)
        timing.append(100 * split.timing_sd / duration)
        basis.append(100 * split.basis_sd / duration)
    unit = "basis points of yield"
    return {
        "futures_timing_sd_bp": (_numbers(timing), unit, CLOSES),
        "futures_basis_sd_bp": (_numbers(basis), f"{unit} a day", CLOSES),
    }


def calibrate_fed_funds(curve: pl.DataFrame, folder: Path) -> Calibrated:
    """Return timing noise and lasting spread moves of fed funds futures nine months out."""
    prices = pl.read_csv(folder / "zq_fed_funds_futures_by_contract.csv.gz", try_parse_dates=True)
    letters = "FGHJKMNQUVXZ"
    month = (
        pl.col("symbol")
        .str.slice(2, 1)
        .replace_strict(list(letters), list(range(1, 13)), return_dtype=pl.Int64)
    )
    year = 2000 + pl.col("symbol").str.slice(3, 2).cast(pl.Int64)
    ahead = (year - pl.col("date").dt.year()) * 12 + month - pl.col("date").dt.month()
    chosen = prices.filter((pl.col("date") >= FIRST_DAY) & (ahead == MONTHS_AHEAD)).select(
        "date", "symbol", "close"
    )
    forward = (2 * pl.col("1Y") - pl.col("6M")).alias("forward")
    both = curve.select("date", forward).join(chosen, on="date").sort("date").drop_nulls()
    gap = 100 * (100 - both["close"].to_numpy() - both["forward"].to_numpy()).astype(np.float64)
    same = both["symbol"].to_numpy()
    variances = {}
    for k in HORIZONS_DAYS:
        change = (gap[k:] - gap[:-k])[same[k:] == same[:-k]]
        variances[k] = float(np.mean(change**2))
    split = split_noise(variances)
    return {
        "fed_funds_futures_timing_sd_bp": (f"{split.timing_sd:.3f}", "basis points", FUNDS),
        "fed_funds_futures_spread_sd_bp": (f"{split.basis_sd:.3f}", "basis points a day", FUNDS),
    }


def calibrate_overnight(folder: Path) -> Calibrated:
    """Return the place of SOFR under the target's upper bound, ordinary days and month-ends."""
    sofr = pl.read_csv(folder / "sofr_daily.csv", try_parse_dates=True)
    target = pl.read_csv(
        folder / "fed_funds_target_and_effr_daily.csv.gz",
        try_parse_dates=True,
        schema_overrides={"effr_pct": pl.Float64, "fed_funds_target_pct": pl.Float64},
    )
    both = sofr.join(target, on="date").filter(pl.col("date") <= LAST_DAY).sort("date")
    gap = 100 * (both["sofr_pct"] - both["fed_funds_target_pct"]).to_numpy()
    days = both["date"].to_list()
    turn = np.array([d.month != e.month for d, e in zip(days, [*days[1:], days[-1]], strict=True)])
    ordinary = gap[~turn]
    noise = level_noise(np.clip(ordinary, -40, 40) - float(np.median(ordinary)))
    return {
        "sofr_under_target_bp": (f"{-np.median(ordinary):.1f}", "basis points", OVERNIGHT),
        "sofr_noise_sd_bp": (f"{noise.sd:.3f}", "basis points", OVERNIGHT),
        "sofr_noise_decay": (f"{noise.decay:.3f}", "ratio a day", OVERNIGHT),
        "sofr_month_end_bp": (
            f"{np.median(gap[turn]) - np.median(ordinary):.1f}",
            "basis points",
            OVERNIGHT,
        ),
    }


def calibrate(folder: Path) -> Calibrated:
    """Return every derived figure: name to (value, unit, source)."""
    curve = read_curve(folder)
    return {
        **calibrate_curve(curve),
        **calibrate_futures(curve, folder),
        **calibrate_fed_funds(curve, folder),
        **calibrate_overnight(folder),
    }


def main(arguments: list[str]) -> int:
    """Print the TOML tables."""
    if len(arguments) != 1:
        print("usage: calibrate_simulated_market.py DATA_DIR", file=sys.stderr)
        return 2
    for name, (value, unit, source) in calibrate(Path(arguments[0])).items():
        print(f'[{name}]\nvalue = "{value}"\nunit = "{unit}"\nsource = "{source}"')
        print(f'status = "derived"\neffective_from = "{FIRST_DAY}"\n')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
