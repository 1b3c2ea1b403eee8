"""Lines and rows of files that others wrote, every fault with its place.

Files are read line by line, because no field spans lines: a quote left open spoils its own line and
no other, and line numbers are those of an editor.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Protocol

from crossmargin.basics.refusals import refused

if TYPE_CHECKING:
    import polars

LONGEST_LINE_BYTES = 10_000
_LONGEST_SHOWN = 100
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Digest(Protocol):
    """A running digest of a file's bytes, such as ``hashlib.sha256()``."""

    def update(self, data: bytes, /) -> None:
        """Add bytes."""


class RefuseLine(Protocol):
    """Notes a fault of a line."""

    def __call__(self, name: str, value: str, expected: str, /, *, line: int) -> None:
        """Note it."""


class RefuseColumn(Protocol):
    """Notes a fault of a column of a line, numbered from 1."""

    def __call__(
        self, name: str, value: str, expected: str, /, *, line: int, column: int | None = None
    ) -> None:
        """Note it."""


def text_lines(
    file: IO[bytes],
    refuse: RefuseLine,
    *,
    digest: Digest | None = None,
    longest_bytes: int = LONGEST_LINE_BYTES,
) -> Iterator[tuple[int, str | None]]:
    """Yield number and text of each line; None after refusing a line that is no text.

    Parameters
    ----------
    file : binary file
        UTF-8; a byte order mark and CRLF are accepted. Read once, forward: a pipe will do.
    refuse : RefuseLine
    digest : Digest, optional
        Takes every byte of the file once the last line is out.
    longest_bytes : int
        A longer line is refused, and never held.
    """
    number = 0
    while raw := file.readline(longest_bytes):
        number += 1
        if digest is not None:
            digest.update(raw)
        content = raw.removeprefix(_BYTE_ORDER_MARK) if number == 1 else raw
        if len(raw) == longest_bytes and not raw.endswith(b"\n"):
            _skip_rest_of_line(file, digest, longest_bytes)
            expected = f"a line of fewer than {longest_bytes} bytes"
            refuse("line", shown(repr(content)), expected, line=number)
            yield number, None
        else:
            yield number, _decoded(content, number, refuse)


def _skip_rest_of_line(file: IO[bytes], digest: Digest | None, longest_bytes: int) -> None:
    while rest := file.readline(longest_bytes):
        if digest is not None:
            digest.update(rest)
        if rest.endswith(b"\n"):
            return


def _decoded(content: bytes, number: int, refuse: RefuseLine) -> str | None:
    try:
        text = content.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError as error:
        value = f"byte 0x{content[error.start]:02x} at place {error.start + 1}"
        refuse("line", value, "UTF-8 text", line=number)
        return None
    control = _CONTROL.search(text)
    if control is not None:
        value = f"{control.group()!r} at place {control.start() + 1}"
        expected = "text without control characters, lines ended by LF or CRLF"
        refuse("line", value, expected, line=number)
        return None
    return text


def csv_fields(text: str, number: int, refuse: RefuseLine) -> list[str] | None:
    """Return the fields of a line of CSV, or None after refusing its quotes."""
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        expected = f"quotes closed on the same line and doubled inside a field ({error})"
        refuse("line", shown(text), expected, line=number)
        return None


@dataclass(slots=True)
class CsvRows:
    """The rows of a CSV with a header.

    Parameters
    ----------
    refuse : RefuseColumn
    known, required : sequence of str
        Columns that there may be, and those that there must be.
    columns : dict of str to int
        Number of each column, from 1; empty until the header is read, or where it is at fault.
    line_count : int
        Lines read, the header and blank ones too.
    """

    refuse: RefuseColumn
    known: Sequence[str]
    required: Sequence[str]
    columns: dict[str, int] = field(default_factory=dict)
    line_count: int = 0

    def of(
        self, file: IO[bytes], digest: Digest | None = None
    ) -> Iterator[tuple[int, dict[str, str] | None]]:
        """Yield number and cells of each row that is not blank; None after refusing it.

        Under a header at fault every row is None: a row is counted, not read.
        """
        for number, text in text_lines(file, self.refuse, digest=digest):
            self.line_count = number
            if number == 1:
                if text is not None:
                    self._take_header(text)
            elif text != "":
                yield number, self._cells(text, number) if text and self.columns else None

    def _take_header(self, text: str) -> None:
        fields = csv_fields(text, 1, self.refuse)
        if fields is None:
            return
        names = [name.strip() for name in fields]
        if not set(names) & set(self.known):
            expected = "a header with the columns " + ", ".join(self.required)
            self.refuse("header", shown(text), expected, line=1)
            return
        self.columns = (
            header_columns(names, self.refuse, known=self.known, required=self.required) or {}
        )

    def _cells(self, text: str, number: int) -> dict[str, str] | None:
        values = csv_fields(text, number, self.refuse)
        if values is None:
            return None
        if len(values) != len(self.columns):
            expected = f"{len(self.columns)} fields, as in the header"
            self.refuse("row", f"{len(values)} fields", expected, line=number)
            return None
        return dict(zip(self.columns, values, strict=True))


def header_columns(
    names: Sequence[str], refuse: RefuseColumn, *, known: Sequence[str], required: Sequence[str]
) -> dict[str, int] | None:
    """Return the number of each named column, from 1, or None after refusing the header."""
    columns: dict[str, int] = {}
    good = True
    for number, name in enumerate(names, start=1):
        if name in columns or name not in known:
            expected = "each column once" if name in columns else nearest_column(name, known)
            refuse("header", shown(name), expected, line=1, column=number)
            good = False
        columns.setdefault(name, number)
    for name in required:
        if name not in columns:
            refuse("header", "", f"a column {name}: it is required", line=1)
            good = False
    return columns if good else None


def nearest_column(name: str, known: Sequence[str]) -> str:
    """Return what was expected of a name that is no column."""
    near = difflib.get_close_matches(name.strip().lower(), known, n=1, cutoff=0.5)
    return f"a known column; did you mean {near[0]}?" if near else "one of " + ", ".join(known)


def parquet_frame(file: IO[bytes], what: str, name: str, rule: str) -> polars.DataFrame:
    """Read a Parquet file.

    Raises
    ------
    RefusedError
        If it is none.
    """
    import polars

    try:
        return polars.read_parquet(file)
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise refused(what, name, f"a Parquet file ({reason})", rule) from None


def shown(text: str) -> str:
    """Return a text as a refusal shows it: a long one is cut."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."
