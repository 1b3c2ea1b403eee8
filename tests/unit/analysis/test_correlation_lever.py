"""Scenarios with other correlations: what turns, and what stays."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.correlation import correlated, correlation, tenor_correlation
from crossmargin.market.scenarios import KEY_RATE_BITS, ScenarioSet, on_grid
from crossmargin.market.seeds import generator
from crossmargin.services.margin_day import MarginDay


def moves(count: int = 400) -> ScenarioSet:
    """Return moves of four tenors with a common factor and rests of their own."""
    draw = generator(7)
    level = draw.standard_normal(count)[:, np.newaxis]
    own = draw.standard_normal((count, 4))
    rates = (level * np.array([0.5, 1.0, 1.2, 1.1]) + own * np.array([0.6, 0.4, 0.2, 0.3])) * 5e-4
    dates = np.arange(count).astype("datetime64[D]")
    return ScenarioSet(
        name="four tenors",
        horizon_days=1,
        start_dates=dates,
        end_dates=dates + np.timedelta64(1, "D"),
        key_years=np.array([1.0, 2.0, 10.0, 30.0]),
        key_rates=on_grid(rates, KEY_RATE_BITS),
        basis_bp=np.ones((count, 8)),
        spread_bp=np.ones((count, 2)),
        proxied=None,  # type: ignore[arg-type]
    )


def sizes(scenarios: ScenarioSet) -> np.ndarray:
    return np.sqrt((scenarios.key_rates**2).mean(axis=0))


def test_one_is_the_history_as_it_is() -> None:
    scenarios = moves()
    assert correlated(scenarios, Fraction(1), keeps_volatility=True) is scenarios


def test_at_zero_all_tenors_move_as_one_each_with_its_own_size() -> None:
    scenarios = moves()
    as_one = correlated(scenarios, Fraction(0), keeps_volatility=True)
    # Each tenor is a multiple of the first, but for the grid of shocks.
    first, others = as_one.key_rates[:, :1], as_one.key_rates[:, 1:]
    ratio = (first * others).sum(axis=0) / (first * first).sum()
    assert np.abs(others - ratio * first).max() < 1e-11
    assert np.allclose(sizes(as_one), sizes(scenarios), rtol=1e-8)
    assert np.array_equal(as_one.basis_bp, scenarios.basis_bp)
    assert np.array_equal(as_one.spread_bp, scenarios.spread_bp)


@pytest.mark.parametrize("multiple", [Fraction(1, 2), Fraction(3, 2), Fraction(2)])
def test_each_tenor_keeps_its_size_and_correlations_fall_with_the_multiple(
    multiple: Fraction,
) -> None:
    scenarios = moves()
    turned = correlated(scenarios, multiple, keeps_volatility=True)
    assert np.allclose(sizes(turned), sizes(scenarios), rtol=1e-8)
    before, after = (tenor_correlation(each, (2.0, 10.0)) for each in (scenarios, turned))
    assert before is not None
    assert after is not None
    assert (after > before) is (multiple < 1)
    free = correlated(scenarios, multiple, keeps_volatility=False)
    assert ((sizes(free) < sizes(scenarios)) == (multiple < 1)).all()
    # Correlation does not hang on who keeps its size.
    assert tenor_correlation(free, (2.0, 10.0)) == pytest.approx(after, abs=1e-6)


def test_the_rest_is_not_correlated_with_the_level() -> None:
    scenarios = moves()
    rates = scenarios.key_rates
    level = rates.mean(axis=1)
    twice = correlated(scenarios, Fraction(2), keeps_volatility=False).key_rates
    rest = twice - rates
    assert np.abs(level @ rest).max() < 1e-9 * (level @ level)
    assert np.abs(rest).max() > 1e-5


def test_turned_moves_lie_on_the_grid_of_shocks() -> None:
    turned = correlated(moves(), Fraction(3, 2), keeps_volatility=True).key_rates
    assert np.array_equal(turned, on_grid(turned, KEY_RATE_BITS))


def test_a_history_without_moves_stays_so() -> None:
    still = replace(moves(), key_rates=np.zeros((400, 4)))
    assert not correlated(still, Fraction(2), keeps_volatility=True).key_rates.any()
    assert tenor_correlation(still, (2.0, 10.0)) is None


def test_correlation_is_that_of_numpy(simulated_day: MarginDay) -> None:
    rates = simulated_day.ficc.scenarios.historical.key_rates
    expected = np.corrcoef(rates[:, 3], rates[:, 7])[0, 1]
    assert correlation(rates[:, 3], rates[:, 7]) == pytest.approx(expected, abs=1e-12)
    years = (2.0, 10.0)
    assert tenor_correlation(simulated_day.ficc.scenarios.historical, years) == pytest.approx(
        expected, abs=1e-12
    )
