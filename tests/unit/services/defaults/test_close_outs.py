"""Close-outs of a run against the forward walk, on a synthetic market."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin import bootstrap
from crossmargin.analysis.walk.margins import FUTURES, SECURITIES
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.liquidation.close_out import Method
from crossmargin.default_management.liquidation.terms import Hedge
from crossmargin.market.history import MarketData
from crossmargin.services.defaults.accounts import accounts_of, left_out_of
from crossmargin.services.defaults.close_out_lines import newest_issues
from crossmargin.services.defaults.close_outs import CloseOutRun, close_outs
from crossmargin.services.defaults.paths import (
    HistoricalMode,
    historical_path,
)
from crossmargin.services.forward_paths import ForwardPath, Impulse, Restrike, Shock
from crossmargin.services.forward_walk import forward_walk
from crossmargin.services.margin_positions import MarginRun
from crossmargin.testing.close_outs import CME, FICC, shipped_terms

EXECUTOR = bootstrap.block_executor()
FAILED_ON = date(2023, 3, 13)


def closed(
    run: MarginRun, market: MarketData, path: ForwardPath, method: Method = Method.JOINT
) -> CloseOutRun:
    return close_outs(run, market, EXECUTOR, path=path, method=method, terms=shipped_terms())


@pytest.mark.parametrize("mode", list(HistoricalMode))
def test_opening_and_first_day_are_those_of_the_forward_walk(
    simulated_run: MarginRun, simulated_market: MarketData, mode: HistoricalMode
) -> None:
    path = historical_path(simulated_market, mode, failed_on=FAILED_ON, days=9)
    walk = forward_walk(simulated_run, simulated_market, EXECUTOR, path=path)
    found = closed(simulated_run, simulated_market, path, Method.SEPARATE)
    assert found.dates == tuple(walk.dates.astype(object).tolist())
    by_name = {each.book.name: each for each in walk.customers}
    in_xm = [each for each in found.customers if each.in_xm]
    assert [each.customer for each in in_xm] == sorted(by_name)
    for customer in in_xm:
        then = by_name[customer.customer]
        assert customer.requirement == {
            FICC: Money(int(then.walk.ficc_cents[0])),
            CME: Money(int(then.walk.cme_cents[0])),
        }
        if customer.customer != "REGIONAL-BANK":  # of all it holds, outside XM too
            assert customer.standalone == {
                FICC: Money(int(then.walk.standalone_ficc_cents[0])),
                CME: Money(int(then.walk.cme.cents[FUTURES][0])),
            }
        for side, leg in ((FICC, SECURITIES), (CME, FUTURES)):
            days = customer.by_side[side].days
            if days:
                assert days[0].marks == Money(-int(then.loss_cents[leg][0]))


def test_what_lies_outside_xm_has_its_own_margin_and_is_sold_apart_by_any_method(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    path = historical_path(simulated_market, HistoricalMode.SHOCK, failed_on=FAILED_ON, days=9)
    joint, separate = (
        {
            each.customer: each
            for each in closed(simulated_run, simulated_market, path, method).customers
        }
        for method in (Method.JOINT, Method.SEPARATE)
    )
    name = "REGIONAL-BANK outside XM"
    one, bank = joint[name], joint["REGIONAL-BANK"]
    assert (one.owner, one.in_xm, bank.in_xm) == ("REGIONAL-BANK", False, True)
    assert one.by_side[CME].method is Method.SEPARATE
    assert one.by_side[CME].marks == separate[name].by_side[CME].marks
    assert one.by_side[FICC].days == ()
    # No customer minimum twice: the XM account has it.
    assert one.requirement[FICC] == Money(0)
    assert one.requirement[CME] > Money(0)
    assert one.standalone == bank.standalone


def test_with_no_arrangement_a_customer_has_one_account_of_all_it_holds(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    path = Impulse(1.0, 0.0, 9)
    terms = shipped_terms(hedge=Hedge.NONE)
    whole, parts = (
        close_outs(
            simulated_run,
            simulated_market,
            EXECUTOR,
            path=path,
            method=Method.SEPARATE,
            terms=terms,
            customers=["REGIONAL-BANK"],
            has_arrangement=has_arrangement,
        )
        for has_arrangement in (False, True)
    )
    (one,) = whole.customers
    assert one.requirement == one.standalone == parts.customers[0].standalone
    marks = [each.by_side[CME].days[0].marks for each in (one, *parts.customers)]
    assert abs((marks[0] - marks[1] - marks[2]).cents) <= 1  # each rounded to the cent


def test_lines_that_nothing_walks_are_named(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    """The demo's bank as if a bill lay outside its XM account, and a customer with nothing else."""
    (bank,) = (each for each in simulated_run.books if each.key.customer_id == "REGIONAL-BANK")
    bill = replace(bank, outside_haircut={"912797AB1": 5})
    alone = replace(bill, xm={}, outside={})
    found = left_out_of(simulated_run.result.day, [bill])
    assert found == {"REGIONAL-BANK": ("912797AB1, $500 of par: margined by the haircut method",)}
    assert (
        "no line that can be walked"
        in left_out_of(simulated_run.result.day, [alone])["REGIONAL-BANK"]
    )
    with pytest.raises(RefusedError, match="a customer with lines that can be walked"):
        accounts_of(simulated_run.result.day, [alone], has_arrangement=True)


