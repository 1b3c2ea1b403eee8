"""Bonds at par: worth par, and losing what the slow kernel says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.par_bond import (
    annuities,
    dv01_per_100,
    par_bond_flows,
    par_bond_pnl_per_100,
    pnl_of_yield_moves_per_100,
)
from crossmargin.testing import reference
from crossmargin.testing.builders import curve_of, parallel, random_scenarios
from crossmargin.testing.reference import par_bond_price

CURVE = curve_of([0.035, 0.042, 0.047])
MATURITIES = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 6.0, 8.5, 12.5, 25.0, 30.0]


@pytest.mark.parametrize("maturity", MATURITIES)
def test_it_is_worth_par(maturity: float) -> None:
    years, flows = par_bond_flows(CURVE, maturity)
    value = float((flows * CURVE.discount_factors(years)).sum())
    assert value == pytest.approx(100.0, abs=1e-11)
    assert years[-1] == maturity
    assert len(years) == math.ceil(maturity * 2)
    assert np.diff(years) == pytest.approx(0.5)


@pytest.mark.parametrize("maturity", MATURITIES)
def test_profit_agrees_with_the_slow_kernel(maturity: float) -> None:
    scenarios = random_scenarios(12, seed=3, daily_bp=25.0)
    years, flows = par_bond_flows(CURVE, maturity)
    payments = list(zip(years.tolist(), flows.tolist(), strict=True))

    def discount(at: float) -> float:
        rates = CURVE.rates.tolist()
        return math.exp(-reference.linear_between(CURVE.knot_years.tolist(), rates, at) * at)

    def worth(row: int) -> float:
        return reference.shocked_price(
            payments,
            discount,
            0.0,
            lambda at: reference.linear_between(
                scenarios.key_years.tolist(), scenarios.key_rates[row].tolist(), at
            ),
        )

    expected = [worth(row) - 100.0 for row in range(scenarios.count)]
    ours = par_bond_pnl_per_100(CURVE, scenarios, maturity)
    assert ours == pytest.approx(np.array(expected), abs=1e-10)


def test_a_bond_gains_more_than_it_loses() -> None:
    up_down: ScenarioSet = parallel([-50.0, 50.0, 0.0])
    gain, loss, nothing = par_bond_pnl_per_100(CURVE, up_down, 30.0)
    assert gain > -loss > 0.0
    assert nothing == 0.0


@pytest.mark.parametrize("maturity", [0.0, -1.0])
def test_a_bond_that_has_matured_is_none(maturity: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        par_bond_flows(CURVE, maturity)


@pytest.mark.parametrize("years", [1, 2, 3, 7, 10, 29, 30])
def test_a_yield_move_reprices_the_bond_payment_by_payment(years: int) -> None:
    par, moves = 0.0425, np.array([-0.06, -0.0425, -0.003, 0.0, 0.0001, 0.02])
    pnl = pnl_of_yield_moves_per_100(np.full_like(moves, par), moves, years)
    slow = [par_bond_price(par, par + move, years) - 100.0 for move in moves.tolist()]
    assert pnl.tolist() == pytest.approx(slow, abs=1e-11)
    assert pnl[3] == 0.0


def test_an_annuity_at_a_yield_of_zero_is_its_payments() -> None:
    assert annuities(np.array([0.0]), 30)[0] == 30.0
    with pytest.raises(ValueError, match="whole year"):
        annuities(np.array([0.04]), 0)


def test_dv01_is_about_modified_duration() -> None:
    duration = (1 - 1.02**-20) / 0.04
    assert dv01_per_100(np.array([0.04]), 10)[0] == pytest.approx(duration / 100, rel=1e-6)
