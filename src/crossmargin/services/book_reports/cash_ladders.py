"""The cash ladder of a business date: as seen the evening before, then anew through the day.

What has gone out and come in is read from the day's wires and payments and from the wires that
earlier days left waiting, what is still to go out from what each clearing organization's next
deadline asks. What is prefunded is read from the ledger customer by customer: a customer's own cash
is what it is owed less what lies at the clearing organizations, and what that is below zero the
BD-FCM has laid out. A loss counts from when it is booked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.calls import CallState
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.reporting.cash_ladder import (
    CashChange,
    CashMovement,
    ComparedLadders,
    Direction,
    cash_ladder,
)
from crossmargin.services.book_reports.moved_cash import MovedCash, side_of
from crossmargin.services.book_reports.own_cash import (
    free_securities,
    own_cash,
)
from crossmargin.services.books.accounts import of_bd_fcm
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.placing import securities_custody_of
from crossmargin.services.clearing_day.report_register import keep_report, versions_of
from crossmargin.services.clearing_day.required import Required, last_requirements
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.segregated import segregated_standings
from crossmargin.services.clearing_day.standing import SIDES, Standing, standing_of
from crossmargin.services.clearing_day.wires import (
    SETTLEMENT_ACCOUNTS,
)

LADDER = "cash-ladder"
_FICC, _CME = ClearingOrganization.FICC, ClearingOrganization.CME
_MORNING = {_CME: StepKind.CME_MORNING, _FICC: StepKind.FICC_MORNING}
_INTRADAY = {_CME: StepKind.CME_ITD_DUE, _FICC: StepKind.FICC_ITD_DUE}
_EVENING_CYCLES = (Cycle.EOD, Cycle.EODXM)


def keep_ladder(context: DayContext, work: Work, step: Step, *, on: date) -> StepResult:
    """Keep the ladder of a business date as it stands after a step: a version each time.

    Parameters
    ----------
    context : DayContext
    work : Work
    step : Step
        What is made of the evening is of the business date after it.
    on : date
        Whose ladder: the step's business date, or the one after it.

    Returns
    -------
    StepResult
        Nothing before the first requirement, or where there is no bank account.
    """
    required = last_requirements(work.records, context.bd_fcm, until=step.business_date)
    banks = work.ledger.accounts(kind=AccountKind.SEGREGATED_BANK, bd_fcm=context.bd_fcm)
    if not required or not banks:
        return StepResult({})
    reading = _Reading(context, work, step, on, required)
    compared = reading.ladders()
    version = len(versions_of(work.records, context.bd_fcm, on, LADDER)) + 1
    document = {"of": on.isoformat(), "as_of": step.at.isoformat(), **compared.as_document()}
    written = replace(context.written(step, *reading.causes()), business_date=on)
    record_id = keep_report(
        work.records, written, context.bd_fcm, LADDER, document, version=version
    )
    peak = compared.with_arrangement.total_peak.amount
    return StepResult({"peak_prefunding": str(peak)}, (record_id,))


@dataclass(slots=True)
class _Reading:
    """One ladder in the making."""

    context: DayContext
    work: Work
    step: Step
    on: date
    required: Mapping[CustomerKey, Required]

    def ladders(self) -> ComparedLadders:
        """Return the ladder with the arrangement and without."""
        standings = self._standings()
        own = {key: own_cash(standing) for key, standing in standings.items()}
        changes = []
        for change in self._moved.changes():
            changes.append(change)
            key = CustomerKey(self.context.bd_fcm, change.customer_id)
            own[key] = own.get(key, ZERO) - change.amount
        ahead = [*self._margin_ahead(standings), *self._calls_ahead()]
        movements = [*self._moved.movements(), *self._settlements_ahead(), *self._outside_ahead()]
        movements += [movement for movement, _ in ahead]
        changes += [change for _, change in ahead]
        extra = list(self._without(standings))
        times = [m.at for m in (*movements, *(m for m, _ in extra))]
        times += [each.at for each in changes]
        first, last = self._hours(times)
        as_they_are = cash_ladder(
            movements, changes, own_cash=_by_id(own), first_hour=first, last_hour=last
        )
        with_bonds = {
            key: cash + free_securities(standings[key])
            if cash >= ZERO and key in standings
            else cash
            for key, cash in own.items()
        }
        without = cash_ladder(
            [*movements, *(m for m, _ in extra)],
            [*changes, *(change for _, change in extra)],
            own_cash=_by_id(with_bonds),
            first_hour=first,
            last_hour=last,
        )
        return ComparedLadders(as_they_are, without)

    def causes(self) -> list[str]:
        """Return what the ladder follows from."""
        return [*(each.record_id for each in self.required.values()), *self._moved.causes()]

    @property
    def is_today(self) -> bool:
        """Whether the ladder is of the step's own day."""
        return self.on == self.step.business_date

    @property
    def _moved(self) -> MovedCash:
        return MovedCash(self.context, self.work, self.on, self.is_today)

    def _standings(self) -> dict[CustomerKey, Standing]:
        return {
            key: standing_of(
                self.context,
                self.work,
                self.step.business_date,
                key,
                self.required.get(key),
                is_evening=not self.is_today,
            )
            for key in customers_of(self.work, self.context.bd_fcm)
        }

    def _due(self, kinds: Mapping[ClearingOrganization, StepKind]) -> dict[str, datetime]:
        times = self.context.models.clock(self.on).times
        return {side.value: times[kind].on(self.on) for side, kind in kinds.items()}

    def _deadline(self, side: ClearingOrganization) -> datetime | None:
        """Return the next deadline of a side on the date; None where none is known to ask more."""
        morning = self._due(_MORNING)[side.value]
        if self.step.at < morning:
            return morning
        intraday = self._due(_INTRADAY)[side.value]
        return intraday if self._intraday() and self.step.at < intraday else None

    def _intraday(self) -> dict[CustomerKey, Required]:
        """Return the requirements of the date's own intraday cycle, once it has run."""
        if not self.is_today:
            return {}
        found = last_requirements(
            self.work.records, self.context.bd_fcm, until=self.on, cycles=(Cycle.ITD,)
        )
        return {key: each for key, each in found.items() if each.at.date() == self.on}

    def _hours(self, times: Sequence[datetime]) -> tuple[datetime, datetime]:
        clock = self.context.models.clock(self.on).times
        opens, ends = (clock[k].on(self.on) for k in (StepKind.OPEN, StepKind.FEDWIRE_CLOSE))
        zone = opens.tzinfo
        first = min([opens, *times]).astimezone(zone)
        last = max([ends, *times]).astimezone(zone)
        return _whole_hour(first), _whole_hour(last)

    def _margin_ahead(
        self, standings: Mapping[CustomerKey, Standing]
    ) -> Iterator[tuple[CashMovement, CashChange]]:
        """Yield the cash margin that each side's next deadline still asks of each customer."""
        for side in SIDES:
            due = self._deadline(side)
            for key, standing in standings.items() if due is not None else ():
                lacking = _cash_lacking(standing, side)
                if due is not None and lacking > ZERO:
                    yield _pair(key, side.value, due, -lacking, f"margin of {key.customer_id}")

    def _settlements_ahead(self) -> Iterator[CashMovement]:
        """Yield what was booked against a side and waits for its next deadline, net."""
        for purpose, kind in SETTLEMENT_ACCOUNTS.items():
            side = side_of(purpose)
            balance = self.work.ledger.balance(
                of_bd_fcm(kind, self.context.bd_fcm).account_id, CASH
            )
            owed = balance.posted_credit - balance.debits_pending + balance.credits_pending
            due = None if side is None else self._deadline(side)
            if owed and side is not None and due is not None:
                way = Direction.OUT if owed > 0 else Direction.IN
                yield CashMovement(
                    side.value, due, way, Money(abs(owed)), purpose.value, is_done=False
                )

    def _calls_ahead(self) -> Iterator[tuple[CashMovement, CashChange]]:
        """Yield what is called and due on the date, as far as it is not paid."""
        bank = self._moved.bank()
        zone = self._due(_MORNING)[_FICC.value].tzinfo
        for key in customers_of(self.work, self.context.bd_fcm):
            for call in calls_of(self.work.records, key):
                due = call.issued.due_at.astimezone(zone)
                if call.is_of_futures_account and self._is_ahead(call, due):
                    yield _pair(key, bank, due, call.payable, call.issued.event_id)

    def _is_ahead(self, call: CallState, due: datetime) -> bool:
        return call.payable > ZERO and due > self.step.at and due.date() == self.on

    def _outside_ahead(self) -> Iterator[CashMovement]:
        """Yield what Segregated Customer Margin still moves: what is called, and goes to FICC.

        Of the securities account: no cash of the futures account changes, and nothing is laid out.
        """
        standings = segregated_standings(
            *(self.context, self.work, self.step.business_date, self.required),
            is_evening=not self.is_today,
        )
        due_at_ficc = self._deadline(_FICC)
        custody = securities_custody_of(self.work, self.context.bd_fcm, self.on)
        zone = self._due(_MORNING)[_FICC.value].tzinfo
        for key, standing in standings.items():
            goes = standing.cash_due_at_ficc
            if due_at_ficc is not None and goes > ZERO:
                purpose = f"segregated margin of {key.customer_id}"
                yield _pair(key, _FICC.value, due_at_ficc, -goes, purpose)[0]
            for call in calls_of(self.work.records, key):
                due = call.issued.due_at.astimezone(zone)
                if not call.is_of_futures_account and self._is_ahead(call, due):
                    yield _pair(key, custody, due, call.payable, call.issued.event_id)[0]

    def _without(
        self, standings: Mapping[CustomerKey, Standing]
    ) -> Iterator[tuple[CashMovement, CashChange]]:
        """Yield what each deadline would ask in addition with no arrangement, or give back."""
        intraday = self._intraday()
        evening = last_requirements(
            self.work.records,
            self.context.bd_fcm,
            until=self.step.business_date,
            cycles=_EVENING_CYCLES,
        )
        for side in SIDES:
            for key, standing in standings.items():
                purpose = f"margin of {key.customer_id} with no arrangement"
                before = _extra(standing, evening.get(key), side)
                if before > ZERO:
                    yield _pair(key, side.value, self._due(_MORNING)[side.value], -before, purpose)
                change = _extra(standing, intraday.get(key), side) - before
                if key in intraday and change != ZERO:
                    due = self._due(_INTRADAY)[side.value]
                    yield _pair(key, side.value, due, -change, purpose)


