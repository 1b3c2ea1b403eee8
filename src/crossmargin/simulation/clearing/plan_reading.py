"""Read a plan from TOML, against the positions that it begins with: whole, or every fault."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from crossmargin.basics.local_time import LocalTime
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import Leg, PositionLine
from crossmargin.services.books.approvals import faults_of_people
from crossmargin.services.clearing_day.arrivals import MATTERS
from crossmargin.simulation.clearing import plan_tables
from crossmargin.simulation.clearing.plan import ClearingPlan, lines_of
from crossmargin.simulation.clearing.plan_values import RULE, PlanSpan, PlanTable

_T = TypeVar("_T")
_PLACE_IN_TOML = re.compile(r"\(at line (\d+), column (\d+)\)")
_TABLES = (
    *("position_file", "custody_account", "deposit", "instruction", "trade", "tender", "dropped"),
    *("not_renewed", "leaving", "fail", "call", "late_file", "unconfirmed"),
    "custodian_difference",
)


def read_plan(text: str, *, file: str, positions: Sequence[PositionLine]) -> ClearingPlan:
    """Read a plan.

    Parameters
    ----------
    text : str
        TOML.
    file : str
        As refusals give it.
    positions : sequence of PositionLine
        Lines of other BD-FCMs are left out.

    Raises
    ------
    RefusedError
        With every fault and its place: ``call[2].first`` stands in the second ``[[call]]``.
    """
    document = _document(text, file)
    span = PlanSpan(file, sifma_calendar())
    root = PlanTable({k: v for k, v in document.items() if k not in (*_TABLES, "clock")}, "", span)
    bd_fcm = root.text("bd_fcm")
    span.first, span.last = root.any_day("first"), root.any_day("last")
    if span.last < span.first:
        root.refuse("last", f"{span.first} or later")
    entered_by, approved_by = root.text("entered_by"), root.text("approved_by")
    if entered_by and approved_by:
        _check_people(root, entered_by, approved_by)
    root.close()
    lines = lines_of(positions, bd_fcm)
    span.customers = frozenset(line.customer.customer_id for line in lines)
    if not lines:
        root.refuse("bd_fcm", "a BD-FCM of the positions")

    def tables(name: str, read: Callable[[PlanTable], _T]) -> tuple[_T, ...]:
        return tuple(_read_tables(document, name, span, read))

    plan = ClearingPlan(
        bd_fcm=bd_fcm,
        first=span.first,
        last=span.last,
        entered_by=entered_by,
        approved_by=approved_by,
        clock=plan_tables.clock(document.get("clock"), span),
        lines=lines,
        position_files=tables("position_file", plan_tables.position_file),
        custody_accounts=tables("custody_account", plan_tables.custody_account),
        deposits=tables("deposit", plan_tables.deposit),
        instructions=tables("instruction", plan_tables.instruction),
        trades=tables("trade", plan_tables.trade),
        tenders=tables("tender", plan_tables.tender),
        dropped=tables("dropped", lambda table: plan_tables.dropped(table, lines)),
        not_renewed=tables("not_renewed", lambda table: plan_tables.not_renewed(table, lines)),
        leaving=tables("leaving", lambda table: plan_tables.leaving(table, lines)),
        fails=tables("fail", lambda table: plan_tables.fail(table, lines)),
        calls=tables("call", plan_tables.call),
        late_files=tables("late_file", plan_tables.late_file),
        unconfirmed=tables("unconfirmed", plan_tables.unconfirmed),
        custodian_differences=tables("custodian_difference", plan_tables.difference),
    )
    if not span.refusals:  # else what a plan means as a whole would only mislead
        _check_lines(plan, span)
        _check_fails(plan, span)
        _check_late_files(plan, span)
    if span.refusals:
        raise RefusedError(*span.refusals)
    return plan


def _check_people(root: PlanTable, entered_by: str, approved_by: str) -> None:
    """Refuse a maker or a checker who may not give some instruction of a plan."""
    fields = ("entered_by", "approved_by")
    for matter in sorted(set(MATTERS.values())):
        if faults := faults_of_people(entered_by, approved_by, matter, fields=fields):
            for each in faults:
                root.refuse(each.field, each.expected)
            return


def _document(text: str, file: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        match = _PLACE_IN_TOML.search(str(error))
        line, column = map(int, match.groups()) if match else (None, None)
        expected = f"TOML ({error})"
        raise RefusedError(Refusal("plan", "", expected, RULE, file, line, column)) from None


def _read_tables(
    document: Mapping[str, object], name: str, span: PlanSpan, read: Callable[[PlanTable], _T]
) -> Iterator[_T]:
    found = document.get(name, [])
    if not isinstance(found, list):
        span.refuse(name, found, f"[[{name}]], with two brackets")
        return
    for number, values in enumerate(found, start=1):
        if not isinstance(values, dict):
            span.refuse(f"{name}[{number}]", values, f"a table [[{name}]]")
            continue
        table = PlanTable(values, f"{name}[{number}]", span)
        yield read(table)
        table.close()


def _check_lines(plan: ClearingPlan, span: PlanSpan) -> None:
    """Check that every line can begin on the first day."""
    for line in plan.lines:
        place = f"positions line {line.line}"
        dropped = any(held.selects(line) for held in plan.dropped)
        if line.end_date is not None and line.end_date <= plan.first and not dropped:
            expected = f"a repo that ends after {plan.first}, or a [[dropped]] that names it"
            span.refuse(place, f"end_date {line.end_date}", expected)
        settles = line.settlement_date
        if line.leg is Leg.CASH and settles is not None and settles <= plan.first:
            expected = f"no settlement_date, or one after {plan.first}"
            span.refuse(place, f"settlement_date {settles}", expected)


def _check_fails(plan: ClearingPlan, span: PlanSpan) -> None:
    for number, fail in enumerate(plan.fails, start=1):
        novated = plan.novated_on(plan.calendar.previous_business_day(fail.due))
        if not any(fail.held.selects(n) and n.settlement_date == fail.due for n in novated):
            expected = (
                f"an obligation of {fail.held.customer_id} in {fail.held.instrument} due then"
            )
            span.refuse(f"fail[{number}].due", fail.due, expected)


def _check_late_files(plan: ClearingPlan, span: PlanSpan) -> None:
    usual = {(file.side, file.cycle): file.arrives for file in plan.position_files}
    for number, late in enumerate(plan.late_files, start=1):
        arrives: LocalTime | None = usual.get((late.side, late.cycle))
        place = f"late_file[{number}]"
        if arrives is None:
            expected = "a [[position_file]] of that clearing organization and cycle"
            span.refuse(f"{place}.cycle", f"{late.side} {late.cycle}", expected)
        elif late.arrives.on(late.day) <= arrives.on(late.day):
            clock = f"{arrives.clock:%H:%M} {arrives.zone.key}"
            span.refuse(f"{place}.arrives", f"{late.arrives.clock:%H:%M}", f"later than {clock}")
