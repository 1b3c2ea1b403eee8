"""Durations from the price sheet against regressions of what Treasury funds did since 2024.

``crossmargin.validation.etf`` says what is compared and why. The window ends with the price sheet's
date: the sheet's durations are not compared with moves that came later.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from crossmargin.feeds.market.directory import read_table
from crossmargin.market.history import CloseHistory, MarketData
from crossmargin.product.calendars import sifma_calendar
from crossmargin.validation.etf import basket_duration, fund_regression

pytestmark = pytest.mark.real_data

AS_OF = date(2026, 3, 24)
FIRST = date(2024, 1, 1)
#: Fund: range in years, curve nodes, tolerance as a share of the regression.
FUNDS = {
    "SHY": (1.0, 3.0, ("1Y", "2Y", "3Y"), 0.15),
    "IEF": (7.0, 10.0, ("7Y", "10Y"), 0.05),
    "TLT": (20.0, 31.0, ("20Y", "30Y"), 0.05),
}


def fund_closes(directory: Path, symbol: str) -> CloseHistory:
    table = read_table(directory, "etf_closes")
    rows = sorted(
        (row["date"], float(row["close"]))
        for row in table.iter_rows(named=True)
        if row["symbol"] == symbol
    )
    dates = np.array([day for day, _ in rows], dtype="datetime64[D]")
    return CloseHistory(symbol, dates, np.array([close for _, close in rows]))


@pytest.mark.parametrize("symbol", FUNDS)
def test_durations_agree_with_what_the_funds_did(
    symbol: str, real_directory: Path, real_market: MarketData
) -> None:
    over, up_to, tenors, tolerance = FUNDS[symbol]
    ours = basket_duration(
        real_market.price_sheets[AS_OF].prices,
        as_of=AS_OF,
        settlement=sifma_calendar().next_business_day(AS_OF),
        over_years=over,
        up_to_years=up_to,
    )
    theirs = fund_regression(
        fund_closes(real_directory, symbol),
        real_market.par_yields,
        tenors=tenors,
        first=FIRST,
        last=AS_OF,
    )
    difference = ours.years / theirs.duration_years - 1.0
    print(  # noqa: T201 - the table is the evidence; pytest -s shows it
        f"{symbol} {over:g}-{up_to:g}y: ours {ours.years:.3f} ({ours.issues} issues), regression "
        f"{theirs.duration_years:.3f} +- {theirs.standard_error_years:.3f} ({theirs.days} days, "
        f"correlation {theirs.correlation:.3f}), difference {difference:+.1%}"
    )
    assert theirs.days > 500
    assert theirs.correlation < -0.9
    assert abs(difference) < tolerance
