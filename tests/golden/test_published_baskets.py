"""CME's own basket table and security database against the delivery rules and identification.

The table holds bonds issued by 2025-03-13 only, and lacks the rows of some CUSIPs that are kept
back; a bond is compared only where its CUSIP stands in the table at all.
"""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.product.basket import is_deliverable
from crossmargin.product.futures import FuturesContract
from crossmargin.product.identification import ReferenceEntry, identify
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

FAMILIES = {
    "TU": "ZT",
    "3YR": "Z3N",
    "FV": "ZF",
    "TY": "ZN",
    "TN": "TN",
    "TWE": "TWE",
    "US": "ZB",
    "UL": "UB",
}
COMPILED_ON = date(2025, 3, 13)
ISSUED_YEARS = (2, 3, 5, 7, 10, 20, 30)
LONGEST_NOTE_YEARS = 10

# A seven-year note of 2023 whose CUSIP the five-year note of 2025-02-28 re-used: CME's table takes
# it as a five-year, ruling 18 keeps the first original maturity.
RE_USED = "91282CGQ8"

# Where the table stops before its own rules do: the newest ten-year note is missing from ZN months
# in which older notes of the same remaining term stand, and two bonds from the last TWE months.
TABLE_STOPS_BEFORE_THE_RULES = {
    ("91282CMM0", "ZNH27"),
    ("91282CMM0", "ZNM27"),
    ("91282CMM0", "ZNU27"),
    ("91282CMM0", "ZNZ27"),
    ("91282CMM0", "ZNH28"),
    ("912810RU4", "TWEH27"),
    ("912810RU4", "TWEM27"),
    ("912810RV2", "TWEM27"),
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open() as lines:
        return list(csv.DictReader(lines))


def reference(real_data: Path) -> dict[str, tuple[ReferenceEntry, ...]]:
    return {
        row["cusip"]: (
            ReferenceEntry(
                cusip=row["cusip"],
                original_maturity_years=min(
                    ISSUED_YEARS, key=lambda y: abs(y - float(row["original_maturity_years"]))
                ),
                coupon_pct=Decimal(row["coupon_pct"]),
                issue_date=date.fromisoformat(row["issue_date"]),
                maturity_date=date.fromisoformat(row["maturity_date"]),
                source="CME compilation",
            ),
        )
        for row in read(real_data / "cme_security_database_2025-03-13.csv")
        if not row["inflation_indexed"]
    }


def outstanding(real_data: Path) -> dict[str, TreasurySecurity]:
    known = reference(real_data)
    securities = {}
    for cusip, (entry,) in known.items():
        note = entry.original_maturity_years <= LONGEST_NOTE_YEARS
        bare = TreasurySecurity(
            Cusip(cusip),
            SecurityKind.NOTE if note else SecurityKind.BOND,
            entry.coupon_pct,
            entry.maturity_date,
        )
        securities[cusip] = identify(bare, known, price_date=COMPILED_ON)
    return securities


def table(real_data: Path) -> set[tuple[str, FuturesContract]]:
    return {
        (
            row["cusip"],
            FuturesContract(
                FAMILIES[row["contract"]],
                int(row["delivery_month"][:4]),
                int(row["delivery_month"][5:7]),
            ),
        )
        for row in read(real_data / "cme_conversion_factors_basket_2025-03-13.csv")
    }


@pytest.mark.real_data
def test_every_bond_of_cme_s_table_is_accepted(real_data: Path) -> None:
    securities, rows = outstanding(real_data), table(real_data)
    assert len(rows) == 1551
    refused = {
        (cusip, contract.code)
        for cusip, contract in rows
        if not is_deliverable(securities[cusip], contract).deliverable
    }
    assert refused == {(RE_USED, code) for code in ("ZFH25", "ZFM25", "ZFU25", "ZFZ25")}


@pytest.mark.real_data
def test_no_bond_is_accepted_that_cme_s_table_leaves_out(real_data: Path) -> None:
    securities, rows = outstanding(real_data), table(real_data)
    printed = {cusip for cusip, _ in rows}
    contracts = {contract for _, contract in rows}
    extra = {
        (cusip, contract.code)
        for cusip in printed
        for contract in contracts
        if (cusip, contract) not in rows and is_deliverable(securities[cusip], contract).deliverable
    }
    assert extra == TABLE_STOPS_BEFORE_THE_RULES


@pytest.mark.real_data
def test_every_note_and_bond_of_a_price_sheet_is_identified_where_baskets_need_it(
    real_data: Path,
) -> None:
    known = reference(real_data)
    price_date = date(2026, 3, 24)
    sources: Counter[str] = Counter()
    unknown_maturities = []
    for row in read(real_data / "fedinvest_prices_2026-03-24.csv"):
        kind = row["security_type"].removeprefix("MARKET BASED ")
        if kind not in ("NOTE", "BOND"):
            continue
        security = identify(
            TreasurySecurity(
                Cusip(row["cusip"]),
                SecurityKind(kind),
                Decimal(row["rate_pct"]),
                date.fromisoformat(row["maturity_date"]),
            ),
            known,
            price_date=price_date,
        )
        sources[security.original_maturity_source.split(":")[0]] += 1
        if security.original_maturity_years is None:
            unknown_maturities.append(security.maturity_date)
    # Auction results know some more of the short ones; none is long enough for any basket.
    assert sources == {
        "reference file": 252,
        "derived from the maturity date": 64,
        "unknown": 34,
    }
    assert max(unknown_maturities) == date(2026, 11, 30)
