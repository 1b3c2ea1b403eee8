from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.product.basket import is_deliverable
from crossmargin.product.futures import FuturesContract
from crossmargin.product.treasury import SecurityKind, TreasurySecurity


def security(
    years: int | None,
    maturity: date,
    *,
    kind: SecurityKind = SecurityKind.NOTE,
    issued: date | None = None,
) -> TreasurySecurity:
    return TreasurySecurity(
        Cusip("912810FT0"),
        kind,
        Decimal(4),
        maturity,
        issue_date=issued,
        original_maturity_years=years,
        original_maturity_source="unknown: two terms fit",
    )


# One row an edge: contract, original years, the maturities just inside and just outside.
EDGES = [
    ("ZT", 2026, 6, 2, date(2028, 3, 1), date(2028, 2, 29)),
    ("ZT", 2026, 6, 2, date(2028, 6, 30), date(2028, 7, 1)),
    ("Z3N", 2026, 6, 7, date(2029, 3, 1), date(2029, 2, 28)),
    ("Z3N", 2026, 6, 7, date(2029, 6, 30), date(2029, 7, 1)),
    ("ZF", 2026, 6, 5, date(2030, 8, 1), date(2030, 7, 31)),
    ("ZN", 2026, 6, 7, date(2032, 12, 1), date(2032, 11, 30)),
    ("ZN", 2026, 6, 10, date(2034, 6, 30), date(2034, 7, 1)),
    ("ZN", 2023, 6, 10, date(2033, 6, 30), date(2033, 7, 1)),
    ("TN", 2026, 6, 10, date(2035, 11, 15), date(2035, 10, 31)),
    ("TN", 2026, 6, 10, date(2036, 6, 30), date(2036, 7, 1)),
    ("TWE", 2026, 6, 30, date(2045, 8, 15), date(2045, 7, 31)),
    ("TWE", 2026, 6, 20, date(2046, 4, 30), date(2046, 5, 1)),
    ("ZB", 2026, 6, 30, date(2041, 6, 1), date(2041, 5, 31)),
    ("ZB", 2026, 6, 30, date(2051, 5, 31), date(2051, 6, 1)),
    ("UB", 2026, 6, 30, date(2051, 6, 1), date(2051, 5, 31)),
]


@pytest.mark.parametrize("edge", EDGES)
def test_remaining_terms_are_accepted_to_the_edge_and_not_beyond(
    edge: tuple[str, int, int, int, date, date],
) -> None:
    product, year, month, years, inside, outside = edge
    contract = FuturesContract(product, year, month)
    accepted = is_deliverable(security(years, inside), contract)
    refused = is_deliverable(security(years, outside), contract)
    assert accepted.deliverable, accepted.reason
    assert not refused.deliverable
    assert "months remain" in refused.reason


@pytest.mark.parametrize(
    ("product", "years", "maturity"),
    [
        ("ZT", 7, date(2028, 5, 31)),
        ("ZF", 7, date(2030, 11, 30)),
        ("ZN", 30, date(2033, 2, 15)),
        ("TN", 30, date(2036, 2, 15)),
        ("ZB", 10, date(2045, 2, 15)),
    ],
)
def test_other_original_maturities_are_refused(product: str, years: int, maturity: date) -> None:
    verdict = is_deliverable(security(years, maturity), FuturesContract(product, 2026, 6))
    assert not verdict.deliverable
    assert f"original maturity {years} years, expected" in verdict.reason


def test_thirty_year_bonds_enter_the_twenty_year_contract_from_september_2022() -> None:
    bond = security(30, date(2042, 2, 15))
    assert not is_deliverable(bond, FuturesContract("TWE", 2022, 6)).deliverable
    assert is_deliverable(bond, FuturesContract("TWE", 2022, 9)).deliverable


def test_an_unknown_original_maturity_is_left_out_with_its_reason() -> None:
    verdict = is_deliverable(security(None, date(2035, 11, 15)), FuturesContract("TN", 2026, 6))
    assert not verdict.deliverable
    assert "unknown: two terms fit" in verdict.reason


@pytest.mark.parametrize(
    "kind", [SecurityKind.TIPS, SecurityKind.FRN, SecurityKind.BILL, SecurityKind.STRIPS]
)
def test_only_fixed_principal_notes_and_bonds_are_delivered(kind: SecurityKind) -> None:
    verdict = is_deliverable(
        security(10, date(2035, 11, 15), kind=kind), FuturesContract("TN", 2026, 6)
    )
    assert not verdict.deliverable
    assert "no fixed-principal note or bond" in verdict.reason


def test_an_issue_that_comes_after_delivery_is_refused() -> None:
    contract = FuturesContract("TN", 2026, 6)
    on_the_day = security(10, date(2036, 5, 15), issued=date(2026, 6, 30))
    after = security(10, date(2036, 5, 15), issued=date(2026, 7, 1))
    assert is_deliverable(on_the_day, contract).deliverable
    assert "not issued before 2026-07-01" in is_deliverable(after, contract).reason


def test_a_matured_security_is_refused() -> None:
    verdict = is_deliverable(security(2, date(2026, 6, 1)), FuturesContract("ZT", 2026, 6))
    assert "matured by 2026-06-01" in verdict.reason
