"""Explanations add up, switch one factor at a time, and name real scenarios."""

from datetime import timedelta
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.factors import risk_factors, without
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.services.customer_books import customer_books
from crossmargin.services.margin_explanation import explain_run
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import margin_customers


@pytest.fixture(scope="module")
def run(simulated_day, simulated_recognition) -> MarginRun:
    books = customer_books(simulated_day, simulated_recognition)
    result = margin_customers(simulated_day, books, ThreadExecutor(1))
    return MarginRun(PositionsInput("demo.csv", "0" * 64, 0, (), ()), result, tuple(books), ())


@pytest.fixture(scope="module")
def explained(run):
    return dict(
        zip(
            [customer.key.customer_id for customer in run.result.customers],
            explain_run(run),
            strict=True,
        )
    )


def test_lines_add_up_to_one_less_the_saving(run, explained):
    for customer in run.result.customers:
        explanation = explained[customer.key.customer_id].explanation
        for lines in (explanation.by_factor, explanation.by_kind):
            assert sum(line.ficc for line in lines) == 1 - customer.requirement.ficc.saving
            assert sum(line.cme for line in lines) == 1 - customer.requirement.cme.saving


def test_a_basis_trade_loses_its_saving_to_the_basis_and_the_floor(explained):
    lines = {line.label: line.ficc for line in explained["BASIS-FUND"].explanation.by_kind}
    assert lines["all cash-futures basis"] > 5 * abs(lines["all key rates"])
    assert lines["repo, bid-ask and VaR Floor above the simulation"] > 0


def test_a_same_way_book_loses_it_to_the_key_rates(explained):
    lines = {line.label: line.ficc for line in explained["ASSET-MANAGER"].explanation.by_kind}
    assert lines["all key rates"] > Fraction(9, 10)


def test_the_last_scenario_shown_sets_the_simulation_figure(run, explained):
    for customer in run.result.customers:
        tail = explained[customer.key.customer_id].explanation.ficc_tail
        assert -tail[-1].combined == customer.ficc.combined["historical_simulation"]
        assert tail[-1].rank == run.result.day.ficc.simulation.rank
        losses = [scenario.combined for scenario in tail]
        assert losses == sorted(losses)
        for scenario in tail:
            assert scenario.securities + scenario.futures == scenario.combined
            assert timedelta(3) <= scenario.end_date - scenario.start_date <= timedelta(8)


def test_key_rate_dv01s_of_both_legs_face_each_other(explained):
    basis = explained["BASIS-FUND"]
    assert basis.securities_dv01.sum() > 0 > basis.futures_dv01.sum()
    beyond_a_year = basis.key_years >= 2
    net = basis.securities_dv01[beyond_a_year] + basis.futures_dv01[beyond_a_year]
    assert np.abs(net).sum() < 0.1 * np.abs(basis.securities_dv01[beyond_a_year]).sum()


def test_a_factor_switched_off_leaves_the_others_alone(simulated_day):
    scenarios = simulated_day.ficc.scenarios.historical
    for factor in risk_factors(scenarios):
        off = without([factor], scenarios)
        changed = {
            "key_rate": off.key_rates,
            "basis": off.basis_bp,
            "spread": off.spread_bp,
        }
        before = {
            "key_rate": scenarios.key_rates,
            "basis": scenarios.basis_bp,
            "spread": scenarios.spread_bp,
        }
        for kind, array in changed.items():
            different = np.flatnonzero((array != before[kind]).any(axis=0))
            assert different.tolist() == ([factor.column] if kind == factor.kind else [])
        assert (changed[factor.kind][:, factor.column] == 0).all()
