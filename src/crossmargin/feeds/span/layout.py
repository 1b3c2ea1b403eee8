"""Columns of the expanded positional parameter file ("U2"), for the reader and the writer alike.

Source: CME, "Risk Parameter File Layouts for the Positional Formats", expanded format. Columns
count from 1. A number has an implied decimal point: ``9(3)V9(4)`` is seven digits, four decimals.
``docs/reference/span.md`` says of each column how it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Field:
    """Some columns of a record.

    Parameters
    ----------
    name : str
    first, last : int
        Columns from 1, both included.
    kind : Kind
    decimals : int
        Implied decimal places of a number.
    """

    name: str
    first: int
    last: int
    kind: Kind = Kind.TEXT
    decimals: int = 0

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.last - self.first + 1

    def moved(self, columns: int) -> Field:
        """Return the field some columns to the right."""
        return Field(self.name, self.first + columns, self.last + columns, self.kind, self.decimals)


def _text(name: str, first: int, last: int | None = None) -> Field:
    return Field(name, first, last or first)


def _number(name: str, first: int, last: int | None = None, decimals: int = 0) -> Field:
    return Field(name, first, last or first, Kind.NUMBER, decimals)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that repeat.

    Parameters
    ----------
    fields : tuple of Field
        Of the first repetition.
    count, step : int
        How often, and how many columns apart.
    """

    fields: tuple[Field, ...]
    count: int
    step: int


_SERIES_8 = (
    _text("exchange", 3, 5),
    _text("product", 6, 15),
    _text("underlying", 16, 25),
    _text("type", 26, 28),
    _text("right", 29),
    _text("month", 30, 35),
    _text("day", 36, 37),
    _text("option_month", 39, 44),
    _text("option_day", 45, 46),
    _number("strike", 48, 54),
)
_VALUE = (_number("value", 55, 59), _text("value_sign", 60))

#: Single fields of each record type; repeated ones are in :data:`GROUPS`.
LAYOUTS: Mapping[str, tuple[Field, ...]] = {
    "0": (
        _text("complex", 3, 8),
        _text("business_date", 9, 16),
        _text("settlement", 17),
        _text("file_identifier", 18, 19),
        _text("file_format", 36, 37),
    ),
    "T": (_text("source", 3, 5), _text("target", 7, 9), _number("multiplier", 11, 20, 6)),
    "1": (_text("exchange", 3, 5), _text("exchange_code", 8, 9)),
    "P": (
        _text("exchange", 3, 5),
        _text("product", 6, 15),
        _text("type", 16, 18),
        _text("name", 19, 33),
        _text("settlement_decimals", 34, 36),
        _text("strike_decimals", 37, 39),
        _text("alignment", 40),
        _number("factor", 42, 55, 7),
        _text("currency", 66, 68),
        _text("factor_sign", 73),
        _number("factor_exponent", 74, 75),
    ),
    "2": (
        _text("exchange", 3, 5),
        _text("commodity", 7, 12),
        _number("risk_exponent", 13),
        _text("currency", 14, 16),
        _text("option_style", 18),
        _text("cap_option_value", 19),
    ),
    "3": (
        _text("commodity", 3, 8),
        _text("method", 9, 10),
        _number("initial_member", 69, 72, 3),
        _number("initial_hedger", 73, 76, 3),
        _number("initial_speculator", 77, 80, 3),
    ),
    "S": (
        _text("commodity", 3, 8),
        _text("method", 9, 10),
        _number("tier_count", 11, 12),
        _text("wfpr_method", 83),
    ),
    "C": (
        _text("commodity", 3, 8),
        _text("method", 9, 10),
        _number("priority", 11, 12),
        _number("leg_count", 13, 14),
        _number("charge", 15, 21),
    ),
    "E": (_text("commodity", 3, 8), _number("priority", 9, 13), _number("charge", 14, 20)),
    "4": (
        _text("commodity", 3, 8),
        _text("method", 9, 10),
        _text("basis_product", 11, 20),
        _number("basis_rate", 21, 27),
        _number("minimum", 63, 69),
        _number("adjustment_member", 70, 72, 2),
        _number("adjustment_hedger", 73, 75, 2),
        _number("adjustment_speculator", 76, 78, 2),
        _text("minimum_method", 79),
    ),
    "B": (
        _text("exchange", 3, 5),
        _text("product", 6, 15),
        _text("type", 16, 18),
        _text("month", 19, 24),
        _text("day", 25, 26),
        _text("option_month", 28, 33),
        _text("option_day", 34, 35),
        _number("volatility_range", 45, 52, 6),
        _number("price_range", 53, 57),
        _number("extreme_multiplier", 58, 62, 3),
        _number("cover_fraction", 63, 67, 4),
        _number("scaling", 86, 91, 4),
        _number("factor", 129, 142, 7),
        _number("factor_exponent", 143, 144),
        _text("factor_sign", 145),
        _number("volatility_exponent", 149, 150),
        _text("volatility_sign", 151),
        _number("price_exponent", 166, 167),
        _text("price_sign", 168),
    ),
    "5": (_text("group", 3, 5),),
    "6": (
        _text("group", 3, 5),
        _number("priority", 6, 9),
        _number("credit", 10, 16, 4),
        _text("method", 89, 90),
        _text("credit_method", 101),
        _text("spread_group", 110),
        _text("own_credits", 122),
    ),
    "81": _SERIES_8,
    "82": (
        *_SERIES_8,
        _number("delta", 97, 101, 4),
        _text("delta_sign", 102),
        _number("settlement_price", 111, 117),
        _text("settlement_sign", 118),
    ),
}

