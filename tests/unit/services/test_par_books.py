"""Bonds at par on a simulated market: the table against the slow kernel and against itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import parameter_sets
from crossmargin.market.history import MarketData
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.par_books import (
    PAR_BOOK_TENOR_YEARS,
    par_book_table,
    par_yield,
    par_yields_under,
)
from crossmargin.testing.builders import AS_OF, curve_of, parallel


def test_the_table_is_that_of_the_models_scenarios(
    simulated_market: MarketData, simulated_day: MarginDay
) -> None:
    books = par_book_table(simulated_market, parameter_sets(AS_OF), as_of=AS_OF)
    assert tuple(book.tenor_years for book in books) == PAR_BOOK_TENOR_YEARS
    row = int(np.searchsorted(simulated_market.par_yields.dates, np.datetime64(AS_OF)))
    for book in books:
        assert book.scenarios == simulated_day.ficc.scenarios.historical.count
        assert book.rank == simulated_day.ficc.simulation.rank
        column = simulated_market.par_yields.tenors.index(f"{book.tenor_years:.0f}Y")
        published = simulated_market.par_yields.yields_pct[row, column]
        assert book.par_yield_pct == pytest.approx(published, abs=1e-9)
    for shorter, longer in pairwise(books):
        assert shorter.long_pct < longer.long_pct
        assert shorter.short_pct < longer.short_pct


def test_one_tenor_is_the_same_alone(simulated_market: MarketData) -> None:
    parameters = parameter_sets(AS_OF)
    all_books = par_book_table(simulated_market, parameters, as_of=AS_OF)
    alone = par_book_table(simulated_market, parameters, as_of=AS_OF, tenor_years=[10.0])
    assert alone == tuple(book for book in all_books if book.tenor_years == 10.0)


def test_a_date_without_a_curve_is_refused(simulated_market: MarketData) -> None:
    sunday = AS_OF.replace(day=22)
    with pytest.raises(RefusedError):
        par_book_table(simulated_market, parameter_sets(AS_OF), as_of=sunday)


@pytest.mark.parametrize("years", [1.0, 2.0, 10.0, 30.0])
def test_a_parallel_move_of_zero_rates_moves_the_par_yield_by_about_as_much(years: float) -> None:
    curve = curve_of([0.04, 0.045])
    moves_bp = np.array([-20.0, 0.0, 20.0])
    moved = par_yields_under(curve, parallel(moves_bp.tolist()), years) - par_yield(curve, years)
    assert moved * 1e4 == pytest.approx(moves_bp, rel=0.03, abs=1e-9)
