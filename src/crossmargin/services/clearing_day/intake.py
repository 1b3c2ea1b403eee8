"""Files of the day taken in: novations and trades become lots, payments move cash and securities.

A file with a fault is refused whole and its record names every one. What a clearing organization
cleared is a fact: a row of a customer whose accounts are not open is not carried, is named in the
file's record, and stays a break against the clearing organization's own file until it is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.participation.customer import may_hold_positions
from crossmargin.participation.verdicts import Verdict
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import parse_contract
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import (
    ArrivedFile,
    CustodianRow,
    FileKind,
    InstructionRow,
    NovationRow,
    PaymentRow,
    TenderRow,
    TradeRow,
)
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult, file_record_id
from crossmargin.services.clearing_day.instructions import follow_instruction
from crossmargin.services.clearing_day.lot_register import Written, lot_record, read_register
from crossmargin.services.clearing_day.payments import take_payment
from crossmargin.services.clearing_day.position_transfers import opening_transfer, refused
from crossmargin.services.clearing_day.system_prices import (
    SystemPrices,
    security_system_prices,
    system_prices,
)
from crossmargin.services.clearing_day.tenders import take_tender
from crossmargin.settlement.lots import LastPrices, Lot, lot_from_line
from crossmargin.settlement.rules import SettlementRules

#: Stream of the rows of files that are kept to be compared with the books.
HELD_FILE = "HELD_FILE"


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A row that was not taken in, and why."""

    line: int
    reason: str


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
        refusals = [each.as_document() for each in file.refusals]
        return StepResult({"refused": refusals, "taken": 0, "not_taken": []})
    file_id = file_record_id(context.bd_fcm, business_date, file)
    written = context.written_at(business_date, file.arrived_at, file_id)
    handler = _HANDLERS[file.kind]
    not_taken = handler(context, work, file, written)
    return StepResult(
        {
            "refused": [],
            "taken": len(file.rows) - len(not_taken),
            "not_taken": [[each.line, each.reason] for each in not_taken],
        }
    )


def _take_lots(
    context: DayContext, work: Work, file: ArrivedFile, written: Written
) -> list[NotTaken]:
    rows = [each for each in file.rows if isinstance(each, NovationRow | TradeRow)]
    prices = _last_prices(context, work, rows, written.business_date)
    not_taken = []
    verdicts: dict[CustomerKey, Verdict] = {}
    for row in rows:
        verdict = _verdict(context, work, row.position, written, verdicts)
        if verdict is not None and not verdict.allowed:
            not_taken.append(NotTaken(row.line, str(verdict)))
            continue
        try:
            lot = _lot(context, row, prices, written.business_date)
        except RefusedError as error:
            not_taken.append(NotTaken(row.line, str(error)))
            continue
        answers = refused(work.ledger.post([opening_transfer(lot, written)]))
        if answers:
            not_taken.append(NotTaken(row.line, answers[0].posting.value))
            continue
        work.records.add(lot_record(lot, written, line=row.line))
    return not_taken


def _verdict(
    context: DayContext,
    work: Work,
    line: PositionLine,
    written: Written,
    known: dict[CustomerKey, Verdict],
) -> Verdict | None:
    """Return whether a line's customer may hold it (CP-01); None outside the arrangement."""
    if line.account is not Account.XM:
        return None
    if line.customer not in known:
        file = context.participant(work, line.customer, written.business_date)
        known[line.customer] = may_hold_positions(file, written.at)
    return known[line.customer]


def _lot(context: DayContext, row: NovationRow | TradeRow, prices: SystemPrices, day: date) -> Lot:
    line = row.position
    is_trade = isinstance(row, TradeRow)
    code = parse_contract(line.instrument, as_of=day).code if is_trade else line.instrument
    last = LastPrices(
        system_price=prices.securities.get(line.instrument),
        settlement_price=prices.contracts.get(code),
    )
    return lot_from_line(
        line,
        lot_id=f"lot/{context.bd_fcm}/{row.trade_id}",
        taken_in=day,
        calendar=sifma_calendar(),
        last=last,
        contract_amount=row.contract_amount if isinstance(row, NovationRow) else None,
        trade_price=row.price if isinstance(row, TradeRow) else None,
    )


def _last_prices(
    context: DayContext, work: Work, rows: list[NovationRow | TradeRow], day: date
) -> SystemPrices:
    """Return the prices of the evening before, for rows that state no price."""
    before = sifma_calendar().previous_business_day(day)
    contracts = {
        parse_contract(row.position.instrument, as_of=day)
        for row in rows
        if isinstance(row, TradeRow)
    }
    market = context.models.priced(before)
    if not contracts:
        sheet = market.price_sheets[before]
        return SystemPrices(before, security_system_prices(sheet), {}, sheet.derived_from)
    live = read_register(work.records, context.bd_fcm).live()
    contracts |= {lot.contract for lot in live if not lot.at_ficc}
    listed = {each for each in contracts if not context.models.is_over(each, before)}
    rules = SettlementRules.from_parameters(context.parameters("settlement", day))
    return system_prices(context.models.prepared(before, listed), market, rules)


def _take_instructions(
    context: DayContext, work: Work, file: ArrivedFile, written: Written
) -> list[NotTaken]:
    rows = [each for each in file.rows if isinstance(each, InstructionRow)]
    found = [(row.line, follow_instruction(context, work, row, written)) for row in rows]
    return [NotTaken(line, reason) for line, reason in found if reason]


def _take_payments(
    context: DayContext, work: Work, file: ArrivedFile, written: Written
) -> list[NotTaken]:
    rows = [each for each in file.rows if isinstance(each, PaymentRow)]
    found = [(row.line, take_payment(context, work, row, written)) for row in rows]
    return [NotTaken(line, reason) for line, reason in found if reason]


def _take_tenders(
    context: DayContext, work: Work, file: ArrivedFile, written: Written
) -> list[NotTaken]:
    rows = [each for each in file.rows if isinstance(each, TenderRow)]
    found = [(row.line, take_tender(context, work, row, written)) for row in rows]
    return [NotTaken(line, reason) for line, reason in found if reason]


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
            _code(line, written.business_date),
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
    return written.record(
        f"held/{context.bd_fcm}/{written.business_date.isoformat()}/{file.name}",
        HELD_FILE,
        context.bd_fcm,
        {"kind": file.kind.value, "label": file.label, "rows": rows},
    )


def _code(line: PositionLine, day: date) -> str:
    if line.clearing_organization is ClearingOrganization.FICC:
        return line.instrument
    return parse_contract(line.instrument, as_of=day).code


_Handler = Callable[[DayContext, Work, ArrivedFile, Written], list[NotTaken]]
_HANDLERS: Mapping[FileKind, _Handler] = {
    FileKind.NOVATIONS: _take_lots,
    FileKind.TRADES: _take_lots,
    FileKind.TENDERS: _take_tenders,
    FileKind.INSTRUCTIONS: _take_instructions,
    FileKind.PAYMENTS: _take_payments,
    FileKind.FICC_POSITIONS: _keep_positions,
    FileKind.CME_POSITIONS: _keep_positions,
    FileKind.CUSTODIAN: _keep_custody,
}
