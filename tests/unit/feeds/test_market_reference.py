"""What two sources say of an issue's origin becomes one entry, or one an issue."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from crossmargin.feeds.market.reference import auctioned_dates, reference_entries


def compilation(*rows: tuple[str, float, str, dt.date, dt.date]) -> pl.DataFrame:
    names = ["cusip", "original_maturity_years", "coupon_pct", "issue_date", "maturity_date"]
    return pl.DataFrame(list(rows), schema=names, orient="row")


def auctions(
    *rows: tuple[str, str, str, dt.date, dt.date | None, dt.date, dt.date, dt.date],
) -> pl.DataFrame:
    schema = {
        "cusip": pl.String,
        "originalSecurityTerm": pl.String,
        "interestRate": pl.String,
        "issueDate": pl.Date,
        "originalIssueDate": pl.Date,
        "datedDate": pl.Date,
        "firstInterestPaymentDate": pl.Date,
        "maturityDate": pl.Date,
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


ISSUED, MATURES = dt.date(2020, 2, 18), dt.date(2030, 2, 15)
NEW = ("91282CAB0", "10-Year", "1.500000", ISSUED, None, dt.date(2020, 2, 15), dt.date(2020, 8, 15))
REOPENED = (
    *("91282CAB0", "10-Year", "1.500000", dt.date(2020, 3, 16), ISSUED),
    *(dt.date(2020, 2, 15), dt.date(2020, 8, 15)),
)


def test_days_over_365_are_the_nearest_original_maturity() -> None:
    rows = compilation(
        ("91282CLY5", 1.9945205479452055, "4.25", dt.date(2024, 12, 2), dt.date(2026, 11, 30)),
        ("912810UG1", 30.5, "4.625", dt.date(2025, 2, 18), dt.date(2055, 2, 15)),
    )
    entries = reference_entries(rows, auctions())
    assert {cusip: entry.original_maturity_years for cusip, (entry,) in entries.items()} == {
        "91282CLY5": 2,
        "912810UG1": 30,
    }


def test_an_issue_that_both_sources_know_is_one_entry() -> None:
    known = compilation(("91282CAB0", 9.997, "1.5", ISSUED, MATURES))
    entries = reference_entries(known, auctions((*NEW, MATURES), (*REOPENED, MATURES)))
    (entry,) = entries["91282CAB0"]
    assert (entry.original_maturity_years, entry.issue_date) == (10, ISSUED)
    assert (entry.coupon_pct, entry.maturity_date) == (Decimal("1.5"), MATURES)
    assert entry.source == "CME compilation"


def test_a_reopening_keeps_the_first_issue_date() -> None:
    (entry,) = reference_entries(compilation(), auctions((*REOPENED, MATURES)))["91282CAB0"]
    assert (entry.issue_date, entry.source) == (ISSUED, "TreasuryDirect auction results")


def test_a_cusip_used_again_has_both_origins_the_first_issue_first() -> None:
    again = compilation(("91282CAB0", 7.0, "1.5", dt.date(2023, 2, 15), MATURES))
    entries = reference_entries(again, auctions((*NEW, MATURES)))["91282CAB0"]
    assert [entry.original_maturity_years for entry in entries] == [10, 7]


def test_terms_that_are_not_whole_years_name_no_original_maturity() -> None:
    odd = ("912810PX0", "29-Year 9-Month", *NEW[2:], MATURES)
    bill = ("912796XY0", "52-Week", *NEW[2:], MATURES)
    assert reference_entries(compilation(), auctions(odd, bill)) == {}


def test_dates_are_those_of_the_first_auction() -> None:
    later = (*REOPENED[:5], dt.date(2020, 3, 15), dt.date(2020, 9, 15))
    dates = auctioned_dates(auctions((*later, MATURES), (*NEW, MATURES)))
    assert dates["91282CAB0", MATURES].dated_date == dt.date(2020, 2, 15)
    assert dates["91282CAB0", MATURES].first_coupon_date == dt.date(2020, 8, 15)
