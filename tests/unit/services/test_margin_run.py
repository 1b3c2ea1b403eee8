"""Customers of a simulated market: books, minimum, outside, blocks; nothing netted between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest

from crossmargin.arrangement.eligibility import EligibilityRules, Recognition, recognise
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.margin.simulation import cents_up
from crossmargin.market.history import MarketData
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.position import Account, PositionLine
from crossmargin.product.treasury import SecurityKind
from crossmargin.services import margin_run
from crossmargin.services.customer_books import customer_books, haircut_lines
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_run import CustomerResult, MarginResult, margin_customers
from crossmargin.testing.builders import position

MINIMUM = Money(1_000_000_00)
ORDERS: list[Callable[[Sequence[PositionLine]], list[PositionLine]]] = [
    list,
    lambda lines: list(reversed(lines)),
    lambda lines: [*lines[1::2], *lines[::2]],
]


def recognised(day: MarginDay, lines: Sequence[PositionLine]) -> Recognition:
    recognition = recognise(
        lines,
        as_of=day.as_of,
        securities=day.prices.prices,
        rules=EligibilityRules.from_parameters(day.parameters.arrangement),
    )
    assert not recognition.refusals, recognition.refusals
    return recognition


def run(day: MarginDay, recognition: Recognition, *, workers: int = 1) -> MarginResult:
    return margin_customers(day, customer_books(day, recognition), ThreadExecutor(workers=workers))


def one(day: MarginDay, *lines: PositionLine) -> CustomerResult:
    return run(day, recognised(day, lines)).customers[0]


@pytest.fixture(scope="module")
def day(simulated_day: MarginDay) -> MarginDay:
    return simulated_day


@pytest.fixture(scope="module")
def result(day: MarginDay, simulated_recognition: Recognition) -> MarginResult:
    return run(day, simulated_recognition)


@pytest.fixture(scope="module")
def cheapest(day: MarginDay) -> tuple[str, Fraction]:
    """Return the cheapest to deliver into the ultra ten-year, and its factor."""
    future = day.valuation.contracts[day.valuation.contract_index()["TNM26"]]
    assert isinstance(future, TreasuryFuture)
    cusip = day.valuation.book.prices[future.cheapest_row].security.cusip.text
    return cusip, Fraction(str(future.cheapest_factor))


def note_of(day: MarginDay, *, first: date, last: date, kind: SecurityKind) -> str:
    return next(
        cusip
        for cusip, price in sorted(day.prices.prices.items())
        if price.security.kind is kind and first < price.security.maturity_date <= last
    )


def test_the_demo_shows_what_it_was_made_for(result: MarginResult) -> None:
    outcome = {c.key.customer_id: c.requirement.reduction for c in result.customers}
    assert len(outcome) == 6
    assert outcome["BASIS-FUND"].binding is Binding.CAP
    assert outcome["BASIS-FUND"].reduction == Fraction(4, 5)
    for hedged in ("CURVE-FUND", "REGIONAL-BANK", "REPO-CUSTOMER"):
        assert outcome[hedged].reduction > Fraction(1, 2), hedged
    assert outcome["ASSET-MANAGER"].reduction <= Fraction(2, 100)


def test_requirements_add_up(result: MarginResult) -> None:
    for customer in result.customers:
        whole = customer.requirement
        parts = [
            part for side in (whole.ficc, whole.cme) for part in (side.requirement, side.outside)
        ]
        assert whole.requirement == Money.total(parts)
        assert whole.standalone == whole.ficc.standalone + whole.cme.standalone
        assert whole.saved == whole.standalone - whole.requirement
        kept = 1 - whole.reduction.reduction
        for side, alone in (
            (whole.ficc, whole.ficc.figures.three.securities),
            (whole.cme, whole.cme.figures.three.futures),
        ):
            add_ons = Money.total(side.add_ons.values())
            assert side.split_cost == alone + add_ons + side.outside - side.figures.everything
            exact = alone.dollars * kept * 100
            assert side.reduced == Money(cents_up(exact.numerator, exact.denominator))
            assert side.requirement == side.reduced + add_ons + side.minimum_top_up


@pytest.mark.parametrize("block_and_workers", [(1, 1), (1, 2), (2, 2), (5, 2), (256, 2)])
def test_blocks_and_workers_change_nothing(
    day: MarginDay,
    simulated_recognition: Recognition,
    result: MarginResult,
    monkeypatch: pytest.MonkeyPatch,
    block_and_workers: tuple[int, int],
) -> None:
    block, workers = block_and_workers
    monkeypatch.setattr(margin_run, "BLOCK_CUSTOMERS", block)
    assert run(day, simulated_recognition, workers=workers).customers == result.customers


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_lines_changes_no_figure(
    day: MarginDay,
    simulated_recognition: Recognition,
    result: MarginResult,
    order: Callable[[Sequence[PositionLine]], list[PositionLine]],
) -> None:
    lines = [r.line for r in (*simulated_recognition.eligible, *simulated_recognition.outside)]
    again = run(day, recognised(day, order(lines)))
    for before, after in zip(result.customers, again.customers, strict=True):
        assert before.key == after.key
        assert before.requirement == after.requirement
        assert (before.ficc, before.cme) == (after.ficc, after.cme)


def test_removing_a_customer_changes_no_other(
    day: MarginDay, simulated_recognition: Recognition, result: MarginResult
) -> None:
    for customer in result.customers:
        fewer = replace(
            simulated_recognition,
            eligible=tuple(
                r for r in simulated_recognition.eligible if r.line.customer != customer.key
            ),
            outside=tuple(
                r for r in simulated_recognition.outside if r.line.customer != customer.key
            ),
        )
        expected = tuple(c for c in result.customers if c.key != customer.key)
        assert run(day, fewer).customers == expected


def test_lines_of_one_instrument_add_up(day: MarginDay, cheapest: tuple[str, Fraction]) -> None:
    cusip, _ = cheapest
    split = one(
        day,
        position("A", cusip, 70_000_000),
        position("A", cusip, -30_000_000),
        position("A", "TNM6", -150),
        position("A", "TNM6", -250),
    )
    whole = one(day, position("A", cusip, 40_000_000), position("A", "TNM26", -400))
    assert split.requirement == whole.requirement


def test_no_customers_no_results(day: MarginDay) -> None:
    assert run(day, recognised(day, [])).customers == ()


def test_a_position_that_nets_to_nothing_owes_nothing(
    day: MarginDay, cheapest: tuple[str, Fraction]
) -> None:
    cusip, _ = cheapest
    flat = one(day, position("A", cusip, 100), position("A", cusip, -100)).requirement
    assert flat.reduction.binding is Binding.NONE
    assert flat.ficc.figures.everything == ZERO
    assert flat.requirement == flat.standalone == ZERO


def test_outside_alone_is_margined_as_if_there_were_no_arrangement(
    day: MarginDay, cheapest: tuple[str, Fraction]
) -> None:
    cusip, _ = cheapest
    customer = one(
        day,
        position("A", cusip, 50_000_000, account=Account.REGULAR),
        position("A", "TNM6", -400, account=Account.REGULAR),
    )
    inside = one(day, position("A", cusip, 50_000_000), position("A", "TNM6", -400))
    whole = customer.requirement
    assert len(customer.ineligible) == 2
    assert whole.reduction.binding is Binding.NONE
    assert whole.ficc.requirement == whole.cme.requirement == ZERO
    assert whole.ficc.outside == whole.ficc.standalone == inside.requirement.ficc.standalone
    assert whole.cme.outside == whole.cme.standalone == inside.requirement.cme.standalone
    assert whole.ficc.split_cost == whole.cme.split_cost == ZERO
    assert inside.requirement.requirement < whole.requirement


def test_splitting_a_hedge_over_two_accounts_costs(day: MarginDay) -> None:
    """Two contracts that offset in one account do not offset in two (ruling 5)."""
    split = one(
        day, position("A", "ZNM6", 1_000), position("A", "TNM6", -700, account=Account.REGULAR)
    ).requirement.cme
    together = one(day, position("A", "ZNM6", 1_000), position("A", "TNM6", -700)).requirement.cme
    assert split.standalone == together.standalone == together.figures.everything
    assert split.split_cost == (
        split.figures.three.futures
        + Money.total(split.add_ons.values())
        + split.outside
        - split.figures.everything
    )
    assert split.split_cost > split.figures.everything


def test_one_instrument_in_both_accounts_nets_where_everything_is_one_portfolio(
    day: MarginDay, cheapest: tuple[str, Fraction]
) -> None:
    cusip, _ = cheapest
    ficc = one(
        day,
        position("A", cusip, 500_000_000),
        position("A", cusip, -500_000_000, account=Account.REGULAR),
    ).requirement.ficc
    assert ficc.figures.everything == ZERO
    assert ficc.standalone == MINIMUM
    assert ficc.outside > MINIMUM
    assert ficc.split_cost == ficc.figures.three.securities + ficc.outside
    doubled = one(
        day,
        position("A", cusip, 500_000_000),
        position("A", cusip, 500_000_000, account=Account.REGULAR),
    ).requirement.ficc
    assert (
        doubled.figures.everything
        == one(day, position("A", cusip, 1_000_000_000)).requirement.ficc.figures.everything
    )
    assert abs(doubled.split_cost.cents) <= 1


def test_the_minimum_is_paid_with_and_without_the_arrangement(
    day: MarginDay, cheapest: tuple[str, Fraction]
) -> None:
    cusip, _ = cheapest
    whole = one(day, position("A", cusip, 100_000), position("A", "TNM6", -1)).requirement
    assert ZERO < whole.ficc.figures.three.securities < MINIMUM
    assert whole.reduction.reduction > Fraction(1, 2)
    assert whole.ficc.requirement == whole.ficc.standalone == MINIMUM
    assert whole.ficc.minimum_top_up == MINIMUM - whole.reduction.ficc_requirement
    assert whole.cme.minimum_top_up == ZERO
    assert whole.requirement == MINIMUM + whole.cme.requirement


def test_the_minimum_counts_what_is_outside(day: MarginDay, cheapest: tuple[str, Fraction]) -> None:
    cusip, _ = cheapest
    large = one(
        day,
        position("A", cusip, 100_000),
        position("A", cusip, 200_000_000, account=Account.REGULAR),
    ).requirement.ficc
    assert large.outside > MINIMUM
    assert large.minimum_top_up == ZERO


def test_a_customer_without_securities_has_no_minimum(day: MarginDay) -> None:
    whole = one(day, position("A", "ZNM6", 1)).requirement
    assert whole.ficc.standalone == whole.ficc.requirement == ZERO
    assert whole.requirement == whole.cme.requirement > ZERO


def test_basis_alone_decides_a_cheapest_against_its_future(
    day: MarginDay, simulated_market: MarketData, cheapest: tuple[str, Fraction]
) -> None:
    cusip, factor = cheapest
    par = 600_000_000
    lots = -round(par * factor / 100_000)
    recognition = recognised(day, [position("A", cusip, par), position("A", "TNM6", lots)])
    simulated = []
    for multiple in ("1", "2", "5", "10", "20"):
        changes = {"ficc": {"basis_volatility_multiple": multiple}}
        parameters = day.parameters.changing(changes, reason="sensitivity")
        changed = day.under(parameters, simulated_market)
        simulated.append(run(changed, recognition).customers[0].ficc)
    combined = [detail.combined["historical_simulation"] for detail in simulated]
    legs = sum(
        leg["historical_simulation"] for leg in (simulated[0].securities, simulated[0].futures)
    )
    assert all(smaller < larger for smaller, larger in pairwise(combined))
    assert Fraction(2, 100) < combined[0] / legs < Fraction(15, 100)


def test_quantities_beyond_float_scale_exactly(
    day: MarginDay, cheapest: tuple[str, Fraction]
) -> None:
    cusip, _ = cheapest
    factor = 10**6
    small = one(day, position("A", cusip, 200_000_000), position("A", "TNM6", -1_500))
    large = one(
        day, position("A", cusip, 200_000_000 * factor), position("A", "TNM6", -1_500 * factor)
    )
    for model in ("ficc", "cme"):
        for leg in ("securities", "futures", "combined"):
            before, after = (getattr(getattr(c, model), leg) for c in (small, large))
            assert after == {name: figure * factor for name, figure in before.items()}


def test_a_year_and_under_goes_by_haircut_even_where_it_could_be_simulated(
    day: MarginDay,
) -> None:
    boundary = date(2027, 3, 24)
    short = note_of(day, first=date(2026, 9, 1), last=boundary, kind=SecurityKind.NOTE)
    customer = one(day, position("A", short, 2_000_000_000))
    detail = customer.ficc.outside
    price = day.prices.prices[short]
    line = haircut_lines(day, {short: 20_000_000})[0]
    value = Fraction(price.sell_clean_per_100) + accrued_interest_per_100(price.security, day.as_of)
    assert line.net_market_value == 20_000_000 * value
    assert detail["historical_simulation"] == 0
    assert detail["haircut"] == pytest.approx(
        float(day.haircuts.rates[line.bucket] * line.net_market_value), abs=1e-5
    )
    assert customer.requirement.ficc.outside == customer.requirement.ficc.standalone
    assert [r.code.value for r in customer.ineligible[0].reasons] == ["SHORT_MATURITY"]
    assert customer.requirement.ficc.figures.three.securities == ZERO


def test_an_option_makes_a_result_incomplete_and_nothing_else(
    day: MarginDay, cheapest: tuple[str, Fraction]
) -> None:
    cusip, _ = cheapest
    lines = [position("A", cusip, 10_000_000), position("B", "TNM6", 3)]
    with_option = run(day, recognised(day, [*lines, position("A", "OZNM6 C11000", 5)]))
    without = run(day, recognised(day, lines))
    assert with_option.incomplete
    assert not without.incomplete
    assert [c.incomplete for c in with_option.customers] == [True, False]
    for before, after in zip(without.customers, with_option.customers, strict=True):
        assert before.requirement == after.requirement


def test_customers_whose_every_line_was_left_out_are_shown(day: MarginDay) -> None:
    key = CustomerKey("BD-FCM", "GONE")
    recognition = recognised(day, [position("A", "TNM6", 3)])
    books = customer_books(day, recognition, incomplete_customers=[key])
    result = margin_customers(day, books, ThreadExecutor(workers=1), incomplete_customers=[key])
    assert [(c.key.customer_id, c.incomplete) for c in result.customers] == [
        ("A", False),
        ("GONE", True),
    ]
    assert result.customers[1].requirement.requirement == ZERO


def test_a_contract_the_day_was_not_prepared_for_is_refused(day: MarginDay) -> None:
    with pytest.raises(RefusedError) as caught:
        customer_books(day, recognised(day, [position("A", "SR3H9", 3)]))
    assert caught.value.refusals[0].value == "SR3H29"
    assert caught.value.refusals[0].rule == "ruling 17"


def test_shortfalls_of_the_order_check_are_counted(result: MarginResult) -> None:
    counted = sum(not c.requirement.reduction.order_check.passes for c in result.customers)
    assert result.shortfall_count == counted
