"""Inputs of a calculator: read into typed values, or refused with every reason."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from crossmargin.basics.money import LARGEST_DOLLARS_EXPONENT, Money, money_from_decimal
from crossmargin.basics.refusals import Refusal

SHAPE_RULE = "ruling 29"

_T = TypeVar("_T")
_LONGEST_SHOWN = 100
_LONGEST_TEXT = 200
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LARGEST_EXPONENT = 30
_MOST_DIGITS = 60
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_ISO_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


class Kind(StrEnum):
    """What an input is."""

    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    MONTH = "month"
    TEXT = "text"
    OBJECT = "object"
    LIST = "list"
    NAMED = "named"


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a calculator.

    Parameters
    ----------
    name : str
    kind : Kind
        ``LIST`` is a list of objects, ``NAMED`` an object whose keys are names of the user's.
    meaning : str
        What it is, in a few words, with its unit.
    required : bool
    choices : tuple of str
        The texts that are allowed; empty for any.
    above, minimum, maximum : Decimal, optional
        Bounds of a number: ``above`` is not itself allowed, the others are. Of ``NAMED``
        ``minimum`` is how many names there are at least, of ``LIST`` how many objects (1 if left
        out).
    inputs : tuple of Input
        What an object, or each object of a list, holds; of ``NAMED`` the one input that stands
        under each name.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = True
    choices: tuple[str, ...] = ()
    above: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    inputs: tuple[Input, ...] = ()

    def as_schema(self) -> dict[str, object]:
        """Return the JSON Schema of the input."""
        if self.kind is Kind.OBJECT:
            return {"description": self.meaning, **object_schema(self.inputs)}
        if self.kind is Kind.LIST:
            items = object_schema(self.inputs)
            least = 1 if self.minimum is None else int(self.minimum)
            rows = {"type": "array", "minItems": least, "items": items}
            return {"description": self.meaning, **rows}
        if self.kind is Kind.NAMED:
            each = self.inputs[0].as_schema()
            least = int(self.minimum or 0)
            named = {"type": "object", "minProperties": least, "additionalProperties": each}
            return {"description": self.meaning, **named}
        schema: dict[str, object] = {"description": self.meaning, "type": "string"}
        if self.kind in (Kind.DECIMAL, Kind.MONEY):
            schema["type"] = ["number", "string"]
            schema["format"] = "decimal"
        elif self.kind is Kind.DATE:
            schema["format"] = "date"
        elif self.kind is Kind.MONTH:
            schema["pattern"] = "^[0-9]{4}-(0[1-9]|1[0-2])$"
        elif self.choices:
            schema["enum"] = list(self.choices)
        bounds = {
            "exclusiveMinimum": self.above,
            "minimum": self.minimum,
            "maximum": self.maximum,
        }
        schema.update({name: str(bound) for name, bound in bounds.items() if bound is not None})
        return schema

    @property
    def expected(self) -> str:
        """What would be accepted, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        words = {
            Kind.DECIMAL: "a decimal number, as a number or a string",
            Kind.MONEY: "US dollars and whole cents, as a number or a string",
            Kind.DATE: "a date as YYYY-MM-DD",
            Kind.MONTH: "a month as YYYY-MM",
            Kind.TEXT: "a text",
            Kind.OBJECT: "an object with " + ", ".join(each.name for each in self.inputs),
            Kind.LIST: "a list of objects" + (", at least one" if self.minimum is None else ""),
            Kind.NAMED: "an object with one entry for each "
            + ", ".join(each.name for each in self.inputs),
        }[self.kind]
        bounds = [
            f"{word} {bound}"
            for word, bound in (
                ("more than", self.above),
                ("at least", self.minimum),
                ("at most", self.maximum),
            )
            if bound is not None
        ]
        return ", ".join([words, *bounds])


class _LimitError(ValueError):
    """A number larger than any that is computed with; the message is the limit."""


