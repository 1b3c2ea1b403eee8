"""Stress of a run: margins, P&L by hand, what is left out, and the past of the moves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.stress.cases import Pick, Source
from crossmargin.arrangement.eligibility import Recognition
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import block_executor, stress_library, stress_parameters
from crossmargin.market.history import MarketData
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.services.customer_books import customer_books, holdings_of
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.stress import StressRun, stress_run
from crossmargin.testing.builders import AS_OF


@pytest.fixture(scope="module")
def run(simulated_day: MarginDay, simulated_recognition: Recognition) -> MarginRun:
    books = customer_books(simulated_day, simulated_recognition)
    result = margin_customers(simulated_day, books, block_executor())
    return MarginRun(PositionsInput("demo.csv", "0", 0, (), ()), result, tuple(books), ())


@pytest.fixture(scope="module")
def stressed(run: MarginRun, simulated_market: MarketData) -> StressRun:
    parameters = stress_parameters(AS_OF).stress
    return stress_run(run, simulated_market, stress_library(), parameters)


def test_each_outcome_is_the_full_repricing_of_the_account(
    run: MarginRun, stressed: StressRun
) -> None:
    day = run.result.day
    block = holdings_of(day, [book.xm for book in run.books]).block(0, len(run.books))
    chosen = [case for case in stressed.cases if case.pick is Pick.WORST and not case.repo_rate]
    assert len(chosen) > 25
    for case in chosen[::4]:
        cube = instrument_pnl(day.valuation, case.scenarios, repo_follows_front=1.0)
        legs = block.securities @ cube.securities, block.contracts @ cube.contracts
        worst = (legs[0] + legs[1]).argmin(axis=1)
        for row, customer in enumerate(stressed.customers):
            outcome = next(each for each in customer.outcomes if each.case.name == case.name)
            place = int(worst[row])
            # Per unit the P&L is rounded to the grid of ruling 9.
            units = np.abs(block.securities[row]).sum() + np.abs(block.contracts[row]).sum()
            near = {"abs": float(units) * 2.0**-18}
            assert float(outcome.securities) == pytest.approx(legs[0][row, place], **near)
            assert float(outcome.futures) == pytest.approx(legs[1][row, place], **near)


def test_customers_see_their_largest_loss_first_against_their_own_margin(
    run: MarginRun, stressed: StressRun
) -> None:
    assert [c.result for c in stressed.customers] == list(run.result.customers)
    for customer in stressed.customers:
        combined = [outcome.combined for outcome in customer.outcomes]
        assert combined == sorted(combined)
        assert len(combined) == len(stressed.cases)
        requirement = customer.result.requirement
        assert customer.margins.ficc == requirement.ficc.requirement
        assert customer.margins.cme == requirement.cme.requirement
    assert any(each.has_outside for each in stressed.customers)


def test_basis_of_every_contract_is_the_worse_sign_of_each(stressed: StressRun) -> None:
    for customer in stressed.customers:
        outcomes = {each.case.name: each for each in customer.outcomes}
        alone = [
            each
            for name, each in outcomes.items()
            if name.startswith("basis ") and "every" not in name
        ]
        together = outcomes["basis of every contract 15 bp, each adverse"]
        assert together.combined == sum((each.combined for each in alone), Fraction(0))
        assert all(each.combined <= 0 for each in alone)


def test_a_simulated_market_has_no_episodes_of_its_own(stressed: StressRun) -> None:
    episodes = [case for case in stressed.cases if case.kind == "episode"]
    assert episodes
    assert {case.source for case in episodes} == {Source.STATED}
    assert not any(case.own.any() for case in episodes)


def test_a_repo_spike_hurts_who_is_short_futures_and_helps_a_fixed_borrower(
    run: MarginRun, stressed: StressRun
) -> None:
    day = run.result.day
    first = len(day.valuation.book.prices)
    priced = first + len(day.valuation.contracts)
    seen = 0
    for book, customer in zip(run.books, stressed.customers, strict=True):
        (outcome,) = (each for each in customer.outcomes if each.case.group == "repo")
        assert outcome.securities == 0
        cent_days = sum(units for place, units in book.xm.items() if place >= priced)
        assert outcome.repo == Fraction(cent_days, 36000) * Fraction(1, 200)
        treasury = {
            place: units
            for place, units in book.xm.items()
            if first <= place < priced and hasattr(day.valuation.contracts[place - first], "rows")
        }
        if (
            treasury
            and all(units < 0 for units in treasury.values())
            and len(treasury) == sum(first <= place < priced for place in book.xm)
        ):
            # A dearer carry makes forwards dearer: the short loses.
            assert outcome.futures < 0
            seen += 1
    assert seen


def test_only_the_episodes_asked_for_and_no_move_beyond_repricing(
    run: MarginRun, simulated_market: MarketData
) -> None:
    parameters = stress_parameters(AS_OF).stress
    library = stress_library().chosen(["March 2020"])
    only = stress_run(run, simulated_market, library, parameters, hypothetical=False)
    assert {case.group for case in only.cases} == {"March 2020"}
    vast = parameters.replacing({"parallel_bp": "25, 900"}, reason="test")
    with pytest.raises(RefusedError) as caught:
        stress_run(run, simulated_market, library, vast)
    assert caught.value.refusals[0].rule == "ruling 34"


def test_parameters_of_stress_and_of_the_run_are_changed_together() -> None:
    parameters = stress_parameters(AS_OF)
    changed = parameters.changing(
        {"stress": {"basis_bp": "30"}, "ficc": {"floor_share": "0.2"}}, reason="test"
    )
    assert changed.stress.text("basis_bp") == "30"
    document = changed.as_document()
    assert document["changed"] == {"ficc.floor_share": "0.2", "stress.basis_bp": "30"}
    with pytest.raises(RefusedError) as caught:
        parameters.changing(
            {"stress": {"basis": "30", "spread_bp": "-1"}, "fcc": {"x": "1"}}, reason="test"
        )
    assert {refusal.value for refusal in caught.value.refusals} == {"basis", "-1", "fcc"}
    assert replace(parameters) == parameters
