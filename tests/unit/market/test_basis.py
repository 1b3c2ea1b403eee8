"""The basis estimate finds a basis that was put in, and neither noise nor the curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.market.basis import NEIGHBOURS, QUOTED, BasisResiduals
from crossmargin.market.curve import interpolate_monotone
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, CloseHistory, FloatArray
from crossmargin.market.residuals import ResidualShocks
from crossmargin.market.seeds import generator
from crossmargin.product.futures import FuturesContract, last_trading_day
from crossmargin.testing.builders import AS_OF

PARAMETERS = parameter_sets(AS_OF).market
BASIS_BP, NOISE_BP, ROLL_BP = 0.6, 1.0, 40.0
TENORS = np.array([PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS])


def weekdays() -> np.ndarray:
    days = np.arange(np.datetime64("2012-01-02"), np.datetime64("2019-12-31"))
    return days[np.is_busday(days)]


def invented_points() -> CurvePoints:
    dates = weekdays()
    random = generator(21)
    level = np.cumsum(random.normal(0.0, 5e-4, (len(dates), 1)), axis=0)
    slope = np.cumsum(random.normal(0.0, 2e-4, (len(dates), 1)), axis=0)
    level, slope = np.tanh(level * 10) / 60, np.tanh(slope * 10) / 200
    par = 0.04 + level + slope * np.log(TENORS / 5.0) / 2.0
    return CurvePoints(dates, par, np.zeros(len(dates), dtype=bool))


def invented_closes(
    points: CurvePoints, *, basis_bp: float, noise_bp: float, roll_bp: float = 0.0
) -> dict[str, CloseHistory]:
    """Return futures that follow their par bond, plus a walk, noise and a jump each quarter."""
    closes = {}
    for number, symbol in enumerate(QUOTED):
        random = generator(22, number)
        maturity = float(PARAMETERS.ratio(f"basis_ctd_maturity_years_{symbol}"))
        par = interpolate_monotone(TENORS, points.par_yields, np.array([maturity]))[:, 0]
        walk = np.cumsum(random.normal(0.0, basis_bp, len(par)))
        walk = walk + roll_bp * rolls_before(points)
        seen = par + (walk + random.normal(0.0, noise_bp, len(par))) * 1e-4
        middle = (par[1:] + par[:-1]) / 2.0
        duration = (1.0 - (1.0 + middle / 2.0) ** (-2.0 * maturity)) / middle
        price = np.exp(np.concatenate([[np.log(110.0)], -duration * np.diff(seen)]).cumsum())
        closes[symbol] = CloseHistory(symbol, points.dates, price)
    return closes


def rolls_before(points: CurvePoints) -> FloatArray:
    """Return how many contracts have changed: on the date after the ten-year's last trading day."""
    last_days = [
        np.datetime64(last_trading_day(FuturesContract("ZN", year, month)))
        for year in range(2012, 2020)
        for month in (3, 6, 9, 12)
    ]
    return np.searchsorted(np.array(last_days), points.dates).astype(np.float64)


def shocks_of(points: CurvePoints, closes: dict[str, CloseHistory], days: int) -> ResidualShocks:
    return BasisResiduals(points, closes, PARAMETERS).shocks(horizon_days=days)


@pytest.fixture(scope="module")
def points() -> CurvePoints:
    return invented_points()


@pytest.mark.parametrize("days", [1, 3])
def test_the_walk_is_found_and_the_noise_is_not(points: CurvePoints, days: int) -> None:
    closes = invented_closes(points, basis_bp=BASIS_BP, noise_bp=NOISE_BP, roll_bp=ROLL_BP)
    shocks = shocks_of(points, closes, days)
    for symbol in QUOTED:
        estimate = shocks.estimates[symbol]["ordinary"]
        assert estimate.daily_sd_bp == pytest.approx(BASIS_BP, rel=0.3), symbol
        raw = np.sqrt(days * BASIS_BP**2 + 2 * NOISE_BP**2)
        assert estimate.raw_sd_bp == pytest.approx(raw, rel=0.15), symbol
        spread = float(np.std(shocks.column(symbol)))
        assert spread == pytest.approx(estimate.noise_free_sd_bp, rel=0.15), symbol


def test_a_future_that_follows_its_bond_has_no_basis(points: CurvePoints) -> None:
    shocks = shocks_of(points, invented_closes(points, basis_bp=0.0, noise_bp=0.0), 3)
    assert np.abs(shocks.shocks_bp).max() < 0.1


