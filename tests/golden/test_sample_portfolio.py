"""The sample portfolio on the real market, through the services: what it must show, and identities.

The expectations are those of the portfolio's makers: a hedged basis book at the cap, a directional
book without reduction, and so on. Figures of record are not written down here.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from crossmargin.arrangement.eligibility import EligibilityRules, Recognition, recognise
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.margin.simulation import cents_up
from crossmargin.market.history import MarketData
from crossmargin.product.position import Account, PositionLine
from crossmargin.services import margin_run
from crossmargin.services.customer_books import contracts_of, customer_books, holdings_of
from crossmargin.services.margin_day import MarginDay, prepare_day
from crossmargin.services.margin_run import CustomerResult, MarginResult, margin_customers
from crossmargin.testing.builders import position

pytestmark = pytest.mark.real_data

SIX = ("ASSET-MANAGER", "BASIS-FUND", "CURVE-FUND", "REGIONAL-BANK", "REPO-CUSTOMER", "WIDE-BOOK")
MINIMUM = Money(1_000_000_00)


@pytest.fixture(scope="module")
def result(real_day: MarginDay, sample_recognition: Recognition) -> MarginResult:
    return run(real_day, sample_recognition)


def run(day: MarginDay, recognition: Recognition, *, workers: int = 1) -> MarginResult:
    return margin_customers(day, customer_books(day, recognition), ThreadExecutor(workers=workers))


def by_id(result: MarginResult) -> dict[str, CustomerResult]:
    return {customer.key.customer_id: customer for customer in result.customers}


def recognised(day: MarginDay, lines: list[PositionLine]) -> Recognition:
    recognition = recognise(
        lines,
        as_of=day.as_of,
        securities=day.prices.prices,
        rules=EligibilityRules.from_parameters(day.parameters.arrangement),
    )
    assert not recognition.refusals
    return recognition


def test_the_file_is_read_whole(sample_recognition: Recognition, result: MarginResult) -> None:
    assert not sample_recognition.refusals
    assert not sample_recognition.unsupported
    assert tuple(by_id(result)) == SIX
    assert not result.incomplete


def test_reductions_are_what_the_portfolio_was_made_for(result: MarginResult) -> None:
    outcome = {name: c.requirement.reduction for name, c in by_id(result).items()}
    assert outcome["BASIS-FUND"].binding is Binding.CAP
    assert outcome["BASIS-FUND"].reduction == Fraction(4, 5)
    assert outcome["CURVE-FUND"].reduction > Fraction(1, 2)
    assert outcome["REGIONAL-BANK"].reduction > Fraction(1, 2)
    assert outcome["REPO-CUSTOMER"].reduction > Fraction(1, 2)
    assert outcome["ASSET-MANAGER"].binding is Binding.BELOW_THRESHOLD
    assert outcome["ASSET-MANAGER"].reduction == 0
    assert 0 <= outcome["WIDE-BOOK"].reduction < Fraction(1, 4)


def test_requirements_add_up(result: MarginResult) -> None:
    for customer in result.customers:
        whole = customer.requirement
        reduction = whole.reduction
        parts = (
            whole.ficc.requirement,
            whole.ficc.outside,
            whole.cme.requirement,
            whole.cme.outside,
        )
        assert whole.requirement == Money.total(parts)
        assert whole.standalone == whole.ficc.standalone + whole.cme.standalone
        assert whole.saved == whole.standalone - whole.requirement
        for side, alone in (
            (whole.ficc, whole.ficc.figures.three.securities),
            (whole.cme, whole.cme.figures.three.futures),
        ):
            add_ons = Money.total(side.add_ons.values())
            assert side.split_cost == alone + add_ons + side.outside - side.figures.everything
            exact = alone.dollars * (1 - reduction.reduction)
            assert side.reduced == Money(cents_up(exact.numerator * 100, exact.denominator))
            assert side.requirement == side.reduced + add_ons + side.minimum_top_up


def test_the_outside_line_is_margined_in_full(result: MarginResult) -> None:
    bank = by_id(result)["REGIONAL-BANK"]
    assert [line.line.account for line in bank.ineligible] == [Account.REGULAR]
    assert bank.requirement.cme.outside > ZERO
    assert bank.requirement.cme.split_cost != ZERO
    others = [c for c in result.customers if c.key.customer_id != "REGIONAL-BANK"]
    for customer in others:
        assert customer.requirement.cme.split_cost == ZERO
        assert customer.requirement.ficc.split_cost == ZERO


@pytest.mark.parametrize("block_and_workers", [(1, 1), (1, 2), (4, 2), (256, 1)])
def test_figures_do_not_depend_on_blocks_or_workers(
    block_and_workers: tuple[int, int],
    real_day: MarginDay,
    sample_recognition: Recognition,
    result: MarginResult,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    block, workers = block_and_workers
    monkeypatch.setattr(margin_run, "BLOCK_CUSTOMERS", block)
    assert run(real_day, sample_recognition, workers=workers).customers == result.customers


def test_a_day_prepared_again_gives_the_same_figures(
    real_market: MarketData,
    real_day: MarginDay,
    sample_recognition: Recognition,
    result: MarginResult,
) -> None:
    again = prepare_day(
        real_market,
        real_day.parameters,
        as_of=real_day.as_of,
        contracts=sorted(contracts_of(sample_recognition), reverse=True),
    )
    assert again.ficc.scenario_identity == real_day.ficc.scenario_identity
    assert again.cme.scenario_identity == real_day.cme.scenario_identity
    assert run(again, sample_recognition).customers == result.customers


@pytest.mark.parametrize("left_out", SIX)
def test_removing_a_customer_changes_no_other(
    left_out: str, real_day: MarginDay, sample_recognition: Recognition, result: MarginResult
) -> None:
    def kept(lines: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(r for r in lines if r.line.customer.customer_id != left_out)

    fewer = replace(
        sample_recognition,
        eligible=kept(sample_recognition.eligible),
        outside=kept(sample_recognition.outside),
    )
    expected = tuple(c for c in result.customers if c.key.customer_id != left_out)
    assert len(expected) == len(SIX) - 1
    assert run(real_day, fewer).customers == expected


def test_the_basis_decides_what_a_basis_book_costs(
    real_day: MarginDay, real_market: MarketData, sample_recognition: Recognition
) -> None:
    simulated = []
    for multiple in ("1", "2", "5", "10", "20"):
        changes = {"ficc": {"basis_volatility_multiple": multiple}}
        changed = real_day.parameters.changing(changes, reason="sensitivity to the basis")
        day = real_day.under(changed, real_market)
        fund = by_id(run(day, sample_recognition))["BASIS-FUND"].ficc
        simulated.append(fund.combined["historical_simulation"])
        if multiple == "1":
            legs = fund.securities["historical_simulation"] + fund.futures["historical_simulation"]
            assert Fraction(2, 100) < simulated[0] / legs < Fraction(15, 100)
    assert all(smaller < larger for smaller, larger in pairwise(simulated))


def test_the_basis_factor_is_all_that_separates_the_legs_of_a_basis_book(
    real_day: MarginDay,
    real_market: MarketData,
    sample_recognition: Recognition,
    result: MarginResult,
) -> None:
    changes = {"ficc": {"basis_volatility_multiple": "0"}}
    changed = real_day.parameters.changing(changes, reason="basis switched off")
    without = real_day.under(changed, real_market)
    off = by_id(run(without, sample_recognition))["BASIS-FUND"].ficc.combined
    on = by_id(result)["BASIS-FUND"].ficc.combined
    assert off["historical_simulation"] < on["historical_simulation"]
    assert off["floor_percentage"] == on["floor_percentage"]


def test_an_account_that_nets_to_nothing_costs_nothing(
    real_day: MarginDay, result: MarginResult, sample_recognition: Recognition
) -> None:
    cusip = sample_recognition.eligible[0].line.instrument
    lines = [position("FLAT", cusip, 5_000_000), position("FLAT", cusip, -5_000_000)]
    book = customer_books(real_day, recognised(real_day, lines))[0]
    assert book.xm == {}
    flat = run(real_day, recognised(real_day, lines)).customers[0].requirement
    assert flat.reduction.binding is Binding.NONE
    assert flat.ficc.figures.three.securities == ZERO
    assert flat.requirement == flat.standalone == flat.ficc.minimum_top_up == ZERO


def test_a_customer_outside_the_arrangement_has_an_empty_account(real_day: MarginDay) -> None:
    lines = [
        position("REGULAR-ONLY", "91282CPJ4", 50_000_000, account=Account.REGULAR),
        position("REGULAR-ONLY", "TNM6", -400, account=Account.REGULAR),
    ]
    customer = run(real_day, recognised(real_day, lines)).customers[0]
    whole = customer.requirement
    assert len(customer.ineligible) == 2
    assert whole.reduction.reduction == 0
    for side in (whole.ficc, whole.cme):
        assert side.figures.three.combined == ZERO
        assert side.requirement == ZERO
        assert side.outside == side.standalone > ZERO
        assert side.split_cost == ZERO
    assert whole.requirement == whole.standalone
    assert whole.saved == ZERO


def test_a_customer_only_in_futures_has_no_ficc_minimum(real_day: MarginDay) -> None:
    customer = run(real_day, recognised(real_day, [position("CME-ONLY", "ZNM6", 1)])).customers[0]
    whole = customer.requirement
    assert whole.ficc.standalone == whole.ficc.requirement == ZERO
    assert whole.requirement == whole.cme.standalone > whole.cme.figures.three.futures > ZERO


def test_a_tiny_customer_pays_the_minimum_with_and_without_the_arrangement(
    real_day: MarginDay,
) -> None:
    lines = [position("TINY", "91282CPJ4", 100_000), position("TINY", "TNM6", -1)]
    whole = run(real_day, recognised(real_day, lines)).customers[0].requirement
    own = whole.ficc.figures.three.securities
    assert ZERO < own < MINIMUM
    assert whole.reduction.reduction > Fraction(1, 2)
    assert whole.ficc.requirement == whole.ficc.standalone == MINIMUM
    assert whole.ficc.minimum_top_up == MINIMUM - whole.reduction.ficc_requirement
    assert whole.requirement == MINIMUM + whole.cme.requirement
    assert whole.saved == whole.cme.figures.three.futures - whole.cme.reduced


def test_quantities_beyond_float_are_the_same_multiple(real_day: MarginDay) -> None:
    """A book of a hundred trillion dollars takes the split path and scales exactly."""
    factor = 10**6
    par, contracts = 200_000_000, -1_500

    def figures(scale: int) -> CustomerResult:
        lines = [
            position("HUGE", "91282CPJ4", par * scale),
            position("HUGE", "TNM6", contracts * scale),
        ]
        return run(real_day, recognised(real_day, lines)).customers[0]

    one, many = figures(1), figures(factor)
    for model in ("ficc", "cme"):
        for leg in ("securities", "futures", "combined"):
            small = getattr(getattr(one, model), leg)
            large = getattr(getattr(many, model), leg)
            assert large == {name: figure * factor for name, figure in small.items()}, (model, leg)
    holdings = holdings_of(real_day, [{0: 1}])
    assert not real_day.ficc.simulation._large_rows(holdings.block(0, 1))
    places = customer_books(
        real_day, recognised(real_day, [position("HUGE", "91282CPJ4", par * factor)])
    )[0].xm
    assert real_day.ficc.simulation._large_rows(holdings_of(real_day, [places]).block(0, 1))
    assert (many.ficc.combined["historical_simulation"] * GRID_PER_DOLLAR).denominator == 1


def test_customers_of_two_brokers_stay_two(real_day: MarginDay) -> None:
    first = position("SAME", "91282CPJ4", 10_000_000)
    second = replace(first, customer=CustomerKey("OTHER-BD-FCM", "SAME"))
    both = run(real_day, recognised(real_day, [first, second]))
    assert [c.key.bd_fcm for c in both.customers] == ["BD-FCM", "OTHER-BD-FCM"]
    assert both.customers[0].requirement == both.customers[1].requirement
