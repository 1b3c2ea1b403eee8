"""Our two calendars against QuantLib's and pandas_market_calendars', as recorded in the data.

Known differences are listed, with the reason; anything else fails.
"""

from __future__ import annotations

import csv
import gzip
from datetime import date
from pathlib import Path

import pytest

from crossmargin.product.calendars import cme_calendar, sifma_calendar

FIRST, LAST = date(2000, 1, 1), date(2030, 12, 31)

# The evening of 2001-09-11 closed the market for the 12th; the other libraries do not have it. The
# Treasury published no yields on 2001-09-11 either, when trading stopped in the morning.
ATTACKS_OF_2001 = date(2001, 9, 12)
# Days of mourning and Hurricane Sandy: QuantLib and we, not pandas_market_calendars.
CLOSED_FOR_EVENTS = {date(2004, 6, 11), date(2012, 10, 30), date(2018, 12, 5)}
# Good Fridays with an employment report: SIFMA recommended an early close, which is a business day.
EARLY_CLOSE_GOOD_FRIDAYS = {
    date(2007, 4, 6),
    date(2010, 4, 2),
    date(2012, 4, 6),
    date(2015, 4, 3),
}


def full_closes(real_data: Path, calendar: str) -> set[date]:
    with gzip.open(real_data / "market_holidays_2000_2030.csv.gz", "rt") as lines:
        return {
            date.fromisoformat(row["date"])
            for row in csv.DictReader(lines)
            if row["calendar"] == calendar and row["kind"] == "full"
        }


def ours(closes: frozenset[date]) -> set[date]:
    return {day for day in closes if FIRST <= day <= LAST}


@pytest.mark.real_data
def test_treasury_settlement_closes_agree_with_quantlib(real_data: Path) -> None:
    theirs = full_closes(real_data, "quantlib_us_government_bond")
    assert len(theirs) == 336
    assert ours(sifma_calendar().closes) ^ theirs == {ATTACKS_OF_2001}


@pytest.mark.real_data
def test_treasury_settlement_closes_agree_with_pandas_market_calendars(real_data: Path) -> None:
    theirs = full_closes(real_data, "pmc_sifma_us")
    mine = ours(sifma_calendar().closes)
    assert len(theirs) == 337
    assert mine - theirs == CLOSED_FOR_EVENTS | {ATTACKS_OF_2001}
    assert theirs - mine == EARLY_CLOSE_GOOD_FRIDAYS


@pytest.mark.real_data
def test_sifma_s_published_closes_of_2026_and_2027_are_ours(real_data: Path) -> None:
    with (real_data / "sifma_us_holidays_2026_2027.csv").open() as lines:
        published = {date.fromisoformat(row["date"]) for row in csv.DictReader(lines)}
    mine = {day for day in sifma_calendar().closes if day.year in (2026, 2027)}
    # 2026-04-03 is an early close (ruling 33); 2027-07-04 is printed on its Sunday.
    assert published - mine == {date(2026, 4, 3), date(2027, 7, 4)}
    # The list leaves out New Year's Day.
    assert mine - published == {date(2026, 1, 1), date(2027, 1, 1), date(2027, 7, 5)}


@pytest.mark.real_data
def test_yields_were_published_on_every_business_day_but_one_and_on_no_other(
    real_data: Path,
) -> None:
    with gzip.open(real_data / "ust_par_yield_curve_daily.csv.gz", "rt") as lines:
        published = {date.fromisoformat(row["date"]) for row in csv.DictReader(lines)}
    expected = set(sifma_calendar().business_days(min(published), max(published)))
    assert len(published) == 9166
    assert expected ^ published == {date(2001, 9, 11)}


@pytest.mark.real_data
def test_futures_closes_agree_with_pandas_market_calendars(real_data: Path) -> None:
    theirs = full_closes(real_data, "pmc_cme_interestrate")
    assert len(theirs) == 85
    assert ours(cme_calendar().closes) == theirs


@pytest.mark.real_data
def test_futures_closes_differ_from_the_globex_calendar_only_on_good_fridays(
    real_data: Path,
) -> None:
    theirs = full_closes(real_data, "xc_cmes")
    mine = {day for day in cme_calendar().closes if date(2006, 8, 1) <= day <= date(2027, 6, 30)}
    assert mine - theirs == set()
    # Equity futures stay shut on Good Friday; rate futures trade on an employment report.
    assert theirs - mine == EARLY_CLOSE_GOOD_FRIDAYS | {
        date(2021, 4, 2),
        date(2023, 4, 7),
        date(2026, 4, 3),
    }
