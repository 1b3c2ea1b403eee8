"""Files of the day taken in: novations and trades become lots, payments move cash and securities.

A file with a fault is refused whole and its record names every one. A row that is not taken in is
named in the file's record with the reason, an id that was taken in before among them, and holds up
no other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypeAlias, TypeVar

from crossmargin.basics.records import Record
from crossmargin.product.position import PositionLine
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import (
    ArrivedFile,
    ArrivedRow,
    CustodianRow,
    FileKind,
    InstructionRow,
    NovationRow,
    PaymentRow,
    TenderRow,
    TradeRow,
)
from crossmargin.services.clearing_day.cleared import NotTaken, code_of, take_lots
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult, file_record_id, refused_whole
from crossmargin.services.clearing_day.instructions import follow_instruction
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.payments import take_payment
from crossmargin.services.clearing_day.tenders import take_tender

#: Stream of the rows of files that are kept to be compared with the books.
HELD_FILE = "HELD_FILE"
_Handler: TypeAlias = Callable[[DayContext, Work, ArrivedFile, Written], list[NotTaken]]


def take_in(context: DayContext, work: Work, file: ArrivedFile, business_date: date) -> StepResult:
    """Take a file in whole, or refuse it whole.

    Parameters
    ----------
    context : DayContext
    work : Work
    file : ArrivedFile
    business_date : date

    Returns
    -------
    StepResult
        For the file's record: what was refused, which rows were not taken, and what they made.
    """
    if file.is_refused:
        return StepResult(refused_whole(file.refusals))
    file_id = file_record_id(context.bd_fcm, business_date, file)
    written = context.written_at(business_date, file.arrived_at, file_id)
    others = [
        NotTaken(row.line, f"of {whose}, in the books of {context.bd_fcm}")
        for row in file.rows
        if (whose := _whose(row)) not in (None, context.bd_fcm)
    ]
    own = tuple(row for row in file.rows if _whose(row) in (None, context.bd_fcm))
    handler = _HANDLERS[file.kind]
    found = handler(context, work, replace(file, rows=own), written)
    not_taken = sorted([*others, *found], key=lambda each: each.line)
    return StepResult(
        {
            "refused": [],
            "taken": len(file.rows) - len(not_taken),
            "not_taken": [[each.line, each.reason] for each in not_taken],
        }
    )


def _whose(row: ArrivedRow) -> str | None:
    """Return the BD-FCM whose positions a row has; None of a row that is of no positions."""
    match row:
        case NovationRow() | TradeRow() | TenderRow():
            return row.position.customer.bd_fcm
        case PositionLine():
            return row.customer.bd_fcm
        case _:
            return None


_R = TypeVar("_R", bound=InstructionRow | PaymentRow | TenderRow)


def _each(row_type: type[_R], take: Callable[[DayContext, Work, _R, Written], str]) -> _Handler:
    """Return how a file is taken in row by row: a row that is not holds up no other."""

    def handler(
        context: DayContext, work: Work, file: ArrivedFile, written: Written
    ) -> list[NotTaken]:
        rows = [each for each in file.rows if isinstance(each, row_type)]
        found = [(row.line, take(context, work, row, written)) for row in rows]
        return [NotTaken(line, reason) for line, reason in found if reason]

    return handler


def _keep_positions(
    context: DayContext, work: Work, file: ArrivedFile, written: Written
) -> list[NotTaken]:
    lines = [each for each in file.rows if isinstance(each, PositionLine)]
    rows: list[list[object]] = [
        [
            line.line,
            line.customer.customer_id,
            line.clearing_organization.value,
            line.account.value,
            code_of(line, written.business_date),
            line.quantity,
            line.leg.value,
        ]
        for line in lines
    ]
    work.records.add(_held(context, file, written, rows))
    return []


def _keep_custody(
    context: DayContext, work: Work, file: ArrivedFile, written: Written
) -> list[NotTaken]:
    held = [each for each in file.rows if isinstance(each, CustodianRow)]
    rows: list[list[object]] = [
        [
            row.line,
            row.place,
            None if row.account_scope is None else row.account_scope.value,
            row.segregation.value,
            row.asset,
            row.quantity,
            row.in_transit,
        ]
        for row in held
    ]
    work.records.add(_held(context, file, written, rows))
    return []


def _held(
    context: DayContext, file: ArrivedFile, written: Written, rows: list[list[object]]
) -> Record:
    # Of that very file: a corrected one of the same name is another.
    return written.record(
        f"held/{file_record_id(context.bd_fcm, written.business_date, file)}",
        HELD_FILE,
        context.bd_fcm,
        {"kind": file.kind.value, "label": file.label, "rows": rows},
    )


_HANDLERS: Mapping[FileKind, _Handler] = {
    FileKind.NOVATIONS: take_lots,
    FileKind.TRADES: take_lots,
    FileKind.TENDERS: _each(TenderRow, take_tender),
    FileKind.INSTRUCTIONS: _each(InstructionRow, follow_instruction),
    FileKind.PAYMENTS: _each(PaymentRow, take_payment),
    FileKind.FICC_POSITIONS: _keep_positions,
    FileKind.CME_POSITIONS: _keep_positions,
    FileKind.CUSTODIAN: _keep_custody,
}
