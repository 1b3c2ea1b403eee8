"""Rows of files that others wrote: one reader, so one set of faults, whatever the file is of."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest

from crossmargin.feeds.text_rows import LONGEST_LINE_BYTES, CsvRows, nearest_column, text_lines

Fault = tuple[str, str, int, int | None]


class Reading:
    """Rows and faults of a file with columns a, b and an optional c."""

    def __init__(self, content: bytes) -> None:
        self.faults: list[Fault] = []
        self.words: list[str] = []
        self.digest = hashlib.sha256()
        self.reader = CsvRows(self.refuse, ("a", "b", "c"), ("a", "b"))
        self.rows = list(self.reader.of(BytesIO(content), self.digest))

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: int | None = None
    ) -> None:
        self.faults.append((name, value, line, column))
        self.words.append(expected)


def test_rows_come_with_their_line_and_blank_ones_do_not() -> None:
    content = b'\xef\xbb\xbfb, a\r\n1,2\r\n\r\n"x,""y""",3'
    reading = Reading(content)
    assert reading.faults == []
    assert reading.reader.columns == {"b": 1, "a": 2}
    assert reading.rows == [(2, {"b": "1", "a": "2"}), (4, {"b": 'x,"y"', "a": "3"})]
    assert reading.reader.line_count == 4
    assert reading.digest.hexdigest() == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"1", ("row", "1 fields", 2, None)),
        (b'"1,2', ("line", '"1,2', 2, None)),
        (b'1,"2"3', ("line", '1,"2"3', 2, None)),
        (b"1,\xff", ("line", "byte 0xff at place 3", 2, None)),
        (b"1,\x002", ("line", "'\\x00' at place 3", 2, None)),
        (b"1,2\r3", ("line", "'\\r' at place 4", 2, None)),
    ],
)
def test_a_line_at_fault_spoils_no_other(line: bytes, fault: Fault) -> None:
    reading = Reading(b"a,b\n" + line + b"\n3,4\n")
    assert reading.faults == [fault]
    assert reading.rows == [(2, None), (3, {"a": "3", "b": "4"})]


def test_a_long_line_is_refused_and_the_digest_has_it() -> None:
    content = b"a,b\n" + b"1" * (3 * LONGEST_LINE_BYTES) + b",2\n3,4\n"
    reading = Reading(content)
    assert [(name, line) for name, _, line, _ in reading.faults] == [("line", 2)]
    assert reading.rows == [(2, None), (3, {"a": "3", "b": "4"})]
    assert reading.digest.hexdigest() == hashlib.sha256(content).hexdigest()
    # One byte under the limit, the line end included, is read.
    assert Reading(b"a,b\n" + b"1" * (LONGEST_LINE_BYTES - 4) + b",2\n").faults == []


@pytest.mark.parametrize(
    ("header", "places", "words"),
    [
        (b"a,b,a", [("header", "a", 1, 3)], "each column once"),
        (b"a,b,cc", [("header", "cc", 1, 3)], "did you mean c?"),
        (b"a,b,zz9", [("header", "zz9", 1, 3)], "one of a, b, c"),
        (b"a,c", [("header", "", 1, None)], "a column b: it is required"),
        (b"1,2", [("header", "1,2", 1, None)], "a header with the columns a, b"),
        (b"", [("header", "", 1, None)], "a header with the columns a, b"),
        (b'"a,b', [("line", '"a,b', 1, None)], "quotes closed"),
    ],
)
def test_under_a_header_at_fault_rows_are_counted_and_not_read(
    header: bytes, places: list[Fault], words: str
) -> None:
    reading = Reading(header + b"\n1,2\n3,4\n")
    assert reading.faults == places
    assert words in reading.words[0]
    assert reading.rows == [(2, None), (3, None)]
    assert reading.reader.columns == {}


def test_a_file_of_nothing_has_no_lines() -> None:
    reading = Reading(b"")
    assert (reading.rows, reading.faults, reading.reader.line_count) == ([], [], 0)
    assert list(text_lines(BytesIO(b""), reading.refuse)) == []


def test_the_nearest_column_is_named_whatever_its_case() -> None:
    assert nearest_column(" QUANTITTY", ("quantity", "account")).endswith("did you mean quantity?")
