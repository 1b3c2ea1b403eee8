"""One customer's day on the simulated market, its models prepared once for every test of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin.market.history import MarketData
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.simulation.book import demo_positions
from crossmargin.testing.clearing_days import CURVE, RICH, day_files, desk_on, with_day_before


@pytest.fixture(scope="session")
def day(simulation) -> date:
    return simulation.as_of


@pytest.fixture(scope="session")
def market(simulated_market, day) -> MarketData:
    return with_day_before(simulated_market, day)


@pytest.fixture(scope="session")
def lines(simulation):
    return [
        replace(line, customer=CURVE)
        for line in demo_positions(simulation)
        if line.customer.customer_id == CURVE.customer_id
    ]


@pytest.fixture(scope="session")
def models(market) -> DayModels:
    """What a step computes is pure, and what is prepared for a date is kept."""
    return desk_on(MemoryBooks(), market, {}).models


@pytest.fixture(scope="session")
def desk_of(market, models, day, lines):
    """Make desks of the day's files, of what the customer brings and of more files."""

    def make(books, *more, held=lines, deposits=RICH):
        files = [*day_files(day, held, deposits), *more]
        return replace(desk_on(books, market, {day: files}), models=models)

    return make


@pytest.fixture(scope="session")
def run(desk_of, day):
    """Run such a day; return the desk and what was done."""

    def run(books, deposits, *more, **given):
        desk = desk_of(books, *more, deposits=deposits, **given)
        return desk, desk.run(day)

    return run
