"""The calibrated set as the values a SPAN calculation takes."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.cme.span.calibrated_set import (
    OWN_LABEL,
    CalendarCharge,
    CalibratedSet,
    CalibrationEvidence,
    ScanLevel,
    span_parameters,
)
from crossmargin.margin.cme.span.calibration import MeasureWeights
from crossmargin.margin.cme.span.credits import Outcome, PairCredit
from crossmargin.margin.cme.span.parameters import OWN_COMPLEX
from crossmargin.margin.cme.span.spreads import DeliveryMethod, Side, WfprMethod
from crossmargin.product.futures import FuturesContract

AS_OF = date(2026, 3, 24)


def level(product: str, year: int, month: int, dollars: int, tier: int = 0) -> ScanLevel:
    contract = FuturesContract(product, year, month)
    return ScanLevel(contract, dollars, dollars / 15.0, 15.0, (15.0,), 1.0, tier)


def pair(one: str, two: str, credit: str, outcome: Outcome, tier: int = 0) -> PairCredit:
    return PairCredit((one, two), (0, tier), (2, 1), 0.0, 0.9, 0.5, 0.8, Fraction(credit), outcome)


@pytest.fixture
def calibrated() -> CalibratedSet:
    weights = MeasureWeights(("tail",), (Fraction(1),), 120, date(2021, 11, 30))
    return CalibratedSet(
        as_of=AS_OF,
        curve_date=AS_OF,
        evidence=CalibrationEvidence(weights, True, {}, {}, {}, {}),
        levels=(
            level("ZN", 2026, 6, 1000),
            level("ZN", 2026, 9, 1000),
            level("ZB", 2026, 6, 1800),
            level("SR3", 2026, 6, 300, 1),
            level("SR3", 2027, 6, 500, 2),
            level("SR3", 2027, 9, 520, 2),
        ),
        calendar_charges=(
            CalendarCharge("ZN", (1, 1), 100),
            CalendarCharge("SR3", (1, 2), 185),
            CalendarCharge("SR3", (2, 2), 120),
        ),
        pairs=(
            pair("ZN", "SR3", "0.6", Outcome.CREDIT, 2),
            pair("ZN", "ZB", "0.75", Outcome.CREDIT),
            pair("ZB", "SR3", "0", Outcome.NOT_STABLE, 1),
        ),
        spread_redrawn_dates=0,
        basis_redrawn_dates=0,
    )


def test_the_set_is_ours_and_says_so(calibrated):
    span = span_parameters(calibrated, parameter_sets(AS_OF).cme)
    assert (span.complex, span.label, span.business_date) == (OWN_COMPLEX, OWN_LABEL, AS_OF)
    assert {commodity.code for commodity in span.commodities} == {"21", "17", "SR3"}


def test_a_future_loses_its_scan_range_at_the_full_fall_and_99_percent_at_the_extreme(calibrated):
    span = span_parameters(calibrated, parameter_sets(AS_OF).cme)
    bond = next(contract for contract in span.contracts if contract.product.code == "17")
    assert bond.losses[:2] == (0, 0)
    assert bond.losses[2:6] == (-600, -600, 600, 600)
    assert bond.losses[10:14] == (-1800, -1800, 1800, 1800)
    assert bond.losses[14:] == (-1782, 1782)  # 3 x 0.33 of the range
    assert bond.composite_delta == 1
    assert max(bond.losses) == bond.scan.price


def test_scan_ranges_are_by_expiry(calibrated):
    span = span_parameters(calibrated, parameter_sets(AS_OF).cme)
    ranges = {c.period.text: c.scan.price for c in span.contracts if c.product.code == "SR3"}
    assert ranges == {"202606": 300, "202706": 500, "202709": 520}


def test_credits_keep_their_priority_and_their_sides(calibrated):
    span = span_parameters(calibrated, parameter_sets(AS_OF).cme)
    first, second = span.inter_spreads
    assert (first.priority, first.credit) == (1, Fraction(3, 4))
    assert [(leg.commodity, leg.ratio, leg.side, leg.tier) for leg in first.legs] == [
        ("21", 2, Side.A, 0),
        ("17", 1, Side.B, 0),
    ]
    assert (second.credit, second.legs[1].tier) == (Fraction(3, 5), 2)


def test_calendar_spreads_within_a_tier_come_before_those_between(calibrated):
    span = span_parameters(calibrated, parameter_sets(AS_OF).cme)
    sofr = span.commodity_by_code["SR3"]
    assert [(spread.priority, spread.charge) for spread in sofr.intra_spreads] == [
        (1, 120),
        (2, 185),
    ]
    assert [(tier.start.text, tier.end.text) for tier in sofr.inter_tiers] == [
        ("202606", "202606"),
        ("202706", "202709"),
    ]
    assert sofr.wfpr_method is WfprMethod.SCANRANGE_CAP
    assert sofr.initial_ratio.speculator == Fraction(11, 10)


def test_a_spot_charge_only_when_one_is_set(calibrated):
    parameters = parameter_sets(AS_OF).cme
    without = span_parameters(calibrated, parameters).commodity_by_code
    assert without["21"].delivery.method is DeliveryMethod.NONE
    charged = span_parameters(
        calibrated, parameters.replacing({"span_spot_charge_dollars": "50"}, reason="a test")
    ).commodity_by_code
    assert charged["21"].delivery.months[0].charge_outright == 50
    assert charged["SR3"].delivery.method is DeliveryMethod.NONE
