"""The backtest of a positions file on the simulated market: what is held against what.

A model that asks for too little fails, one that asks for too much is named so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin import bootstrap
from crossmargin.analysis.walk.strategies import Strategy
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.refusals import RefusedError
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.market.history import MarketData
from crossmargin.product.position import Account
from crossmargin.services.backtest_positions import PositionsBacktest, backtest_positions
from crossmargin.services.backtest_series import (
    HEADLINE,
    SERIES,
    BacktestContext,
    series_losses,
    series_margins,
    series_of,
)
from crossmargin.services.margin_positions import PositionsInput, margin_positions
from crossmargin.services.walk_dates import walk_dates, walk_rules
from crossmargin.simulation.book import demo_positions
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing.builders import AS_OF
from crossmargin.validation.assessment import Verdict

FIRST, LAST = date(2023, 1, 3), date(2025, 12, 30)
KINDS = {kind.name: kind for kind in SERIES}
VALIDATION = bootstrap.backtest_parameters(AS_OF).validation
Backtest = Callable[..., PositionsBacktest]


@pytest.fixture(scope="module")
def backtest_of(simulation: SimulatedMarket, simulated_market: MarketData) -> Backtest:
    """Return a function that backtests some of the demo's customers."""
    every = demo_positions(simulation)

    def run(
        *customers: str,
        changes: Mapping[str, Mapping[str, str]] | None = None,
        validation: Mapping[str, str] | None = None,
        by_tenor: bool = False,
        first: date = FIRST,
    ) -> PositionsBacktest:
        lines = [line for line in every if line.customer.customer_id in customers]
        # One more customer, with nothing in the XM account.
        lines.append(
            replace(lines[0], customer=replace(lines[0].customer, customer_id="OUTSIDE-FUND"),
                    account=Account.REGULAR)
        )  # fmt: skip
        margined = margin_positions(
            PositionsInput("demo.csv", "", len(lines), tuple(lines), ()),
            simulated_market,
            bootstrap.parameter_sets(AS_OF).changing(changes or {}, reason="test"),
            ThreadExecutor(),
            as_of=AS_OF,
        )
        return backtest_positions(
            margined,
            simulated_market,
            VALIDATION.replacing(validation or {}, reason="test"),
            ThreadExecutor(),
            first=first,
            last=LAST,
            by_tenor=by_tenor,
        )

    return run


@pytest.fixture(scope="module")
def shipped(backtest_of: Backtest) -> PositionsBacktest:
    return backtest_of("BASIS-FUND", "CURVE-FUND", "ASSET-MANAGER", by_tenor=True)


def test_every_book_of_two_legs_has_every_series(shipped: PositionsBacktest) -> None:
    assert [each.book.name for each in shipped.customers] == [
        "ASSET-MANAGER",
        "BASIS-FUND",
        "CURVE-FUND",
    ]
    assert [each.strategy.value for each in shipped.customers] == [
        "same_direction",
        "basis",
        "curve",
    ]
    for customer in shipped.customers:
        assert list(customer.series) == list(KINDS)
        assert not customer.without_outcomes
    assert shipped.left_out == ("OUTSIDE-FUND",)


def test_a_book_of_one_leg_has_no_series_of_the_other(shipped: PositionsBacktest) -> None:
    parts = shipped.tenors["CURVE-FUND"]
    (notes,) = (part for part in parts if not part.book.contracts)
    assert list(notes.series) == ["ficc_securities", "cme_securities"]
    assert notes.strategy is Strategy.ONE_LEG
    assert all(len(part.series) == len(KINDS) for part in parts if part is not notes)


def test_the_offset_is_held_against_the_loss_of_both_legs(shipped: PositionsBacktest) -> None:
    for customer in shipped.customers:
        walk = customer.walk
        for name, cents, days in (
            ("together_ficc_horizon", walk.reduced_cents, 3),
            ("together_cme_horizon", walk.reduced_cents, 1),
            ("ficc_alone", walk.reduced_ficc_cents, 3),
            ("cme_alone", walk.cme_cents, 1),
            ("collected", walk.requirement_cents, 3),
        ):
            series = customer.series[name]
            outcome = walk.outcomes[days]
            held = outcome.basis_observed
            losses = outcome.securities + outcome.futures
            expected = int((losses[held] > cents[held] / 100).sum())
            assert series.horizon_days == days
            assert series.assessment.outcomes == int(held.sum())
            assert series.assessment.coverage.exceptions == expected
            assert series.without_basis == int((~held).sum()) > 0


