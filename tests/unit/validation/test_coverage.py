"""Exceptions, coverage, the worst run and the largest miss, against counting by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from crossmargin.market.seeds import generator as seeded
from crossmargin.validation.coverage import (
    ExceptionReading,
    exceptions,
    largest_miss,
    measure_coverage,
    worst_rolling,
)

LOSSES = np.array([1.0, -3.0, 2.0, 5.0, 2.0, 7.0])
MARGINS = np.array([2.0, 2.0, 2.0, 4.0, 1.0, 6.5])


def test_a_loss_equal_to_the_margin_is_covered_unless_asked_otherwise() -> None:
    above = exceptions(LOSSES, MARGINS)
    at = exceptions(LOSSES, MARGINS, ExceptionReading.LOSS_AT_MARGIN)
    assert above.tolist() == [False, False, False, True, True, True]
    assert at.tolist() == [False, False, True, True, True, True]


def test_losses_and_margins_are_of_the_same_days() -> None:
    with pytest.raises(ValueError, match="losses against"):
        exceptions(LOSSES, MARGINS[:-1])


def test_coverage_is_an_exact_share_and_ties_are_counted_apart() -> None:
    found = measure_coverage(
        LOSSES, MARGINS, reading=ExceptionReading.LOSS_ABOVE_MARGIN, rolling_outcomes=4
    )
    assert (found.outcomes, found.exceptions, found.ties) == (6, 3, 1)
    assert found.coverage == Fraction(1, 2)
    # The last four outcomes hold all three exceptions.
    assert found.worst_rolling == Fraction(1, 4)
    assert found.worst_rolling_end == 5
    assert found.largest_miss == 3
    other = measure_coverage(
        LOSSES, MARGINS, reading=ExceptionReading.LOSS_AT_MARGIN, rolling_outcomes=4
    )
    assert (other.exceptions, other.ties) == (4, 1)


def test_of_equal_runs_the_first_is_named() -> None:
    found = np.array([False, True, True, False, True, True])
    assert worst_rolling(found, 2) == (2, 2)
    assert worst_rolling(found, 7) is None


@pytest.mark.parametrize("length", [1, 3, 10, 40])
def test_the_worst_run_is_that_of_counting_every_run(length: int) -> None:
    found = seeded(7).random(40) < 0.2
    counts = [int(found[start : start + length].sum()) for start in range(41 - length)]
    most = max(counts)
    assert worst_rolling(found, length) == (most, counts.index(most) + length - 1)


def test_no_miss_where_every_loss_is_covered() -> None:
    assert largest_miss(np.array([1.0, 2.0]), np.array([1.0, 3.0])) is None
    found = measure_coverage(
        np.array([1.0]),
        np.array([1.0]),
        reading=ExceptionReading.LOSS_ABOVE_MARGIN,
        rolling_outcomes=250,
    )
    assert found.largest_miss is found.worst_rolling is found.worst_rolling_end is None
    assert found.coverage == 1


def test_coverage_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no outcomes"):
        measure_coverage(
            np.array([]),
            np.array([]),
            reading=ExceptionReading.LOSS_ABOVE_MARGIN,
            rolling_outcomes=1,
        )
