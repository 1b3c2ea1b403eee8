from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from crossmargin.market.seeds import generator
from crossmargin.product.calendars import sifma_calendar
from crossmargin.simulation.calibration import EPISODES, factor_weights, load_calibration
from crossmargin.simulation.estimation import (
    episode_multipliers,
    factor_moves,
    factor_shapes,
    fit_volatility,
    kurtosis,
    level_noise,
    root_mean_square,
    split_noise,
)
from crossmargin.simulation.futures import SYMBOLS, basis_and_timing_bp
from crossmargin.simulation.path import FIRST_DAY, factor_states, fading_noise


def test_factor_shapes_find_what_made_the_moves() -> None:
    loadings = load_calibration().loadings
    factors = generator(1).standard_normal((20_000, 3)) * [5.0, 2.0, 1.0]
    shapes = factor_shapes(factors @ loadings)
    assert shapes.sd_bp == pytest.approx([5.0, 2.0, 1.0], rel=0.03)
    assert shapes.loadings == pytest.approx(loadings, abs=0.06)
    assert shapes.variance_share.sum() == pytest.approx(1.0, abs=1e-3)
    assert factor_moves(factors @ loadings, loadings) == pytest.approx(factors, abs=0.02)


def test_level_noise_finds_sd_and_decay() -> None:
    found = level_noise(fading_noise(generator(2).standard_normal(50_000), sd=1.5, decay=0.75))
    assert found.sd == pytest.approx(1.5, rel=0.03)
    assert found.decay == pytest.approx(0.75, abs=0.02)


def test_split_noise_is_exact_on_exact_variances() -> None:
    split = split_noise({k: 2 * 0.6**2 + k * 0.9**2 for k in (1, 2, 5, 10)})
    assert split.timing_sd == pytest.approx(0.6, abs=1e-9)
    assert split.basis_sd == pytest.approx(0.9, abs=1e-9)
    assert split_noise({1: 2.0, 2: 2.0, 5: 2.0}).basis_sd == pytest.approx(0.0, abs=1e-6)


def test_split_noise_recovers_the_documented_basis_of_the_simulated_futures() -> None:
    calibration = load_calibration()
    basis, timing = basis_and_timing_bp(5000, seed=5, calibration=calibration)
    total = basis + timing
    for column, symbol in enumerate(SYMBOLS):
        series = total[:, column]
        variances = {k: root_mean_square(series[k:] - series[:-k]) ** 2 for k in (1, 2, 3, 5)}
        split = split_noise(variances)
        truth = calibration.numbers("futures_basis_sd_bp")[column]
        assert split.basis_sd == pytest.approx(truth, rel=0.1), symbol
        truth = calibration.numbers("futures_timing_sd_bp")[column]
        assert split.timing_sd == pytest.approx(truth, rel=0.15), symbol


def test_fit_volatility_tells_tails_and_persistence() -> None:
    normals = generator(3).standard_normal(4000)
    thin, fat = fit_volatility(normals), fit_volatility(generator(3).standard_t(4, 4000))
    assert thin.degrees_of_freedom == 12
    assert 3 <= fat.degrees_of_freedom <= 5
    calm_then_wild = np.concatenate([normals[:2000], 4 * normals[2000:]])
    assert fit_volatility(calm_then_wild).persistence >= 0.985


def test_episode_multipliers_give_a_day_to_the_narrower_episode() -> None:
    moves = np.ones((10, 1))
    moves[4:8] = 2.0
    moves[5:6] = 6.0
    wide = np.arange(10) // 4 == 1
    narrow = np.arange(10) == 5
    multipliers, calm = episode_multipliers(moves, [wide, narrow], priority=[1, 0])
    assert multipliers.ravel() == pytest.approx([2.0, 6.0])
    assert calm == pytest.approx([1.0])


def test_factor_weights_are_those_of_the_days_episode() -> None:
    multipliers = np.arange(1.0, 19.0).reshape(6, 3)
    days = [date(2008, 10, 1), date(2012, 1, 3), date(2022, 6, 1), date(2023, 3, 13)]
    names = [episode.name for episode in EPISODES]
    expected = [
        multipliers[names.index("financial_crisis")],
        np.ones(3),
        multipliers[names.index("hiking")],
        multipliers[names.index("bank_failures")],
    ]
    assert np.array_equal(factor_weights(days, multipliers), np.stack(expected))


def test_simulated_factors_have_the_calibrated_calm_volatility() -> None:
    calibration = load_calibration()
    days = sifma_calendar().business_days(FIRST_DAY, date(2026, 3, 24))
    weights = factor_weights(days, calibration.multipliers)[1:]
    sds = np.stack(
        [
            np.std(
                np.diff(factor_states(days, seed=seed, calibration=calibration), axis=0) / weights,
                axis=0,
            )
            for seed in range(20)
        ]
    )
    assert sds.mean(axis=0) == pytest.approx(calibration.numbers("calm_sd_bp"), rel=0.1)


def test_kurtosis_of_two_points_is_one() -> None:
    assert kurtosis(np.array([1.0, -1.0, 1.0, -1.0])) == pytest.approx(1.0)
    assert kurtosis(generator(4).standard_normal(100_000)) == pytest.approx(3.0, abs=0.1)


def test_every_figure_is_on_the_methodology_page() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "methodology" / "simulated-market.md"
    text = page.read_text(encoding="utf-8")
    for parameter in load_calibration().registry.parameters.values():
        assert f"| `{parameter.name}` | {parameter.value} | {parameter.unit} |" in text
