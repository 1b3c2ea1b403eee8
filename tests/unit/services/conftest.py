"""Models of some days in a row on the simulated market, prepared once for every test of them."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files

import pytest

from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.market.history import PriceSheet
from crossmargin.parameters.reading import parse_parameters
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.parameter_registry import ParameterRegistry

_DAYS = 8


@pytest.fixture(scope="session")
def first_day(simulation):
    """The day from which on a rehearsal ends on the simulated market's date."""
    return sifma_calendar().add_business_days(simulation.as_of, 1 - _DAYS)


@pytest.fixture(scope="session")
def days_registry() -> ParameterRegistry:
    """The shipped parameters with one hourly file a day: eleven would show nothing more."""
    name = "arrangement/parameters.toml"
    shipped = files("crossmargin").joinpath(name).read_text("utf-8")
    once = shipped.replace('value = "07:00 America/Chicago"', 'value = "17:00 America/Chicago"')
    assert once != shipped
    return parameter_registry().replacing([parse_parameters(once, file=name)])


@pytest.fixture(scope="session")
def days_models(simulated_market, simulation, first_day, days_registry) -> DayModels:
    """The date's prices on every day of a rehearsal and on the one before, marked derived.

    What is prepared for a date is kept, so that a second rehearsal prepares nothing anew.
    """
    market, sheet = simulated_market, simulated_market.price_sheets[simulation.as_of]
    for day in sifma_calendar().business_days(first_day - timedelta(days=5), simulation.as_of):
        if day != simulation.as_of:
            market = market.with_sheet(PriceSheet(day, sheet.prices, derived_from=sheet.price_date))
    return DayModels(market, days_registry, block_executor(), kept_dates=_DAYS + 1)
