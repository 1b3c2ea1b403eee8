from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.product.identification import ReferenceEntry, identify
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

PRICE_DATE = date(2026, 3, 24)
NOTE, BOND = SecurityKind.NOTE, SecurityKind.BOND


def sheet_line(kind: SecurityKind, maturity: date) -> TreasurySecurity:
    return TreasurySecurity(Cusip("912810FT0"), kind, Decimal("4.5"), maturity)


def entry(years: int, *, maturity: date, coupon: str = "4.5", issued: date) -> ReferenceEntry:
    return ReferenceEntry("912810FT0", years, Decimal(coupon), issued, maturity, "a file")


@pytest.mark.parametrize(
    ("kind", "maturity", "years", "issued", "dated"),
    [
        (NOTE, date(2028, 2, 29), 2, date(2026, 3, 2), date(2026, 2, 28)),
        (NOTE, date(2031, 2, 28), 5, date(2026, 3, 2), date(2026, 2, 28)),
        (NOTE, date(2032, 5, 31), 7, date(2025, 6, 2), date(2025, 5, 31)),
        (NOTE, date(2028, 4, 15), 3, date(2025, 4, 15), date(2025, 4, 15)),
        (NOTE, date(2035, 11, 15), 10, date(2025, 11, 17), date(2025, 11, 15)),
        (BOND, date(2045, 5, 15), 20, date(2025, 6, 2), date(2025, 5, 15)),
        (BOND, date(2056, 2, 15), 30, date(2026, 2, 17), date(2026, 2, 15)),
    ],
)
def test_a_newer_issue_follows_from_its_maturity_date(
    kind: SecurityKind, maturity: date, years: int, issued: date, dated: date
) -> None:
    found = identify(sheet_line(kind, maturity), {}, price_date=PRICE_DATE)
    assert found.original_maturity_years == years
    assert (found.issue_date, found.dated_date) == (issued, dated)
    assert found.original_maturity_source.startswith("derived from the maturity date")


@pytest.mark.parametrize(
    ("kind", "maturity"),
    [
        (NOTE, date(2030, 2, 15)),  # a ten-year note of 2020 would be in the reference
        (NOTE, date(2028, 3, 10)),  # no note matures on the 10th
        (NOTE, date(2035, 10, 15)),  # no ten-year note matures in October
        (BOND, date(2045, 6, 15)),  # nor a bond in June
        (BOND, date(2045, 5, 31)),
        (NOTE, date(2028, 3, 31)),  # to be issued after the sheet
    ],
)
def test_an_issue_that_fits_no_term_stays_unknown(kind: SecurityKind, maturity: date) -> None:
    found = identify(sheet_line(kind, maturity), {}, price_date=PRICE_DATE)
    assert found.original_maturity_years is None
    assert found.issue_date is None
    assert found.original_maturity_source.startswith("unknown")
    assert found.original_maturity_source.endswith("none")


@pytest.mark.parametrize(
    ("reference_date", "price_date", "years"),
    [
        (date(2025, 3, 13), date(2026, 3, 2), 2),
        (date(2025, 3, 13), date(2026, 3, 1), None),
        (date(2026, 3, 1), date(2026, 3, 24), 2),
        (date(2026, 3, 2), date(2026, 3, 24), None),
    ],
)
def test_issues_after_the_reference_and_by_the_price_date_are_considered(
    reference_date: date, price_date: date, years: int | None
) -> None:
    # A two-year note issued on 2026-03-02.
    found = identify(
        sheet_line(NOTE, date(2028, 2, 29)),
        {},
        price_date=price_date,
        reference_date=reference_date,
    )
    assert found.original_maturity_years == years


def test_an_issue_that_fits_two_terms_stays_unknown() -> None:
    # The reference holds no issues so short: both terms may be.
    found = identify(sheet_line(NOTE, date(2026, 8, 15)), {}, price_date=PRICE_DATE)
    assert found.original_maturity_years is None
    assert found.original_maturity_source.endswith("3 or 10")


def test_the_reference_is_asked_first_and_keeps_the_first_maturity() -> None:
    maturity = date(2028, 2, 29)
    first = entry(7, maturity=maturity, issued=date(2021, 3, 1))
    second = entry(2, maturity=maturity, issued=date(2026, 3, 2))
    found = identify(
        sheet_line(NOTE, maturity), {"912810FT0": (first, second)}, price_date=PRICE_DATE
    )
    assert found.original_maturity_years == 7
    assert found.issue_date == date(2021, 3, 1)
    assert found.dated_date == date(2021, 2, 28)
    assert found.original_maturity_source == "reference file: a file"


def test_an_entry_with_other_terms_does_not_identify() -> None:
    maturity = date(2028, 2, 29)
    other = entry(7, maturity=maturity, coupon="1", issued=date(2021, 3, 1))
    found = identify(sheet_line(NOTE, maturity), {"912810FT0": (other,)}, price_date=PRICE_DATE)
    assert found.original_maturity_years is None
    assert "other terms" in found.original_maturity_source


def test_a_bond_issued_between_two_dates_of_its_cycle_is_dated_when_issued() -> None:
    maturity = date(2037, 5, 15)
    odd = entry(30, maturity=maturity, issued=date(2007, 8, 15))
    found = identify(sheet_line(BOND, maturity), {"912810FT0": (odd,)}, price_date=PRICE_DATE)
    assert found.dated_date == date(2007, 8, 15)


def test_an_entry_without_issue_date_still_gives_the_original_maturity() -> None:
    maturity = date(2035, 2, 15)
    bare = replace(entry(10, maturity=maturity, issued=date(2025, 2, 18)), issue_date=None)
    found = identify(sheet_line(NOTE, maturity), {"912810FT0": (bare,)}, price_date=PRICE_DATE)
    assert (found.original_maturity_years, found.issue_date) == (10, None)
    assert found.dated_date == date(2025, 2, 15)


@pytest.mark.parametrize("kind", [SecurityKind.TIPS, SecurityKind.BILL, SecurityKind.FRN])
def test_only_notes_and_bonds_are_identified(kind: SecurityKind) -> None:
    found = identify(sheet_line(kind, date(2028, 2, 29)), {}, price_date=PRICE_DATE)
    assert found.original_maturity_years is None
    assert found.original_maturity_source == f"unknown: a {kind}"
