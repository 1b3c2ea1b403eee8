"""SPAN behind the protocol of the models: whole units in, three figures out."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.book import Block, MarginModel
from crossmargin.margin.cme.span.model import (
    SpanModel,
    equivalent_lists,
    exact_equivalent,
    prepare_span,
)
from crossmargin.product.futures import FuturesContract
from crossmargin.testing.builders import AS_OF
from crossmargin.testing.span_sets import commodity, future, inter, parameter_set

F = Fraction
NOTE, BOND = FuturesContract("ZN", 2026, 6), FuturesContract("ZB", 2026, 6)
PARAMETERS = parameter_set(
    [commodity("21"), commodity("17")],
    [future("21", "202606", 2000), future("17", "202606", 3600)],
    [inter(1, "3/4", ("21", 2, "A"), ("17", 1, "B"))],
)


def model() -> SpanModel:
    # The first security is a thousandth of a note for $100, the second a split over both.
    return prepare_span(
        parameters=PARAMETERS,
        contracts=[NOTE, BOND],
        equivalents=[[(0, 0.001)], [(0, 0.0005), (1, 0.0003)]],
        execution=parameter_sets(AS_OF).cme,
    )


def block(securities: list[list[int]], contracts: list[list[int]]) -> Block:
    return Block.without_repo(np.array(securities, dtype=float), np.array(contracts, dtype=float))


def test_the_three_figures_and_their_components() -> None:
    protocol: MarginModel = model()
    # 100,000 units are 100 notes; 60 bonds short against them: the published-style case.
    figures = protocol.three_figures(block([[100_000, 0], [0, 0]], [[0, -60], [10, 0]]))
    tiny = exact_equivalent([(0, 0.001)])[0][1] - F(1, 1000)
    assert abs(tiny) < F(1, 2**40)
    scan = 2000 * (100 + 100_000 * tiny)
    assert figures.securities.charge_cents == [math.ceil(scan * 100), 0]
    assert figures.futures.charge_cents == [216_000_00, 20_000_00]
    combined = figures.combined
    assert abs(combined.charge_cents[0] - 131_000_00) <= 1
    parts = combined.components(0)
    whole = parts["scan_risk"] + parts["intra_charge"] + parts["delivery_charge"]
    assert abs(whole - parts["inter_credit"] - combined.charge(0).dollars) < F(2, 100)
    assert combined.charge_cents[1] == 20_000_00


def test_the_figure_of_futures_alone_and_the_whole_calculation() -> None:
    charge, components = model().futures_figure(block([[0, 0]], [[100, -60]]))
    assert charge.cents == 131_000_00
    assert components["inter_credit"] == 285_000
    result = model().result(block([[0, 0]], [[100, -60]]), 0)
    assert [each.count for each in result.spreads] == [50]


def test_a_long_security_offsets_short_contracts_of_both_its_equivalents() -> None:
    figures = model().three_figures(block([[0, 200_000]], [[-100, -60]]))
    saving = 1 - F(figures.combined.charge_cents[0], 416_000_00 + 416_000_00)
    assert saving > F(9999, 10_000)


def test_the_name_says_whose_parameters() -> None:
    assert model().name == "SPAN with illustrative parameters"
    assert model().scenario_identity == PARAMETERS.digest


def test_every_missing_contract_is_named() -> None:
    missing = [FuturesContract("ZN", 2026, 9), NOTE, FuturesContract("SR3", 2026, 6)]
    with pytest.raises(RefusedError) as refused:
        prepare_span(
            parameters=PARAMETERS,
            contracts=missing,
            equivalents=[],
            execution=parameter_sets(AS_OF).cme,
        )
    assert [refusal.value for refusal in refused.value.refusals] == ["ZNU26", "SR3M26"]
    assert "illustrative parameters" in refused.value.refusals[0].expected


def test_equivalents_come_as_one_or_several_contracts() -> None:
    one = equivalent_lists(np.array([1, 0]), np.array([0.25, 0.5]))
    assert one == [[(1, 0.25)], [(0, 0.5)]]
    two = equivalent_lists(np.array([[1, 0], [2, 0]]), np.array([[0.25, 0.75], [0.5, 0.0]]))
    assert two == [[(1, 0.25), (0, 0.75)], [(2, 0.5)]]
