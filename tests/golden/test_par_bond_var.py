"""Tail losses of bonds at par, as of 2026-02-20, against reference values computed elsewhere.

The reference, an independent calculation, has 2,750 scenarios, and so have we: every three-day
move that ends in the ten years (2,500) or in the stressed year (250).
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from crossmargin.bootstrap import parameter_sets
from crossmargin.market.history import MarketData
from crossmargin.services.par_books import PAR_BOOK_TENOR_YEARS, par_book_table

pytestmark = pytest.mark.real_data

AS_OF = date(2026, 2, 20)
#: Tenor: long and short, per cent of market value; up and down, basis points.
REFERENCE = {
    1.0: (0.21, 0.22, 22, -22),
    2.0: (0.48, 0.54, 24, -28),
    5.0: (1.22, 1.46, 27, -32),
    10.0: (2.17, 2.40, 27, -29),
    30.0: (3.72, 4.28, 24, -25),
}
REFERENCE_SCENARIOS = 2750


def within(ours: float, theirs: float, *, last_digit: float) -> bool:
    return abs(ours - theirs) <= 0.05 * abs(theirs) + last_digit / 2


def test_losses_and_moves_agree_with_the_reference(real_market: MarketData) -> None:
    books = {
        book.tenor_years: book
        for book in par_book_table(real_market, parameter_sets(AS_OF), as_of=AS_OF)
    }
    for tenor, (long_pct, short_pct, up_bp, down_bp) in REFERENCE.items():
        book = books[tenor]
        assert within(book.long_pct, long_pct, last_digit=0.01), (tenor, book.long_pct)
        assert within(book.short_pct, short_pct, last_digit=0.01), (tenor, book.short_pct)
        assert within(book.yield_up_bp, up_bp, last_digit=1), (tenor, book.yield_up_bp)
        assert within(book.yield_down_bp, down_bp, last_digit=1), (tenor, book.yield_down_bp)


def test_scenarios_are_the_moves_that_end_in_the_windows(real_market: MarketData) -> None:
    book = par_book_table(real_market, parameter_sets(AS_OF), as_of=AS_OF, tenor_years=[10.0])[0]
    dates = real_market.par_yields.dates
    ending = sum(
        int(((dates >= np.datetime64(first)) & (dates <= np.datetime64(last))).sum())
        for first, last in (("2016-02-20", "2026-02-20"), ("2008-07-01", "2009-06-30"))
    )
    assert book.scenarios == ending == REFERENCE_SCENARIOS
    assert book.rank == 27


def test_the_yardstick_of_the_price_sheet_date_grows_with_maturity(
    real_market: MarketData,
) -> None:
    as_of = date(2026, 3, 24)
    books = par_book_table(real_market, parameter_sets(as_of), as_of=as_of)
    assert tuple(book.tenor_years for book in books) == PAR_BOOK_TENOR_YEARS
    for shorter, longer in pairwise(books):
        assert shorter.long_pct < longer.long_pct
        assert shorter.short_pct < longer.short_pct
    for book in books:
        column = real_market.par_yields.tenors.index(f"{book.tenor_years:.0f}Y")
        row = int(np.searchsorted(real_market.par_yields.dates, np.datetime64(as_of)))
        published = real_market.par_yields.yields_pct[row, column]
        assert book.par_yield_pct == pytest.approx(published, abs=1e-9)
        # A bond at par loses about its duration times the move; a fall gains by convexity.
        assert book.yield_down_bp < -15 < 15 < book.yield_up_bp
        duration = (1 - (1 + book.par_yield_pct / 200) ** (-2 * book.tenor_years)) / (
            book.par_yield_pct / 100
        )
        assert book.long_pct == pytest.approx(duration * book.yield_up_bp / 100, rel=0.06)
        assert book.short_pct == pytest.approx(-duration * book.yield_down_bp / 100, rel=0.06)
