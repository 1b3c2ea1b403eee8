"""Noise removal finds a known truth; redraws are seeded, whole dates, and counted."""

from dataclasses import replace

import numpy as np
import pytest

from crossmargin.market.residuals import (
    NoiseRule,
    Origin,
    complete_shocks,
    in_windows,
    noise_estimate,
    without_noise,
)
from crossmargin.market.seeds import generator

RULE = NoiseRule(longest_lag=10, fewest_residuals=100, removed=True)


def residuals_of(daily_sd: float, noise_sd: float, count: int = 20_000):
    random = generator(7)
    basis = np.cumsum(random.normal(0.0, daily_sd, count))
    observed = basis + random.normal(0.0, noise_sd, count)
    return lambda lag: observed[lag:] - observed[:-lag]


@pytest.mark.parametrize(("daily_sd", "noise_sd"), [(0.5, 1.0), (1.0, 0.2), (0.3, 2.0)])
def test_the_slope_of_the_variance_is_the_basis_and_not_the_noise(daily_sd, noise_sd):
    everything = np.ones(20_000, dtype=bool)
    estimate = noise_estimate(
        residuals_of(daily_sd, noise_sd), everything, horizon_days=3, rule=RULE
    )
    assert estimate.daily_sd_bp == pytest.approx(daily_sd, rel=0.15)
    assert estimate.noise_free_sd_bp == pytest.approx(daily_sd * np.sqrt(3.0), rel=0.15)
    raw = np.sqrt(3.0 * daily_sd**2 + 2.0 * noise_sd**2)
    assert estimate.raw_sd_bp == pytest.approx(raw, rel=0.05)


def test_pure_noise_leaves_almost_nothing():
    everything = np.ones(20_000, dtype=bool)
    estimate = noise_estimate(residuals_of(0.0, 1.0), everything, horizon_days=1, rule=RULE)
    assert estimate.share < 0.1


def test_too_few_residuals_give_no_estimate():
    few = np.zeros(20_000, dtype=bool)
    few[:50] = True
    assert noise_estimate(residuals_of(1.0, 1.0), few, horizon_days=1, rule=RULE) is None


def test_stressed_and_ordinary_dates_are_scaled_apart():
    random = generator(11)
    count = 6_000
    stressed = np.zeros(count, dtype=bool)
    stressed[:2_000] = True
    steps = np.where(stressed, random.normal(0.0, 4.0, count), random.normal(0.0, 0.3, count))
    observed = np.cumsum(steps) + random.normal(0.0, 1.0, count)
    shocks, estimates = without_noise(
        lambda lag: observed[lag:] - observed[:-lag], stressed, horizon_days=1, rule=RULE
    )
    assert estimates["stressed"].share > 0.9
    assert estimates["ordinary"].share < 0.35
    assert shocks[3_000:].std() == pytest.approx(0.3, rel=0.3)


def test_noise_that_is_kept_leaves_the_residuals_as_they_are():
    residuals = residuals_of(0.5, 1.0)
    ordinary = np.zeros(20_000, dtype=bool)
    kept, estimates = without_noise(
        residuals, ordinary, horizon_days=3, rule=replace(RULE, removed=False)
    )
    removed, same = without_noise(residuals, ordinary, horizon_days=3, rule=RULE)
    assert np.array_equal(kept, residuals(3))
    assert np.array_equal(removed, kept * estimates["ordinary"].share)
    assert estimates == same


def shocks_with(own: np.ndarray, seed: int = 5, stressed: np.ndarray | None = None):
    count = len(own)
    dates = np.datetime64("2020-01-01") + np.arange(count + 1).astype("timedelta64[D]")
    return complete_shocks(
        own,
        names=("A", "B"),
        neighbours={"A": ("B",), "B": ("A",)},
        estimates={},
        stressed=np.zeros(count, dtype=bool) if stressed is None else stressed,
        start_dates=dates[:-1],
        end_dates=dates[1:],
        seed=seed,
    )


def test_a_neighbour_stands_in_for_a_missing_residual():
    own = np.array([[1.0, 2.0], [np.nan, 3.0], [4.0, np.nan]])
    shocks = shocks_with(own)
    assert shocks.shocks_bp.tolist() == [[1.0, 2.0], [3.0, 3.0], [4.0, 4.0]]
    origins = shocks.origins(np.array([True, True, False]))
    assert origins == {"A": Origin(1, 1, 0), "B": Origin(2, 0, 0)}
    assert not shocks.redrawn.any()


def test_a_redrawn_date_takes_one_whole_other_date():
    own = np.arange(20.0).reshape(10, 2)
    own[7] = np.nan
    shocks = shocks_with(own)
    assert shocks.redrawn.tolist() == [place == 7 for place in range(10)]
    assert shocks.shocks_bp[7].tolist() in np.delete(own, 7, axis=0).tolist()


def test_a_redrawn_date_takes_one_of_its_own_regime():
    own = np.arange(400.0).reshape(200, 2)
    stressed = np.arange(200) < 50
    own[40:60] = np.nan
    shocks = shocks_with(own, stressed=stressed)
    assert (shocks.shocks_bp[40:50] < own[50 - 11].max() + 1).all()
    assert (shocks.shocks_bp[50:60, 0] >= own[60, 0]).all()


def test_redraws_repeat_for_a_seed_and_change_with_it():
    own = np.arange(2_000.0).reshape(1_000, 2)
    own[500:] = np.nan
    first, again, other = shocks_with(own), shocks_with(own), shocks_with(own, seed=6)
    assert (first.shocks_bp == again.shocks_bp).all()
    assert (first.shocks_bp != other.shocks_bp).any()


def test_windows_include_their_ends():
    from datetime import date

    dates = np.array(["2020-01-01", "2020-01-02", "2020-01-05"], dtype="datetime64[D]")
    inside = in_windows(dates, [(date(2020, 1, 1), date(2020, 1, 2))])
    assert inside.tolist() == [True, True, False]
