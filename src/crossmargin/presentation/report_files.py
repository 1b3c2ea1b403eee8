"""The reports of a day as files: names and contents."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.reports import REPORT_HEADER, report_rows
from crossmargin.presentation.statement_files import statement_csv, statement_pdf, statement_xlsx

_STATEMENT = "statement/"


def report_files(report: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of one report by name: JSON and CSV, of a statement XLSX and PDF too."""
    name = str(report["report"])
    stem = f"{report['business_date']}-{name.replace('/', '-')}"
    files = {f"{stem}.json": f"{json.dumps(report, indent=2)}\n".encode()}
    document = report["document"]
    if name.startswith(_STATEMENT):
        files[f"{stem}.csv"] = statement_csv(document)
        files[f"{stem}.xlsx"] = statement_xlsx(document)
        files[f"{stem}.pdf"] = statement_pdf(document)
    else:
        files[f"{stem}.csv"] = _csv(report)
    return files


def _csv(report: Mapping[str, Any]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(REPORT_HEADER)
    writer.writerows([csv_cell(cell) for cell in row] for row in report_rows(report))
    return text.getvalue().encode()
