"""The charges that the simulation does not make: repo, bid-ask, Minimum Margin Amount, proxy."""

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
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.margin.ficc.haircut import HaircutCorrelation, HaircutLine
from crossmargin.margin.ficc.minimum_margin import volatility_filter
from crossmargin.margin.ficc.model import Decides, FiccModel, decides
from crossmargin.margin.ficc.preparation import bid_ask_rate, ficc_haircuts, prepare_ficc
from crossmargin.margin.ficc.repo import RepoVolatility
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


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    return small_valuation(CONTRACTS)


@pytest.fixture(scope="module")
def histories() -> tuple[FactorHistory, FactorHistory]:
    three, one = (
        invented_history(first=date(2008, 1, 1), last=AS_OF, horizon_days=days, seed=12)
        for days in (3, 1)
    )
    return three, one


@pytest.fixture(scope="module")
def parameters() -> ParameterSet:
    return parameter_sets(AS_OF).ficc


def prepared(
    valuation: Valuation,
    histories: tuple[FactorHistory, FactorHistory],
    parameters: ParameterSet,
    **changes: str,
) -> FiccModel:
    changed = parameters.replacing(changes, reason="test")
    history, one_day = histories
    haircuts = ficc_haircuts(history, changed, curve=valuation.curve, curve_date=date(2026, 2, 27))
    return prepare_ficc(
        valuation=valuation,
        history=history,
        one_day_history=one_day,
        haircuts=haircuts,
        parameters=changed,
        repo_follows_front=1.0,
    )


@pytest.fixture(scope="module")
def model(
    valuation: Valuation,
    histories: tuple[FactorHistory, FactorHistory],
    parameters: ParameterSet,
) -> FiccModel:
    return prepared(valuation, histories, parameters)


def block(securities: list[int], contracts: list[int], repo: list[int] | None = None) -> Block:
    return Block(
        np.array([securities], dtype=float),
        np.array([contracts], dtype=float),
        np.array([repo or [0] * 5], dtype=float),
    )


class TestRepoVolatility:
    repo = RepoVolatility((1, 30, 90), (Fraction(50), Fraction(50), Fraction(60)))

    @pytest.mark.parametrize(
        ("days", "bucket"), [(0, None), (1, None), (2, 0), (30, 0), (31, 1), (90, 1), (91, 2)]
    )
    def test_a_term_belongs_to_the_last_bucket_it_is_longer_than(
        self, days: int, bucket: int | None
    ) -> None:
        assert self.repo.bucket(days) == bucket

    def test_the_charge_is_fifty_basis_points_of_amount_times_term(self) -> None:
        # $100m for 72 days: 100,000,000 x 0.005 x 72/360 = 100,000.
        charge = self.repo.bucket_charge_dollars(1, 100_000_000_00 * 72)
        assert charge == 100_000

    def test_repo_and_reverse_net_inside_a_bucket_and_not_across(self) -> None:
        month, quarter = 20, 60
        amount = 360_000_000_00
        repo = np.array(
            [
                [amount * month - amount * month, 0, 0],
                [amount * month, -amount * quarter, 0],
            ],
            dtype=float,
        )
        netted, across = self.repo.charges(repo)
        assert netted == 0
        assert across == (100_000 + 300_000) * GRID_PER_DOLLAR

    def test_rates_and_ends_are_checked(self) -> None:
        with pytest.raises(ValueError, match="ascend"):
            RepoVolatility((30, 1), (Fraction(50), Fraction(50)))
        with pytest.raises(ValueError, match="one repo volatility"):
            RepoVolatility((1, 30), (Fraction(50),))
        with pytest.raises(ValueError, match="negative"):
            RepoVolatility((1,), (Fraction(-1),))


def test_repo_is_charged_with_the_securities_and_never_with_the_futures(model: FiccModel) -> None:
    repo = [0, 0, 10**12 * 36, 0, 0]
    with_repo = model.three_figures(block([0, 0, 5_000, 0, 0, 0], [0, -5, 0, 0], repo))
    without = model.three_figures(block([0, 0, 5_000, 0, 0, 0], [0, -5, 0, 0]))
    for leg in ("securities", "combined"):
        charged = getattr(with_repo, leg).components(0)["repo_volatility"]
        assert charged == Fraction(10**12 * 36, 100) * Fraction(50, 10_000) / 360
        assert getattr(without, leg).components(0)["repo_volatility"] == 0
    assert with_repo.futures == without.futures


