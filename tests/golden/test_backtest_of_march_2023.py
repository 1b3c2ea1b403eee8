"""A short two-year note in March 2023, against the par yields that the US Treasury published.

The two-year was 5.05 % on 8 March and 4.03 % on 13 March (Daily Treasury Par Yield Curve Rates): a
fall of 102 basis points in three dates.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from crossmargin import bootstrap
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.market.history import MarketData
from crossmargin.services.backtest_positions import BookBacktest, backtest_positions
from crossmargin.services.margin_positions import PositionsInput, margin_positions
from crossmargin.testing.builders import AS_OF, position

TWO_YEARS = "91282CGT2"  # matures on 31 March 2028
MILLIONS = 100


@pytest.fixture(scope="module")
def book(real_market: MarketData) -> BookBacktest:
    line = position("SHORT", TWO_YEARS, -MILLIONS * 1_000_000)
    run = margin_positions(
        PositionsInput("book", "", 1, (line,), ()),
        real_market,
        bootstrap.parameter_sets(AS_OF),
        ThreadExecutor(),
        as_of=AS_OF,
    )
    (book,) = backtest_positions(
        run,
        real_market,
        bootstrap.backtest_parameters(AS_OF).validation,
        ThreadExecutor(),
        first=date(2022, 3, 9),
        last=date(2023, 3, 13),
    ).customers
    return book


def test_the_loss_is_the_published_move(real_market: MarketData, book: BookBacktest) -> None:
    yields = real_market.par_yields
    on = {day: int(np.flatnonzero(yields.dates == np.datetime64(day))[0])
          for day in ("2023-03-08", "2023-03-13")}  # fmt: skip
    two = yields.tenors.index("2Y")
    assert [yields.yields_pct[on[day], two] for day in on] == [5.05, 4.03]
    place = int(np.flatnonzero(book.walk.dates == np.datetime64("2023-03-08"))[0])
    loss = float(book.walk.outcomes[3].combined[place])
    # $100 of par loses 1.02 times its DV01 of about 0.0187 a basis point, and some by convexity.
    dv01 = 10_000 * MILLIONS * 0.0187
    assert loss == pytest.approx(102.0 * dv01, rel=0.04)
    severity = book.series["ficc_securities"].assessment.severity
    assert severity.largest_at is not None
    assert book.series["ficc_securities"].assessment.date_of(severity.largest_at) == date(
        2023, 3, 8
    )


def test_the_largest_miss_is_the_loss_beyond_that_margin(book: BookBacktest) -> None:
    found = book.series["ficc_securities"].assessment
    # 0.45 % by plain historical simulation elsewhere; ours is the larger of two.
    place = int(np.flatnonzero(book.walk.dates == np.datetime64("2023-03-08"))[0])
    margin = book.walk.ficc.cents["securities"][place] / 100
    assert 0.0045 < margin / (MILLIONS * 1_000_000) < 0.01
    assert found.severity.largest == pytest.approx(
        float(book.walk.outcomes[3].combined[place]) - margin, abs=0.01
    )
    assert book.without_outcomes == ()
    assert list(book.series) == ["ficc_securities", "cme_securities"]
