"""Margin Liquidity Adjustment: worked by hand, at its threshold, hedged, beyond float."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.margin.exact import GRID_PER_DOLLAR, exact_pnl_in_grid_steps, from_grid, root_up
from crossmargin.margin.ficc.liquidity import (
    LiquidityGroup,
    LiquidityRules,
    MarginLiquidity,
    group_liquidity,
    group_one_day_sigma,
    liquidity_group_place,
)
from crossmargin.market.history import FloatArray
from crossmargin.market.seeds import generator

RULES = LiquidityRules(Fraction(1), Fraction(2, 5), Fraction(1))
GROUP = LiquidityGroup("notes", Fraction(1, 250), Fraction(100_000), Fraction(2))


def figures(net: int, gross: int, loss: int, rules: LiquidityRules = RULES):
    return group_liquidity(
        GROUP,
        rules,
        net_market_value=Fraction(net),
        gross_market_value=Fraction(gross),
        one_day_loss=Fraction(loss),
    )


def test_both_costs_are_those_worked_by_hand():
    # 0.004 x 400,000 x sqrt(4) = 3,200; 1 bp x (500,000 - 400,000) = 10.
    found = figures(-400_000, 500_000, 4_000)
    assert (found.directional, found.basis) == (3_200, 10)
    assert found.ratio == Fraction(3_210, 4_000)
    # (0.8025 - 0.4) x 4,000
    assert found.charge == 1_610


def test_scale_and_coefficient_multiply():
    rules = LiquidityRules(Fraction(2), Fraction(2, 5), Fraction(3, 2))
    assert figures(400_000, 500_000, 4_000, rules).charge == (6_410 - 1_600) * Fraction(3, 2)


def test_a_ratio_at_the_threshold_is_free_and_one_cent_of_loss_less_is_not():
    assert figures(400_000, 400_000, 8_000).charge == 0
    assert figures(400_000, 400_000, 7_999).charge == Fraction(2, 5)


def test_a_cost_without_a_loss_is_charged_whole():
    found = figures(0, 100_000, 0)
    assert (found.directional, found.basis, found.ratio, found.charge) == (0, 10, None, 10)


def test_gross_under_net_is_our_mistake():
    with pytest.raises(ValueError, match="gross"):
        figures(2, 1, 0)


@pytest.mark.parametrize("volume", [0, -1])
def test_a_group_needs_a_volume(volume):
    with pytest.raises(ValueError, match="daily volume"):
        LiquidityGroup("x", Fraction(1), Fraction(volume), Fraction(1))


@pytest.mark.parametrize(
    ("years", "is_tips", "place"),
    [(0.5, False, 0), (1.0, False, 1), (9.99, False, 3), (10.0, False, 4), (30.0, False, 4),
     (1.99, True, 5), (2.0, True, 6), (11.0, True, 8)],
)  # fmt: skip
def test_a_lower_end_belongs_to_the_group_it_begins(years, is_tips, place):
    assert (
        liquidity_group_place(
            years,
            is_tips=is_tips,
            treasury_lower_years=[Fraction(n) for n in (0, 1, 2, 5, 10)],
            tips_lower_years=[Fraction(n) for n in (0, 2, 6, 11)],
        )
        == place
    )


def test_sigma_of_a_group_is_that_of_equal_dollars():
    # Per dollar +0.01, -0.01 and +0.03, -0.03: together +0.02, -0.02.
    pnl = np.array([[1.0, -1.0], [1.5, -1.5]])
    assert group_one_day_sigma(pnl, np.array([100.0, 50.0])) == Fraction(1, 50)


def test_sigma_ignores_the_mean_and_an_empty_group_has_none():
    assert group_one_day_sigma(np.array([[2.0, 2.0]]), np.array([100.0])) == 0
    assert group_one_day_sigma(np.empty((0, 2)), np.empty(0)) == 0


def prepared() -> MarginLiquidity:
    steps = np.arange(-50, 50)
    return MarginLiquidity.prepare(
        groups=[GROUP, LiquidityGroup("bonds", Fraction(1, 100), Fraction(50_000), Fraction(1))],
        group_of_security=[0, 0, 1, -1],
        market_value=np.array([100.0, 99.5, 120.25, 100.0]),
        one_day_pnl=np.array([0.01, 0.02, 0.05, 9.0])[:, None] * steps,
        rank=1,
        rules=RULES,
    )


def in_whole_numbers(adjustment: MarginLiquidity, row: FloatArray) -> list[Fraction]:
    """Each group's charge of one portfolio, in whole grid steps and with every scenario read."""
    charges = []
    for group, columns in zip(adjustment.groups, adjustment.columns, strict=True):
        units = [int(quantity) for quantity in row[columns.members]]
        values = [q * from_grid(float(v)) for q, v in zip(units, columns.market_value, strict=True)]
        steps = sorted(exact_pnl_in_grid_steps(units, columns.pnl))
        found = group_liquidity(
            group,
            adjustment.rules,
            net_market_value=sum(values, Fraction(0)),
            gross_market_value=sum(map(abs, values), Fraction(0)),
            one_day_loss=Fraction(max(0, -steps[adjustment.rank - 1]), GRID_PER_DOLLAR),
        )
        charges.append(found.charge)
    return charges


