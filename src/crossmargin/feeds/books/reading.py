"""Read a file of the day from its bytes: whole, or every fault with line and column."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import BytesIO

from crossmargin.basics.refusals import Refusal
from crossmargin.feeds.books.cells import RULE
from crossmargin.feeds.books.rows import KINDS
from crossmargin.feeds.text_rows import CsvRows, shown
from crossmargin.services.clearing_day.arrivals import ArrivedFile, ArrivedRow, FileKind

#: A larger file is refused unread.
LARGEST_FILE_BYTES = 64 * 1024 * 1024


def read_day_file(
    content: bytes,
    kind: FileKind,
    *,
    name: str,
    arrived_at: datetime,
    label: str = "",
    default_bd_fcm: str = "BD-FCM",
) -> ArrivedFile:
    """Read a file of the day.

    Parameters
    ----------
    content : bytes
        CSV with a header in UTF-8; a byte order mark and CRLF are accepted. A header alone is a
        file without rows.
    kind : FileKind
    name : str
        As refusals give it.
    arrived_at : datetime
        With a zone.
    label : str
    default_bd_fcm : str
        BD-FCM of a row that names none.

    Returns
    -------
    ArrivedFile
        With every row, or with every fault and no row.
    """
    loading = _Loading(name, kind, default_bd_fcm)
    is_too_large = len(content) > LARGEST_FILE_BYTES
    if is_too_large:
        expected = f"at most {LARGEST_FILE_BYTES} bytes"
        loading.refuse("file", f"{len(content)} bytes or more", expected, line=None)
    else:
        loading.load(content)
    return ArrivedFile(
        kind=kind,
        name=name,
        arrived_at=arrived_at,
        # Of a file too large only the beginning is here.
        sha256="" if is_too_large else hashlib.sha256(content).hexdigest(),
        rows=() if loading.refusals else tuple(loading.rows),
        refusals=tuple(loading.refusals),
        label=label,
    )


@dataclass(slots=True)
class _Loading:
    """What has been read so far."""

    file: str
    kind: FileKind
    default_bd_fcm: str
    rows: list[ArrivedRow] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)

    def refuse(
        self, name: str, value: str, expected: str, *, line: int | None, column: int | None = None
    ) -> None:
        self.refusals.append(Refusal(name, value, expected, RULE, self.file, line, column))

    def load(self, content: bytes) -> None:
        terms = KINDS[self.kind]
        rows = CsvRows(self.refuse, terms.columns, terms.required)
        for number, cells in rows.of(BytesIO(content)):
            if cells is not None:
                self._take(cells, number, rows.columns)
        if not rows.line_count:
            expected = f"a header, then the rows of {self.kind}; the file is empty"
            self.refuse("file", "", expected, line=1)

    def _take(self, cells: dict[str, str], line: int, columns: Mapping[str, int]) -> None:
        terms = KINDS[self.kind]
        checked = terms.check(cells, line, self.default_bd_fcm)
        if isinstance(checked, tuple):
            self.refusals += [
                replace(refusal, file=self.file, column=columns.get(refusal.field))
                for refusal in checked
            ]
            return
        if terms.identity and not self._is_first(cells[terms.identity].strip(), line, columns):
            return
        self.rows.append(checked)

    def _is_first(self, identity: str, line: int, columns: Mapping[str, int]) -> bool:
        first = self.lines.setdefault(identity, line)
        if first == line:
            return True
        name = KINDS[self.kind].identity
        expected = f"each {name} once; line {first} has it too"
        self.refuse(name, shown(identity), expected, line=line, column=columns[name])
        return False
