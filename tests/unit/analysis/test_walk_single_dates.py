"""Single dates of a walk against both margin models with the same bonds; and no look ahead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crossmargin.analysis.walk.factors import WalkFactors, walk_factors
from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.margins import LEGS
from crossmargin.bootstrap import parameter_sets
from crossmargin.market.history import CloseHistory, MarketData
from crossmargin.market.scenarios import FactorHistories
from crossmargin.testing.builders import AS_OF
from crossmargin.testing.walk_models import DateOfModels, steps_of_walk
from crossmargin.testing.walks import digest_of, example_book, example_lines, rules_of, walked

PARAMETERS = parameter_sets(AS_OF)
RULES = rules_of(PARAMETERS)
FIRST_YEAR = 2019

#: Charges on gross market value are the same to a grid step a unit; a walk leaves out the fifth
#: order of a bond's moves and part of the second of a forward's.
ON_GROSS = ("bid_ask", "floor_percentage", "repo_volatility")
POLYNOMIAL = 1e-4
#: Volatilities of price changes to the first order, and how the recursion begins.
FIRST_ORDER = 1e-3
#: What curvature does to those volatilities.
FILTER = 0.01


def factors_of(market: MarketData, *, last: date) -> WalkFactors:
    return walk_factors(
        FactorHistories(market, PARAMETERS.market, as_of=last),
        first=date(FIRST_YEAR, 1, 2),
        last=last,
        horizons=RULES.horizons,
    )


@pytest.fixture(scope="module")
def factors(simulated_market: MarketData) -> WalkFactors:
    return factors_of(simulated_market, last=AS_OF)


@pytest.mark.parametrize(
    "day", [date(2019, 2, 1), date(2020, 4, 8), date(2023, 5, 3), date(2026, 3, 24)]
)
def test_a_date_is_that_of_the_models(
    day: date, simulated_market: MarketData, factors: WalkFactors
) -> None:
    (walk,) = walked(factors, RULES, first=day, last=day)
    book = example_book()
    models = DateOfModels(simulated_market, PARAMETERS, example_lines(), day)
    own, expected = steps_of_walk(walk, 0), models.steps(book)
    assert set(own) == set(expected)
    gross = sum(map(abs, book.securities.values())) + sum(map(abs, book.contracts.values()))
    for key, steps in expected.items():
        _, name, _ = key
        if name in ON_GROSS:
            assert abs(own[key] - steps) <= gross, key
        elif name == "filtered":
            assert own[key] == pytest.approx(steps, rel=FILTER), key
        elif name != "cents":
            assert own[key] == pytest.approx(steps, rel=POLYNOMIAL), key
        else:
            assert own[key] == pytest.approx(steps, rel=FILTER), key
        assert steps > 0 or name == "repo_volatility"
    filtered = models.filtered_steps(book)
    for leg in LEGS:
        assert own["ficc", "filtered", leg] == pytest.approx(filtered[leg], rel=FIRST_ORDER)


def _altered(history: CloseHistory, day: np.datetime64) -> CloseHistory:
    after = history.dates > day
    return replace(history, closes=np.where(after, history.closes * 0.97, history.closes))


def altered_after(market: MarketData, day: np.datetime64) -> MarketData:
    """Return the market with other yields and closes after a date."""
    par = market.par_yields
    shift = np.where(par.dates > day, 0.8, 0.0)[:, np.newaxis]
    return replace(
        market,
        par_yields=replace(par, yields_pct=par.yields_pct * 1.0 + shift),
        treasury_futures={
            symbol: _altered(history, day) for symbol, history in market.treasury_futures.items()
        },
        fed_funds_futures={
            code: _altered(history, day) for code, history in market.fed_funds_futures.items()
        },
    )


def without_outcomes(walk: BookWalk, known_until: np.datetime64, dates: np.ndarray) -> str:
    """Return the digest of all margins, and of the outcomes that are known by a date."""
    known = {}
    for days, happened in walk.outcomes.items():
        places = np.searchsorted(dates, walk.dates) + days
        count = int((dates[places[: len(happened.securities)]] <= known_until).sum())
        known[days] = replace(
            happened,
            securities=happened.securities[:count],
            futures=happened.futures[:count],
            basis_observed=happened.basis_observed[:count],
        )
    return digest_of([replace(walk, outcomes=known)])


@pytest.mark.parametrize(
    ("first", "last", "later"),
    [
        # In the middle of a quarter nothing after the date counts.
        (date(2020, 4, 30), date(2020, 5, 8), 0),
        # Around a roll, which day it was is read from the prices of up to four dates later; so are
        # the rolls at the end of December, on which the estimates of January rest.
        (date(2020, 3, 16), date(2020, 3, 20), 4),
        (date(2019, 12, 30), date(2020, 1, 3), 4),
    ],
)
def test_nothing_later_is_known(
    first: date,
    last: date,
    later: int,
    simulated_market: MarketData,
    factors: WalkFactors,
) -> None:
    (walk,) = walked(factors, RULES, first=first, last=last)
    end = factors.places_between(last, last)[0]
    day = factors.dates[end + later]
    changed = altered_after(simulated_market, day)
    again = factors_of(changed, last=date(2020, 12, 31))
    (other,) = walked(again, RULES, first=first, last=last)
    known: Callable[[BookWalk], str] = lambda each: without_outcomes(each, day, factors.dates)  # noqa: E731
    assert known(walk) == known(other)
    # The change is felt a date later, so that the equality says something.
    after = factors.dates[end + later + 1].astype(date)
    one, two = (walked(each, RULES, first=after, last=after)[0] for each in (factors, again))
    assert one.cme.cents["securities"].tolist() != two.cme.cents["securities"].tolist()


def test_a_history_that_ends_earlier_gives_the_same_walk(
    simulated_market: MarketData, factors: WalkFactors
) -> None:
    """Outside a roll: what is known on a date does not depend on how far the data go."""
    day = date(2020, 5, 8)
    short = factors_of(simulated_market, last=day)
    one, two = (
        walked(each, RULES, first=date(2020, 5, 4), last=day)[0] for each in (factors, short)
    )
    until = np.datetime64(day)
    assert without_outcomes(one, until, factors.dates) == without_outcomes(
        two, until, factors.dates
    )
    assert [len(two.outcomes[days].securities) for days in (1, 3)] == [4, 2]
