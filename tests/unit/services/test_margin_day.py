"""A prepared day: what it is made from, what changes it, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crossmargin.arrangement.eligibility import Recognition
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.book import Block
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.market.factors import curve_points
from crossmargin.market.history import MarketData, RateHistory
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.services.customer_books import contracts_of
from crossmargin.services.day_contracts import front_contracts, security_dv01s
from crossmargin.services.margin_day import MarginDay, prepare_day
from crossmargin.services.market_readings import fitted_curve, last_curve_date, rate_on
from crossmargin.testing.builders import AS_OF


def test_a_day_holds_what_it_was_asked_for_and_every_front_contract(
    simulated_day: MarginDay, simulated_recognition: Recognition
) -> None:
    codes = set(simulated_day.valuation.contract_index())
    asked = {contract.code for contract in contracts_of(simulated_recognition)}
    front = {c.code for c in front_contracts(AS_OF, sifma_calendar())}
    assert codes == asked | front
    assert simulated_day.simulated
    assert simulated_day.as_of == AS_OF


def test_contracts_are_in_one_order_whatever_the_asking(
    simulated_market: MarketData, simulated_day: MarginDay
) -> None:
    contracts = [future.contract for future in simulated_day.valuation.contracts]
    again = prepare_day(
        simulated_market,
        simulated_day.parameters,
        as_of=AS_OF,
        contracts=[*reversed(contracts), *contracts],
    )
    assert [future.contract for future in again.valuation.contracts] == contracts
    assert np.array_equal(
        again.ficc.simulation.securities, simulated_day.ficc.simulation.securities
    )
    assert np.array_equal(again.cme.historical.contracts, simulated_day.cme.historical.contracts)
    assert again.haircuts == simulated_day.haircuts


@pytest.mark.parametrize(
    ("as_of", "month"),
    [
        (date(2026, 3, 24), (2026, 6)),
        (date(2026, 2, 25), (2026, 3)),  # first intention day is 26 February
        (date(2026, 2, 26), (2026, 6)),
        (date(2026, 12, 31), (2027, 3)),
    ],
)
def test_the_front_contract_leaves_before_its_first_intention_day(
    as_of: date, month: tuple[int, int]
) -> None:
    front = front_contracts(as_of, sifma_calendar())
    assert {(contract.year, contract.month) for contract in front} == {month}
    assert {c.product for c in front} == {"ZT", "Z3N", "ZF", "ZN", "TN", "TWE", "ZB", "UB"}


def test_haircuts_are_those_of_the_last_month_end(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    points = curve_points(simulated_market.par_yields)
    expected = last_curve_date(points, before=date(2026, 3, 1))
    assert expected == date(2026, 2, 27)
    assert simulated_day.haircuts.curve_date == "2026-02-27"
    *rates, short_tips = simulated_day.haircuts.rates
    assert rates == sorted(rates)
    assert short_tips == rates[1]
    assert simulated_day.ficc_history.key_rates.end_dates[-1] == np.datetime64(AS_OF)


def test_a_date_without_prices_or_curve_is_refused(
    simulated_market: MarketData, simulated_day: MarginDay
) -> None:
    with pytest.raises(RefusedError) as caught:
        prepare_day(
            simulated_market, simulated_day.parameters, as_of=date(2026, 3, 23), contracts=[]
        )
    assert caught.value.refusals[0].rule == "ruling 35"
    assert "2026-03-24" in caught.value.refusals[0].expected
    with pytest.raises(RefusedError) as caught:
        fitted_curve(
            curve_points(simulated_market.par_yields), simulated_market.sofr, date(2026, 3, 22)
        )
    assert caught.value.refusals[0].rule == "ruling 33"


def test_a_missing_rate_is_the_one_before() -> None:
    history = RateHistory(
        np.array(["2026-03-19", "2026-03-20", "2026-03-23"], dtype="datetime64[D]"),
        np.array([3.6, 3.61, 3.62]),
    )
    assert rate_on(history, date(2026, 3, 20)) == 3.61
    assert rate_on(history, date(2026, 3, 22)) == 3.61
    assert rate_on(history, date(2026, 4, 1)) == 3.62
    with pytest.raises(RefusedError):
        rate_on(history, date(2026, 3, 18))


def test_the_curve_before_sofr_is_flat_below_three_months(simulated_market: MarketData) -> None:
    points = curve_points(simulated_market.par_yields)
    before = fitted_curve(points, simulated_market.sofr, date(2018, 4, 2))
    after = fitted_curve(points, simulated_market.sofr, date(2018, 4, 3))
    assert before.knot_years[0] == 0.25
    assert after.knot_years[0] == pytest.approx(1 / 365.25)


def test_changed_parameters_change_the_model_and_say_so(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    changes = {"ficc": {"basis_volatility_multiple": "0"}}
    parameters = simulated_day.parameters.changing(changes, reason="basis off")
    changed = simulated_day.under(parameters, simulated_market)
    assert not changed.ficc.scenarios.historical.basis_bp.any()
    assert simulated_day.ficc.scenarios.historical.basis_bp.any()
    assert changed.ficc.scenario_identity != simulated_day.ficc.scenario_identity
    assert changed.cme.scenario_identity == simulated_day.cme.scenario_identity
    assert changed.valuation is simulated_day.valuation
    assert changed.haircuts == simulated_day.haircuts
    before, after = (day.parameters.as_document() for day in (simulated_day, changed))
    assert before["digest"] != after["digest"]
    parameter = changed.parameters.ficc.parameters["basis_volatility_multiple"]
    assert (parameter.status.value, parameter.source) == ("assumed", "basis off")


def test_a_day_under_other_parameters_is_the_one_prepared_with_them(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    changed = simulated_day.parameters.changing(
        {
            "ficc": {"liquidity_impact_coefficient": "3", "floor_share": "0.2"},
            "cme": {"equivalent_contract": "two_contract"},
        },
        reason="test",
    )
    under = simulated_day.under(changed, simulated_market)
    prepared = prepare_day(
        simulated_market,
        changed,
        as_of=simulated_day.as_of,
        contracts=[future.contract for future in simulated_day.valuation.contracts],
    )
    securities, contracts = (
        len(under.valuation.book.prices),
        len(under.valuation.contracts),
    )
    units = np.round(1e7 * np.sin(np.arange(3 * securities))).reshape(3, securities)
    futures = np.round(900 * np.cos(np.arange(3 * contracts))).reshape(3, contracts)
    block = Block.without_repo(units, futures)
    for one, two, before in (
        (under.ficc, prepared.ficc, simulated_day.ficc),
        (under.cme, prepared.cme, simulated_day.cme),
    ):
        assert one.three_figures(block) == two.three_figures(block)
        assert one.three_figures(block) != before.three_figures(block)
        assert one.add_ons(block) == two.add_ons(block)
    assert under.ficc.add_ons(block) != simulated_day.ficc.add_ons(block)


def test_a_model_is_made_again_only_where_its_own_or_the_markets_parameters_change(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    def under(day: MarginDay, **changes: dict[str, str]) -> MarginDay:
        changed = day.parameters.changing(changes, reason="test")
        return day.under(changed, simulated_market)

    rule = under(simulated_day, arrangement={"threshold": "0"})
    assert (rule.ficc, rule.cme) == (simulated_day.ficc, simulated_day.cme)
    one = under(simulated_day, ficc={"floor_share": "0.2"})
    assert one.cme is simulated_day.cme
    assert one.ficc.floor_share != simulated_day.ficc.floor_share
    other = under(simulated_day, cme={"historical_weight": "1"})
    assert other.ficc is simulated_day.ficc
    assert other.cme.historical_weight == 1
    # Scenarios that were given are no model's own: nothing of them is kept.
    given = simulated_day.ficc.scenarios.historical.scaling(key_rates=0.0)
    own = simulated_day.ficc.scenarios
    calm = simulated_day.with_scenarios(ficc=FiccScenarios(given, own.filtered, own.one_day))
    again = under(calm, arrangement={"threshold": "0"})
    assert again.ficc.scenario_identity == simulated_day.ficc.scenario_identity
    assert not again.scenarios_given


def test_a_strip_whose_contracts_nobody_holds_is_priced_when_it_is_asked_for(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    """As a range of ``short_end_equivalent`` does on a book without SOFR futures."""
    bare = prepare_day(
        simulated_market, simulated_day.parameters, as_of=simulated_day.as_of, contracts=[]
    )
    assert not any(f.contract.product == "SR3" for f in bare.valuation.contracts)
    changed = bare.parameters.changing(
        {"cme": {"short_end_equivalent": "sofr_strip"}}, reason="test"
    )
    under = bare.under(changed, simulated_market)
    prepared = prepare_day(simulated_market, changed, as_of=bare.as_of, contracts=[])
    assert any(f.contract.product == "SR3" for f in under.valuation.contracts)
    under_it, prepared_with_it = (
        [list(each.valuation.contract_index()), each.equivalents.places.tolist()]
        for each in (under, prepared)
    )
    assert under_it == prepared_with_it
    assert under.cme.scenario_identity == prepared.cme.scenario_identity


def test_other_scenarios_replace_the_models_own(simulated_day: MarginDay) -> None:
    own = simulated_day.ficc.scenarios
    calm = FiccScenarios(
        *(
            each.scaling(key_rates=0.0, basis=0.0, spread=0.0)
            for each in (own.historical, own.filtered, own.one_day)
        )
    )
    day = simulated_day.with_scenarios(ficc=calm)
    assert not day.ficc.simulation.securities.any()
    assert not day.ficc.simulation.contracts.any()
    assert day.cme.scenario_identity == simulated_day.cme.scenario_identity
    assert np.array_equal(day.cme.historical.contracts, simulated_day.cme.historical.contracts)


def test_dv01s_are_positive_and_grow_along_the_par_curve(simulated_day: MarginDay) -> None:
    dv01s = security_dv01s(simulated_day.valuation)
    remaining = simulated_day.valuation.book.remaining_years
    assert (dv01s > 0.0).all()
    order = np.argsort(remaining)
    # Coupons differ, so not strictly; over a year and more they do.
    assert np.corrcoef(remaining[order], dv01s[order])[0, 1] > 0.9


def test_every_treasury_contract_has_a_cheapest_from_its_own_basket(
    simulated_day: MarginDay,
) -> None:
    treasury = [f for f in simulated_day.valuation.contracts if isinstance(f, TreasuryFuture)]
    assert len(treasury) >= 8
    for future in treasury:
        assert future.cheapest_row in future.rows
        assert future.dv01_dollars > 0.0


def test_versions_and_digests_are_in_the_document() -> None:
    parameters = parameter_sets(AS_OF)
    document = parameters.as_document()
    assert set(document["versions"]) == {"arrangement", "cme", "ficc", "market"}
    other = replace(
        parameters, cme=parameters.cme.replacing({"historical_weight": "1"}, reason="test")
    )
    assert other.as_document()["digest"] != document["digest"]
    assert parameter_sets(AS_OF).as_document() == document


def test_a_contract_nothing_can_be_delivered_into_is_refused(
    simulated_market: MarketData, simulated_day: MarginDay
) -> None:
    sheet = simulated_market.price_sheets[AS_OF]
    short = {
        cusip: price
        for cusip, price in sheet.prices.items()
        if price.security.maturity_date < date(2029, 1, 1)
    }
    market = replace(simulated_market, price_sheets={AS_OF: replace(sheet, prices=short)})
    with pytest.raises(RefusedError) as caught:
        prepare_day(
            market,
            simulated_day.parameters,
            as_of=AS_OF,
            contracts=[FuturesContract("ZB", 2026, 9)],
        )
    refused = {refusal.value for refusal in caught.value.refusals}
    assert {"ZBM26", "ZBU26", "UBM26"} <= refused
    assert "ZTM26" not in refused


@pytest.mark.parametrize(
    ("as_of", "count"), [(date(2018, 12, 31), 7), (date(2022, 4, 29), 8), (date(2026, 3, 24), 8)]
)
def test_a_product_has_no_front_contract_before_its_first_month(as_of, count):
    front = front_contracts(as_of, sifma_calendar())
    assert len(front) == count
    assert ("TWE" in {contract.product for contract in front}) == (count == 8)
