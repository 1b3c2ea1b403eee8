"""Conditions of a run: the base is the run, and each condition is a run under it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin import bootstrap
from crossmargin.analysis.conditions import Outcome
from crossmargin.basics.refusals import RefusedError
from crossmargin.market.history import MarketData
from crossmargin.services.conditions import Conditions, conditions_of
from crossmargin.services.margin_positions import MarginRun, margined_under
from crossmargin.testing.builders import AS_OF

FEW = {
    "correlation_multiples": "0, 1, 2",
    "basis_multiples": "0, 1, 2",
    "basis_multiple_max": "4",
    "roll_off_business_days": "3",
}


@pytest.fixture(scope="module")
def simulated_three(simulated_run: MarginRun) -> MarginRun:
    """Return three customers of the demo: a cash-futures basis, a curve and positions outside."""
    places = [
        place
        for place, book in enumerate(simulated_run.books)
        if book.key.customer_id in ("BASIS-FUND", "CURVE-FUND", "REGIONAL-BANK")
    ]
    customers = tuple(simulated_run.result.customers[place] for place in places)
    return replace(
        simulated_run,
        result=replace(simulated_run.result, customers=customers),
        books=tuple(simulated_run.books[place] for place in places),
    )


@pytest.fixture(scope="module")
def found(simulated_three: MarginRun) -> Conditions:
    parameters = bootstrap.analysis_parameters(AS_OF).replacing(FEW, reason="test")
    return conditions_of(simulated_three, parameters, bootstrap.block_executor())


def test_the_base_is_the_run(found: Conditions, simulated_three: MarginRun) -> None:
    assert len(found.customers) == 3
    for customer, result in zip(found.customers, simulated_three.result.customers, strict=True):
        assert customer.result.key == result.key
        base = Outcome.of(result.requirement)
        assert customer.base == base
        assert base.requirement == result.requirement.requirement
        assert {row.multiple: row.outcome for row in customer.correlation}[Fraction(1)] == base
        assert dict(customer.basis.rows)[Fraction(1)] == base


def test_twice_the_basis_is_a_run_with_twice_the_basis(
    found: Conditions, simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    change = {"basis_volatility_multiple": "2"}
    parameters = simulated_run.result.day.parameters.changing(
        {"ficc": change, "cme": change}, reason="test"
    )
    executor = bootstrap.block_executor()
    result = margined_under(simulated_run, simulated_market, parameters, executor)
    twice = [dict(customer.basis.rows)[Fraction(2)] for customer in found.customers]
    anew = {each.key: Outcome.of(each.requirement) for each in result.customers}
    assert twice == [anew[customer.result.key] for customer in found.customers]
    assert twice != [customer.base for customer in found.customers]


def test_correlations_turn_with_the_multiple(found: Conditions) -> None:
    shown = [each.ficc for each in found.tenors]
    assert shown == sorted(shown, reverse=True)  # type: ignore[type-var]
    assert shown[0] == pytest.approx(1.0)
    curve = next(c for c in found.customers if c.result.key.customer_id == "CURVE-FUND")
    legs = [row.ficc_legs for row in curve.correlation]
    # A steepener hedges less the less its tenors share.
    assert legs == sorted(legs)  # type: ignore[type-var]
    savings = [row.outcome.ficc_saving for row in curve.correlation]
    assert savings == sorted(savings, reverse=True)


def test_days_ahead_are_business_days_and_dates_leave_in_order(found: Conditions) -> None:
    assert found.days == (date(2026, 3, 25), date(2026, 3, 26), date(2026, 3, 27))
    for leaving in found.leaving.values():
        flat = [each for day in leaving for each in day]
        assert flat == sorted(flat)
        assert flat[0] == date(2016, 3, 24)
    for customer in found.customers:
        assert [day for day, _ in customer.roll_off] == list(found.days)


def test_the_one_date_is_in_a_tail_and_moves_the_requirement(found: Conditions) -> None:
    departures = [customer.departure for customer in found.customers]
    assert any(departures)
    for customer in found.customers:
        if customer.departure is not None:
            assert customer.departure.outcome.requirement != customer.base.requirement
            assert min(customer.departure.leaves_on.values()) > AS_OF


def test_one_customer_alone_has_the_same_figures(
    found: Conditions, simulated_run: MarginRun
) -> None:
    alone = conditions_of(
        simulated_run,
        found.parameters,
        bootstrap.block_executor(),
        customer="CURVE-FUND",
    )
    (mine,) = alone.customers
    (theirs,) = (c for c in found.customers if c.result.key.customer_id == "CURVE-FUND")
    assert mine == theirs


def test_an_unknown_customer_is_refused(simulated_run: MarginRun) -> None:
    parameters = bootstrap.analysis_parameters(AS_OF)
    with pytest.raises(RefusedError, match="NOBODY"):
        conditions_of(simulated_run, parameters, bootstrap.block_executor(), customer="NOBODY")


def test_a_pair_of_tenors_is_two(simulated_run: MarginRun) -> None:
    values = {**FEW, "correlation_reported_years": "2"}
    parameters = bootstrap.analysis_parameters(AS_OF).replacing(values, reason="test")
    with pytest.raises(RefusedError, match="must name two tenors"):
        conditions_of(simulated_run, parameters, bootstrap.block_executor())
