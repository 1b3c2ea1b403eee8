"""Tables of a TOML file: values out, every fault with its key and what was expected."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Generic, TypeVar

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, refused

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)
_PAR_MULTIPLE = 100
_DOLLARS = "dollars and cents in quotes, such as '1000000.00'"


@dataclass(frozen=True, slots=True)
class Kind(Generic[_T]):
    """A kind of value.

    Parameters
    ----------
    read : callable
        Makes it of what the file says; raises ValueError or TypeError.
    expected : str
    stand_in : object
        Where nothing is said, or nothing that can be read.
    """

    read: Callable[[Any], _T]
    expected: str
    stand_in: _T


@dataclass(frozen=True, slots=True)
class Place:
    """One table of a file, and where it stands."""

    table: Mapping[str, Any]
    where: str

    def names_any(self, keys: tuple[str, ...]) -> bool:
        """Return whether one of the keys is given."""
        return any(key in self.table for key in keys)


def read_toml(path: Path, rule: str) -> tuple[Mapping[str, Any], str]:
    """Return what a TOML file says, and the SHA-256 of its bytes.

    Raises
    ------
    RefusedError
        If it cannot be read or is no TOML.
    """
    try:
        raw = path.read_bytes()
        return tomllib.loads(raw.decode()), hashlib.sha256(raw).hexdigest()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refused("file", path.name, f"a readable TOML file ({error})", rule) from error


class Tables:
    """Reads values of a file, and notes every fault.

    Parameters
    ----------
    file : str
    rule : str
        What refusals name.
    keys : mapping of kind of table to tuple of str
        Every key of each.
    """

    def __init__(self, file: str, rule: str, keys: Mapping[str, tuple[str, ...]]) -> None:
        self._file, self._rule, self._keys = file, rule, keys
        self.faults: list[Refusal] = []

    def fault(self, field: str, value: object, expected: str) -> None:
        """Note a fault, once."""
        fault = Refusal(field.strip(), str(value), expected, self._rule, self._file)
        if fault not in self.faults:
            self.faults.append(fault)

    def whole(self, said: Mapping[str, Any]) -> Place:
        """Return the file itself as a place, its keys checked."""
        self._know(said, "", "")
        return Place(said, "")

    def one(self, said: Place, name: str) -> Place:
        """Return a table by name, its keys checked; an empty one where it is not there."""
        found = said.table.get(name, {})
        if not isinstance(found, Mapping):
            self.fault(name, found, f"a table [{name}]")
            found = {}
        self._know(found, name, name)
        return Place(found, name)

    def each(self, said: Place, name: str, *, once: str = "") -> list[Place]:
        """Return the tables of one kind, their keys checked; ``once`` names a key that differs."""
        found = said.table.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
            self.fault(name, found, f"tables [[{name}]]")
            return []
        places = [Place(table, f"{name} {n}") for n, table in enumerate(found, start=1)]
        for place in places:
            self._know(place.table, name, place.where)
        if once:
            self.each_once(once, places)
        return places

    def each_once(self, name: str, places: list[Place]) -> None:
        """Refuse a value of a key that an earlier table has."""
        seen: set[str] = set()
        for place in places:
            value = str(place.table.get(name))
            if value in seen:
                self.fault(f"{place.where} {name}", value, "each once")
            seen.add(value)

    def needed(self, said: Place, name: str, kind: Kind[_T]) -> _T:
        """Return a value, refused where it is missing."""
        if name not in said.table:
            self.fault(f"{said.where} {name}", "nothing", kind.expected)
        return self.given(said, name, kind)

    def given(self, said: Place, name: str, kind: Kind[_T]) -> _T:
        """Return a value, or its stand-in where it is missing."""
        if name not in said.table:
            return kind.stand_in
        try:
            return kind.read(said.table[name])
        except (ValueError, TypeError):
            self.fault(f"{said.where} {name}", said.table[name], kind.expected)
            return kind.stand_in

    def _know(self, table: Mapping[str, Any], kind: str, where: str) -> None:
        for name in table:
            if name not in self._keys[kind]:
                expected = f"one of {', '.join(self._keys[kind])}"
                self.fault(f"{where} {name}", table[name], expected)


def one_of(choices: type[_E], stand_in: _E) -> Kind[_E]:
    """Return the kind of a word of a closed list."""
    return Kind(choices, f"one of {', '.join(choices)}", stand_in)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(value)
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(value)
    return tuple(_text(each) for each in value)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _day(value: object) -> date:
    if type(value) is not date:
        raise TypeError(value)
    return value


def _dollars(value: object) -> Money:
    if not isinstance(value, str):
        raise TypeError(value)
    return money_from_decimal(value)


def _amount(value: object) -> Money:
    if (money := _dollars(value)) < ZERO:
        raise ValueError(value)
    return money


def _more_than_zero(value: object) -> Money:
    if (money := _dollars(value)) <= ZERO:
        raise ValueError(value)
    return money


def _par(value: object) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise TypeError(value)
    for cusip, par in value.items():
        if type(par) is not int or par <= 0 or par % _PAR_MULTIPLE:
            raise ValueError(value)
        Cusip(cusip)
    return dict(value)


TEXT = Kind(_text, "a text that is not empty", "")
TEXTS: Kind[tuple[str, ...]] = Kind(_texts, "a list of texts", ())
TRUTH = Kind(_truth, "true or false", stand_in=False)
DAY = Kind(_day, "a date, such as 2026-05-01", date.min)
DOLLARS = Kind(_dollars, _DOLLARS, ZERO)
AMOUNT = Kind(_amount, f"{_DOLLARS}, not negative", ZERO)
POSITIVE = Kind(_more_than_zero, f"{_DOLLARS}, more than zero", Money(1))
PAR = Kind(_par, "a table of CUSIP to dollars of par, multiples of 100", dict[str, int]())
