"""Margins of bonds at par struck anew every day, against a slow loop over every scenario."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from crossmargin.margin.tail import QuantileConvention, tail_rank
from crossmargin.market.seeds import generator as seeded
from crossmargin.testing.reference import ewma_volatilities, par_book_loss, par_book_margin
from crossmargin.validation.par_books import (
    COMBINED_BOOKS,
    PAR_BOOKS,
    ParBook,
    ParBookPaths,
    SimulationRules,
)
from crossmargin.validation.windows import StressedYearReading, WindowReading, WindowRules
from crossmargin.validation.yield_moves import YieldPaths

HORIZON = 3
YEARS = (2, 5, 10)
DATES = np.arange("2019-06-01", "2022-01-01", dtype="datetime64[D]")
PLACES = range(800, 830)
RULES = SimulationRules(
    horizon=HORIZON,
    coverage=Fraction(99, 100),
    quantile=QuantileConvention.KTH_LARGEST,
    windows=WindowRules(
        reading=WindowReading.CALENDAR,
        years=1,
        dates=400,
        stressed_reading=StressedYearReading.ONCE,
        whole_year_below=Fraction(1),
        stressed_period=(date(2019, 8, 1), date(2019, 12, 31)),
    ),
    filtered_stressed_reading=StressedYearReading.ONCE,
    decay=0.97,
    start_changes=20,
)
BOOKS = {book.name: book for book in PAR_BOOKS}


def yields() -> YieldPaths:
    generator = seeded(5)
    steps = np.rint(generator.normal(0.0, 5.0, (len(DATES), len(YEARS))))
    return YieldPaths(DATES, YEARS, np.array([150.0, 200.0, 250.0]) + np.cumsum(steps, axis=0))


YIELDS = yields()
PATHS = ParBookPaths(YIELDS, PLACES, RULES)


def slow_sizes(book: ParBook, par: dict[int, float]) -> dict[int, float]:
    """Return each leg's par over 100, from DV01s by repricing a basis point up and down."""

    def dv01(years: int) -> float:
        up, down = (par_book_loss([(years, 1.0, par[years], move)]) for move in (1e-4, -1e-4))
        return (up - down) / 2

    return {years: share * dv01(book.matched_years) / dv01(years) for years, share in book.legs}


def slow_day(book: ParBook, place: int) -> tuple[float, float, float, int]:
    """Return HS, FHS, the outcome's loss and N by looping over every scenario and leg."""
    bp = {years: YIELDS.yields_bp[:, column].tolist() for column, years in enumerate(YEARS)}
    par = {years: path[place] / 1e4 for years, path in bp.items()}
    size = slow_sizes(book, par)
    sigma = {
        years: [
            None,
            *ewma_volatilities(
                [after - before for before, after in pairwise(path)],
                decay=0.97,
                start_changes=20,
            ),
        ]
        for years, path in bp.items()
    }
    days = DATES.astype(object).tolist()
    first = days[place].replace(year=days[place].year - 1)
    begin, end = RULES.windows.stressed_period
    hs, fhs = [], []
    for stop in range(HORIZON, place + 1):
        if not (days[stop] >= first or begin <= days[stop] <= end):
            continue
        moves = {y: (bp[y][stop] - bp[y][stop - HORIZON]) for y, _ in book.legs}
        legs = [(y, size[y], par[y], moves[y] / 1e4) for y, _ in book.legs]
        hs.append(par_book_loss(legs))
        known = {y: sigma[y][stop - HORIZON] for y, _ in book.legs}
        if all(known.values()):
            scaled = {y: moves[y] / known[y] * sigma[y][place] / 1e4 for y, _ in book.legs}
            fhs.append(par_book_loss([(y, size[y], par[y], scaled[y]) for y, _ in book.legs]))
    after = [(y, size[y], par[y], (bp[y][place + 3] - bp[y][place]) / 1e4) for y, _ in book.legs]
    margins = [par_book_margin(each, tail_rank(len(each), RULES.coverage)) for each in (hs, fhs)]
    return margins[0], margins[1], par_book_loss(after), len(hs)


