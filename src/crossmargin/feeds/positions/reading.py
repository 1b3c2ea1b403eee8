"""Read a positions file: CSV with a header, JSON lines or Parquet, every fault with its place.

CSV and JSON lines are read line by line, because no field of a positions file spans lines: a quote
left open spoils its own line and no other, and line numbers are those of an editor.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from crossmargin.basics.refusals import Refusal, refused
from crossmargin.feeds.positions.rows import COLUMNS, REQUIRED_COLUMNS, position_from_row
from crossmargin.product.position import PositionLine

_INTERFACE = "reference: positions file"
_LONGEST_LINE_BYTES = 10_000
_LONGEST_SHOWN = 100
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DIGEST_OF_NOTHING = hashlib.sha256().hexdigest()
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
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
    return loading.loaded()


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


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

    def loaded(self) -> LoadedPositions:
        return LoadedPositions(
            tuple(self.lines),
            tuple(self.refusals),
            self.row_count,
            self.sha256,
            self.columns,
        )

    def refuse(
        self, name: str, value: str, expected: str, *, line: int | None, column: int | None = None
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

    def header_of(self, names: Sequence[str]) -> dict[str, int] | None:
        """Return the number of each column, or None after refusing the header."""
        before = len(self.refusals)
        columns: dict[str, int] = {}
        for number, name in enumerate(names, start=1):
            if name in columns:
                self.refuse("header", name, "each column once", line=1, column=number)
            elif name not in COLUMNS:
                self.refuse("header", name, _nearest_column(name), line=1, column=number)
            columns.setdefault(name, number)
        for name in REQUIRED_COLUMNS:
            if name not in columns:
                self.refuse("header", "", f"a column {name}: it is required", line=1)
        return columns if len(self.refusals) == before else None


def _nearest_column(name: str) -> str:
    near = difflib.get_close_matches(name.strip().lower(), COLUMNS, n=1, cutoff=0.5)
    return f"a known column; did you mean {near[0]}?" if near else "one of " + ", ".join(COLUMNS)


def _text_lines(file: BufferedReader, loading: _Loading) -> Iterator[tuple[int, str | None]]:
    """Yield number and text of each line; None after refusing a line that is no text."""
    digest = hashlib.sha256()
    number = 0
    while raw := file.readline(_LONGEST_LINE_BYTES):
        number += 1
        digest.update(raw)
        content = raw.removeprefix(_BYTE_ORDER_MARK) if number == 1 else raw
        if len(raw) == _LONGEST_LINE_BYTES and not raw.endswith(b"\n"):
            _skip_rest_of_line(file, digest)
            expected = f"a line of fewer than {_LONGEST_LINE_BYTES} bytes"
            loading.refuse("line", _shown(repr(content)), expected, line=number)
            yield number, None
        else:
            yield number, _decoded(content, number, loading)
    loading.sha256 = digest.hexdigest()


def _skip_rest_of_line(file: BufferedReader, digest: _Digest) -> None:
    while rest := file.readline(_LONGEST_LINE_BYTES):
        digest.update(rest)
        if rest.endswith(b"\n"):
            return


def _decoded(content: bytes, number: int, loading: _Loading) -> str | None:
    try:
        text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        value = f"byte 0x{content[error.start]:02x} at place {error.start + 1}"
        loading.refuse("line", value, "UTF-8 text", line=number)
        return None
    control = _CONTROL.search(text)
    if control is not None:
        value = f"{control.group()!r} at place {control.start() + 1}"
        expected = "text without control characters, lines ended by LF or CRLF"
        loading.refuse("line", value, expected, line=number)
        return None
    return text


def _load_csv(file: BufferedReader, loading: _Loading) -> None:
    columns: dict[str, int] | None = None
    for number, text in _text_lines(file, loading):
        if number == 1:
            columns = None if text is None else _csv_header(text, loading)
            loading.columns = columns or {}
        elif text != "":
            loading.row_count += 1
            if text is not None and columns is not None:
                _take_csv_row(text, number, columns, loading)
    if loading.sha256 == _DIGEST_OF_NOTHING:
        loading.refuse("file", "", "a header, then one row a position; the file is empty", line=1)


def _csv_header(text: str, loading: _Loading) -> dict[str, int] | None:
    fields = _csv_fields(text, 1, loading)
    if fields is None:
        return None
    names = [name.strip() for name in fields]
    if not set(names) & set(COLUMNS):
        expected = "a header with the columns " + ", ".join(REQUIRED_COLUMNS)
        loading.refuse("header", _shown(text), expected, line=1)
        return None
    return loading.header_of(names)


def _take_csv_row(text: str, number: int, columns: Mapping[str, int], loading: _Loading) -> None:
    values = _csv_fields(text, number, loading)
    if values is None:
        return
    if len(values) != len(columns):
        expected = f"{len(columns)} fields, as in the header"
        loading.refuse("row", f"{len(values)} fields", expected, line=number)
        return
    loading.take(dict(zip(columns, values, strict=True)), number, columns)


def _csv_fields(text: str, number: int, loading: _Loading) -> list[str] | None:
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        expected = f"quotes closed on the same line and doubled inside a field ({error})"
        loading.refuse("line", _shown(text), expected, line=number)
        return None


def _load_json_lines(file: BufferedReader, loading: _Loading) -> None:
    for number, text in _text_lines(file, loading):
        if text is not None and not text.strip():
            continue
        loading.row_count += 1
        cells = None if text is None else _json_cells(text, number, loading)
        if cells is not None:
            loading.take(cells, number, {})
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
        loading.refuse("line", _shown(text), "one JSON object", line=number)
        return None
    if not isinstance(pairs, _Pairs):
        loading.refuse("line", _shown(text), "one JSON object", line=number)
        return None
    before = len(loading.refusals)
    cells: dict[str, str] = {}
    for name, value in pairs:
        if name not in COLUMNS:
            loading.refuse(_shown(name), _shown(str(value)), _nearest_column(name), line=number)
        elif name in cells:
            loading.refuse(name, _shown(str(value)), "each key once", line=number)
        elif isinstance(value, list):
            loading.refuse(name, "a list or an object", "a text, a number or null", line=number)
        else:
            cells[name] = _as_text(value)
    return cells if len(loading.refusals) == before else None


class _Pairs(list[tuple[str, object]]):
    """Keys and values of a JSON object, in order and with repeats."""


def _load_parquet(file: BufferedReader, loading: _Loading) -> None:
    import polars

    loading.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    try:
        frame = polars.read_parquet(file)
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0]
        expected = f"a Parquet file ({reason})"
        raise refused("positions", loading.file, expected, _INTERFACE) from None
    loading.row_count = frame.height
    columns = loading.header_of(frame.columns)
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


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
