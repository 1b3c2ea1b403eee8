"""CME's engine of a run: the simulation or SPAN, one for all three figures, with reasons."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.basics.money import ZERO
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_sets
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.margin.cme.span.calibrated_set import span_parameters
from crossmargin.margin.cme.span.model import SpanModel
from crossmargin.margin.cme.span.parameters import SpanParameters
from crossmargin.market.history import MarketData, ParYieldHistory
from crossmargin.presentation.margin import margin_document
from crossmargin.product.position import PositionLine
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_explanation import explain_run
from crossmargin.services.margin_positions import MarginRun, PositionsInput, margin_positions
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.span_calibration import calibrate
from crossmargin.testing.builders import AS_OF, position

_EXECUTOR = ThreadExecutor(1)


@pytest.fixture(scope="module")
def note(simulated_day: MarginDay) -> str:
    future = next(f for f in simulated_day.valuation.contracts if f.contract.code == "ZNM26")
    return simulated_day.valuation.book.prices[future.cheapest_row].security.cusip.text


@pytest.fixture(scope="module")
def span(simulated_market: MarketData) -> SpanParameters:
    sets = parameter_sets(AS_OF)
    return span_parameters(calibrate(simulated_market, sets, as_of=AS_OF), sets.cme)


def engine(name: str) -> ParameterSets:
    return parameter_sets(AS_OF).changing({"cme": {"engine": name}}, reason="test")


def run(
    market: MarketData,
    parameters: ParameterSets,
    *lines: PositionLine,
    span: SpanParameters | None = None,
) -> MarginRun:
    positions = PositionsInput("lines.csv", "0" * 64, len(lines), lines, ())
    return margin_positions(positions, market, parameters, _EXECUTOR, as_of=AS_OF, span=span)


@pytest.fixture(scope="module")
def spanned(simulated_market: MarketData, span: SpanParameters, note: str) -> MarginRun:
    lines = (
        position("BASIS", note, 400_000_000),
        position("BASIS", "ZNM6", -3_548),
        position("CURVE", "ZNM6", -900),
        position("CURVE", "ZBM6", 500),
        position("CURVE", note, 100_000_000),
        position("SAME", note, 100_000_000),
        position("SAME", "ZNM6", 700),
    )
    return run(simulated_market, engine("span"), *lines, span=span)


def test_a_set_is_not_calibrated_on_a_date_without_a_curve(
    simulated_market: MarketData, note: str
) -> None:
    curves = simulated_market.par_yields
    day = np.datetime64(AS_OF)
    before = curves.dates < day
    cut = ParYieldHistory(curves.dates[before], curves.tenors, curves.yields_pct[before])
    market = replace(simulated_market, par_yields=cut)
    with pytest.raises(RefusedError, match="a date with par yields, the last one before it is"):
        run(market, engine("span"), position("SAME", note, 100_000_000))


def test_the_engine_is_span_in_all_three_figures(spanned: MarginRun) -> None:
    day = spanned.result.day
    assert isinstance(day.cme_engine, SpanModel)
    for customer in spanned.result.customers:
        for portfolio in ("securities", "futures", "combined"):
            parts = getattr(customer.cme, portfolio)
            assert "scan_risk" in parts
            assert "historical" not in parts


def test_same_direction_saves_nothing_and_a_matched_hedge_nearly_all(spanned: MarginRun) -> None:
    saving = {
        customer.key.customer_id: customer.requirement.cme.saving
        for customer in spanned.result.customers
    }
    assert saving["SAME"] == 0
    assert saving["BASIS"] > Fraction(95, 100)


def test_contributions_add_up_under_span_too(spanned: MarginRun) -> None:
    for customer, explained in zip(spanned.result.customers, explain_run(spanned), strict=True):
        split = explained.split
        others = sum((line.dollars for line in split.others), Fraction(0))
        total = customer.requirement.requirement.dollars
        positions = sum(split.positions, Fraction(0)) + split.unattributed + others
        assert abs(total - positions) < Fraction(5, 100)
        for lines in (split.factors, split.components):
            whole = sum((line.dollars for line in lines), Fraction(0)) + others
            assert abs(total - whole) < Fraction(5, 100)
        assert explained.explanation.cme_tail == ()
        assert all(line.cme is None for line in explained.explanation.by_kind)


def test_the_document_says_which_engine_with_whose_parameters(spanned: MarginRun) -> None:
    document = margin_document(spanned, cycle="EOD", explanations=explain_run(spanned))
    assert document["models"]["cme"]["engine"] == "span"
    assert "not CME's" in document["models"]["cme"]["name"]
    assert any("not the simulation of record" in notice for notice in document["notices"])


def test_liquidity_and_concentration_stand_beside_span(spanned: MarginRun) -> None:
    for customer in spanned.result.customers:
        assert customer.requirement.cme.add_ons["liquidity"] > ZERO


def test_without_a_file_the_set_of_our_own_is_calibrated(
    simulated_market: MarketData, spanned: MarginRun, note: str
) -> None:
    own = run(
        simulated_market,
        engine("span"),
        position("BASIS", note, 400_000_000),
        position("BASIS", "ZNM6", -3_548),
    )
    by_id = {c.key.customer_id: c.requirement for c in spanned.result.customers}
    assert own.result.customers[0].requirement == by_id["BASIS"]


def test_a_file_for_the_simulation_is_refused(
    simulated_market: MarketData, span: SpanParameters, note: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        run(simulated_market, engine("fhs"), position("A", note, 100), span=span)
    assert caught.value.refusals[0].rule == "ruling 10"
