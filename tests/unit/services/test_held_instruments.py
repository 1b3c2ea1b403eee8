"""Leaving out what nobody holds changes no figure."""

from __future__ import annotations

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.margin.book import Block
from crossmargin.services.customer_books import CustomerBook, holdings_of, instrument_labels
from crossmargin.services.held_instruments import HeldInstruments
from crossmargin.services.margin_day import MarginDay


def book(day: MarginDay, xm: dict[int, int], outside: dict[int, int]) -> CustomerBook:
    return CustomerBook(CustomerKey("BD1", "A"), xm, outside, {}, True, True, (), ())


@pytest.fixture(scope="module")
def books(simulated_day: MarginDay) -> tuple[CustomerBook, ...]:
    securities = len(simulated_day.valuation.book.prices)
    contracts = len(simulated_day.valuation.contracts)
    repo = securities + contracts + 1
    return (
        book(simulated_day, {3: 40_000, securities - 1: -70_000, securities + 2: -150}, {5: 900}),
        book(simulated_day, {securities // 2: 500_000, repo: 3_000_000_000_000}, {}),
        book(simulated_day, {}, {}),
    )


def block_of(day: MarginDay, books: tuple[CustomerBook, ...]) -> Block:
    portfolios = [portfolio for each in books for portfolio in (each.xm, each.outside)]
    return holdings_of(day, portfolios).block(0, len(portfolios))


def test_every_figure_is_the_same_with_fewer_instruments(
    simulated_day: MarginDay, books: tuple[CustomerBook, ...]
) -> None:
    held = HeldInstruments.of(simulated_day, books)
    whole, part = block_of(simulated_day, books), block_of(held.day, held.books)
    assert part.securities.shape[1] < whole.securities.shape[1]
    assert held.day.ficc.three_figures(part) == simulated_day.ficc.three_figures(whole)
    assert held.day.cme.three_figures(part) == simulated_day.cme.three_figures(whole)
    assert held.day.ficc.add_ons(part) == simulated_day.ficc.add_ons(whole)
    assert held.day.cme.add_ons(part) == simulated_day.cme.add_ons(whole)
    assert max(simulated_day.ficc.three_figures(whole).combined.charge_cents) > 0


def test_books_name_the_same_instruments(
    simulated_day: MarginDay, books: tuple[CustomerBook, ...]
) -> None:
    held = HeldInstruments.of(simulated_day, books)
    labels, labels_now = instrument_labels(simulated_day), instrument_labels(held.day)
    for before, now in zip(books, held.books, strict=True):
        for portfolio, moved in ((before.xm, now.xm), (before.outside, now.outside)):
            assert {labels[place]: units for place, units in portfolio.items()} == {
                labels_now[place]: units for place, units in moved.items()
            }


def test_a_day_of_no_positions_is_still_a_day(simulated_day: MarginDay) -> None:
    held = HeldInstruments.of(simulated_day, [book(simulated_day, {}, {})])
    figures = held.day.ficc.three_figures(block_of(held.day, held.books))
    assert figures.combined.charge_cents == [0, 0]
    assert len(held.day.valuation.contracts) == 1


def test_a_contract_needs_its_basket(simulated_day: MarginDay) -> None:
    with pytest.raises(ValueError, match="must be kept"):
        simulated_day.valuation.keeping([], range(len(simulated_day.valuation.contracts)))
