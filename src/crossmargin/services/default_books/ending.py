"""What ends with an account that was ported or closed out: its requirement, its calls, its marks.

The days of the BD-FCM go on. Without this they would wire the margin of the evening before once
more, age calls for positions that are gone, and give marks of closed-out lots back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO
from crossmargin.collateral.call_events import CallCancelled
from crossmargin.product.position import Account
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of, write_event
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.marks import Marks, last_marks, marks_record
from crossmargin.services.clearing_day.released import nothing_required
from crossmargin.services.clearing_day.required import REQUIREMENT, last_requirements
from crossmargin.services.default_books.desk import live_lots
from crossmargin.settlement.lots import Lot


def is_of_the_futures_class(lot: Lot) -> bool:
    """Return whether a lot's margin is of the futures class: not Segregated Customer Margin."""
    return not (lot.at_ficc and lot.account is Account.REGULAR)


def end_accounts(
    work: Work, bd_fcm: str, customer_ids: Collection[str], written: Written, *, name: str
) -> None:
    """End calls and requirement of every customer of some who has no positions of the class left.

    What was paid on a call stays the customer's. Segregated Customer Margin that is required of
    positions that stayed is required still. Of an account that moved in part everything stands
    until the next cycle, which margins what is left.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    customer_ids : collection of str
    written : Written
        Its cause is the declaration.
    name : str
        Of the port or default, in ids.
    """
    left = live_lots(work, bd_fcm)
    last = last_requirements(work.records, bd_fcm, until=written.business_date)
    for customer in (CustomerKey(bd_fcm, each) for each in sorted(customer_ids)):
        lots = left.get(customer.customer_id, ())
        if any(is_of_the_futures_class(lot) for lot in lots):
            continue
        _cancel_calls(work, customer, written, outside=not lots)
        required = last.get(customer)
        if required is not None and required.in_futures_account > ZERO:
            record = nothing_required(
                REQUIREMENT,
                customer,
                required.cycle,
                name,
                _caused(written, required.record_id),
                outside_at_ficc=required.ficc_outside if lots else ZERO,
            )
            work.records.add(record)


def _cancel_calls(work: Work, customer: CustomerKey, written: Written, *, outside: bool) -> None:
    """Cancel a customer's unpaid calls: those outside the arrangement only if they ended too."""
    for call in calls_of(work.records, customer):
        if call.outstanding == ZERO or not (outside or call.is_of_futures_account):
            continue
        call_id = call.issued.event_id
        event = CallCancelled(
            event_id=f"{call_id}/cancelled",
            customer=customer,
            business_date=written.business_date,
            at=written.at,
            call_id=call_id,
            reason=written.causes[0],
        )
        write_event(work, event, _caused(written, call_id))


def _caused(written: Written, more: str) -> Written:
    return Written(
        written.business_date, written.at, written.actor, (*written.causes, more), written.approver
    )


def drop_marks(
    work: Work, bd_fcm: str, lots: Sequence[Lot], written: Written, *, name: str
) -> None:
    """Write marks without those of lots that were closed out: results count from the last mark."""
    gone = {lot.lot_id for lot in lots}
    marks = last_marks(work.records, bd_fcm)
    kept = tuple(each for each in marks.outstanding if each.lot_id not in gone)
    left = Marks(marks.without(list(gone)).futures, kept)
    if (left.futures, kept) == (marks.futures, marks.outstanding):
        return
    record_id = f"marks/{bd_fcm}/{written.business_date.isoformat()}/{name}"
    work.records.add(marks_record(left, record_id, written, bd_fcm=bd_fcm))
