"""Arrays and deltas that contradict what the same parameter set says."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from crossmargin.margin.cme.span.contracts import (
    OptionRight,
    OptionTerms,
    Period,
    ProductKey,
    ProductType,
    ScanRange,
    SpanContract,
)
from crossmargin.margin.cme.span.contradictions import (
    composite_deltas_that_differ,
    scan_ranges_that_differ,
)
from crossmargin.margin.cme.span.risk_array import future_risk_array
from crossmargin.testing.span_sets import future

F = Fraction
WHOLE = future("21", "202606", 3000)


def with_losses(place: int, loss: Fraction) -> SpanContract:
    losses = [*WHOLE.losses[:place], loss, *WHOLE.losses[place + 1 :]]
    return replace(WHOLE, losses=tuple(losses))


def test_an_array_rounded_to_tens_moves_by_its_range() -> None:
    # A third of 2,000 is 670 in tens, more than a thousandth of the range away.
    scan = ScanRange.symmetric(F(2000), extreme_multiplier=F(3), cover_fraction=F(33, 100))
    array = future_risk_array(scan, step=F(10))
    assert scan_ranges_that_differ([WHOLE, replace(WHOLE, scan=scan, losses=array)]) == []


@pytest.mark.parametrize(
    ("place", "loss"),
    [(0, 40), (3, 1000), (6, -1500), (10, 3000), (12, 3010), (13, -3000), (14, -2000), (15, 0)],
)
def test_every_scenario_counts_and_its_sign(place: int, loss: int) -> None:
    assert scan_ranges_that_differ([with_losses(place, F(loss))]) == ["CBT 21 FUT 202606"]


def test_the_two_directions_have_their_own_ranges() -> None:
    scan = ScanRange(F(3000), F(4500), extreme_multiplier=F(3), cover_fraction=F(33, 100))
    both = replace(WHOLE, scan=scan, losses=future_risk_array(scan))
    assert scan_ranges_that_differ([both]) == []
    assert scan_ranges_that_differ([replace(WHOLE, scan=scan)]) == [WHOLE.label]


def test_extreme_moves_count_where_the_set_says_what_they_are() -> None:
    unsaid = replace(with_losses(15, F(0)), scan=ScanRange.symmetric(F(3000)))
    assert scan_ranges_that_differ([unsaid]) == []
    assert scan_ranges_that_differ([replace(WHOLE, scan=None)]) == []


def test_a_future_has_a_composite_delta_of_one() -> None:
    half = replace(WHOLE, composite_delta=F(1, 2))
    assert composite_deltas_that_differ([WHOLE, half]) == [half.label]
    # Scaling is for differing sizes, and is none of the composite delta.
    assert composite_deltas_that_differ([replace(WHOLE, delta_scaling_factor=F(2))]) == []


@pytest.mark.parametrize(
    ("right", "delta", "differs"),
    [
        (OptionRight.CALL, F(0), False),
        (OptionRight.CALL, F(1), False),
        (OptionRight.CALL, F(-1, 10_000), True),
        (OptionRight.CALL, F(10_001, 10_000), True),
        (OptionRight.PUT, F(-1), False),
        (OptionRight.PUT, F(1, 2), True),
    ],
)
def test_an_option_has_a_delta_of_its_right(
    right: OptionRight, delta: Fraction, differs: bool
) -> None:
    option = replace(
        WHOLE,
        product=ProductKey("CBT", "TC", ProductType.OPTION_ON_FUTURE),
        composite_delta=delta,
        option=OptionTerms(Period("202605"), right, F(112)),
    )
    assert bool(composite_deltas_that_differ([option])) is differs
    assert scan_ranges_that_differ([option]) == []
