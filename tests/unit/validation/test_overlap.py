"""Outcomes that overlap: interleaved series, both intervals, and the inflation of variance."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from crossmargin.market.seeds import generator as seeded
from crossmargin.validation.overlap import (
    BlockBootstrap,
    bootstrap_interval,
    estimated_inflation,
    exact_interval,
    interleaved,
)

LEVEL = Fraction(95, 100)
BLOCKS = BlockBootstrap(samples=400, block_outcomes=25, seed=1)


def test_every_outcome_is_in_one_series() -> None:
    found = np.arange(10) % 4 == 0
    series = interleaved(found, 3)
    assert [len(each) for each in series] == [4, 3, 3]
    for first, each in enumerate(series):
        assert each.tolist() == [found[place] for place in range(first, 10, 3)]
    assert interleaved(found, 1)[0].tolist() == found.tolist()
    assert [len(each) for each in interleaved(found[:2], 3)] == [1, 1, 0]
    with pytest.raises(ValueError, match="a date at least"):
        interleaved(found, 0)


def _clopper_pearson(outcomes: int, fewest: int, most: int) -> tuple[float, float]:
    low = stats.beta.ppf(0.025, fewest, outcomes - fewest + 1) if fewest else 0.0
    high = stats.beta.ppf(0.975, most + 1, outcomes - most) if most < outcomes else 1.0
    return float(low), float(high)


@pytest.mark.parametrize("exceptions", [0, 1, 7, 25, 26, 400, 2499, 2500])
@pytest.mark.parametrize("horizon", [1, 3])
def test_the_exact_interval_is_clopper_and_pearsons(exceptions: int, horizon: int) -> None:
    found = exact_interval(2500, exceptions, level=LEVEL, horizon=horizon)
    assert found is not None
    apart = 2500 // horizon
    low, high = _clopper_pearson(
        apart, exceptions // horizon, min(-(-exceptions // horizon), apart)
    )
    # Whole millionths, rounded outwards.
    assert 0.0 <= low - float(found.low) <= 1.001e-6
    assert 0.0 <= float(found.high) - high <= 1.001e-6
    assert found.low.limit_denominator(10**6) == found.low


def test_less_than_one_horizon_bounds_nothing() -> None:
    assert exact_interval(2, 1, level=LEVEL, horizon=3) is None


def test_inflation_by_hand() -> None:
    # Six outcomes, exceptions in the second and third: p = 1/3, p (1 - p) = 2/9. One of five pairs
    # of neighbors is two exceptions, none of four pairs two apart:
    # rho_1 = (1/5 - 1/9) / (2/9) = 0.4, rho_2 = (0 - 1/9) / (2/9) = -0.5.
    found = np.array([False, True, True, False, False, False])
    assert estimated_inflation(found, 2) == pytest.approx(1 + 2 * (5 / 6) * 0.4)
    assert estimated_inflation(found, 3) == pytest.approx(
        max(1 + 2 * (5 / 6) * 0.4 - 2 * (4 / 6) * 0.5, 1.0)
    )
    assert estimated_inflation(found, 1) == 1.0
    assert estimated_inflation(np.zeros(6, dtype=bool), 3) is None
    assert estimated_inflation(np.ones(6, dtype=bool), 3) is None


def test_inflation_stays_between_one_and_the_horizon() -> None:
    block, alternating = np.zeros(300, dtype=bool), np.arange(300) % 2 == 0
    block[100:140] = True
    assert estimated_inflation(block, 3) == 3.0
    assert estimated_inflation(alternating, 2) == 1.0


def test_blocks_of_one_are_the_plain_bootstrap() -> None:
    # 400 outcomes with 40 exceptions: the count of a sample is binomial, 40 +- 1.96 * 6.
    found = np.arange(400) % 10 == 0
    rules = BlockBootstrap(samples=4000, block_outcomes=1, seed=5)
    interval = bootstrap_interval(found, rules, level=LEVEL)
    assert interval is not None
    expected = stats.binom(400, 0.1)
    assert abs(interval.low * 400 - expected.ppf(0.025)) <= 1
    assert abs(interval.high * 400 - expected.ppf(0.975)) <= 1


@pytest.mark.parametrize("outcomes", [30, 100, 103])
def test_a_sample_is_made_of_whole_blocks_and_a_rest(outcomes: int) -> None:
    found = seeded(3).random(outcomes) < 0.3
    rules = BlockBootstrap(samples=200, block_outcomes=25, seed=9)
    interval = bootstrap_interval(found, rules, level=LEVEL)
    # The same, one outcome at a time.
    blocks, rest = divmod(outcomes, 25)
    lengths = [25] * blocks + ([rest] if rest else [])
    starts = seeded(9).integers(0, outcomes, size=(200, len(lengths))).tolist()
    counts = sorted(
        sum(
            int(found[(start + step) % outcomes])
            for start, length in zip(row, lengths, strict=True)
            for step in range(length)
        )
        for row in starts
    )
    assert interval is not None
    assert (interval.low * outcomes, interval.high * outcomes) == (counts[5], counts[194])


def test_a_cluster_widens_the_bootstrap_interval() -> None:
    scattered, clustered = np.arange(1000) % 50 == 0, np.zeros(1000, dtype=bool)
    clustered[300:320] = True
    narrow = bootstrap_interval(scattered, BLOCKS, level=LEVEL)
    wide = bootstrap_interval(clustered, BLOCKS, level=LEVEL)
    assert narrow is not None
    assert wide is not None
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)
    assert narrow.low <= Fraction(1, 50) <= narrow.high


def test_the_bootstrap_says_nothing_where_every_sample_is_the_same() -> None:
    for found in (np.zeros(100, dtype=bool), np.ones(100, dtype=bool)):
        assert bootstrap_interval(found, BLOCKS, level=LEVEL) is None


def test_the_seed_makes_the_interval() -> None:
    found = seeded(4).random(500) < 0.05
    intervals = [
        bootstrap_interval(found, BlockBootstrap(200, 25, seed), level=LEVEL) for seed in range(8)
    ]
    assert intervals[3] == bootstrap_interval(found, BlockBootstrap(200, 25, 3), level=LEVEL)
    assert len(set(intervals)) > 1
