"""Write our own figures in the shape of a clearing organization's file.

For a member to see what is compared, and for files to be exchanged in tests. Text that a
spreadsheet would take for a formula gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
from fractions import Fraction
from pathlib import Path

from crossmargin.feeds.ccp_files.cells import safe_text
from crossmargin.feeds.ccp_files.layouts import LAYOUTS
from crossmargin.services.reconciliation import FIGURES, CcpFile, CcpLine, FileKind

_PLACES = 6
_CENTS = 2


def file_name(file: CcpFile) -> str:
    """Return the name that a file of ours has: kind, date, cycle and run."""
    return f"{file.kind}_{file.bus_date:%Y%m%d}_{file.cycle}_{file.run}.csv"


def write_ccp_file(file: CcpFile, folder: Path) -> Path:
    """Write the file into a folder, over one of the same name, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(file)
    path.write_text(ccp_file_text(file), encoding="utf-8", newline="")
    return path


def ccp_file_text(file: CcpFile) -> str:
    """Return the file as CSV, LF at line ends."""
    layout = LAYOUTS[file.kind]
    names = {column.name: column.names[0] for column in layout.columns}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(layout.written)
    for line in file.lines:
        cells = {
            names["bus_date"]: f"{file.bus_date:%m/%d/%Y}",
            names["cycle"]: file.cycle,
            names["run"]: str(file.run),
            names["customer_id"]: safe_text(line.customer),
            **_key_cells(file.kind, line, names),
            **{
                names[spec.name]: _decimal(line.figures[spec.name], spec.unit)
                for spec in FIGURES[file.kind]
                if spec.name in line.figures
            },
        }
        writer.writerow([cells.get(name, "") for name in layout.written])
    return text.getvalue()


def _key_cells(kind: FileKind, line: CcpLine, names: dict[str, str]) -> dict[str, str]:
    if kind is FileKind.MARGIN001:
        level, margin_level, *group = line.key.split(" ", 2)
        return {
            "Level": level,
            "MarginLevel": margin_level,
            "ProductGroup": safe_text("".join(group)),
            "CCY": "USD",
            "Seg": "CUST",
            "Fseg": "CSEG",
            "CO": "CME",
        }
    for name in ("cusip", "contract"):
        if name in names:
            return {names[name]: line.key}
    return {}


def _decimal(value: Fraction, unit: str) -> str:
    """Return a figure exactly as it is held: whole, to the cent, or to six decimals.

    Examples
    --------
    >>> _decimal(Fraction(-5, 2), "dollars"), _decimal(Fraction(7), "dollars of par")
    ('-2.50', '7')
    """
    if unit == "dollars of par":
        return str(value)
    places = _CENTS if (value * 10**_CENTS).denominator == 1 else _PLACES
    scaled = value * 10**places
    if scaled.denominator != 1:
        raise ValueError(f"figures are held to {_PLACES} decimals, was {value}")
    whole, part = divmod(abs(int(scaled)), 10**places)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{places}d}"
