"""Re-struck lines as polynomials of key-rate moves, against pricing them in full."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.analysis.walk.lines import (
    Lines,
    MoneyMarketLine,
    SecurityLine,
    TreasuryFutureLine,
)
from crossmargin.analysis.walk.monomials import GRID_BITS, Monomials
from crossmargin.analysis.walk.weights import (
    CONTRACT_BITS,
    line_weights,
    on_weight_grid,
    par_bond,
)
from crossmargin.market.curve import KNOT_YEARS, ZeroCurve
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, ScenarioSet
from crossmargin.pricing.par_bond import par_bond_pnl_per_100
from crossmargin.testing.builders import (
    KEY_YEARS,
    curve_of,
    parallel,
    random_scenarios,
    scenario_set,
)

MONOMIALS = Monomials(KEY_YEARS)
CURVES = (curve_of([0.001, 0.004, 0.011]), curve_of([0.037, 0.04, 0.046]), curve_of([0.055, 0.04]))
#: Three-day moves as large as the largest of the history: 70 basis points and more.
LARGE = random_scenarios(400, seed=3, daily_bp=22.0)


def of_scenarios(scenarios: ScenarioSet) -> FloatArray:
    return MONOMIALS.of_moves(scenarios.key_rates, scenarios.basis_bp, scenarios.spread_bp)


def zeros_of(curve: ZeroCurve) -> FloatArray:
    return curve.rates_at(KNOT_YEARS)[np.newaxis, :]


def polynomial(curve: ZeroCurve, scenarios: ScenarioSet, years: float) -> FloatArray:
    bond = par_bond(years, zeros_of(curve), MONOMIALS)
    pnl: FloatArray = (on_weight_grid(bond.weights) @ of_scenarios(scenarios))[0]
    return pnl


def future_pnl(
    line: TreasuryFutureLine | MoneyMarketLine, curve: ZeroCurve, scenarios: ScenarioSet
) -> FloatArray:
    weights = line_weights(Lines((), (line,)), zeros_of(curve), MONOMIALS, repo_follows_front=1.0)
    on_grid = on_weight_grid(weights.contracts[0])
    pnl: FloatArray = (on_grid @ of_scenarios(scenarios))[0] * 2.0**CONTRACT_BITS
    return pnl


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("years", "tolerance"),
    [(0.4, 5e-6), (1.0, 5e-6), (1.93, 5e-6), (5.1, 1e-5), (9.62, 1e-4), (19.3, 1e-3), (30.0, 1e-2)],
)
def test_a_bond_moves_as_if_repriced(curve: ZeroCurve, years: float, tolerance: float) -> None:
    """Moves of over 70 basis points: what is left is the fifth order, and the grid."""
    assert np.abs(LARGE.key_rates).max() > 0.007
    full = par_bond_pnl_per_100(curve, LARGE, years)
    assert np.abs(polynomial(curve, LARGE, years) - full).max() < tolerance
    assert np.abs(full).max() > 100 * tolerance


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(
    ("years", "tolerance"),
    [(0.4, 1e-5), (1.93, 5e-5), (5.1, 2e-4), (9.62, 2e-3), (19.3, 0.06), (30.0, 0.5)],
)
def test_three_hundred_basis_points(curve: ZeroCurve, years: float, tolerance: float) -> None:
    """Far outside the history a polynomial is still near: under a hundredth of the loss."""
    scenarios = parallel([300, -300])
    full = par_bond_pnl_per_100(curve, scenarios, years)
    found = polynomial(curve, scenarios, years)
    assert np.abs(found - full).max() < tolerance
    assert (np.abs(found - full) < 0.01 * np.abs(full)).all()


def test_the_order_left_out_is_the_fifth() -> None:
    """Twice the move, thirty-two times the error."""
    curve = CURVES[1]

    def error(move_bp: float) -> float:
        scenarios = parallel([move_bp])
        full = par_bond_pnl_per_100(curve, scenarios, 30.0)
        return float((polynomial(curve, scenarios, 30.0) - full)[0])

    assert error(100) / error(50) == pytest.approx(2**5, rel=0.15)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize(("years", "tolerance"), [(1.83, 1e-3), (6.6, 3e-3), (25.4, 2e-2)])
def test_a_future_is_the_forward_of_its_bond(
    curve: ZeroCurve, years: float, tolerance: float
) -> None:
    """Per $100: of the product of price and repo rate the first order in each is kept."""
    delivery = 0.27
    repo = float(curve.rates_at(np.zeros(1))[0]) * 360 / 365.25
    growth = 1.0 + repo * delivery
    dv01 = float(par_bond(years, zeros_of(curve), MONOMIALS).dv01[0]) * growth * 1000
    line = TreasuryFutureLine("F", "ZN", years, delivery, dv01, 62.0)
    full = par_bond_pnl_per_100(curve, LARGE, years)
    moved = (100.0 + full) * (1.0 + (repo + LARGE.key_rates[:, 0]) * delivery) - 100.0 * growth
    basis = LARGE.basis_bp[:, BASIS_CONTRACTS.index("ZN")] * 62.0
    assert np.abs(basis).max() > 10
    error = future_pnl(line, curve, LARGE) - (moved * 1000 - basis)
    assert np.abs(error).max() / 1000 < tolerance


@pytest.mark.parametrize("compounded", [True, False])
def test_a_money_market_contract_moves_with_its_forward_and_spread(compounded: bool) -> None:
    curve, start, end = CURVES[1], 0.61, 0.86
    period = (end - start) * 365.25 / 360
    line = MoneyMarketLine("SR3", start, end, period, 250_000.0, compounded)
    moves = LARGE.key_rates
    at = [np.array([np.interp(t, KEY_YEARS, row) for row in moves]) * t for t in (start, end)]
    grown = float(np.exp(curve.rates_at(np.array([end]))[0] * end
                         - curve.rates_at(np.array([start]))[0] * start))  # fmt: skip
    growth = at[1] - at[0]
    rate = grown * np.expm1(growth) if compounded else growth
    weight = ((start + end) / 2 - 3 / 12) / (7 / 12)
    spread = LARGE.spread_bp[:, 0] * (1 - weight) + LARGE.spread_bp[:, 1] * weight
    expected = -250_000.0 * (rate / period + spread * 1e-4)
    error = np.abs(future_pnl(line, curve, LARGE) - expected)
    assert error.max() < 0.05  # of a contract that moves by over $1,500
    assert np.abs(expected).max() > 1500


def test_a_line_has_its_dv01_on_every_curve() -> None:
    """A parallel basis point, to the first order, is what the line was frozen with."""
    lines = Lines(
        (SecurityLine("9.6 y", 9.62, 0.0779, {"TN": 0.0009}),),
        (TreasuryFutureLine("TN", "TN", 9.41, 0.27, 85.0, 84.0),),
    )
    zeros = np.vstack([zeros_of(curve) for curve in CURVES])
    weights = line_weights(lines, zeros, MONOMIALS, repo_follows_front=0.0)
    first = [MONOMIALS.place[((key, 1),)] for key in range(len(KEY_YEARS))]
    per_bp = weights.securities[0][:, first].sum(axis=1) * 0.01
    assert per_bp == pytest.approx([-0.0779] * 3, rel=1e-12)
    of_contract = weights.contracts[0][:, first].sum(axis=1) * 0.01 * 2.0**CONTRACT_BITS
    assert of_contract == pytest.approx([-85.0] * 3, rel=1e-12)
    assert np.array_equal(
        weights.equivalents[0], weights.contracts[0] * (0.0009 * 2**CONTRACT_BITS)
    )


def test_one_payment_is_the_series_of_the_exponential() -> None:
    """Four years on from a key tenor: every power and product with its binomial weight."""
    monomials = Monomials(np.array([1.0, 5.0]))
    weights = monomials.of_payment(4.0)
    low, high = 0.25, 0.75
    assert weights[monomials.place[((0, 1),)]] == pytest.approx(-0.04 * low)
    assert weights[monomials.place[((0, 1), (1, 1))]] == pytest.approx(0.04**2 / 2 * 2 * low * high)
    assert weights[monomials.place[((0, 1), (1, 3))]] == pytest.approx(
        0.04**4 / 24 * 4 * low * high**3
    )
    assert len(weights) == 2 + 3 + 4 + 5


def test_monomials_are_powers_and_products_of_moves_in_per_cent() -> None:
    monomials = Monomials(np.array([1.0, 5.0, 10.0]))
    moves = np.array([[0.01, 0.02, -0.03]])
    found = monomials.of_moves(moves, np.full((1, 8), 5.0), np.array([[6.0, 7.0]]))[:, 0]
    assert found[monomials.basis_place("ZN")] == 5.0
    assert found[monomials.spread_place(1)] == 7.0
    for monomial, value in (
        (((1, 4),), 16.0),
        (((0, 1), (1, 2)), 4.0),
        (((1, 1), (2, 3)), -54.0),
        (((0, 1), (2, 1)), -3.0),
    ):
        assert found[monomials.place[monomial]] == pytest.approx(value, abs=2.0**-GRID_BITS)
    steps = found * 2.0**GRID_BITS
    assert np.array_equal(steps, np.rint(steps))


def test_scaling_weights_is_scaling_moves() -> None:
    """A date's multiples of the moves may stand with the weights instead."""
    random = scenario_set(key_rates=LARGE.key_rates[:5], key_years=KEY_YEARS)
    multiples = np.linspace(0.5, 2.0, len(KEY_YEARS))[np.newaxis, :]
    ones = np.ones((1, 8)), np.ones((1, 2))
    bond = par_bond(9.62, zeros_of(CURVES[1]), MONOMIALS)
    scaled = bond.weights * MONOMIALS.scales(multiples, *ones)
    moved = random.scaling(key_rates=multiples)
    full = par_bond_pnl_per_100(CURVES[1], moved, 9.62)
    assert (scaled @ of_scenarios(random))[0] == pytest.approx(full, abs=2e-3)
