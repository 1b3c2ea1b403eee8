"""The file of what is held for customers (CSV): cash and securities, by customer and place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.default_management.porting.customers import Place
from crossmargin.feeds.text_rows import CsvRows
from crossmargin.services.porting.inputs import (
    HELD_CASH,
    HELD_COLUMNS,
    NO_POSITIONS,
    HeldFile,
    HeldRow,
)

_RULE = "reference: port"
_PLACES = tuple(each for each in Place if each is not Place.POOL)
_PAR_MULTIPLE = 100


def read_held(path: Path) -> HeldFile:
    """Read a file of what is held; several rows of one asset add up.

    Raises
    ------
    RefusedError
        With every fault, its line and what was expected.
    """
    reading = _Reading(path.name)
    digest = hashlib.sha256()
    rows = CsvRows(reading.refuse, HELD_COLUMNS, HELD_COLUMNS)
    try:
        with path.open("rb") as file:
            for line, cells in rows.of(file, digest):
                if cells is not None:
                    reading.take(cells, line, rows.columns)
    except OSError as error:
        expected = f"a readable file ({error.strerror or error})"
        raise refused("held", path.name, expected, _RULE) from None
    if not rows.columns and not reading.faults:
        reading.refuse("header", "", "a header with the columns " + ", ".join(HELD_COLUMNS), line=1)
    if reading.faults:
        raise RefusedError(*reading.faults)
    return HeldFile(path.name, digest.hexdigest(), tuple(reading.rows), reading.without_positions)


@dataclass(slots=True)
class _Reading:
    """Rows and faults so far."""

    file: str
    rows: list[HeldRow] = field(default_factory=list)
    without_positions: dict[str, int] = field(default_factory=dict)
    faults: list[Refusal] = field(default_factory=list)

    def refuse(
        self, name: str, value: str, expected: str, *, line: int, column: int | None = None
    ) -> None:
        self.faults.append(Refusal(name, value, expected, _RULE, self.file, line, column))

    def take(self, cells: Mapping[str, str], line: int, columns: Mapping[str, int]) -> None:
        row = {name: text.strip() for name, text in cells.items()}
        before = len(self.faults)

        def fault(name: str, expected: str) -> None:
            self.refuse(name, row[name], expected, line=line, column=columns[name])

        if not row["customer_id"]:
            fault("customer_id", "a value: the column is required")
        if row["place"] not in _PLACES:
            fault("place", f"one of {', '.join(_PLACES)}")
        if row["asset"] == NO_POSITIONS:
            if row["quantity"] != "0":
                fault("quantity", "0")
            self.without_positions[row["customer_id"]] = line
            return
        cusip, par, cash = _amounts(row, fault)
        if len(self.faults) == before:
            self.rows.append(
                HeldRow(row["customer_id"], Place(row["place"]), cusip, par, cash, line)
            )


def _amounts(row: Mapping[str, str], fault: Callable[[str, str], None]) -> tuple[str, int, Money]:
    """Return a row's CUSIP and par, or its cash."""
    if row["asset"] == HELD_CASH:
        cash = _cash(row["quantity"])
        if cash < ZERO:
            fault("quantity", "dollars and cents, not negative")
        return "", 0, cash
    cusip, par = row["asset"], _par(row["quantity"])
    if not _is_cusip(cusip):
        fault("asset", f"{HELD_CASH}, {NO_POSITIONS} or a CUSIP whose check digit is right")
    if not par:
        fault("quantity", "dollars of par, a positive multiple of 100")
    return cusip, par, ZERO


def _cash(text: str) -> Money:
    """Return an amount; a negative one for what is none."""
    try:
        return money_from_decimal(text)
    except ValueError:
        return Money(-1)


def _par(text: str) -> int:
    """Return dollars of par; zero for what is none."""
    par = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0  # noqa: PLR2004
    return par if par % _PAR_MULTIPLE == 0 else 0


def _is_cusip(text: str) -> bool:
    try:
        Cusip(text)
    except ValueError:
        return False
    return True
