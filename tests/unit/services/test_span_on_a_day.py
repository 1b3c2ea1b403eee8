"""SPAN on the contracts and securities of a whole day, with a made-up set for its contracts."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from crossmargin.margin.book import Block
from crossmargin.margin.cme.span.model import SpanModel, equivalent_lists, prepare_span
from crossmargin.services.margin_day import MarginDay
from crossmargin.testing.span_sets import commodity, future, inter, parameter_set

_MONEY_MARKET_DV01 = 25


@pytest.fixture(scope="module")
def model(simulated_day: MarginDay) -> SpanModel:
    """Return SPAN with a range of thirty basis points of each contract's DV01."""
    futures = simulated_day.valuation.contracts
    codes = sorted({each.contract.specification.clearing_code for each in futures})
    contracts = [
        future(
            each.contract.specification.clearing_code,
            f"{each.contract.year}{each.contract.month:02d}",
            3 * round(10 * getattr(each, "dv01_dollars", _MONEY_MARKET_DV01)),
        )
        for each in futures
    ]
    spreads = [
        inter(place, "3/4", (first, 1, "A"), (second, 1, "B"))
        for place, (first, second) in enumerate(pairwise(codes))
    ]
    equivalents = simulated_day.equivalents
    return prepare_span(
        parameters=parameter_set([commodity(code) for code in codes], contracts, spreads),
        contracts=[each.contract for each in futures],
        equivalents=equivalent_lists(equivalents.places, equivalents.contracts_per_100),
        execution=simulated_day.parameters.cme,
    )


def one(model: SpanModel, securities: Mapping[int, int], contracts: Mapping[int, int]) -> Block:
    block = Block.without_repo(
        np.zeros((1, len(model.equivalents))), np.zeros((1, len(model.contracts)))
    )
    for row, held in ((block.securities, securities), (block.contracts, contracts)):
        for place, units in held.items():
            row[0, place] = units
    return block


def saving(model: SpanModel, block: Block) -> Fraction:
    parts = (block.securities_only(), block.contracts_only())
    alone = sum((model.result(part, 0).maintenance for part in parts), start=Fraction(0))
    return 1 - model.result(block, 0).maintenance / alone


def test_a_security_matched_by_its_own_contract_saves_at_least_95_per_cent(
    model: SpanModel,
) -> None:
    units = 1_000_000  # $100 million of par
    for security in range(0, len(model.equivalents), 25):
        contracts = {place: -round(units * ratio) for place, ratio in model.equivalents[security]}
        assert saving(model, one(model, {security: units}, contracts)) >= Fraction(95, 100)


def test_a_book_of_one_direction_saves_exactly_nothing(model: SpanModel) -> None:
    securities = {place: 1000 + place for place in range(0, len(model.equivalents), 40)}
    contracts = {place: 10 + place for place in range(len(model.contracts))}
    assert saving(model, one(model, securities, contracts)) == 0


def test_the_three_figures_are_the_results_up_to_the_cent(model: SpanModel) -> None:
    block = one(model, {0: 5000, 30: -7000}, {0: -40})
    figures = model.three_figures(block)
    assert figures.combined.charge(0).dollars >= model.result(block, 0).maintenance
    assert figures.combined.charge_cents[0] <= sum(
        leg.charge_cents[0] for leg in (figures.securities, figures.futures)
    )
