"""Read a charge history: CSV with a header or Parquet, every fault with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from io import BufferedReader
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
from crossmargin.feeds.text_rows import (
    CsvRows,
    header_columns,
    parquet_frame,
    shown,
)
from crossmargin.margin.ficc.charge_history import ChargeHistory
from crossmargin.product.calendars import sifma_calendar


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
    loading = _Loading(str(path), default_bd_fcm)
    try:
        with path.open("rb") as file:
            if path.suffix == ".parquet":
                _load_parquet(file, loading)
            else:
                _load_csv(file, loading)
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("charge history", path, f"a readable file ({reason})", INTERFACE) from None
    return loading.loaded()


@dataclass(slots=True)
class _Loading:
    """What has been read so far."""

    file: str
    default_bd_fcm: str
    rows: dict[tuple[object, ...], CustomerRow] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    row_count: int = 0
    sha256: str = ""

    def loaded(self) -> LoadedChargeHistory:
        by_customer: dict[CustomerKey, list[CustomerRow]] = {}
        for each in self.rows.values():
            by_customer.setdefault(each.customer, []).append(each)
        histories = {
            customer: ChargeHistory.of(each.row for each in rows)
            for customer, rows in sorted(by_customer.items())
        }
        return LoadedChargeHistory(histories, tuple(self.refusals), self.row_count, self.sha256)

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: int | None = None
    ) -> None:
        fault = Refusal(name, shown(value), expected, INTERFACE, self.file, line, column)
        self.refusals.append(fault)

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


def _load_csv(file: BufferedReader, loading: _Loading) -> None:
    digest = hashlib.sha256()
    rows = CsvRows(loading.refuse, COLUMNS, REQUIRED_COLUMNS)
    for number, cells in rows.of(file, digest):
        loading.row_count += 1
        if cells is not None:
            loading.take(cells, number, rows.columns)
    loading.sha256 = digest.hexdigest()
    if not rows.line_count:
        expected = "a header, then one row a date and cycle; the file is empty"
        loading.refuse("file", "", expected, line=1)


def _load_parquet(file: BufferedReader, loading: _Loading) -> None:
    loading.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    frame = parquet_frame(file, "charge history", loading.file, INTERFACE)
    loading.row_count = frame.height
    columns = header_columns(
        frame.columns, loading.refuse, known=COLUMNS, required=REQUIRED_COLUMNS
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
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, float):
        # Amounts in floats: the shortest decimal that names the float, without an exponent.
        return f"{value:.2f}" if round(value, 2) == value else repr(value)
    return str(value)
