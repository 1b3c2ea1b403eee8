"""Sides, crowds, and what separate charges miss."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest

from crossmargin.analysis.crowding import (
    Crowd,
    days_to_liquidate,
    joined,
    liquidation_cost,
)
from crossmargin.margin.cme.liquidity import CmeAddOns, ExecutionTerms, loss_growth
from crossmargin.margin.ficc.liquidity import (
    LiquidityGroup,
    LiquidityRules,
    group_liquidity,
)


def test_equal_customers_are_as_many_as_the_index_says() -> None:
    crowd = Crowd.of([Fraction(5)] * 4 + [Fraction(-1)])
    assert crowd.herfindahl == Fraction(1, 4)


def test_joining_cancels() -> None:
    assert joined([{"a": 3, "b": 1}, {"a": -3, "b": 1}]) == {"b": 2}


def square(book: Mapping[str, int]) -> Fraction:
    return Fraction(sum(book.values()) ** 2)


def test_what_separate_figures_miss_by_hand() -> None:
    books = [{"a": 3}, {"a": 2}, {"a": -1}, {}]
    crowd = Crowd.of([Fraction(sum(book.values())) for book in books])
    cost = liquidation_cost(books, crowd, square)
    assert (cost.own, cost.netted) == (9 + 4 + 1, 16)
    assert (cost.crowd_own, cost.crowd_together, cost.missed) == (13, 25, 12)


RULES = LiquidityRules(Fraction(1), Fraction(2, 5), Fraction(1))
GROUP = LiquidityGroup("treasury", Fraction(1, 200), Fraction(10**9), Fraction(3, 5))


def test_at_ficc_two_like_customers_cost_the_root_of_two_more() -> None:
    def cost(book: Mapping[str, int]) -> Fraction:
        value = Fraction(sum(book.values()))
        figures = group_liquidity(
            GROUP,
            RULES,
            net_market_value=value,
            gross_market_value=value,
            one_day_loss=Fraction(0),
        )
        return figures.impact_cost

    books = [{"a": 250_000_000}] * 2
    found = liquidation_cost(books, Crowd.of([Fraction(1), Fraction(1)]), cost)
    assert float(found.crowd_together / found.crowd_own) == pytest.approx(2**0.5, abs=1e-5)


def test_at_cme_a_crowd_is_concentrated_where_its_customers_are_not() -> None:
    terms = ExecutionTerms({"ZN": Fraction(0)}, {"ZN": Fraction(1000)}, Fraction(1))
    execution = CmeAddOns(("ZN",), (Fraction(2000),), terms)
    books = [{0: 1000}, {0: 1000}, {0: -100}]
    crowd = Crowd.of([Fraction(book[0]) for book in books])
    found = liquidation_cost(books, crowd, execution.concentration_dollars)
    # A day each alone; two days together, so the loss grows by the root of 1.25.
    assert found.own == 0
    assert found.missed == 2000 * 2000 * loss_growth(Fraction(2))
    assert float(found.missed) == pytest.approx(4_000_000 * (1.25**0.5 - 1), rel=1e-9)
    assert found.netted == 1900 * 2000 * loss_growth(Fraction(19, 10))


def test_days_are_of_the_share_that_takes_part() -> None:
    assert days_to_liquidate(Fraction(-300), Fraction(1000), Fraction(1, 10)) == 3
