"""The FICC-style model on an invented market: simulation, floor, haircut book, windows."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.basics.money import Money
from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.book import Block
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.margin.ficc.haircut import HaircutLine
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.margin.ficc.preparation import ficc_haircuts, prepare_ficc
from crossmargin.margin.ficc.scenarios import historical_scenarios
from crossmargin.margin.tail import tail_rank
from crossmargin.market.scenarios import FactorHistory
from crossmargin.market.seeds import generator
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.futures import FuturesContract
from crossmargin.testing import reference
from crossmargin.testing.builders import AS_OF, invented_history, small_valuation

CONTRACTS = tuple(FuturesContract(product, 2026, 6) for product in ("ZT", "ZN", "ZB", "SR3"))
UNITS = 1_000_000  # $100m of par


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    return small_valuation(CONTRACTS)


@pytest.fixture(scope="module")
def history() -> FactorHistory:
    return invented_history(first=date(2008, 1, 1), last=AS_OF, horizon_days=3, seed=12)


@pytest.fixture(scope="module")
def one_day_history() -> FactorHistory:
    return invented_history(first=date(2008, 1, 1), last=AS_OF, horizon_days=1, seed=12)


@pytest.fixture(scope="module")
def parameters() -> ParameterSet:
    return parameter_sets(AS_OF).ficc


def prepared(
    valuation: Valuation,
    history: FactorHistory,
    one_day_history: FactorHistory,
    parameters: ParameterSet,
) -> FiccModel:
    haircuts = ficc_haircuts(
        history, parameters, curve=valuation.curve, curve_date=date(2026, 2, 27)
    )
    return prepare_ficc(
        valuation=valuation,
        history=history,
        one_day_history=one_day_history,
        haircuts=haircuts,
        parameters=parameters,
        repo_follows_front=1.0,
    )


@pytest.fixture(scope="module")
def model(
    valuation: Valuation,
    history: FactorHistory,
    one_day_history: FactorHistory,
    parameters: ParameterSet,
) -> FiccModel:
    return prepared(valuation, history, one_day_history, parameters)


def block(securities: list[int], contracts: list[int], repo: list[int] | None = None) -> Block:
    return Block(
        np.array([securities], dtype=float),
        np.array([contracts], dtype=float),
        np.array([repo or [0] * 5], dtype=float),
    )


def test_scenarios_are_ten_years_and_the_stressed_year(
    model: FiccModel, history: FactorHistory
) -> None:
    stressed = history.rows_between(date(2008, 7, 1), date(2009, 6, 30))
    window = history.rows_between(date(2016, 3, 24), AS_OF)
    assert model.scenarios.historical.count == int(stressed.sum() + window.sum())
    assert not (stressed & window).any()
    assert model.simulation.rank == tail_rank(model.scenarios.historical.count, Fraction(99, 100))
    ends = model.scenarios.historical.end_dates
    assert ends[: int(stressed.sum())].max() <= np.datetime64("2009-06-30")
    assert ends.max() == np.datetime64(AS_OF)


def test_a_stressed_year_inside_the_window_counts_once(
    history: FactorHistory, parameters: ParameterSet
) -> None:
    as_of = date(2018, 6, 29)
    scenarios = historical_scenarios(history, parameters, as_of=as_of)
    starts, ends = scenarios.start_dates, scenarios.end_dates
    assert len(set(zip(starts.tolist(), ends.tolist(), strict=True))) == scenarios.count
    assert scenarios.count == int(history.rows_between(date(2008, 6, 29), as_of).sum())


def test_a_straddling_stressed_year_is_added_where_it_lies_outside(
    history: FactorHistory, parameters: ParameterSet
) -> None:
    as_of = date(2018, 12, 31)
    scenarios = historical_scenarios(history, parameters, as_of=as_of)
    pairs = set(zip(scenarios.start_dates.tolist(), scenarios.end_dates.tolist(), strict=True))
    assert len(pairs) == scenarios.count
    window = history.rows_between(date(2008, 12, 31), as_of)
    stressed = history.rows_between(date(2008, 7, 1), date(2009, 6, 30))
    assert scenarios.count == int((window | stressed).sum())


def test_too_few_scenarios_are_no_requirement_of_record(parameters: ParameterSet) -> None:
    short = invented_history(first=date(2025, 10, 1), last=AS_OF, horizon_days=3, seed=1)
    with pytest.raises(ValueError, match="too few"):
        historical_scenarios(short, parameters, as_of=AS_OF)


def test_no_scenario_ends_after_the_date(history: FactorHistory, parameters: ParameterSet) -> None:
    scenarios = historical_scenarios(history, parameters, as_of=date(2022, 1, 14))
    assert scenarios.end_dates.max() == np.datetime64("2022-01-14")


def test_the_charge_is_the_slow_kernels(model: FiccModel, valuation: Valuation) -> None:
    held = [5_000, 0, -3_000, 2_000, 0, 700, -40, 25, -3, 60]
    cube = instrument_pnl(valuation, model.scenarios.historical, repo_follows_front=1.0)
    columns = [
        [Fraction(round(p * GRID_PER_DOLLAR), GRID_PER_DOLLAR) for p in row]
        for row in (*cube.securities.tolist(), *cube.contracts.tolist())
    ]
    figures = model.three_figures(block(held[:6], held[6:]))
    for leg, units in (
        (figures.securities, [*held[:6], 0, 0, 0, 0]),
        (figures.futures, [0] * 6 + held[6:]),
        (figures.combined, held),
    ):
        slow = reference.tail_loss(reference.portfolio_pnl(units, columns), model.simulation.rank)
        parts = leg.components(0)
        assert parts["historical_simulation"] == slow
        simulated = max(slow, parts["filtered_simulation"]) + parts["bid_ask"]
        assert leg.charge(0) == Money(math.ceil(max(simulated, parts["floor_percentage"]) * 100))


def test_the_floor_is_a_tenth_of_each_buckets_haircut_on_gross_value(
    model: FiccModel, valuation: Valuation
) -> None:
    held, lots = [5_000, 0, -3_000, 2_000, 0, 700], [-40, 25, -3, 60]
    book, rates = valuation.book, model.haircuts.rates
    securities = sum(
        abs(units)
        * book.market_value[row]
        * float(rates[model.haircuts.bucket(book.remaining_years[row])])
        / 10
        for row, units in enumerate(held)
    )
    futures = 0.0
    for future, lot in zip(valuation.contracts, lots, strict=True):
        if isinstance(future, TreasuryFuture):
            bucket = model.haircuts.bucket(book.remaining_years[future.cheapest_row])
            value = future.price * future.dollars_per_point
            futures += abs(lot) * value * float(rates[bucket]) / 10
    figures = model.three_figures(block(held, lots))
    floors = [
        float(leg.components(0)["floor_percentage"])
        for leg in (figures.securities, figures.futures, figures.combined)
    ]
    # Floors per unit are on the grid too: half a step, 2e-6 dollars, of some five cents.
    assert floors == pytest.approx([securities, futures, securities + futures], rel=5e-5)
    assert floors[2] == floors[0] + floors[1]


def test_a_money_market_future_has_no_floor(model: FiccModel) -> None:
    figures = model.three_figures(block([0] * 6, [0, 0, 0, 500]))
    assert figures.futures.components(0)["floor_percentage"] == 0
    assert figures.futures.charge(0) > Money(0)


def test_an_exactly_offsetting_line_leaves_nothing_but_the_floor_of_what_remains(
    model: FiccModel,
) -> None:
    nothing = model.three_figures(block([0] * 6, [0] * 4))
    assert nothing.combined.charge(0) == Money(0)
    # Two issues of nearly the same maturity: the simulation nearly nets, the floor is gross.
    hedged = model.three_figures(block([UNITS, -UNITS, 0, 0, 0, 0], [0] * 4)).securities
    parts = hedged.components(0)
    assert parts["floor_percentage"] > 5 * parts["historical_simulation"] > 0
    assert hedged.charge(0) == Money(math.ceil(parts["floor_percentage"] * 100))


def test_a_basis_position_costs_its_basis(
    valuation: Valuation,
    history: FactorHistory,
    one_day_history: FactorHistory,
    parameters: ParameterSet,
) -> None:
    """The cheapest against its future: only basis, repo and delivery are left, and they grow."""
    future = valuation.contracts[1]
    assert isinstance(future, TreasuryFuture)
    lots = -round(UNITS * 100 * future.cheapest_factor / 100_000)
    held = [0] * 6
    held[future.cheapest_row] = UNITS
    hedged = block(held, [0, lots, 0, 0])
    figures = []
    for multiple in ("0", "1", "2", "5", "10", "20"):
        changed = parameters.replacing(
            {"basis_volatility_multiple": multiple}, reason="sensitivity"
        )
        three = prepared(valuation, history, one_day_history, changed).three_figures(hedged)
        legs = [
            leg.components(0)["historical_simulation"]
            for leg in (three.securities, three.futures, three.combined)
        ]
        figures.append(legs[2])
        if multiple == "1":
            assert 0 < legs[2] / (legs[0] + legs[1]) < Fraction(15, 100)
    assert figures == sorted(set(figures))


def test_the_same_direction_saves_next_to_nothing(model: FiccModel) -> None:
    three = model.three_figures(block([0, 0, UNITS, 0, 0, 0], [0, 900, 0, 0]))
    alone = three.securities.charge(0) + three.futures.charge(0)
    saving = 1 - three.combined.charge(0).dollars / alone.dollars
    assert abs(saving) < Fraction(5, 100)


def test_the_haircut_book_is_added_without_diversification(model: FiccModel) -> None:
    lines = [
        HaircutLine("A", 0, Fraction(40_000_000)),
        HaircutLine("B", 3, Fraction(-25_000_000)),
        HaircutLine("C", 4, Fraction(10_000_000)),
    ]
    one = block([0, 0, 50_000, 0, 0, 0], [0] * 4)
    charge, parts = model.securities_figure(one, lines)
    alone, own = model.securities_figure(one, [])
    assert parts["historical_simulation"] == own["historical_simulation"]
    assert own["haircut"] == 0
    rates = [float(model.haircuts.rates[line.bucket]) for line in lines]
    weighted = [
        rate * float(line.net_market_value) for rate, line in zip(rates, lines, strict=True)
    ]
    table = [[float(model.haircuts.correlations[a.bucket][b.bucket]) for b in lines] for a in lines]
    slow = reference.haircut_charge(weighted, table)
    assert float(parts["haircut"]) == pytest.approx(slow, abs=1e-5)
    simulated = max(own["historical_simulation"], own["filtered_simulation"]) + own["bid_ask"]
    assert charge == Money(math.ceil((simulated + parts["haircut"]) * 100))
    assert charge > alone
    gross = sum(abs(w) for w in weighted) / 10
    assert float(parts["floor_percentage"] - own["floor_percentage"]) == pytest.approx(gross)


def test_a_haircut_book_that_nets_still_pays_its_floor(model: FiccModel) -> None:
    lines = [
        HaircutLine("A", 1, Fraction(300_000_000)),
        HaircutLine("B", 1, Fraction(-300_000_000)),
    ]
    charge, parts = model.securities_figure(block([0] * 6, [0] * 4), lines)
    assert parts["haircut"] == parts["historical_simulation"] == 0
    assert parts["floor_percentage"] == model.haircuts.rates[1] * 60_000_000
    assert charge == Money(math.ceil(parts["floor_percentage"] * 100)) > Money(0)


def test_figures_are_portfolio_by_portfolio(model: FiccModel) -> None:
    """Many rows at once, or one at a time: the same cents, the same steps."""
    random = generator(5)
    many = Block(
        random.integers(-5_000, 5_000, (9, 6)).astype(float),
        random.integers(-50, 50, (9, 4)).astype(float),
        random.integers(-(10**12), 10**12, (9, 5)).astype(float),
    )
    whole = model.three_figures(many)
    for row in range(many.count):
        one = model.three_figures(many.rows(slice(row, row + 1)))
        for leg in ("securities", "futures", "combined"):
            assert getattr(one, leg).charge(0) == getattr(whole, leg).charge(row)
            assert getattr(one, leg).components(0) == getattr(whole, leg).components(row)


def test_large_quantities_scale_floor_and_loss_exactly(model: FiccModel) -> None:
    held, lots, factor = [400, -300, 200, 0, 100, -50], [-4, 3, 0, 2], 10**9
    small = model.three_figures(block(held, lots)).combined
    large = model.three_figures(
        block([units * factor for units in held], [lot * factor for lot in lots])
    ).combined
    assert large.components(0) == {
        name: figure * factor for name, figure in small.components(0).items()
    }
