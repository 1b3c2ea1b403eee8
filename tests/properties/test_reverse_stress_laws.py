"""The smallest move: of a linear book the closed form, of a curved one the known root."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.analysis.plausibility import Plausibility
from crossmargin.analysis.reverse_stress import (
    closed_form,
    length,
    smallest_found,
    smallest_loss_move,
)
from crossmargin.analysis.stress.cases import moves
from crossmargin.market.history import FloatArray

ENTRIES = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=5).filter(
    lambda entries: length(entries) > 1.0
)
TARGETS = st.integers(1, 10**7).map(float)


def _plausible(size: int) -> Plausibility:
    """Return a window of some moves in a space of so many components."""
    coordinates = np.sin(np.outer(np.arange(1.0, 41.0), np.arange(1.0, size + 1.0)))
    years = np.array([1.0, 10.0])
    window = moves("window", years, key_rates=np.zeros((len(coordinates), 2)))
    return Plausibility(window, np.zeros((size, 12)), coordinates, 1.0)


@settings(max_examples=25, deadline=None)
@given(gradient=ENTRIES, target=TARGETS)
def test_of_a_linear_book_the_search_finds_the_closed_form(
    gradient: list[float], target: float
) -> None:
    slope = np.array(gradient)
    plausible = _plausible(len(gradient))

    def losses(points: FloatArray) -> list[float]:
        return [float(each) for each in points @ slope]

    found = smallest_loss_move(
        losses, target, plausible, losses(plausible.coordinates), iterations=20
    )
    if target / length(gradient) > 60.0:
        return  # farther than a multiple of a start is looked for
    assert found is not None
    linear = closed_form(gradient, target)
    assert linear is not None
    assert found.loss >= target * (1.0 - 1e-12)
    assert found.distance == pytest.approx(target / length(gradient), rel=1e-5)
    assert found.linear_distance == pytest.approx(length(linear))
    assert found.coordinates == pytest.approx(linear, rel=1e-4, abs=1e-4 * length(linear))
    assert found.alignment == pytest.approx(1.0)


@settings(max_examples=20, deadline=None)
@given(bend=st.floats(-0.15, 0.15), size=st.integers(2, 4), target=st.floats(0.5, 4.0))
def test_of_a_curved_book_no_scaled_date_and_no_closed_form_is_nearer(
    bend: float, size: int, target: float
) -> None:
    slope = np.arange(1.0, size + 1.0) / size
    plausible = _plausible(size)

    def losses(points: FloatArray) -> list[float]:
        linear = points @ slope
        return [float(each) for each in linear + bend * (points**2).sum(axis=1)]

    found = smallest_loss_move(
        losses, target, plausible, losses(plausible.coordinates), iterations=40
    )
    if found is None:
        # Then not even the steepest way ever loses it: its loss has a maximum below the target.
        assert bend < 0.0
        assert -(length(slope.tolist()) ** 2) / (4.0 * bend) < target
        return
    assert losses(np.array([found.coordinates]))[0] >= target
    # Along the gradient the loss is g d + b d^2: by symmetry its root is the smallest distance.
    steep = length(slope.tolist())
    root = 2.0 * target / (steep + math.sqrt(steep**2 + 4.0 * bend * target))
    assert found.distance == pytest.approx(root, rel=1e-4)


def test_a_book_that_every_move_of_one_kind_hurts_has_its_answer_without_a_gradient() -> None:
    plausible = _plausible(3)

    def losses(points: FloatArray) -> list[float]:
        return [float(each) for each in points[:, 1] ** 2]

    found = smallest_loss_move(losses, 4.0, plausible, losses(plausible.coordinates), iterations=40)
    assert found is not None
    assert found.linear_distance is None
    assert found.distance == pytest.approx(2.0, rel=1e-4)
    assert abs(found.coordinates[1]) == pytest.approx(2.0, rel=1e-4)


def test_of_two_answers_the_nearer_is_taken() -> None:
    """A short option: it loses little one way, and much the other way from a kink on."""
    plausible = _plausible(2)

    def losses(points: FloatArray) -> list[float]:
        return [float(max(x, 3.0 * (-x - 0.2), 0.0)) for x in points[:, 0]]

    found = smallest_loss_move(losses, 2.0, plausible, losses(plausible.coordinates), iterations=40)
    assert found is not None
    assert found.coordinates[0] == pytest.approx(-(2.0 / 3.0 + 0.2), rel=1e-4)


def test_what_cannot_be_lost_or_priced_is_not_found() -> None:
    plausible = _plausible(2)
    for value in (-1.0, math.nan):

        def losses(points: FloatArray, value: float = value) -> list[float]:
            return [value for _ in points]

        assert (
            smallest_loss_move(losses, 1.0, plausible, losses(plausible.coordinates), iterations=5)
            is None
        )


@settings(max_examples=15, deadline=None)
@given(gradient=ENTRIES, target=st.floats(1.0, 5.0))
def test_a_search_comes_near_the_smallest_move_and_never_below_it(
    gradient: list[float], target: float
) -> None:
    unit = [each / length(gradient) for each in gradient]
    size = len(unit)

    def gap(point: list[float]) -> float:
        return target - sum(a * b for a, b in zip(unit, point, strict=True))

    axes = [[float(i == j) for j in range(size)] for i in range(size)]
    found, seen = smallest_found(gap, axes, reach=12.0, evaluations=600)
    assert seen <= 600
    assert found is not None
    distance, point = found
    assert gap(point) < 0.0
    assert length(point) == pytest.approx(distance)
    assert target <= distance <= 1.12 * target


def test_a_search_stops_at_its_reach_and_at_its_number_of_trials() -> None:
    calls = []

    def gap(point: list[float]) -> float:
        calls.append(point)
        return 10.0 - point[0]

    axes = [[1.0, 0.0], [0.0, 1.0]]
    found, seen = smallest_found(gap, axes, reach=9.0, evaluations=500)
    assert found is None
    assert seen == len(calls) < 500
    assert max(length(point) for point in calls) <= 9.0 + 1e-9
    assert smallest_found(gap, axes, reach=20.0, evaluations=3) == (None, 3)


def test_a_direction_between_the_axes_is_found_where_no_axis_reaches() -> None:
    def gap(point: list[float]) -> float:
        return 6.5 - point[0] - point[1]

    axes = [[1.0, 0.0], [0.0, 1.0]]
    found, _ = smallest_found(gap, axes, reach=6.0, evaluations=500)
    assert found is not None
    assert found[0] == pytest.approx(6.5 / math.sqrt(2.0), rel=0.1)
