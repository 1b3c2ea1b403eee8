"""What a column of a published market file may hold, checked a whole column at a time.

Every value stays the text that was published: a check never turns a quoted price into a float.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from crossmargin.basics.identifiers import Cusip


class ColumnKind(StrEnum):
    """How a value is written."""

    DATE = "an ISO date such as 2026-03-24"
    DECIMAL = "a plain decimal such as 99.515625"
    WHOLE = "a whole number"
    PERCENT = "per cent such as 5.25 or 5.25%"
    CUSIP = "a CUSIP with its check digit"
    TEXT = "text"


_NUMBERS = frozenset({ColumnKind.DECIMAL, ColumnKind.WHOLE, ColumnKind.PERCENT})
_PATTERNS = {
    ColumnKind.DATE: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    ColumnKind.DECIMAL: r"^-?[0-9]+(\.[0-9]+)?$",
    ColumnKind.WHOLE: r"^-?[0-9]+$",
    ColumnKind.PERCENT: r"^-?[0-9]+(\.[0-9]+)?%?$",
    ColumnKind.CUSIP: r"^[0-9A-Z*@#]{8}[0-9]$",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        In the market directory.
    kind : ColumnKind
    source_name : str
        In the published file, where it differs.
    filled : bool
        True if a blank is refused.
    may_be_absent : bool
        True if a published file without the column is still this table.
    low, high : float, optional
        Bounds, both allowed, of what any market can produce; plausibility is for the check.
    choices : tuple of str
        The only texts allowed, where there are any.
    """

    name: str
    kind: ColumnKind
    source_name: str = ""
    filled: bool = False
    may_be_absent: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def published_name(self) -> str:
        """The name in the published file."""
        return self.source_name or self.name

    @property
    def is_number(self) -> bool:
        """True for decimals, whole numbers and per cents."""
        return self.kind in _NUMBERS

    @property
    def expected(self) -> str:
        """What would be accepted, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        parts = [self.kind.value]
        if self.low is not None and self.high is not None:
            parts.append(f"from {self.low:g} to {self.high:g}")
        elif self.low is not None:
            parts.append(f"of {self.low:g} or more")
        if not self.filled:
            parts.append("or blank")
        return " ".join(parts)


def bad_rows(values: pl.Series, column: Column) -> list[int]:
    """Return the positions of the values that the column does not allow, ascending."""
    good = _well_written(values, column)
    if column.choices:
        good &= values.is_in(column.choices)
    if column.is_number:
        number = values.str.strip_chars_end("%").cast(pl.Float64, strict=False)
        if column.low is not None:
            good &= number >= column.low
        if column.high is not None:
            good &= number <= column.high
    # Any test of a blank is a blank; whether blanks are allowed is asked once, here.
    allowed = good.fill_null(value=False)
    if not column.filled:
        allowed |= values.is_null()
    return [int(row) for row in (~allowed).arg_true()]


def _well_written(values: pl.Series, column: Column) -> pl.Series:
    pattern = _PATTERNS.get(column.kind)
    if pattern is None:
        return values.is_not_null()
    good = values.str.contains(pattern)
    if column.kind is ColumnKind.DATE:
        good &= values.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    elif column.kind is ColumnKind.CUSIP:
        good &= ~values.is_in(
            [text for text in values.unique().drop_nulls() if not _is_cusip(text)]
        )
    return good


def _is_cusip(text: str) -> bool:
    try:
        Cusip(text)
    except ValueError:
        return False
    return True