def test_a_roll_is_not_a_shock(points: CurvePoints) -> None:
    closes = invented_closes(points, basis_bp=BASIS_BP, noise_bp=0.1, roll_bp=ROLL_BP)
    shocks = shocks_of(points, closes, 3)
    for symbol in QUOTED:
        assert np.abs(shocks.column(symbol)).max() < ROLL_BP / 4


def test_a_rise_of_the_futures_yield_is_positive(points: CurvePoints) -> None:
    """A future that falls by 3 bp of yield more than the curve says, for good, on one date."""
    closes = invented_closes(points, basis_bp=BASIS_BP, noise_bp=0.1)
    place = int(np.searchsorted(points.dates, np.datetime64("2017-04-26")))
    duration = 5.6  # of a 6.6-year bond at 4 %
    drop = np.where(np.arange(len(points.dates)) >= place, np.exp(-duration * 8e-4), 1.0)
    fallen = {**closes, "ZN": replace(closes["ZN"], closes=closes["ZN"].closes * drop)}
    before, after = (shocks_of(points, each, 1).column("ZN") for each in (closes, fallen))
    assert after[place - 1] - before[place - 1] > 5.0


def test_contracts_without_prices_take_a_neighbours_and_are_counted(points: CurvePoints) -> None:
    closes = invented_closes(points, basis_bp=BASIS_BP, noise_bp=NOISE_BP)
    shocks = shocks_of(points, closes, 3)
    assert shocks.names == tuple(NEIGHBOURS)
    own = ~shocks.redrawn
    for symbol, neighbour in (("Z3N", "ZT"), ("TWE", "ZB"), ("UB", "ZB")):
        assert np.array_equal(shocks.column(symbol)[own], shocks.column(neighbour)[own])
        origin = shocks.origins(np.ones(len(own), dtype=bool))[symbol]
        assert origin.own == 0
        assert origin.neighbour == int(own.sum())
        assert origin.redrawn == int((~own).sum())


def test_dates_after_the_last_price_are_redrawn_whole(points: CurvePoints) -> None:
    closes = invented_closes(points, basis_bp=BASIS_BP, noise_bp=NOISE_BP)
    last = int(np.searchsorted(points.dates, np.datetime64("2018-06-29")))
    shorter = {
        symbol: CloseHistory(symbol, history.dates[:last], history.closes[:last])
        for symbol, history in closes.items()
    }
    shocks = shocks_of(points, shorter, 3)
    assert shocks.redrawn[last:].all()
    assert not shocks.redrawn[: last - 10].mean() > 0.25  # rolls alone
    donors: set[tuple[float, ...]] = {tuple(row) for row in shocks.shocks_bp[~shocks.redrawn]}
    assert all(tuple(row) in donors for row in shocks.shocks_bp[shocks.redrawn])
    again = shocks_of(points, shorter, 3)
    assert np.array_equal(again.shocks_bp, shocks.shocks_bp)
    assert np.isfinite(shocks.shocks_bp).all()


def test_the_largest_shocks_are_ordinary(points: CurvePoints) -> None:
    shocks = shocks_of(points, invented_closes(points, basis_bp=BASIS_BP, noise_bp=NOISE_BP), 1)
    column: FloatArray = shocks.column("ZN")
    assert np.abs(column).max() < 6.0 * np.std(column)


def test_a_true_move_away_from_the_last_trading_day_stays(points: CurvePoints) -> None:
    """A jump of the basis in mid-February is no roll, and no year's fit takes it out."""
    closes = invented_closes(points, basis_bp=0.1, noise_bp=0.1, roll_bp=ROLL_BP)
    place = int(np.searchsorted(points.dates, np.datetime64("2016-02-15")))
    drop = np.where(np.arange(len(points.dates)) >= place, np.exp(-5.6 * 20e-4), 1.0)
    fallen = {**closes, "ZN": replace(closes["ZN"], closes=closes["ZN"].closes * drop)}
    assert shocks_of(points, fallen, 1).column("ZN")[place - 1] > 10.0


def test_january_is_known_from_the_years_before(points: CurvePoints) -> None:
    early = int(np.searchsorted(points.dates, np.datetime64("2019-01-20")))
    cut = CurvePoints(points.dates[:early], points.par_yields[:early], points.filled[:early])
    shocks = shocks_of(cut, invented_closes(cut, basis_bp=BASIS_BP, noise_bp=NOISE_BP), 1)
    assert not shocks.redrawn[-10:].any()
