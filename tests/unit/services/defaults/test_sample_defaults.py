"""The sample BD-FCM failing on three dates of the real history, both modes, to the cent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from crossmargin import bootstrap
from crossmargin.basics.money import ZERO, Money
from crossmargin.bootstrap import defaults
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.case import Case
from crossmargin.default_management.failure import Cause
from crossmargin.default_management.liquidation.close_out import Method
from crossmargin.default_management.loss_sharing import CmeToFicc
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.market.history import MarketData
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.defaults.firm import Firm
from crossmargin.services.defaults.paths import Historical, HistoricalMode
from crossmargin.services.defaults.simulate import (
    DefaultRequest,
    DefaultSimulation,
    simulate_default,
)
from crossmargin.services.margin_positions import MarginRun

TUTORIAL = Path(__file__).resolve().parents[4] / "docs" / "tutorial"
AS_OF = date(2026, 3, 24)
DATES = (date(2020, 3, 9), date(2023, 3, 13), date(2025, 4, 7))
FAILURES = [(mode, on) for mode in HistoricalMode for on in DATES]
#: Margin of ASSET-MANAGER at FICC.
NOTE = "91282CMS7"
OUTSIDERS = ("GRAIN-MERCHANT", "PENSION-PLAN")
Simulate = Callable[[str, HistoricalMode, date], DefaultSimulation]


def firm_of(name: str) -> Firm:
    """Return a firm of the tutorial; the long one with a loss of its own above its capital."""
    firm = defaults.read_firm(TUTORIAL / name).firm
    if name == "failure.toml":
        return replace(firm, proprietary_loss=firm.adjusted_net_capital + Money(1))
    return firm


def simulated(
    run: MarginRun, market: MarketData, firm: Firm, mode: HistoricalMode, on: date
) -> DefaultSimulation:
    parameters = defaults.default_parameters(AS_OF)
    return simulate_default(
        run,
        market,
        bootstrap.block_executor(),
        firm=firm,
        request=DefaultRequest(Historical(mode, on), parameters.terms.path_days, Method.JOINT),
        rules=parameters.rules,
        terms=parameters.terms,
        haircuts=parameters.haircuts,
    )


@pytest.fixture(scope="module")
def simulate(sample_run: MarginRun, real_market: MarketData) -> Simulate:
    """Return the simulation of a default; each is made once."""

    @cache
    def of(name: str, mode: HistoricalMode, on: date) -> DefaultSimulation:
        return simulated(sample_run, real_market, firm_of(name), mode, on)

    return of


def cases(found: DefaultSimulation) -> tuple[Case, ...]:
    return found.with_arrangement, found.without_payments, found.without


def check_estate(case: Case) -> None:
    """Check one failed case: put in, won and lost is what there is; paid and left equals it."""
    assert case.settled is not None
    assert case.payout is not None
    assert case.estate is not None
    estate, failure = case.estate, case.failure
    sides = case.settled.sides.values()
    closed = Money.total(at.result for side in sides for at in side.customers.values())
    results = Money.total(each.total() for each in case.results.values())
    assert closed == results
    received = Money.total(at.received for side in sides for at in side.customers.values())
    assert received == ZERO
    borne = Money.total(side.borne for side in sides)
    capital = failure.days[-1].from_capital if failure.days else ZERO
    more = estate.futures_property.recovered + estate.futures_property.elsewhere
    there = case.holdings.property_value + capital + results + borne + more
    assert estate.futures_property.before_set_off + estate.segregated.returned == there
    assert estate.futures_property.total + estate.segregated.available == there
    # FICC's margin is of the futures class through the arrangement alone.
    is_apart = not case.holdings.participants
    assert (estate.futures_property.returned[ClearingOrganization.FICC] == ZERO) is is_apart
    for account_class in AccountClass:
        claims = Money.total(each.of_class(account_class) for each in estate.claims.values())
        assert estate.allocation.public_in_cents[account_class] <= claims
    for name, claim in estate.claims.items():
        assert ZERO <= estate.paid[name] <= claim.total
        rounds = Money.total(each.paid.get(name, ZERO) for each in case.payout.rounds)
        assert rounds == estate.paid[name]


def check_difference(found: DefaultSimulation) -> None:
    """Check that recovery with less without is its parts, margin and payments among them."""
    for each in found.comparison.values():
        one, other, parts = each.with_arrangement, each.without, each.difference
        assert one.recovered - other.recovered == parts.total
        assert parts.margin_collected == one.margin - other.margin
        assert parts.close_out_result == one.result - other.result
        assert one.margin + one.other_accounts - one.recovered == one.lost


@pytest.mark.parametrize(("mode", "on"), FAILURES)
def test_a_firm_that_fails_of_itself_pays_every_public_claim_and_ports_the_others_in_full(
    simulate: Simulate, mode: HistoricalMode, on: date
) -> None:
    found = simulate("failure.toml", mode, on)
    check_difference(found)
    for case in cases(found):
        assert case.failure.cause is Cause.PROPRIETARY
        check_estate(case)
        assert case.estate is not None
        claims = case.estate.claims
        assert case.estate.futures_rate == 1
        assert not case.estate.transferable.obstacles
        for name in OUTSIDERS:
            assert case.estate.transferred[name] == claims[name].of_class(AccountClass.FUTURES)
        # XM customers were closed out: no receiver has any of them.
        assert set(case.estate.transferred) == set(OUTSIDERS)
    for name in OUTSIDERS:
        assert found.comparison[name].difference.total == ZERO
    for case in (found.with_arrangement, found.without):
        for name, delivery in found.deliveries(case).items():
            recovered = case.recoveries[name].recovered
            assert delivery.securities_value + delivery.cash == recovered
            par = {NOTE: 5_000_000} if name == "ASSET-MANAGER" else {}
            assert dict(delivery.par_by_cusip) == par


@pytest.mark.parametrize("mode", list(HistoricalMode))
def test_a_thin_firm_fails_of_its_customers_and_the_pool_shares_what_they_lose(
    simulate: Simulate, mode: HistoricalMode
) -> None:
    found = simulate("thin_firm.toml", mode, date(2023, 3, 13))
    check_difference(found)
    for case in cases(found):
        assert case.failure.cause is Cause.CUSTOMERS
        # WIDE-BOOK's marks leave it something; that selling its book takes it is no default.
        assert case.failure.defaulters == ("REGIONAL-BANK",)
        assert case.failure.debt > ZERO
        check_estate(case)
        estate = case.estate
        assert estate is not None
        # Alike for all of one class, those outside among them.
        for name, claim in estate.claims.items():
            exact = claim.of_class(AccountClass.FUTURES).dollars * estate.futures_rate
            of_pool = estate.paid[name] - estate.segregated.paid[name]
            assert abs(of_pool.dollars - exact) < 1
        # Accounts moved by what was known on the day before (190.07(d)(5)), no more than whole.
        assert estate.transferable.estimated_on == case.failure.failed_on
        for name in OUTSIDERS:
            whole = estate.claims[name].of_class(AccountClass.FUTURES)
            assert ZERO < estate.transferred[name] <= whole
    for name in OUTSIDERS:
        parts = found.comparison[name].difference
        # What befell XM customers reaches the others through the pool alone.
        assert parts.close_out_result == parts.margin_collected == ZERO
        assert parts.losses_beyond_property == ZERO


@pytest.mark.parametrize("mode", list(HistoricalMode))
def test_the_reading_of_set_off_decides_whether_others_lose_less_or_more(
    simulate: Simulate, mode: HistoricalMode
) -> None:
    found = simulate("thin_firm.toml", mode, date(2023, 3, 13))
    less = {}
    for reading, both in found.readings.set_off.items():
        check_estate(both.with_arrangement)
        check_estate(both.without)
        one, other = both.with_arrangement.recoveries, both.without.recoveries
        less[reading] = {name: one[name].recovered - other[name].recovered for name in OUTSIDERS}
    # REGIONAL-BANK's margin and gain at FICC pay its debt in futures, or they do not.
    assert all(each < ZERO for each in less[SetOffBetweenClasses.BOTH].values())
    for reading in (SetOffBetweenClasses.FUTURES_EQUITY_ONLY, SetOffBetweenClasses.NONE):
        assert all(each > ZERO for each in less[reading].values())
    of_record = found.readings.set_off[SetOffBetweenClasses.BOTH]
    assert of_record.with_arrangement.recoveries == found.with_arrangement.recoveries
    assert of_record.without.recoveries == found.without.recoveries


def test_what_ficc_bears_and_cme_does_not_pay_is_in_the_pool(simulate: Simulate) -> None:
    found = simulate("thin_firm.toml", HistoricalMode.RESTRIKE, date(2023, 3, 13))
    one, other = (found.readings.cme_to_ficc[each].with_arrangement for each in CmeToFicc)
    assert one.estate is not None
    assert other.estate is not None
    assert one.settled is not None
    assert other.settled is not None
    borne = one.settled.sides[ClearingOrganization.FICC].borne
    assert borne > ZERO
    assert other.settled.sides[ClearingOrganization.FICC].borne == ZERO
    assert one.estate.futures_property.total - other.estate.futures_property.total == borne
    assert one.estate.futures_rate > other.estate.futures_rate


def test_the_order_of_customers_decides_nothing(
    simulate: Simulate, sample_run: MarginRun, real_market: MarketData
) -> None:
    mode, on = HistoricalMode.RESTRIKE, date(2023, 3, 13)
    result = sample_run.result
    turned = replace(
        sample_run,
        books=tuple(reversed(sample_run.books)),
        result=replace(result, customers=tuple(reversed(result.customers))),
    )
    firm = firm_of("thin_firm.toml")
    backwards = replace(firm, outside=tuple(reversed(firm.outside)))
    found = simulated(turned, real_market, backwards, mode, on)
    assert found.comparison == simulate("thin_firm.toml", mode, on).comparison
