"""Parameter files: TOML text to versions, every fault with file, line and parameter.

One table a parameter, or an array of tables where it has versions::

    owner = "ficc"

    [[model]]
    version = "1"
    name = "FICC-style model"
    effective_from = "2018-05-01"
    review = "not reviewed by the CFTC or the SEC"

    [floor_share]
    value = "0.10"
    unit = "ratio"
    source = "SR-FICC-2018-001"
    status = "recalled"
    effective_from = "2018-05-01"
    minimum = "0"
    maximum = "1"
    low = "0.05"
    high = "0.15"
    range_source = "why these ends"

In the place of a range ``no_range`` says why there is none. A shipped file states one of the two
for every value that is recalled, inferred or assumed; a user's own file may leave both out.

What a parameter may hold (``minimum`` and ``maximum`` here; every key is in
:mod:`crossmargin.parameters.domain`) stands in its first version alone and holds for all; value,
low and high are checked against it, and with other parameters where they must fit together.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.parameters.domain import KEYS as DOMAIN_KEYS
from crossmargin.parameters.domain import Domain, domain_of
from crossmargin.parameters.fitting import value_faults
from crossmargin.parameters.version import (
    PENDING,
    UNCERTAIN,
    ModelVersion,
    Parameter,
    Status,
    kind_of,
)

#: Keys of a file that are no parameters.
RESERVED = ("owner", "model")
_REQUIRED = ("value", "unit", "source", "status", "effective_from")
_RANGE_KEYS = ("low", "high", "range_source")
_NO_RANGE = "no_range"
_OPTIONAL = ("effective_to", *_RANGE_KEYS, _NO_RANGE)
_MODEL_KEYS = ("version", "name", "effective_from", "review")
_RULE = "parameter files"
_HEADER = re.compile(r'^\s*\[\[?\s*"?([A-Za-z0-9_\-]+)"?\s*\]\]?\s*(?:#.*)?$')
_TOML_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class OwnerFile:
    """What one parameter file holds.

    Parameters
    ----------
    owner : str
        Empty where the file names none.
    versions : tuple of Parameter
        In the order of the file, pending ones too.
    models : tuple of ModelVersion
    file : str
    lines : mapping of (name, version number from 0) to int
        Where each table begins.
    """

    owner: str
    versions: tuple[Parameter, ...]
    models: tuple[ModelVersion, ...]
    file: str
    lines: Mapping[tuple[str, int], int] = field(repr=False)

    @property
    def domains(self) -> dict[str, Domain]:
        """What each parameter may hold, as far as it is said."""
        return {each.name: each.domain for each in self.versions if each.domain is not None}


def parse_parameters(text: str, *, file: str, is_own: bool = False) -> OwnerFile:
    """Return the versions of a parameter file.

    Parameters
    ----------
    text : str
        TOML.
    file : str
        How refusals name it.
    is_own : bool
        Whether it is a user's file. What its values may be is then for the shipped file to say,
        and for the registry to check: here only the file's form is. It may leave out both range
        and ``no_range`` of an uncertain value.

    Raises
    ------
    RefusedError
        With every fault: no TOML, a key unknown (with the nearest) or missing, a text that is none
        or empty, a status, date or domain that is none, a range that does not hold its value, a
        range beside ``no_range``, neither of them with an uncertain value of a shipped file,
        versions with a gap, an overlap or the same date, no version with a date, a value outside
        its domain.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        line, column = (int(place[1]), int(place[2])) if place else (None, None)
        told = _TOML_PLACE.sub("", str(error)).strip()
        raise RefusedError(Refusal("file", told, "TOML", _RULE, file, line, column)) from None
    reader = _Reader(file, _table_lines(text), is_shipped=not is_own)
    owner = document.get("owner", "")
    if not isinstance(owner, str):
        reader.refuse("owner", owner, "a text", None)
    models = reader.models(document.get("model", []))
    versions = reader.versions(document)
    if not is_own:
        reader.values(versions)
    if reader.faults:
        raise RefusedError(*reader.faults)
    return OwnerFile(str(owner), tuple(versions), tuple(models), file, reader.lines)


def parameters_from_document(document: Mapping[str, object]) -> list[Parameter]:
    """Return the parameters of a parsed TOML file; see :func:`parse_parameters`.

    Raises
    ------
    RefusedError
        With every fault, without lines.
    """
    reader = _Reader(None, {})
    versions = reader.versions(document)
    reader.values(versions)
    if reader.faults:
        raise RefusedError(*reader.faults)
    return versions


