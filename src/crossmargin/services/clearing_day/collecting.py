"""Collecting: calls after a cycle, wires at the deadlines, what is late at the close of Fedwire.

The BD-FCM pays each clearing organization by its deadline whether its customer has paid or not;
what the customer has not brought comes out of residual interest, and the ledger refuses more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, charge_from_dollars
from crossmargin.collateral.allocation import Allocation, allocate
from crossmargin.collateral.calls import MarginCall, is_restricted
from crossmargin.collateral.deadlines import DeadlineRules, deadline, due_instant
from crossmargin.collateral.value import PostableSecurity
from crossmargin.ledger.assets import CASH, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.product.calendars import federal_calendar
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import of_bd_fcm
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import (
    adjust_call,
    call_record,
    calls_of,
    open_calls,
    total_outstanding,
)
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.lot_register import subject_of
from crossmargin.services.clearing_day.property import (
    CustomerProperty,
    postable,
    property_of,
    value_as_collateral,
)
from crossmargin.services.clearing_day.requirements import Required, last_requirements
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.wires import (
    Places,
    Purpose,
    Wire,
    instruct,
    margin_wire,
    places_of,
    settlement_wire,
)

_SIDES = (ClearingOrganization.FICC, ClearingOrganization.CME)
_PER_CENT = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one customer stands: property, its value, the requirement, and how to meet it.

    Parameters
    ----------
    own : CustomerProperty
    securities : mapping of CUSIP to PostableSecurity
    value : Money
        Of everything as collateral.
    required : mapping of ClearingOrganization to Money
    asked : Money
        With what the BD-FCM asks above both.
    allocation : Allocation
    """

    own: CustomerProperty
    securities: Mapping[str, PostableSecurity]
    value: Money
    required: Mapping[ClearingOrganization, Money]
    asked: Money
    allocation: Allocation

    @property
    def lacking(self) -> Money:
        """What is to be called; a debit balance is part of it."""
        unmet = Money.total(self.allocation.unmet.values())
        return max(self.asked - self.value, unmet, ZERO)


def standing_of(
    context: DayContext,
    work: Work,
    business_date: date,
    customer: CustomerKey,
    required: Required | None,
    *,
    is_evening: bool,
) -> Standing:
    """Return where a customer stands against a requirement; none required if there is none.

    In the evening at the prices of the day, before at those of the day before.
    """
    parameters = context.parameters("collateral", business_date)
    own = property_of(work.ledger, customer)
    as_of = context.models.last_price_date(business_date, is_evening=is_evening)
    sheet = context.models.priced(as_of).price_sheets[as_of]
    placed = {cusip: 0 for _, pars in own.at.values() for cusip in pars}
    securities = postable({**placed, **own.par_dollars}, sheet, parameters, business_date)
    sides = dict.fromkeys(_SIDES, ZERO)
    if required is not None:
        sides = {
            ClearingOrganization.FICC: required.ficc_xm,
            ClearingOrganization.CME: required.cme,
        }
    add_on = 1 + parameters.ratio("house_add_on_pct") / _PER_CENT
    total = Money.total(sides.values())
    return Standing(
        own=own,
        securities=securities,
        value=value_as_collateral(own, securities),
        required=sides,
        asked=charge_from_dollars(total.dollars * add_on),
        allocation=allocate(
            sides,
            own.usable_cash,
            [(securities[c], par) for c, par in sorted(own.par_dollars.items()) if par > 0],
            par_lot_dollars=parameters.whole("par_lot_dollars"),
        ),
    )


def is_evening(step: Step) -> bool:
    """Return whether a step is done at the prices of the day."""
    return step.kind in {StepKind.EOD, StepKind.EODXM, StepKind.CLOSE}


