"""A day on a moved curve: spreads kept, contracts valued anew, scenarios as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crossmargin.analysis.curve_shapes import CurveShape, curve_shapes
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import analysis_parameters
from crossmargin.market.scenarios import bumps
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.services.curve_shapes import cheapest_changes, on_moved_curve
from crossmargin.services.customer_books import holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun
from crossmargin.testing.builders import AS_OF, KEY_YEARS


def shapes() -> dict[str, CurveShape]:
    return {each.name: each for each in curve_shapes(analysis_parameters(AS_OF), KEY_YEARS)}


def test_the_shapes_are_those_of_the_parameters() -> None:
    found = shapes()
    assert list(found) == ["up 100 bp", "down 100 bp", "steeper by 100 bp", "flatter by 100 bp"]
    steeper = dict(zip(KEY_YEARS.tolist(), found["steeper by 100 bp"].moves_bp, strict=True))
    assert (steeper[0.25], steeper[2.0], steeper[30.0]) == (-50.0, -50.0, 50.0)
    assert steeper[10.0] == pytest.approx(-50 + 100 * 8 / 28)
    assert np.array_equal(found["flatter by 100 bp"].moves_bp, -found["steeper by 100 bp"].moves_bp)
    assert set(found["up 100 bp"].moves_bp) == {100.0}


def test_a_curve_that_stays_changes_nothing(simulated_run: MarginRun) -> None:
    day = simulated_run.result.day
    still = on_moved_curve(day, CurveShape("still", np.zeros(len(KEY_YEARS))))
    books = [book.xm for book in simulated_run.books]
    block = holdings_of(day, books).block(0, len(books))
    for before, after in ((day.ficc, still.ficc), (day.cme, still.cme)):
        assert before.three_figures(block) == after.three_figures(block)
        assert before.add_ons(block) == after.add_ons(block)
    assert still.ficc.scenario_identity == day.ficc.scenario_identity
    assert not cheapest_changes(day.valuation, still.valuation)


@pytest.mark.parametrize("name", list(shapes()))
def test_prices_move_by_their_revaluation_with_the_spread_kept(
    simulated_day: MarginDay, name: str
) -> None:
    day, shape = simulated_day, shapes()[name]
    moved = on_moved_curve(day, shape)
    one = replace(bumps(KEY_YEARS, size_bp=0.0).row(0), key_rates=shape.moves[np.newaxis, :])
    cube = instrument_pnl(day.valuation, one, repo_follows_front=1.0)
    before, after = day.valuation, moved.valuation
    change = after.book.clean - before.book.clean
    assert np.abs(change - cube.securities[:, 0]).max() < 1e-6
    # A millionth of the price of what has a day left is more than one of its spread.
    longer = before.book.remaining_years > 0.5
    assert np.abs(after.book.spreads - before.book.spreads)[longer].max() < 1e-7
    for place, (then, now) in enumerate(zip(before.contracts, after.contracts, strict=True)):
        assert then.contract == now.contract
        if isinstance(then, TreasuryFuture) and isinstance(now, TreasuryFuture):
            dollars = (now.price - then.price) * then.dollars_per_point
            assert dollars == pytest.approx(cube.contracts[place, 0], abs=0.01)
    assert moved.ficc.scenarios == day.ficc.scenarios
    assert moved.haircuts is day.haircuts
    # What is charged on gross value follows the prices.
    assert not np.array_equal(moved.ficc.bid_ask.securities, day.ficc.bid_ask.securities)
    weights = (each.equivalents.contracts_per_100 for each in (moved, day))
    assert not np.array_equal(*weights)


def test_another_cheapest_is_named(simulated_day: MarginDay) -> None:
    day = simulated_day
    after = on_moved_curve(day, shapes()["up 100 bp"]).valuation
    book = day.valuation.book.prices
    expected = {
        then.contract.code: (
            book[then.cheapest_row].security.cusip.text,
            book[now.cheapest_row].security.cusip.text,
        )
        for then, now in zip(day.valuation.contracts, after.contracts, strict=True)
        if isinstance(then, TreasuryFuture)
        and isinstance(now, TreasuryFuture)
        and then.cheapest_row != now.cheapest_row
    }
    assert expected
    found = cheapest_changes(day.valuation, after)
    assert {each.contract: (each.before, each.after) for each in found} == expected


def test_a_move_that_cannot_be_repriced_is_refused(simulated_day: MarginDay) -> None:
    wild = CurveShape("wild", np.full(len(KEY_YEARS), 1e6))
    with pytest.raises(RefusedError, match="wild"):
        on_moved_curve(simulated_day, wild)
