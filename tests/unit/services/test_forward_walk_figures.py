"""Small rules of the forward walk: whole cents, what decides at FICC, switches of the side."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.analysis.walk.continuations import TWIST_YEARS, impulse
from crossmargin.analysis.walk.figures import ModelWalk
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.margin.ficc.model import decides
from crossmargin.services.forward_walk import _whole_cents, decided_by


def steps(*dollars: float) -> np.ndarray:
    return np.array([round(each * GRID_PER_DOLLAR) for each in dollars], dtype=np.int64)


@pytest.mark.parametrize(
    ("dollars", "cents"),
    [(0.0, 0), (1.0, 100), (-1.0, -100), (12.3456, 1235), (-12.3456, -1235), (0.0049, 0)],
)
def test_a_loss_is_the_nearest_cent(dollars: float, cents: int) -> None:
    on_grid = steps(dollars) / GRID_PER_DOLLAR
    assert _whole_cents(on_grid).tolist() == [cents]


def test_half_a_cent_goes_up_and_large_losses_stay_exact() -> None:
    # An eighth of a dollar is twelve cents and a half, exactly on the grid.
    assert _whole_cents(np.array([0.125, -0.125])).tolist() == [13, -12]
    assert _whole_cents(np.array([9e9 + 0.25])).tolist() == [900_000_000_025]


def test_what_decides_at_ficc_is_what_the_model_says_of_equals_the_first() -> None:
    parts = {
        "historical": (10.0, 10.0, 5.0, 8.0),
        "filtered": (12.0, 10.0, 5.0, 2.0),
        "bid_ask": (1.0, 1.0, 1.0, 1.0),
        "repo_volatility": (2.0, 0.0, 0.0, 1.0),
        "floor_percentage": (15.0, 10.0, 7.0, 11.0),
    }
    model = ModelWalk({}, {(name, "securities"): steps(*of) for name, of in parts.items()})
    found = decided_by(model, "securities")
    assert found == ("minimum_margin_amount", "model", "floor_percentage", "floor_percentage")
    names = {"historical": "historical_simulation", "filtered": "filtered_simulation"}
    for place, said in enumerate(found):
        members = {names.get(name, name): of[place] for name, of in parts.items()}
        assert decides(members).value == said  # type: ignore[arg-type]


def test_what_decides_without_the_minimum_margin_amount() -> None:
    parts = {"historical": 3.0, "bid_ask": 0.5, "repo_volatility": 0.0, "floor_percentage": 3.25}
    model = ModelWalk({}, {(name, "futures"): steps(of) for name, of in parts.items()})
    assert decided_by(model, "futures") == ("model",)


def test_a_twist_alone_leaves_the_middle_of_its_tenors() -> None:
    middle = sum(TWIST_YEARS) / 2
    assert middle == 6.0
    change = impulse(1, parallel_bp=10.0, twist_bp=-8.0, horizons=(1, 3)).par_changes[0] * 1e4
    # Five and seven years lie a year to either side of the middle: they keep the parallel move.
    assert change[5] + change[6] == pytest.approx(20.0)
    assert change[5] - change[6] == pytest.approx(8.0 * 2 / 8)
