"""Read a positions file: CSV with a header, JSON lines or Parquet, every fault with its place.

CSV and JSON lines are read line by line: a quote left open spoils its own line and no other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from io import BufferedReader
from pathlib import Path

from crossmargin.basics.refusals import Refusal, refused
from crossmargin.feeds.positions.rows import (
    COLUMNS,
    PATH_COLUMN,
    REQUIRED_COLUMNS,
    date_of_row,
    position_from_row,
)
from crossmargin.feeds.text_rows import (
    CsvRows,
    header_columns,
    nearest_column,
    parquet_frame,
    shown,
    text_lines,
)
from crossmargin.product.position import PositionLine

_INTERFACE = "reference: positions file"
_JSON_LINES_SUFFIXES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class LoadedPositions:
    """A positions file, read: its good lines, its faults, how many rows, and its digest.

    ``row_count`` counts every row after the header, good or not, blank lines aside. ``sha256`` is
    that of the file's bytes. ``columns`` numbers the columns of a CSV from 1.
    """

    lines: tuple[PositionLine, ...]
    refusals: tuple[Refusal, ...]
    row_count: int
    sha256: str
    columns: Mapping[str, int] = field(default_factory=dict)


def read_positions(path: Path, *, default_bd_fcm: str = "BD-FCM") -> LoadedPositions:
    """Read a positions file and check every row.

    Parameters
    ----------
    path : Path
        ``.parquet``, ``.jsonl`` or ``.ndjson``; anything else is CSV. A byte order mark and CRLF
        are accepted.
    default_bd_fcm : str
        BD-FCM of a row that names none.

    Returns
    -------
    LoadedPositions
        Good lines and every fault of every bad row. A file whose header is at fault has no lines.

    Raises
    ------
    RefusedError
        If the file cannot be opened, or is no Parquet file although it is named so.

    Notes
    -----
    Lines count the header as 1; in JSON lines they are the file's, in Parquet row number plus 1.
    """
    loading = _Loading(str(path), default_bd_fcm)
    _load(path, loading)
    return loading.loaded()


@dataclass(frozen=True, slots=True)
class LoadedPath:
    """A file of positions by date, read: as :class:`LoadedPositions`, each line with its date."""

    lines: tuple[tuple[date, PositionLine], ...]
    refusals: tuple[Refusal, ...]
    row_count: int
    sha256: str
    columns: Mapping[str, int] = field(default_factory=dict)


def read_position_path(path: Path, *, default_bd_fcm: str = "BD-FCM") -> LoadedPath:
    """Read a file of positions by date: the columns of a positions file, and ``date``.

    Parameters
    ----------
    path : Path
        In the formats of :func:`read_positions`.
    default_bd_fcm : str
        BD-FCM of a row that names none.

    Raises
    ------
    RefusedError
        As :func:`read_positions`.
    """
    loading = _PathLoading(str(path), default_bd_fcm)
    _load(path, loading)
    return LoadedPath(
        tuple(zip(loading.dates, loading.lines, strict=True)),
        tuple(loading.refusals),
        loading.row_count,
        loading.sha256,
        loading.columns,
    )


def _load(path: Path, loading: _Loading) -> None:
    try:
        with path.open("rb") as file:
            if path.suffix == ".parquet":
                _load_parquet(file, loading)
            elif path.suffix in _JSON_LINES_SUFFIXES:
                _load_json_lines(file, loading)
            else:
                _load_csv(file, loading)
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("positions", path, f"a readable file ({reason})", _INTERFACE) from None


@dataclass(slots=True)
class _Loading:
    """What has been read so far."""

    file: str
    default_bd_fcm: str
    lines: list[PositionLine] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    row_count: int = 0
    sha256: str = ""
    columns: Mapping[str, int] = field(default_factory=dict)
    known: Sequence[str] = COLUMNS
    required: Sequence[str] = REQUIRED_COLUMNS

    def loaded(self) -> LoadedPositions:
        return LoadedPositions(
            tuple(self.lines),
            tuple(self.refusals),
            self.row_count,
            self.sha256,
            self.columns,
        )

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: int | None = None
    ) -> None:
        self.refusals.append(Refusal(name, value, expected, _INTERFACE, self.file, line, column))

    def take(self, cells: Mapping[str, str], line: int, columns: Mapping[str, int]) -> None:
        checked = position_from_row(cells, line=line, default_bd_fcm=self.default_bd_fcm)
        if isinstance(checked, PositionLine):
            self.lines.append(checked)
            return
        self.refusals.extend(
            replace(refusal, file=self.file, column=columns.get(refusal.field))
            for refusal in checked
        )


@dataclass(slots=True)
class _PathLoading(_Loading):
    """The same of positions by date."""

    dates: list[date] = field(default_factory=list)
    known: Sequence[str] = (PATH_COLUMN, *COLUMNS)
    required: Sequence[str] = (PATH_COLUMN, *REQUIRED_COLUMNS)

    def take(self, cells: Mapping[str, str], line: int, columns: Mapping[str, int]) -> None:
        day = date_of_row(cells, line=line)
        before = len(self.lines)
        _Loading.take(self, cells, line, columns)
        if isinstance(day, Refusal):
            del self.lines[before:]
            self.refusals.append(replace(day, file=self.file, column=columns.get(PATH_COLUMN)))
        elif len(self.lines) > before:
            self.dates.append(day)


def _load_csv(file: BufferedReader, loading: _Loading) -> None:
    digest = hashlib.sha256()
    rows = CsvRows(loading.refuse, loading.known, loading.required)
    for number, cells in rows.of(file, digest):
        loading.row_count += 1
        if cells is not None:
            loading.take(cells, number, rows.columns)
    loading.columns, loading.sha256 = rows.columns, digest.hexdigest()
    if not rows.line_count:
        loading.refuse("file", "", "a header, then one row a position; the file is empty", line=1)


def _load_json_lines(file: BufferedReader, loading: _Loading) -> None:
    digest = hashlib.sha256()
    for number, text in text_lines(file, loading.refuse, digest=digest):
        if text is not None and not text.strip():
            continue
        loading.row_count += 1
        cells = None if text is None else _json_cells(text, number, loading)
        if cells is not None:
            loading.take(cells, number, {})
    loading.sha256 = digest.hexdigest()
    if not loading.row_count:
        loading.refuse("file", "", "one JSON object a line; the file is empty", line=1)


def _json_cells(text: str, number: int, loading: _Loading) -> dict[str, str] | None:
    """Return the cells of a JSON line as text, digit for digit, or None after refusing it."""
    try:
        # Pairs, not a dict: a key given twice must not hide the first.
        pairs = json.loads(
            text, object_pairs_hook=_Pairs, parse_int=str, parse_float=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        loading.refuse("line", shown(text), "one JSON object", line=number)
        return None
    if not isinstance(pairs, _Pairs):
        loading.refuse("line", shown(text), "one JSON object", line=number)
        return None
    before = len(loading.refusals)
    cells: dict[str, str] = {}
    for name, value in pairs:
        if name not in loading.known:
            loading.refuse(
                shown(name), shown(str(value)), nearest_column(name, loading.known), line=number
            )
        elif name in cells:
            loading.refuse(name, shown(str(value)), "each key once", line=number)
        elif isinstance(value, list):
            loading.refuse(name, "a list or an object", "a text, a number or null", line=number)
        else:
            cells[name] = _as_text(value)
    return cells if len(loading.refusals) == before else None


class _Pairs(list[tuple[str, object]]):
    """Keys and values of a JSON object, in order and with repeats."""


def _load_parquet(file: BufferedReader, loading: _Loading) -> None:
    loading.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    frame = parquet_frame(file, "positions", loading.file, _INTERFACE)
    loading.row_count = frame.height
    columns = header_columns(
        frame.columns, loading.refuse, known=loading.known, required=loading.required
    )
    if columns is None:
        return
    for number, values in enumerate(frame.iter_rows(), start=2):
        cells = {name: _as_text(value) for name, value in zip(columns, values, strict=True)}
        loading.take(cells, number, columns)


def _as_text(value: object) -> str:
    """Return a typed cell as the text that a CSV would hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return str(value)
