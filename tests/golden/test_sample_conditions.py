"""Conditions of the sample's cash-futures basis fund on the real data."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin import bootstrap
from crossmargin.arrangement.reduction import Binding
from crossmargin.market.history import MarketData
from crossmargin.services.conditions import Conditions, conditions_of
from crossmargin.services.margin_positions import MarginRun, margin_positions, margined_under

AS_OF = date(2026, 3, 24)
FUND = "BASIS-FUND"

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def sample_run(real_data: Path, real_market: MarketData) -> MarginRun:
    path = real_data.parent / "portfolios" / "sample_bd_fcm_2026-03-24.csv"
    if not path.is_file():
        pytest.skip("no sample portfolio beside the data folder")
    return margin_positions(
        bootstrap.read_positions(path),
        real_market,
        bootstrap.parameter_sets(AS_OF),
        bootstrap.block_executor(),
        as_of=AS_OF,
    )


@pytest.fixture(scope="module")
def found(sample_run: MarginRun) -> Conditions:
    few = {"correlation_multiples": "0, 1, 2", "basis_multiples": "1, 2, 5, 10"}
    parameters = bootstrap.analysis_parameters(AS_OF).replacing(few, reason="test")
    return conditions_of(sample_run, parameters, bootstrap.block_executor(), customer=FUND)


def test_the_cap_stops_binding_where_a_run_says_so(
    found: Conditions, sample_run: MarginRun, real_market: MarketData
) -> None:
    (fund,) = found.customers
    edge = fund.basis.below_cap_at
    assert edge is not None
    assert 1 < edge < 2
    bindings = []
    for multiple in (edge - Fraction(1, 64), edge):
        # A dyadic fraction: its decimal is exact.
        change = {"basis_volatility_multiple": repr(float(multiple))}
        parameters = sample_run.result.day.parameters.changing(
            {"ficc": change, "cme": change}, reason="test"
        )
        result = margined_under(sample_run, real_market, parameters, bootstrap.block_executor())
        (customer,) = (each for each in result.customers if each.key.customer_id == FUND)
        bindings.append(customer.requirement.reduction.binding)
    assert bindings == [Binding.CAP, Binding.FICC]


def test_a_basis_trade_hangs_on_the_basis_and_not_on_the_curve(found: Conditions) -> None:
    (fund,) = found.customers
    savings = [outcome.ficc_saving for _, outcome in fund.basis.rows]
    assert savings == sorted(savings, reverse=True)
    assert savings[0] - savings[-1] > Fraction(2, 5)
    over_curve = [row.outcome.ficc_saving for row in fund.correlation]
    assert max(over_curve) - min(over_curve) < Fraction(1, 20)
    assert all(row.ficc_legs is not None and row.ficc_legs < -0.98 for row in fund.correlation)


def test_known_days_of_2016_leave_the_windows(found: Conditions) -> None:
    (fund,) = found.customers
    leaving = {place.end_date: place.leaves_on for place in fund.leaving_tail}
    # The Federal Open Market Committee's minutes of April 2016, and the payrolls of May 2016.
    assert leaving == {
        date(2016, 5, 18): date(2026, 5, 19),
        date(2016, 6, 3): date(2026, 6, 4),
    }
    counts = [sum(map(len, days)) for days in found.leaving.values()]
    # About as many dates leave as business days pass.
    assert all(abs(count - 60) <= 2 for count in counts)
