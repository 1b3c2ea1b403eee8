"""A CSV of a clearing organization as text: header, rows, and every fault with its place.

Line by line, because no field spans lines: a quote left open spoils its own line and no other.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crossmargin.basics.refusals import Refusal, refused

RULE = "reference: xm reconcile"
LARGEST_FILE_BYTES = 256 * 1024 * 1024
LONGEST_LINE_BYTES = 20_000
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LONGEST_SHOWN = 100


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
        shown = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "..."
        number = self.header.index(column) + 1 if column in self.header else None
        self.refusals.append(Refusal(name, shown, expected, RULE, self.file, line, number))


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
    for line, text in _lines(content.removeprefix(_BYTE_ORDER_MARK), table):
        cells = _cells(text, line, table)
        if not header_read:
            header_read = True
            if cells is None or not _take_header(cells, line, table):
                return table
        elif cells is not None and len(cells) != len(table.header):
            expected = f"{len(table.header)} fields, as in the header"
            table.refuse("row", f"{len(cells)} fields", expected, line=line)
        elif cells is not None:
            table.rows.append(Row(line, dict(zip(table.header, cells, strict=True))))
    if not header_read and not table.refusals:
        table.refuse("file", "", "a header, then one row a line; the file is empty", line=1)
    return table


def _lines(content: bytes, table: TextTable) -> Iterator[tuple[int, str]]:
    for line, raw in enumerate(content.split(b"\n"), start=1):
        if len(raw) > LONGEST_LINE_BYTES:
            expected = f"a line of at most {LONGEST_LINE_BYTES} bytes"
            table.refuse("line", f"{len(raw)} bytes", expected, line=line)
            continue
        try:
            text = raw.decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError as error:
            value = f"byte 0x{raw[error.start]:02x} at place {error.start + 1}"
            table.refuse("line", value, "UTF-8 text", line=line)
            continue
        control = _CONTROL.search(text)
        if control:
            value = f"{control.group()!r} at place {control.start() + 1}"
            table.refuse("line", value, "text without control characters", line=line)
        elif text.strip():
            yield line, text


def _cells(text: str, line: int, table: TextTable) -> list[str] | None:
    try:
        return [cell.strip() for cell in next(csv.reader([text], strict=True))]
    except csv.Error as error:
        expected = f"quotes closed on the same line and doubled inside a field ({error})"
        table.refuse("line", text, expected, line=line)
        return None


def _take_header(names: list[str], line: int, table: TextTable) -> bool:
    table.header = tuple(names)
    for number, name in enumerate(names, start=1):
        if not name:
            table.refuse("header", f"column {number}", "a name for every column", line=line)
        elif names.index(name) != number - 1:
            table.refuse("header", name, "each column once", line=line, column=name)
    return not table.refusals
