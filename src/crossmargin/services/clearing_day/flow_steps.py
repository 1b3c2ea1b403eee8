"""Settlement flows of a day: computed by lot, booked by customer and kind, paid by the BD-FCM.

Each customer's flows of a step are one record with every lot's amount, its two figures and the
source of its price; each kind is one transfer whose cause is that record (ruling 21: variation is
never mixed with margin). Flows of positions at FICC outside the arrangement, those of the XM
account that are not eligible among them, are the securities account's, in a record and in accounts
of their own class.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import TypeAlias

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.market.history import MarketData
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.closing_out import write_close_outs
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.delivering import awaiting_delivery
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.flow_classes import OF_SECURITIES_ACCOUNT, FlowClasses
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    Written,
    ended_record,
    failing_on,
    read_register,
)
from crossmargin.services.clearing_day.marks import Marks, last_marks, marks_record
from crossmargin.services.clearing_day.position_flows import (
    FundsOnlyTerms,
    Leaving,
    cme_final_settlements,
    cme_marks,
    ficc_intraday,
    ficc_start_of_day,
)
from crossmargin.services.clearing_day.position_transfers import ending_transfer, refused
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.clearing_day.system_prices import (
    SystemPrices,
    final_settlement_price,
    published_rates,
    system_prices,
    target_rate_pct,
)
from crossmargin.settlement.close_out import ClosedOut, close_outs
from crossmargin.settlement.delivery import DeliveryAlarm
from crossmargin.settlement.fails import Fail, fails_charge_rate_pct
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.settlement.lots import Lot
from crossmargin.settlement.rules import SettlementRules

#: A customer, and whether a flow is its securities account's: of Segregated Customer Margin.
_Owner: TypeAlias = tuple[CustomerKey, bool]
FLOWS = "FLOWS"
DELIVERY_ALARM = "DELIVERY_ALARM"
_CME_KINDS = frozenset(
    {
        TransferKind.CME_SETTLEMENT_VARIATION,
        TransferKind.FUTURES_FINAL_SETTLEMENT,
    }
)


def open_day(context: DayContext, work: Work, step: Step) -> StepResult:
    """Start the day: marks go back, coupons pass, what is due settles, futures end.

    At the prices of the evening before.
    """
    day = step.business_date
    before = sifma_calendar().previous_business_day(day)
    lots = read_register(work.records, context.bd_fcm).live()
    if not lots:
        return StepResult({"lots": 0})
    marks = last_marks(work.records, context.bd_fcm)
    prices, market, rules = prices_of(context, lots, step, earlier=True)
    final = cme_final_settlements(
        lots,
        day=day,
        final_price=lambda contract: final_settlement_price(contract, market, rules),
        marked=marks.futures,
    )
    ficc = ficc_start_of_day(
        lots,
        day=day,
        prices=prices,
        outstanding=marks.outstanding,
        terms=_terms(market, rules),
        settling=_settling(work, lots, day),
    )
    leaving = {**final.leaving, **ficc.leaving}
    written = context.written(step, *_causes(marks))
    classes = FlowClasses(
        context.models, day, prices.securities, *_as_paid(work, marks.outstanding)
    )
    flows = (*final.flows, *ficc.flows)
    booked = _book(
        work, flows, lots, classes, written=written, bd_fcm=context.bd_fcm, name=step.name
    )
    left = _end(work, lots, leaving, context.written(step, *booked.records))
    kept = Marks(marks.without(left).futures, ficc.outstanding)
    _keep(context, work, step, kept, booked)
    return StepResult(
        {
            "lots": len(lots),
            "left": len(left),
            "fails": [_aged(each) for each in ficc.fails],
            "prices_as_of": before.isoformat(),
            **booked.totals(),
        },
        tuple(booked.records),
    )


def _as_paid(
    work: Work, outstanding: Sequence[PaidMark]
) -> tuple[dict[str, date], dict[str, bool]]:
    """Return when marks were paid, and whether the securities account did, by lot."""
    paid_on = FlowClasses.paid(outstanding)
    if not paid_on:
        return paid_on, {}
    first, last = min(paid_on.values()), max(paid_on.values())
    booked = work.records.select(stream=FLOWS, first=first, last=last)
    return paid_on, FlowClasses.outside_as_booked(booked)


def mark_intraday(context: DayContext, work: Work, step: Step) -> StepResult:
    """Mark what was taken in since the start of the day, at both sides."""
    return _mark(context, work, step, FlowCycle.INTRADAY)


def mark_end_of_day(context: DayContext, work: Work, step: Step) -> StepResult:
    """Mark every futures lot to the day's settlement price, paid the next morning.

    FICC's marks at the day's prices are those of the next start of day.
    """
    return _mark(context, work, step, FlowCycle.END_OF_DAY)


def _settling(work: Work, lots: Sequence[Lot], day: date) -> set[str]:
    """Return what settles on a day: what is due, and what failed before and fails no more."""
    fails = failing_on(work.records, day)
    due = {each.lot_id for each in lots if each.at_ficc and each.due == day and not each.failed}
    return due | {
        each.lot_id for each in lots if each.failed and each.due < day and each.lot_id not in fails
    }


def prices_of(
    context: DayContext, lots: Sequence[Lot], step: Step, *, earlier: bool
) -> tuple[SystemPrices, MarketData, SettlementRules]:
    """Return the prices that lots are marked at, of the day or of the one before, and their rules.

    Raises
    ------
    RefusedError
        If the date has no prices.
    """
    day = step.business_date
    as_of = sifma_calendar().previous_business_day(day) if earlier else day
    contracts = {lot.contract for lot in lots if not lot.at_ficc}
    # A contract whose last trading day is over has no model price: it is finally settled.
    listed = {each for each in contracts if not context.models.is_over(each, as_of)}
    prepared = context.models.prepared(as_of, listed)
    rules = SettlementRules.from_parameters(context.parameters("settlement", day))
    market = context.models.priced(as_of)
    return system_prices(prepared, market, rules), market, rules


@dataclass(slots=True)
class Booked:
    """What was booked: ids of the records, and totals by kind."""

    records: list[str] = field(default_factory=list)
    by_kind: dict[str, int] = field(default_factory=dict)

    def totals(self) -> dict[str, object]:
        """Return what customers received by kind, dollars; negative was paid."""
        return {"flows": {kind: str(Money(cents)) for kind, cents in sorted(self.by_kind.items())}}


def _mark(context: DayContext, work: Work, step: Step, cycle: FlowCycle) -> StepResult:
    day, calendar = step.business_date, sifma_calendar()
    register = read_register(work.records, context.bd_fcm)
    live = register.live()
    # What was tendered is marked once more, to the settlement price that it is invoiced at.
    lots = (*live, *awaiting_delivery(work.records, register, context.bd_fcm))
    if not lots:
        return StepResult({"lots": 0})
    marks = last_marks(work.records, context.bd_fcm)
    is_intraday = cycle is FlowCycle.INTRADAY
    prices, market, rules = prices_of(context, lots, step, earlier=is_intraday)
    pays_on = day if is_intraday else calendar.next_business_day(day)
    cme = cme_marks(
        lots,
        day=day,
        prices=prices,
        marked=marks.futures,
        cycle=cycle,
        pays_on=pays_on,
        rules=rules,
    )
    flows, outstanding = list(cme.flows), marks.outstanding
    closed: tuple[ClosedOut, ...] = ()
    if not is_intraday:
        closed = close_outs(live, marked=cme.marked, name=day.isoformat())
        flows += [each.flow(cycle=cycle, pays_on=pays_on) for each in closed]
        lots = (*lots, *(each.closed for each in closed if each.staying is not None))
    else:
        ficc = ficc_intraday(
            lots,
            day=day,
            prices=prices,
            outstanding=marks.outstanding,
            terms=_terms(market, rules),
        )
        flows += ficc.flows
        outstanding = ficc.outstanding
    written = context.written(step, *_causes(marks))
    classes = FlowClasses(context.models, day, prices.securities)
    booked = _book(
        work, flows, lots, classes, written=written, bd_fcm=context.bd_fcm, name=step.name
    )
    kept = write_close_outs(work, closed, Marks(cme.marked, outstanding), written)
    _keep(context, work, step, kept, booked)
    if is_intraday:
        return StepResult({"lots": len(lots), **booked.totals()}, tuple(booked.records))
    alarms = _alarms(context, work, step, live, cme.alarms)
    contracts = sum(abs(each.closed.quantity) for each in closed) // 2
    return StepResult(
        {"lots": len(lots), "alarms": alarms, "closed_out": contracts, **booked.totals()},
        tuple(booked.records),
    )


def _alarms(
    context: DayContext,
    work: Work,
    step: Step,
    lots: Sequence[Lot],
    alarms: Sequence[DeliveryAlarm],
) -> int:
    """Write the alarms of open lots, and return how many; what is tendered raises none."""
    of_lot = {lot.lot_id: lot for lot in lots}
    raised = [alarm for alarm in alarms if alarm.lot_id in of_lot]
    for alarm in raised:
        lot = of_lot[alarm.lot_id]
        record_id = f"delivery-alarm/{alarm.lot_id}/{step.business_date.isoformat()}"
        content = {"lot": alarm.lot_id, "stage": alarm.stage.value, "contract": lot.instrument}
        work.records.add(
            context.written(step, alarm.lot_id).record(
                record_id, DELIVERY_ALARM, subject_of(lot.customer), content
            )
        )
    return len(raised)


def _aged(fail: Fail) -> list[object]:
    """Return a fail with its age, in business and calendar days, and which way it fails."""
    way = "fails to deliver" if fail.delivers else "fails to receive"
    ages = f"{fail.age_business_days} business, {fail.age_calendar_days} calendar days"
    return [fail.lot_id, way, f"since {fail.due.isoformat()}:", ages]


def _book(
    work: Work,
    flows: Iterable[Flow],
    lots: Sequence[Lot],
    classes: FlowClasses,
    *,
    written: Written,
    bd_fcm: str,
    name: str,
) -> Booked:
    """Write each customer's flows as one record, and post one transfer a kind.

    A final settlement stands there with its price where it moves nothing, too.
    """
    of_lots = _with_lots(work, lots, flows, bd_fcm)
    owners: dict[_Owner, list[Flow]] = {}
    for flow in flows:
        if flow.amount.cents or flow.kind is FlowKind.FUTURES_FINAL_SETTLEMENT:
            lot = of_lots[flow.lot_id]
            owner = (lot.customer, classes.is_of_securities_account(flow, lot))
            owners.setdefault(owner, []).append(flow)
    booked, transfers = Booked(), []
    for owner, own in sorted(owners.items()):
        customer, is_scm = owner
        subject = subject_of(customer)
        record_id = f"flows/{subject}/{written.business_date.isoformat()}/{name}"
        record_id += OF_SECURITIES_ACCOUNT if is_scm else ""
        rows = [
            [
                flow.lot_id,
                flow.kind.value,
                str(flow.of),
                str(flow.less),
                flow.pays_on.isoformat(),
                None if flow.source is None else flow.source.value,
            ]
            for flow in own
        ]
        lot_ids = dict.fromkeys(flow.lot_id for flow in own)
        own_causes = written.following(*lot_ids)
        record = own_causes.record(record_id, FLOWS, subject, {"flows": rows})
        work.records.add(record)
        booked.records.append(record_id)
        for kind, of_kind in groupby(sorted(own, key=lambda f: f.kind.value), lambda f: f.kind):
            cents = sum(flow.amount.cents for flow in of_kind)
            booked.by_kind[kind.value] = booked.by_kind.get(kind.value, 0) + cents
            if cents:
                transfers.append(
                    _flow_transfer(owner, TransferKind(kind.value), cents, record_id, written)
                )
    answers = refused(work.ledger.post(transfers))
    if answers:
        raise RefusedError(
            *(
                Refusal("transfer", a.transfer_id, f"a flow that is booked: {a.posting}", "ledger")
                for a in answers
            )
        )
    return booked


def _flow_transfer(
    owner: _Owner, kind: TransferKind, cents: int, record_id: str, written: Written
) -> Transfer:
    customer, is_scm = owner
    account, side = AccountKind.CUSTOMER_FUTURES_ACCOUNT, AccountKind.FICC_FUNDS_ONLY_SETTLEMENT
    if is_scm:
        account, side = (
            AccountKind.CUSTOMER_SECURITIES_ACCOUNT,
            AccountKind.SCM_FUNDS_ONLY_SETTLEMENT,
        )
    elif kind in _CME_KINDS:
        side = AccountKind.CME_SETTLEMENT
    own = of_customer(account, customer).account_id
    other = of_bd_fcm(side, customer.bd_fcm).account_id
    transfer_id = f"{record_id}/{kind.value}"
    return Transfer(
        transfer_id=transfer_id,
        group_id=transfer_id,
        kind=kind,
        debit_account_id=other if cents > 0 else own,
        credit_account_id=own if cents > 0 else other,
        asset=CASH,
        amount=abs(cents),
        business_date=written.business_date,
        at=written.at,
        cause_id=record_id,
    )


def _end(
    work: Work, lots: Sequence[Lot], leaving: dict[str, Leaving], written: Written
) -> list[str]:
    """End the lots that leave, and take their quantity out of the position accounts."""
    ended = []
    for lot in lots:
        if lot.lot_id not in leaving:
            continue
        how = LotEnd.SETTLED if lot.at_ficc else LotEnd.EXPIRED
        work.records.add(ended_record(lot.lot_id, how, written, subject=subject_of(lot.customer)))
        answers = refused(work.ledger.post([ending_transfer(lot, how, written)]))
        if answers:
            expected = f"a position that is there: {answers[0].posting}"
            raise RefusedError(Refusal("lot", lot.lot_id, expected, "ledger"))
        ended.append(lot.lot_id)
    return ended


def _with_lots(
    work: Work, lots: Sequence[Lot], flows: Iterable[Flow], bd_fcm: str
) -> dict[str, Lot]:
    found = {lot.lot_id: lot for lot in lots}
    if any(flow.lot_id not in found for flow in flows):
        # A mark goes back after its lot has left.
        register = read_register(work.records, bd_fcm)
        found |= {lot.lot_id: lot for lot, _ in register.opened}
    return found


def _keep(context: DayContext, work: Work, step: Step, marks: Marks, booked: Booked) -> None:
    record_id = f"marks/{context.bd_fcm}/{step.business_date.isoformat()}/{step.name}"
    written = context.written(step, *booked.records)
    work.records.add(marks_record(marks, record_id, written, bd_fcm=context.bd_fcm))


def _causes(marks: Marks) -> tuple[str, ...]:
    return (marks.record_id,) if marks.record_id else ()


def _terms(market: MarketData, rules: SettlementRules) -> FundsOnlyTerms:
    rates = published_rates(market, rules.mark_interest_rate, rules)
    return FundsOnlyTerms(
        rules=rules,
        calendar=sifma_calendar(),
        overnight_rate_pct=rates.on,
        fails_rate_pct=lambda due: fails_charge_rate_pct(
            rules, target_rate_pct(market, sifma_calendar().previous_business_day(due), rules)
        ),
    )
