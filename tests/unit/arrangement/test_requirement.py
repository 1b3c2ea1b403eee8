"""One customer's requirement: sums, the customer minimum, split cost, order check."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.arrangement.reduction import (
    Denominator,
    Fallback,
    ModelFigures,
    ReductionRules,
)
from crossmargin.arrangement.requirement import CcpFigures, customer_requirement
from crossmargin.basics.money import ZERO, Money

RULES = ReductionRules(
    threshold=Fraction(1, 100),
    cap=Fraction(4, 5),
    denominator=Denominator.OWN_MODEL,
    fallback=Fallback.NONE,
    customer_minimum=Money(1_000_000_00),
)
MILLION = 1_000_000_00


def figures(securities: int, futures: int, combined: int) -> ModelFigures:
    return ModelFigures(Money(securities), Money(futures), Money(combined))


def test_the_requirement_is_reduced_xm_and_everything_outside_in_full():
    outcome = customer_requirement(
        ficc=CcpFigures(
            figures(10 * MILLION, 9 * MILLION, 6 * MILLION),
            Money(2 * MILLION),
            Money(11 * MILLION),
            has_positions=True,
        ),
        cme=CcpFigures(
            figures(8 * MILLION, 10 * MILLION, 9 * MILLION),
            ZERO,
            Money(10 * MILLION),
            has_positions=True,
        ),
        rules=RULES,
    )
    assert outcome.reduction.reduction == Fraction(1, 2)
    assert outcome.ficc.requirement == Money(5 * MILLION)
    assert outcome.requirement == Money(12 * MILLION)
    assert outcome.standalone == Money(21 * MILLION)
    assert outcome.saved == Money(9 * MILLION)
    assert outcome.ficc.split_cost == Money(1 * MILLION)


def test_add_ons_are_collected_in_full_and_stand_outside_the_saving():
    outcome = customer_requirement(
        ficc=CcpFigures(
            figures(10 * MILLION, 9 * MILLION, 6 * MILLION),
            ZERO,
            Money(13 * MILLION),
            has_positions=True,
            add_ons={"margin_liquidity_adjustment": Money(3 * MILLION)},
        ),
        cme=CcpFigures(
            figures(8 * MILLION, 10 * MILLION, 9 * MILLION),
            ZERO,
            Money(10_500_000_00),
            has_positions=True,
            add_ons={"liquidity": Money(200_000_00), "concentration": Money(300_000_00)},
        ),
        rules=RULES,
    )
    assert outcome.reduction.reduction == Fraction(1, 2)
    assert (outcome.ficc.reduced, outcome.cme.reduced) == (Money(5 * MILLION), Money(5 * MILLION))
    assert outcome.ficc.requirement == Money(8 * MILLION)
    assert outcome.cme.requirement == Money(5_500_000_00)
    assert outcome.saved == outcome.standalone - outcome.requirement == Money(10 * MILLION)
    assert outcome.ficc.split_cost == outcome.cme.split_cost == ZERO
    # What is compared with the CCPs' combined margin has no add-ons on either side.
    assert outcome.order_check == outcome.reduction.order_check


def test_add_ons_count_towards_the_customer_minimum():
    outcome = customer_requirement(
        ficc=CcpFigures(
            figures(40_000_00, 50_000_00, 20_000_00),
            ZERO,
            Money(340_000_00),
            has_positions=True,
            add_ons={"margin_liquidity_adjustment": Money(300_000_00)},
        ),
        cme=CcpFigures(
            figures(40_000_00, 50_000_00, 20_000_00), ZERO, Money(50_000_00), has_positions=True
        ),
        rules=RULES,
    )
    assert outcome.ficc.requirement == Money(1_000_000_00)
    assert outcome.ficc.minimum_top_up == Money(1_000_000_00 - 300_000_00) - outcome.ficc.reduced


def tiny(*, has_positions: bool):
    small = figures(40_000_00, 50_000_00, 20_000_00)
    return customer_requirement(
        ficc=CcpFigures(small, ZERO, small.securities, has_positions=has_positions),
        cme=CcpFigures(small, ZERO, small.futures, has_positions=True),
        rules=RULES,
    )


def test_the_minimum_applies_after_the_reduction_and_to_stand_alone_too():
    outcome = tiny(has_positions=True)
    assert outcome.ficc.requirement == Money(MILLION)
    assert outcome.ficc.standalone == Money(MILLION)
    assert outcome.ficc.minimum_top_up > ZERO


def test_the_order_check_is_of_what_is_collected():
    assert tiny(has_positions=True).order_check.passes


def test_a_customer_without_positions_at_ficc_owes_no_minimum():
    assert tiny(has_positions=False).ficc.minimum_top_up == ZERO


def test_the_minimum_counts_what_is_collected_outside():
    small = figures(40_000_00, 50_000_00, 20_000_00)
    outcome = customer_requirement(
        ficc=CcpFigures(small, Money(MILLION), Money(MILLION), has_positions=True),
        cme=CcpFigures(small, ZERO, small.futures, has_positions=True),
        rules=RULES,
    )
    assert outcome.ficc.minimum_top_up == ZERO


cents = st.integers(0, 10**12)


@given(st.tuples(*[cents] * 8))
def test_sums_hold_for_all_figures(drawn):
    a, b, c, d, e, f, outside, everything = drawn
    outcome = customer_requirement(
        ficc=CcpFigures(figures(a, b, c), Money(outside), Money(everything), has_positions=True),
        cme=CcpFigures(figures(d, e, f), ZERO, Money(e), has_positions=True),
        rules=RULES,
    )
    assert outcome.requirement == Money.total(
        (
            outcome.ficc.requirement,
            outcome.ficc.outside,
            outcome.cme.requirement,
            outcome.cme.outside,
        )
    )
    assert outcome.saved == outcome.standalone - outcome.requirement
    assert outcome.ficc.requirement + outcome.ficc.outside >= RULES.customer_minimum
    assert outcome.cme.requirement <= outcome.cme.figures.three.futures
