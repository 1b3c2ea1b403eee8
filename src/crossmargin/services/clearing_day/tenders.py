"""Tenders: a short's notice of intention, and what CME says has gone into delivery.

CME's word is taken in as it comes, by the morning after the intention day: the contracts, oldest
lots first, are no open positions from then on and leave the margined portfolio, and the saving of
the XM account with it (inferred: the arrangement's eligible futures are open positions). They are
still marked to the settlement price of the intention day, and then invoiced
(:mod:`.delivering`). What is tendered of a lot is split off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from crossmargin.basics.identifiers import Cusip, CustomerKey, subject_of
from crossmargin.basics.local_time import LocalTime
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.product.calendars import futures_delivery_calendar, sifma_calendar
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.product.treasury import TreasurySecurity
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.arrivals import TenderRow
from crossmargin.services.clearing_day.cleared import code_of, taken_before
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    Written,
    ended_record,
    goes_on_as,
    read_register,
)
from crossmargin.services.clearing_day.marks import last_marks, marks_record
from crossmargin.services.clearing_day.position_transfers import ending_transfer, refused
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.settlement.delivery import Tender, tender_refusals
from crossmargin.settlement.futures import is_cash_settled
from crossmargin.settlement.lots import Lot

TENDER = "TENDER"
_RULE = "delivery of Treasury futures"


def take_tender(context: DayContext, work: Work, row: TenderRow, written: Written) -> str:
    """Put into delivery what CME says.

    Returns
    -------
    str
        Empty, or why it was not taken in: it stays a break against CME's positions.
    """
    tender_id = f"tender/{context.bd_fcm}/{row.tender_id}"
    if reason := taken_before(work.records, tender_id, f"tender {row.tender_id}"):
        return reason
    reason = _not_of_the_day(context, work, row.intention_day, written)
    if reason:
        return reason
    line = row.position
    contract = code_of(line, written.business_date)
    lots = open_lots(work.records, line.customer, line.account, contract)
    reasons = tender_reasons(
        context, lots, quantity=line.quantity, cusip=row.cusip, on=row.intention_day, day=written
    )
    if reasons or _came_after_the_marks(context, work, row.intention_day, lots, written):
        return "; ".join(reasons) or "contracts that were cleared after the marks of that evening"
    own = written.following(tender_id)
    tendered = _tendered(context, work, lots, quantity=line.quantity, name=row.tender_id, own=own)
    content = {
        "line": row.line,
        "account": line.account.value,
        "contract": contract,
        "quantity": line.quantity,
        "cusip": row.cusip.text,
        "intention_day": row.intention_day.isoformat(),
        "lots": [lot.lot_id for lot in tendered],
        "leaves": "the margined portfolio"
        + (" and the saving" if line.account is Account.XM else ""),
    }
    record = written.record(tender_id, TENDER, subject_of(line.customer), content)
    work.records.add(record)
    return ""


def reasons_against_intention(
    context: DayContext,
    work: Work,
    *,
    customer: CustomerKey,
    account: Account,
    contract: str,
    quantity: int,
    cusip: Cusip,
    written: Written,
) -> str:
    """Return why a short's notice of intention is not passed on to CME, or nothing.

    Parameters
    ----------
    quantity : int
        Below zero: contracts of the short position.
    cusip : Cusip
        What is to be delivered.
    """
    reasons = []
    deadline = _deadline(context, written.business_date)
    if written.at > deadline:
        reasons.append(f"notices of intention are taken until {deadline:%H:%M %Z}")
    lots = open_lots(work.records, customer, account, contract)
    reasons += tender_reasons(
        context, lots, quantity=quantity, cusip=cusip, on=written.business_date, day=written
    )
    return "; ".join(reasons)


def open_lots(
    records: Records, customer: CustomerKey, account: Account, contract: str
) -> list[Lot]:
    """Return a customer's open lots of one contract in one account, oldest first."""
    return [
        lot
        for lot in read_register(records, customer.bd_fcm).live()
        if lot.clearing_organization is ClearingOrganization.CME
        and (lot.customer, lot.account, lot.instrument) == (customer, account, contract)
    ]