def test_what_is_collected_is_what_the_rule_leaves(shipped: PositionsBacktest) -> None:
    customer = shipped.customers[2]
    walk = customer.walk
    for place in (0, 200, -1):
        reduction = walk.reductions[place]
        ficc = Fraction(int(walk.ficc.cents["securities"][place])) * (1 - reduction.reduction)
        cme = Fraction(int(walk.cme.cents["futures"][place])) * (1 - reduction.reduction)
        assert walk.ficc_cents[place] == max(100_000_000, -(-ficc.numerator // ficc.denominator))
        assert walk.cme_cents[place] == -(-cme.numerator // cme.denominator)
        reduced = -(-ficc.numerator // ficc.denominator)
        assert series_margins(walk, KINDS["ficc_alone"])[place] == reduced / 100
        together = series_margins(walk, KINDS[HEADLINE])[place]
        assert together == (reduced + walk.cme_cents[place]) / 100
        collected = series_margins(walk, KINDS["collected"])[place]
        assert collected == (walk.ficc_cents[place] + walk.cme_cents[place]) / 100


def test_the_customer_minimum_is_collected_and_no_part_of_the_offset(
    backtest_of: Backtest,
) -> None:
    (customer,) = backtest_of(
        "CURVE-FUND", changes={"arrangement": {"customer_minimum_dollars": "10000000"}}
    ).customers
    collected = series_margins(customer.walk, KINDS["collected"])
    assert (collected == (1_000_000_000 + customer.walk.cme_cents) / 100).all()
    assert (series_margins(customer.walk, KINDS["ficc_alone"]) < 10_000_000.0).all()
    together = series_margins(customer.walk, KINDS[HEADLINE])
    assert (together < collected).all()
    # With no arrangement the minimum is owed too (ruling 6): nothing is saved below it.
    own = customer.walk.ficc.cents["securities"]
    assert (customer.walk.standalone_ficc_cents == np.maximum(own, 1_000_000_000)).all()
    assert customer.standalone.average >= customer.requirement.average
    # The models themselves know no minimum.
    alone = series_margins(customer.walk, KINDS["ficc_securities"])
    assert (alone == customer.walk.ficc.cents["securities"] / 100).all()
    assert alone.min() < 10_000_000.0


def test_parts_by_tenor_add_up_to_the_book(shipped: PositionsBacktest) -> None:
    for customer in shipped.customers:
        parts = shipped.tenors[customer.book.name]
        assert len(parts) > 1
        for days, outcome in customer.walk.outcomes.items():
            # Dollars on a binary grid: equal to the last bit.
            for leg in ("securities", "futures"):
                total = sum(getattr(part.walk.outcomes[days], leg) for part in parts)
                assert (total == getattr(outcome, leg)).all()
            observed = np.logical_and.reduce(
                [part.walk.outcomes[days].basis_observed for part in parts]
            )
            assert (observed == outcome.basis_observed).all()
        names = [name for part in parts for name in part.book.securities]
        assert sorted(names) == sorted(customer.book.securities)


def test_pooled_outcomes_are_those_of_the_customers(shipped: PositionsBacktest) -> None:
    pooled = {each.name: each for each in shipped.pooled}
    assert set(pooled) == {"all", "basis", "curve", "same_direction"}
    every = [customer.series[HEADLINE].assessment for customer in shipped.customers]
    assert pooled["all"].outcomes == sum(each.outcomes for each in every)
    assert pooled["all"].exceptions == sum(each.coverage.exceptions for each in every)
    assert pooled["all"].uncovered_dollars == sum(each.severity.total for each in every)
    curve = shipped.customers[2].series[HEADLINE].assessment
    assert pooled["curve"].books == ("CURVE-FUND",)
    assert pooled["curve"].coverage == curve.coverage.coverage


def test_binding_is_counted_by_year(shipped: PositionsBacktest) -> None:
    customer = shipped.customers[0]
    years = customer.walk.dates.astype("datetime64[Y]").astype(int) + 1970
    assert {year: sum(counts.values()) for year, counts in customer.binding_by_year.items()} == {
        year: int((years == year).sum()) for year in (2023, 2024, 2025)
    }
    capped = shipped.customers[1].binding_by_year
    assert all(counts[Binding.CAP] == sum(counts.values()) for counts in capped.values())
    assert shipped.customers[1].switches == 0
    names = [each.binding for each in customer.walk.reductions]
    changed = [place for place in range(1, len(names)) if names[place] is not names[place - 1]]
    assert customer.switches == len(changed)


def test_outcomes_without_basis_may_be_kept(
    backtest_of: Backtest, shipped: PositionsBacktest
) -> None:
    (kept,) = backtest_of("CURVE-FUND", validation={"unobserved_basis": "keep"}).customers
    left_out = shipped.customers[2].series[HEADLINE]
    series = kept.series[HEADLINE]
    assert series.without_basis == left_out.without_basis
    assert series.assessment.outcomes == len(kept.walk.dates)
    assert series.assessment.outcomes == left_out.assessment.outcomes + left_out.without_basis


def test_an_under_margined_model_fails(backtest_of: Backtest) -> None:
    changed = {"ficc": {"coverage": "0.9", "minimum_margin_amount": "off"},
               "cme": {"coverage": "0.9", "historical_weight": "1"}}  # fmt: skip
    (book,) = backtest_of("ASSET-MANAGER", changes=changed).customers
    for name in ("ficc_securities", "ficc_combined", "cme_futures", "cme_combined"):
        found = book.series[name].assessment
        assert found.verdict is Verdict.UNDER_MARGINED, name
        assert found.adjusted.result.p_value < 0.05
        assert found.coverage.coverage < Fraction(97, 100)


def test_an_over_margined_model_is_named(backtest_of: Backtest) -> None:
    # FICC's floor as if nothing offset; at CME the largest loss of ten years, not one in a hundred.
    changed = {"ficc": {"floor_share": "1"}, "cme": {"coverage": "0.9999"}}
    long_before = date(2021, 1, 4)  # overlapping outcomes say a third of what their number does
    (book,) = backtest_of("BASIS-FUND", changes=changed, first=long_before).customers
    for name in ("ficc_combined", "cme_securities", "cme_futures"):
        found = book.series[name].assessment
        assert found.verdict is Verdict.OVER_MARGINED, name
        assert found.coverage.coverage > Fraction(998, 1000)


def test_clustered_exceptions_are_flagged_and_scattered_ones_are_not(
    shipped: PositionsBacktest, simulated_market: MarketData
) -> None:
    parameters = shipped.run.result.day.parameters
    rules = walk_rules(parameters)
    factors, places = walk_dates(simulated_market, parameters, rules, first=FIRST, last=LAST)
    context = BacktestContext.of(factors, places, rules, shipped.lines, VALIDATION)
    kind, customer = KINDS["cme_securities"], shipped.customers[2]
    walk = customer.walk
    margins = series_margins(walk, kind)

    def losing_on(chosen: range | list[int]) -> tuple[int, bool]:
        losses = np.zeros(len(margins))
        losses[list(chosen)] = margins[list(chosen)] + 1.0
        outcome = replace(walk.outcomes[1], securities=losses)
        changed = replace(walk, outcomes={**walk.outcomes, 1: outcome})
        assert (series_losses(outcome, kind) == losses).all()
        series = series_of(kind, changed, context)
        assert series is not None
        return series.assessment.coverage.exceptions, series.assessment.is_clustered

    assert losing_on(range(300, 307)) == (7, True)
    assert losing_on([20, 130, 240, 350, 460, 570, 680]) == (7, False)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (LAST, FIRST, "they are reversed"),
        (date(2025, 7, 4), date(2025, 7, 6), "a run of dates with par yields"),
        (date(2026, 3, 2), AS_OF, "an outcome needs 3 later dates"),
        (date(2006, 2, 1), date(2006, 3, 1), "futures prices are known"),
    ],
)
def test_dates_that_cannot_be_walked_are_refused(
    shipped: PositionsBacktest, simulated_market: MarketData, first: date, last: date, said: str
) -> None:
    parameters = shipped.run.result.day.parameters
    with pytest.raises(RefusedError, match=said):
        walk_dates(simulated_market, parameters, walk_rules(parameters), first=first, last=last)
