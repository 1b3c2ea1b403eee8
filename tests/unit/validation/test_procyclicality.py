"""Peak to trough, largest rises and the average of a margin path."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.validation.procyclicality import (
    largest_rise,
    log_change_deviation,
    measure_procyclicality,
)

MARGINS = np.array([2.0, 1.0, 1.5, 3.0, 2.0, 2.4])


def test_the_path_by_hand() -> None:
    found = measure_procyclicality(MARGINS, rise_days=[1, 2, 5, 6])
    assert found.average == pytest.approx(11.9 / 6)
    assert found.peak_to_trough == 3.0
    assert [(rise.days, rise.start) for rise in found.rises] == [(1, 2), (2, 1), (5, 0)]
    assert [rise.ratio for rise in found.rises] == pytest.approx([1.0, 2.0, 0.2])


def test_a_margin_that_only_falls_has_a_negative_rise() -> None:
    rise = largest_rise(np.array([4.0, 3.0, 1.0]), 1)
    assert rise is not None
    assert (rise.ratio, rise.start) == (-0.25, 0)


def test_a_zero_margin_has_no_ratio() -> None:
    found = measure_procyclicality(np.array([1.0, 0.0, 2.0]), rise_days=[1])
    assert found.peak_to_trough is None
    assert found.rises == ()
    assert found.average == 1.0


def test_a_rise_takes_time() -> None:
    with pytest.raises(ValueError, match="a day at least"):
        largest_rise(MARGINS, 0)


def test_the_average_is_rounded_once_whatever_the_order() -> None:
    path = np.array([1e16, 1.0, 1.0, 1e-3] * 50)
    forward = measure_procyclicality(path, rise_days=[]).average
    assert measure_procyclicality(path[::-1], rise_days=[]).average == forward


def test_amounts_dates_and_deviation_by_hand() -> None:
    found = measure_procyclicality(MARGINS, rise_days=[1, 2, 5, 6])
    rises = [(rise.days, rise.amount, rise.start) for rise in found.amount_rises]
    assert rises[:2] == [(1, 1.5, 2), (2, 2.0, 1)]
    assert rises[2] == (5, pytest.approx(0.4), 0)
    assert len(rises) == 3
    assert (found.peak, found.peak_at, found.trough, found.trough_at) == (3.0, 3, 1.0, 1)
    # Changes of the logarithm: ln 1/2, ln 3/2, ln 2, ln 2/3, ln 6/5; their mean is ln(1.2)/5.
    changes = np.log([0.5, 1.5, 2.0, 2 / 3, 1.2])
    assert found.log_change_deviation == pytest.approx(np.std(changes, ddof=1), rel=1e-12)


def test_the_largest_amount_need_not_be_the_largest_ratio() -> None:
    found = measure_procyclicality(np.array([1.0, 3.0, 10.0, 15.0]), rise_days=[1])
    # 1 to 3 is the largest in amount of the small ones, 3 to 10 by ratio, and 3 to 10 in amount.
    assert (found.rises[0].start, found.amount_rises[0].start) == (1, 1)
    other = measure_procyclicality(np.array([1.0, 3.0, 4.0, 8.0]), rise_days=[1])
    assert (other.rises[0].start, other.amount_rises[0].start) == (0, 2)


def test_a_zero_margin_has_amounts_and_no_logarithm() -> None:
    found = measure_procyclicality(np.array([1.0, 0.0, 2.0]), rise_days=[1])
    assert found.log_change_deviation is None
    assert found.amount_rises[0].amount == 2.0
    assert (found.trough, found.trough_at) == (0.0, 1)


def test_one_change_has_no_deviation() -> None:
    assert log_change_deviation(np.array([1.0, 2.0])) is None
    assert measure_procyclicality(np.array([3.0]), rise_days=[1]).amount_rises == ()


def test_of_equal_peaks_the_first_is_named() -> None:
    found = measure_procyclicality(np.array([2.0, 1.0, 2.0, 1.0]), rise_days=[1])
    assert (found.peak_at, found.trough_at) == (0, 1)
