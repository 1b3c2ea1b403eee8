"""All customers together: what adds up, and what stands against the market."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin import bootstrap
from crossmargin.market.history import MarketData, TraderPositions
from crossmargin.services.crowding import Crowding, crowding_of
from crossmargin.services.margin_positions import MarginRun
from crossmargin.testing.builders import AS_OF

REPORTS = tuple(
    TraderPositions(day, interest, {"dealers": 5}, {"dealers": 9})
    for day, interest in (
        (date(2026, 3, 17), 1_000_000),
        (date(2026, 3, 24), 2_000_000),
        (date(2026, 3, 31), 4_000_000),
    )
)


@pytest.fixture(scope="module")
def found(simulated_run: MarginRun, simulated_market: MarketData) -> Crowding:
    market = replace(simulated_market, open_interest={"ZN": REPORTS})
    return crowding_of(simulated_run, market, bootstrap.analysis_parameters(AS_OF))


def test_buckets_add_up_to_the_customers(found: Crowding) -> None:
    tenors = [each.securities_dv01 + each.futures_dv01 for each in found.tenors]
    assert sum(each.net for each in tenors) == sum(each.net_dv01 for each in found.customers)
    assert sum(each.gross for each in tenors) == sum(each.gross_dv01 for each in found.customers)
    assert sum(each.share_of_gross for each in found.customers) == 1


def test_contracts_are_those_of_the_file(found: Crowding, simulated_run: MarginRun) -> None:
    held: dict[str, int] = {}
    for line in simulated_run.positions.lines:
        product = re.sub(r"[A-Z]\d+$", "", line.instrument)
        if line.clearing_organization.value == "CME":
            held[product] = held.get(product, 0) + line.quantity
    assert {each.product: int(each.contracts.net) for each in found.products} == held


def test_market_value_is_that_of_the_securities(found: Crowding, simulated_run: MarginRun) -> None:
    day = simulated_run.result.day
    values = day.valuation.book.market_value
    expected = sum(
        units * values[place]
        for book in simulated_run.books
        for part in (book.xm, book.outside)
        for place, units in part.items()
        if place < len(values)
    )
    # Each price is rounded to the grid: eighty million units of $100.
    net = sum(each.market_value.net for each in found.tenors)
    assert float(net) == pytest.approx(expected, abs=200.0)


def test_dv01_is_about_that_of_the_contract(found: Crowding, simulated_run: MarginRun) -> None:
    day = simulated_run.result.day
    place = next(
        p for p, each in enumerate(day.valuation.contracts) if each.contract.product == "ZN"
    )
    dv01 = day.valuation.contracts[place].dv01_dollars  # type: ignore[union-attr]
    (zn,) = (each for each in found.products if each.product == "ZN")
    volume = next(each for each in found.tenors if each.name == "5_to_10").market_dv01
    # The ten-year's own volume is part of its bucket's.
    assert volume > zn.daily_volume * Fraction(dv01) * Fraction(9, 10)


def test_the_last_report_on_or_before_the_date_counts(found: Crowding) -> None:
    (zn,) = (each for each in found.products if each.product == "ZN")
    assert zn.traders is not None
    assert zn.traders.report_date == date(2026, 3, 24) == found.report_date
    assert zn.traders.net("dealers") == -4
    assert zn.traders.net("leveraged_funds") is None
    larger = max(zn.contracts.long, zn.contracts.short)
    assert zn.share_of_open_interest == larger / 2_000_000
    others = [each for each in found.products if each.product != "ZN"]
    assert others
    assert all(each.share_of_open_interest is None for each in others)


def test_what_each_pays_alone_is_what_the_run_charges(
    found: Crowding, simulated_run: MarginRun
) -> None:
    own = sum(each.charge.own for each in found.cme)
    charged = sum(
        amount.cents
        for customer in simulated_run.result.customers
        for amount in customer.requirement.cme.add_ons.values()
    )
    outside = any(book.outside for book in simulated_run.books)
    # Each charge is rounded up to the cent; what is outside the XM account is charged there.
    assert float(own) >= charged / 100 - 0.03 * len(simulated_run.books)
    assert outside or float(own) == pytest.approx(charged / 100, abs=0.03 * len(found.customers))


def test_twice_the_volume_share_halves_the_days(
    simulated_run: MarginRun, simulated_market: MarketData, found: Crowding
) -> None:
    parameters = found.parameters.replacing({"participation_share": "0.2"}, reason="test")
    twice = crowding_of(simulated_run, simulated_market, parameters)
    for mine, theirs in zip(twice.products, found.products, strict=True):
        assert mine.days_gross * 2 == theirs.days_gross
        assert mine.traders is None
    assert twice.report_date is None


def test_customers_who_hold_the_same_cost_more_together(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    (fund,) = (b for b in simulated_run.books if b.key.customer_id == "BASIS-FUND")
    tenfold = replace(fund, xm={place: 10 * units for place, units in fund.xm.items()})
    run = replace(simulated_run, books=(tenfold, tenfold))
    found = crowding_of(run, simulated_market, bootstrap.analysis_parameters(AS_OF))
    assert all(each.crowd.herfindahl == Fraction(1, 2) for each in found.products)
    for each in found.ficc:
        ratio = float(each.cost.crowd_together / each.cost.crowd_own)
        assert 1.0 < ratio <= 2**0.5 + 1e-5
        assert each.charge.missed >= 0
    assert any(each.charge.missed > 0 for each in found.cme)
