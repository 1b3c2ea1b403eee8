"""Outcomes by dates with names, and by volatility as it was known."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin import bootstrap
from crossmargin.basics.refusals import RefusedError
from crossmargin.market.history import DateArray
from crossmargin.market.seeds import generator as seeded
from crossmargin.parameters.registry import ParameterSet
from crossmargin.validation.assessment import AssessmentRules, Verdict
from crossmargin.validation.regimes import (
    OTHER_DATES,
    Regime,
    VolatilityState,
    coverage_by_regime,
    dated_masks,
    regimes_from_parameters,
    volatility_masks,
)
from crossmargin.validation.yield_moves import ewma_volatility

DATES: DateArray = np.arange(np.datetime64("2019-12-30"), np.datetime64("2020-01-09"))
REGIMES = (
    Regime("first", date(2019, 12, 31), date(2020, 1, 1)),
    Regime("second", date(2020, 1, 5), date(2020, 1, 7)),
    Regime("later", date(2021, 1, 1), date(2021, 12, 31)),
)


@pytest.fixture(scope="module")
def validation() -> ParameterSet:
    return bootstrap.backtest_parameters(date.max).validation


def test_shipped_regimes_follow_each_other(validation: ParameterSet) -> None:
    regimes = regimes_from_parameters(validation)
    assert len(regimes) >= 7
    assert [each.first for each in regimes] == sorted(each.first for each in regimes)
    pandemic = next(each for each in regimes if each.name == "pandemic")
    assert (pandemic.first, pandemic.last) == (date(2020, 2, 24), date(2020, 4, 30))


def test_regimes_that_share_a_day_are_refused(validation: ParameterSet) -> None:
    changed = validation.replacing({"regime_pandemic": "2020-02-21..2020-04-30"}, reason="a test")
    with pytest.raises(RefusedError, match=r"regime_pandemic.*regime_gradual_hikes"):
        regimes_from_parameters(changed)


def test_every_date_is_in_one_regime_or_in_none() -> None:
    masks = dated_masks(DATES, REGIMES)
    assert list(masks) == ["first", "second", "later", OTHER_DATES]
    assert [int(mask.sum()) for mask in masks.values()] == [2, 3, 0, 5]
    assert (sum(mask.astype(int) for mask in masks.values()) == 1).all()
    assert DATES[masks["first"]].tolist() == [date(2019, 12, 31), date(2020, 1, 1)]


def test_coverage_of_each_regime_by_hand(validation: ParameterSet) -> None:
    #                    30  31   1    2    3    4    5    6    7    8
    losses = np.array([0.0, 3.0, 5.0, 0.0, 0.0, 0.0, 0.0, 2.5, 0.0, 9.0])
    margins = np.array([1.0, 2.0, 4.0, 1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 1.0])
    rules = AssessmentRules.from_parameters(validation)
    found = coverage_by_regime(losses, margins, dated_masks(DATES, REGIMES), horizon=1, rules=rules)
    assert [each.name for each in found] == ["first", "second", OTHER_DATES]
    first, second, other = found
    assert (first.outcomes, first.exceptions, first.average_margin) == (2, 2, 3.0)
    assert (second.coverage, second.average_margin) == (Fraction(2, 3), 2.0)
    assert (first.severity.total, first.severity.largest_at) == (2.0, 1)
    assert (other.severity.largest, other.severity.largest_at) == (8.0, 9)
    # Two of two where one in a hundred is promised happen once in 10,000 times.
    assert first.verdict is Verdict.UNDER_MARGINED
    assert first.test.tail_probability == pytest.approx(1e-4, rel=1e-12)


def test_regimes_share_the_level_among_them(validation: ParameterSet) -> None:
    # Seven of 250 have p = 1.9 % (LR = 5.497): below 5 % and below a half of it, but not below a
    # third of it.
    rules = AssessmentRules.from_parameters(validation)
    losses, margins = np.zeros(500), np.ones(500)
    losses[:210:30] = 2.0
    half = np.arange(500) < 250
    alone = coverage_by_regime(losses, margins, {"one": half}, horizon=1, rules=rules)
    both = coverage_by_regime(losses, margins, {"one": half, "two": ~half}, horizon=1, rules=rules)
    assert alone[0].exceptions == both[0].exceptions == 7
    assert alone[0].test.result.p_value == both[0].test.result.p_value
    assert alone[0].verdict is Verdict.UNDER_MARGINED
    assert 0.0125 < alone[0].test.result.p_value < 0.025
    third = {"one": half, "two": ~half & (np.arange(500) < 400), "three": np.arange(500) >= 400}
    many = coverage_by_regime(losses, margins, third, horizon=1, rules=rules)
    assert many[0].verdict is Verdict.NOT_REJECTED


def test_volatility_states_use_nothing_later() -> None:
    count, fewest = 400, 50
    history: DateArray = np.datetime64("2018-01-01") + np.arange(count)
    changes = seeded(8).standard_normal(count) * np.repeat([1.0, 3.0, 0.5, 2.0], 100)
    changes[7] = np.nan
    options = {"decay": 0.94, "start_changes": 20, "fewest": fewest}
    masks = volatility_masks(history, history, changes, **options)
    assert list(masks) == [state.value for state in VolatilityState]
    assert (sum(mask.astype(int) for mask in masks.values()) == 1).all()
    # Known from change 7 on, started after 20 changes, and called something after 50 of them.
    first = int(np.flatnonzero(~masks[VolatilityState.UNKNOWN])[0])
    assert first == 8 + 20 - 1 + fewest - 1
    # The same, date by date.
    volatility = ewma_volatility(changes[:, None], decay=0.94, start_changes=20)[:, 0]
    for place in range(first, count):
        known = [value for value in volatility[: place + 1] if not np.isnan(value)]
        smaller = sum(value < volatility[place] for value in known)
        share = Fraction(smaller, len(known))
        expected = VolatilityState.LOW
        if share >= Fraction(1, 3):
            expected = VolatilityState.MIDDLE if share < Fraction(2, 3) else VolatilityState.HIGH
        assert masks[expected][place]
    # What comes later changes nothing before.
    shorter = volatility_masks(history[:250], history[:250], changes[:250], **options)
    for state, mask in shorter.items():
        assert (mask == masks[state][:250]).all()


def test_margin_dates_are_found_in_the_history() -> None:
    history: DateArray = np.datetime64("2018-01-01") + np.arange(0, 200, 2).astype("timedelta64[D]")
    changes = seeded(9).standard_normal(100)
    options = {"decay": 0.94, "start_changes": 5, "fewest": 10}
    whole = volatility_masks(history, history, changes, **options)
    some = volatility_masks(history[40:60:5], history, changes, **options)
    for state, mask in some.items():
        assert (mask == whole[state][40:60:5]).all()
    with pytest.raises(ValueError, match="among the dates of the history"):
        volatility_masks(history[40:41] + np.timedelta64(1, "D"), history, changes, **options)
    with pytest.raises(ValueError, match="among the dates of the history"):
        volatility_masks(history[-1:] + np.timedelta64(1, "D"), history, changes, **options)
