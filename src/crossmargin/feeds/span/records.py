"""One positional record: fields cut out of a line, faults with line and column, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.basics.refusals import Refusal
from crossmargin.feeds.span.layout import GROUPS, LAYOUTS, RECORD_WIDTH, Field, Kind

RULE = "SPAN: expanded positional file"
_FAULTS_MAX = 100
_SINGLE = {type_: {each.name: each for each in fields} for type_, fields in LAYOUTS.items()}
_REPEATED = {
    key: [
        {each.name: each.moved(place * group.step) for each in group.fields}
        for place in range(group.count)
    ]
    for key, group in GROUPS.items()
}


@dataclass(slots=True)
class Faults:
    """What is wrong with a file, each with its place; more than a hundred are counted, not kept."""

    file: str
    rule: str = RULE
    refusals: list[Refusal] = field(default_factory=list)
    count: int = 0

    def add(
        self, name: str, value: str, expected: str, line: int | None, column: int | None = None
    ) -> None:
        """Note a fault."""
        self.count += 1
        if self.count <= _FAULTS_MAX:
            self.refusals.append(Refusal(name, value, expected, self.rule, self.file, line, column))

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: int | None = None
    ) -> None:
        """Note a fault of a line of rows."""
        self.add(name, value, expected, line, column)

    def all(self) -> tuple[Refusal, ...]:
        """Return every fault that was kept, and how many were not."""
        more = self.count - _FAULTS_MAX
        if more <= 0:
            return tuple(self.refusals)
        last = Refusal("file", f"{more} more faults", "none", self.rule, self.file)
        return (*self.refusals, last)


@dataclass(slots=True)
class Fields:
    """Some fields of a record, read one by one; a fault gives the default and is noted."""

    text: str
    line: int
    where: Mapping[str, Field]
    faults: Faults

    def get(self, name: str) -> str:
        """Return a text without the blanks around it."""
        there = self.where[name]
        return self.text[there.first - 1 : there.last].strip()

    def number(self, name: str, default: Fraction | None = None) -> Fraction:
        """Return a number; blank is the default, and a fault where there is none."""
        there, text = self.where[name], self.get(name)
        if text.isascii() and text.isdigit():
            return Fraction(int(text), 10**there.decimals)
        if text or default is None:
            digits = f"{there.width} digits" if there.width > 1 else "a digit"
            self.fault(name, f"{digits}{', or blank' if default is not None else ''}")
        return default if default is not None else Fraction(0)

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number."""
        return int(self.number(name, None if default is None else Fraction(default)))

    def sign(self, name: str) -> int:
        """Return -1 for a minus; plus and blank are 1."""
        text = self.get(name)
        if text not in ("", "+", "-"):
            self.fault(name, "a sign, + or -")
        return -1 if text == "-" else 1

    def choice(self, name: str, known: dict[str, str]) -> str:
        """Return what a code stands for."""
        code = self.get(name)
        if code not in known:
            expected = ", ".join(repr(each) if each else "blank" for each in known)
            self.fault(name, f"one of {expected}")
        return known.get(code, next(iter(known.values())))

    def fault(self, name: str, expected: str) -> None:
        """Note a fault of a field, at its first column."""
        there = self.where[name]
        value = self.text[there.first - 1 : there.last].rstrip()
        self.faults.add(name, value, expected, self.line, there.first)


@dataclass(slots=True)
class Record:
    """A line of the file, padded: trailing blanks may have been cut off."""

    type: str
    line: int
    text: str
    faults: Faults

    @staticmethod
    def of(type_: str, line: int, text: str, faults: Faults) -> Record:
        """Return a record of a known type."""
        return Record(type_, line, text.ljust(RECORD_WIDTH), faults)

    @property
    def fields(self) -> Fields:
        """The fields that do not repeat."""
        return Fields(self.text, self.line, _SINGLE[self.type], self.faults)

    def group(self, name: str) -> Iterator[Fields]:
        """Yield the repetitions of a group, blank ones too."""
        for where in _REPEATED[self.type, name]:
            yield Fields(self.text, self.line, where, self.faults)


class UnfitError(ValueError):
    """A value that the columns cannot hold exactly."""


class Line:
    """A record that is being written.

    Raises
    ------
    UnfitError
        From :meth:`put`, naming the field, the value and the columns.
    """

    def __init__(self, type_: str) -> None:
        self.type = type_
        self._characters = list(type_.ljust(2) + " " * (RECORD_WIDTH - 2))

    def put(self, **values: str | int | Fraction) -> Line:
        """Write fields that do not repeat."""
        for each in LAYOUTS[self.type]:
            if each.name in values:
                self._write(each, values.pop(each.name))
        if values:
            raise KeyError(f"record {self.type} has no {', '.join(values)}")
        return self

    def put_group(self, name: str, place: int, **values: str | int | Fraction) -> Line:
        """Write one repetition of a group, counted from 0."""
        group = GROUPS[self.type, name]
        if place >= group.count:
            raise UnfitError(
                f"record {self.type} holds {group.count} times {name}, not {place + 1}"
            )
        for each in group.fields:
            if each.name in values:
                self._write(each.moved(place * group.step), values[each.name])
        return self

    @property
    def text(self) -> str:
        """The line without trailing blanks."""
        return "".join(self._characters).rstrip()

    def _write(self, where: Field, value: str | int | Fraction) -> None:
        if where.kind is Kind.TEXT:
            text = str(value).ljust(where.width)
        else:
            scaled = Fraction(value) * 10**where.decimals
            text = f"{int(scaled):0{where.width}d}" if scaled.denominator == 1 else ""
        negative = where.kind is Kind.NUMBER and Fraction(value) < 0
        if len(text) != where.width or negative or not text.isascii() or not text.isprintable():
            columns = f"columns {where.first} to {where.last} of record {self.type}"
            raise UnfitError(f"{where.name} {value} does not fit {columns} exactly")
        self._characters[where.first - 1 : where.last] = text
