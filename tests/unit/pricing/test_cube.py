"""The cube against slow kernels: every instrument repriced in every scenario."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pytest

from crossmargin.analysis.key_rates import key_rate_exposure
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, ScenarioSet, bumps
from crossmargin.pricing import cube as cube_module
from crossmargin.pricing.cube import DISCOUNT_BITS, Cube, instrument_pnl
from crossmargin.pricing.futures_value import MoneyMarketFuture, TreasuryFuture
from crossmargin.pricing.security_book import FLOW_BITS
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.futures import FuturesContract
from crossmargin.product.treasury import cash_flows_per_100
from crossmargin.testing.builders import (
    KEY_YEARS,
    parallel,
    random_scenarios,
    scenario_set,
    small_valuation,
)
from crossmargin.testing.slow_valuation import SlowValuation

CONTRACTS = (
    FuturesContract("ZT", 2026, 6),
    FuturesContract("ZN", 2026, 6),
    FuturesContract("ZB", 2026, 6),
    FuturesContract("SR3", 2026, 3),
    FuturesContract("SR3", 2026, 6),
    FuturesContract("SR3", 2027, 3),
    FuturesContract("SR1", 2026, 3),
    FuturesContract("ZQ", 2026, 7),
)
GRID_STEP_DOLLARS = 2.0**-18  # ruling 9


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    return small_valuation(CONTRACTS)


@pytest.fixture(scope="module")
def scenarios() -> ScenarioSet:
    return random_scenarios(40, seed=5, daily_bp=20.0)


@pytest.fixture(scope="module")
def cube(valuation: Valuation, scenarios: ScenarioSet) -> Cube:
    return instrument_pnl(valuation, scenarios, repo_follows_front=1.0)


@pytest.fixture(scope="module")
def slow(valuation: Valuation, scenarios: ScenarioSet) -> SlowValuation:
    return SlowValuation(valuation, scenarios)


def rounding_bound(valuation: Valuation, scenarios: ScenarioSet) -> FloatArray:
    """Return what the two grids can do: half a step of each flow, half a step of each discount."""
    flows = valuation.book.flows
    moves = np.abs(cube_module._discount_moves(valuation, scenarios))
    half_flow, half_discount = 2.0 ** -(FLOW_BITS + 1), 2.0 ** -(DISCOUNT_BITS + 1)
    bound: FloatArray = (flows != 0) @ moves * half_flow + np.abs(flows).sum(
        axis=1, keepdims=True
    ) * half_discount
    return bound


def test_securities_agree_with_the_slow_kernel(
    valuation: Valuation, scenarios: ScenarioSet, cube: Cube, slow: SlowValuation
) -> None:
    expected = np.array(
        [
            [slow.dirty(row, s) - slow.dirty(row, None) for s in range(scenarios.count)]
            for row in range(len(valuation.book.prices))
        ]
    )
    assert np.abs(expected).max() > 4.0  # the shocks are real ones
    error = np.abs(cube.securities - expected)
    assert (error <= rounding_bound(valuation, scenarios) + 1e-9).all()
    assert error.max() < GRID_STEP_DOLLARS


def test_each_bond_keeps_its_spread(valuation: Valuation, slow: SlowValuation) -> None:
    book = valuation.book
    discount = valuation.curve.discount_factors(book.flow_years)
    assert book.spreads == pytest.approx(np.array(slow.spreads), abs=1e-12)
    assert [slow.dirty(row, None) for row in range(len(book.prices))] == pytest.approx(
        book.dirty.tolist(), abs=1e-9
    )
    # On the grid the flows still give the quote, to half a step a flow.
    steps = (book.flows != 0).sum(axis=1) * 2.0**-18
    assert (np.abs(book.flows @ discount - book.dirty) <= steps).all()


def test_treasury_futures_agree_with_the_slow_kernel(
    valuation: Valuation, scenarios: ScenarioSet, cube: Cube, slow: SlowValuation
) -> None:
    for place, future in enumerate(valuation.contracts):
        if not isinstance(future, TreasuryFuture):
            continue
        today = slow.futures_price(future, None)
        assert future.price == pytest.approx(today, abs=1e-9)
        basis = scenarios.basis_bp[:, BASIS_CONTRACTS.index(future.contract.product)]
        expected = [
            (slow.futures_price(future, s) - today) * future.dollars_per_point
            - basis[s] * future.dv01_dollars
            for s in range(scenarios.count)
        ]
        # The rounding of a price, times dollars a point.
        rounding = rounding_bound(valuation, scenarios)[future.rows].max()
        rounding *= future.dollars_per_point / future.conversion_factors.min()
        assert rounding < 0.05
        assert cube.contracts[place] == pytest.approx(np.array(expected), abs=rounding)


def test_money_market_futures_agree_with_the_slow_kernel(
    valuation: Valuation, scenarios: ScenarioSet, cube: Cube, slow: SlowValuation
) -> None:
    compared = 0
    for place, future in enumerate(valuation.contracts):
        if isinstance(future, MoneyMarketFuture):
            expected = [slow.money_market_pnl(future, s) for s in range(scenarios.count)]
            assert cube.contracts[place] == pytest.approx(np.array(expected), abs=1e-8)
            compared += 1
    assert compared == 5


def test_no_shock_is_no_profit(valuation: Valuation) -> None:
    pnl = instrument_pnl(valuation, parallel([0.0, 0.0]), repo_follows_front=1.0)
    assert (pnl.securities == 0.0).all()
    grid = np.rint(pnl.contracts / GRID_STEP_DOLLARS)
    assert (grid == 0.0).all()


def test_profit_of_securities_lies_on_its_grid(cube: Cube) -> None:
    steps = np.ldexp(cube.securities, FLOW_BITS + DISCOUNT_BITS)
    assert (steps == np.rint(steps)).all()


def test_a_scenario_has_the_same_profit_in_any_company(
    valuation: Valuation, scenarios: ScenarioSet, cube: Cube
) -> None:
    for first, last in ((0, 1), (3, 11), (39, 40)):
        some = scenario_set(
            scenarios.key_rates[first:last],
            basis_bp=scenarios.basis_bp[first:last],
            spread_bp=scenarios.spread_bp[first:last],
        )
        pnl = instrument_pnl(valuation, some, repo_follows_front=1.0)
        assert np.array_equal(pnl.securities, cube.securities[:, first:last])
        assert np.array_equal(pnl.contracts, cube.contracts[:, first:last])


@pytest.mark.parametrize("dates_at_once", [1, 7, 1000])
def test_the_block_of_dates_changes_no_bit(
    dates_at_once: int,
    valuation: Valuation,
    scenarios: ScenarioSet,
    cube: Cube,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cube_module, "_DATES_AT_ONCE", dates_at_once)
    again = instrument_pnl(valuation, scenarios, repo_follows_front=1.0)
    assert np.array_equal(again.securities, cube.securities)
    assert np.array_equal(again.contracts, cube.contracts)


_PROGRAM = """
import hashlib
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.product.futures import FuturesContract
from crossmargin.testing.builders import random_scenarios, small_valuation
contracts = [FuturesContract(p, 2026, 6) for p in ("ZT", "ZN", "ZB", "SR3", "ZQ")]
pnl = instrument_pnl(
    small_valuation(contracts), random_scenarios(700, seed=5), repo_follows_front=1.0
)
digest = hashlib.sha256(pnl.securities.tobytes() + pnl.contracts.tobytes())
digest.update(small_valuation(contracts).book.spreads.tobytes())
print(digest.hexdigest())
"""


def test_every_kernel_and_thread_count_gives_the_same_bits() -> None:
    """Other kernels round sums differently: here there is nothing to round."""
    contracts = [FuturesContract(p, 2026, 6) for p in ("ZT", "ZN", "ZB", "SR3", "ZQ")]
    valuation = small_valuation(contracts)
    pnl = instrument_pnl(valuation, random_scenarios(700, seed=5), repo_follows_front=1.0)
    digest = hashlib.sha256(pnl.securities.tobytes() + pnl.contracts.tobytes())
    digest.update(valuation.book.spreads.tobytes())
    for core, threads in (("Prescott", "1"), ("Sandybridge", "2"), ("Haswell", "1")):
        environment = {**os.environ, "OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == digest.hexdigest(), (core, threads)


def test_the_cheapest_switches_under_a_large_shock() -> None:
    """Far over the 6 % notional coupon the longest issue is the cheapest to deliver."""
    valuation = small_valuation([FuturesContract("ZB", 2026, 6)])
    future = valuation.contracts[0]
    assert isinstance(future, TreasuryFuture)
    book = valuation.book
    maturities = [book.prices[row].security.maturity_date for row in future.rows]
    assert book.prices[future.cheapest_row].security.maturity_date == min(maturities)
    moves = parallel([400.0])
    pnl = instrument_pnl(valuation, moves, repo_follows_front=1.0)
    slow = SlowValuation(valuation, moves)
    one_by_one = []
    for row in future.rows:
        alone = small_valuation(
            [future.contract],
            prices={
                book.prices[row].security.cusip.text: book.prices[row],
            },
        )
        only = alone.contracts[0]
        assert isinstance(only, TreasuryFuture)
        one_by_one.append(SlowValuation(alone, moves).futures_price(only, 0))
    kept = one_by_one[future.rows.tolist().index(future.cheapest_row)]
    assert min(one_by_one) < kept - 0.5  # another issue is cheaper by far
    expected = (slow.futures_price(future, 0) - future.price) * 1000.0
    rounding = rounding_bound(valuation, moves).max() / future.conversion_factors.min() * 1000.0
    assert rounding < 0.1
    assert pnl.contracts[0, 0] == pytest.approx(expected, abs=rounding)
    assert pnl.contracts[0, 0] < (kept - future.price) * 1000.0 - 500.0


def test_a_basis_shock_costs_its_size_times_dv01(valuation: Valuation) -> None:
    for place, future in enumerate(valuation.contracts):
        if not isinstance(future, TreasuryFuture):
            continue
        for size_bp in (1.0, -2.5):
            basis = np.zeros((1, len(BASIS_CONTRACTS)))
            basis[0, BASIS_CONTRACTS.index(future.contract.product)] = size_bp
            shock = scenario_set(np.zeros((1, len(KEY_YEARS))), basis_bp=basis)
            pnl = instrument_pnl(valuation, shock, repo_follows_front=1.0)
            assert pnl.contracts[place, 0] == pytest.approx(
                -size_bp * future.dv01_dollars, abs=1e-9
            )
            assert (pnl.securities == 0.0).all()
            others = np.delete(pnl.contracts[:, 0], place)
            assert np.abs(others).max() < 1e-9


def test_a_basis_point_moves_money_market_futures_by_their_tick(valuation: Valuation) -> None:
    pnl = instrument_pnl(valuation, parallel([1.0]), repo_follows_front=1.0).contracts[:, 0]
    moves = dict(zip((c.contract.code for c in valuation.contracts), pnl, strict=True))
    assert moves["SR3M26"] == pytest.approx(-25.0, rel=0.03)
    assert moves["SR3H27"] == pytest.approx(-25.0, rel=0.03)
    assert moves["ZQN26"] == pytest.approx(-41.67, rel=0.03)


def test_only_the_key_rates_of_its_period_move_a_money_market_future(
    valuation: Valuation,
) -> None:
    pnl = instrument_pnl(valuation, bumps(KEY_YEARS, size_bp=1.0), repo_follows_front=1.0)
    places = valuation.contract_index()
    # SR3H27 runs from 17 March to 16 June 2027, between the 6-month and the 2-year knot.
    row = pnl.contracts[places["SR3H27"], : len(KEY_YEARS)]
    assert set(np.flatnonzero(row)) == {1, 2, 3} - ({1} if row[1] == 0.0 else set())
    assert row.sum() == pytest.approx(-25.0, rel=0.03)


def test_fixings_already_made_do_not_move(valuation: Valuation) -> None:
    places = valuation.contract_index()
    pnl = instrument_pnl(valuation, parallel([1.0]), repo_follows_front=1.0).contracts[:, 0]
    # SR3H26: 18 March to 17 June, 84 of 91 days left on 25 March. SR1H26: 7 of 31 days.
    for code, share, tick in (("SR3H26", 84 / 91, 25.0), ("SR1H26", 7 / 31, 41.67)):
        future = valuation.contracts[places[code]]
        assert isinstance(future, MoneyMarketFuture)
        assert future.remaining_share == pytest.approx(share, abs=1e-12)
        assert future.start_years == 0.0
        assert pnl[places[code]] == pytest.approx(-tick * share, rel=0.02)


def test_the_spread_factor_is_linear_between_its_knots_and_flat_outside() -> None:
    contracts = [FuturesContract("ZQ", 2026, month) for month in (4, 5, 7, 9, 12)]
    contracts += [FuturesContract("SR3", 2026, 9), FuturesContract("SR3", 2027, 9)]
    valuation = small_valuation(contracts)
    spread = np.array([[1.0, 0.0], [0.0, 1.0], [3.0, 3.0]])
    shock = scenario_set(np.zeros((3, len(KEY_YEARS))), spread_bp=spread)
    pnl = instrument_pnl(valuation, shock, repo_follows_front=1.0).contracts
    for place, future in enumerate(valuation.contracts):
        assert isinstance(future, MoneyMarketFuture)
        weight = min(1.0, max(0.0, (future.middle_years - 0.25) / (10 / 12 - 0.25)))
        tick = 25.0 if future.contract.product == "SR3" else 41.67
        assert pnl[place] == pytest.approx(
            np.array([-(1 - weight), -weight, -3.0]) * tick, abs=1e-9
        )
    weights = pnl[:5, 1] / -41.67
    assert weights[0] == 0.0
    assert (np.diff(weights[1:]) > 0.0).all()
    assert pnl[-1, 0] == pytest.approx(0.0, abs=1e-9)


def test_the_repo_rate_follows_the_front_as_far_as_it_is_told() -> None:
    valuation = small_valuation([FuturesContract("ZN", 2026, 6)])
    front = np.zeros((1, len(KEY_YEARS)))
    front[0, 0] = 1e-4
    still, follows = (
        instrument_pnl(valuation, scenario_set(front), repo_follows_front=share).contracts[0, 0]
        for share in (0.0, 1.0)
    )
    future = valuation.contracts[0]
    assert isinstance(future, TreasuryFuture)
    dirty = valuation.book.dirty[future.cheapest_row]
    carry = dirty * 1e-4 * future.cheapest_delivery.years / future.cheapest_factor * 1000.0
    assert follows - still == pytest.approx(carry, rel=0.03)


def test_key_rate_dv01s_add_up_to_the_parallel_one(valuation: Valuation) -> None:
    """Ten basis points each way: what is left is of third order, (30 years x 10 bp)^2 / 6."""
    exposure = key_rate_exposure(valuation, KEY_YEARS, repo_follows_front=1.0)
    both = instrument_pnl(valuation, parallel([10.0, -10.0]), repo_follows_front=1.0)
    for by_key, pnl in (
        (exposure.securities, both.securities),
        (exposure.contracts, both.contracts),
    ):
        whole = (pnl[:, 1] - pnl[:, 0]) / 20.0
        assert whole.min() > 0.0
        assert by_key.sum(axis=1) == pytest.approx(whole, rel=1.5e-4)


def test_key_rate_dv01s_add_up_to_a_few_millionths_without_the_third_order(
    valuation: Valuation,
) -> None:
    """Richardson's step takes the third order out; the grids leave some millionths."""
    count = len(KEY_YEARS)

    def by_key(size_bp: float) -> FloatArray:
        shocks = bumps(KEY_YEARS, size_bp=size_bp)
        pnl = instrument_pnl(valuation, shocks, repo_follows_front=1.0).securities
        slope: FloatArray = (pnl[:, count:] - pnl[:, :count]).sum(axis=1) / (2.0 * size_bp)
        return slope

    def at_once(size_bp: float) -> FloatArray:
        moves = parallel([size_bp, -size_bp])
        pnl = instrument_pnl(valuation, moves, repo_follows_front=1.0).securities
        slope: FloatArray = (pnl[:, 1] - pnl[:, 0]) / (2.0 * size_bp)
        return slope

    ladder, whole = ((4.0 * f(10.0) - f(20.0)) / 3.0 for f in (by_key, at_once))
    assert ladder == pytest.approx(whole, rel=5e-6)


