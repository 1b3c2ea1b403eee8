"""The smallest move for a customer: verified losses, one-legged books, what was asked and is so."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.plausibility import plausibility
from crossmargin.analysis.reverse_targets import Target
from crossmargin.arrangement.eligibility import Recognition
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import block_executor, stress_parameters
from crossmargin.market.history import MarketData
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.services.customer_books import CustomerBook, customer_books, holdings_of
from crossmargin.services.held_instruments import HeldInstruments
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.reverse_book import XmBook
from crossmargin.services.reverse_stress import Against, ReverseRun, reverse_stress_run
from crossmargin.testing.builders import AS_OF


def _run_of(day: MarginDay, books: list[CustomerBook]) -> MarginRun:
    result = margin_customers(day, books, block_executor())
    return MarginRun(PositionsInput("demo.csv", "0", 0, (), ()), result, tuple(books), ())


@pytest.fixture(scope="module")
def parameters() -> ParameterSet:
    return stress_parameters(AS_OF).stress


@pytest.fixture(scope="module")
def books(simulated_day: MarginDay, simulated_recognition: Recognition) -> list[CustomerBook]:
    return customer_books(simulated_day, simulated_recognition)


@pytest.fixture(scope="module")
def two_legs(simulated_day: MarginDay, books: list[CustomerBook]) -> CustomerBook:
    """Return the hedged book with the fewest instruments."""
    first = len(simulated_day.valuation.book.prices)
    hedged = [
        book
        for book in books
        if any(place < first for place in book.xm) and any(place >= first for place in book.xm)
    ]
    return min(hedged, key=lambda book: len(book.xm))


@pytest.fixture(scope="module")
def exhausted(
    simulated_day: MarginDay, two_legs: CustomerBook, parameters: ParameterSet
) -> ReverseRun:
    run = _run_of(simulated_day, [two_legs])
    return reverse_stress_run(run, parameters, block_executor(), target=Target.EXHAUST)


def test_each_move_loses_just_more_than_the_margin_when_it_is_priced_in_full(
    simulated_day: MarginDay, two_legs: CustomerBook, exhausted: ReverseRun
) -> None:
    (customer,) = exhausted.customers
    block = holdings_of(simulated_day, [two_legs.xm]).block(0, 1)
    reached = [each for each in customer.exhaustions if each.found is not None]
    assert reached
    # Per unit the P&L is rounded to the grid of ruling 9.
    rounding = float(np.abs(block.securities).sum() + np.abs(block.contracts).sum()) * 2.0**-18
    for each in reached:
        assert each.found is not None
        assert each.smallest is not None
        cube = instrument_pnl(simulated_day.valuation, each.found.move, repo_follows_front=1.0)
        pnl = (block.securities @ cube.securities + block.contracts @ cube.contracts)[0, 0]
        margin = float(each.margin.dollars)
        assert -pnl > margin - rounding
        assert -pnl < 1.0001 * margin + 1.0 + rounding
        assert each.smallest.alignment > 0.95
    by = {(each.against, each.plausible.window.horizon_days): each for each in reached}
    if (Against.FICC, 3) in by and (Against.BOTH, 3) in by:
        one, both = by[Against.FICC, 3].found, by[Against.BOTH, 3].found
        assert one is not None
        assert both is not None
        assert one.distance < both.distance


def test_no_date_of_the_window_that_loses_as_much_is_nearer_than_the_smallest(
    simulated_day: MarginDay, two_legs: CustomerBook, exhausted: ReverseRun
) -> None:
    """Up to what the components kept leave out of a date's own move."""
    held = HeldInstruments.of(simulated_day, [two_legs])
    book = XmBook(held.day, held.books[0])
    compared = 0
    for each in exhausted.customers[0].exhaustions:
        if each.found is None:
            continue
        on_components = book.losses(each.plausible.moves(each.plausible.coordinates))
        distances = each.plausible.distances
        losing = [
            float(distances[place])
            for place, loss in enumerate(on_components)
            if loss > float(each.margin.dollars)
        ]
        assert all(distance > each.found.distance - 1e-4 for distance in losing)
        compared += len(losing)
    assert compared