def object_schema(inputs: tuple[Input, ...]) -> dict[str, object]:
    """Return the JSON Schema of an object with these inputs and no others."""
    return {
        "type": "object",
        "properties": {each.name: each.as_schema() for each in inputs},
        "required": [each.name for each in inputs if each.required],
        "additionalProperties": False,
    }


class Values:
    """The inputs that were given, read; asking for one as what it is not is our mistake."""

    def __init__(self, given: Mapping[str, object]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    @property
    def names(self) -> tuple[str, ...]:
        """What was given, in the order of the input."""
        return tuple(self._given)

    def decimal(self, name: str) -> Decimal:
        """Return a number."""
        return self._as(name, Decimal)

    def money(self, name: str) -> Money:
        """Return an amount."""
        return self._as(name, Money)

    def day(self, name: str) -> date:
        """Return a date."""
        return self._as(name, date)

    def day_or_none(self, name: str) -> date | None:
        """Return a date that need not have been given."""
        return self._as(name, date) if name in self._given else None

    def month(self, name: str) -> tuple[int, int]:
        """Return year and month."""
        first = self._as(name, date)
        return first.year, first.month

    def text(self, name: str) -> str:
        """Return a text."""
        return self._as(name, str)

    def group(self, name: str) -> Values:
        """Return the values of an object."""
        return self._as(name, Values)

    def rows(self, name: str) -> tuple[Values, ...]:
        """Return the values of each object of a list."""
        return tuple(self._as(name, tuple))

    def named_money(self, name: str) -> dict[str, Money]:
        """Return the amount under each name; none if the input need not have been given."""
        return {key: each.money(key) for key, each in self._named(name)}

    def named_groups(self, name: str) -> dict[str, Values]:
        """Return the values under each name."""
        return {key: each.group(key) for key, each in self._named(name)}

    def _named(self, name: str) -> list[tuple[str, Values]]:
        if name not in self._given:
            return []
        entries = self.group(name)
        return [(key, entries) for key in entries.names]

    def _as(self, name: str, type_: type[_T]) -> _T:
        value = self._given[name]
        if not isinstance(value, type_):
            raise TypeError(f"{name} is no {type_.__name__}, was {value!r}")
        return value


def read_values(
    document: object, inputs: tuple[Input, ...], refusals: list[Refusal], *, at: str = ""
) -> Values:
    """Read a parsed JSON object, adding every fault to ``refusals``.

    Parameters
    ----------
    document : object
        Numbers as :class:`~decimal.Decimal`, so that nothing was lost in reading.
    inputs : tuple of Input
    refusals : list of Refusal
        Where faults go; the values are complete only if none was added.
    at : str
        Where the object stands, for names such as ``ficc.securities``.
    """
    if not isinstance(document, Mapping):
        expected = "an object with " + ", ".join(each.name for each in inputs)
        refusals.append(Refusal(at or "input", shown(document), expected, SHAPE_RULE))
        return Values({})
    prefix = f"{at}." if at else ""
    known = {each.name: each for each in inputs}
    for name, value in document.items():
        if name not in known:
            expected = nearest(name, known, what="input")
            refusals.append(Refusal(prefix + name, shown(value), expected, SHAPE_RULE))
    given: dict[str, object] = {}
    for each in inputs:
        where = prefix + each.name
        if each.name in document:
            _take(each, document[each.name], where, given, refusals)
        elif each.required:
            refusals.append(Refusal(where, "", f"{each.expected}; it is missing", SHAPE_RULE))
    return Values(given)


def nearest(name: str, known: Mapping[str, object], *, what: str) -> str:
    """Return what would have been accepted, naming the nearest known name."""
    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    return f"a known {what}; did you mean {near[0]}?" if near else "one of " + ", ".join(known)


def shown(value: object) -> str:
    """Return a value as text short enough for a message."""
    if value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, Mapping):
        text = "an object"
    elif isinstance(value, list):
        text = "a list"
    else:
        text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "..."


