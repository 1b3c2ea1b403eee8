"""FICC's own book of a BD-FCM's obligations: what was novated and has not settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.product.position import Leg, PositionLine
from crossmargin.services.clearing_day.arrivals import (
    Action,
    FileKind,
    InstructionRow,
    NovationRow,
)
from crossmargin.simulation.clearing.seen import Seen


def ficc_positions(seen: Seen, at: datetime) -> tuple[PositionLine, ...]:
    """Return the obligations at an instant of the day, as novated, numbered from line 2.

    An obligation leaves when the day that it is due on begins, unless it is told that day that it
    fails; then what fails stays, as a cash obligation.
    """
    failing = _failing(seen, at)
    held: list[PositionLine] = []
    taken: set[str] = set()
    for day, file in seen.arrived(FileKind.NOVATIONS, at):
        for row in file.rows:
            if not isinstance(row, NovationRow) or row.trade_id in taken:
                continue
            taken.add(row.trade_id)
            due = due_date(row.position, day, seen.plan.calendar)
            if due > seen.business_date:
                held.append(row.position)
            elif row.trade_id in failing:
                held.append(_failed(row.position, due, failing[row.trade_id]))
    return tuple(replace(line, line=number) for number, line in enumerate(held, start=2))


def due_date(line: PositionLine, novated: date, calendar: BusinessCalendar) -> date:
    """Return the day on which an obligation is due; of repo its end leg."""
    return line.end_date or line.settlement_date or calendar.next_business_day(novated)


def _failing(seen: Seen, at: datetime) -> dict[str, int]:
    return {
        row.reference: row.quantity
        for day, file in seen.arrived(FileKind.INSTRUCTIONS, at)
        if day == seen.business_date
        for row in file.rows
        if isinstance(row, InstructionRow) and row.action is Action.FAIL
    }


def _failed(line: PositionLine, due: date, quantity: int) -> PositionLine:
    return replace(
        line,
        quantity=quantity,
        leg=Leg.CASH,
        settlement_date=due,
        end_date=None,
        repo_rate_pct=None,
        start_amount=None,
        failed=True,
    )
