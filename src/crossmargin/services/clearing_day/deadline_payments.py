"""What is paid at a deadline: settlement with a clearing organization, and margin to or from it.

Each wire leaves a place that has the amount, and comes in at one whose facts are in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.posting import Posting
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.flow_steps import FLOWS
from crossmargin.services.clearing_day.placing import (
    Places,
    securities_custody_of,
    securities_custody_paying,
)
from crossmargin.services.clearing_day.prefunding import Prefunding
from crossmargin.services.clearing_day.required import Required
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.segregated import SegregatedStanding, segregated_standings
from crossmargin.services.clearing_day.segregated_margin import SegregatedPaying
from crossmargin.services.clearing_day.standing import Standing, standing_of
from crossmargin.services.clearing_day.wires import (
    SETTLEMENT_ACCOUNTS,
    Purpose,
    Wire,
    instruct,
    margin_wire,
    settlement_wire,
)

_CENTS = 100
_MORNINGS = frozenset({StepKind.CME_MORNING, StepKind.FICC_MORNING})
_AT_CME = frozenset({StepKind.CME_MORNING, StepKind.CME_ITD_DUE})
_EVENINGS = frozenset({StepKind.EOD, StepKind.EODXM, StepKind.EODXM_RESTRUCK, StepKind.CLOSE})


@dataclass(slots=True)
class Paying:
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
                places = self._settled_at(purpose, owed)
                wire = settlement_wire(bd_fcm, purpose, owed, places, name=self.name)
                self.make(wire, *self._flows_behind())

    def place(self, standing: Standing, required: Required) -> None:
        """Bring what lies at the side to its requirement: securities as allocated, then cash."""
        side, customer = self.side, standing.holdings.customer
        here = standing.holdings.at[side]
        value = standing.value_at(side)
        free = standing.holdings.as_property(standing.prices).free
        for cusip, par in sorted(standing.placing.placed[side].par_dollars.items()):
            more = min(par - here.par(cusip), free.par(cusip))
            is_needed = more > 0 and value < standing.required[side]
            asset = security(cusip.text)
            if is_needed and self._margin(customer, self.outward, asset, more, required):
                value += standing.counted(side, cusip, more)
        lacking = standing.required[side] - value
        if lacking > ZERO:
            self._margin(customer, self.outward, CASH, lacking.cents, required)
        elif self.step.kind in _MORNINGS and -lacking > self.threshold:
            back = min(-lacking, self._arrived_cash(customer)).cents
            if back > 0:
                self._margin(customer, self.inward, CASH, back, required)

    def place_outside(self, required: Mapping[CustomerKey, Required]) -> list[list[str]]:
        """Bring Segregated Customer Margin to its requirement; return what lacks at FICC."""
        if self.side is not ClearingOrganization.FICC:
            return []
        on = self.step.business_date
        paying = SegregatedPaying(self.work, self.context.bd_fcm, on, self.name, self.make)
        own, lacking = self._own_cash(), []
        for standing in outside_at(self.context, self.work, self.step, required).values():
            if self.step.kind in _MORNINGS:
                paying.take_back(standing)
                own.take_back(standing)
            found = paying.bring(standing)
            if found is None:
                continue
            subject, amount, why = found
            left = own.stand_in(standing, money_from_decimal(amount))
            if left > ZERO:
                lacking.append([subject, str(left), why])
        return lacking

    def _arrived_cash(self, customer: CustomerKey) -> Money:
        """Return the cash that can come back: without what is still on its way to the side."""
        at_cme = self.side is ClearingOrganization.CME
        kind = AccountKind.CME_CUSTOMER_MARGIN if at_cme else AccountKind.FICC_XM_MARGIN
        found = self.work.ledger.balance(of_customer(kind, customer).account_id, CASH)
        return Money(found.posted_debit - found.credits_pending)

    def _own_cash(self) -> Prefunding:
        on = self.step.business_date
        parameters = self.context.parameters("clearing_day", on)
        business_days = parameters.whole("prefunding_business_days")
        return Prefunding(self.work, on, self.name, business_days, self.make)

    def _margin(
        self,
        customer: CustomerKey,
        purpose: Purpose,
        asset: Asset,
        amount: int,
        required: Required,
    ) -> bool:
        """Make the wire of an amount of margin, from the place that has it."""
        places: Places | None = self.places
        if purpose is self.outward:
            places = self.places.paying(self.work, asset, amount)
        elif self.side is ClearingOrganization.FICC:
            places = self.places.returning(self.work, asset, amount)
        where = places or self.places
        wire = margin_wire(customer, purpose, asset, amount, where, name=self.name)
        if places is None:
            self.refused.append([wire.wire_id, str(amount), Posting.EXCEEDS_BALANCE.value])
            return False
        return self.make(wire, required.record_id)

    def _settled_at(self, purpose: Purpose, owed: int) -> Places:
        """Return the places of a settlement: that of Segregated Customer Margin is its own."""
        if purpose is not Purpose.SCM_FUNDS_ONLY:
            return self.places.paying(self.work, CASH, owed) if owed > 0 else self.places
        where = (self.work, self.context.bd_fcm, self.step.business_date)
        custody = (
            securities_custody_paying(*where, CASH, owed)
            if owed > 0
            else securities_custody_of(*where)
        )
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


def standing_at(context: DayContext, work: Work, step: Step, required: Required) -> Standing:
    """Return where a customer stands at a step: in the evening at the prices of the day."""
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
    """Return where customers stand outside the arrangement at FICC, at a step."""
    return segregated_standings(
        *(context, work, step.business_date, required),
        is_evening=step.kind in _EVENINGS,
        of=None if of is None else (of,),
    )
