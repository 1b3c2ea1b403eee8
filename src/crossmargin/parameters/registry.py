"""Parameters: values with unit, source, status and dates, and the set that is in force on a day.

A parameter file (TOML) lies beside its owner and is read by ``bootstrap``; models receive a
:class:`ParameterSet`. Nothing is ever a bare constant that somebody may reasonably question: the
status says whether it was sourced, recalled, inferred, derived or assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.digest import digest_of
from crossmargin.basics.refusals import Refusal


class Status(StrEnum):
    """How a value is known."""

    SOURCED = "sourced"
    RECALLED = "recalled"
    INFERRED = "inferred"
    DERIVED = "derived"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value of one parameter from one date on.

    Parameters
    ----------
    name : str
        ``snake_case``, the unit last where there is one.
    value : str
        As written; decimals are strings, so that they stay exact.
    unit : str
        ``ratio``, ``years``, ``business days``, ``choice`` and the like.
    source : str
        Where it is written, or how it was derived.
    status : Status
    effective_from : date
    """

    name: str
    value: str
    unit: str
    source: str
    status: Status
    effective_from: date

    def __post_init__(self) -> None:
        for attribute in ("name", "unit", "source"):
            if not getattr(self, attribute):
                raise ValueError(f"parameter {self.name!r} has no {attribute}")

    def as_document(self) -> dict[str, str]:
        """Return the JSON shape."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "source": self.source,
            "status": self.status.value,
            "effective_from": self.effective_from.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """The parameters of one owner that are in force on one day.

    Examples
    --------
    >>> from datetime import date
    >>> cap = Parameter("cap", "0.80", "ratio", "a notice", Status.SOURCED, date(2026, 4, 30))
    >>> rules = ParameterSet.in_force("arrangement", [cap], on=date(2026, 6, 1))
    >>> rules.ratio("cap")
    Fraction(4, 5)
    """

    owner: str
    on: date
    parameters: Mapping[str, Parameter] = field(repr=False)
    changed: frozenset[str] = frozenset()

    @staticmethod
    def in_force(owner: str, versions: Iterable[Parameter], *, on: date) -> ParameterSet:
        """Return the newest version of each parameter that is effective on the day.

        A day before the first version takes the first: scenario sets and exercises reach back
        before the arrangement began, and then say so by the version's date.
        """
        chosen: dict[str, Parameter] = {}
        for parameter in sorted(versions, key=lambda p: (p.name, p.effective_from)):
            if parameter.name not in chosen or parameter.effective_from <= on:
                chosen[parameter.name] = parameter
        return ParameterSet(owner, on, dict(sorted(chosen.items())))

    def text(self, name: str) -> str:
        """Return the value as written.

        Raises
        ------
        LookupError
            If the owner has no such parameter.
        """
        try:
            return self.parameters[name].value
        except KeyError:
            raise LookupError(f"{self.owner} has no parameter {name!r}") from None

    def ratio(self, name: str) -> Fraction:
        """Return the value as an exact fraction."""
        return Fraction(self.text(name))

    def whole(self, name: str) -> int:
        """Return the value as a whole number."""
        return int(self.text(name))

    def ratios(self, name: str) -> tuple[Fraction, ...]:
        """Return a comma-separated list of values as exact fractions."""
        return tuple(Fraction(part.strip()) for part in self.text(name).split(","))

    def dates(self, name: str) -> tuple[tuple[date, date], ...]:
        """Return a comma-separated list of ``first..last`` date ranges."""
        ranges = []
        for part in self.text(name).split(","):
            first, last = part.strip().split("..")
            ranges.append((date.fromisoformat(first), date.fromisoformat(last)))
        return tuple(ranges)

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        """Return the value, which must be one of those allowed."""
        value = self.text(name)
        if value not in (options := tuple(str(each) for each in allowed)):
            raise ValueError(
                f"{self.owner}.{name} must be one of {', '.join(options)}, was {value!r}"
            )
        return value

    def replacing(self, changes: Mapping[str, str], *, reason: str) -> ParameterSet:
        """Return the set with other values, marked as assumed and with the reason as source.

        Raises
        ------
        LookupError
            If a name is unknown.
        """
        changed = dict(self.parameters)
        for name, value in changes.items():
            self.text(name)
            old = changed[name]
            changed[name] = Parameter(
                name, value, old.unit, reason, Status.ASSUMED, old.effective_from
            )
        return ParameterSet(self.owner, self.on, changed, self.changed | frozenset(changes))

    def faults_of(self, changes: Mapping[str, str]) -> list[Refusal]:
        """Return what is wrong with changes: unknown names, values of another kind.

        A number is replaced by a number, a list by a list of as many kinds, a text by a text.
        """
        faults = []
        for name, value in changes.items():
            if name not in self.parameters:
                expected = f"a parameter of {self.owner}: {', '.join(self.parameters)}"
                faults.append(Refusal("parameter", name, expected, "parameters"))
            elif _kind(self.parameters[name].value) != _kind(value):
                old = self.parameters[name]
                expected = f"{old.unit}, as in {old.value!r}"
                faults.append(Refusal(f"{self.owner}.{name}", value, expected, "parameters"))
        return faults

    def as_document(self) -> list[dict[str, str]]:
        """Return every parameter's JSON shape, by name."""
        return [parameter.as_document() for parameter in self.parameters.values()]

    @property
    def digest(self) -> str:
        """SHA-256 of every value, source, status and date."""
        return digest_of([self.owner, self.as_document()])


def _kind(value: str) -> str:
    parts = [part.strip() for part in value.split(",")]
    kinds = {_kind_of_one(part) for part in parts}
    return kinds.pop() if len(kinds) == 1 else "mixed"


def _kind_of_one(text: str) -> str:
    try:
        Fraction(text)
    except (ValueError, ZeroDivisionError):
        return "date range" if ".." in text else "text"
    return "number"


def parameters_from_document(document: Mapping[str, object]) -> list[Parameter]:
    """Return the parameters of a parsed TOML file: one table a parameter, or an array of versions.

    Raises
    ------
    ValueError
        If a key is unknown or missing, or a status is not one of :class:`Status`.
    """
    expected = {"value", "unit", "source", "status", "effective_from"}
    parameters = []
    for name, entry in document.items():
        for version in entry if isinstance(entry, list) else [entry]:
            if not isinstance(version, Mapping) or set(version) != expected:
                raise ValueError(f"parameter {name!r} must have exactly {sorted(expected)}")
            if not isinstance(version["value"], str):
                raise ValueError(f"parameter {name!r}: the value must be a string")
            parameters.append(
                Parameter(
                    name=name,
                    value=version["value"],
                    unit=str(version["unit"]),
                    source=str(version["source"]),
                    status=Status(str(version["status"])),
                    effective_from=date.fromisoformat(str(version["effective_from"])),
                )
            )
    return parameters
