"""A simulated path: the history's own days, in blocks, by seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pytest

from crossmargin.analysis.walk.continuations import continued, cut_after
from crossmargin.analysis.walk.drawn_days import drawn_days
from crossmargin.analysis.walk.factors import KnownThen, WalkFactors
from crossmargin.testing.walks import invented_factors

FIRST, LAST = date(2010, 3, 1), date(2012, 12, 31)


@cache
def history() -> WalkFactors:
    return invented_factors(first=date(2009, 12, 1), last=date(2013, 1, 15), seed=31)


def known() -> KnownThen:
    return history().known[2013]


def drawn(  # type: ignore[no-untyped-def]
    *, days: int = 12, block_days: int = 5, seed: int = 7, skipped: int = 0
):
    return drawn_days(
        history(),
        known(),
        first=FIRST,
        last=LAST,
        days=days,
        block_days=block_days,
        seed=seed,
        skipped=skipped,
    )


def test_days_are_the_histories_own_in_blocks() -> None:
    found = drawn()
    places = np.searchsorted(history().dates, found.source_dates)
    assert (history().dates[places] == found.source_dates).all()
    assert (np.diff(places).reshape(-1)[[0, 1, 2, 3, 5, 6, 7, 8, 10]] == 1).all()
    par = history().points.par_yields
    steps = np.diff(np.vstack([np.zeros(par.shape[1]), found.par_changes]), axis=0)
    assert np.allclose(steps, par[places] - par[places - 1], atol=1e-15)
    one_day = known().moves[1].basis_bp[places - 1]
    assert np.array_equal(found.residuals[1].basis_bp, one_day)
    assert np.array_equal(found.residuals[3].basis_bp, one_day[:-2] + one_day[1:-1] + one_day[2:])
    own = known().moves[1].basis_own[places - 1]
    assert np.array_equal(found.residuals[3].basis_own, own[:-2] & own[1:-1] & own[2:])


def test_a_longer_path_begins_as_a_shorter_one_and_another_seed_is_another_path() -> None:
    short, long = drawn(days=7), drawn(days=30)
    assert np.array_equal(long.source_dates[:7], short.source_dates)
    assert np.array_equal(long.par_changes[:7], short.par_changes)
    assert not np.array_equal(drawn(seed=8).source_dates, drawn(seed=7).source_dates)


@pytest.mark.parametrize("skipped", [1, 5, 13])
def test_a_path_goes_on_after_days_that_are_skipped(skipped: int) -> None:
    whole, later = drawn(days=skipped + 7), drawn(days=7, skipped=skipped)
    assert np.array_equal(later.source_dates, whole.source_dates[skipped:])
    before = whole.par_changes[skipped - 1]
    assert np.allclose(later.par_changes, whole.par_changes[skipped:] - before, atol=1e-15)
    assert np.array_equal(later.residuals[3].basis_bp, whole.residuals[3].basis_bp[skipped:])


def test_a_day_after_a_missing_tenor_is_never_drawn() -> None:
    par = history().points.par_yields.copy()
    hole = int(np.searchsorted(history().dates, np.datetime64("2011-06-15")))
    par[hole, -1] = np.nan
    spoiled = replace(history(), points=replace(history().points, par_yields=par))
    found = drawn_days(spoiled, known(), first=FIRST, last=LAST, days=3_000, block_days=1, seed=1)
    places = set(np.searchsorted(history().dates, found.source_dates).tolist())
    assert len(places) > 400
    assert not places & {hole, hole + 1}
    assert not np.isnan(found.par_changes).any()


def test_it_is_walked_like_an_episode() -> None:
    last = history().dates[-1].astype(date)
    factors = continued(cut_after(history(), known(), last), drawn())
    assert len(factors.dates) == len(history().dates) + 12
    assert np.isfinite(factors.known[last.year].moves[3].key_rates).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"days": 0}, "at least one day"),
        ({"block_days": 0}, "at least one day"),
        ({"seed": -1}, "not negative"),
        ({"skipped": -1}, "not negative"),
        ({"block_days": 5_000}, "no 5000 days in a row"),
    ],
)
def test_what_makes_no_path_is_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        drawn(**changes)
