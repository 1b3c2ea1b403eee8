"""Peak to trough, largest rises and the average of a margin path."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.validation.procyclicality import largest_rise, measure_procyclicality

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
