"""Distances of moves: against the inverse covariance, along components, in the window itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.plausibility import lengths, plausibility
from crossmargin.analysis.stress.cases import moves
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS, ScenarioSet

YEARS: FloatArray = np.array([1.0, 5.0, 10.0])
ALMOST_ALL = Fraction(999999999, 1000000000)
COUNT = 400


def _window(*, with_basis: bool = True) -> ScenarioSet:
    """Return moves of three correlated key rates and a basis that two contracts share."""
    waves = np.sin(np.outer(np.arange(1, COUNT + 1), [0.9, 1.7, 2.3, 3.1]))
    level, slope, bend, own = waves.T
    keys = np.stack([level + 0.5 * slope, level - 0.1 * bend, level - 0.6 * slope], axis=1) * 5e-4
    basis = np.zeros((COUNT, len(BASIS_CONTRACTS)))
    if with_basis:
        basis[:, 0] = basis[:, 1] = 2.0 * own
    return moves("window", YEARS, key_rates=keys, basis_bp=basis)


def test_distances_are_those_of_the_inverse_covariance() -> None:
    window = _window(with_basis=False)
    plausible = plausibility(window, ALMOST_ALL)
    assert plausible.component_count == 3
    bp = np.rint(window.key_rates * 1e4 * 1024) / 1024
    inverse = np.linalg.inv(bp.T @ bp / COUNT)
    expected = np.sqrt(np.einsum("ij,jk,ik->i", bp, inverse, bp))
    assert plausible.distances == pytest.approx(expected, rel=1e-9)


def test_what_never_moved_apart_is_one_component() -> None:
    plausible = plausibility(_window(), ALMOST_ALL)
    # Three key rates and one basis: two contracts share it, six have none.
    assert plausible.component_count == 4
    years = [f"{each:g}" for each in plausible.window.key_years]
    names = [*years, *BASIS_CONTRACTS, *SPREAD_KNOTS]
    both = plausible.directions[:, [names.index("ZT"), names.index("Z3N")]]
    assert both[:, 0] == pytest.approx(both[:, 1], rel=1e-12)
    assert not plausible.directions[:, [names.index("ZB"), names.index("SOFR_SPREAD_FRONT")]].any()


def test_a_smaller_share_keeps_fewer_components_and_says_what_they_explain() -> None:
    fewer = plausibility(_window(), Fraction(1, 2))
    assert fewer.component_count < 4
    assert 0.5 <= fewer.explained < 1.0


def test_moves_have_the_coordinates_that_they_were_made_from() -> None:
    plausible = plausibility(_window(), ALMOST_ALL)
    made = plausible.moves(plausible.coordinates[:7])
    window = plausible.window
    assert made.key_rates == pytest.approx(window.key_rates[:7], abs=1e-7)
    assert made.basis_bp == pytest.approx(window.basis_bp[:7], abs=1e-3)


def test_the_window_is_counted_by_distance_and_by_direction() -> None:
    plausible = plausibility(_window(), ALMOST_ALL)
    place = 17
    own = plausible.coordinates[place].tolist()
    assert plausible.nearest(own) == (place, 0.0)
    distance = float(plausible.distances[place])
    assert plausible.as_far(distance) == int((plausible.distances >= distance).sum())
    assert plausible.as_far(0.0) == COUNT
    unit = plausible.coordinates[place] / distance
    expected = int((plausible.coordinates @ unit >= distance * (1 - 1e-12)).sum())
    assert plausible.as_far_along([each * (1 - 1e-12) for each in own]) == expected
    assert plausible.as_far_along([each * 100.0 for each in own]) == 0
    # Along one direction a move is at most as far as it is in all.
    assert plausible.as_far_along(own) <= plausible.as_far(distance)


def test_lengths_are_of_rows() -> None:
    assert lengths(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [5.0, 0.0]


def test_a_window_without_moves_or_with_impossible_ones_is_refused() -> None:
    window = _window()
    with pytest.raises(ValueError, match="no factor moves"):
        plausibility(window.scaling(key_rates=0.0, basis=0.0), ALMOST_ALL)
    with pytest.raises(ValueError, match="too large"):
        plausibility(replace(window, key_rates=window.key_rates * 1e6), ALMOST_ALL)
