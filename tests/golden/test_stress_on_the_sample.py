"""Stress and reverse stress of the sample portfolio on the real data: what must be so."""

from __future__ import annotations

import pytest

from crossmargin.analysis.reverse_targets import Target
from crossmargin.analysis.stress.cases import Source
from crossmargin.arrangement.eligibility import Recognition
from crossmargin.bootstrap import block_executor, stress_library, stress_parameters
from crossmargin.market.history import MarketData
from crossmargin.services.customer_books import customer_books, holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_explanation import key_rates_of
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.reverse_stress import reverse_stress_run
from crossmargin.services.stress import CustomerStress, stress_run

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def run(real_day: MarginDay, sample_recognition: Recognition) -> MarginRun:
    books = customer_books(real_day, sample_recognition)
    result = margin_customers(real_day, books, block_executor())
    return MarginRun(PositionsInput("sample.csv", "0", 0, (), ()), result, tuple(books), ())


@pytest.fixture(scope="module")
def customers(run: MarginRun, real_market: MarketData) -> dict[str, CustomerStress]:
    parameters = stress_parameters(run.result.day.as_of).stress
    stressed = stress_run(run, real_market, stress_library(), parameters)
    return {each.result.key.customer_id: each for each in stressed.customers}


def test_only_1987_is_not_in_the_history(customers: dict[str, CustomerStress]) -> None:
    outcomes = next(iter(customers.values())).outcomes
    stated = {o.case.group for o in outcomes if o.case.source is Source.STATED}
    assert stated == {"1987 crash"}
    worst = [o.case for o in outcomes if ": worst" in o.case.name]
    # Nine episodes at two horizons.
    assert len(worst) == 18
    assert all(case.own.any() for case in worst if case.group != "1994 tightening")
    assert not any(case.own.any() for case in worst if case.group == "1994 tightening")


def test_who_is_hurt_by_what(customers: dict[str, CustomerStress]) -> None:
    """The bank is long notes and short SOFR futures, the basis fund short futures on its notes."""
    bank = customers["REGIONAL-BANK"].outcomes[0]
    assert bank.case.name == "March 2023: worst 3 days"
    assert bank.securities > 0 > bank.combined
    basis = customers["BASIS-FUND"].outcomes[0]
    assert basis.case.group == "basis"
    assert basis.securities == 0
    # Outright the basis fund's legs lose and gain more than ten times what the book does.
    flat = {o.case.name: o for o in customers["BASIS-FUND"].outcomes}["parallel +25 bp"]
    assert abs(flat.securities) > 10 * abs(flat.combined)
    manager = {o.case.name: o for o in customers["ASSET-MANAGER"].outcomes}
    assert manager["parallel +100 bp"].combined < 0 < manager["parallel -100 bp"].combined


def test_a_small_parallel_move_is_the_key_rate_dv01(
    run: MarginRun, customers: dict[str, CustomerStress]
) -> None:
    day = run.result.day
    block = holdings_of(day, [book.xm for book in run.books]).block(0, len(run.books))
    securities, futures = key_rates_of(day).of(block)
    for row, each in enumerate(customers.values()):
        outcome = next(o for o in each.outcomes if o.case.name == "parallel +25 bp")
        by_dv01 = -25.0 * float(securities[row].sum())
        assert float(outcome.securities) == pytest.approx(by_dv01, rel=0.06)
        by_dv01 = -25.0 * float(futures[row].sum())
        assert float(outcome.futures) == pytest.approx(by_dv01, rel=0.06)


def test_the_smallest_move_of_the_curve_fund_is_as_rare_as_its_loss(run: MarginRun) -> None:
    """A nearly linear book: as many dates go as far in the direction as lose as much."""
    parameters = stress_parameters(run.result.day.as_of).stress
    reverse = reverse_stress_run(
        run, parameters, block_executor(), target=Target.EXHAUST, customer="CURVE-FUND"
    )
    three, one, both, _ = reverse.customers[0].exhaustions
    for each in (three, one, both):
        assert each.found is not None
        assert each.smallest is not None
        assert each.smallest.linear_distance == pytest.approx(each.found.distance, rel=0.02)
        assert each.smallest.alignment == pytest.approx(1.0, abs=1e-3)
        assert each.lost_as_much == pytest.approx(each.found.as_far_along, rel=0.15)
        # A flatter curve is what hurts: long the two-year end, short the ten-year.
        move = each.found.move.key_rates[0]
        years = each.found.move.key_years.tolist()
        assert move[years.index(2.0)] > 0 > move[years.index(10.0)]