#: Repeated fields, by record type and what they are.
GROUPS: Mapping[tuple[str, str], Group] = {
    ("2", "family"): Group(
        (
            _text("product", 23, 32),
            _text("type", 33, 35),
            _number("array_decimals", 36),
            _text("array_sign", 37),
        ),
        count=6,
        step=16,
    ),
    ("3", "tier"): Group(
        (_number("number", 11, 12), _text("start", 13, 18), _text("end", 19, 24)), count=4, step=14
    ),
    ("3", "tier days"): Group((_text("start", 81, 82), _text("end", 83, 84)), count=4, step=4),
    ("S", "tier"): Group(
        (_number("number", 13, 14), _text("start", 15, 20), _text("end", 21, 26)), count=5, step=14
    ),
    ("S", "tier days"): Group((_text("start", 84, 85), _text("end", 86, 87)), count=5, step=4),
    ("S", "minimum rate"): Group((_number("rate", 104, 110),), count=5, step=7),
    ("C", "leg"): Group(
        (
            _number("leg", 22, 23),
            _number("tier", 24, 25),
            _number("ratio", 26, 27),
            _text("side", 28),
        ),
        count=8,
        step=7,
    ),
    ("E", "leg"): Group(
        (
            _text("month", 21, 24),
            _text("rest", 25, 27),
            _number("ratio", 28, 33, 4),
            _text("side", 34),
        ),
        count=4,
        step=14,
    ),
    ("4", "month"): Group(
        (
            _number("number", 13, 14),
            _text("month", 15, 20),
            _number("charge_spread", 21, 27),
            _number("charge_outright", 28, 34),
        ),
        count=2,
        step=22,
    ),
    ("4", "month day"): Group((_text("day", 57, 58),), count=2, step=2),
    ("5", "member"): Group((_text("commodity", 13, 18),), count=10, step=6),
    ("6", "leg"): Group(
        (
            _text("exchange", 17, 19),
            _text("required", 20),
            _text("commodity", 21, 26),
            _number("ratio", 27, 33, 4),
            _text("side", 34),
        ),
        count=4,
        step=18,
    ),
    ("6", "leg tier"): Group((_number("tier", 102, 103),), count=4, step=2),
    ("6", "leg credit"): Group((_number("credit", 123, 129, 4),), count=4, step=7),
    ("81", "value"): Group(_VALUE, count=9, step=6),
    ("82", "value"): Group(_VALUE, count=7, step=6),
}
RECORD_WIDTH = 168
FILE_FORMAT = "U2"


def record_type(line: str) -> str:
    """Return the type of a record: two digits for the risk arrays and debt, else one character."""
    head = line[:2].rstrip()
    return head if head[:1] in ("8", "9") else head[:1]
