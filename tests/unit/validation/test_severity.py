"""What exceptions lacked and how long margin took, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.validation.severity import measure_recovery, measure_severity

#     exceptions:     x    x              x              x
LOSSES = np.array([5.0, 3.0, 1.0, -2.0, 9.0, 2.0, 3.0, 8.0])
MARGINS = np.array([4.0, 2.0, 2.0, 2.0, 4.0, 5.0, 6.0, 7.5])
FOUND = LOSSES > MARGINS


def test_severity_by_hand() -> None:
    # Deficiencies 1, 1, 5 and 0.5: of margins 4, 2, 4 and 7.5.
    found = measure_severity(LOSSES, MARGINS, FOUND, horizon=3)
    assert (found.largest, found.largest_at) == (5.0, 4)
    assert found.total == 7.5
    assert found.mean == 1.875
    assert found.largest_share == 1.25
    assert found.mean_share == pytest.approx((0.25 + 0.5 + 1.25 + 0.5 / 7.5) / 4)
    # Losses of 25 on margins of 17.5.
    assert found.mean_loss_to_margin == pytest.approx(25 / 17.5)
    # Places 0, 1, 4 and 7 are of the series 0, 1, 1 and 1.
    assert found.totals_by_series == (1.0, 6.5, 0.0)
    assert found.without_margin == 0


def test_an_exception_without_margin_has_no_share() -> None:
    losses, margins = np.array([3.0, 3.0]), np.array([0.0, 2.0])
    found = measure_severity(losses, margins, losses > margins, horizon=1)
    assert found.without_margin == 1
    assert (found.largest_share, found.mean_share) == (0.5, 0.5)
    alone = measure_severity(losses[:1], margins[:1], np.array([True]), horizon=1)
    assert alone.largest_share is alone.mean_share is alone.mean_loss_to_margin is None
    assert (alone.largest, alone.total) == (3.0, 3.0)


def test_nothing_lacks_without_exceptions() -> None:
    found = measure_severity(LOSSES, MARGINS + 10.0, np.zeros(8, dtype=bool), horizon=3)
    assert (found.largest, found.largest_at, found.total) == (0.0, None, 0.0)
    assert found.mean is found.largest_share is found.mean_loss_to_margin is None
    recovery = measure_recovery(LOSSES, MARGINS + 10.0, np.zeros(8, dtype=bool))
    assert (recovery.spells, recovery.longest_spell, recovery.never_reached) == (0, 0, ())
    assert recovery.longest_spell_start is recovery.longest_to_reach is None


def test_recovery_by_hand() -> None:
    found = measure_recovery(LOSSES, MARGINS, FOUND)
    # Spells 0-1, 4 and 7; the last has no end.
    assert (found.spells, found.longest_spell, found.longest_spell_start) == (3, 2, 0)
    assert found.ends_uncovered
    # A margin of 5 comes five dates after place 0, one of 3 four dates after place 1 (5 at place
    # 5); 9 and 8 are never reached.
    assert (found.longest_to_reach, found.longest_to_reach_start) == (5, 0)
    assert found.never_reached == (4, 7)


def test_of_equal_spells_and_waits_the_first_is_named() -> None:
    losses = np.array([2.0, 0.0, 2.0, 0.0])
    margins = np.array([1.0, 2.0, 1.0, 2.0])
    found = measure_recovery(losses, margins, losses > margins)
    assert (found.spells, found.longest_spell_start) == (2, 0)
    assert (found.longest_to_reach, found.longest_to_reach_start) == (1, 0)
    assert not found.ends_uncovered
