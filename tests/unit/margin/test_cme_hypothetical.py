"""Hypothetical stress: shapes, sizes, and their place in the stress set."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.cme.hypothetical import hypothetical_scenarios
from crossmargin.margin.cme.model import cme_scenarios
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.testing.builders import AS_OF, KEY_YEARS, invented_history

PARAMETERS = parameter_sets(AS_OF).cme
SHIFTS = PARAMETERS.replacing({"hypothetical_stress": "shifts"}, reason="test")


def shifts(**changes: str) -> ScenarioSet:
    parameters = SHIFTS.replacing(changes, reason="test")
    found = hypothetical_scenarios(KEY_YEARS, parameters, as_of=AS_OF)
    assert found is not None
    return found


def test_without_a_choice_there_is_none() -> None:
    assert hypothetical_scenarios(KEY_YEARS, PARAMETERS, as_of=AS_OF) is None


def test_the_shapes_in_basis_points() -> None:
    moves_bp = shifts().key_rates * 1e4
    assert moves_bp.shape == (6, len(KEY_YEARS))
    at = {float(years): column for column, years in enumerate(KEY_YEARS)}
    short, two, five, ten, thirty = (at[years] for years in (1.0, 2.0, 5.0, 10.0, 30.0))
    assert moves_bp[0] == pytest.approx(50.0, abs=1e-6)
    steeper = moves_bp[2]
    assert steeper[[short, two, ten, thirty]] == pytest.approx([-20, -20, 20, 20], abs=1e-6)
    # Linear from two to ten years: five years are three eighths of the way.
    assert steeper[five] == pytest.approx(-20 + 40 * 3 / 8, abs=1e-6)
    belly = moves_bp[4]
    assert belly[[short, two, thirty]] == pytest.approx([-14, -14, -14], abs=1e-6)
    assert belly[five] == pytest.approx(-14 + 28 * 3 / 5, abs=1e-6)
    for up in (0, 2, 4):
        assert np.array_equal(moves_bp[up], -moves_bp[up + 1])
    assert not shifts().basis_bp.any()
    assert not shifts().spread_bp.any()


def test_sizes_and_years_are_parameters() -> None:
    assert shifts(hypothetical_parallel_bp="75").key_rates[0] == pytest.approx(75e-4, abs=1e-10)
    for name, value in (
        ("hypothetical_twist_bp", "-1"),
        ("hypothetical_twist_years", "10, 2"),
        ("hypothetical_butterfly_years", "2, 30"),
        ("hypothetical_stress", "twice"),
    ):
        with pytest.raises(ValueError, match=name):
            shifts(**{name: value})


def test_they_stand_at_the_end_of_the_stress_set() -> None:
    history = invented_history(first=date(2008, 1, 1), last=AS_OF, horizon_days=1, seed=6)
    plain, more = (cme_scenarios(history, each, as_of=AS_OF) for each in (PARAMETERS, SHIFTS))
    assert more.historical.identity == plain.historical.identity
    assert more.stress.count == plain.stress.count + 6
    assert np.array_equal(more.stress.key_rates[:-6], plain.stress.key_rates)
    assert np.array_equal(more.stress.key_rates[-6:], shifts().key_rates)
    # No date is repeated: both dates are today.
    assert set(more.stress.start_dates[-6:].tolist()) == {AS_OF}
    assert set(more.stress.end_dates[-6:].tolist()) == {AS_OF}
