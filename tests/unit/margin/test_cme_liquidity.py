"""Liquidity and concentration at CME: half-spreads, days to close, exact and up to the cent."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.book import Block
from crossmargin.margin.cme.liquidity import CmeAddOns, ExecutionTerms, loss_growth
from crossmargin.product.futures import PRODUCTS, FuturesContract
from crossmargin.testing.builders import AS_OF

PARAMETERS = parameter_sets(AS_OF).cme
CONTRACTS = (
    FuturesContract("ZN", 2026, 6),
    FuturesContract("ZN", 2026, 9),
    FuturesContract("SR3", 2026, 6),
)
ONE_DAY_ZN = 180_000  # a tenth of 1,800,000


def add_ons(**changes: str) -> CmeAddOns:
    return CmeAddOns.of_contracts(
        CONTRACTS,
        [Fraction(1500), Fraction(1400), Fraction("650.5")],
        PARAMETERS.replacing(changes, reason="test"),
    )


def block(*rows: list[int]) -> Block:
    return Block.without_repo(np.zeros((len(rows), 2)), np.array(rows, dtype=float))


def test_a_contract_costs_half_a_tick() -> None:
    """Half of 1/2 of 1/32 of ZN, $7.8125; half of $12.50 of SR3; cents come once, at the end."""
    charges = add_ons().cents(block([-1, 0, 0], [-3, 2, 0], [0, 0, 4], [0, 0, 0]))
    assert charges["liquidity"] == [782, 3907, 2500, 0]
    assert charges["concentration"] == [0, 0, 0, 0]


def test_twice_the_spread_is_twice_the_charge() -> None:
    held = {0: -3, 2: 7}
    once = add_ons().liquidity_dollars(held)
    assert once == 3 * Fraction("7.8125") + 7 * Fraction("6.25")
    assert add_ons(half_spread_multiple="2").liquidity_dollars(held) == 2 * once


def test_what_a_day_closes_costs_nothing_and_more_costs_more_than_in_proportion() -> None:
    charges = add_ons()
    at = [charges.concentration_dollars({0: days * ONE_DAY_ZN}) for days in (1, 2, 4, 8)]
    assert at[0] == 0
    assert at[1] == pytest.approx(2 * ONE_DAY_ZN * 1500 * (math.sqrt(1.25) - 1), rel=1e-11)
    # Twice the position, more than twice the charge; far out it grows by 2^1.5.
    ratios = [two / one for one, two in pairwise(at[1:])]
    assert all(ratio > 3 for ratio in ratios)
    far = [charges.concentration_dollars({0: days * ONE_DAY_ZN}) for days in (4000, 8000)]
    assert float(far[1] / far[0]) == pytest.approx(2**1.5, rel=0.02)


def test_months_of_a_product_share_its_volume_and_do_not_net() -> None:
    charges = add_ons()
    spread = charges.concentration_dollars({0: ONE_DAY_ZN, 1: -ONE_DAY_ZN})
    assert spread == loss_growth(Fraction(2)) * ONE_DAY_ZN * (1500 + 1400)
    # Another product has its own.
    apart = charges.concentration_dollars({0: ONE_DAY_ZN, 2: ONE_DAY_ZN})
    assert apart == 0


def test_the_charge_can_be_left_out() -> None:
    held = {0: 10 * ONE_DAY_ZN}
    assert add_ons().concentration_dollars(held) > 0
    assert add_ons(concentration_multiple="0").concentration_dollars(held) == 0


@settings(max_examples=60, deadline=None)
@given(st.fractions(Fraction(1, 10), Fraction(60), max_denominator=1000))
def test_the_growth_is_the_root_of_squares_of_what_is_still_held(days: Fraction) -> None:
    left, squares = float(days), 0.0
    while left > 0.0:
        squares += left * left
        left -= 1.0
    expected = max(0.0, math.sqrt(squares) / float(days) - 1.0)
    assert float(loss_growth(days)) == pytest.approx(expected, rel=1e-9, abs=1e-11)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3_000_000), st.integers(1, 400_000))
def test_a_larger_position_never_costs_less(count: int, more: int) -> None:
    charges = add_ons()
    less = charges.cents(block([count, 0, 0], [count + more, 0, 0]))
    for costs in less.values():
        assert costs[0] <= costs[1]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(*(st.integers(-400_000, 400_000) for _ in CONTRACTS)), min_size=1, max_size=4
    ),
    st.sampled_from(["1", "0.7", "1/3"]),
)
def test_many_portfolios_at_once_are_each_alone_up_to_the_cent(
    rows: list[tuple[int, ...]], multiple: str
) -> None:
    charges = add_ons(half_spread_multiple=multiple)
    found = charges.cents(block(*map(list, rows)))
    for row, quantities in enumerate(rows):
        held = dict(enumerate(quantities))
        assert found["liquidity"][row] == math.ceil(charges.liquidity_dollars(held) * 100)
        assert found["concentration"][row] == math.ceil(charges.concentration_dollars(held) * 100)


def test_contributions_of_contracts_add_up_to_both_charges() -> None:
    """Two months of one product share its concentration; another product adds its spread alone."""
    charges = add_ons()
    held = {0: 3 * ONE_DAY_ZN, 1: -ONE_DAY_ZN, 2: 40}
    parts = charges.contributions(held)
    assert sum(parts.values()) == charges.liquidity_dollars(held) + charges.concentration_dollars(
        held
    )
    assert parts[2] == 40 * Fraction("6.25")
    beyond = {
        place: parts[place] - charges.liquidity_dollars({place: held[place]}) for place in (0, 1)
    }
    assert beyond[0] / beyond[1] == Fraction(3 * 1500, 1400)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_rate_is_one_contract_more_on_its_side(place: int) -> None:
    charges = add_ons()
    held = {0: 3 * ONE_DAY_ZN, 1: -ONE_DAY_ZN, 2: 40}

    def total(holding: dict[int, int]) -> Fraction:
        return charges.liquidity_dollars(holding) + charges.concentration_dollars(holding)

    side = 1 if held[place] > 0 else -1
    more = total({**held, place: held[place] + side}) - total(held)
    assert more > 0
    assert charges.rate(held, place) == side * more


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("half_spread_ticks", "ZN:0.5"),
        ("half_spread_ticks", PARAMETERS.text("half_spread_ticks").replace("ZT:0.5", "ZT:-1")),
        ("average_daily_volume", PARAMETERS.text("average_daily_volume") + ", ES:5"),
        ("average_daily_volume", PARAMETERS.text("average_daily_volume") + ", ZT:5"),
        ("average_daily_volume", "700000"),
        ("half_spread_multiple", "-1"),
        ("concentration_multiple", "-0.5"),
    ],
)
def test_terms_that_say_nothing_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        ExecutionTerms.from_parameters(PARAMETERS.replacing({name: value}, reason="test"))


@pytest.mark.parametrize("name", ["concentration_volume_share", "average_daily_volume_multiple"])
def test_a_day_without_volume_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ExecutionTerms.from_parameters(PARAMETERS.replacing({name: "0"}, reason="test"))


def test_every_product_has_terms() -> None:
    terms = ExecutionTerms.from_parameters(PARAMETERS)
    assert set(terms.half_spread_dollars) == set(terms.daily_contracts) == set(PRODUCTS)
    assert terms.half_spread_dollars["ZT"] == Fraction("3.90625")
    assert terms.daily_contracts["ZN"] == ONE_DAY_ZN