def nearest_of(name: str, known: Iterable[str]) -> str:
    """Return what was expected in the place of an unknown name: the nearest one, or all."""
    options = list(known)
    close = difflib.get_close_matches(name, options, n=1)
    return f"{close[0]}, the nearest known" if close else f"one of {', '.join(options)}"


def _table_lines(text: str) -> dict[tuple[str, int], int]:
    lines: dict[tuple[str, int], int] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = header[1]
            lines[name, seen.get(name, 0)] = number
            seen[name] = seen.get(name, 0) + 1
    return lines


class _Reader:
    """Collects faults while a file is read."""

    def __init__(
        self,
        file: str | None,
        lines: Mapping[tuple[str, int], int],
        *,
        is_shipped: bool = False,
    ) -> None:
        self.file = file
        self.lines = lines
        self.is_shipped = is_shipped
        self.faults: list[Refusal] = []

    def refuse(
        self, label: str, value: object, expected: str, place: tuple[str, int] | None
    ) -> None:
        line = None if place is None else self.lines.get(place)
        self.faults.append(Refusal(label, str(value), expected, _RULE, self.file, line))

    def versions(self, document: Mapping[str, object]) -> list[Parameter]:
        """Return every version of every parameter, in the order of the file."""
        found: list[Parameter] = []
        for name, entry in document.items():
            if name in RESERVED:
                continue
            tables = entry if isinstance(entry, list) else [entry]
            read = [self._version(name, place, table) for place, table in enumerate(tables)]
            complete = [version for version in read if version is not None]
            if len(complete) == len(tables):
                self._dates(name, complete)
            found += self._of_one_domain(name, complete)
        return found

    def values(self, versions: Sequence[Parameter]) -> None:
        """Refuse every value, low and high outside its domain, and values that do not fit."""
        for fault in value_faults(versions):
            label = f"{fault.name}.{fault.key}"
            self.refuse(label, fault.value, fault.expected, (fault.name, fault.place))

    def models(self, entry: object) -> list[ModelVersion]:
        """Return every model version of the reserved table."""
        found: list[ModelVersion] = []
        for place, table in enumerate(entry if isinstance(entry, list) else [entry]):
            where = ("model", place)
            texts = self._texts("model", table, _MODEL_KEYS, (), where)
            since = self._date("model.effective_from", (texts or {}).get("effective_from"), where)
            if texts is None or since is None:
                continue
            if any(model.effective_from == since for model in found):
                self.refuse("model.effective_from", since, "a date of its own", where)
            found.append(ModelVersion(texts["version"], texts["name"], since, texts["review"]))
        return found

    def _of_one_domain(self, name: str, versions: Sequence[Parameter]) -> list[Parameter]:
        """Return the versions with the domain of the first, refusing one of a later version."""
        if not versions:
            return []
        for place, version in enumerate(versions[1:], start=1):
            if version.domain not in (None, versions[0].domain):
                expected = "what it may hold to stand in the first version alone"
                self.refuse(name, version.domain_text, expected, (name, place))
        return [replace(version, domain=versions[0].domain) for version in versions]

    def _domain(
        self, name: str, table: Mapping[str, object], where: tuple[str, int]
    ) -> Domain | None:
        try:
            return domain_of(table)
        except ValueError as error:
            key, value, expected = error.args
            self.refuse(f"{name}.{key}", value, expected, where)
            return None

    def _version(self, name: str, place: int, entry: object) -> Parameter | None:
        where = (name, place)
        before = len(self.faults)
        table, domain = entry, None
        if isinstance(entry, Mapping):
            domain = self._domain(name, entry, where)
            table = {key: value for key, value in entry.items() if key not in DOMAIN_KEYS}
        texts = self._texts(name, table, _REQUIRED, _OPTIONAL, where)
        if texts is None:
            return None
        status = texts["status"]
        if status not in list(Status):
            self.refuse(f"{name}.status", status, f"one of {', '.join(Status)}", where)
        since = texts["effective_from"]
        first = None if since == PENDING else self._date(f"{name}.effective_from", since, where)
        last = self._date(f"{name}.effective_to", texts.get("effective_to"), where)
        if last is not None and (first is None or last < first):
            expected = f"a day from {since} on" if first else "none: its first day is not known"
            self.refuse(f"{name}.effective_to", last, expected, where)
        self._range(name, texts, where)
        if len(self.faults) > before:
            return None
        return Parameter(
            name=name,
            value=texts["value"],
            unit=texts["unit"],
            source=texts["source"],
            status=Status(status),
            effective_from=first,
            effective_to=last,
            low=texts.get("low"),
            high=texts.get("high"),
            range_source=texts.get("range_source"),
            no_range=texts.get(_NO_RANGE),
            domain=domain,
        )

    def _texts(
        self,
        name: str,
        table: object,
        required: Sequence[str],
        optional: Sequence[str],
        where: tuple[str, int],
    ) -> dict[str, str] | None:
        """Return a table's texts, or None after refusing what is wrong with its keys."""
        before = len(self.faults)
        if not isinstance(table, Mapping):
            self.refuse(name, table, f"a table with {', '.join(required)}", where)
            return None
        known = (*required, *optional)
        for key, value in table.items():
            if key not in known:
                near = nearest_of(key, (*known, *DOMAIN_KEYS) if required is _REQUIRED else known)
                self.refuse(f"{name}.{key}", value, f"a known key: {near}", where)
            elif not isinstance(value, str):
                self.refuse(f"{name}.{key}", value, "a text in quotes, so that it is exact", where)
            elif not value.strip():
                self.refuse(f"{name}.{key}", value, "a text that is not empty", where)
        for key in required:
            if key not in table:
                self.refuse(f"{name}.{key}", "missing", "every version to state it", where)
        return dict(table) if len(self.faults) == before else None

    def _date(self, label: str, text: str | None, where: tuple[str, int]) -> date | None:
        if text is None:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.refuse(label, text, "a date as in 2026-03-24", where)
            return None

    def _range(self, name: str, texts: Mapping[str, str], where: tuple[str, int]) -> None:
        stated = [key for key in _RANGE_KEYS if key in texts]
        if stated and _NO_RANGE in texts:
            expected = "a range, or why there is none, not both"
            self.refuse(f"{name}.{_NO_RANGE}", texts[_NO_RANGE], expected, where)
        if not stated:
            if self.is_shipped and texts["status"] in UNCERTAIN and _NO_RANGE not in texts:
                expected = f"low, high and range_source, or {_NO_RANGE}: the value is "
                expected += texts["status"]
                self.refuse(f"{name}.{_NO_RANGE}", "missing", expected, where)
            return
        if len(stated) < len(_RANGE_KEYS):
            expected = "low, high and range_source together, or none of them"
            self.refuse(f"{name}.{stated[0]}", texts[stated[0]], expected, where)
            return
        value, low, high = (texts[key] for key in ("value", "low", "high"))
        if {kind_of(low), kind_of(high)} != {kind_of(value)}:
            expected = f"two values of the kind of {value!r}"
            self.refuse(f"{name}.low", f"{low} to {high}", expected, where)
        elif low == value == high:
            self.refuse(f"{name}.low", low, "another value than the one in force", where)
        elif kind_of(value) == "number" and "," not in value + low + high:
            if Fraction(low) > Fraction(high):
                self.refuse(f"{name}.low", low, f"no more than high, {high}", where)
            elif not Fraction(low) <= Fraction(value) <= Fraction(high):
                self.refuse(f"{name}.value", value, f"within its range, {low} to {high}", where)

    def _dates(self, name: str, versions: Sequence[Parameter]) -> None:
        """Refuse versions that leave a day without a value or with two."""
        dated = sorted(
            (version.effective_from, place)
            for place, version in enumerate(versions)
            if version.effective_from is not None
        )
        label = f"{name}.effective_from"
        if not dated:
            expected = "one version at least with a known date; a pending one is never in force"
            self.refuse(label, PENDING, expected, (name, 0))
            return
        for (first, one), (second, two) in pairwise(dated):
            last = versions[one].effective_to
            where = (name, two)
            if first == second:
                self.refuse(label, second, "a date of its own for each version", where)
            elif last is not None and last >= second:
                expected = f"no overlap: the version before is in force to {last}"
                self.refuse(label, second, expected, where)
            elif last is not None and last + timedelta(days=1) < second:
                expected = f"no gap: the version before ends on {last}"
                self.refuse(label, second, expected, where)
        last_version = versions[dated[-1][1]]
        if last_version.effective_to is not None:
            self.refuse(
                f"{name}.effective_to",
                last_version.effective_to,
                "no gap: a version after it, or no end",
                (name, dated[-1][1]),
            )
