"""Properties of coverage: counts, order statistics, and one coverage against another."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.pricing.par_bond import pnl_of_yield_moves_per_100
from crossmargin.validation.coverage import ExceptionReading, exceptions, measure_coverage
from crossmargin.validation.windows import Window, slide_of, sliding_tails

WHOLE = st.integers(-30, 30).map(float)
PAIRS = st.lists(st.tuples(WHOLE, st.integers(0, 30).map(float)), min_size=1, max_size=60)
WINDOWS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(0, 10)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.integers(1, 70))
def test_counts_add_up_and_more_margin_never_covers_less(
    pairs: list[tuple[float, float]], rolling: int
) -> None:
    losses, margins = (np.array(each) for each in zip(*pairs, strict=True))
    strict, loose = (
        measure_coverage(losses, margins, reading=reading, rolling_outcomes=rolling)
        for reading in (ExceptionReading.LOSS_ABOVE_MARGIN, ExceptionReading.LOSS_AT_MARGIN)
    )
    assert loose.exceptions == strict.exceptions + strict.ties
    assert strict.coverage * len(pairs) + strict.exceptions == len(pairs)
    if strict.worst_rolling is not None:
        assert strict.worst_rolling <= strict.coverage or rolling < len(pairs)
        assert (strict.worst_rolling == strict.coverage) or rolling < len(pairs)
    more = exceptions(losses, margins + 1.0)
    assert not (more & ~exceptions(losses, margins)).any()


@settings(max_examples=60, deadline=None)
@given(st.lists(WHOLE | st.just(float("nan")), min_size=60, max_size=60), WINDOWS)
def test_sliding_order_statistics_are_those_of_ordering(
    values: list[float], spans: list[tuple[int, int, int, int]]
) -> None:
    series = np.array(values)
    windows = [
        Window(range(first, first + length), range(other, other + extra))
        for first, length, other, extra in spans
    ]
    windows = [w for w in windows if np.isfinite(w.of(series)).any()]
    tails = sliding_tails(series, slide_of(windows), lambda count: (count + 1) // 2)
    for day, window in enumerate(windows):
        ordered = sorted(value for value in window.of(series).tolist() if not math.isnan(value))
        rank = (len(ordered) + 1) // 2
        assert tails.largest[day] == ordered[-rank]
        assert tails.smallest[day] == ordered[rank - 1]


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 30),
    st.integers(4, 1500),
    st.lists(st.integers(-300, 300), min_size=2, max_size=20, unique=True),
)
def test_the_more_a_yield_rises_the_less_a_bond_is_worth(
    years: int, par_bp: int, moves_bp: list[int]
) -> None:
    moves = np.sort(np.array(moves_bp)) / 1e4
    pnl = pnl_of_yield_moves_per_100(np.full_like(moves, par_bp / 1e4), moves, years)
    assert (np.diff(pnl) < 0.0).all()