def _pair(
    customer: CustomerKey, place: str, at: datetime, amount: Money, purpose: str
) -> tuple[CashMovement, CashChange]:
    """Return a movement that is not done, and what it changes; a negative amount goes out."""
    way = Direction.IN if amount > ZERO else Direction.OUT
    moved = max(amount, -amount)
    movement = CashMovement(place, at, way, moved, purpose, is_done=False)
    return movement, CashChange(customer.customer_id, place, at, amount)


def _cash_lacking(standing: Standing, side: ClearingOrganization) -> Money:
    """Return the cash that a side's requirement takes once the securities are there."""
    here, value = standing.holdings.at[side], standing.value_at(side)
    free = standing.holdings.as_property(standing.prices).free
    for cusip, par in standing.placing.placed[side].par_dollars.items():
        more = min(par - here.par(cusip), free.par(cusip))
        if more > 0:
            value += standing.counted(side, cusip, more)
    return max(ZERO, standing.required[side] - value)


def _extra(standing: Standing, required: Required | None, side: ClearingOrganization) -> Money:
    """Return what a side would ask beyond what it asks and holds, with no arrangement."""
    if required is None:
        return ZERO
    if side is _CME:
        alone, asked = required.standalone_cme, required.cme
    else:
        alone, asked = required.ficc_xm_without, required.ficc_xm
    return max(ZERO, alone - max(asked, standing.value_at(side)))


def _by_id(own: Mapping[CustomerKey, Money]) -> dict[str, Money]:
    found: dict[str, Money] = defaultdict(lambda: ZERO)
    for key, cash in own.items():
        found[key.customer_id] += cash
    return dict(found)


def _whole_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
