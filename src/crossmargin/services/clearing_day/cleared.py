"""What the clearing organizations cleared: rows of novations and trades become lots.

What was cleared is a fact, and what it makes must be there to be margined: a row that no cycle of
the day could margin is not carried. It is named in the file's record, with every reason, and stays
a break against the clearing organization's own file until it is mended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.arrangement.eligibility import Recognition
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.participation.customer import may_hold_positions
from crossmargin.participation.verdicts import Verdict
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import parse_contract
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.arrivals import ArrivedFile, NovationRow, TradeRow
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import Written, lot_record, read_register
from crossmargin.services.clearing_day.position_transfers import opening_transfer, refused
from crossmargin.services.clearing_day.system_prices import (
    SystemPrices,
    security_system_prices,
    system_prices,
)
from crossmargin.services.customer_books import contracts_of
from crossmargin.settlement.lots import LastPrices, Lot, lot_from_line
from crossmargin.settlement.rules import SettlementRules


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A row that was not taken in, and why."""

    line: int
    reason: str


def taken_before(records: Records, record_id: str, what: str) -> str:
    """Return that an id was taken in before and where it stood, or nothing.

    A file that is sent twice, and an id that is used again, are the same to the books: what was
    taken in never changes, whatever the second one says.

    Parameters
    ----------
    records : Records
    record_id : str
        Of what the row would make.
    what : str
        The row's id, in words.
    """
    found = records.get(record_id)
    return "" if found is None else f"{what} was taken in before, {_place(records, found)}"


def _place(records: Records, found: Record) -> str:
    file = records.get(found.causes[0]) if found.causes else None
    name = "" if file is None else str(file.content.get("name", ""))
    line = found.content.get("line")
    where = f"{name}:{line}" if name and line is not None else "not from a file of rows"
    return f"{where}, on {found.business_date}"


def take_lots(
    context: DayContext, work: Work, file: ArrivedFile, written: Written
) -> list[NotTaken]:
    """Make a lot of every row that can be carried; return the others."""
    rows = [each for each in file.rows if isinstance(each, NovationRow | TradeRow)]
    recognition = _recognition(context, rows, written.business_date)
    unknown = _reasons(recognition)
    prices = _last_prices(context, work, recognition, written.business_date)
    verdicts: dict[CustomerKey, Verdict] = {}
    not_taken = []
    for row in rows:
        reason = unknown.get(row.line) or _against(context, work, row, written, verdicts)
        reason = reason or _take_lot(context, work, row, prices, written)
        if reason:
            not_taken.append(NotTaken(row.line, reason))
    return not_taken


def _recognition(
    context: DayContext, rows: Sequence[NovationRow | TradeRow], day: date
) -> Recognition:
    """Return what the rows are to the cycles of the day before its evening (rulings 12, 14)."""
    before = sifma_calendar().previous_business_day(day)
    lines = [replace(row.position, line=row.line) for row in rows]
    return context.models.recognition(lines, as_of=before, on=day)


def _reasons(recognition: Recognition) -> dict[int, str]:
    """Return why lines are not carried, by line: refused, or with no model."""
    found: dict[int, list[str]] = defaultdict(list)
    for each in recognition.refusals:
        # The record of the file names file and line.
        found[each.line or 0].append(str(replace(each, file=None, line=None)))
    for unsupported in recognition.unsupported:
        found[unsupported.line.line].append(f"{unsupported.text} ({unsupported.rule})")
    return {line: "; ".join(reasons) for line, reasons in found.items()}


def _against(
    context: DayContext,
    work: Work,
    row: NovationRow | TradeRow,
    written: Written,
    known: dict[CustomerKey, Verdict],
) -> str:
    """Return why a row is not taken in, or nothing: taken before, or not its customer's (CP-01)."""
    if reason := taken_before(work.records, _lot_id(context, row), f"trade {row.trade_id}"):
        return reason
    line = row.position
    if line.account is not Account.XM:
        return ""
    if line.customer not in known:
        file = context.participant(work, line.customer, written.business_date)
        known[line.customer] = may_hold_positions(file, written.at)
    verdict = known[line.customer]
    return "" if verdict.allowed else str(verdict)


def _take_lot(
    context: DayContext,
    work: Work,
    row: NovationRow | TradeRow,
    prices: SystemPrices,
    written: Written,
) -> str:
    try:
        lot = _lot(context, row, prices, written.business_date)
    except RefusedError as error:
        return str(error)
    answers = refused(work.ledger.post([opening_transfer(lot, written)]))
    if answers:
        return answers[0].posting.value
    work.records.add(lot_record(lot, written, line=row.line))
    return ""


def _lot_id(context: DayContext, row: NovationRow | TradeRow) -> str:
    return f"lot/{context.bd_fcm}/{row.trade_id}"


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
        lot_id=_lot_id(context, row),
        taken_in=day,
        calendar=sifma_calendar(),
        last=last,
        contract_amount=row.contract_amount if isinstance(row, NovationRow) else None,
        trade_price=row.price if isinstance(row, TradeRow) else None,
    )


def _last_prices(
    context: DayContext, work: Work, recognition: Recognition, day: date
) -> SystemPrices:
    """Return the prices of the evening before, for rows that state no price."""
    before = sifma_calendar().previous_business_day(day)
    contracts = set(contracts_of(recognition))
    market = context.models.priced(before)
    if not contracts:
        sheet = market.price_sheets[before]
        return SystemPrices(before, security_system_prices(sheet), {}, sheet.derived_from)
    live = read_register(work.records, context.bd_fcm).live()
    contracts |= {lot.contract for lot in live if not lot.at_ficc}
    listed = {each for each in contracts if not context.models.is_over(each, before)}
    rules = SettlementRules.from_parameters(context.parameters("settlement", day))
    return system_prices(context.models.prepared(before, listed), market, rules)


def code_of(line: PositionLine, day: date) -> str:
    """Return a line's instrument with a two-digit year; as written if it names none on the day."""
    if line.clearing_organization is ClearingOrganization.FICC:
        return line.instrument
    try:
        return parse_contract(line.instrument, as_of=day).code
    except RefusedError:
        return line.instrument
