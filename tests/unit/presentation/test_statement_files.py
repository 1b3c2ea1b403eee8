"""A statement as files: the same figures in each, numbers where a spreadsheet keeps them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import pytest

from crossmargin.presentation.statement_files import (
    statement_csv,
    statement_pdf,
    statement_tables,
    statement_xlsx,
)

HUGE = "12345678901234.56"


@pytest.fixture
def statement() -> dict[str, Any]:
    return {
        "bd_fcm": "1001",
        "customer_id": "=FUND",
        "business_date": "2026-05-12",
        "account": "CUSTOMER_FUTURES_ACCOUNT",
        "requirement": "2472063.04",
        "requirement_without_arrangement": HUGE,
        "collateral_value": "-4715709.80",
        "flows_by_kind": {"CME_SETTLEMENT_VARIATION": "784156.25"},
        "positions": [
            {
                "account": "XM",
                "asset": "FUT-TNM26",
                "clearing_organization": "CME",
                "market_value": "-245509093.75",
                "price": "112.515625",
                "price_source": "model: forward of the cheapest to deliver",
                "quantity": "-2182",
                "unit": "contracts",
            },
            {
                "account": "XM",
                "asset": "POS-91282CBS9",
                "clearing_organization": "FICC",
                "market_value": None,
                "price": "",
                "price_source": "",
                "quantity": "900000000",
                "unit": "dollars of par",
            },
        ],
        "requirements": [],
        "collateral": [],
        "calls": [],
        "movements": [],
        "balances": [],
    }


def cells_of(content: bytes, sheet: int) -> list[dict[str, str]]:
    """Return the cells of a sheet: numbers by reference, and texts by reference."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        said = book.read(f"xl/worksheets/sheet{sheet}.xml").decode()
        texts = re.findall(r"<t[^>]*>([^<]*)</t>", book.read("xl/sharedStrings.xml").decode())
    found: list[dict[str, str]] = [{}, {}]
    for place, kind, value in re.findall(r'<c r="(\w+)"[^>]*?(t="s")?><v>([^<]*)</v>', said):
        found[bool(kind)][place] = texts[int(value)] if kind else value
    return found


def test_figures_are_numbers_in_a_workbook_and_ids_stay_text(statement: dict[str, Any]) -> None:
    content = statement_xlsx(statement)
    numbers, texts = cells_of(content, 1)
    assert numbers == {}, "the BD-FCM is called 1001: a name, no figure"
    assert {"1001", "=FUND"} <= {*texts.values()}
    totals, rest = cells_of(content, 2)
    assert {float(value) for value in totals.values()} == {2472063.04, -4715709.8}
    assert HUGE in rest.values(), "sixteen digits: no binary number keeps the cent"
    positions, _ = cells_of(content, 4)
    assert {float(value) for value in positions.values()} == {
        *(-2182.0, 112.515625, -245509093.75, 900000000.0)
    }


def test_the_csv_has_plain_figures_under_the_columns_of_their_section(
    statement: dict[str, Any],
) -> None:
    rows = list(csv.reader(io.StringIO(statement_csv(statement).decode())))
    (header,) = [row for row in rows if "market_value" in row]
    (future,) = [dict(zip(header, row, strict=True)) for row in rows if "FUT-TNM26" in row]
    assert (future["quantity"], future["price"], future["market_value"]) == (
        "-2182",
        "112.515625",
        "-245509093.75",
    )
    assert ["Statement", "customer", "'=FUND"] in rows


def test_pages_set_thousands_apart_and_are_alike_each_time(statement: dict[str, Any]) -> None:
    from fpdf import FPDF

    written: list[str] = []
    kept = FPDF.normalize_text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            FPDF, "normalize_text", lambda self, text: written.append(text) or kept(self, text)
        )
        first = statement_pdf(statement)
    assert {"2,472,063.04", "-4,715,709.80", "-245,509,093.75", "-2,182", "112.515625"} <= {
        *written
    }
    assert "market value" in written
    assert first == statement_pdf(statement)


def test_a_section_without_rows_is_left_out(statement: dict[str, Any]) -> None:
    titles = [title for title, _, _ in statement_tables(statement)]
    assert titles == [
        "Statement",
        "Totals, US dollars",
        "Settlement flows, fees and interest, US dollars",
        "Positions, market value in US dollars",
    ]


def test_a_statement_that_does_not_say_so_is_of_the_futures_account(
    statement: dict[str, Any],
) -> None:
    earlier = {name: each for name, each in statement.items() if name != "account"}
    assert statement_csv(earlier) == statement_csv(statement)
    assert statement_pdf(earlier) == statement_pdf(statement)
