"""Read corrections by hand of what was posted: CSV, every fault with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.feeds.text_rows import CsvRows, shown
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.position import Account
from crossmargin.services.books.adjusting import CORRECTED_AS, Adjustment, AdjustmentFile

REQUIRED = (
    *("adjustment_id", "customer_id", "corrects", "amount"),
    *("reason", "document_sha256"),
)
COLUMNS = (*REQUIRED, "account", "transfer_id")
_RULE = "reference: ledger"


def read_adjustments(path: Path) -> AdjustmentFile:
    """Read a file of corrections, in its order.

    Raises
    ------
    RefusedError
        With every fault, its line and its column.
    """
    reading, digest = _Reading(path.name), hashlib.sha256()
    rows = CsvRows(reading.refuse, COLUMNS, REQUIRED)
    try:
        with path.open("rb") as file:
            for line, cells in rows.of(file, digest):
                if cells is not None:
                    reading.take({n: t.strip() for n, t in cells.items()}, line, rows.columns)
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("file", path.name, f"a readable file ({reason})", _RULE) from None
    if not reading.rows and not reading.faults:
        reading.refuse("file", "", "a header, then one row a correction", line=1)
    if reading.faults:
        raise RefusedError(*reading.faults)
    return AdjustmentFile(path.name, digest.hexdigest(), tuple(reading.rows))


@dataclass(slots=True)
class _Reading:
    """What was read, and faults so far."""

    file: str
    rows: list[Adjustment] = field(default_factory=list)
    faults: list[Refusal] = field(default_factory=list)

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

        for name in ("adjustment_id", "customer_id"):
            if not cells[name] or "/" in cells[name] or not cells[name].isprintable():
                fault(name, "a name without a slash")
        if not cells["reason"]:
            fault("reason", "why, in words")
        corrects = _corrected(cells["corrects"])
        if corrects is None:
            fault("corrects", f"one of {', '.join(CORRECTED_AS)}")
        account = _account(cells.get("account", ""))
        if account is None:
            fault("account", "XM or REGULAR, or nothing for XM")
        amount = _amount(cells["amount"])
        if amount is None:
            fault("amount", "dollars and cents to the customer, negative from, not zero")
        if len(self.faults) > before or corrects is None or account is None or amount is None:
            return
        self.rows.append(
            Adjustment(
                line=line,
                adjustment_id=cells["adjustment_id"],
                customer_id=cells["customer_id"],
                corrects=corrects,
                account=account,
                amount=amount,
                transfer_id=cells.get("transfer_id", ""),
                reason=cells["reason"],
                document_sha256=cells["document_sha256"],
            )
        )


def _corrected(text: str) -> TransferKind | None:
    return TransferKind(text) if text in set(CORRECTED_AS) else None


def _account(text: str) -> Account | None:
    if not text:
        return Account.XM
    return Account(text) if text in set(Account) else None


def _amount(text: str) -> Money | None:
    try:
        amount = money_from_decimal(text)
    except ValueError:
        return None
    return amount if amount != ZERO else None