def test_more_margin_is_exhausted_by_a_larger_move_of_the_same_book(
    simulated_day: MarginDay,
    simulated_market: MarketData,
    two_legs: CustomerBook,
    parameters: ParameterSet,
    exhausted: ReverseRun,
) -> None:
    changed = simulated_day.parameters.changing({"arrangement": {"cap": "0.2"}}, reason="test")
    day = simulated_day.under(changed, simulated_market)
    capped = reverse_stress_run(
        _run_of(day, [two_legs]), parameters, block_executor(), target=Target.EXHAUST
    )
    compared = 0
    for low, high in zip(
        exhausted.customers[0].exhaustions, capped.customers[0].exhaustions, strict=True
    ):
        assert high.margin > low.margin
        if low.found and high.found:
            assert high.found.distance > low.found.distance
            assert high.lost_as_much <= low.lost_as_much
            compared += 1
    assert compared


def test_a_book_with_one_leg_has_nothing_to_flip_and_an_empty_one_nothing_to_lose(
    simulated_day: MarginDay, two_legs: CustomerBook, parameters: ParameterSet
) -> None:
    first = len(simulated_day.valuation.book.prices)
    futures = replace(
        two_legs,
        xm={place: units for place, units in two_legs.xm.items() if place >= first},
        has_ficc=False,
        has_ficc_in_xm=False,
    )
    run = _run_of(simulated_day, [futures])
    flip = reverse_stress_run(run, parameters, block_executor(), target=Target.FLIP)
    change = flip.customers[0].change
    assert change is not None
    assert change.reason == "the XM account has only one leg"
    assert change.found is None
    empty = replace(futures, xm={})
    nothing = reverse_stress_run(
        _run_of(simulated_day, [empty]), parameters, block_executor(), target=Target.EXHAUST
    )
    assert all(each.found is None for each in nothing.customers[0].exhaustions)


def test_a_search_is_not_begun_where_it_is_so_today(
    simulated_day: MarginDay, two_legs: CustomerBook, parameters: ParameterSet
) -> None:
    run = _run_of(simulated_day, [two_legs])
    reduction = run.result.customers[0].requirement.reduction.reduction
    reverse = reverse_stress_run(
        run,
        parameters,
        block_executor(),
        target=Target.SAVING,
        below=reduction + Fraction(1, 100),
    )
    change = reverse.customers[0].change
    assert change is not None
    assert change.reason.startswith("the reduction is")
    assert change.evaluations == 0


def test_a_saving_that_was_brought_down_is_down_in_the_requirement_after_the_move(
    simulated_day: MarginDay, two_legs: CustomerBook, parameters: ParameterSet
) -> None:
    run = _run_of(simulated_day, [two_legs])
    reduction = run.result.customers[0].requirement.reduction.reduction
    below = reduction - Fraction(1, 200)
    few = parameters.replacing({"search_evaluations": "25"}, reason="test")
    reverse = reverse_stress_run(run, few, block_executor(), target=Target.SAVING, below=below)
    change = reverse.customers[0].change
    assert change is not None
    assert 0 < change.evaluations <= 25
    if change.found is None:
        assert change.after is None
        return
    assert change.after is not None
    assert change.still is not None
    assert change.after.requirement.reduction.reduction < below <= change.still.reduction
    assert change.found.distance <= 12.0


def test_no_other_customer_is_looked_at(
    simulated_day: MarginDay, books: list[CustomerBook], parameters: ParameterSet
) -> None:
    run = _run_of(simulated_day, books[:2])
    with pytest.raises(RefusedError) as caught:
        reverse_stress_run(
            run, parameters, block_executor(), target=Target.EXHAUST, customer="NOBODY"
        )
    assert books[0].key.customer_id in caught.value.refusals[0].expected


def test_the_windows_are_the_models_own(
    simulated_day: MarginDay, parameters: ParameterSet, exhausted: ReverseRun
) -> None:
    three, one = exhausted.windows
    assert three.window.identity == simulated_day.ficc.scenarios.historical.identity
    assert np.array_equal(one.window.end_dates, simulated_day.cme.scenarios.historical.end_dates)
    again = plausibility(three.window, parameters.ratio("explained_share"))
    assert np.array_equal(again.coordinates, three.coordinates)
    assert again.explained >= float(parameters.ratio("explained_share"))
