"""How values are written: numbers, dates, times and lists of them, each in one strict notation."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

#: As long as a number may be before and after its point.
DIGITS_MAX = 15
_NUMBER = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{DIGITS_MAX - 1}}})(?:\.[0-9]{{1,{DIGITS_MAX}}})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
#: A value that holds no date.
NONE = "none"


class Form(StrEnum):
    """What a value is made of."""

    NUMBER = "number"
    NUMBERS = "numbers"
    PAIRS = "number pairs"
    BY_PRODUCT = "numbers by product"
    BY_DATE = "numbers by date"
    CHOICE = "choice"
    CHOICES = "choices"
    DATE = "date"
    DATE_RANGE = "date range"
    DATE_RANGES = "date ranges"
    TIME = "time and zone"


#: Forms that hold numbers, so that the unit and the notation matter.
NUMERIC = (Form.NUMBER, Form.NUMBERS, Form.PAIRS, Form.BY_PRODUCT, Form.BY_DATE)


def scalars(form: Form, text: str) -> list[Fraction]:
    """Return every number of a value; of a date its ordinal, of a time its minute of the day.

    Choices have none.

    Raises
    ------
    ValueError
        If the text has another form.

    Examples
    --------
    >>> scalars(Form.PAIRS, "25.3/30"), scalars(Form.TIME, "12:00 America/New_York")
    ([Fraction(253, 10), Fraction(30, 1)], [Fraction(720, 1)])
    """
    return _SCALARS[form](text)


@lru_cache(maxsize=4096)  # the same few numbers, again and again
def number_of(text: str) -> Fraction:
    """Return the number that a text holds in plain decimal notation.

    Raises
    ------
    ValueError
        For anything else: an exponent, an underscore, a fraction, other digits than 0 to 9, no
        digit before the point, more than fifteen digits on either side of it.

    Examples
    --------
    >>> number_of("-0.25")
    Fraction(-1, 4)
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"no plain decimal number: {text!r}")
    return Fraction(text)


def parts_of(text: str) -> list[str]:
    """Return the parts of a list that commas separate."""
    return [part.strip(" ") for part in text.split(",")]


def ordinal_of(text: str) -> Fraction:
    """Return the ordinal of a day as in 2026-03-24.

    Raises
    ------
    ValueError
        For anything else.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(f"no date: {text!r}")
    return Fraction(date.fromisoformat(text).toordinal())


def _days_of_range(text: str) -> list[Fraction]:
    first, dots, last = text.partition("..")
    days = [ordinal_of(first), ordinal_of(last)]
    if not dots or days[0] > days[1]:
        raise ValueError(f"no date range: {text!r}")
    return days


def _pair(text: str) -> list[Fraction]:
    first, _, second = text.partition("/")
    pair = [number_of(first), number_of(second)]
    if pair[0] > pair[1]:
        raise ValueError(f"first above second: {text!r}")
    return pair


def _minute(text: str) -> list[Fraction]:
    clock = _CLOCK.fullmatch(text.partition(" ")[0])
    if clock is None:
        raise ValueError(f"no time: {text!r}")
    return [Fraction(int(clock[1]) * 60 + int(clock[2]))]


def _of_names(text: str) -> list[Fraction]:
    values = []
    for part in parts_of(text):
        _, colon, number = part.partition(":")
        if not colon:
            raise ValueError(f"no name and number: {part!r}")
        values.append(number_of(number.strip(" ")))
    return values


def _of_dates(text: str) -> list[Fraction]:
    if text == NONE:
        return []
    for part in parts_of(text):
        ordinal_of(part.partition(":")[0])
    return _of_names(text)


_SCALARS: Mapping[Form, Callable[[str], list[Fraction]]] = {
    Form.NUMBER: lambda text: [number_of(text)],
    Form.NUMBERS: lambda text: [number_of(part) for part in parts_of(text)],
    Form.PAIRS: lambda text: [number for part in parts_of(text) for number in _pair(part)],
    Form.BY_PRODUCT: _of_names,
    Form.BY_DATE: _of_dates,
    Form.CHOICE: lambda _: [],
    Form.CHOICES: lambda _: [],
    Form.DATE: lambda text: [ordinal_of(text)],
    Form.DATE_RANGE: _days_of_range,
    Form.DATE_RANGES: lambda text: [day for part in parts_of(text) for day in _days_of_range(part)],
    Form.TIME: _minute,
}
