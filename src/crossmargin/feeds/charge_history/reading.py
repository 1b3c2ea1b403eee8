"""Read a charge history: CSV with a header or Parquet, every fault with its place.

CSV is read line by line, because no field spans lines: line numbers are those of an editor.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from io import BytesIO
from pathlib import Path

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, refused
from crossmargin.feeds.charge_history.rows import (
    COLUMNS,
    INTERFACE,
    REQUIRED_COLUMNS,
    CustomerRow,
    customer_row,
)
from crossmargin.margin.ficc.charge_history import ChargeHistory
from crossmargin.product.calendars import sifma_calendar

_LONGEST_SHOWN = 100
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class LoadedChargeHistory:
    """A charge history, read.

    Parameters
    ----------
    histories : mapping of CustomerKey to ChargeHistory
        Of the good rows.
    refusals : tuple of Refusal
        Every fault of every bad row.
    row_count : int
        Rows after the header, good or not, blank lines aside.
    sha256 : str
        Of the file's bytes.
    """

    histories: Mapping[CustomerKey, ChargeHistory]
    refusals: tuple[Refusal, ...]
    row_count: int
    sha256: str


def read_charge_history(path: Path, *, default_bd_fcm: str = "BD-FCM") -> LoadedChargeHistory:
    """Read a charge history and check every row.

    Parameters
    ----------
    path : Path
        ``.parquet``; anything else is CSV. A byte order mark and CRLF are accepted.
    default_bd_fcm : str
        BD-FCM of a row that names none.

    Returns
    -------
    LoadedChargeHistory
        A file whose header is at fault has no histories. Lines count the header as 1; in Parquet
        they are row number plus 1.

    Raises
    ------
    RefusedError
        If the file cannot be opened, or is no Parquet file although it is named so.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("charge history", path, f"a readable file ({reason})", INTERFACE) from None
    loading = _Loading(str(path), default_bd_fcm)
    if path.suffix == ".parquet":
        _load_parquet(content, loading)
    else:
        _load_csv(content, loading)
    return loading.loaded(hashlib.sha256(content).hexdigest())


@dataclass(slots=True)
class _Loading:
    """What has been read so far."""

    file: str
    default_bd_fcm: str
    rows: dict[tuple[object, ...], CustomerRow] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    row_count: int = 0

    def loaded(self, sha256: str) -> LoadedChargeHistory:
        by_customer: dict[CustomerKey, list[CustomerRow]] = {}
        for each in self.rows.values():
            by_customer.setdefault(each.customer, []).append(each)
        histories = {
            customer: ChargeHistory.of(each.row for each in rows)
            for customer, rows in sorted(by_customer.items())
        }
        return LoadedChargeHistory(histories, tuple(self.refusals), self.row_count, sha256)

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: int | None = None
    ) -> None:
        shown = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "..."
        self.refusals.append(Refusal(name, shown, expected, INTERFACE, self.file, line, column))

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

    def take(self, cells: Mapping[str, str], line: int, columns: Mapping[str, int]) -> None:
        checked = customer_row(
            cells, line=line, default_bd_fcm=self.default_bd_fcm, calendar=sifma_calendar()
        )
        if not isinstance(checked, CustomerRow):
            self.refusals.extend(
                replace(refusal, file=self.file, column=columns.get(refusal.field))
                for refusal in checked
            )
            return
        key = (checked.customer, *checked.row.place)
        if key in self.rows:
            self.refuse(
                "business_date",
                checked.row.business_date.isoformat(),
                "one row a customer, business date and cycle; "
                f"line {self.rows[key].line} is another",
                line=line,
                column=columns["business_date"],
            )
        else:
            self.rows[key] = checked


def _nearest_column(name: str) -> str:
    near = difflib.get_close_matches(name.strip().lower(), COLUMNS, n=1, cutoff=0.5)
    return f"a known column; did you mean {near[0]}?" if near else "one of " + ", ".join(COLUMNS)


def _load_csv(content: bytes, loading: _Loading) -> None:
    lines = _csv_lines(content, loading)
    header = next(lines, None)
    if header is None:
        loading.refuse("file", "", "a header, then one row a date and cycle", line=1)
        return
    _, names = header
    columns = None if names is None else loading.header_of([name.strip() for name in names])
    for number, values in lines:
        loading.row_count += 1
        if values is None or columns is None:
            continue
        if len(values) != len(columns):
            expected = f"{len(columns)} fields, as in the header"
            loading.refuse("row", f"{len(values)} fields", expected, line=number)
            continue
        loading.take(dict(zip(columns, values, strict=True)), number, columns)


def _csv_lines(content: bytes, loading: _Loading) -> Iterator[tuple[int, list[str] | None]]:
    """Yield number and fields of each line that is not blank; None after refusing a line."""
    raw_lines = content.removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    for number, raw in enumerate(raw_lines, start=1):
        line = raw.removesuffix(b"\r")
        if line or (number == 1 and len(raw_lines) > 1):
            yield number, _fields(line, number, loading)


def _fields(line: bytes, number: int, loading: _Loading) -> list[str] | None:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        value = f"byte 0x{line[error.start]:02x} at place {error.start + 1}"
        loading.refuse("line", value, "UTF-8 text", line=number)
        return None
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        expected = f"fields in quotes closed on the same line, no control characters ({error})"
        loading.refuse("line", text, expected, line=number)
        return None


def _load_parquet(content: bytes, loading: _Loading) -> None:
    import polars

    try:
        frame = polars.read_parquet(BytesIO(content))
    except (polars.exceptions.PolarsError, OSError) as error:
        expected = f"a Parquet file ({str(error).partition(chr(10))[0]})"
        raise refused("charge history", loading.file, expected, INTERFACE) from None
    loading.row_count = frame.height
    columns = loading.header_of(frame.columns)
    if columns is None:
        return
    rows: Iterable[tuple[object, ...]] = frame.iter_rows()
    for number, values in enumerate(rows, start=2):
        cells = {name: _as_text(value) for name, value in zip(columns, values, strict=True)}
        loading.take(cells, number, columns)


def _as_text(value: object) -> str:
    """Return a typed cell as the text that a CSV would hold."""
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, float):
        # Amounts in floats: the shortest decimal that names the float, without an exponent.
        return f"{value:.2f}" if round(value, 2) == value else repr(value)
    return str(value)
