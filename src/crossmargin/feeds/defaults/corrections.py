"""Read what became known of claims after a default: CSV, every fault with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.feeds.text_rows import CsvRows, shown
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.default_books.correcting import Correction, CorrectionKind

COLUMNS = ("entry", "kind", "customer", "side", "amount", "reason")
_REQUIRED = ("entry", "kind", "amount", "reason")
_RULE = "reference: corrections of a default"


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """Read a file of corrections, in its order.

    Raises
    ------
    RefusedError
        With every fault, its line and its column.
    """
    reading = _Reading(path.name)
    rows = CsvRows(reading.refuse, COLUMNS, _REQUIRED)
    try:
        with path.open("rb") as file:
            for line, cells in rows.of(file):
                if cells is not None:
                    reading.take({n: t.strip() for n, t in cells.items()}, line, rows.columns)
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("file", path.name, f"a readable file ({reason})", _RULE) from None
    if not rows.line_count:
        reading.refuse("file", "", "a header, then one row a correction; it is empty", line=1)
    if reading.faults:
        raise RefusedError(*reading.faults)
    return tuple(reading.found)


@dataclass(slots=True)
class _Reading:
    """What was read, and faults so far."""

    file: str
    found: list[Correction] = field(default_factory=list)
    faults: list[Refusal] = field(default_factory=list)
    entries: set[str] = field(default_factory=set)

    def refuse(
        self, name: str, value: str, expected: str, /, *, line: int, column: int | None = None
    ) -> None:
        """Note a fault."""
        self.faults.append(Refusal(name, shown(value), expected, _RULE, self.file, line, column))

    def take(self, cells: Mapping[str, str], line: int, columns: Mapping[str, int]) -> None:
        """Read a row, or note every fault of it."""
        before = len(self.faults)

        def fault(name: str, expected: str) -> None:
            self.refuse(name, cells.get(name, ""), expected, line=line, column=columns.get(name))

        entry, reason = cells["entry"], cells["reason"]
        if not entry or "/" in entry or entry in self.entries:
            fault("entry", "a name without a slash, each once")
        self.entries.add(entry)
        if not reason:
            fault("reason", "why, in words")
        kind = _kind(cells["kind"])
        if kind is None:
            fault("kind", f"one of {', '.join(CorrectionKind)}")
        side = _side(cells.get("side", ""))
        if (kind is CorrectionKind.RESULT) is not (side is not None):
            fault("side", "FICC or CME of a RESULT, nothing else")
        if (kind is CorrectionKind.RECOVERED) is bool(cells.get("customer")):
            fault("customer", "a customer; none of RECOVERED")
        amount = _amount(cells["amount"], kind)
        if amount is None:
            fault("amount", "dollars and cents, above zero; signed for RESULT, zero too for CLAIM")
        if len(self.faults) == before and kind is not None and amount is not None:
            customer = cells.get("customer", "")
            self.found.append(
                Correction(entry, kind, customer, side, amount, reason, line, self.file)
            )


def _kind(text: str) -> CorrectionKind | None:
    return CorrectionKind(text) if text in set(CorrectionKind) else None


def _side(text: str) -> ClearingOrganization | None:
    return ClearingOrganization(text) if text in set(ClearingOrganization) else None


def _amount(text: str, kind: CorrectionKind | None) -> Money | None:
    try:
        amount = money_from_decimal(text)
    except ValueError:
        return None
    if kind is CorrectionKind.CLAIM:
        return amount if amount >= ZERO else None
    is_good = amount != ZERO and (kind is CorrectionKind.RESULT or amount > ZERO)
    return amount if is_good else None
