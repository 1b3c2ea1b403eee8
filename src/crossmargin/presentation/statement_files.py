"""A customer statement as files: CSV, XLSX and PDF, the same rows in each.

A statement is a JSON document (:func:`crossmargin.reporting.statement.statement_document`). Its
figures are text with their cents: no spreadsheet rounds them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.pack_words import in_core_font

#: Said wherever a figure of the models is shown (ruling 32).
NOTICE = (
    "No model here is FICC's or CME's or was reviewed by the CFTC or the SEC. Not legal advice."
)
_SECTIONS: tuple[tuple[str, str], ...] = (
    ("Requirements, US dollars", "requirements"),
    ("Collateral", "collateral"),
    ("Margin calls", "calls"),
    ("Balances", "balances"),
    ("Movements", "movements"),
    ("Positions", "positions"),
)
_MARGIN_MM, _WIDTH_MM, _LINE_MM = 12.0, 273.0, 4.6
_LONGEST = 40


def statement_tables(
    statement: Mapping[str, Any],
) -> Iterator[tuple[str, Sequence[str], list[list[str]]]]:
    """Yield title, columns and rows of each section that has any."""
    head = [
        ["BD-FCM", statement["bd_fcm"]],
        ["customer", statement["customer_id"]],
        ["business date", statement["business_date"]],
        ["requirement", statement["requirement"]],
        ["without the arrangement", statement["requirement_without_arrangement"]],
        ["collateral value", statement["collateral_value"]],
    ]
    yield "Statement", ("what", "value"), head
    flows = [[kind, amount] for kind, amount in statement["flows_by_kind"].items()]
    if flows:
        yield "Settlement flows, fees and interest, US dollars", ("kind", "amount"), flows
    for title, name in _SECTIONS:
        rows = statement[name]
        if rows:
            columns = list(rows[0])
            yield title, columns, [[_text(row[column]) for column in columns] for row in rows]


def statement_csv(statement: Mapping[str, Any]) -> bytes:
    """Return the statement as CSV: section, then one row a line, its cells after the section."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for title, columns, rows in statement_tables(statement):
        writer.writerow([title, *columns])
        writer.writerows([csv_cell(cell) for cell in (title, *row)] for row in rows)
    return text.getvalue().encode()


def statement_xlsx(statement: Mapping[str, Any]) -> bytes:
    """Return the statement as a workbook: one sheet a section, every cell text."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(buffer, options)
    made = datetime.fromisoformat(statement["business_date"]).replace(tzinfo=UTC)
    # The day's, so that equal statements are equal files.
    book.set_properties({"created": made.replace(tzinfo=None), "comments": NOTICE})
    bold = book.add_format({"bold": True})
    for title, columns, rows in statement_tables(statement):
        sheet = book.add_worksheet(title.split(",", 1)[0][:31])
        sheet.write_row(0, 0, columns, bold)
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                sheet.write_string(number, place, cell)
        sheet.freeze_panes(1, 0)
        sheet.autofit()
    book.close()
    return buffer.getvalue()


def statement_pdf(statement: Mapping[str, Any]) -> bytes:
    """Return the statement as pages of tables."""
    from fpdf import FPDF
    from fpdf.fonts import FontFace

    pdf = FPDF(orientation="landscape", format="A4", unit="mm")
    pdf.set_creation_date(datetime.fromisoformat(statement["business_date"]).replace(tzinfo=UTC))
    pdf.set_margins(_MARGIN_MM, _MARGIN_MM)
    pdf.set_auto_page_break(auto=True, margin=_MARGIN_MM)
    pdf.add_page()
    pdf.set_font("Helvetica", "B", 14)
    title = f"{statement['customer_id']}: statement of {statement['business_date']}"
    pdf.cell(_WIDTH_MM, 8, in_core_font(title), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Helvetica", "", 7.5)
    pdf.cell(_WIDTH_MM, 5, in_core_font(NOTICE), new_x="LMARGIN", new_y="NEXT")
    for name, columns, rows in statement_tables(statement):
        pdf.ln(2)
        pdf.set_font("Helvetica", "B", 9)
        pdf.cell(_WIDTH_MM, 6, in_core_font(name), new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", "", 6.5)
        widths = _widths(columns, rows)
        with pdf.table(
            col_widths=widths,
            width=min(_WIDTH_MM, 1.75 * sum(widths)),
            align="LEFT",
            line_height=_LINE_MM,
            borders_layout="HORIZONTAL_LINES",
            headings_style=FontFace(emphasis="BOLD"),
        ) as table:
            for cells in (columns, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(in_core_font(str(cell)))
    return bytes(pdf.output())


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[float, ...]:
    return tuple(
        float(max(6, min(_LONGEST, max(len(str(row[place])) for row in (columns, *rows)))) + 2)
        for place in range(len(columns))
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)
