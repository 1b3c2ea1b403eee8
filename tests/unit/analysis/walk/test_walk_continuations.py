"""Histories that go on: the days that came next give the walk that came next; an impulse decays."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from crossmargin.analysis.walk.continuations import (
    Continuation,
    ResidualMoves,
    continued,
    cut_after,
    episode,
    impulse,
)
from crossmargin.analysis.walk.factors import KnownThen, WalkFactors, known_on, walk_factors
from crossmargin.analysis.walk.figures import BookWalk, WalkRules
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.margins import LEGS
from crossmargin.analysis.walk.volatility import volatility_ratios
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.arrangement.eligibility import Recognition
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.margin.ewma import ewma_volatility
from crossmargin.market.factors import CURVE_TENORS
from crossmargin.market.history import MarketData
from crossmargin.market.scenarios import FactorHistories
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.customer_books import customer_books
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.walk_dates import walk_rules
from crossmargin.services.walked_books import lines_and_books

#: The last date of a year: what was known on it is what a walk of the next year knows.
CUT = date(2024, 12, 31)
UNTIL = date(2025, 1, 31)
TEN_YEARS = CURVE_TENORS.index("10Y")


class Walked(NamedTuple):
    """A history to the end, the same cut short, and what is walked."""

    whole: WalkFactors
    known: KnownThen
    cut: WalkFactors
    rules: WalkRules
    lines: Lines
    books: list[Book]

    def walk(self, factors: WalkFactors, *, first: date) -> list[BookWalk]:
        places = factors.places_between(first, factors.dates[-1].astype(date))
        return walk_books(
            factors,
            places,
            lines=self.lines,
            books=self.books,
            rules=self.rules,
            run=ThreadExecutor(workers=1).run,
        )


@pytest.fixture(scope="module")
def walked(
    simulated_market: MarketData, simulated_day: MarginDay, simulated_recognition: Recognition
) -> Walked:
    rules = walk_rules(simulated_day.parameters)
    histories = FactorHistories(simulated_market, simulated_day.parameters.market, as_of=UNTIL)
    known = known_on(histories, CUT, rules.horizons)
    whole = walk_factors(histories, first=CUT, last=UNTIL, horizons=rules.horizons)
    chosen = ("BASIS-FUND", "CURVE-FUND", "REGIONAL-BANK")
    books = [
        book
        for book in customer_books(simulated_day, simulated_recognition)
        if book.key.customer_id in chosen
    ]
    lines, of_lines = lines_and_books(simulated_day, books)
    return Walked(whole, known, cut_after(whole, known, CUT), rules, lines, of_lines)


def test_a_cut_history_ends_on_its_date(walked: Walked) -> None:
    cut = walked.cut
    assert str(cut.dates[-1]) == "2024-12-31"
    count = len(cut.dates)
    assert len(cut.points.par_yields) == len(cut.points.filled) == count
    for horizon, moves in cut.known[2024].moves.items():
        assert len(moves.key_rates) == len(moves.basis_own) == count - horizon


def test_the_days_that_came_next_give_the_walk_that_came_next(walked: Walked) -> None:
    onward = episode(walked.whole, walked.known, first=date(2025, 1, 1), last=UNTIL)
    again = continued(walked.cut, onward)
    assert (again.dates == walked.whole.dates).all()
    first = date(2025, 1, 2)
    for theirs, ours in zip(
        walked.walk(walked.whole, first=first), walked.walk(again, first=first), strict=True
    ):
        assert len(ours.dates) == onward.days
        # CME's moves are of one day: none straddles the cut, so nothing is summed from parts. The
        # sum of a yield and a change has another last bit than the yield: a cent at most.
        for leg in LEGS:
            assert np.abs(ours.cme.cents[leg] - theirs.cme.cents[leg]).max() <= 1
        # FICC's basis moves over the cut are sums of one-day moves: two scenarios of thousands,
        # none of them in a tail here.
        for leg in LEGS:
            assert np.abs(ours.ficc.cents[leg] - theirs.ficc.cents[leg]).max() <= 1
        assert [each.binding for each in ours.reductions] == [
            each.binding for each in theirs.reductions
        ]
        for name in ("securities", "futures"):
            difference = getattr(ours.outcomes[1], name) - getattr(theirs.outcomes[1], name)
            assert np.abs(difference).max() < 0.01


def test_moves_of_basis_over_the_cut_are_sums_of_one_day_moves(walked: Walked) -> None:
    onward = episode(walked.whole, walked.known, first=date(2025, 1, 1), last=UNTIL)
    again = continued(walked.cut, onward)
    days = walked.rules.ficc.horizon_days
    moves, one = again.known[2025].moves[days], again.known[2025].moves[1]
    end = len(walked.cut.dates) - 1
    truth = walked.known.moves[days]
    for start in range(end - days - 2, end + 3):
        summed = one.basis_bp[start : start + days].sum(axis=0)
        own = truth.basis_bp[start]
        straddles = start < end < start + days
        assert np.allclose(moves.basis_bp[start], summed if straddles else own, atol=1e-12)
        assert not np.allclose(summed, own)
    assert np.allclose(moves.key_rates, truth.key_rates[: len(moves.key_rates)], atol=1e-15)


def _all_seen(moves: ResidualMoves) -> ResidualMoves:
    return replace(
        moves,
        basis_own=np.ones_like(moves.basis_own),
        spread_own=np.ones_like(moves.spread_own),
    )


def test_days_of_an_impulse_give_no_forecast_of_basis_or_spread(walked: Walked) -> None:
    still = impulse(4, parallel_bp=1.0, twist_bp=0.0, horizons=(1, 3))
    moves = continued(walked.cut, still).known[2024].moves[1]
    assert not moves.basis_own[-4:].any()
    assert not moves.spread_own[-4:].any()


def test_a_straddling_move_is_observed_only_if_each_of_its_days_is(walked: Walked) -> None:
    still = impulse(4, parallel_bp=1.0, twist_bp=0.0, horizons=(1, 3))
    # Nothing was observed in an impulse; here everything was, but the first day's basis.
    seen = {days: _all_seen(each) for days, each in still.residuals.items()}
    own = seen[1].basis_own.copy()
    own[0] = False
    part = replace(seen[1], basis_own=own)
    onward = Continuation(still.par_changes, {1: part, 3: seen[3]})
    moves = continued(walked.cut, onward).known[2024].moves[3]
    end = len(walked.cut.dates) - 1
    assert not moves.basis_own[end - 2 : end].any()
    assert (
        moves.spread_own[end - 2 : end].all()
        == walked.cut.known[2024].moves[1].spread_own[end - 2 : end].all()
    )
    assert moves.basis_own[end:].all()


@pytest.mark.parametrize("days", [1, 2, 3, 5])
def test_every_move_has_a_row_however_few_the_days(walked: Walked, days: int) -> None:
    onward = impulse(days, parallel_bp=5.0, twist_bp=0.0, horizons=walked.rules.horizons)
    again = continued(walked.cut, onward)
    assert len(again.dates) == len(walked.cut.dates) + days
    for horizon, moves in again.known[2025].moves.items():
        expected = len(again.dates) - horizon
        for name in ("key_rates", "basis_bp", "spread_bp", "basis_own", "spread_own"):
            assert len(getattr(moves, name)) == expected


def test_appended_days_are_business_days(walked: Walked) -> None:
    onward = impulse(30, parallel_bp=5.0, twist_bp=0.0, horizons=walked.rules.horizons)
    dates = continued(walked.cut, onward).dates[-30:].astype(object).tolist()
    calendar = sifma_calendar()
    assert dates[0] == date(2025, 1, 2)
    assert all(later == calendar.next_business_day(day) for day, later in pairwise(dates))


def test_a_tenor_that_an_episode_lacks_is_missing_and_the_curve_flat_beyond(walked: Walked) -> None:
    onward = impulse(3, parallel_bp=10.0, twist_bp=0.0, horizons=walked.rules.horizons)
    lacking = onward.par_changes.copy()
    lacking[:, CURVE_TENORS.index("30Y")] = np.nan
    again = continued(walked.cut, Continuation(lacking, onward.residuals))
    start = len(walked.cut.dates) - 1
    moves = again.known[2025].moves[1].key_rates[start]
    keys = again.key_years.tolist()
    assert np.isnan(again.points.par_yields[-1, -1])
    # Both curves of the move are made of the tenors left: thirty years move as twenty at par.
    assert moves[keys.index(30.0)] == pytest.approx(10e-4, rel=0.1)
    zeros = again.zero_rates_on([len(again.dates) - 1])
    assert np.isfinite(zeros).all()


def test_a_parallel_impulse_moves_every_par_yield_alike_and_a_twist_turns_them() -> None:
    parallel = impulse(2, parallel_bp=25.0, twist_bp=0.0, horizons=(1, 3)).par_changes
    assert np.allclose(parallel, 25e-4)
    twisted = impulse(2, parallel_bp=0.0, twist_bp=40.0, horizons=(1, 3)).par_changes[0]
    of = dict(zip(CURVE_TENORS, (twisted * 1e4).tolist(), strict=True))
    assert of["3M"] == of["2Y"] == pytest.approx(-20.0)
    assert of["10Y"] == of["30Y"] == pytest.approx(20.0)
    assert of["5Y"] == pytest.approx(-20.0 + 40.0 * 3 / 8)
    with pytest.raises(ValueError, match="a day at least"):
        impulse(0, parallel_bp=1.0, twist_bp=0.0, horizons=(1,))


def test_after_an_impulse_the_forecast_decays_as_stated(walked: Walked) -> None:
    days, decay = 40, walked.rules.cme.decay
    onward = impulse(days, parallel_bp=25.0, twist_bp=0.0, horizons=walked.rules.horizons)
    again = continued(walked.cut, onward)
    moves = again.known[2025].moves[1].key_rates
    key = again.key_years.tolist().index(10.0)
    jump = moves[-days, key]
    assert jump == pytest.approx(25e-4, rel=0.1)
    assert np.abs(moves[1 - days :]).max() < 1e-15
    forecasts = ewma_volatility(moves, decay)[:, key]
    before = forecasts[-days - 1] ** 2
    for day in range(1, days + 1):
        expected = decay ** (day - 1) * (decay * before + (1 - decay) * jump**2)
        assert forecasts[-days - 1 + day] ** 2 == pytest.approx(expected, rel=1e-9)
    opening = len(again.dates) - days - 1
    ratios = volatility_ratios(
        again.known[2025].moves[1],
        again.dates,
        range(opening, len(again.dates)),
        walked.rules.cme,
    )[:, key]
    assert ratios[1] == max(ratios) > ratios[0]
    # The median of the window hardly moves in a day: the ratio falls by the root of the decay.
    assert np.allclose(ratios[2:] / ratios[1:-1], decay**0.5, rtol=0.01)


def test_no_episode_without_a_move(walked: Walked) -> None:
    with pytest.raises(ValueError, match="no move of the history"):
        episode(walked.whole, walked.known, first=date(2025, 1, 4), last=date(2025, 1, 5))
    begin = walked.whole.dates[0].astype(date)
    with pytest.raises(ValueError, match="no move of the history"):
        episode(walked.whole, walked.known, first=begin, last=date(2007, 1, 1))


def test_yields_without_a_discount_factor_are_no_curve(walked: Walked) -> None:
    onward = impulse(1, parallel_bp=50_000.0, twist_bp=0.0, horizons=walked.rules.horizons)
    with pytest.raises(ValueError, match="discount factor that is not positive"):
        continued(walked.cut, onward)


def test_yields_may_fall_below_zero(walked: Walked) -> None:
    still = impulse(14, parallel_bp=0.0, twist_bp=0.0, horizons=walked.rules.horizons)
    falling = still.par_changes - 0.004 * np.arange(1, 15)[:, np.newaxis]
    again = continued(walked.cut, Continuation(falling, still.residuals))
    assert again.points.par_yields[-1, TEN_YEARS] < 0.0
    for found in walked.walk(again, first=again.dates[-2].astype(date)):
        assert (found.requirement_cents > 0).all()
        assert np.isfinite(found.outcomes[1].combined).all()


@pytest.mark.real_data
def test_march_2020_done_again_on_its_own_eve_is_march_2020(
    real_market: MarketData, real_day: MarginDay, sample_recognition: Recognition
) -> None:
    """On published yields and closes, with their gaps; the sample's basis and curve books."""
    eve, last = date(2019, 12, 31), date(2020, 3, 31)
    rules = walk_rules(real_day.parameters)
    histories = FactorHistories(real_market, real_day.parameters.market, as_of=last)
    known = known_on(histories, eve, rules.horizons)
    whole = walk_factors(histories, first=eve, last=last, horizons=rules.horizons)
    books = [
        book
        for book in customer_books(real_day, sample_recognition)
        if book.key.customer_id in ("BASIS-FUND", "CURVE-FUND")
    ]
    lines, of_lines = lines_and_books(real_day, books)
    walked = Walked(whole, known, cut_after(whole, known, eve), rules, lines, of_lines)
    again = continued(walked.cut, episode(whole, known, first=date(2020, 1, 1), last=last))
    assert (again.dates == whole.dates).all()
    first = date(2020, 2, 20)
    for theirs, ours in zip(
        walked.walk(whole, first=first), walked.walk(again, first=first), strict=True
    ):
        for leg in LEGS:
            for one, other in ((ours.ficc, theirs.ficc), (ours.cme, theirs.cme)):
                assert np.abs(one.cents[leg] - other.cents[leg]).max() <= 1
        assert (ours.outcomes[1].basis_observed == theirs.outcomes[1].basis_observed).all()
        assert np.abs(ours.requirement_cents - theirs.requirement_cents).max() <= 2