def test_key_rate_dv01s_are_the_slow_kernels_derivatives(valuation: Valuation) -> None:
    """In plain floats the ladder adds up to a millionth; each rung agrees with the fast one."""
    tiny_bp = 0.1
    exposure = key_rate_exposure(valuation, KEY_YEARS, repo_follows_front=1.0)
    ladder = SlowValuation(valuation, bumps(KEY_YEARS, size_bp=tiny_bp))
    whole = SlowValuation(valuation, parallel([tiny_bp, -tiny_bp]))
    count = len(KEY_YEARS)
    for row in range(len(valuation.book.prices)):
        rungs = [
            (ladder.dirty(row, key + count) - ladder.dirty(row, key)) / (2.0 * tiny_bp)
            for key in range(count)
        ]
        parallel_move = (whole.dirty(row, 1) - whole.dirty(row, 0)) / (2.0 * tiny_bp)
        assert sum(rungs) == pytest.approx(parallel_move, rel=1e-6)
        assert exposure.securities[row] == pytest.approx(np.array(rungs), rel=2e-4, abs=2e-7)


def test_a_shock_too_large_to_be_exact_is_refused(valuation: Valuation) -> None:
    with pytest.raises(ValueError, match="factor of e"):
        instrument_pnl(valuation, parallel([600.0]), repo_follows_front=1.0)


def test_a_coupon_between_settlement_and_delivery_is_taken_out() -> None:
    """The small sheet's May payers deliver into June: their forwards drop by the coupon."""
    valuation = small_valuation([FuturesContract("ZN", 2026, 6)])
    future = valuation.contracts[0]
    assert isinstance(future, TreasuryFuture)
    with_coupon = [
        place
        for place, row in enumerate(future.rows)
        if any(
            flow.date <= date(2026, 6, 30)
            for flow in cash_flows_per_100(
                valuation.book.prices[row].security, after=valuation.settlement
            )
        )
    ]
    assert with_coupon
    last = future.deliveries[-1]
    for place in with_coupon:
        security = valuation.book.prices[future.rows[place]].security
        assert last.coupons[place] == float(security.coupon_pct) / 2
        days = (last.delivery_day - date(2026, 5, 15)) / timedelta(days=1)
        assert last.coupon_years[place] == pytest.approx(last.coupons[place] * days / 360)