def test_bid_ask_is_on_gross_market_value_by_maturity(
    model: FiccModel, valuation: Valuation, parameters: ParameterSet
) -> None:
    held, lots = [5_000, 0, -3_000, 2_000, 0, 700], [-40, 25, -3, 60]
    book = valuation.book
    expected = sum(
        abs(units) * book.market_value[row] * float(bid_ask_rate(parameters, years))
        for row, (units, years) in enumerate(zip(held, book.remaining_years, strict=True))
    )
    of_futures = sum(
        abs(lot)
        * future.price
        * future.dollars_per_point
        * float(bid_ask_rate(parameters, book.remaining_years[future.cheapest_row]))
        for lot, future in zip(lots, valuation.contracts, strict=True)
        if isinstance(future, TreasuryFuture)
    )
    figures = model.three_figures(block(held, lots))
    charged = [
        float(leg.components(0)["bid_ask"])
        for leg in (figures.securities, figures.futures, figures.combined)
    ]
    # Per unit the charge is rounded up to the grid: 4e-6 of some 0.006 dollars.
    assert charged == pytest.approx([expected, of_futures, expected + of_futures], rel=1e-3)
    assert charged[0] >= expected


@pytest.mark.parametrize(
    ("years", "tenths_bp"), [(0.3, 6), (4.9, 6), (5.0, 6), (5.1, 7), (10.0, 7), (28.0, 7)]
)
def test_the_bid_ask_rate_changes_after_five_and_ten_years(
    parameters: ParameterSet, years: float, tenths_bp: int
) -> None:
    assert bid_ask_rate(parameters, years) == Fraction(tenths_bp, 100_000)


def test_the_filtered_simulation_is_the_slow_recursions(
    model: FiccModel, valuation: Valuation, parameters: ParameterSet
) -> None:
    """Standardised at the volatility before each scenario, rescaled to that of today."""
    assert model.filtered is not None
    used = model.scenarios
    one_day = instrument_pnl(valuation, used.one_day, repo_follows_front=1.0).securities[2]
    three_day = instrument_pnl(valuation, used.filtered, repo_follows_front=1.0).securities[2]
    volatility = reference.ewma_volatility(one_day.tolist(), 0.97, 250)
    row_of = {day: row for row, day in enumerate(used.one_day.start_dates.tolist())}
    slow = [
        pnl * volatility[-1] / volatility[row_of[day]]
        for pnl, day in zip(three_day.tolist(), used.filtered.start_dates.tolist(), strict=True)
    ]
    assert model.filtered.securities[2].tolist() == pytest.approx(slow, abs=2e-6)
    held = [0, 0, 100_000, 0, 0, 0]
    parts = model.three_figures(block(held, [0] * 4)).securities.components(0)
    loss = -sorted(slow)[model.filtered.rank - 1] * 100_000
    assert float(parts["filtered_simulation"]) == pytest.approx(loss, abs=0.5)
    assert parameters.ratio("minimum_margin_decay") == Fraction(97, 100)


def test_the_first_forecast_has_a_year_of_moves_before_it(model: FiccModel) -> None:
    first = model.scenarios.filtered.start_dates.min()
    before = (model.scenarios.one_day.start_dates < first).sum()
    assert before == 250


def test_a_filter_needs_a_move_on_the_day_a_scenario_starts(model: FiccModel) -> None:
    used = model.scenarios
    short = used.one_day
    later = type(short)(
        name="later",
        horizon_days=1,
        start_dates=short.start_dates + np.timedelta64(4000, "D"),
        end_dates=short.end_dates,
        key_years=short.key_years,
        key_rates=short.key_rates,
        basis_bp=short.basis_bp,
        spread_bp=short.spread_bp,
        proxied=short.proxied,
    )
    with pytest.raises(ValueError, match="without a one-day move"):
        volatility_filter(np.ones((3, short.count)), later, used.filtered, decay=0.97)


def test_in_a_storm_the_minimum_margin_amount_decides(
    valuation: Valuation,
    histories: tuple[FactorHistory, FactorHistory],
    parameters: ParameterSet,
) -> None:
    """Moves four times as large in the last month: the filtered figure overtakes the model."""
    stormy = tuple(_with_storm(history) for history in histories)
    held = block([0, 0, 100_000, 0, 0, 0], [0] * 4)
    calm_model = prepared(valuation, histories, parameters)
    storm_model = prepared(valuation, (stormy[0], stormy[1]), parameters)
    calm, storm = (
        each.three_figures(held).securities.components(0) for each in (calm_model, storm_model)
    )
    assert decides(storm) is Decides.MINIMUM_MARGIN_AMOUNT
    assert storm["filtered_simulation"] > 2 * calm["filtered_simulation"]
    assert storm["historical_simulation"] < 2 * calm["historical_simulation"]
    without = prepared(
        valuation, (stormy[0], stormy[1]), parameters, minimum_margin_amount="off"
    ).three_figures(held)
    assert "filtered_simulation" not in without.securities.components(0)
    assert decides(without.securities.components(0)) is Decides.MODEL


def _with_storm(history: FactorHistory) -> FactorHistory:
    changes = history.key_rates.changes.copy()
    changes[-20:] *= 4.0
    return replace(history, key_rates=replace(history.key_rates, changes=changes))


def test_the_minimum_margin_amount_came_in_november_2024() -> None:
    assert parameter_sets(date(2024, 11, 7)).ficc.text("minimum_margin_amount") == "off"
    assert parameter_sets(date(2024, 11, 8)).ficc.text("minimum_margin_amount") == "on"