@pytest.mark.parametrize(
    "name", ["2y long", "10y short", "2s10s steepener", "2s10s flattener", "2-5-10 fly"]
)
def test_margins_and_outcomes_are_those_of_the_slow_loop(name: str) -> None:
    book = BOOKS[name]
    (path,) = PATHS.paths([book])
    for day in range(0, len(PLACES), 7):
        hs, fhs, loss, count = slow_day(book, PLACES[day])
        assert path.margins["hs"][day] == pytest.approx(hs, rel=1e-9)
        assert path.margins["fhs"][day] == pytest.approx(fhs, rel=1e-9)
        assert path.losses[day] == pytest.approx(loss, rel=1e-9)
        assert path.counts[day] == count
    assert (path.margins["max"] == np.maximum(path.margins["hs"], path.margins["fhs"])).all()
    assert path.dates.tolist() == DATES[np.asarray(PLACES)].tolist()


def test_the_order_statistic_of_moves_is_that_of_losses() -> None:
    # The same bond as a book of one leg and of two halves: the second is computed scenario by
    # scenario, the first from an ordered list of moves.
    whole, halves = BOOKS["10y long"], ParBook("halves", ((10, 0.5), (10, 0.5)), 10)
    one, two = PATHS.paths([whole, halves])
    for model in ("hs", "fhs"):
        assert two.margins[model] == pytest.approx(one.margins[model], rel=1e-14)
    assert two.losses == pytest.approx(one.losses, rel=1e-14)


def test_a_book_and_its_opposite_have_opposite_outcomes() -> None:
    steepener, flattener, fly, short_fly = PATHS.paths(COMBINED_BOOKS)
    assert (steepener.losses == -flattener.losses).all()
    assert (fly.losses == -short_fly.losses).all()


def test_a_book_is_the_same_alone() -> None:
    together = PATHS.paths(COMBINED_BOOKS)
    (alone,) = PATHS.paths([COMBINED_BOOKS[0]])
    assert (alone.margins["max"] == together[0].margins["max"]).all()


def test_an_outcome_equal_to_the_margins_move_is_a_tie() -> None:
    # Yields walk up a basis point a day: every three-day move is three basis points.
    flat = YieldPaths(
        DATES, (2, 10), np.arange(len(DATES), dtype=np.float64)[:, np.newaxis] + [100.0, 200.0]
    )
    paths = ParBookPaths(flat, PLACES, RULES)
    for path in paths.paths([BOOKS["2y long"], BOOKS["10y long"], BOOKS["2s10s steepener"]]):
        sure = path.losses > 0.0
        assert (path.losses[sure] == path.margins["hs"][sure]).all()
        assert sure.all() or path.name == "2s10s steepener"


def test_the_stressed_year_may_be_left_out_of_the_filtered_window_alone() -> None:
    left_out = replace(RULES, filtered_stressed_reading=StressedYearReading.LEFT_OUT)
    (ours,), (without,) = (
        ParBookPaths(YIELDS, PLACES, rules).paths([BOOKS["10y long"]])
        for rules in (RULES, left_out)
    )
    assert (ours.margins["hs"] == without.margins["hs"]).all()
    assert (ours.margins["fhs"] != without.margins["fhs"]).any()


def test_what_a_book_lacks_is_said() -> None:
    assert PATHS.missing(BOOKS["10y long"], fewest_scenarios=250) is None
    assert "fewer than 600" in str(PATHS.missing(BOOKS["10y long"], fewest_scenarios=600))
    holed = YIELDS.yields_bp.copy()
    holed[PLACES[4], 2] = np.nan
    paths = ParBookPaths(replace(YIELDS, yields_bp=holed), PLACES, RULES)
    assert "missing" in str(paths.missing(BOOKS["2-5-10 fly"], fewest_scenarios=250))
    assert paths.missing(BOOKS["2y long"], fewest_scenarios=250) is None
    early = ParBookPaths(YIELDS, range(10, 12), RULES)
    assert "volatility" in str(early.missing(BOOKS["2y long"], fewest_scenarios=1))


def test_every_whole_year_and_the_combinations_are_there() -> None:
    names = [book.name for book in PAR_BOOKS]
    assert len(names) == len(set(names)) == 64
    assert names[:4] == ["1y long", "1y short", "2y long", "2y short"]
    assert names[58:] == [
        "30y long",
        "30y short",
        "2s10s steepener",
        "2s10s flattener",
        "2-5-10 fly",
        "2-5-10 fly short",
    ]
