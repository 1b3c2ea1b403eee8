"""Read what a clearing organization holds and owes when it fails: CSV, every fault with its place.

One row a fact; the section says which, and which cells it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.ccp_failure import CustomersPool
from crossmargin.default_management.cme_failure import (
    AllocatedLoss,
    ClaimAtCme,
    CmePosition,
    EstateOf,
    MemberAccount,
    PropertyAtCme,
)
from crossmargin.default_management.entitlements import EntitlementHolder, MarginClass
from crossmargin.default_management.ficc_failure import FiccPosition, Interest, Owed, Secured
from crossmargin.feeds.text_rows import CsvRows, shown
from crossmargin.ledger.assets import CASH, Asset, security

_T = TypeVar("_T")
_RULE = "reference: held and owed"
REQUIRED_COLUMNS = ("section", "amount")
COLUMNS = ("section", "place", "bd_fcm", "account", "class", "customer", "asset", "amount")
_LONGEST_NAME = 100
_PER_100 = 100
#: By section of FICC's file: cells that it must have, and that it may have.
FICC_SECTIONS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "HELD": (frozenset({"place", "asset"}), frozenset()),
    "IN_TRANSIT": (frozenset({"place", "asset"}), frozenset()),
    "SECURED": (frozenset({"place", "asset"}), frozenset()),
    "OWED": (frozenset({"bd_fcm", "class", "asset"}), frozenset({"customer"})),
    "PRICE": (frozenset({"asset"}), frozenset()),
    "CLAIM": (frozenset({"bd_fcm", "customer"}), frozenset()),
    "PROPERTY": (frozenset({"bd_fcm"}), frozenset()),
}
#: By section of CME's file, likewise.
CME_SECTIONS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "HELD": (frozenset({"place"}), frozenset({"account", "class"})),
    "OWED": (frozenset({"bd_fcm", "account", "class"}), frozenset({"customer"})),
    "ALLOCATED_LOSS": (frozenset({"bd_fcm", "account", "class"}), frozenset()),
    "CLAIM": (frozenset({"bd_fcm", "customer"}), frozenset()),
    "PROPERTY": (frozenset({"bd_fcm"}), frozenset()),
}


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """What identifies a file that was read whole."""

    name: str
    sha256: str
    row_count: int


def read_ficc_position(path: Path) -> tuple[FiccPosition, LoadedFile]:
    """Read what FICC holds and owes.

    Raises
    ------
    RefusedError
        With every fault, its line and its column.
    """
    loading, file = _loaded(path, FICC_SECTIONS)
    rows = loading.rows
    position = FiccPosition(
        interests=tuple(
            Interest(row.text("place"), row.asset, row.units, row.section == "IN_TRANSIT")
            for row in rows
            if row.section in {"HELD", "IN_TRANSIT"}
        ),
        secured=tuple(
            Secured(row.text("place"), row.asset, row.units) for row in _of(rows, "SECURED")
        ),
        owed=tuple(
            Owed(
                EntitlementHolder(row.text("bd_fcm"), row.margin_class),
                row.text("customer"),
                row.asset,
                row.units,
            )
            for row in _of(rows, "OWED")
        ),
        prices={row.asset.code: row.price / _PER_100 for row in _of(rows, "PRICE")},
        pools=_pools(rows),
    )
    loading.finish()
    return position, file


def read_cme_position(path: Path) -> tuple[CmePosition, LoadedFile]:
    """Read what CME holds and owes.

    Raises
    ------
    RefusedError
        With every fault, its line and its column.
    """
    loading, file = _loaded(path, CME_SECTIONS)
    rows = loading.rows
    position = CmePosition(
        claims=tuple(
            ClaimAtCme(
                row.text("bd_fcm"), row.estate, row.text("customer"), row.money(is_signed=True)
            )
            for row in _of(rows, "OWED")
        ),
        allocated=tuple(
            AllocatedLoss(row.text("bd_fcm"), row.estate, row.money())
            for row in _of(rows, "ALLOCATED_LOSS")
        ),
        held=tuple(
            PropertyAtCme(row.text("place"), row.estate_or_none, row.money())
            for row in _of(rows, "HELD")
        ),
        pools=_pools(rows),
    )
    loading.finish()
    return position, file


def _of(rows: Sequence[_Row], section: str) -> list[_Row]:
    return [row for row in rows if row.section == section]


def _pools(rows: Sequence[_Row]) -> dict[str, CustomersPool]:
    claims: dict[str, dict[str, Money]] = {}
    for row in _of(rows, "CLAIM"):
        own = claims.setdefault(row.text("bd_fcm"), {})
        own[row.text("customer")] = row.money(is_signed=True)
    elsewhere = {row.text("bd_fcm"): row.money() for row in _of(rows, "PROPERTY")}
    return {
        bd_fcm: CustomersPool(claims.get(bd_fcm, {}), elsewhere.get(bd_fcm, Money(0)))
        for bd_fcm in sorted({*claims, *elsewhere})
    }


@dataclass(slots=True)
class _Loading:
    """The rows of a file, and every fault found so far."""

    file: str
    sections: Mapping[str, tuple[frozenset[str], frozenset[str]]]
    rows: list[_Row] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    first_lines: dict[tuple[str, ...], int] = field(default_factory=dict)

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: int | None = None
    ) -> None:
        fault = Refusal(name, shown(value), expected, _RULE, self.file, line, column)
        self.refusals.append(fault)

    def take(self, cells: Mapping[str, str], line: int, columns: Mapping[str, int]) -> None:
        row = _Row(self, {name: text.strip() for name, text in cells.items()}, line, columns)
        section = row.text("section")
        if section not in self.sections:
            row.fault("section", "one of " + ", ".join(self.sections))
            return
        must, may = self.sections[section]
        for name in COLUMNS[1:-1]:
            if name in must and not row.text(name):
                row.fault(name, f"a {section} row has one")
            elif name not in must | may and row.text(name):
                row.fault(name, f"nothing: a {section} row has none")
        key = tuple(row.text(name) for name in COLUMNS[:-1])
        first = self.first_lines.setdefault(key, line)
        if first != line:
            row.fault("section", f"each row once; line {first} is the same")
        row.check()
        self.rows.append(row)

    def finish(self) -> None:
        if self.refusals:
            raise RefusedError(*sorted(set(self.refusals), key=lambda e: (e.line or 0, e.field)))


def _loaded(
    path: Path, sections: Mapping[str, tuple[frozenset[str], frozenset[str]]]
) -> tuple[_Loading, LoadedFile]:
    loading, digest, count = _Loading(path.name, sections), hashlib.sha256(), 0
    rows = CsvRows(loading.refuse, COLUMNS, REQUIRED_COLUMNS)
    try:
        with path.open("rb") as file:
            for number, cells in rows.of(file, digest):
                count += 1
                if cells is not None:
                    loading.take(cells, number, rows.columns)
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("file", path.name, f"a readable file ({reason})", _RULE) from None
    if not rows.line_count:
        loading.refuse("file", "", "a header, then one row a fact; the file is empty", line=1)
    return loading, LoadedFile(path.name, digest.hexdigest(), count)


@dataclass(slots=True)
class _Row:
    """The cells of one row; what is no value is noted as a fault and a stand-in returned."""

    loading: _Loading
    cells: Mapping[str, str]
    line: int
    columns: Mapping[str, int]

    def text(self, name: str) -> str:
        return self.cells.get(name, "")

    def fault(self, name: str, expected: str) -> None:
        self.loading.refuse(
            name, self.text(name), expected, line=self.line, column=self.columns.get(name)
        )

    def check(self) -> None:
        for name in ("place", "bd_fcm", "customer"):
            text = self.text(name)
            if len(text) > _LONGEST_NAME or "/" in text or not (text.isprintable()):
                self.fault(name, f"1 to {_LONGEST_NAME} printable characters, no slash")

    def _read(self, name: str, parse: Callable[[str], _T], expected: str, stand_in: _T) -> _T:
        if not self.text(name) and name in self.loading.sections[self.section][0]:
            return stand_in  # that the row lacks it was noted
        try:
            return parse(self.text(name))
        except ValueError:
            self.fault(name, expected)
            return stand_in

    @property
    def section(self) -> str:
        return self.text("section")

    @property
    def asset(self) -> Asset:
        return self._read("asset", _asset, "USD or a CUSIP", CASH)

    @property
    def margin_class(self) -> MarginClass:
        return self._read("class", MarginClass, "one of " + ", ".join(MarginClass), MarginClass.XM)

    @property
    def units(self) -> int:
        if self.text("asset") == CASH.code:
            return self.money().cents
        expected = "whole dollars of par, not negative"
        return self._read("amount", _par, expected, 0)

    @property
    def price(self) -> Fraction:
        expected = "dollars per 100 dollars of par, accrued interest included, above 0"
        return self._read("amount", _price, expected, Fraction(_PER_100))

    def money(self, *, is_signed: bool = False) -> Money:
        expected = "dollars and whole cents" + ("" if is_signed else ", not negative")
        parse = money_from_decimal if is_signed else _not_negative
        return self._read("amount", parse, expected, Money(0))

    @property
    def estate(self) -> EstateOf:
        account = self._read(
            "account", MemberAccount, "one of " + ", ".join(MemberAccount), MemberAccount.CUSTOMER
        )
        account_class = self._read(
            "class", AccountClass, "one of " + ", ".join(AccountClass), AccountClass.FUTURES
        )
        if account is MemberAccount.HOUSE and self.text("customer"):
            self.fault("customer", "nothing: a house account has no customers")
        return EstateOf(account, account_class)

    @property
    def estate_or_none(self) -> EstateOf | None:
        if self.text("account") or self.text("class"):
            return self.estate
        return None


def _asset(text: str) -> Asset:
    return CASH if text == CASH.code else security(Cusip(text).text)


def _par(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _price(text: str) -> Fraction:
    if "/" in text or Fraction(text) <= 0:
        raise ValueError(text)
    return Fraction(text)


def _not_negative(text: str) -> Money:
    amount = money_from_decimal(text)
    if amount < Money(0):
        raise ValueError(text)
    return amount
