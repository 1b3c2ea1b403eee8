"""A customer statement as files: CSV, XLSX and PDF, the same rows in each.

A statement is a JSON document (:func:`crossmargin.reporting.statement.statement_document`). CSV has
its figures as they are, XLSX as numbers with their cents, PDF with thousands set apart.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.paper import Paper

#: Said wherever a figure of the models is shown (ruling 32).
NOTICE = (
    "No model here is FICC's or CME's or was reviewed by the CFTC or the SEC. Not legal advice."
)
#: Title, name in the document and columns, in the order in which they are read.
_SECTIONS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "Requirements, US dollars",
        "requirements",
        ("clearing_organization", "cycle", "with_arrangement", "without_arrangement", "saved"),
    ),
    (
        "Collateral",
        "collateral",
        ("location", "asset", "amount", "market_value", "haircut", "value"),
    ),
    (
        "Margin calls, US dollars",
        "calls",
        (
            *("clearing_organization", "cycle", "amount", "paid", "unpaid", "state"),
            *("currency", "due_at", "call_id"),
        ),
    ),
    (
        "Balances",
        "balances",
        (
            *("asset", "opening", "deposits_and_withdrawals", "settlement_flows"),
            *("fees_and_interest", "closing"),
        ),
    ),
    (
        "Positions, market value in US dollars",
        "positions",
        (
            *("clearing_organization", "account", "asset", "quantity", "unit"),
            *("price", "market_value", "price_source"),
        ),
    ),
    ("Movements", "movements", ("at", "section", "kind", "asset", "amount", "transfer_id")),
)
#: Columns of figures.
_FIGURES = frozenset(
    {
        *("with_arrangement", "without_arrangement", "saved", "amount", "market_value", "value"),
        *("haircut", "paid", "unpaid", "opening", "closing", "quantity", "price"),
        *("deposits_and_withdrawals", "settlement_flows", "fees_and_interest"),
    }
)
_FUTURES = "CUSTOMER_FUTURES_ACCOUNT"
_NAMES = frozenset({"kind", "section"})
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: Binary numbers keep every cent of amounts with no more digits than this.
_DIGITS_KEPT = 15
#: Beside what a column holds; tables of a few short columns need not fill the page.
_SPARE_MM = 6.0


def statement_tables(
    statement: Mapping[str, Any],
) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    """Yield title, columns and rows of each section that has any."""
    head = [
        ["BD-FCM", statement["bd_fcm"]],
        ["customer", statement["customer_id"]],
        ["business date", statement["business_date"]],
        ["account", _words(_account(statement).lower())],
    ]
    yield "Statement", ("what", "which"), head
    totals = [
        ["requirement", statement["requirement"]],
        ["without the arrangement", statement["requirement_without_arrangement"]],
        ["collateral value", statement["collateral_value"]],
    ]
    yield "Totals, US dollars", ("what", "amount"), totals
    for title, name, columns in _SECTIONS:
        rows = statement[name]
        if name == "balances":
            yield from _flows(statement)
        if rows:
            yield title, columns, [[_text(row[column]) for column in columns] for row in rows]


def _flows(
    statement: Mapping[str, Any],
) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    flows = [[kind, amount] for kind, amount in statement["flows_by_kind"].items()]
    if flows:
        yield "Settlement flows, fees and interest, US dollars", ("kind", "amount"), flows


def statement_csv(statement: Mapping[str, Any]) -> bytes:
    """Return the statement as CSV: section, then one row a line, its cells after the section."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for title, columns, rows in statement_tables(statement):
        writer.writerow([title, *columns])
        writer.writerows([csv_cell(cell) for cell in (title, *row)] for row in rows)
    return text.getvalue().encode()


def _account(statement: Mapping[str, Any]) -> str:
    """Return the account that a statement is of; one that does not say is of a futures account."""
    return str(statement.get("account", _FUTURES))


def statement_xlsx(statement: Mapping[str, Any]) -> bytes:
    """Return the statement as a workbook: one sheet a section, figures as numbers.

    A figure that a binary number would not keep to its last digit stays text.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    made = datetime.fromisoformat(statement["business_date"]).replace(tzinfo=UTC)
    # The day's, so that equal statements are equal files.
    book.set_properties({"created": made.replace(tzinfo=None), "comments": NOTICE})
    bold = book.add_format({"bold": True})
    formats = {
        places: book.add_format({"num_format": f"#,##0{'.' if places else ''}{'0' * places}"})
        for places in range(_DIGITS_KEPT)
    }
    for title, columns, rows in statement_tables(statement):
        sheet = book.add_worksheet(title.split(",", 1)[0][:31])
        sheet.write_row(0, 0, [_words(column) for column in columns], bold)
        for number, row in enumerate(rows, start=1):
            for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
                if _is_figure(column, cell) and sum(map(str.isdigit, cell)) <= _DIGITS_KEPT:
                    places = len(cell.partition(".")[2])
                    sheet.write_number(number, place, float(cell), formats[places])
                else:
                    sheet.write_string(number, place, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    book.close()
    return buffer.getvalue()


def statement_pdf(statement: Mapping[str, Any]) -> bytes:
    """Return the statement as pages of tables."""
    of_account = "" if _account(statement) == _FUTURES else "securities account, "
    words = f"{statement['customer_id']}: {of_account}statement of {statement['business_date']}"
    paper = Paper(
        title=words,
        foot=NOTICE,
        on=date.fromisoformat(statement["business_date"]),
        is_across=True,
    )
    paper.pdf.add_page()
    paper.text(words, size=14, style="B", gap=2)
    for title, columns, rows in statement_tables(statement):
        paper.table(
            Table(
                title,
                tuple(map(_words, columns)),
                tuple(tuple(map(_shown, columns, row)) for row in rows),
                "",
                frozenset(place for place, each in enumerate(columns) if each in _FIGURES),
            ),
            spare_max=_SPARE_MM,
        )
    return bytes(paper.pdf.output())


def _is_figure(column: str, cell: str) -> bool:
    return column in _FIGURES and _NUMBER.fullmatch(cell) is not None


def _with_thousands(column: str, cell: str) -> str:
    """Return a cell, a figure with its thousands set apart."""
    if not _is_figure(column, cell):
        return cell
    whole, point, part = cell.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point}{part}"


def _shown(column: str, cell: str) -> str:
    """Return a cell of a page: figures with thousands, names of kinds as words."""
    return _words(cell) if column in _NAMES else _with_thousands(column, cell)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _text(value: object) -> str:
    return "" if value is None else str(value)
