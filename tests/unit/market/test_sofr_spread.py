"""The SOFR-Treasury spread: what fed funds futures do beyond the forward, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.market.curve import KNOT_YEARS, zero_rates
from crossmargin.market.factors import CURVE_TENORS, CurvePoints
from crossmargin.market.history import PAR_TENOR_YEARS, CloseHistory
from crossmargin.market.residuals import ResidualShocks
from crossmargin.market.seeds import generator
from crossmargin.market.sofr_spread import (
    BACK,
    FRONT,
    MONTHS_AHEAD,
    SpreadResiduals,
    contract_month,
)
from crossmargin.testing.builders import AS_OF

PARAMETERS = parameter_sets(AS_OF).market
MONTH_CODES = "FGHJKMNQUVXZ"
SPREAD_BP, NOISE_BP = 0.5, 0.8


@pytest.fixture(scope="module")
def points() -> CurvePoints:
    days = np.arange(np.datetime64("2012-01-02"), np.datetime64("2017-12-30"))
    dates = days[np.is_busday(days)]
    level = np.cumsum(generator(31).normal(0.0, 4e-4, (len(dates), 1)), axis=0)
    tenors = np.array([PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS])
    par = 0.03 + np.tanh(level * 10) / 80 + 0.002 * np.log(tenors)
    return CurvePoints(dates, par, np.zeros(len(dates), dtype=bool))


def invented_closes(
    points: CurvePoints, *, spread_bp: float, noise_bp: float, jump_bp: float = 0.0
) -> dict[str, CloseHistory]:
    """Return a contract for every month: the Treasury forward, a common walk, noise of its own."""
    tenors = [PAR_TENOR_YEARS[tenor] for tenor in CURVE_TENORS]
    zeros = zero_rates(tenors, points.par_yields)
    walk = np.cumsum(generator(32).normal(0.0, spread_bp, len(points.dates))) * 1e-4
    walk = walk + jump_bp * 1e-4 * (points.dates >= np.datetime64("2015-05-13"))
    noise = generator(33).normal(0.0, noise_bp, len(points.dates)) * 1e-4
    closes = {}
    for year in range(2012, 2020):
        for month, letter in enumerate(MONTH_CODES, start=1):
            first = np.datetime64(f"{year}-{month:02d}", "M")
            start, end = (
                m.astype("datetime64[D]") for m in (first, first + np.timedelta64(1, "M"))
            )
            near = (points.dates < start) & (points.dates >= start - np.timedelta64(420, "D"))
            dates = points.dates[near]
            growth = []
            for day in (start, end):
                years = (day - dates).astype(float) / 365.25
                rates = np.array(
                    [
                        np.interp(t, KNOT_YEARS, row)
                        for t, row in zip(years, zeros[near], strict=True)
                    ]
                )
                growth.append(rates * years)
            forward = (growth[1] - growth[0]) / ((end - start).astype(float) / 365.25)
            rate = forward * 360.0 / 365.25  # actual/360, as futures are quoted
            price = 100.0 - 100.0 * (rate + walk[near] + noise[near])
            code = f"ZQ{letter}{year % 100:02d}"
            if len(dates):
                closes[code] = CloseHistory(code, dates, price)
    return closes


def shocks_of(points: CurvePoints, closes: dict[str, CloseHistory], days: int) -> ResidualShocks:
    return SpreadResiduals(points, closes, PARAMETERS).shocks(horizon_days=days)


def test_a_month_is_known_by_its_code() -> None:
    assert contract_month("ZQF26") == (2026 - 1970) * 12
    assert contract_month("ZQZ99") + 1 == contract_month("ZQF00")


def test_the_walk_is_found_and_the_noise_is_not(points: CurvePoints) -> None:
    closes = invented_closes(points, spread_bp=SPREAD_BP, noise_bp=NOISE_BP)
    shocks = shocks_of(points, closes, 3)
    assert shocks.names == (FRONT, BACK)
    for name in shocks.names:
        estimate = shocks.estimates[name]["ordinary"]
        assert estimate.daily_sd_bp == pytest.approx(SPREAD_BP, rel=0.3)
        raw = np.sqrt(3 * SPREAD_BP**2 + 2 * NOISE_BP**2)
        assert estimate.raw_sd_bp == pytest.approx(raw, rel=0.15)


def test_futures_on_the_forward_have_no_spread(points: CurvePoints) -> None:
    shocks = shocks_of(points, invented_closes(points, spread_bp=0.0, noise_bp=0.0), 3)
    # Months count alike whatever their length: a tenth of a basis point at most.
    assert np.abs(shocks.shocks_bp).max() < 0.1


def test_a_rise_of_the_futures_rate_is_positive(points: CurvePoints) -> None:
    jump_bp = 8.0
    calm, jumped = (
        shocks_of(
            points,
            invented_closes(points, spread_bp=SPREAD_BP, noise_bp=0.0, jump_bp=size),
            1,
        )
        for size in (0.0, jump_bp)
    )
    place = int(np.searchsorted(points.dates, np.datetime64("2015-05-13"))) - 1
    for name in (FRONT, BACK):
        change = jumped.column(name) - calm.column(name)
        assert change[place] == pytest.approx(jump_bp, abs=1.5)
        assert np.abs(np.delete(change, place)).max() < 1.0


def test_dates_without_the_groups_months_are_redrawn(points: CurvePoints) -> None:
    closes = invented_closes(points, spread_bp=SPREAD_BP, noise_bp=0.1)
    without = {
        code: history
        for code, history in closes.items()
        if contract_month(code) < contract_month("ZQN17")
    }
    shocks = shocks_of(points, without, 3)
    # The front group of May 2017 needs July: none of it, and no back group either.
    late = shocks.start_dates >= np.datetime64("2017-05-01")
    assert shocks.redrawn[late].all()
    assert np.isfinite(shocks.shocks_bp).all()
    # Between, the back group takes the front's residual of the date.
    front_only = (shocks.start_dates >= np.datetime64("2016-07-01")) & ~late
    assert front_only.sum() > 100
    assert np.array_equal(
        shocks.column(BACK)[front_only & ~shocks.redrawn],
        shocks.column(FRONT)[front_only & ~shocks.redrawn],
    )
    origins = shocks.origins(np.ones(len(shocks.redrawn), dtype=bool))
    assert origins[BACK].neighbour > 0
    assert origins[FRONT].neighbour == 0


def test_the_groups_are_where_the_knots_are() -> None:
    for name, middle_months in ((FRONT, 3), (BACK, 10)):
        first, last = MONTHS_AHEAD[name]
        assert (first + last) / 2 == middle_months
