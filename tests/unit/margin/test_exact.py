"""Sums on the grid are exact, in float64 and beyond it."""

from fractions import Fraction

import numpy as np
import pytest

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.margin.exact import (
    GRID_PER_DOLLAR,
    exact_pnl_in_grid_steps,
    exact_rows,
    from_grid,
    to_grid,
)
from crossmargin.market.seeds import generator


def test_grid_figures_are_whole_steps():
    steps = to_grid(np.array([0.1, -1.0 / 3.0])) * GRID_PER_DOLLAR
    assert (steps == np.rint(steps)).all()
    assert abs(from_grid(to_grid(np.array([0.1]))[0]) - Fraction(1, 10)) < Fraction(1, 2**19)


def test_charges_round_up_from_the_exact_figure():
    assert charge_from_dollars(from_grid(1.0)) == Money(100)
    assert charge_from_dollars(from_grid(1.0 + 1.0 / GRID_PER_DOLLAR)) == Money(101)


def test_sums_do_not_depend_on_their_order():
    random = generator(3)
    pnl = to_grid(random.normal(0.0, 5.0, (300, 50)))
    units = np.rint(random.normal(0.0, 1e6, (1, 300)))
    assert exact_rows(units, np.abs(pnl).max(axis=1)).all()
    order = random.permutation(300)
    assert (units @ pnl == units[:, order] @ pnl[order]).all()


@pytest.mark.parametrize("units", [[10**13 + 7, -(10**13) + 1, 3], [10**15, -1, -1], [-1, -1, -1]])
def test_quantities_of_any_size_are_summed_exactly(units):
    pnl = to_grid(generator(4).normal(0.0, 5_000.0, (3, 40)))
    steps = exact_pnl_in_grid_steps(units, pnl)
    for scenario in range(40):
        exact = sum(q * int(pnl[i, scenario] * GRID_PER_DOLLAR) for i, q in enumerate(units))
        assert steps[scenario] == exact


def test_only_the_rows_that_are_too_large_are_told_apart():
    units = np.array([[5.0, 1.0], [1e13, 0.0], [0.0, 0.0]])
    assert exact_rows(units, np.array([5_000.0, 1.0])).tolist() == [True, False, True]
