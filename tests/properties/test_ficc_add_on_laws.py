"""Laws of the charges outside the VaR Charge that hold for any figures."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.basics.money import Money
from crossmargin.margin.exact import root_up
from crossmargin.margin.ficc.add_ons import holiday_charge, portfolio_differential
from crossmargin.margin.ficc.liquidity import (
    LiquidityGroup,
    LiquidityRules,
    group_liquidity,
)

dollars = st.integers(min_value=0, max_value=10**12).map(Fraction)
positive = st.integers(min_value=1, max_value=10**12).map(Fraction)
ratios = st.fractions(min_value=0, max_value=1, max_denominator=1000)
cents = st.integers(min_value=0, max_value=10**12).map(Money)


books = st.tuples(dollars, dollars, dollars)


@given(books, positive, ratios, st.integers(min_value=1, max_value=50))
@settings(max_examples=80)
def test_liquidity_grows_at_least_as_fast_as_the_portfolio(book, volume, sigma, times):
    net, hedged, loss = book
    group = LiquidityGroup("g", sigma, volume, Fraction(1))
    rules = LiquidityRules(Fraction(1), Fraction(2, 5), Fraction(1))

    def charge(size: int) -> Fraction:
        return group_liquidity(
            group,
            rules,
            net_market_value=-size * net,
            gross_market_value=size * (net + hedged),
            one_day_loss=size * loss,
        ).charge

    assert charge(times) >= times * charge(1)


@given(st.fractions(min_value=0, max_value=10**6, max_denominator=10**6))
@settings(max_examples=80)
def test_a_root_is_rounded_up_by_less_than_a_millionth(square):
    root = root_up(square)
    assert root * root >= square
    assert root == 0 or (root - Fraction(1, 10**6)) ** 2 < square


@given(st.lists(cents, min_size=4, max_size=8), cents)
@settings(max_examples=60)
def test_a_differential_lies_between_no_increase_and_the_largest(charges, shift):
    def charge(series):
        return portfolio_differential(
            series, decay=Fraction(97, 100), observations=3, multiplier=Fraction(1)
        )

    newest = charges[-4:]
    increases = [max(b.cents - a.cents, 0) for a, b in pairwise(newest)]
    found = charge(charges)
    assert min(increases) <= found.cents <= max(increases)
    assert found == charge([each + shift for each in charges])


@given(cents, st.integers(min_value=0, max_value=5))
@settings(max_examples=60)
def test_more_holidays_never_charge_less(var, days):
    fewer, more = (holiday_charge(var, horizon_days=3, extra_days=n) for n in (days, days + 1))
    assert fewer <= more
