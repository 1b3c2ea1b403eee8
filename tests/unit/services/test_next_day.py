"""The day after a move: what is in the windows, what volatility is, and which models it is for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.stress.cases import moves
from crossmargin.arrangement.eligibility import Recognition
from crossmargin.basics.refusals import RefusedError
from crossmargin.margin.book import Block
from crossmargin.margin.ewma import ewma_volatility
from crossmargin.market.history import MarketData
from crossmargin.services.customer_books import customer_books, holdings_of
from crossmargin.services.held_instruments import HeldInstruments
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.next_day import NextDay


@pytest.fixture(scope="module")
def held(simulated_day: MarginDay, simulated_recognition: Recognition) -> HeldInstruments:
    books = customer_books(simulated_day, simulated_recognition)
    return HeldInstruments.of(simulated_day, books[:1])


def _move(day: MarginDay, bp: float, *, basis: float = 0.0):  # type: ignore[no-untyped-def]
    years = day.ficc_history.key_rates.key_years
    return moves(
        "move",
        years,
        key_rates=np.full((1, len(years)), bp * 1e-4),
        basis_bp=np.full((1, 8), basis),
        horizon_days=1,
    )


def test_every_window_has_one_scenario_more_and_it_is_the_move(held: HeldInstruments) -> None:
    day = held.day
    after = NextDay.of(day).after(_move(day, 30.0))
    old, new = day.ficc.scenarios, after.ficc.scenarios
    for name in ("historical", "filtered", "one_day"):
        one, two = getattr(old, name), getattr(new, name)
        assert two.count == one.count + 1
        assert np.array_equal(two.key_rates[:-1], one.key_rates)
        assert str(two.end_dates[-1]) == "2026-03-25"
    assert new.one_day.key_rates[-1] == pytest.approx(0.003, abs=1e-12)
    # The overlapping scenario: the two days before have happened.
    before = old.one_day.key_rates[-2:].sum(axis=0)
    assert new.historical.key_rates[-1] == pytest.approx(before + 0.003, abs=1e-12)
    assert new.historical.start_dates[-1] == old.one_day.start_dates[-2]
    assert after.cme.scenarios.historical.count == day.cme.scenarios.historical.count + 1
    assert after.cme.scenarios.stress is day.cme.scenarios.stress


def test_cmes_scale_is_the_models_own_with_the_move_as_its_last_observation(
    held: HeldInstruments,
) -> None:
    day = held.day
    parameters = day.parameters.cme
    decay = float(parameters.ratio("volatility_decay"))
    changes = day.cme_history.key_rates.changes
    volatility = ewma_volatility(changes, decay)
    moved = NextDay.of(day).after(_move(day, 60.0)).cme.scenarios.historical
    window = day.cme.scenarios.historical
    following = np.sqrt(decay * volatility[-1] ** 2 + (1.0 - decay) * 0.006**2)
    assert (following > volatility[-1]).all()
    inside = volatility[:-1][-window.count :]
    today_before = np.maximum(volatility[-1], np.median(inside, axis=0))
    expected = window.key_rates * (following / today_before)
    assert moved.key_rates[:-1] == pytest.approx(expected, abs=1e-9)
    assert moved.key_rates[-1] == pytest.approx(0.006 / volatility[-1] * following, abs=1e-9)


def test_without_a_move_cmes_scenarios_hardly_change(held: HeldInstruments) -> None:
    day = held.day
    still = NextDay.of(day).after(_move(day, 0.0)).cme.scenarios.historical
    old = day.cme.scenarios.historical
    root = float(parameters_decay(day)) ** 0.5
    for name in ("key_rates", "basis_bp", "spread_bp"):
        one, two = getattr(old, name), getattr(still, name)
        size = np.abs(one).max(axis=0)
        moving = size > 0
        ratio = np.abs(two[:-1]).max(axis=0)[moving] / size[moving]
        assert (ratio <= 1.001).all()
        assert (ratio >= root - 1e-3).all()


def parameters_decay(day: MarginDay) -> Fraction:
    return day.parameters.cme.ratio("volatility_decay")


def test_a_large_move_raises_both_models_requirement(held: HeldInstruments) -> None:
    day = held.day
    block: Block = holdings_of(day, [held.books[0].xm]).block(0, 1)
    still = NextDay.of(day).after(_move(day, 0.0))
    moved = NextDay.of(day).after(_move(day, 80.0, basis=10.0))
    for model in ("ficc", "cme"):
        quiet, loud = (getattr(each, model).three_figures(block) for each in (still, moved))
        assert loud.combined.charge(0) > quiet.combined.charge(0)
        assert loud.securities.charge(0) > quiet.securities.charge(0)


def test_other_engines_and_correlations_of_today_are_refused(
    held: HeldInstruments, simulated_market: MarketData
) -> None:
    day = held.day
    changes = {"cme": {"correlation_scaling": "today"}}
    turned = day.under(day.parameters.changing(changes, reason="test"), simulated_market)
    with pytest.raises(RefusedError) as caught:
        NextDay.of(turned)
    assert "correlation_scaling" in caught.value.refusals[0].value
    assert replace(day) == day
