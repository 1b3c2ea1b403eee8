"""The simulated market against the real one: its calibration recomputed, its moves compared."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from crossmargin.parameters.registry import Status
from crossmargin.simulation.calibration import EPISODES, FACTOR_TENORS, load_calibration
from crossmargin.simulation.estimation import factor_shapes, kurtosis
from crossmargin.simulation.market import AS_OF, par_yields
from crossmargin.simulation.path import simulate_paths

pytestmark = pytest.mark.real_data

FloatArray = npt.NDArray[np.float64]
PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "calibrate_simulated_market.py"
COMPARED = [FACTOR_TENORS.index(name) for name in ("2Y", "5Y", "10Y", "30Y")]
SEEDS = range(1, 21)


def _program() -> ModuleType:
    specification = importlib.util.spec_from_file_location("calibrate_simulated_market", PROGRAM)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def real(real_data: Path) -> pl.DataFrame:
    curve: pl.DataFrame = _program().read_curve(real_data)
    return curve


@pytest.fixture(scope="module")
def simulated() -> list[pl.DataFrame]:
    calibration = load_calibration()
    curves = []
    for seed in SEEDS:
        paths = simulate_paths(seed=seed, as_of=AS_OF, calibration=calibration)
        count = sum(day <= AS_OF for day in paths.days)
        curve = par_yields(paths, days_count=count)
        curves.append(curve.filter(pl.col("date") >= date(2006, 2, 9)))
    return curves


def _moves_bp(curve: pl.DataFrame, *, days: int) -> FloatArray:
    yields = curve.select(FACTOR_TENORS).to_numpy().astype(np.float64) * 100
    return np.asarray(yields[days:] - yields[:-days])


def test_every_derived_figure_is_recomputed(real_data: Path) -> None:
    registry = load_calibration().registry
    derived = {p.name: p for p in registry.parameters.values() if p.status is Status.DERIVED}
    found = _program().calibrate(real_data)
    assert set(found) == set(derived)
    for name, (value, unit, source) in found.items():
        assert (derived[name].unit, derived[name].source) == (unit, source)
        committed = [float(part) for part in derived[name].value.split(",")]
        recomputed = [float(part) for part in value.split(",")]
        assert recomputed == pytest.approx(committed, abs=0.0011), name


@pytest.mark.parametrize("days", [1, 3])
def test_standard_deviations_are_the_real_ones(
    real: pl.DataFrame, simulated: list[pl.DataFrame], days: int
) -> None:
    truth = _moves_bp(real, days=days).std(axis=0)[COMPARED]
    found = np.stack([_moves_bp(c, days=days).std(axis=0)[COMPARED] for c in simulated])
    assert found.mean(axis=0) == pytest.approx(truth, rel=0.08)
    for row in found:
        assert row == pytest.approx(truth, rel=0.30)


def test_tails_are_fat_like_the_real_ones(
    real: pl.DataFrame, simulated: list[pl.DataFrame]
) -> None:
    truth = [kurtosis(column) for column in _moves_bp(real, days=1)[:, COMPARED].T]
    found = [[kurtosis(m) for m in _moves_bp(c, days=1)[:, COMPARED].T] for c in simulated]
    assert min(truth) > 4
    assert np.min(found) > 3.5
    assert np.median(found) < 12


def test_shares_of_level_slope_and_curvature(
    real: pl.DataFrame, simulated: list[pl.DataFrame]
) -> None:
    truth = factor_shapes(_moves_bp(real, days=1)).variance_share
    found = [factor_shapes(_moves_bp(c, days=1)).variance_share for c in simulated]
    assert np.mean(found, axis=0) == pytest.approx(truth, abs=0.05)


def test_stress_is_stress(real: pl.DataFrame, simulated: list[pl.DataFrame]) -> None:
    def ratios(curve: pl.DataFrame) -> FloatArray:
        moves = _moves_bp(curve, days=1)[:, COMPARED]
        stressed = np.array(
            [any(e.first <= day <= e.last for e in EPISODES) for day in curve["date"][1:]]
        )
        return np.asarray(moves[stressed].std(axis=0) / moves[~stressed].std(axis=0))

    assert ratios(real).min() > 1.5
    found = np.stack([ratios(curve) for curve in simulated])
    assert found.mean(axis=0) == pytest.approx(ratios(real), rel=0.2)
    assert found.min() > 1.2
