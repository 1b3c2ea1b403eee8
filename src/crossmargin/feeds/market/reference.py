"""What is known of each issue's origin: the CME compilation and the Treasury's auction results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from crossmargin.product.identification import ReferenceEntry

#: Original maturities of notes and bonds, in years, that the Treasury issues now.
_ISSUED_YEARS = (2, 3, 5, 7, 10, 20, 30)
_COMPILATION = "CME compilation"
_AUCTIONS = "TreasuryDirect auction results"


@dataclass(frozen=True, slots=True)
class AuctionedDates:
    """Dates announced at the first auction of an issue."""

    dated_date: date
    first_coupon_date: date


def reference_entries(
    compilation: pl.DataFrame, auctions: pl.DataFrame
) -> Mapping[str, tuple[ReferenceEntry, ...]]:
    """Return what is known of each CUSIP, first issue first.

    Parameters
    ----------
    compilation : DataFrame
        ``cusip``, ``original_maturity_years`` (actual days over 365), ``coupon_pct`` (text),
        ``issue_date``, ``maturity_date``.
    auctions : DataFrame
        TreasuryDirect's columns ``cusip``, ``originalSecurityTerm``, ``interestRate`` (text),
        ``issueDate``, ``originalIssueDate``, ``maturityDate``.

    Returns
    -------
    mapping of CUSIP to entries
        Equal facts from both sources are one entry; the compilation's stands. An issue whose
        CUSIP was used again has one entry an original maturity, the first issue first.
    """
    found: dict[str, dict[tuple[int, date], ReferenceEntry]] = {}
    for entry in (*_compiled(compilation), *_auctioned(auctions)):
        facts = (entry.original_maturity_years, entry.maturity_date)
        found.setdefault(entry.cusip, {}).setdefault(facts, entry)
    return {
        cusip: tuple(sorted(entries.values(), key=_first_issued))
        for cusip, entries in found.items()
    }


def auctioned_dates(auctions: pl.DataFrame) -> Mapping[tuple[str, date], AuctionedDates]:
    """Return the dates of each issue's first auction, by CUSIP and maturity."""
    rows = auctions.drop_nulls(["datedDate", "firstInterestPaymentDate"]).sort("issueDate")
    rows = rows.unique(["cusip", "maturityDate"], keep="first", maintain_order=True)
    return {
        (cusip, maturity): AuctionedDates(dated, first_coupon)
        for cusip, maturity, dated, first_coupon in rows.select(
            "cusip", "maturityDate", "datedDate", "firstInterestPaymentDate"
        ).iter_rows()
    }


def _first_issued(entry: ReferenceEntry) -> date:
    return entry.issue_date or entry.maturity_date


def _compiled(compilation: pl.DataFrame) -> list[ReferenceEntry]:
    return [
        ReferenceEntry(
            cusip=row["cusip"],
            original_maturity_years=_nearest_issued(row["original_maturity_years"]),
            coupon_pct=Decimal(row["coupon_pct"]),
            issue_date=row["issue_date"],
            maturity_date=row["maturity_date"],
            source=_COMPILATION,
        )
        for row in compilation.iter_rows(named=True)
    ]


def _auctioned(auctions: pl.DataFrame) -> list[ReferenceEntry]:
    # Bills are named in weeks and days. A bond reopened before its first coupon may be named
    # "29-Year 9-Month": no original maturity, so it is left to the other source.
    whole_years = auctions.with_columns(
        years=pl.col("originalSecurityTerm").str.extract(r"^(\d+)-Year$").cast(pl.Int64)
    ).drop_nulls(["years"])
    return [
        ReferenceEntry(
            cusip=row["cusip"],
            original_maturity_years=row["years"],
            coupon_pct=Decimal(row["interestRate"] or 0),
            issue_date=row["originalIssueDate"] or row["issueDate"],
            maturity_date=row["maturityDate"],
            source=_AUCTIONS,
        )
        for row in whole_years.sort("issueDate").iter_rows(named=True)
    ]


def _nearest_issued(years: float) -> int:
    return min(_ISSUED_YEARS, key=lambda issued: abs(issued - years))