def test_charges_of_a_block_are_the_sums_of_their_groups():
    adjustment = prepared()
    units = np.array(
        [[4_000, -1_000, 0, 0], [0, 0, 3_000, 5], [5_000, -2_500, -900, 0], [0, 0, 0, 1e6]]
    )
    charges = adjustment.charges(units)
    assert charges == [
        charge_from_dollars(sum(in_whole_numbers(adjustment, row), Fraction(0))) for row in units
    ]
    # Row 0: net 300,500, gross 499,500; loss (40 - 20) x 50 = 1,000.
    root = root_up(Fraction(300_500, 100_000))
    by_hand = Fraction(300_500, 250) * root + Fraction(1, 10_000) * 199_000 - 400
    assert charges[0] == charge_from_dollars(by_hand)
    assert charges[3] == Money(0)


def test_quantities_beyond_float_are_exact():
    adjustment = prepared()
    units = np.array([[1e13, 0, 0, 0], [4_000, -1_000, 0, 0]])
    charge = adjustment.charges(units)[0]
    net = Fraction(10**15)
    loss = Fraction(10**13) * Fraction(round(0.5 * 2**18), 2**18)
    expected = net / 250 * root_up(net / 100_000) - loss * Fraction(2, 5)
    assert charge == charge_from_dollars(expected)


def test_rows_do_not_depend_on_their_neighbors():
    adjustment = prepared()
    units = np.array([[4_000, -1_000, 7, 0], [1e13, 0, 0, 0], [9, 8, 7_000, 0]], dtype=float)
    alone = [adjustment.charges(row[None, :])[0] for row in units]
    assert adjustment.charges(units) == alone
    assert adjustment.charges(units[::-1])[::-1] == alone


def test_reading_the_loss_from_some_scenarios_first_changes_no_charge():
    # 1,500 scenarios, of which the bound is read from 256; hedged books lose in any of them.
    random = generator(3)
    moves = random.normal(size=(1, 1_500)) + random.normal(size=(40, 1_500)) / 4
    adjustment = MarginLiquidity.prepare(
        groups=[replace(GROUP, average_daily_volume_dollars=Fraction(5_000_000))],
        group_of_security=[0] * 40,
        market_value=np.full(40, 100.0),
        one_day_pnl=moves / 8,
        rank=15,
        rules=RULES,
    )
    columns = adjustment.columns[0]
    assert columns.telling.shape[1] < columns.pnl.shape[1]
    units = np.round(random.normal(size=(300, 40)) * 10 ** random.uniform(1, 5, (300, 1)))
    charges = adjustment.charges(units)
    assert charges == [
        charge_from_dollars(sum(in_whole_numbers(adjustment, row), Fraction(0))) for row in units
    ]
    assert 30 < sum(charge.cents > 0 for charge in charges) < 270


def test_fewer_securities_keep_their_groups():
    adjustment = prepared()
    units = np.array([[0, 4_000, -3_000, 9], [0, -700, 900_000, 0]], dtype=float)
    kept = adjustment.keeping([3, 1, 2])
    assert kept.charges(units[:, [3, 1, 2]]) == adjustment.charges(units)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="there are 1 groups"):
        MarginLiquidity.prepare(
            groups=[GROUP],
            group_of_security=[1],
            market_value=np.array([100.0]),
            one_day_pnl=np.zeros((1, 3)),
            rank=1,
            rules=RULES,
        )