def _take(
    each: Input, value: object, where: str, given: dict[str, object], refusals: list[Refusal]
) -> None:
    if each.kind in _NESTED:
        before = len(refusals)
        nested = _NESTED[each.kind](each, value, where, refusals)
        if len(refusals) == before:
            given[each.name] = nested
        return
    try:
        given[each.name] = _scalar(each, value)
    except _LimitError as error:
        expected = f"{each.expected}, and {error}"
        refusals.append(Refusal(where, shown(value), expected, SHAPE_RULE))
    except ValueError:
        refusals.append(Refusal(where, shown(value), each.expected, SHAPE_RULE))


def _object(each: Input, value: object, where: str, refusals: list[Refusal]) -> Values:
    return read_values(value, each.inputs, refusals, at=where)


def _rows(each: Input, value: object, where: str, refusals: list[Refusal]) -> tuple[Values, ...]:
    least = 1 if each.minimum is None else each.minimum
    if not isinstance(value, list) or len(value) < least:
        refusals.append(Refusal(where, shown(value), each.expected, SHAPE_RULE))
        return ()
    return tuple(
        read_values(item, each.inputs, refusals, at=f"{where}[{place}]")
        for place, item in enumerate(value)
    )


def _named(each: Input, value: object, where: str, refusals: list[Refusal]) -> Values:
    if not isinstance(value, Mapping) or len(value) < (each.minimum or 0):
        refusals.append(Refusal(where, shown(value), each.expected, SHAPE_RULE))
        return Values({})
    given: dict[str, object] = {}
    for name, entry in value.items():
        if not name or len(name) > _LONGEST_TEXT:
            expected = f"a name of 1 to {_LONGEST_TEXT} characters"
            refusals.append(Refusal(where, shown(name), expected, SHAPE_RULE))
        _take(replace(each.inputs[0], name=name), entry, f"{where}.{name}", given, refusals)
    return Values(given)


_NESTED: Mapping[Kind, Callable[[Input, object, str, list[Refusal]], object]] = {
    Kind.OBJECT: _object,
    Kind.LIST: _rows,
    Kind.NAMED: _named,
}


def _scalar(each: Input, value: object) -> object:
    if each.kind in (Kind.DECIMAL, Kind.MONEY):
        number = _number(value)
        if each.kind is Kind.MONEY and number.adjusted() > LARGEST_DOLLARS_EXPONENT:
            raise _LimitError(f"less than 10^{LARGEST_DOLLARS_EXPONENT + 1} dollars in size")
        if _outside_bounds(each, number):
            raise ValueError(value)
        return money_from_decimal(number) if each.kind is Kind.MONEY else number
    if not isinstance(value, str) or not value or len(value) > _LONGEST_TEXT:
        raise ValueError(value)
    if each.kind is Kind.DATE:
        return date.fromisoformat(_matching(_ISO_DATE, value))
    if each.kind is Kind.MONTH:
        return date.fromisoformat(_matching(_ISO_MONTH, value) + "-01")
    if each.choices and value not in each.choices:
        raise ValueError(value)
    return value


def _number(value: object) -> Decimal:
    if isinstance(value, str):
        value = Decimal(_matching(_DECIMAL, value))
    if not isinstance(value, Decimal):
        raise ValueError(value)
    if value.adjusted() > _LARGEST_EXPONENT:
        raise _LimitError(f"less than 10^{_LARGEST_EXPONENT + 1} in size")
    if value.adjusted() < -_LARGEST_EXPONENT or len(value.as_tuple().digits) > _MOST_DIGITS:
        raise ValueError(value)
    return value


def _outside_bounds(each: Input, number: Decimal) -> bool:
    return (
        (each.above is not None and number <= each.above)
        or (each.minimum is not None and number < each.minimum)
        or (each.maximum is not None and number > each.maximum)
    )


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text