def tender_reasons(
    context: DayContext,
    lots: Sequence[Lot],
    *,
    quantity: int,
    cusip: Cusip,
    on: date,
    day: Written,
) -> list[str]:
    """Return everything that is wrong with contracts going into delivery on an intention day."""
    net = sum(lot.quantity for lot in lots)
    if net * quantity <= 0 or abs(quantity) > abs(net):
        return [f"{quantity} contracts cannot be tendered of a position of {net}"]
    lot = lots[0]
    if is_cash_settled(lot.contract):
        return [f"{lot.instrument} is settled in cash"]
    security = security_of(context, cusip, day.business_date)
    if security is None:
        return [str(Refusal("security", cusip.text, "a security of the price sheet", _RULE))]
    tender = Tender(lot.lot_id, on, cusip)
    return [str(each) for each in tender_refusals(tender, lot, lot.contract, security)]


def security_of(context: DayContext, cusip: Cusip, day: date) -> TreasurySecurity | None:
    """Return a security of the price sheet of the business day before, if it is there."""
    before = sifma_calendar().previous_business_day(day)
    quote = context.models.priced(before).price_sheets[before].prices.get(cusip.text)
    return None if quote is None else quote.security


def tenders_awaiting(records: Records, bd_fcm: str, delivery_stream: str) -> list[Record]:
    """Return the tenders that are taken in and not invoiced yet, in order."""
    made = {record.causes[0] for record in records.select(stream=delivery_stream)}
    return [
        record
        for record in records.select(stream=TENDER)
        if record.subject.split("/")[0] == bd_fcm and record.record_id not in made
    ]


def _not_of_the_day(context: DayContext, work: Work, intention_day: date, written: Written) -> str:
    """Return why a tender comes too late or too early, or nothing."""
    day = written.business_date
    if intention_day == day:
        return ""
    opened = Step(StepKind.OPEN, day, written.at).record_id(context.bd_fcm)
    before = futures_delivery_calendar().previous_business_day(day)
    if intention_day == before and work.records.get(opened) is None:
        return ""
    return f"a tender of {intention_day}: expected by the opening of the business day after it"


def _came_after_the_marks(
    context: DayContext, work: Work, intention_day: date, lots: Sequence[Lot], written: Written
) -> bool:
    """Whether the evening of the intention day is over and a lot was not marked in it."""
    evening = Step(StepKind.EOD, intention_day, written.at).record_id(context.bd_fcm)
    if work.records.get(evening) is None:
        return False
    marked = last_marks(work.records, context.bd_fcm).futures
    return any(lot.lot_id not in marked for lot in lots)


def _tendered(
    context: DayContext, work: Work, lots: Sequence[Lot], *, quantity: int, name: str, own: Written
) -> list[Lot]:
    """End the lots that go into delivery, after parting what stays from the last of them."""
    marks, left, tendered = last_marks(work.records, context.bd_fcm), abs(quantity), []
    for lot in lots:
        if not left or lot.quantity * quantity < 0:
            continue
        count = min(abs(lot.quantity), left)
        left -= count
        leaving, written = lot, replace(own, causes=(lot.lot_id, *own.causes))
        if count < abs(lot.quantity):
            leaving, staying = lot.split(
                lot.sign * count,
                leaving_id=f"{lot.lot_id}/{name}/tendered",
                staying_id=f"{lot.lot_id}/{name}/left",
            )
            goes_on_as(work.records, lot, (leaving, staying), LotEnd.SPLIT, written)
            marks = marks.split(lot, (leaving, staying))
        _end(work, leaving, written)
        tendered.append(leaving)
    record_id = f"marks/{context.bd_fcm}/{own.business_date.isoformat()}/{name}"
    work.records.add(marks_record(marks, record_id, own, bd_fcm=context.bd_fcm))
    return tendered


def _end(work: Work, lot: Lot, written: Written) -> None:
    subject = subject_of(lot.customer)
    work.records.add(ended_record(lot.lot_id, LotEnd.TENDERED, written, subject=subject))
    answers = refused(work.ledger.post([ending_transfer(lot, LotEnd.TENDERED, written)]))
    if answers:
        raise ValueError(f"{lot.lot_id} is open and its position is not there: {answers[0]}")


def _deadline(context: DayContext, day: date) -> datetime:
    text = context.parameters("clearing_day", day).text("intention_deadline")
    return LocalTime.parsed(text).on(day)
