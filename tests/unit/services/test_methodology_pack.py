"""The pack's use case: standard books by rule, a cut day with the same figures, ranges."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from crossmargin.analysis.sensitivity import Variant
from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.services import methodology_pack
from crossmargin.services.margin_positions import MarginRun, margin_positions, margined_under
from crossmargin.services.standard_books import standard_books, standard_positions

if TYPE_CHECKING:
    from crossmargin.market.history import MarketData
    from crossmargin.parameters.registry import ParameterSet
    from crossmargin.services.margin_day import MarginDay
    from crossmargin.services.standard_books import StandardBook


@pytest.fixture(scope="module")
def validation(simulated_day: MarginDay) -> ParameterSet:
    return parameter_registry().set_of("validation", simulated_day.as_of)


@pytest.fixture(scope="module")
def books(simulated_day: MarginDay, validation: ParameterSet) -> tuple[StandardBook, ...]:
    return standard_books(simulated_day, validation)


@pytest.fixture(scope="module")
def run(
    simulated_market: MarketData, simulated_day: MarginDay, books: tuple[StandardBook, ...]
) -> MarginRun:
    return margin_positions(
        standard_positions(books),
        simulated_market,
        simulated_day.parameters,
        block_executor(),
        as_of=simulated_day.as_of,
    )


def test_both_legs_of_a_basis_book_have_the_stated_dv01(
    simulated_day: MarginDay, books: tuple[StandardBook, ...]
) -> None:
    futures = {f.contract.code: f for f in simulated_day.valuation.contracts}
    rows = simulated_day.valuation.book.index()
    basis = [book for book in books if book.name.endswith("basis")]
    assert len(basis) >= 5
    for book in basis:
        (_, cusip, par), (_, code, contracts) = book.lines
        future = futures[code]
        assert rows[cusip] == future.cheapest_row
        assert contracts < 0
        assert -contracts * future.dv01_dollars == pytest.approx(100_000, rel=0.01)
        face = 100 * future.dollars_per_point
        assert par == pytest.approx(-contracts * face / future.cheapest_factor, abs=100)
        assert par % 100 == 0


def test_a_books_size_is_the_parameter(
    simulated_day: MarginDay, validation: ParameterSet, books: tuple[StandardBook, ...]
) -> None:
    twice = standard_books(
        simulated_day, validation.replacing({"standard_book_dv01_dollars": "200000"}, reason="test")
    )
    for one, two in zip(books, twice, strict=True):
        assert one.name == two.name
        for (_, _, small), (_, _, large) in zip(one.lines, two.lines, strict=True):
            assert large == pytest.approx(2 * small, rel=0.01)


def test_hedged_books_save_and_one_way_books_do_not(run: MarginRun) -> None:
    reductions = {
        customer.key.customer_id: customer.requirement.reduction.reduction
        for customer in run.result.customers
    }
    assert reductions.pop("same direction") < Fraction(1, 20)
    assert all(reduction > Fraction(1, 2) for reduction in reductions.values())


def test_words_of_a_book_name_no_cusip(
    simulated_day: MarginDay, books: tuple[StandardBook, ...]
) -> None:
    cusips = {price.security.cusip.text for price in simulated_day.valuation.book.prices}
    for book in books:
        assert not any(cusip in book.what for cusip in cusips)


@pytest.mark.parametrize(
    "changes",
    [
        {"ficc": {"basis_volatility_multiple": "3"}, "cme": {"basis_volatility_multiple": "3"}},
        {"cme": {"equivalent_contract": "two_contract"}, "ficc": {"bid_ask_bp": "1.2, 1.4, 1.4"}},
    ],
)
def test_a_cut_day_gives_the_same_requirements(
    simulated_market: MarketData, run: MarginRun, changes: dict[str, dict[str, str]]
) -> None:
    small = methodology_pack._small(run)
    assert len(small.result.day.valuation.book.prices) < len(run.result.day.valuation.book.prices)
    parameters = run.result.day.parameters.changing(changes, reason="test")
    whole, cut = (
        margined_under(each, simulated_market, parameters, block_executor())
        for each in (run, small)
    )
    assert [c.requirement for c in whole.customers] == [c.requirement for c in cut.customers]
    assert [c.requirement for c in whole.customers] != [c.requirement for c in run.result.customers]


def test_ranges_and_assumptions_are_asked_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch, simulated_market: MarketData, run: MarginRun
) -> None:
    multiple = {"basis_volatility_multiple": "5"}
    variants = (
        Variant("no floor percentage", ficc={"floor_share": "0"}),
        Variant("basis volatility x five", ficc=multiple, cme=multiple),
    )
    monkeypatch.setattr(methodology_pack, "VARIANTS", variants)
    ranged = [
        one
        for one in methodology_pack.ranged_parameters(run.result.day.parameters)
        if (one.owner, one.name) in {("arrangement", "threshold"), ("cme", "historical_weight")}
    ]
    monkeypatch.setattr(methodology_pack, "ranged_parameters", lambda _: ranged)
    told: list[str] = []
    found = methodology_pack._sensitivity(
        methodology_pack._small(run), simulated_market, block_executor(), told.append
    )
    assert [answer.name for answer in found.answers] == [
        "as run",
        "no floor percentage",
        "basis volatility x five",
    ]
    assert found.basis_multiples == {
        Fraction(1): "as run",
        Fraction(5): "basis volatility x five",
    }
    base, _, wide = found.answers
    assert all(wide.savings[name] < base.savings[name] for name in ("ZN basis", "ZT basis"))
    rows = found.ranges["curve"]
    assert {row.parameter.name for row in rows} == {"threshold", "historical_weight"}
    assert rows[0].effect >= rows[1].effect
    assert any(row.effect.cents for row in rows)
    assert len(told) == 4


def test_a_day_is_left_whole_where_a_front_contract_is_not_held(run: MarginRun) -> None:
    none_held = replace(run, books=run.books[:1])
    assert methodology_pack._small(none_held) is none_held, "other fronts are not held"
