"""The fund check on funds whose duration is known because they were made with it."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from crossmargin.market.history import PAR_TENOR_YEARS, CloseHistory, ParYieldHistory
from crossmargin.market.seeds import generator
from crossmargin.pricing.treasury import modified_duration_years
from crossmargin.testing.builders import AS_OF, SMALL_SHEET
from crossmargin.validation.etf import basket_duration, daily_moves, fund_regression, goes_ex

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
TENORS = tuple(PAR_TENOR_YEARS)
DURATION, CARRY, DIVIDEND = 7.0, 0.00015, 0.003
SETTLEMENT = date(2026, 3, 25)


def curve() -> ParYieldHistory:
    days = np.arange(np.datetime64(FIRST), np.datetime64(LAST) + np.timedelta64(1, "D"))
    days = days[np.is_busday(days)]
    moves = generator(41).normal(0.0, 6.0, (len(days), len(TENORS))).cumsum(axis=0) / 100.0
    return ParYieldHistory(days, TENORS, 4.0 + moves)


def fund(history: ParYieldHistory) -> CloseHistory:
    """Return a fund that moves with the mean of 7Y and 10Y and pays on ex-dates."""
    columns = [TENORS.index("7Y"), TENORS.index("10Y")]
    level = history.yields_pct[:, columns].mean(axis=1) / 100.0
    growth = 1.0 + CARRY - DURATION * np.diff(level)
    days = history.dates.astype(object).tolist()
    growth -= np.array([DIVIDEND * goes_ex(a, b) for a, b in pairwise(days)])
    return CloseHistory("FUND", history.dates, 95.0 * np.concatenate([[1.0], growth]).cumprod())


def test_a_funds_duration_is_found() -> None:
    history = curve()
    found = fund_regression(fund(history), history, tenors=("7Y", "10Y"), first=FIRST, last=LAST)
    assert found.duration_years == pytest.approx(DURATION, abs=1e-9)
    assert found.correlation == pytest.approx(-1.0, abs=1e-9)
    assert found.standard_error_years < 1e-6


def test_dates_on_one_side_alone_make_no_pair() -> None:
    history = curve()
    closes = fund(history)
    gap = np.delete(np.arange(len(history.dates)), 100)
    without = CloseHistory("FUND", closes.dates[gap], closes.closes[gap])
    whole, cut = (
        len(daily_moves(each, history, tenors=("7Y", "10Y"), first=FIRST, last=LAST)[0])
        for each in (closes, without)
    )
    assert cut == whole - 2


def test_only_pairs_inside_the_window_count() -> None:
    history = curve()
    returns, changes = daily_moves(
        fund(history), history, tenors=("7Y",), first=date(2024, 3, 4), last=date(2024, 3, 8)
    )
    assert len(returns) == len(changes) == 4


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (date(2024, 4, 30), date(2024, 5, 1), True),
        (date(2024, 5, 1), date(2024, 5, 2), False),
        (date(2024, 12, 17), date(2024, 12, 18), True),
        (date(2024, 12, 20), date(2024, 12, 23), False),
        (date(2024, 11, 15), date(2024, 11, 18), False),
    ],
)
def test_ex_dates_are_the_calendars(start: date, end: date, expected: bool) -> None:
    assert goes_ex(start, end) is expected


def test_a_basket_is_weighed_by_market_value() -> None:
    basket = basket_duration(
        SMALL_SHEET, as_of=AS_OF, settlement=SETTLEMENT, over_years=5.0, up_to_years=10.0
    )
    ten_year = [
        price for price in SMALL_SHEET.values() if price.security.maturity_date.year == 2033
    ]
    durations = [
        modified_duration_years(
            price.security,
            settlement=SETTLEMENT,
            clean_price_per_100=float(price.sell_clean_per_100),
        )
        for price in ten_year
    ]
    assert basket.issues == 2
    assert min(durations) < basket.years < max(durations)
    # The dearer of the two has the higher coupon and the larger weight.
    dearer = max(ten_year, key=lambda price: price.sell_clean_per_100)
    nearer = abs(basket.years - durations[ten_year.index(dearer)])
    assert nearer < max(abs(basket.years - duration) for duration in durations)


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="no note or bond"):
        basket_duration(
            SMALL_SHEET, as_of=AS_OF, settlement=SETTLEMENT, over_years=10.5, up_to_years=11.0
        )
