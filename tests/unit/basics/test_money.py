"""Money is whole cents; charges round up; sharing loses nothing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.money import Money, charge_from_dollars, money_from_decimal


@pytest.mark.parametrize("cents", [1.0, True, "1", None])
def test_only_whole_cents_make_money(cents):
    with pytest.raises(TypeError, match="must be an int"):
        Money(cents)


def test_money_is_written_with_two_decimals():
    assert [str(Money(c)) for c in (0, 5, -5, 123_456)] == ["0.00", "0.05", "-0.05", "1234.56"]


@given(st.fractions(min_value=-(10**9), max_value=10**9))
def test_a_charge_is_the_smallest_money_not_below_the_figure(dollars):
    charge = charge_from_dollars(dollars)
    assert charge.dollars >= dollars
    assert charge.dollars - dollars < Fraction(1, 100)


def test_a_charge_is_not_made_from_a_float():
    with pytest.raises(TypeError, match="Fraction"):
        charge_from_dollars(1.1)


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any),
)
def test_shares_add_up_and_stay_within_a_cent_of_pro_rata(cents, weights):
    shares = Money(cents).split(weights)
    assert Money.total(shares) == Money(cents)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share.cents - Fraction(cents * weight, sum(weights))) < 1


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_must_make_sense(weights):
    with pytest.raises(ValueError, match="weights"):
        Money(1).split(weights)


@pytest.mark.parametrize("text", ["1.005", "abc", "NaN", "Infinity", "1e400", ""])
def test_a_decimal_with_parts_of_a_cent_or_none_at_all_is_refused(text):
    with pytest.raises(ValueError, match="expected"):
        money_from_decimal(text)


def test_decimals_become_cents_exactly():
    assert money_from_decimal("2001270380.43") == Money(200_127_038_043)
    assert money_from_decimal("-0.10") == Money(-10)
