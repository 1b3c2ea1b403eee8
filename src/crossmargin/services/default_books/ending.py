"""What ends with an account that was ported or closed out: its requirement, its calls, its marks.

The days of the BD-FCM go on. Without this they would wire the margin of the evening before once
more, age calls for positions that are gone, and give marks of closed-out lots back. Of an account
that moved in part the requirement is struck again of what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from crossmargin.arrangement.fallback import FactorSource, FallbackReason
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.collateral.call_events import CallCancelled
from crossmargin.product.position import Account
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of, write_event
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.marks import Marks, last_marks, marks_record
from crossmargin.services.clearing_day.released import nothing_required
from crossmargin.services.clearing_day.required import (
    REQUIREMENT,
    Required,
    factor_content,
    last_requirements,
)
from crossmargin.services.clearing_day.requirements import MARGIN_RUN
from crossmargin.services.default_books.desk import live_lots
from crossmargin.settlement.lots import Lot


def is_of_the_futures_class(lot: Lot, left_out: Collection[str] = ()) -> bool:
    """Return whether a lot's margin is of the futures class: not Segregated Customer Margin.

    Parameters
    ----------
    lot : Lot
    left_out : collection of str
        Securities that a port found not eligible: the XM account carries them, outside the
        arrangement.
    """
    return not lot.at_ficc or (lot.account is Account.XM and lot.instrument not in left_out)


@dataclass(frozen=True, slots=True)
class LeftRequired:
    """What is required of what stays of an account of which a part moved.

    Parameters
    ----------
    figures : mapping
        As the record of a requirement has them; of the futures class alone.
    as_of : date
        Of the prices that it was margined on.
    """

    figures: Mapping[str, Any]
    as_of: date

    def serves(self, work: Work, last: Required) -> bool:
        """Return whether it may take the place of the last requirement."""
        record = work.records.get(last.record_id)
        if record is None or record.content["factor_reason"] == FallbackReason.SUSPENDED.value:
            return False
        causes = (work.records.get(each) for each in record.causes)
        runs = [each for each in causes if each is not None and each.stream == MARGIN_RUN]
        dates = [date.fromisoformat(str(each.content["as_of"])) for each in runs]
        return self.as_of >= max(dates, default=record.business_date)

    def record(self, last: Required, lots: Sequence[Lot], written: Written, *, name: str) -> Record:
        """Return the record of it, in the cycle of the last requirement.

        Segregated Customer Margin was not margined again: what was required of it stays.
        """
        outside = last.ficc_outside
        ficc = self.figures["ficc"]
        totals = {
            each: str(money_from_decimal(self.figures[each]) + outside)
            for each in ("standalone", "requirement")
        }
        content = {
            **self.figures,
            **totals,
            "cycle": last.cycle.value,
            "ficc": {
                **ficc,
                "outside": str(outside),
                "standalone": str(money_from_decimal(ficc["standalone"]) + outside),
            },
            "factor_source": FactorSource.CURRENT.value,
            "factor_reason": FallbackReason.AS_AGREED.value,
            "agreed_factor": None if last.factor is None else factor_content(last.factor),
            "incomplete": "no",
            "lines": {},
        }
        subject = subject_of(last.customer)
        record_id = f"requirement/{subject}/{written.business_date.isoformat()}/{name}"
        own = written.following(last.record_id, *(lot.lot_id for lot in lots))
        return own.record(record_id, REQUIREMENT, subject, content)


def end_accounts(
    work: Work,
    bd_fcm: str,
    customer_ids: Collection[str],
    written: Written,
    *,
    name: str,
    left_required: Mapping[str, LeftRequired] | None = None,
    left_out: Mapping[str, Collection[str]] | None = None,
) -> None:
    """End calls and requirement of every customer of some who has no positions of the class left.

    What was paid on a call stays the customer's. Segregated Customer Margin that is required of
    positions that stayed is required still. Of an account that moved in part the calls stand until
    the next cycle, and what is required is that of what is left, where it is known on the prices of
    the last requirement or later ones, and access to the arrangement is not suspended.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    customer_ids : collection of str
    written : Written
        Its cause is the declaration.
    name : str
        Of the port or default, in ids.
    left_required : mapping of customer to LeftRequired, optional
        Of accounts of which a part moved.
    left_out : mapping of customer to collection of str, optional
        Securities of the XM account that are not eligible and stayed.
    """
    struck, outside_of = left_required or {}, left_out or {}
    left = live_lots(work, bd_fcm)
    last = last_requirements(work.records, bd_fcm, until=written.business_date)
    for customer in (CustomerKey(bd_fcm, each) for each in sorted(customer_ids)):
        lots = left.get(customer.customer_id, ())
        required = last.get(customer)
        ineligible = outside_of.get(customer.customer_id, ())
        if any(is_of_the_futures_class(lot, ineligible) for lot in lots):
            found = struck.get(customer.customer_id)
            if found is not None and required is not None and found.serves(work, required):
                work.records.add(found.record(required, lots, written, name=name))
            continue
        _cancel_calls(work, customer, written, outside=not lots)
        outside = ZERO if required is None or not lots else required.ficc_outside
        if required is not None and required.in_futures_account + required.ficc_outside > outside:
            record = nothing_required(
                REQUIREMENT,
                customer,
                required.cycle,
                name,
                written.following(required.record_id),
                outside_at_ficc=outside,
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
        write_event(work, event, written.following(call_id))


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
