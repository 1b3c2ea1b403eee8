"""Fails: FICC says of an obligation that it does not settle, before the day is opened or later.

Told before, the obligation stays as it was agreed. Told after, its transaction adjustment was paid
when the day was opened: it comes back as a cash obligation at the system value that it was to
settle at, due the same day. Said again on a later day, it fails on.
"""

from __future__ import annotations

from dataclasses import replace

from crossmargin.basics.identifiers import subject_of
from crossmargin.basics.records import Record
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import (
    LOT_FAILS,
    LotEnd,
    Written,
    ended_record,
    lot_record,
    read_register,
)
from crossmargin.services.clearing_day.position_transfers import opening_transfer, refused
from crossmargin.services.clearing_day.system_prices import security_system_prices
from crossmargin.settlement.funds_only import system_value
from crossmargin.settlement.lots import Lot


def take_fail(context: DayContext, work: Work, trade_id: str, written: Written) -> str:
    """Keep an obligation that fails to settle on the day.

    Returns
    -------
    str
        Empty, or why there is nothing that could fail.
    """
    lot_id = f"lot/{context.bd_fcm}/{trade_id}"
    register = read_register(work.records, context.bd_fcm)
    of_trade = [
        lot
        for lot, _ in register.opened
        if lot.at_ficc and (lot.lot_id == lot_id or lot.lot_id.startswith(f"{lot_id}/failed"))
    ]
    lot = next((each for each in of_trade if each.lot_id not in register.ended), None)
    if lot is None:
        lot = next(
            (each for each in of_trade if _settled_today(register.ended[each.lot_id], written)),
            None,
        )
        if lot is None:
            return f"no obligation at FICC is open under {trade_id}"
        return _back_in(context, work, lot, f"{lot_id}/failed", written)
    if not lot.failed:
        failing = replace(lot, lot_id=f"{lot_id}/failed", failed=True)
        subject = subject_of(lot.customer)
        work.records.add(ended_record(lot.lot_id, LotEnd.FAILED, written, subject=subject))
        work.records.add(lot_record(failing, written.following(lot.lot_id)))
        lot = failing
    _say(work, lot, written)
    return ""


def _settled_today(end: Record, written: Written) -> bool:
    settled = end.content["how"] == LotEnd.SETTLED.value
    return settled and end.business_date == written.business_date


def _back_in(context: DayContext, work: Work, lot: Lot, failed_id: str, written: Written) -> str:
    """Take a lot that was settled when the day was opened back in, at what it was settled at."""
    day = written.business_date
    before = sifma_calendar().previous_business_day(day)
    price = security_system_prices(context.models.priced(before).price_sheets[before])
    value = system_value(lot, price[lot.instrument], delivered=day)
    failing = lot.failing_at(value, lot_id=f"{failed_id}-after-{day.isoformat()}")
    own = written.following(lot.lot_id)
    answers = refused(work.ledger.post([opening_transfer(failing, own)]))
    if answers:
        return answers[0].posting.value
    work.records.add(lot_record(failing, own))
    _say(work, failing, written)
    return ""


def _say(work: Work, lot: Lot, written: Written) -> None:
    record_id = f"{lot.lot_id}/{written.business_date.isoformat()}"
    subject = subject_of(lot.customer)
    work.records.add(written.record(record_id, LOT_FAILS, subject, {"lot": lot.lot_id}))
