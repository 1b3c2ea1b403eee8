"""Par yields to zero rates: the bootstrap, interpolation between tenors, forwards."""

import numpy as np
import pytest

from crossmargin.market.curve import (
    KNOT_YEARS,
    curve_on,
    interpolate_monotone,
    zero_rates,
)
from crossmargin.testing.reference import bootstrap

TENORS = [0.25, 0.5, 1, 2, 3, 5, 7, 10, 20, 30]
PAR = np.array([3.7, 3.75, 3.6, 3.5, 3.55, 3.7, 3.9, 4.1, 4.65, 4.7]) / 100.0


def test_bonds_at_par_are_worth_par_on_the_curve():
    curve = curve_on(TENORS, PAR, overnight=None)
    for years, par in zip(TENORS[2:], PAR[2:], strict=True):
        times = np.arange(1, int(2 * years) + 1) / 2.0
        flows = np.full(len(times), 100.0 * par / 2.0)
        flows[-1] += 100.0
        assert flows @ curve.discount_factors(times) == pytest.approx(100.0, abs=1e-10)


def test_bills_are_discounted_with_simple_interest():
    curve = curve_on(TENORS, PAR, overnight=None)
    times = np.array([0.25, 0.5])
    assert curve.discount_factors(times) == pytest.approx(1.0 / (1.0 + PAR[:2] * times), abs=1e-14)


def test_bootstrap_agrees_with_the_slow_one():
    halves = np.arange(1, 61) / 2.0
    par = interpolate_monotone(np.array(TENORS), PAR[np.newaxis, :], halves)[0]
    slow = bootstrap(list(par))
    fast = np.exp(-zero_rates(TENORS, PAR[np.newaxis, :])[0] * KNOT_YEARS)[1:]
    assert fast == pytest.approx(slow, rel=1e-13)


def test_interpolation_is_monotone_between_monotone_tenors():
    rising = np.array([[1.0, 1.1, 2.0, 2.05, 6.0]])
    fine = interpolate_monotone(
        np.array([1.0, 2.0, 3.0, 7.0, 10.0]), rising, np.linspace(0.5, 11.0, 500)
    )[0]
    assert (np.diff(fine) >= 0.0).all()
    assert fine[0] == 1.0
    assert fine[-1] == 6.0


def test_interpolation_passes_through_the_tenors():
    at = interpolate_monotone(np.array(TENORS), PAR[np.newaxis, :], np.array(TENORS))[0]
    assert at == pytest.approx(PAR, abs=1e-16)


def test_a_curve_can_fall_below_zero():
    low = np.array([-0.1, -0.05, 0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.2, 1.3]) / 100.0
    rates = zero_rates(TENORS, low[np.newaxis, :])[0]
    assert rates[0] < 0.0
    assert np.isfinite(rates).all()


def test_a_missing_yield_is_refused():
    holed = PAR.copy()
    holed[3] = np.nan
    with pytest.raises(ValueError, match="fill gaps"):
        zero_rates(TENORS, holed[np.newaxis, :])


def test_forward_rates_compound_to_the_zero_rate():
    curve = curve_on(TENORS, PAR, overnight=0.0363)
    start, end = np.array([0.5]), np.array([2.0])
    forward = curve.forward_rates(start, end)
    joined = curve.discount_factors(start) * np.exp(-forward * (end - start))
    assert joined == pytest.approx(curve.discount_factors(end), rel=1e-14)


def test_the_overnight_rate_starts_the_curve():
    curve = curve_on(TENORS, PAR, overnight=0.0363)
    day = np.array([1.0 / 365.25])
    assert 1.0 / curve.discount_factors(day)[0] == pytest.approx(1.0 + 0.0363 / 360.0, abs=1e-12)