def test_contributions_add_up_to_the_charge_whatever_decides(
    valuation: Valuation,
    histories: tuple[FactorHistory, FactorHistory],
    parameters: ParameterSet,
    model: FiccModel,
) -> None:
    random = generator(3)
    filtered = prepared(
        valuation, (_with_storm(histories[0]), _with_storm(histories[1])), parameters
    )
    floored = prepared(valuation, histories, parameters, floor_share="9")
    seen = set()
    for each in (model, filtered, floored):
        for _ in range(4):
            one = block(
                random.integers(-5_000, 5_000, 6).tolist(),
                random.integers(-50, 50, 4).tolist(),
                random.integers(-(10**12), 10**12, 5).tolist(),
            )
            figure = each.three_figures(one).combined
            contributions = each.contributions(one)
            seen.add(decides(figure.components(0)))
            assert Money(math.ceil(contributions.total() * 100)) == figure.charge(0)
            assert sum(contributions.by_instrument(), Fraction(0)) == contributions.total()
            assert len(contributions.by_instrument()) == 6 + 4 + 5
    assert seen == set(Decides)


def test_by_proxy_two_issues_of_a_bucket_offset_in_proportion_to_their_values(
    valuation: Valuation,
    histories: tuple[FactorHistory, FactorHistory],
    parameters: ParameterSet,
    model: FiccModel,
) -> None:
    proxied = prepared(valuation, histories, parameters, sensitivity_source="margin_proxy")
    assert "Margin-Proxy-like" in proxied.name
    assert proxied.name != model.name
    # The first two issues are two-year notes of one bucket: index P&L over market value is equal.
    per_dollar = proxied.simulation.securities[:2] / valuation.book.market_value[:2, np.newaxis]
    assert np.abs(per_dollar[0] - per_dollar[1]).max() < 1e-7
    own = model.simulation.securities[2] / valuation.book.market_value[2]
    index = proxied.simulation.securities[2] / valuation.book.market_value[2]
    assert np.corrcoef(own, index)[0, 1] > 0.99
    assert proxied.simulation.contracts[3].tolist() == model.simulation.contracts[3].tolist()


def test_two_versions_of_the_haircut_correlations(
    valuation: Valuation,
    histories: tuple[FactorHistory, FactorHistory],
    parameters: ParameterSet,
) -> None:
    """Zero rows understate directional books of neighbouring short buckets (91 FR 4975)."""
    zero = prepared(valuation, histories, parameters).haircuts
    vendor = prepared(valuation, histories, parameters, haircut_correlation="vendor").haircuts
    assert zero.rates == vendor.rates
    assert len(zero.rates) == len(zero.lower_years) + 1
    tips = zero.bucket_of(0.6, is_tips=True)
    assert tips == len(zero.lower_years)
    assert zero.bucket_of(4.0, is_tips=True) == zero.bucket_of(4.0, is_tips=False)
    assert zero.rates[tips] == max(zero.rates[:2])
    for row in (0, 1, tips):
        others = [other for other in range(len(zero.rates)) if other != row]
        assert all(zero.correlations[row][other] == 0 for other in others)
        assert all(vendor.correlations[row][other] > 0 for other in others)
    same_sign = [HaircutLine("A", 0, Fraction(10**8)), HaircutLine("B", 1, Fraction(10**8))]
    opposite = [HaircutLine("A", 0, Fraction(10**8)), HaircutLine("B", 1, Fraction(-(10**8)))]
    assert zero.charge_dollars(same_sign) < vendor.charge_dollars(same_sign)
    assert zero.charge_dollars(opposite) > vendor.charge_dollars(opposite)
    assert HaircutCorrelation("vendor") is HaircutCorrelation.VENDOR


def test_an_offsetting_pair_has_no_var_and_a_floor() -> None:
    """Two issues with the same payments: the simulation nets to nothing, the floor is gross."""
    from crossmargin.testing.builders import SMALL_SHEET, note_or_bond, price_sheet, quoted

    twin = quoted(
        note_or_bond(
            31, maturity_date=date(2033, 2, 15), coupon_pct="3.5", original_maturity_years=7
        ),
        "96.5",
    )
    valuation = small_valuation(CONTRACTS, prices={**SMALL_SHEET, **price_sheet([twin])})
    histories = tuple(
        invented_history(first=date(2015, 1, 1), last=AS_OF, horizon_days=days, seed=4)
        for days in (3, 1)
    )
    model = prepared(valuation, (histories[0], histories[1]), parameter_sets(AS_OF).ficc)
    rows = valuation.book.index()
    held = [0] * len(rows)
    held[rows[twin.security.cusip.text]] = 1_000_000
    held[2] = -1_000_000
    figure = model.three_figures(block(held, [0] * 4)).securities
    parts = figure.components(0)
    assert parts["historical_simulation"] == parts["filtered_simulation"] == 0
    assert parts["floor_percentage"] > 0
    assert decides(parts) is Decides.FLOOR_PERCENTAGE
    assert figure.charge(0) > Money(0)
