"""One customer's day on the simulated market, its models prepared once for every test of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin.bootstrap.books import open_inbox, open_outbox
from crossmargin.market.history import MarketData
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_desk.desk import ClearingDesk
from crossmargin.simulation.book import demo_positions
from crossmargin.simulation.clearing.parties import SimulatedParties
from crossmargin.simulation.clearing.plan import ClearingPlan
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    RICH,
    day_files,
    desk_on,
    opened_books,
    with_day_before,
)


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


@pytest.fixture(scope="session")
def run_plan(days_models, tmp_path_factory):
    """Run the days of a plan against the other parties; return their books."""

    def run(plan: ClearingPlan) -> MemoryBooks:
        folder = tmp_path_factory.mktemp("plan")
        inbox, outbox = open_inbox(folder / "in", bd_fcm=FIRM), folder / "out"
        books = opened_books(MemoryBooks())
        people = (FIRM, "operations", "risk")
        desk = ClearingDesk(books, inbox, open_outbox(outbox), days_models, *people)
        desk = desk.with_others(SimulatedParties(plan, inbox, outbox, desk.step_instants))
        for day in sifma_calendar().business_days(plan.first, plan.last):
            desk.run(day)
        return books

    return run
