"""Collecting: calls after a cycle, each in its customer's currency, and wires at the deadlines.

The BD-FCM pays each clearing organization by its deadline whether its customer has paid or not;
what the customer has not brought comes out of residual interest, and the ledger refuses more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import CalledFor, Outside, issue_call
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.house_terms import limits_exceeded
from crossmargin.ledger.assets import CASH, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import of_bd_fcm
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import (
    call_book,
    true_up_call,
    write_event,
)
from crossmargin.services.clearing_day.charges import pay_accrued
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import allowed_requirement
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.flow_steps import FLOWS
from crossmargin.services.clearing_day.house_terms import call_currency_of
from crossmargin.services.clearing_day.required import Required, last_requirements
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.segregated import SegregatedStanding, segregated_standings
from crossmargin.services.clearing_day.segregated_margin import SegregatedPaying
from crossmargin.services.clearing_day.segregated_wires import securities_custody_of
from crossmargin.services.clearing_day.standing import CALLED_FOR, Standing, standing_of
from crossmargin.services.clearing_day.wires import (
    SETTLEMENT_ACCOUNTS,
    Places,
    Purpose,
    Wire,
    instruct,
    margin_wire,
    places_of,
    settlement_wire,
)

_CENTS = 100
_MORNINGS = frozenset({StepKind.CME_MORNING, StepKind.FICC_MORNING})
_AT_CME = frozenset({StepKind.CME_MORNING, StepKind.CME_ITD_DUE})
_EVENINGS = frozenset({StepKind.EOD, StepKind.EODXM, StepKind.EODXM_RESTRUCK, StepKind.CLOSE})


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
    paying = _Paying(context, work, step, places_of(work.ledger, context.bd_fcm))
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


def standing_at(context: DayContext, work: Work, step: Step, required: Required) -> Standing:
    """Return where a customer stands at a step, in the evening at the prices of the day."""
    return standing_of(
        context,
        work,
        step.business_date,
        required.customer,
        required,
        is_evening=step.kind in _EVENINGS,
    )


def outside_at(
    context: DayContext,
    work: Work,
    step: Step,
    required: Mapping[CustomerKey, Required],
    *,
    of: CustomerKey | None = None,
) -> dict[CustomerKey, SegregatedStanding]:
    """Return where customers, or one, stand outside the arrangement at FICC at a step."""
    return segregated_standings(
        *(context, work, step.business_date, required),
        is_evening=step.kind in _EVENINGS,
        of=None if of is None else (of,),
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


@dataclass(slots=True)
class _Paying:
    """One deadline: its wires, and those that the ledger refused."""

    context: DayContext
    work: Work
    step: Step
    places: Places
    wires: list[str] = field(default_factory=list)
    refused: list[list[str]] = field(default_factory=list)

    @property
    def side(self) -> ClearingOrganization:
        """The clearing organization whose deadline it is."""
        at_cme = self.step.kind in _AT_CME
        return ClearingOrganization.CME if at_cme else ClearingOrganization.FICC

    @property
    def name(self) -> str:
        """The name of the step in ids."""
        return f"{self.step.business_date.isoformat()}/{self.step.name}"

    def settle(self) -> None:
        """Pay or receive what was booked against the clearing organization."""
        purposes: tuple[Purpose, ...] = (Purpose.FICC_FUNDS_ONLY, Purpose.SCM_FUNDS_ONLY)
        if self.side is ClearingOrganization.CME:
            purposes = (Purpose.CME_SETTLEMENT,)
        for purpose in purposes:
            kind, bd_fcm = SETTLEMENT_ACCOUNTS[purpose], self.context.bd_fcm
            balance = self.work.ledger.balance(of_bd_fcm(kind, bd_fcm).account_id, CASH)
            owed = balance.posted_credit - balance.debits_pending + balance.credits_pending
            if owed:
                wire = settlement_wire(bd_fcm, purpose, owed, self._kept(purpose), name=self.name)
                self.make(wire, *self._flows_behind())

    def place(self, standing: Standing, required: Required) -> None:
        """Bring what lies at the side to its requirement: securities as allocated, then cash."""
        side, customer = self.side, standing.holdings.customer
        here = standing.holdings.at[side]
        value = standing.value_at(side)
        free = standing.holdings.as_property(standing.prices).free
        for cusip, par in sorted(standing.placing.placed[side].par_dollars.items()):
            more = min(par - here.par(cusip), free.par(cusip))
            if more > 0 and value < standing.required[side]:
                wire = margin_wire(
                    customer, self.outward, security(cusip.text), more, self.places, name=self.name
                )
                if self.make(wire, required.record_id):
                    value += standing.counted(side, cusip, more)
        lacking = standing.required[side] - value
        if lacking > ZERO:
            wire = margin_wire(
                customer, self.outward, CASH, lacking.cents, self.places, name=self.name
            )
            self.make(wire, required.record_id)
        elif self.step.kind in _MORNINGS and -lacking > self.threshold and here.cash > ZERO:
            back = min(-lacking, here.cash).cents
            wire = margin_wire(customer, self.inward, CASH, back, self.places, name=self.name)
            self.make(wire, required.record_id)

    def place_outside(self, required: Mapping[CustomerKey, Required]) -> list[list[str]]:
        """Bring Segregated Customer Margin to its requirement; return what lacks at FICC."""
        if self.side is not ClearingOrganization.FICC:
            return []
        paying = SegregatedPaying(self.work.ledger, self.context.bd_fcm, self.name, self.make)
        lacking = []
        for standing in outside_at(self.context, self.work, self.step, required).values():
            if self.step.kind in _MORNINGS:
                paying.take_back(standing)
            if found := paying.bring(standing):
                lacking.append(found)
        return lacking

    def _kept(self, purpose: Purpose) -> Places:
        """Return the places of a settlement: that of Segregated Customer Margin is its own."""
        if purpose is not Purpose.SCM_FUNDS_ONLY:
            return self.places
        custody = securities_custody_of(self.work.ledger, self.context.bd_fcm)
        return replace(self.places, bank=custody or self.places.bank)

    def make(self, wire: Wire, *causes: str) -> bool:
        """Make a wire, or note why the ledger refused it."""
        written = self.context.written(self.step, *causes)
        reason = instruct(self.work, wire, written, approver=self.context.approver)
        if reason:
            self.refused.append([wire.wire_id, str(wire.amount), reason])
            return False
        self.wires.append(wire.wire_id)
        return True

    @property
    def outward(self) -> Purpose:
        """Margin to the side."""
        at_cme = self.side is ClearingOrganization.CME
        return Purpose.MARGIN_TO_CME if at_cme else Purpose.MARGIN_TO_FICC

    @property
    def inward(self) -> Purpose:
        """Margin back from the side."""
        at_cme = self.side is ClearingOrganization.CME
        return Purpose.MARGIN_FROM_CME if at_cme else Purpose.MARGIN_FROM_FICC

    @property
    def threshold(self) -> Money:
        """Excess up to which cash stays at the side."""
        parameters = self.context.parameters("clearing_day", self.step.business_date)
        return Money(parameters.whole("return_excess_above_dollars") * _CENTS)

    def _flows_behind(self) -> tuple[str, ...]:
        """Return the flows that a payment settles: those booked since the business day before."""
        day = self.step.business_date
        found = self.work.records.select(
            stream=FLOWS, first=sifma_calendar().previous_business_day(day), last=day
        )
        return tuple(r.record_id for r in found if r.subject.startswith(f"{self.context.bd_fcm}/"))
