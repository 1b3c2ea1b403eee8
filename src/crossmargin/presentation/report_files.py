"""The reports of a day as files: names and contents.

The custody report keeps the shape of the daily confirmations of depositories: two CSV files, one of
cash and one of securities, and its JSON document, with the version in the name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from crossmargin.ledger.assets import AssetKind
from crossmargin.presentation.cells import csv_text
from crossmargin.presentation.reports import REPORT_HEADER, report_rows
from crossmargin.presentation.statement_files import statement_csv, statement_pdf, statement_xlsx
from crossmargin.reporting.custody_documents import CSV_COLUMNS, csv_name, csv_rows, file_stem

_STATEMENTS, _CUSTODY = ("statement/", "securities-statement/"), "custody"


def report_files(report: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of one report by name: JSON and CSV, of a statement XLSX and PDF too."""
    name = str(report["report"])
    if name == _CUSTODY:
        return _custody_files(report["document"])
    stem = f"{report['business_date']}-{name.replace('/', '-')}"
    files = {f"{stem}.json": f"{json.dumps(report, indent=2)}\n".encode()}
    document = report["document"]
    if name.startswith(_STATEMENTS):
        files[f"{stem}.csv"] = statement_csv(document)
        files[f"{stem}.xlsx"] = statement_xlsx(document)
        files[f"{stem}.pdf"] = statement_pdf(document)
    else:
        files[f"{stem}.csv"] = csv_text(REPORT_HEADER, report_rows(report)).encode()
    return files


def notice_file(notice: Mapping[str, Any], number: int) -> dict[str, bytes]:
    """Return the draft of a notice as a file of text by its name; numbers tell a day's apart."""
    name = f"{notice['business_date']}-notice-{number:02d}-{notice['kind']}.txt"
    return {name: f"{notice['text']}\n".encode()}


def _custody_files(document: Mapping[str, Any]) -> dict[str, bytes]:
    files = {f"{file_stem(document)}.json": f"{json.dumps(document, indent=2)}\n".encode()}
    for kind in (AssetKind.CASH, AssetKind.SECURITY):
        files[csv_name(document, kind)] = csv_text(CSV_COLUMNS, csv_rows(document, kind)).encode()
    return files
