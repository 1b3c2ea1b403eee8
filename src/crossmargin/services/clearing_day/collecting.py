"""Collecting: calls after a cycle, each in its customer's currency, and wires at the deadlines.

The BD-FCM pays each clearing organization by its deadline whether its customer has paid or not;
what the customer has not brought comes out of residual interest, and the ledger refuses more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import CalledFor, Outside, issue_call
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.house_terms import limits_exceeded
from crossmargin.ledger.chart import AccountKind
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import (
    call_book,
    true_up_call,
    write_event,
)
from crossmargin.services.clearing_day.charges import pay_accrued
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import allowed_requirement
from crossmargin.services.clearing_day.deadline_payments import (
    Paying,
    outside_at,
    standing_at,
)
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.house_terms import call_currency_of
from crossmargin.services.clearing_day.placing import places_of
from crossmargin.services.clearing_day.required import Required, last_requirements
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.clearing_day.standing import CALLED_FOR, Standing


def call_customers(context: DayContext, work: Work, step: Step, cycle: str) -> StepResult:
    """Call what customers lack after a cycle, for each clearing organization and the house apart.

    What FICC requires outside the arrangement is called by itself, of the securities account. Who
    exceeds a limit, or requires more than when its orders were restricted, is named. Where less is
    lacking than is called, calls that are not late are trued up, the youngest first. Property
    without a price counts as nothing and is named, ``without_price``.
    """
    accrued = pay_accrued(context, work, step)
    required = last_requirements(work.records, context.bd_fcm, until=step.business_date)
    calling = _Calling(context, work, step, cycle)
    limits: list[list[str]] = []
    unpriced: list[list[str]] = []
    outside = outside_at(context, work, step, required)
    for customer, each in sorted(required.items()):
        standing = standing_at(context, work, step, each)
        for side in CALLED_FOR:
            calling.bring(each, side, standing.lacking(side))
        apart = outside.get(customer)
        calling.bring(each, Outside.FICC_SCM, ZERO if apart is None else apart.lacking)
        limits += _over_limits(work, customer, standing)
        lost = {*standing.without_price, *(() if apart is None else apart.without_price)}
        unpriced += [[subject_of(customer), cusip.text] for cusip in sorted(lost)]
    return StepResult(
        {
            "called": str(calling.called),
            "called_outside": str(calling.called_outside),
            "lowered": str(calling.lowered),
            "calls": len(calling.issued),
            "over_limits": limits,
            **({"without_price": unpriced} if unpriced else {}),
            **accrued.content,
        },
        (*calling.issued, *accrued.causes),
    )


@dataclass(slots=True)
class _Calling:
    """The calls of one cycle: issued, or trued up where less is lacking than is called.

    What is called of the futures account and of the securities account is never one figure.
    """

    context: DayContext
    work: Work
    step: Step
    cycle: str
    issued: list[str] = field(default_factory=list)
    called: Money = ZERO
    called_outside: Money = ZERO
    lowered: Money = ZERO

    def bring(self, required: Required, side: CalledFor, lacking: Money) -> None:
        """Bring what is called of a customer for a side to what is lacking."""
        customer = required.customer
        book = call_book(self.work.records, customer)
        change = lacking - book.outstanding(customer, side)
        if change > ZERO:
            call = _call(
                *(self.context, self.work, self.step, required),
                side=side,
                amount=change,
                cycle=self.cycle,
            )
            self.issued.append(call)
            if isinstance(side, Outside):
                self.called_outside += change
            else:
                self.called += change
        elif change < ZERO:
            calls = book.of_customer(customer, side)
            self.lowered += _lower(self.context, self.work, self.step, calls, -change)


def _over_limits(work: Work, customer: CustomerKey, standing: Standing) -> list[list[str]]:
    """Return the customer's limits that are exceeded: what was cleared is carried and named."""
    uncollected = call_book(work.records, customer).served_by(customer, None)
    exceeded = limits_exceeded(
        standing.terms, ccp_minimum=standing.ccp_minimum, uncollected=uncollected
    )
    found = [[subject_of(customer), str(each)] for each in exceeded]
    most = allowed_requirement(work.records, customer)
    if most is not None and standing.ccp_minimum > most:
        risen = f"requirement was {standing.ccp_minimum}, restricted at {most}"
        found.append([subject_of(customer), risen])
    return found


def pay_side(context: DayContext, work: Work, step: Step) -> StepResult:
    """Wire margin to a clearing organization at its deadline, and settle with it.

    In the morning excess comes back; intraday nothing does.
    """
    if not work.ledger.accounts(kind=AccountKind.SEGREGATED_BANK, bd_fcm=context.bd_fcm):
        return StepResult({"wires": 0, "refused": []})
    places = places_of(work, context.bd_fcm, step.business_date)
    paying = Paying(context, work, step, places)
    accrued = pay_accrued(context, work, step)
    paying.settle()
    required = last_requirements(work.records, context.bd_fcm, until=step.business_date)
    for _, each in sorted(required.items()):
        paying.place(standing_at(context, work, step, each), each)
    lacking = paying.place_outside(required)
    return StepResult(
        {
            "wires": len(paying.wires),
            "refused": paying.refused,
            **({"lacking_outside": lacking} if lacking else {}),
            **accrued.content,
        },
        (*paying.wires, *accrued.causes),
    )


def _call(
    context: DayContext,
    work: Work,
    step: Step,
    required: Required,
    *,
    side: CalledFor,
    amount: Money,
    cycle: str,
) -> str:
    subject = subject_of(required.customer)
    call = issue_call(
        f"call/{subject}/{step.business_date.isoformat()}/{step.name}/{side.value}",
        required.customer,
        business_date=step.business_date,
        at=step.at,
        ccp=side,
        cycle=cycle,
        amount=amount,
        currency=call_currency_of(work.records, required.customer, step.business_date),
        rules=DeadlineRules.from_parameters(context.parameters("collateral", step.business_date)),
    )
    write_event(work, call, context.written(step, required.record_id))
    return call.event_id


def _lower(
    context: DayContext, work: Work, step: Step, calls: Sequence[CallState], by: Money
) -> Money:
    """Lower calls, what is disputed of them too, the youngest first; a late one stands.

    A call of which nothing but what is disputed is unpaid is not late.
    """
    lowered = ZERO
    for call in reversed(calls):
        change = min(by - lowered, call.outstanding)
        is_late = call.issued.due_at <= step.at and call.payable > ZERO
        if is_late or change <= ZERO:
            continue
        written = context.written(step, call.issued.event_id)
        reason = f"{step.business_date.isoformat()} {step.name}"
        true_up_call(work, call, -change, reason, written)
        lowered += change
    return lowered