def test_selling_moves_no_mark_of_the_first_day_and_costs(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    path = historical_path(simulated_market, HistoricalMode.SHOCK, failed_on=FAILED_ON, days=9)
    runs = {method: closed(simulated_run, simulated_market, path, method) for method in Method}
    firsts = {
        tuple(
            Money.total(each.days[0].marks for each in customer.by_side.values() if each.days)
            for customer in run.customers
        )
        for run in runs.values()
    }
    assert len(firsts) == 1
    for run in runs.values():
        for customer in run.customers:
            assert customer.impact > Money(0)
            marks = Money.total(each.marks for each in customer.by_side.values())
            assert customer.result == marks - customer.impact
    assert len({run.as_document()["digest"] for run in runs.values()}) == len(Method)


def test_an_impulse_loses_what_dv01_says(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    found = closed(simulated_run, simulated_market, Impulse(1.0, 0.0, 9))
    for customer in found.customers:
        for close_out in customer.by_side.values():
            if close_out.days:
                day = close_out.days[0]
                # Par yields rise by one basis point; zero rates by about as much.
                gross = sum(
                    abs(trade.units) * found.lines.instruments[trade.instrument].dv01_dollars
                    for each in close_out.days
                    for trade in each.trades
                )
                off = abs(day.marks.dollars + day.dv01_dollars)
                assert off < Fraction(5, 100) * gross + 1
                assert all(each.marks == Money(0) for each in close_out.days[1:])


def test_hedges_are_contracts_with_the_most_dv01_in_a_days_volume(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    lines = closed(simulated_run, simulated_market, Impulse(1.0, 0.0, 9)).lines
    liquid = {
        label: each.market.daily_volume * each.dv01_dollars
        for label, each in lines.instruments.items()
        if each.market.name in {"ZT", "ZF", "ZN", "TN", "ZB", "UB", "SR3"}
    }
    assert lines.hedges[-1] == max(lines.hedges, key=liquid.__getitem__)
    of_buckets = [lines.instruments[label].bucket for label in lines.hedges[:-1]]
    # No future of the demo matures within one to two years: the longer neighbour stands in.
    assert of_buckets == [0, 2, 2, 3, 4]
    assert all(each.volatility_dollars > 0 for each in lines.instruments.values())


def test_newest_issues_are_one_of_each_original_maturity(simulated_run: MarginRun) -> None:
    day = simulated_run.result.day
    newest = newest_issues(day)
    of_years = {
        price.security.original_maturity_years
        for cusip, price in day.prices.prices.items()
        if cusip in newest
    }
    assert len(of_years) == len(newest) > 3


def test_what_cannot_be_closed_out_is_refused(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    short = historical_path(simulated_market, HistoricalMode.SHOCK, failed_on=FAILED_ON, days=2)
    with pytest.raises(RefusedError, match="days, the path has 2"):
        closed(simulated_run, simulated_market, short)
    with pytest.raises(RefusedError, match="volatility_window_days"):
        close_outs(
            simulated_run,
            simulated_market,
            EXECUTOR,
            path=Impulse(1.0, 0.0, 9),
            method=Method.JOINT,
            terms=shipped_terms(volatility_window_days=10**6),
        )
    with pytest.raises(RefusedError, match="impact_coefficient_securities"):
        close_outs(
            simulated_run,
            simulated_market,
            EXECUTOR,
            path=Impulse(1.0, 0.0, 9),
            method=Method.JOINT,
            terms=shipped_terms(impact_of_buckets=(Fraction(1),)),
        )
    twice = replace(simulated_run, books=[*simulated_run.books, simulated_run.books[0]])
    twice = replace(
        twice,
        result=replace(
            twice.result, customers=(*twice.result.customers, twice.result.customers[0])
        ),
    )
    with pytest.raises(RefusedError, match="each once"):
        closed(twice, simulated_market, Impulse(1.0, 0.0, 9))


def test_a_path_of_the_history_is_cut_to_so_many_scenario_dates(
    simulated_market: MarketData,
) -> None:
    dates = simulated_market.par_yields.dates
    start = int(np.searchsorted(dates, np.datetime64(FAILED_ON)))
    last = dates[start + 4].astype(object)
    for mode, kind in ((HistoricalMode.RESTRIKE, Restrike), (HistoricalMode.SHOCK, Shock)):
        path = historical_path(simulated_market, mode, failed_on=FAILED_ON, days=5)
        assert path == kind(FAILED_ON, last)
    after = (dates[-1] + np.timedelta64(1, "D")).astype(object)
    with pytest.raises(RefusedError, match="the history ends"):
        historical_path(simulated_market, HistoricalMode.SHOCK, failed_on=after, days=5)