def call_customers(context: DayContext, work: Work, step: Step, cycle: str) -> StepResult:
    """Call what customers lack after a cycle; lower what is called if less is lacking now."""
    required = last_requirements(work.records, context.bd_fcm, until=step.business_date)
    called, lowered = ZERO, ZERO
    issued = []
    for customer, each in sorted(required.items()):
        standing = _standing(context, work, step, customer, each)
        already = open_calls(work.records, customer)
        change = standing.lacking - total_outstanding(already)
        if change > ZERO:
            call = _call(context, step, standing, change, customer)
            written = context.written(step, each.record_id)
            work.records.add(call_record(call, customer, cycle, written))
            issued.append(call.call_id)
            called += change
        elif change < ZERO and already:
            lowered += _lower(context, work, step, customer, already, -change)
    return StepResult(
        {"called": str(called), "lowered": str(lowered), "calls": len(issued)}, tuple(issued)
    )


def pay_side(context: DayContext, work: Work, step: Step) -> StepResult:
    """Wire margin to a clearing organization at its deadline, and settle with it.

    In the morning excess comes back; intraday nothing does.
    """
    at_cme = step.kind in {StepKind.CME_MORNING, StepKind.CME_ITD_DUE}
    side = ClearingOrganization.CME if at_cme else ClearingOrganization.FICC
    is_morning = step.kind in {StepKind.CME_MORNING, StepKind.FICC_MORNING}
    if not work.ledger.accounts(kind=AccountKind.SEGREGATED_BANK, bd_fcm=context.bd_fcm):
        return StepResult({"wires": 0, "refused": []})
    places = places_of(work.ledger, context.bd_fcm)
    outcome = _Outcome()
    _settle_with(context, work, step, side, places, outcome)
    required = last_requirements(work.records, context.bd_fcm, until=step.business_date)
    for customer, each in sorted(required.items()):
        standing = _standing(context, work, step, customer, each)
        _place(context, work, step, side, places, standing, each, outcome, is_morning=is_morning)
    return StepResult(
        {"wires": len(outcome.wires), "refused": outcome.refused}, tuple(outcome.wires)
    )


def close_of_fedwire(context: DayContext, work: Work, step: Step) -> StepResult:
    """Name every call that is late, its age, and the customers who may only reduce risk."""
    parameters = context.parameters("collateral", step.business_date)
    calendar = federal_calendar()
    late, restricted = [], []
    customers = last_requirements(work.records, context.bd_fcm, until=step.business_date)
    for customer in sorted(customers):
        calls = calls_of(work.records, customer)
        for call in calls:
            # The close is the due time: whatever is not here by now is late.
            if call.outstanding > ZERO and call.due_at <= step.at and not call.excused:
                age = call.age_business_days(step.business_date, calendar)
                late.append([call.call_id, str(call.outstanding), age])
        if is_restricted(
            calls,
            on=step.business_date,
            calendar=calendar,
            from_business_days=parameters.whole("risk_reducing_from_business_days"),
        ):
            restricted.append(subject_of(customer))
    return StepResult({"late": late, "restricted_to_risk_reducing": restricted})


def _standing(
    context: DayContext, work: Work, step: Step, customer: CustomerKey, required: Required
) -> Standing:
    return standing_of(
        context, work, step.business_date, customer, required, is_evening=is_evening(step)
    )


class _Outcome:
    """Wires that were made, and those that the ledger refused."""

    def __init__(self) -> None:
        self.wires: list[str] = []
        self.refused: list[list[str]] = []


def _call(
    context: DayContext, step: Step, standing: Standing, amount: Money, customer: CustomerKey
) -> MarginCall:
    rules = DeadlineRules(
        calendar=federal_calendar(),
        fedwire_close=context.clock.times[StepKind.FEDWIRE_CLOSE],
        same_day_cutoff=context.same_day_cutoff(step.business_date),
    )
    due = deadline("USD", step.at, rules)
    unmet = standing.allocation.unmet
    total = Money.total(unmet.values())
    share = min(amount, total)
    by_side = dict.fromkeys(_SIDES, ZERO)
    if share > ZERO:
        parts = share.split([unmet[side].cents for side in _SIDES])
        by_side = dict(zip(_SIDES, parts, strict=True))
    return MarginCall(
        call_id=f"call/{subject_of(customer)}/{step.business_date.isoformat()}/{step.name}",
        issued_at=step.at,
        due_at=due_instant(due, rules),
        due_date=due.due_date,
        by_side=by_side,
        above=amount - share,
    )


