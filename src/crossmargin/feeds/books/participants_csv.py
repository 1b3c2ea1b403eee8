"""Customers of one BD-FCM as CSV, one row each: what a firm loads by the thousand.

A date in the column of a paper says that every party it needs has signed it, or that it was
delivered; its effect begins that day.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.feeds.books.participants import name_of
from crossmargin.participation.documents import (
    OF_BD_FCM,
    PARTIES,
    Acknowledgement,
    Document,
    DocumentKind,
)
from crossmargin.participation.ownership import Owner
from crossmargin.participation.steps import OF_THE_BOOKS, Step, StepTaken
from crossmargin.participation.verdicts import eastern_date
from crossmargin.services.books.loading import Participants, StatedCustomer

_T = TypeVar("_T")
_RULE = "reference: customers as CSV"
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_KINDS = tuple(kind for kind in DocumentKind if kind not in OF_BD_FCM)
_STEPS = tuple(step for step in Step if step not in {Step.LEAVING, Step.LEFT, *OF_THE_BOOKS})
#: Every column; all must be there, a cell may be empty.
COLUMNS = (
    "customer_id",
    "owners",
    *(f"{kind.lower()}_{what}" for kind in _KINDS for what in ("sha256", "signed_at")),
    "acknowledgements",
    *(f"{step.lower()}_at" for step in _STEPS),
    "rehearsed_sha256",
)


def read_customers(path: Path, bd_fcm: str) -> Participants:
    """Read a file of customers.

    Parameters
    ----------
    path : Path
    bd_fcm : str
        Whose customers they are; it must be registered already.

    Raises
    ------
    RefusedError
        With every fault, its line and its column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            header = tuple(reader.fieldnames or ())
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refused("file", path.name, f"a readable CSV file ({error})", _RULE) from error
    wrong = [each for each in (*header, *COLUMNS) if (each in header) is not (each in COLUMNS)]
    if wrong:
        expected = f"the columns {', '.join(COLUMNS)}"
        raise RefusedError(
            *(Refusal("column", each, expected, _RULE, path.name, 1) for each in wrong)
        )
    faults: list[Refusal] = []
    customers = tuple(_Row(path.name, line, row, faults).customer(bd_fcm) for line, row in rows)
    if faults:
        raise RefusedError(*faults)
    return Participants(bd_fcm, None, (), (), (), customers)


class _Row:
    """Reads the cells of one row, and notes every fault with its line and column."""

    def __init__(
        self, file: str, line: int, cells: Mapping[str, str | None], faults: list[Refusal]
    ) -> None:
        self.file, self.line, self.faults = file, line, faults
        self.cells = {name: (cells[name] or "").strip() for name in COLUMNS}
        if None in cells or None in cells.values():  # csv puts what is over or under there
            self.fault("customer_id", f"{len(COLUMNS)} cells")

    def fault(self, column: str, expected: str) -> None:
        place = COLUMNS.index(column) + 1
        value = self.cells[column]
        self.faults.append(Refusal(column, value, expected, _RULE, self.file, self.line, place))

    def of(self, column: str, read: Callable[[str], _T], stand_in: _T) -> _T:
        try:
            return read(self.cells[column])
        except (ValueError, ZeroDivisionError) as error:
            self.fault(column, str(error))
            return stand_in

    def customer(self, bd_fcm: str) -> StatedCustomer:
        customer_id = self.of("customer_id", name_of, "?")
        none: tuple[Owner, ...] = ()
        owners = self.of("owners", _owners, none)
        subject = f"{bd_fcm}/{customer_id}"
        return StatedCustomer(
            customer_id,
            tuple(
                self._document(kind, subject)
                for kind in _KINDS
                if self.cells[f"{kind.lower()}_signed_at"]
            ),
            tuple(
                (
                    StepTaken(
                        step,
                        sha256=self.cells["rehearsed_sha256"] if step is Step.REHEARSED else "",
                        owners=owners if step is Step.DECLARED else (),
                    ),
                    self.of(f"{step.lower()}_at", _instant, _EPOCH),
                )
                for step in _STEPS
                if self.cells[f"{step.lower()}_at"]
            ),
        )

    def _document(self, kind: DocumentKind, subject: str) -> Document:
        signed_at = self.of(f"{kind.lower()}_signed_at", _instant, _EPOCH)
        acknowledged: frozenset[Acknowledgement] = frozenset()
        if kind is DocumentKind.PARTICIPATION_AND_SUBORDINATION:
            acknowledged = self.of("acknowledgements", _acknowledgements, acknowledged)
        return Document(
            kind=kind,
            subject=subject,
            sha256=self.cells[f"{kind.lower()}_sha256"],
            parties=PARTIES[kind],
            signed_at=signed_at,
            first=eastern_date(signed_at),
            last=None,
            acknowledgements=acknowledged,
        )


def _owners(text: str) -> tuple[Owner, ...]:
    return tuple(Owner.parsed(each) for each in text.split(";")) if text else ()


def _acknowledgements(text: str) -> frozenset[Acknowledgement]:
    return frozenset(map(Acknowledgement, text.split()))


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant with a zone, such as 2026-05-01T09:00-04:00")
    return at
