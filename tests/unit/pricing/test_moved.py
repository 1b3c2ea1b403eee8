"""A valuation after a move: another move from there is the difference of two moves from here."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.analysis.stress.cases import moves
from crossmargin.market.scenarios import ScenarioSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.moved import moved_valuation
from crossmargin.services.margin_day import MarginDay


def _scenarios(day: MarginDay, *rows: list[float]) -> ScenarioSet:
    years = day.ficc_history.key_rates.key_years
    shapes = [np.interp(years, [0.25, 5.0, 30.0], row) * 1e-4 for row in rows]
    return moves("test", years, key_rates=np.array(shapes))


def test_a_move_after_a_move_is_both_less_the_first(simulated_day: MarginDay) -> None:
    first = _scenarios(simulated_day, [40.0, 25.0, 10.0])
    then = _scenarios(simulated_day, [-30.0, 5.0, 20.0], [10.0, 10.0, 10.0], [0.0, 0.0, 0.0])
    both = moves("both", first.key_years, key_rates=first.key_rates + then.key_rates)
    old = simulated_day.valuation
    new = moved_valuation(old, first, repo_follows_front=1.0)
    after = instrument_pnl(new, then, repo_follows_front=1.0)
    at_first, at_both = (
        instrument_pnl(old, each, repo_follows_front=1.0) for each in (first, both)
    )
    for leg in ("securities", "contracts"):
        expected = getattr(at_both, leg) - getattr(at_first, leg)
        scale = np.abs(expected).max()
        assert getattr(after, leg) == pytest.approx(expected, abs=2e-5 * scale)
        assert getattr(after, leg)[:, 2] == pytest.approx(0.0, abs=1e-6 * scale)
    assert new.repo_rate == pytest.approx(old.repo_rate + 0.004)
    gains = at_first.securities[:, 0]
    assert new.book.dirty == pytest.approx(old.book.dirty + gains)
    assert (new.book.clean < old.book.clean).all()
    assert np.array_equal(new.book.flows, old.book.flows)


def test_basis_leaves_a_theoretical_price_where_it_is(simulated_day: MarginDay) -> None:
    years = simulated_day.ficc_history.key_rates.key_years
    basis = moves("basis", years, basis_bp=np.full((1, 8), 20.0))
    new = moved_valuation(simulated_day.valuation, basis, repo_follows_front=1.0)
    old = simulated_day.valuation
    assert [getattr(f, "price", None) for f in new.contracts] == [
        getattr(f, "price", None) for f in old.contracts
    ]


def test_only_one_move_at_a_time(simulated_day: MarginDay) -> None:
    two = _scenarios(simulated_day, [1.0, 1.0, 1.0], [2.0, 2.0, 2.0])
    with pytest.raises(ValueError, match="one move"):
        moved_valuation(simulated_day.valuation, two, repo_follows_front=1.0)
