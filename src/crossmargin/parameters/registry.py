"""Parameters: values with unit, source, status and dates, and the set that is in force on a day.

A parameter file (TOML) lies beside its owner and is read by ``bootstrap``; models receive a
:class:`ParameterSet`. Nothing is ever a bare constant that somebody may reasonably question: the
status says whether it was sourced, recalled, inferred, derived or assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from crossmargin.basics.digest import digest_of
from crossmargin.basics.refusals import Refusal
from crossmargin.parameters.fitting import expected_to_fit, misfits
from crossmargin.parameters.reading import OwnerFile, nearest_of, parameters_from_document
from crossmargin.parameters.version import ModelVersion, Parameter, Status, kind_of

__all__ = [
    "SHIPPED",
    "ModelVersion",
    "Parameter",
    "ParameterSet",
    "Status",
    "parameters_from_document",
]

#: Where a set comes from that is part of the program; else the name of the user's file.
SHIPPED = "shipped"
_RULE = "parameters"


@dataclass(frozen=True, slots=True)
class ParameterSet:
    """The parameters of one owner that are in force on one day.

    Parameters
    ----------
    owner : str
    on : date
    parameters : mapping of name to Parameter
    changed : frozenset of str
        Names with a value given by hand.
    pending : mapping of name to tuple of Parameter
        Versions whose date is not known: never in force by themselves, chosen by their value.
    model : ModelVersion or None
        The version of what the parameters belong to.
    origin : str
        :data:`SHIPPED`, or the name of the user's own file.

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
    pending: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict, repr=False)
    model: ModelVersion | None = None
    origin: str = SHIPPED

    @staticmethod
    def in_force(owner: str, versions: Iterable[Parameter], *, on: date) -> ParameterSet:
        """Return the newest version of each parameter that is effective on the day.

        A day before the first version takes the first: scenario sets and exercises reach back
        before the arrangement began, and then say so by the version's date.
        """
        chosen: dict[str, Parameter] = {}
        pending: dict[str, tuple[Parameter, ...]] = {}
        for parameter in sorted(versions, key=lambda p: (p.name, p.effective_from or date.max)):
            if parameter.effective_from is None:
                pending[parameter.name] = (*pending.get(parameter.name, ()), parameter)
            elif parameter.name not in chosen or parameter.effective_from <= on:
                chosen[parameter.name] = parameter
        return ParameterSet(owner, on, dict(sorted(chosen.items())), pending=pending)

    @staticmethod
    def from_file(read: OwnerFile, *, on: date, origin: str = SHIPPED) -> ParameterSet:
        """Return what a parameter file puts in force on the day, with its model version."""
        model: ModelVersion | None = None
        for version in sorted(read.models, key=lambda each: each.effective_from):
            if model is None or version.effective_from <= on:
                model = version
        rules = ParameterSet.in_force(read.owner, read.versions, on=on)
        return replace(rules, model=model, origin=origin)

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

        A value that a pending version has keeps that version's source and status.

        Raises
        ------
        LookupError
            If a name is unknown.
        """
        changed = dict(self.parameters)
        for name, value in changes.items():
            self.text(name)
            source, status = reason, Status.ASSUMED
            for version in self.pending.get(name, ()):
                if version.value == value:
                    source = f"{reason}; pending version: {version.source}"
                    status = version.status
            changed[name] = replace(changed[name], value=value, source=source, status=status)
        return replace(self, parameters=changed, changed=self.changed | frozenset(changes))

    def faults_of(self, changes: Mapping[str, str]) -> list[Refusal]:
        """Return what is wrong with changes.

        Names that are unknown (with the nearest one), values outside their domain, and values that
        do not fit other parameters of the owner, those changed with them included. Where no domain
        is declared a number is replaced by a number, a text by a text.
        """
        faults = []
        for name, value in changes.items():
            if name not in self.parameters:
                expected = f"a parameter of {self.owner}: {nearest_of(name, self.parameters)}"
                faults.append(Refusal("parameter", name, expected, _RULE))
            elif expected := _expected_of(self.parameters[name], value):
                faults.append(Refusal(f"{self.owner}.{name}", value, expected, _RULE))
        return [*faults, *self._misfits_of(changes)]

    def _misfits_of(self, changes: Mapping[str, str]) -> list[Refusal]:
        """Return changes that do not fit other parameters, and those that others do not fit."""
        known = {name: value for name, value in changes.items() if name in self.parameters}
        changed = {
            name: replace(each, value=known.get(name, each.value))
            for name, each in self.parameters.items()
        }
        faults = []
        for name in misfits(changed):
            domain = changed[name].domain
            relations = () if domain is None else domain.relations
            for at_fault in [name] if name in known else [e for e in relations if e in known]:
                expected = expected_to_fit(changed, name, at_fault)
                faults.append(Refusal(f"{self.owner}.{at_fault}", known[at_fault], expected, _RULE))
        return faults

    def as_document(self) -> list[dict[str, str]]:
        """Return every parameter's JSON shape, by name."""
        return [parameter.as_document() for parameter in self.parameters.values()]

    def version_document(self) -> dict[str, str]:
        """Return what a run records of the set: digest, newest date, model version, review."""
        document = {
            "digest": self.digest,
            "latest_effective_from": max(p.since for p in self.parameters.values()),
            "origin": self.origin,
        }
        if self.model is not None:
            document["model_version"] = self.model.version
            document["model_name"] = self.model.name
            document["review"] = self.model.review
        return document

    @property
    def digest(self) -> str:
        """SHA-256 of every value, range, source, status and date, and of the model version."""
        model = None if self.model is None else self.model.as_document()
        return digest_of([self.owner, model, self.as_document()])


def _expected_of(parameter: Parameter, value: str) -> str:
    """Return what was expected in the place of a value, empty where nothing else was."""
    domain = parameter.domain
    if domain is not None:
        return "" if domain.holds(value) else domain.words(parameter.unit, value)
    is_of_kind = kind_of(parameter.value) == kind_of(value)
    return "" if is_of_kind else f"{parameter.unit}, as in {parameter.value!r}"
