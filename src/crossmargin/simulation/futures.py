r"""Closes of Treasury futures: the cheapest to deliver, a lasting basis, and timing noise.

.. math:: F_t = \min_i \frac{f_{i,t}}{c_i} \left(1 - D_t (b_t + n_t)\right)

with :math:`f_i` the forward clean price of an issue of the basket, :math:`c_i` its conversion
factor, :math:`D` the modified duration of a par bond of the basket's shortest maturity,
:math:`b` the basis (an AR(1) whose daily innovations have the documented standard deviation) and
:math:`n` the timing noise (independent each day: the last price is not taken in the minute of the
curve). The front contract changes on the day after its last trading day; nothing is adjusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl

from crossmargin.market.curve import DAYS_PER_YEAR, HALF_YEARS, KNOT_YEARS, zero_rates
from crossmargin.market.history import PAR_TENOR_YEARS, FloatArray
from crossmargin.market.portable import exp_portable, log_portable
from crossmargin.market.seeds import generator
from crossmargin.product.futures import PRODUCTS, FuturesContract, last_delivery_day
from crossmargin.simulation.calibration import Calibration
from crossmargin.simulation.contracts import forward_clean_prices, front_runs, known_basket
from crossmargin.simulation.issues import SimulatedIssue
from crossmargin.simulation.path import RatePaths

#: Contracts with a history, in the order of the calibration's lists; TN is listed from 2016.
SYMBOLS = ("ZT", "ZF", "ZN", "ZB", "TN")
FIRST_LISTED = {"TN": date(2016, 1, 11)}
_BASIS, _TIMING, _BARS = 11, 12, 13
_TYPICAL_VOLUME = {"ZT": 400_000, "ZF": 800_000, "ZN": 1_200_000, "ZB": 300_000, "TN": 200_000}


def discount_grid(paths: RatePaths) -> FloatArray:
    """Return discount factors at 0, 0.5, ... 30.5 years for every day, shape (days, 62)."""
    names = [name for name in paths.tenors if PAR_TENOR_YEARS[name] >= KNOT_YEARS[0]]
    yields = np.stack([np.round(paths.tenor(name), 2) for name in names], axis=1) / 100
    rates = zero_rates([PAR_TENOR_YEARS[name] for name in names], yields)[:, 1:]
    discount = np.ones((len(yields), HALF_YEARS + 2))
    discount[:, 1:-1] = exp_portable(-rates * KNOT_YEARS[1:])
    discount[:, -1] = discount[:, -2] ** 2 / discount[:, -3]
    return discount


def shared_shocks(count: int, *, seed: int, stream: int, common_share: float) -> FloatArray:
    """Return standard normal shocks, shape (count, contracts), with a common part."""
    drawn = generator(seed, stream).standard_normal((count, len(SYMBOLS) + 1))
    common, own = np.sqrt(common_share), np.sqrt(1 - common_share)
    return np.asarray(common * drawn[:, :1] + own * drawn[:, 1:])


def basis_and_timing_bp(
    count: int, *, seed: int, calibration: Calibration
) -> tuple[FloatArray, FloatArray]:
    """Return the true basis and timing noise in basis points of yield, shape (count, contracts)."""
    decay = calibration.number("basis_decay")
    shares = (calibration.number("basis_common_share"), calibration.number("timing_common_share"))
    shocks = shared_shocks(count, seed=seed, stream=_BASIS, common_share=shares[0])
    shocks = shocks * calibration.numbers("futures_basis_sd_bp")
    basis = np.empty_like(shocks)
    level = np.zeros(len(SYMBOLS))
    for day, shock in enumerate(shocks):
        level = decay * level + shock
        basis[day] = level
    noise = shared_shocks(count, seed=seed, stream=_TIMING, common_share=shares[1])
    return basis, noise * calibration.numbers("futures_timing_sd_bp")


def _par_duration(par_yield: FloatArray, years: float) -> FloatArray:
    """Return the modified duration of a par bond, in years."""
    return (1 - exp_portable(-2 * years * log_portable(1 + par_yield / 2))) / par_yield


def _contract_prices(
    contract: FuturesContract,
    days: Sequence[date],
    discount: FloatArray,
    issues: Sequence[SimulatedIssue],
) -> tuple[FloatArray, float]:
    """Return the cheapest forward price over factor on each day, and the shortest maturity."""
    basket = known_basket(contract, issues, known_on=days[0])
    last = last_delivery_day(contract)
    prices = [
        forward_clean_prices(line.security, days=days, discount=discount, delivery_day=last)
        / float(line.conversion_factor)
        for line in basket
    ]
    shortest = basket[0].security.maturity_date  # the basket is in order of maturity
    first_day = date(contract.year, contract.month, 1)
    return np.min(prices, axis=0), (shortest - first_day).days / DAYS_PER_YEAR


def simulate_closes(
    symbol: str,
    paths: RatePaths,
    *,
    issues: Sequence[SimulatedIssue],
    discount: FloatArray,
    shift_bp: FloatArray,
) -> FloatArray:
    """Return unrounded closes for every day of the paths; ``shift_bp`` is basis plus timing."""
    tenors = [PAR_TENOR_YEARS[name] for name in paths.tenors]
    closes = np.empty(len(discount))
    days = paths.days[: len(discount)]
    for contract, rows in front_runs(symbol, days):
        prices, years = _contract_prices(contract, days[rows], discount[rows], issues)
        place = int(np.searchsorted(tenors, years)) - 1
        weight = (years - tenors[place]) / (tenors[place + 1] - tenors[place])
        near, far = paths.yields_pct[rows, place], paths.yields_pct[rows, place + 1]
        duration = _par_duration((near + (far - near) * weight) / 100, years)
        closes[rows] = prices * (1 - duration * shift_bp[rows] / 1e4)
    return closes


def bars(closes: FloatArray, *, tick: Decimal, draws: FloatArray) -> dict[str, FloatArray]:
    """Return open, high, low and close on the tick grid: open between closes, a range around.

    ``draws`` has three uniform numbers a day: the open's place, the reach above and below.
    """
    previous = np.concatenate([closes[:1], closes[:-1]])
    typical = float(np.median(np.abs(closes - previous)))
    opened = previous + (closes - previous) * draws[:, 0]
    reach = typical * draws[:, 1:]
    raw = {
        "open": opened,
        "high": np.maximum(opened, closes) + reach[:, 0],
        "low": np.minimum(opened, closes) - reach[:, 1],
        "close": closes,
    }
    per_point = float(1 / tick)
    return {name: np.rint(values * per_point) / per_point for name, values in raw.items()}


def futures_closes(
    paths: RatePaths,
    *,
    days_count: int,
    issues: Sequence[SimulatedIssue],
    discount: FloatArray,
    seed: int,
    calibration: Calibration,
) -> pl.DataFrame:
    """Return the table ``futures_closes`` of the first ``days_count`` days."""
    basis, timing = basis_and_timing_bp(days_count, seed=seed, calibration=calibration)
    frames = []
    for column, symbol in enumerate(SYMBOLS):
        random = generator(seed, _BARS, column)
        closes = simulate_closes(
            symbol,
            paths,
            issues=issues,
            discount=discount[:days_count],
            shift_bp=basis[:, column] + timing[:, column],
        )
        draws = random.random((days_count, 3))
        table = bars(closes, tick=PRODUCTS[symbol].tick_points, draws=draws)
        volume = np.rint(_TYPICAL_VOLUME[symbol] * (0.5 + random.random(days_count)))
        frame = pl.DataFrame(
            {
                "date": paths.days[:days_count],
                "symbol": [symbol] * days_count,
                **table,
                "volume": volume.astype(np.int64),
                "date_inferred": np.zeros(days_count, dtype=np.int64),
            }
        )
        frames.append(frame.filter(pl.col("date") >= FIRST_LISTED.get(symbol, paths.days[0])))
    return pl.concat(frames)
