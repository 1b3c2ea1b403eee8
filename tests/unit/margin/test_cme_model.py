"""The CME-style model on an invented market: weights, equivalents, windows, known volatility."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.basics.money import Money
from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.book import Block
from crossmargin.margin.cme.equivalents import FuturesEquivalents, futures_equivalents
from crossmargin.margin.cme.model import (
    CmeModel,
    CmeScenarios,
    check_parameters,
    cme_scenarios,
    prepare_cme,
)
from crossmargin.margin.tail import tail_rank
from crossmargin.market.scenarios import KEY_RATE_BITS, FactorHistory
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.futures import FuturesContract
from crossmargin.services.day_contracts import security_dv01s
from crossmargin.testing import reference
from crossmargin.testing.builders import AS_OF, invented_history, small_valuation

CONTRACTS = tuple(FuturesContract(product, 2026, 6) for product in ("ZT", "ZN", "ZB", "SR3"))
UNITS = 1_000_000


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    return small_valuation(CONTRACTS)


@pytest.fixture(scope="module")
def history() -> FactorHistory:
    return invented_history(first=date(2008, 1, 1), last=AS_OF, horizon_days=1, seed=12)


@pytest.fixture(scope="module")
def parameters() -> ParameterSet:
    return parameter_sets(AS_OF).cme


@pytest.fixture(scope="module")
def equivalents(valuation: Valuation) -> FuturesEquivalents:
    front = {
        place: future
        for place, future in enumerate(valuation.contracts)
        if isinstance(future, TreasuryFuture)
    }
    return futures_equivalents(valuation.book, front, security_dv01s(valuation))


@pytest.fixture(scope="module")
def model(
    valuation: Valuation,
    history: FactorHistory,
    parameters: ParameterSet,
    equivalents: FuturesEquivalents,
) -> CmeModel:
    return prepare_cme(
        valuation=valuation,
        history=history,
        equivalents=equivalents,
        parameters=parameters,
        repo_follows_front=1.0,
    )


def block(securities: list[int], contracts: list[int]) -> Block:
    return Block.without_repo(
        np.array([securities], dtype=float), np.array([contracts], dtype=float)
    )


def test_the_stress_is_the_three_periods_unscaled(
    model: CmeModel, history: FactorHistory, parameters: ParameterSet
) -> None:
    periods = parameters.dates("stressed_periods")
    rows = [history.rows_between(first, last) for first, last in periods]
    assert model.scenarios.stress.count == sum(int(each.sum()) for each in rows)
    expected = np.vstack([history.key_rates.changes[each] for each in rows])
    assert model.scenarios.stress.key_rates == pytest.approx(expected, abs=2.0**-KEY_RATE_BITS)


def test_a_stressed_period_still_to_come_is_not_used(
    history: FactorHistory, parameters: ParameterSet
) -> None:
    as_of = date(2020, 3, 13)
    stress = cme_scenarios(history, parameters, as_of=as_of).stress
    assert stress.end_dates.max() == np.datetime64(as_of)
    assert (stress.start_dates >= np.datetime64("2020-02-24")).sum() == 14


def test_history_is_scaled_factor_by_factor_as_the_slow_kernel_says(
    model: CmeModel, history: FactorHistory, parameters: ParameterSet
) -> None:
    decay = float(parameters.ratio("volatility_decay"))
    window = history.rows_between(date(2016, 3, 24), AS_OF)
    for column in (0, 5, 11):
        moves = history.key_rates.changes[:, column]
        forecasts = np.array(reference.ewma_volatility(moves.tolist(), decay, 250))
        before = forecasts[:-1][window]
        today = max(forecasts[-1], float(np.median(before)))
        expected = moves[window] * today / before
        ours = model.scenarios.historical.key_rates[:, column]
        assert ours == pytest.approx(expected, abs=2.0**-KEY_RATE_BITS)


def test_an_unknown_last_date_leaves_the_median_of_the_window(
    history: FactorHistory, parameters: ParameterSet
) -> None:
    """Volatility after the last observation is that of a redraw: it says nothing of today."""
    redrawn = history.basis.redrawn.copy()
    redrawn[-1] = True
    shocks = history.basis.shocks_bp.copy()
    shocks[-60:] *= 25.0  # the volatility forecast of the last date is now far over the median
    wild = replace(history, basis=replace(history.basis, shocks_bp=shocks))
    unknown = replace(wild, basis=replace(wild.basis, redrawn=redrawn))
    seen, unseen = (
        cme_scenarios(each, parameters, as_of=AS_OF).historical.basis_bp for each in (wild, unknown)
    )
    first = slice(0, 1000)
    assert np.abs(seen[first]).mean() > 5.0 * np.abs(unseen[first]).mean()
    assert unseen[first].std() == pytest.approx(0.3, rel=0.15)


def test_the_margin_weighs_both_losses(model: CmeModel) -> None:
    figures = model.three_figures(block([0, 0, UNITS, 0, 0, 0], [10, -20, 5, 100]))
    assert model.historical_weight == Fraction(3, 4)
    assert model.historical.rank == tail_rank(model.scenarios.historical.count, Fraction(99, 100))
    for leg in (figures.securities, figures.futures, figures.combined):
        parts = leg.components(0)
        assert min(parts.values()) > 0
        exact = Fraction(3, 4) * parts["historical"] + Fraction(1, 4) * parts["stress"]
        assert leg.charge(0) == Money(math.ceil(exact * 100))


def test_the_cheapest_against_its_future_costs_next_to_nothing(
    model: CmeModel, valuation: Valuation
) -> None:
    future = valuation.contracts[1]
    assert isinstance(future, TreasuryFuture)
    held = [0] * 6
    held[future.cheapest_row] = UNITS
    lots = -round(UNITS * 100 * future.cheapest_factor / 100_000)
    three = model.three_figures(block(held, [0, lots, 0, 0]))
    alone = three.securities.charge(0) + three.futures.charge(0)
    assert three.combined.charge(0).cents < alone.cents / 1000
    assert three.securities.charge(0).cents == pytest.approx(
        three.futures.charge(0).cents, rel=0.15
    )


def test_securities_and_their_equivalent_have_the_same_margin(
    model: CmeModel, equivalents: FuturesEquivalents
) -> None:
    row = 3
    place = int(equivalents.places[row, 0])
    units = [0] * 6
    units[row] = UNITS
    lots = [0] * 4
    lots[place] = round(UNITS * equivalents.contracts_per_100[row, 0])
    three = model.three_figures(block(units, lots))
    assert three.securities.charge(0).cents == pytest.approx(
        three.futures.charge(0).cents, rel=2e-3
    )


def test_the_same_direction_saves_nothing(model: CmeModel, equivalents: FuturesEquivalents) -> None:
    lots = [0] * 4
    lots[int(equivalents.places[2, 0])] = 900
    three = model.three_figures(block([0, 0, UNITS, 0, 0, 0], lots))
    alone = three.securities.charge(0) + three.futures.charge(0)
    saving = 1 - three.combined.charge(0).dollars / alone.dollars
    assert abs(saving) < Fraction(1, 1000)


def test_a_portfolio_of_futures_is_margined_as_its_leg(model: CmeModel) -> None:
    one = block([0] * 6, [40, -20, 5, 100])
    charge, parts = model.futures_figure(one)
    leg = model.three_figures(one).futures
    assert charge == leg.charge(0)
    assert parts == leg.components(0)


def test_contributions_add_up_to_the_margin(model: CmeModel) -> None:
    one = block([5_000, 0, -3_000, 0, 700, 0], [40, -20, 5, 100])
    contributions = model.contributions(one)
    charge = model.three_figures(one).combined.charge(0)
    assert Money(math.ceil(contributions.total() * 100)) == charge
    assert set(contributions.components) == set(contributions.scenarios) == {"historical", "stress"}


def test_a_portfolio_that_cannot_lose_has_no_contributions(model: CmeModel) -> None:
    nothing = model.contributions(block([0] * 6, [0] * 4))
    assert nothing.total() == 0


def test_too_few_scenarios_are_no_requirement_of_record(parameters: ParameterSet) -> None:
    short = invented_history(first=date(2025, 10, 1), last=AS_OF, horizon_days=1, seed=1)
    with pytest.raises(ValueError, match="too few"):
        cme_scenarios(short, parameters, as_of=AS_OF)


def test_the_scenarios_are_named_in_the_identity(
    model: CmeModel, history: FactorHistory, parameters: ParameterSet
) -> None:
    again = cme_scenarios(history, parameters, as_of=AS_OF)
    assert again.identity == model.scenario_identity
    swapped = CmeScenarios(again.stress, again.historical)
    assert swapped.identity != again.identity
    other = parameters.replacing({"volatility_decay": "0.99"}, reason="another decay")
    assert cme_scenarios(history, other, as_of=AS_OF).identity != again.identity


def test_the_add_ons_are_of_the_futures_alone(model: CmeModel) -> None:
    lots = [10, -20, 5, 100]
    alone, hedged = (model.add_ons(block([0, 0, units, 0, 0, 0], lots)) for units in (0, UNITS))
    assert alone == hedged
    # Half-ticks of ZT, ZN, ZB and SR3: $3.90625, $7.8125, $15.625, $6.25.
    assert alone["liquidity"] == [math.ceil(39.0625 * 100 + 15_625 + 7812.5 + 62_500)]
    assert alone["concentration"] == [0]
    large = model.add_ons(block([0] * 6, [0, -2_000_000, 0, 0]))
    one = model.futures_figure(block([0] * 6, [0, -1, 0, 0]))[0].dollars
    # Eleven days and more of volume: the root of the sum of squares is about twice the whole.
    assert large["concentration"][0] > 100 * 2_000_000 * one / 2
    assert model.add_ons(block([0] * 6, [0, 0, 0, 0])) == {"liquidity": [0], "concentration": [0]}


def test_the_outright_margin_is_that_of_one_contract(model: CmeModel) -> None:
    for place, outright in enumerate(model.execution.outright_dollars):
        lots = [0] * 4
        figures = []
        for side in (1, -1):
            lots[place] = side
            figures.append(model.futures_figure(block([0] * 6, lots))[0].cents)
        assert max(figures) == math.ceil(outright * 100)


@pytest.mark.parametrize(
    "name",
    [
        "equivalent_contract",
        "short_end_equivalent",
        "half_spread_ticks",
        "average_daily_volume",
        "hypothetical_stress",
        "correlation_scaling",
        "heightened_risk_base",
    ],
)
def test_a_choice_that_the_model_does_not_know_is_refused(
    parameters: ParameterSet, name: str
) -> None:
    check_parameters(parameters)
    with pytest.raises(ValueError, match=name):
        check_parameters(parameters.replacing({name: "other"}, reason="test"))