def _lower(
    context: DayContext,
    work: Work,
    step: Step,
    customer: CustomerKey,
    calls: tuple[MarginCall, ...],
    by: Money,
) -> Money:
    """Lower calls that are not due yet, the youngest first; a late one stands."""
    lowered = ZERO
    for call in reversed(calls):
        change = min(by - lowered, call.outstanding)
        if call.due_at <= step.at or change <= ZERO:
            continue
        written = context.written(step, call.call_id)
        adjust_call(work, call.call_id, customer, -change, step.name, written)
        lowered += change
    return lowered


def _settle_with(
    context: DayContext,
    work: Work,
    step: Step,
    side: ClearingOrganization,
    places: Places,
    outcome: _Outcome,
) -> None:
    """Pay or receive what was booked against a clearing organization."""
    at_cme = side is ClearingOrganization.CME
    kind = AccountKind.CME_SETTLEMENT if at_cme else AccountKind.FICC_FUNDS_ONLY_SETTLEMENT
    balance = work.ledger.balance(of_bd_fcm(kind, context.bd_fcm).account_id, CASH)
    owed = balance.posted_credit - balance.debits_pending + balance.credits_pending
    if not owed:
        return
    wire = settlement_wire(
        context.bd_fcm,
        Purpose.CME_SETTLEMENT if at_cme else Purpose.FICC_FUNDS_ONLY,
        CASH,
        owed,
        places,
        _name(step),
    )
    _make(context, work, step, wire, outcome)


def _place(
    context: DayContext,
    work: Work,
    step: Step,
    side: ClearingOrganization,
    places: Places,
    standing: Standing,
    required: Required,
    outcome: _Outcome,
    *,
    is_morning: bool,
) -> None:
    """Bring what lies at a side to its requirement: securities as allocated, then cash."""
    customer = standing.own.customer
    at_cme = side is ClearingOrganization.CME
    outward = Purpose.MARGIN_TO_CME if at_cme else Purpose.MARGIN_TO_FICC
    inward = Purpose.MARGIN_FROM_CME if at_cme else Purpose.MARGIN_FROM_FICC
    cash, pars = standing.own.at[side]
    value = cash + Money.total(
        standing.securities[cusip].collateral_value(side, par) for cusip, par in pars.items()
    )
    elsewhere = standing.own.at[_other(side)][1]
    for cusip, par in sorted(standing.allocation.at[side].par_dollars.items()):
        here, there = pars.get(cusip, 0), elsewhere.get(cusip, 0)
        more = min(par - here, standing.own.par_dollars.get(cusip, 0) - here - there)
        if value >= standing.required[side] or more <= 0:
            continue
        wire = margin_wire(customer, outward, security(cusip), more, places, _name(step))
        if _make(context, work, step, wire, outcome, required.record_id):
            value += standing.securities[cusip].collateral_value(side, more)
    lacking = standing.required[side] - value
    threshold = Money(
        context.parameters("collateral", step.business_date).whole("return_excess_above_dollars")
        * _PER_CENT
    )
    if lacking > ZERO:
        wire = margin_wire(customer, outward, CASH, lacking.cents, places, _name(step))
        _make(context, work, step, wire, outcome, required.record_id)
    elif is_morning and -lacking > threshold and cash > ZERO:
        back = min(-lacking, cash)
        wire = margin_wire(customer, inward, CASH, back.cents, places, _name(step))
        _make(context, work, step, wire, outcome, required.record_id)


def _make(
    context: DayContext, work: Work, step: Step, wire: Wire, outcome: _Outcome, *causes: str
) -> bool:
    step_id = step.record_id(context.bd_fcm)
    reason = instruct(
        work, wire, context.written(step, *(causes or (step_id,))), approver=context.approver
    )
    if reason:
        outcome.refused.append([wire.wire_id, str(wire.amount), reason])
        return False
    outcome.wires.append(wire.wire_id)
    return True


def _other(side: ClearingOrganization) -> ClearingOrganization:
    return (
        ClearingOrganization.CME if side is ClearingOrganization.FICC else ClearingOrganization.FICC
    )


def _name(step: Step) -> str:
    return f"{step.business_date.isoformat()}/{step.name}"
