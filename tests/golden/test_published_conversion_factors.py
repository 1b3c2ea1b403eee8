"""Conversion factors that others published; a few cited facts here, CME's tables as real data.

Sources of the cited cases: MathWorks documentation of ``convfactor`` and ``tfutpricebyrepo``
(10-year contracts of 2002-2003, USZ0, TYH3), a Bloomberg screen quoted by a course (TYH2), CME
Institute text (FVH7), Tuckman and Serrat lecture notes (TYU1), CME's table as quoted in public code
(TYH26). Unrounded factors: public test code and a blog; they check the formula, not CME's table.
"""

from __future__ import annotations

import csv
import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crossmargin.pricing.conversion_factor import (
    conversion_factor,
    conversion_factor_from_term,
    unrounded_conversion_factor,
)

FAMILIES = {
    "TU": "ZT",
    "3YR": "Z3N",
    "FV": "ZF",
    "TY": "ZN",
    "TY_TN": "TN",
    "TN": "TN",
    "TWE": "TWE",
    "US": "ZB",
    "UL": "UB",
    "US_UL": "ZB",
}

PUBLISHED = [
    ("ZN", 2002, 12, "4", "2012-11-15", "0.8539"),
    ("ZN", 2003, 3, "4.375", "2012-08-15", "0.8858"),
    ("ZN", 2003, 6, "4.875", "2012-02-15", "0.9259"),
    ("ZN", 2003, 9, "5", "2011-02-15", "0.9418"),
    ("ZN", 2003, 12, "5", "2011-08-15", "0.9403"),
    ("ZN", 2003, 9, "5.75", "2010-08-15", "0.9862"),
    ("ZN", 2002, 12, "6", "2009-08-15", "1.0000"),
    ("ZN", 2003, 6, "6.5", "2010-02-15", "1.0266"),
    ("ZN", 2002, 3, "6.5", "2010-02-15", "1.0305"),
    ("ZN", 2003, 3, "5.75", "2010-08-15", "0.9854"),
    ("ZB", 2000, 12, "8.75", "2020-08-15", "1.3136"),
    ("ZF", 2017, 3, "1.75", "2021-11-30", "0.8292"),
    ("ZN", 2021, 9, "2.875", "2028-05-15", "0.8338"),
    ("ZN", 2026, 3, "4.125", "2032-11-15", "0.9003"),
]

# Inputs published in CME's "Understanding Treasury Futures" (TYZ7); the factors are the formula's.
TYZ7 = [
    ("2.375", "2024-08-15", "0.8072"),
    ("2.125", "2024-07-31", "0.7939"),
    ("1.875", "2024-08-31", "0.7807"),
    ("2.000", "2024-06-30", "0.7873"),
    ("2.250", "2024-11-15", "0.7943"),
    ("2.125", "2024-09-30", "0.7875"),
    ("2.000", "2025-02-15", "0.7741"),
    ("2.250", "2025-11-15", "0.7702"),
    ("1.500", "2026-08-15", "0.7038"),
    ("2.250", "2027-08-15", "0.7314"),
]

UNROUNDED = [
    ("ZT", "0.75", 1, 11, "0.906258"),
    ("Z3N", "1.125", 3, 0, "0.867956"),
    ("ZF", "2.125", 4, 11, "0.837079"),
    ("ZN", "3.375", 9, 5, "0.815653"),
    ("ZB", "6.375", 20, 11, "1.044053"),
    ("UB", "4.375", 29, 11, "0.775740"),
    ("ZT", "1.5", 1, 10, "0.922939"),
    ("ZF", "2.75", 4, 10, "0.865330"),
]


@pytest.mark.parametrize("case", PUBLISHED)
def test_published_factors_are_reproduced(case: tuple[str, int, int, str, str, str]) -> None:
    product, year, month, coupon, maturity, factor = case
    assert conversion_factor(
        product=product,
        delivery_year=year,
        delivery_month=month,
        coupon_pct=Decimal(coupon),
        maturity_date=date.fromisoformat(maturity),
    ) == Decimal(factor)


@pytest.mark.parametrize(("coupon", "maturity", "factor"), TYZ7)
def test_factors_of_the_december_2017_ten_year_contract(
    coupon: str, maturity: str, factor: str
) -> None:
    assert conversion_factor(
        product="ZN",
        delivery_year=2017,
        delivery_month=12,
        coupon_pct=Decimal(coupon),
        maturity_date=date.fromisoformat(maturity),
    ) == Decimal(factor)


@pytest.mark.parametrize(("product", "coupon", "years", "months", "factor"), UNROUNDED)
def test_published_unrounded_factors_are_reproduced(
    product: str, coupon: str, years: int, months: int, factor: str
) -> None:
    exact = unrounded_conversion_factor(
        product=product, coupon_pct=Decimal(coupon), years=years, months=months
    )
    assert round(exact, 6) == Decimal(factor)


@pytest.mark.real_data
def test_every_factor_of_cme_s_basket_table_is_reproduced(real_data: Path) -> None:
    with (real_data / "cme_conversion_factors_basket_2025-03-13.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    wrong = [
        row
        for row in rows
        if conversion_factor(
            product=FAMILIES[row["contract"]],
            delivery_year=int(row["delivery_month"][:4]),
            delivery_month=int(row["delivery_month"][5:7]),
            coupon_pct=Decimal(row["coupon_pct"]),
            maturity_date=date.fromisoformat(row["maturity_date"]),
        )
        != Decimal(row["conversion_factor"])
    ]
    assert wrong == []
    assert len(rows) == 1551


@pytest.mark.real_data
def test_every_factor_of_cme_s_look_up_grid_is_reproduced(real_data: Path) -> None:
    with gzip.open(real_data / "cme_conversion_factor_lookup_grid.csv.gz", "rt") as lines:
        rows = list(csv.DictReader(lines))
    wrong = [
        row
        for row in rows
        if conversion_factor_from_term(
            product=FAMILIES[row["family"]],
            coupon_pct=Decimal(row["coupon_pct"]),
            years=int(row["years"]),
            months=int(row["months"]),
        )
        != Decimal(row["factor"])
    ]
    assert wrong == []
    assert len(rows) == 20_018
