"""Calls that fall due, each looked at when its own time for payment ends.

A call in US dollars is due at the close of Fedwire Funds, one in another currency at the end of a
business day that may be the second after its issue: every day has a step at either. What was not
met at its due instant is late, also where it was paid before anybody looked: a call may fall due on
a federal business day on which no clearing day is run, and is named on the next that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO
from crossmargin.collateral.ageing import Orders
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.deadline import DueEvent
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.charges import pay_accrued
from crossmargin.services.clearing_day.close_outs import propose_close_out
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import ladder_rules, note_orders
from crossmargin.services.clearing_day.deadline_payments import outside_at, standing_at
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.required import Required, last_requirements
from crossmargin.services.clearing_day.schedule import DayClock, Step, StepKind

#: The step at which calls that an event ends are looked at.
LOOKED_AT: Mapping[DueEvent, StepKind] = {
    DueEvent.END_OF_BUSINESS_DAY: StepKind.END_OF_BUSINESS_DAY,
    DueEvent.FEDWIRE_FUNDS_CLOSE: StepKind.FEDWIRE_CLOSE,
}
_ENDED_BY = {kind: event for event, kind in LOOKED_AT.items()}


def calls_looked_at(
    records: Records, customer: CustomerKey, event: DueEvent, clock: DayClock, on: date
) -> tuple[CallState, ...]:
    """Return a customer's calls that a day's look at an event judges, each as it judges it.

    One that fell due since the look of the business day before stands as it did at its due instant,
    one that fell due before as it does at the look: if it is met by then it is over.

    Parameters
    ----------
    records : Records
    customer : CustomerKey
    event : DueEvent
        What ended their time for payment.
    clock : DayClock
    on : date
        A business date.
    """
    time = clock.times[LOOKED_AT[event]]
    looked = time.on(on)
    before = time.on(futures_delivery_calendar().previous_business_day(on))
    own = _ended_by(event, records, customer, looked)
    found = [call for call in own if call.issued.due_at <= before and call.outstanding > ZERO]
    # On most days all that is new fell due at the look itself.
    for due_at in sorted({call.issued.due_at for call in own if call.issued.due_at > before}):
        then = own if due_at == looked else _ended_by(event, records, customer, due_at)
        found += [call for call in then if call.issued.due_at == due_at]
    return tuple(found)


def _ended_by(
    event: DueEvent, records: Records, customer: CustomerKey, at: datetime
) -> list[CallState]:
    """Return the calls that an event has ended the time of by an instant, as they stood then."""
    calls = calls_of(records, customer, until=at)
    return [c for c in calls if c.issued.due_event is event and c.issued.due_at <= at]


def end_of_business_day(context: DayContext, work: Work, step: Step) -> StepResult:
    """Name every call that is late in another currency than US dollars, propose close-outs."""
    return StepResult(_name_late(context, work, step))


def close_of_fedwire(context: DayContext, work: Work, step: Step) -> StepResult:
    """Name every call in US dollars that is late, propose close-outs, restrict orders.

    Orders are restricted from an age on, whatever a call is payable in, and free again once what
    restricted them is paid: that is noted once a day.
    """
    accrued = pay_accrued(context, work, step)
    found = _name_late(context, work, step)
    name = f"{step.business_date.isoformat()}/{step.name}"
    restricted = [
        subject_of(customer)
        for customer in sorted(_required(context, work, step))
        if note_orders(context, work, customer, context.written(step), name=name)
        is Orders.RISK_REDUCING_ONLY
    ]
    said = {**found, "restricted_to_risk_reducing": restricted, **accrued.content}
    return StepResult(said, accrued.causes)


def _required(context: DayContext, work: Work, step: Step) -> Mapping[CustomerKey, Required]:
    return last_requirements(work.records, context.bd_fcm, until=step.business_date)


def _name_late(context: DayContext, work: Work, step: Step) -> dict[str, object]:
    """Return the late calls that the step's event ends, with what is unpaid and their age."""
    ageing = ladder_rules(context, step.business_date).ageing
    late: list[list[object]] = []
    proposed: list[str] = []
    customers = _required(context, work, step)
    for customer, required in sorted(customers.items()):
        looked_at = calls_looked_at(
            *(work.records, customer, _ENDED_BY[step.kind], context.clock, step.business_date)
        )
        late_ids = {call.issued.event_id for call in looked_at if call.payable > ZERO}
        calls = [call for call in calls_of(work.records, customer) if not call.excuse]
        named = [call for call in calls if call.issued.event_id in late_ids]
        for call in named:
            age = ageing.age_business_days(call, step.business_date)
            late.append([call.issued.event_id, str(call.outstanding), age])
        if named:
            outside = outside_at(context, work, step, customers, of=customer)[customer]
            proposed += propose_close_out(
                *(context, work, step, standing_at(context, work, step, required)),
                # The due instant is over: whatever is not here by now is late.
                late=[c for c in calls if c.payable > ZERO and c.issued.due_at <= step.at],
                lacking_outside=outside.lacking,
                requirement_id=required.record_id,
            )
    return {"late": late, "close_outs_proposed": proposed}
