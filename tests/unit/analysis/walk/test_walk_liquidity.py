"""Cash of a day, worked by hand: nothing received is there when something is due."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.analysis.walk.liquidity import liquidity


def cents(*amounts: int) -> np.ndarray:
    return np.array(amounts, dtype=np.int64)


def test_a_gain_pays_no_loss_of_the_same_day_and_all_of_the_next() -> None:
    # FICC calls 10 and collects 40 on the first day, while CME returns 3 and pays 45.
    found = liquidity((cents(100, 110, 90), cents(50, 47, 52)), (cents(40, -30), cents(-45, 31)))
    assert found.called.tolist() == [10, 5]
    assert found.due.tolist() == [10 + 40, 5 + 31]
    assert found.received.tolist() == [3 + 45, 20 + 30]
    assert found.net.tolist() == [2, -14]
    assert found.drawn.tolist() == [2, -12]
    # 50 before the 48 arrive; on the second day what was drawn, and 36.
    assert found.needed.tolist() == [50, 2 + 36]


def test_what_was_drawn_is_the_rise_of_margin_and_every_loss() -> None:
    ficc, cme = cents(7, 9, 4, 30), cents(1, 0, 8, 8)
    losses = (cents(5, -6, 7), cents(-1, 2, -3))
    found = liquidity((ficc, cme), losses)
    total = int(sum(each.sum() for each in losses))
    assert found.drawn[-1] == (30 + 8) - (7 + 1) + total
    assert (found.needed >= found.drawn).all()
    assert (found.needed - found.drawn == found.received).all()


def test_days_must_fit() -> None:
    with pytest.raises(ValueError, match="one day more than losses"):
        liquidity((cents(1, 2), cents(1, 2)), (cents(0), cents(0, 0)))
