"""Ranks are exact and tail losses are losses that happened."""

from fractions import Fraction

import numpy as np
import pytest

from crossmargin.margin.tail import QuantileConvention, tail_losses, tail_rank, tail_scenarios

NINETY_NINE = Fraction(99, 100)


@pytest.mark.parametrize(
    ("count", "rank"), [(1, 1), (99, 1), (199, 1), (200, 2), (500, 5), (1000, 10), (2750, 27)]
)
def test_rank_is_the_floor_of_the_exact_tail(count, rank):
    assert tail_rank(count, NINETY_NINE) == rank


def test_rank_is_not_taken_from_a_float():
    # In binary (1 - 0.97) * 100 is 3.0000000000000027 and its ceiling 4.
    assert tail_rank(100, Fraction(97, 100)) == 3


def test_the_other_convention_reads_the_first_loss_beyond():
    assert tail_rank(500, NINETY_NINE, QuantileConvention.NEXT_LARGEST) == 6


@pytest.mark.parametrize("coverage", [Fraction(0), Fraction(1), Fraction(3, 2)])
def test_coverage_outside_zero_and_one_is_refused(coverage):
    with pytest.raises(ValueError, match="strictly between"):
        tail_rank(500, coverage)


def test_loss_is_the_one_at_the_rank_and_gains_give_zero():
    pnl = np.array([[-4.0, 1.0, -3.0, 2.0, -1.0], [4.0, 1.0, 3.0, 2.0, 1.0]])
    assert tail_losses(pnl, 2).tolist() == [3.0, 0.0]
    assert pnl[0].tolist() == [-4.0, 1.0, -3.0, 2.0, -1.0]


def test_tail_scenarios_come_largest_loss_first_ties_by_position():
    assert tail_scenarios(np.array([1.0, -2.0, -5.0, -2.0]), 3).tolist() == [2, 1, 3]
