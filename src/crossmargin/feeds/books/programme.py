"""The file that the books of a BD-FCM begin with: capital, places, facts; and later places."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.ledger.chart import CHART, AccountKind
from crossmargin.ledger.custody import DOCUMENTED, Fact
from crossmargin.services.books.accounts import FRBNY
from crossmargin.services.books.opening import BdFcmBooks, Place, StatedFact

_RULE = "reference: books"
_PLACES = tuple(kind for kind, terms in CHART.items() if terms.is_kept_elsewhere)
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class LoadedBooks:
    """What a file says, and its digest."""

    books: BdFcmBooks
    sha256: str


@dataclass(frozen=True, slots=True)
class LoadedPlaces:
    """Places that a file states of a BD-FCM, and its digest."""

    bd_fcm: str
    places: tuple[Place, ...]
    sha256: str


def read_bd_fcm_books(path: Path) -> LoadedBooks:
    """Read a file of a BD-FCM's books.

    Raises
    ------
    RefusedError
        With every fault and where it stands.
    """
    raw, said = _read(path)
    faults: list[Refusal] = []
    reading = _Reading(path.name, faults)
    books = BdFcmBooks(
        bd_fcm=reading.text(said, "bd_fcm"),
        opened=reading.day(said, "opened") or date.min,
        capital=reading.money(said, "capital"),
        places=reading.places(said),
    )
    if faults:
        raise RefusedError(*faults)
    return LoadedBooks(books, hashlib.sha256(raw).hexdigest())


def read_places(path: Path) -> LoadedPlaces:
    """Read a file of places of a BD-FCM whose books are open, and of facts of them.

    Raises
    ------
    RefusedError
        With every fault and where it stands.
    """
    raw, said = _read(path)
    faults: list[Refusal] = []
    reading = _Reading(path.name, faults)
    bd_fcm, places = reading.text(said, "bd_fcm"), reading.places(said)
    if faults:
        raise RefusedError(*faults)
    return LoadedPlaces(bd_fcm, places, hashlib.sha256(raw).hexdigest())


def _read(path: Path) -> tuple[bytes, Mapping[str, object]]:
    try:
        raw = path.read_bytes()
        said = tomllib.loads(raw.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise refused("file", path.name, f"a readable TOML file ({error})", _RULE) from error
    return raw, said


class _Reading:
    """Values of a file, every fault noted."""

    def __init__(self, file: str, faults: list[Refusal]) -> None:
        self._file, self._faults = file, faults

    def fault(self, field: str, value: object, expected: str) -> None:
        self._faults.append(Refusal(field, str(value), expected, _RULE, self._file))

    def text(self, said: Mapping[str, object], name: str, where: str = "") -> str:
        value = said.get(name)
        if not isinstance(value, str) or not value or "/" in value:
            self.fault(f"{where} {name}".strip(), value, "a text without a slash")
            return "?"
        return value

    def day(self, said: Mapping[str, object], name: str, where: str = "") -> date | None:
        value = said.get(name)
        if type(value) is not date:
            self.fault(f"{where} {name}".strip(), value, "a date, such as 2026-05-01")
            return None
        return value

    def money(self, said: Mapping[str, object], name: str) -> Money:
        value = said.get(name)
        try:
            return money_from_decimal(value if isinstance(value, str) else "?")
        except ValueError:
            self.fault(name, value, "dollars and cents in quotes, such as '1000000.00'")
            return money_from_decimal("0")

    def places(self, said: Mapping[str, object]) -> tuple[Place, ...]:
        found = said.get("place")
        listed = found if isinstance(found, list) else []
        if not listed:
            self.fault("place", found, "at least one [[place]]")
        return tuple(self.place(each, f"place {n}") for n, each in enumerate(listed, start=1))

    def place(self, said: object, where: str) -> Place:
        table = said if isinstance(said, Mapping) else {}
        kind = self._one_of(table, "kind", [each.value for each in _PLACES], where)
        facts = table.get("fact")
        listed = facts if isinstance(facts, list) else []
        return Place(
            kind=AccountKind(kind),
            custodian=self._custodian(table, kind, where),
            facts=tuple(
                self._fact(each, f"{where} fact {n}") for n, each in enumerate(listed, start=1)
            ),
        )

    def _custodian(self, table: Mapping[str, object], kind: str, where: str) -> str:
        name = self.text(table, "custodian", where)
        is_there = kind == AccountKind.FRBNY_SEGREGATED_ACCOUNT
        is_known = name != "?" and table.get("kind") == kind
        if is_known and (name == FRBNY) is not is_there:
            only = f"{FRBNY} of {AccountKind.FRBNY_SEGREGATED_ACCOUNT.value}, and of no other"
            self.fault(f"{where} custodian", name, only)
        return name

    def _fact(self, said: object, where: str) -> StatedFact:
        table = said if isinstance(said, Mapping) else {}
        fact = Fact(self._one_of(table, "fact", [each.value for each in Fact], where))
        digest = table.get("document_sha256", "")
        is_digest = isinstance(digest, str) and _SHA256.fullmatch(digest) is not None
        if not is_digest and (fact in DOCUMENTED or digest):
            self.fault(f"{where} document_sha256", digest, "the document's SHA-256")
        first = self.day(table, "first", where) or date.min
        last = self.day(table, "last", where) if "last" in table else None
        if last is not None and last < first:
            self.fault(f"{where} last", last, f"no day before {first}")
        return StatedFact(
            fact=fact,
            value=self._value(table, where),
            document_sha256=str(digest),
            first=first,
            last=last,
        )

    def _value(self, table: Mapping[str, object], where: str) -> str:
        value = table.get("value")
        if not isinstance(value, str) or not value:
            self.fault(f"{where} value", value, "a text")
            return "?"
        return value

    def _one_of(
        self, table: Mapping[str, object], name: str, allowed: list[str], where: str
    ) -> str:
        value = table.get(name)
        if value not in allowed:
            self.fault(f"{where} {name}", value, f"one of {', '.join(allowed)}")
            return allowed[0]
        return str(value)
