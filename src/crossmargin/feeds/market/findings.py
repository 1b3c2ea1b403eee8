"""What a check of a market directory finds, and the means to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl

from crossmargin.feeds.market.columns import Column, ColumnKind
from crossmargin.feeds.market.directory import read_table
from crossmargin.feeds.market.tables import TABLES

_EXAMPLES = 5


class Severity(StrEnum):
    """How a finding is to be taken."""

    INFO = "info"  # known, or a fact of the history; the models say what they do
    WARNING = "warning"  # new or unusual: look at it before relying on the figures
    ERROR = "error"  # impossible, or not what was imported: no requirement of record


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a market directory.

    Parameters
    ----------
    severity : Severity
    table : str
    what : str
        The fault, with the threshold that makes it one.
    count : int
        Rows, days or values concerned.
    first_date, last_date : date, optional
    examples : tuple of str
        A few of them, the first by date.
    handling : str
        What the models do about it.
    known : bool
        True if this is a stated property of the published history, not a new fault.
    """

    severity: Severity
    table: str
    what: str
    count: int
    first_date: date | None
    last_date: date | None
    examples: tuple[str, ...]
    handling: str
    known: bool = False

    def as_document(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return {
            "severity": self.severity.value,
            "table": self.table,
            "what": self.what,
            "count": self.count,
            "first_date": None if self.first_date is None else self.first_date.isoformat(),
            "last_date": None if self.last_date is None else self.last_date.isoformat(),
            "examples": list(self.examples),
            "handling": self.handling,
            "known": self.known,
        }


class MarketTables:
    """The tables of one directory, typed: dates as dates, numbers as floats, each read once.

    For checks only: a value that is not what its column says is a null here, and has its own
    finding.
    """

    def __init__(self, directory: Path, names: Iterable[str]) -> None:
        self._directory = directory
        self.names = frozenset(names)
        self._text: dict[str, pl.DataFrame] = {}
        self._typed: dict[str, pl.DataFrame] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def text(self, name: str) -> pl.DataFrame:
        """Return the table as it is written."""
        if name not in self._text:
            self._text[name] = read_table(self._directory, name)
        return self._text[name]

    def typed(self, name: str) -> pl.DataFrame:
        """Return the table with typed columns."""
        if name not in self._typed:
            rows = self.text(name)
            self._typed[name] = rows.with_columns(
                _typed(column) for column in TABLES[name].columns if column.name in rows.columns
            )
        return self._typed[name]


def _typed(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.kind is ColumnKind.DATE:
        return value.str.to_date("%Y-%m-%d", strict=False)
    return value.cast(pl.Float64, strict=False) if column.is_number else value


def found(
    severity: Severity,
    table: str,
    what: str,
    items: Sequence[tuple[date, str]],
    handling: str,
    *,
    known: bool = False,
) -> list[Finding]:
    """Return one finding over dated items, or none where there are no items.

    An item is a date and what to add to it in an example.
    """
    if not items:
        return []
    ordered = sorted(items)
    examples = tuple(f"{day.isoformat()} {text}".rstrip() for day, text in ordered[:_EXAMPLES])
    days = [day for day, _ in ordered]
    return [
        Finding(severity, table, what, len(ordered), days[0], days[-1], examples, handling, known)
    ]


def split_known(
    table: str,
    what: str,
    items: Sequence[tuple[date, str]],
    known: Iterable[date],
    handling: str,
) -> list[Finding]:
    """Return the known items as information and the others as a warning."""
    expected = set(known)
    new = [item for item in items if item[0] not in expected]
    old = [item for item in items if item[0] in expected]
    return [
        *found(Severity.INFO, table, what, old, handling, known=True),
        *found(Severity.WARNING, table, f"new: {what}", new, handling),
    ]


def counted(
    table: str,
    what: str,
    items: Sequence[tuple[date, str]],
    known_count: int,
    handling: str,
) -> list[Finding]:
    """Return information where the count is the stated one, else a warning that says both."""
    if len(items) <= known_count:
        is_known = len(items) == known_count
        return found(Severity.INFO, table, what, items, handling, known=is_known)
    stated = f"{what} ({known_count} are known)" if known_count else what
    return found(Severity.WARNING, table, stated, items, handling)


def dated(rows: pl.DataFrame, day: str, *shown: str) -> list[tuple[date, str]]:
    """Return items for :func:`found` from rows: the day, and the shown columns as text."""
    return [
        (row[0], " ".join(_shown(value) for value in row[1:]))
        for row in rows.select(day, *shown).drop_nulls([day]).iter_rows()
    ]


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def fact(
    table: str,
    what: str,
    count: int,
    span: tuple[date | None, date | None],
    handling: str,
    *,
    examples: Sequence[str] = (),
) -> Finding:
    """Return information about a table that no row is at fault for."""
    return Finding(
        Severity.INFO, table, what, count, span[0], span[1], tuple(examples), handling, known=True
    )


def symbols(rows: pl.DataFrame) -> Mapping[str, pl.DataFrame]:
    """Return the rows of each symbol, by date."""
    return {
        str(key[0]): group.sort("date")
        for key, group in rows.drop_nulls(["date"]).group_by("symbol", maintain_order=True)
    }
