"""The vectorised simulation agrees with the slow one, portfolio by portfolio."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.margin.book import Block, Holdings
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.margin.simulation import Simulation, cents_up
from crossmargin.market.seeds import generator
from crossmargin.testing import reference


def simulation(seed: int = 1, rank: int = 3) -> Simulation:
    random = generator(seed)
    return Simulation.on_grid(
        random.normal(0.0, 0.5, (4, 60)), random.normal(0.0, 900.0, (2, 60)), rank
    )


quantities = st.lists(st.integers(-(10**6), 10**6), min_size=6, max_size=6)


@given(quantities)
@settings(max_examples=60, deadline=None)
def test_losses_agree_with_the_slow_kernel(units):
    model = simulation()
    block = Block.without_repo(
        np.array([units[:4]], dtype=float), np.array([units[4:]], dtype=float)
    )
    columns = [
        [Fraction(int(p * GRID_PER_DOLLAR), GRID_PER_DOLLAR) for p in row]
        for row in np.vstack([model.securities, model.contracts])
    ]
    alone, futures, both = model.three_losses(block)
    for fast, held in (
        (alone, [*units[:4], 0, 0]),
        (futures, [0, 0, 0, 0, *units[4:]]),
        (both, units),
    ):
        slow = reference.tail_loss(reference.portfolio_pnl(held, columns), model.rank)
        assert Fraction(fast[0], GRID_PER_DOLLAR) == slow


@given(quantities, st.integers(1, 1000))
@settings(max_examples=40, deadline=None)
def test_losses_scale_with_the_position(units, factor):
    model = simulation()
    one = Block.without_repo(np.array([units[:4]], dtype=float), np.array([units[4:]], dtype=float))
    many = Block.without_repo(one.securities * factor, one.contracts * factor)
    assert model.losses(many)[0] == factor * model.losses(one)[0]


def test_large_and_small_paths_agree_at_the_border():
    model = simulation()
    units = [10**9, -(10**9), 5, 7, 3, -2]
    block = Block.without_repo(
        np.array([units[:4]], dtype=float), np.array([units[4:]], dtype=float)
    )
    assert model._loss_of_large(block, 0) == model.losses(block)[0]


def test_permuting_scenarios_changes_nothing():
    model = simulation()
    order = generator(2).permutation(60)
    shuffled = Simulation(model.securities[:, order], model.contracts[:, order], model.rank)
    block = Block.without_repo(np.array([[5.0, -3.0, 2.0, 9.0]]), np.array([[1.0, -4.0]]))
    assert shuffled.losses(block) == model.losses(block)


def test_the_block_size_changes_nothing():
    model = simulation()
    random = generator(9)
    portfolios = [
        {int(place): int(random.integers(-500, 500)) for place in random.permutation(6)[:4]}
        for _ in range(50)
    ]
    holdings = Holdings.of(portfolios, security_count=4, contract_count=2, repo_bucket_count=0)
    whole = model.losses(holdings.block(0, 50))
    parts = [
        loss
        for first in range(0, 50, 7)
        for loss in model.losses(holdings.block(first, min(first + 7, 50)))
    ]
    assert parts == whole


def test_cents_round_up():
    assert [cents_up(n, 4) for n in (0, 1, 4, 5, -1, -4)] == [0, 1, 1, 2, 0, -1]
