"""A CSV of a clearing organization as text: header, rows, and every fault with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from crossmargin.basics.refusals import Refusal, refused
from crossmargin.feeds.text_rows import csv_fields, shown, text_lines

RULE = "reference: xm reconcile"
LARGEST_FILE_BYTES = 256 * 1024 * 1024
LONGEST_LINE_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line, counting the header as 1, and its cells by column name."""

    line: int
    cells: Mapping[str, str]


@dataclass(slots=True)
class TextTable:
    """A file as text.

    Parameters
    ----------
    file : str
        Its name, without the folder.
    sha256 : str
    header : tuple of str
    rows : list of Row
    refusals : list of Refusal
    """

    file: str
    sha256: str = ""
    header: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: str | None = None
    ) -> None:
        """Add a fault."""
        number = self.header.index(column) + 1 if column in self.header else None
        self.refusals.append(Refusal(name, shown(value), expected, RULE, self.file, line, number))


def read_table(path: Path) -> TextTable:
    """Read a CSV with a header: UTF-8, byte order mark and CRLF accepted, blank lines skipped.

    Raises
    ------
    RefusedError
        If the file cannot be opened or is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("file", path.name, f"a readable file ({reason})", RULE) from None
    if len(content) > LARGEST_FILE_BYTES:
        raise refused("file", path.name, f"at most {LARGEST_FILE_BYTES} bytes", RULE)
    table = TextTable(path.name, hashlib.sha256(content).hexdigest())
    header_read = False
    for line, text in text_lines(BytesIO(content), table.refuse, longest_bytes=LONGEST_LINE_BYTES):
        if text is None or not text.strip():
            continue
        fields = csv_fields(text, line, table.refuse)
        cells = None if fields is None else [cell.strip() for cell in fields]
        if not header_read:
            header_read = True
            if cells is None or not _take_header(cells, line, table):
                break
        elif cells is not None and len(cells) != len(table.header):
            expected = f"{len(table.header)} fields, as in the header"
            table.refuse("row", f"{len(cells)} fields", expected, line=line)
        elif cells is not None:
            table.rows.append(Row(line, dict(zip(table.header, cells, strict=True))))
    if not header_read and not table.refusals:
        table.refuse("file", "", "a header, then one row a line; the file is empty", line=1)
    return table


def _take_header(names: list[str], line: int, table: TextTable) -> bool:
    table.header = tuple(names)
    for number, name in enumerate(names, start=1):
        if not name:
            table.refuse("header", f"column {number}", "a name for every column", line=line)
        elif names.index(name) != number - 1:
            table.refuse("header", name, "each column once", line=line, column=name)
    return not table.refusals
