"""Published market files in: recognised by their header, read as text, every fault named."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.feeds.market.columns import Column, bad_rows
from crossmargin.feeds.market.tables import TABLES, Table

_RULE = "reference: xm market"
_GZIP_MAGIC = b"\x1f\x8b"
_FAULTS_LISTED_MAX = 1_000


@dataclass(frozen=True, slots=True)
class SourceTable:
    """One published file, checked: ``rows`` has the table's columns, all text, in file order."""

    table: Table
    file_name: str
    sha256: str
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Sheet:
    # ``line_of`` is None where row i stands on line i + 2.
    header: tuple[str, ...]
    rows: pl.DataFrame
    line_of: Sequence[int] | None

    def line(self, row: int) -> int:
        return row + 2 if self.line_of is None else self.line_of[row]


def is_market_file(path: Path) -> bool:
    """Return True for a ``.csv`` or ``.csv.gz`` file."""
    return path.name.lower().endswith((".csv", ".csv.gz"))


def read_source(path: Path) -> SourceTable | None:
    """Read one published file.

    Returns
    -------
    SourceTable or None
        None if the header is that of no table; :func:`unrecognised` says what comes nearest.

    Raises
    ------
    RefusedError
        With every value that its column does not allow: file, line, column, value, expected.
    """
    content = _content(path)
    sheet = _read_sheet(path.name, content)
    table = _recognise(sheet.header)
    if table is None:
        return None
    refusals = [fault for column in table.columns for fault in _faults(path.name, sheet, column)]
    if refusals:
        raise RefusedError(*refusals)
    return SourceTable(
        table=table,
        file_name=path.name,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=_in_table_columns(sheet.rows, table),
    )


def unrecognised(path: Path) -> Refusal:
    """Return the refusal of a file whose header is that of no table, with the nearest table."""
    header = _read_sheet(path.name, _content(path)).header
    table = max(TABLES.values(), key=lambda table: _likeness(header, table))
    known = [column.published_name for column in table.columns]
    missing = [name for name in _required(table) if name not in header]
    unknown = [name for name in header if name not in known]
    return Refusal(
        field="header",
        value=",".join(header),
        expected=f"the header of a known table; nearest is {table.name}:"
        f" missing {', '.join(missing) or 'none'}; unknown {', '.join(unknown) or 'none'}",
        rule=_RULE,
        file=path.name,
        line=1,
    )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RefusedError(_refuse(path.name, error.strerror or "", "a readable file")) from None


def _required(table: Table) -> list[str]:
    return [column.published_name for column in table.columns if not column.may_be_absent]


def _likeness(header: Sequence[str], table: Table) -> float:
    known = {column.published_name for column in table.columns}
    return len(known & set(header)) / len(known | set(header))


def _recognise(header: Sequence[str]) -> Table | None:
    for table in TABLES.values():
        known = {column.published_name for column in table.columns}
        others = set(header) - known
        if set(_required(table)) <= set(header) and (table.keeps_other_columns or not others):
            return table
    return None


def _refuse(file: str, value: str, expected: str, line: int | None = None) -> Refusal:
    return Refusal(field="file", value=value, expected=expected, rule=_RULE, file=file, line=line)


def _read_sheet(file: str, content: bytes) -> _Sheet:
    text = _decoded(file, content)
    lines = text.split("\n")
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) < 2:  # noqa: PLR2004 - a header and one row
        raise RefusedError(_refuse(file, f"{len(lines)} lines", "a header and at least one row"))
    header = tuple(next(csv.reader(lines[:1])))
    repeated = sorted({name for name in header if header.count(name) > 1})
    if repeated:
        raise RefusedError(_refuse(file, ",".join(repeated), "each column once", 1))
    return _quoted(file, header, text) if '"' in text else _plain(file, header, lines)


def _decoded(file: str, content: bytes) -> str:
    try:
        # By content, not by name: a browser may have unpacked the file and kept its name.
        plain = gzip.decompress(content) if content.startswith(_GZIP_MAGIC) else content
        text = plain.decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise RefusedError(_refuse(file, str(error), "a whole gzip file")) from None
    except UnicodeDecodeError as error:
        raise RefusedError(_refuse(file, f"byte {error.start}", "UTF-8 text")) from None
    return text.replace("\r\n", "\n")


def _plain(file: str, header: tuple[str, ...], lines: list[str]) -> _Sheet:
    commas = pl.Series(lines, dtype=pl.String).str.count_matches(",", literal=True)
    ragged = (commas != len(header) - 1).arg_true().to_list()
    if ragged:
        raise RefusedError(
            *(
                _ragged(file, int(commas[i]) + 1, len(header), i + 1)
                for i in ragged[:_FAULTS_LISTED_MAX]
            )
        )
    rows = pl.read_csv(io.BytesIO("\n".join(lines).encode()), infer_schema=False, quote_char=None)
    return _Sheet(header, rows, None)


def _quoted(file: str, header: tuple[str, ...], text: str) -> _Sheet:
    reader = csv.reader(io.StringIO(text))
    next(reader)
    rows: list[list[str | None]] = []
    line_of: list[int] = []
    ragged: list[Refusal] = []
    line = 2
    try:
        for row in reader:
            if len(row) == len(header):
                rows.append([value or None for value in row])
                line_of.append(line)
            else:
                ragged.append(_ragged(file, len(row), len(header), line))
            line = reader.line_num + 1
    except csv.Error as error:
        # A quote that is never closed swallows the rest of the file.
        raise RefusedError(_refuse(file, str(error), "closed quotes", line)) from None
    if ragged:
        raise RefusedError(*ragged)
    schema = dict.fromkeys(header, pl.String)
    return _Sheet(header, pl.DataFrame(rows, schema=schema, orient="row"), line_of)


def _ragged(file: str, found: int, expected: int, line: int) -> Refusal:
    return _refuse(file, f"{found} values", f"{expected} values, one a column", line)


def _faults(file: str, sheet: _Sheet, column: Column) -> list[Refusal]:
    if column.published_name not in sheet.header:
        return []
    values = sheet.rows[column.published_name]
    rows = bad_rows(values, column)
    faults = [
        Refusal(
            field=column.published_name,
            value=values[row] or "",
            expected=column.expected,
            rule=_RULE,
            file=file,
            line=sheet.line(row),
            column=sheet.header.index(column.published_name) + 1,
        )
        for row in rows[:_FAULTS_LISTED_MAX]
    ]
    if len(rows) > _FAULTS_LISTED_MAX:
        further = f"{len(rows) - _FAULTS_LISTED_MAX} further values"
        faults.append(Refusal(column.published_name, further, column.expected, _RULE, file=file))
    return faults


def _in_table_columns(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    if table.keeps_other_columns:
        return rows
    return rows.select(
        (
            pl.col(column.published_name)
            if column.published_name in rows.columns
            else pl.lit(None, dtype=pl.String)
        ).alias(column.name)
        for column in table.columns
    )
