"""A day's flows of a set of lots: what each pays or receives, what leaves, what is marked.

Three moments of a business day, each a pure function of its inputs:

* :func:`ficc_start_of_day`, at the prices of the evening before: marks go back, coupons pass, what
  is due settles, the rest is marked anew;
* :func:`ficc_intraday`: what was taken in since, or moved, is marked;
* :func:`cme_marks`, intraday and at the end of the day, and :func:`cme_final_settlements` on the
  day after the last trading day. What goes into delivery is in :mod:`.tenders` and
  :mod:`.delivering`.

Marks are handed from call to call by the caller, who keeps them: flows are differences of marks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.futures import FuturesContract, last_trading_day
from crossmargin.services.clearing_day.system_prices import SystemPrices
from crossmargin.settlement.delivery import DeliveryAlarm, delivery_alarm
from crossmargin.settlement.fails import Fail, fail_of, fails_charge
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind
from crossmargin.settlement.funds_only import (
    PaidMark,
    contract_value,
    coupon_flows,
    forward_mark,
    mark_interest,
    mark_return,
    settlement_flows,
)
from crossmargin.settlement.futures import final_settlement_day, is_cash_settled, variation
from crossmargin.settlement.lots import Lot
from crossmargin.settlement.prices import SettlementPrice, SystemPrice
from crossmargin.settlement.rules import FailMarkInterest, SettlementRules

_RULE = "ruling 21"


class Leaving(StrEnum):
    """Why a lot leaves, and with it what is margined."""

    SETTLED = "settled against payment"
    REDEEMED = "its security matured"
    FINALLY_SETTLED = "finally settled in cash"


@dataclass(frozen=True, slots=True)
class FundsOnlyTerms:
    """What Funds-Only Settlement of a day needs beside lots and prices.

    Parameters
    ----------
    rules : SettlementRules
    calendar : BusinessCalendar
        Of FICC.
    overnight_rate_pct : function of date to Fraction
        The rate on a mark paid on a day, until it is returned; per cent a year.
    fails_rate_pct : function of date to Fraction
        The fails charge of what was due on a day, from the target of the business day before it;
        per cent a year.
    """

    rules: SettlementRules
    calendar: BusinessCalendar
    overnight_rate_pct: Callable[[date], Fraction]
    fails_rate_pct: Callable[[date], Fraction]


@dataclass(frozen=True, slots=True)
class FundsOnlyDay:
    """Funds-Only Settlement of one cycle.

    Parameters
    ----------
    flows : tuple of Flow
        By lot, in the order of the lots.
    outstanding : tuple of PaidMark
        What is out after the cycle and goes back at the next start of day.
    leaving : mapping of lot id to Leaving
        Lots that settle in it.
    fails : tuple of Fail
        Lots that were due before and are still there, with their age.
    """

    flows: tuple[Flow, ...]
    outstanding: tuple[PaidMark, ...]
    leaving: Mapping[str, Leaving]
    fails: tuple[Fail, ...]


@dataclass(frozen=True, slots=True)
class VariationDay:
    """CME's settlement of one cycle.

    Parameters
    ----------
    flows : tuple of Flow
    marked : mapping of lot id to Money
        Each lot's value as marked now: the next variation is counted from it.
    leaving : mapping of lot id to Leaving
    alarms : tuple of DeliveryAlarm
        Treasury contracts near or in delivery; those whose trading is over await it.
    """

    flows: tuple[Flow, ...]
    marked: Mapping[str, Money]
    leaving: Mapping[str, Leaving]
    alarms: tuple[DeliveryAlarm, ...] = ()


def ficc_start_of_day(
    lots: Sequence[Lot],
    *,
    day: date,
    prices: SystemPrices,
    outstanding: Sequence[PaidMark],
    terms: FundsOnlyTerms,
    settling: Collection[str] | None = None,
) -> FundsOnlyDay:
    """Return the start-of-day cycle of a business day.

    Parameters
    ----------
    lots : sequence of Lot
        All lots that are unsettled when the day begins; those at CME are passed over.
    day : date
    prices : SystemPrices
        Of the evening before.
    outstanding : sequence of PaidMark
        Every mark that is out, of any lot.
    terms : FundsOnlyTerms
    settling : collection of lot ids, optional
        What settles today. Left out: whatever is due today and has not failed.

    Raises
    ------
    RefusedError
        Naming every security without a system price, and every lot that is past due and neither
        failed nor settling.
    """
    at_ficc = [lot for lot in lots if lot.at_ficc]
    leaving = _leaving(at_ficc, day, prices, settling)
    _refuse(_unpriced(at_ficc, prices.securities) + _past_due(at_ficc, day, leaving))
    flows = [flow for mark in outstanding for flow in _returned(mark, day, terms)]
    marks = []
    for lot in at_ficc:
        price = prices.securities[lot.instrument]
        flows += coupon_flows(lot, price.security, day=day, calendar=terms.calendar)
        flows += _fails_charge(lot, day, terms)
        if lot.lot_id in leaving:
            flows += settlement_flows(lot, price, day=day)
            continue
        mark = forward_mark(lot, price, cycle=FlowCycle.START_OF_DAY, day=day)
        flows.append(mark)
        marks.append(PaidMark(lot.lot_id, mark.amount, day, lot.failed))
    return FundsOnlyDay(
        flows=_by_lot(flows, at_ficc),
        outstanding=tuple(marks),
        leaving=leaving,
        fails=_fails(at_ficc, leaving, day, terms.calendar),
    )


def ficc_intraday(
    lots: Sequence[Lot],
    *,
    day: date,
    prices: SystemPrices,
    outstanding: Sequence[PaidMark],
    terms: FundsOnlyTerms,
) -> FundsOnlyDay:
    """Return the intraday cycle: each lot's mark less the marks of it that are out already.

    Interest is accrued to the day (ruling 35), as at its start: a coupon dated the next day passes
    when that is opened, and until then it is in the value.

    Parameters
    ----------
    lots : sequence of Lot
        All lots of the moment; those at CME are passed over.
    day : date
    prices : SystemPrices
        The last ones: intraday those of the evening before.
    outstanding : sequence of PaidMark
    terms : FundsOnlyTerms

    Raises
    ------
    RefusedError
        Naming every security without a system price.
    """
    at_ficc = [lot for lot in lots if lot.at_ficc]
    _refuse(_unpriced(at_ficc, prices.securities))
    out: dict[str, Money] = {}
    for paid in outstanding:
        out[paid.lot_id] = out.get(paid.lot_id, ZERO) + paid.amount
    flows, marks = [], list(outstanding)
    for lot in at_ficc:
        mark = forward_mark(
            lot,
            prices.securities[lot.instrument],
            cycle=FlowCycle.INTRADAY,
            day=day,
            outstanding=out.get(lot.lot_id, ZERO),
        )
        flows.append(mark)
        marks.append(PaidMark(lot.lot_id, mark.amount, day, lot.failed))
    return FundsOnlyDay(tuple(flows), tuple(marks), {}, _fails(at_ficc, {}, day, terms.calendar))


def cme_marks(
    lots: Sequence[Lot],
    *,
    day: date,
    prices: SystemPrices,
    marked: Mapping[str, Money],
    cycle: FlowCycle,
    pays_on: date,
    rules: SettlementRules,
) -> VariationDay:
    """Return the settlement variation of a cycle.

    After its last trading day a Treasury contract keeps its last mark until it is delivered.

    Parameters
    ----------
    lots : sequence of Lot
        Open positions; those at FICC are passed over.
    day : date
        The trade date.
    prices : SystemPrices
    marked : mapping of lot id to Money
        Values as last marked; a lot that is not in it is marked from its trade price.
    cycle : FlowCycle
    pays_on : date
        The end of the day is paid the next morning, intraday the same day.
    rules : SettlementRules

    Raises
    ------
    RefusedError
        Naming every contract without a settlement price, and every cash-settled lot that is past
        its last trading day: it is finally settled first.
    """
    at_cme = [lot for lot in lots if not lot.at_ficc]
    trading = [lot for lot in at_cme if day <= last_trading_day(lot.contract)]
    over = [lot for lot in at_cme if lot not in trading]
    _refuse(_unpriced(trading, prices.contracts) + _not_finally_settled(over))
    before = {lot.lot_id: marked.get(lot.lot_id, lot.signed_contract) for lot in at_cme}
    flows = [
        variation(
            lot,
            prices.contracts[lot.instrument],
            marked=before[lot.lot_id],
            cycle=cycle,
            pays_on=pays_on,
        )
        for lot in trading
    ]
    ahead = rules.intention_alarm_business_days
    alarms = [
        delivery_alarm(lot, lot.contract, day, alarm_business_days=ahead)
        for lot in at_cme
        if not is_cash_settled(lot.contract)
    ]
    return VariationDay(
        flows=tuple(flows),
        marked=before | {flow.lot_id: flow.of for flow in flows},
        leaving={},
        alarms=tuple(alarm for alarm in alarms if alarm is not None),
    )


def cme_final_settlements(
    lots: Sequence[Lot],
    *,
    day: date,
    final_price: Callable[[FuturesContract], SettlementPrice],
    marked: Mapping[str, Money],
) -> VariationDay:
    """Return the final settlement of the cash-settled contracts that it falls on today.

    Parameters
    ----------
    lots : sequence of Lot
        All open lots; only those that are finally settled today are looked at.
    day : date
    final_price : function of FuturesContract to SettlementPrice
        As :func:`crossmargin.services.clearing_day.system_prices.final_settlement_price`.
    marked : mapping of lot id to Money
        Values as last marked.
    """
    flows = []
    for lot in lots:
        if lot.at_ficc:
            continue
        contract = lot.contract
        if not is_cash_settled(contract) or final_settlement_day(contract) != day:
            continue
        before = marked.get(lot.lot_id, lot.signed_contract)
        flows.append(
            variation(
                lot,
                final_price(contract),
                marked=before,
                cycle=FlowCycle.START_OF_DAY,
                pays_on=day,
                final=True,
            )
        )
    leaving = {flow.lot_id: Leaving.FINALLY_SETTLED for flow in flows}
    return VariationDay(tuple(flows), {}, leaving)


def _leaving(
    lots: Sequence[Lot], day: date, prices: SystemPrices, settling: Collection[str] | None
) -> dict[str, Leaving]:
    leaving = {}
    for lot in lots:
        price = prices.securities.get(lot.instrument)
        due = lot.due == day and not lot.failed
        if lot.lot_id in settling if settling is not None else due:
            leaving[lot.lot_id] = Leaving.SETTLED
        elif price is not None and price.security.maturity_date <= day:
            leaving[lot.lot_id] = Leaving.REDEEMED
    return leaving


def _returned(mark: PaidMark, day: date, terms: FundsOnlyTerms) -> list[Flow]:
    flows = [mark_return(mark, day=day)]
    bears = terms.rules.fail_mark_interest is FailMarkInterest.AS_FORWARD_MARKS
    if bears or not mark.of_fail:
        rate = terms.overnight_rate_pct(mark.paid_on)
        flows.append(mark_interest(mark, day=day, rate_pct=rate))
    return flows


def _fails_charge(lot: Lot, day: date, terms: FundsOnlyTerms) -> list[Flow]:
    if not lot.failed or day <= lot.due:
        return []
    principal = contract_value(lot, through=lot.due)
    rate = terms.fails_rate_pct(lot.due)
    before = max(lot.taken_in, terms.calendar.previous_business_day(day))
    of, less = (
        fails_charge(principal, rate_pct=rate, due=lot.due, through=through)
        for through in (day, before)
    )
    return [
        Flow(lot.lot_id, FlowKind.FICC_FAIL_CHARGE, FlowCycle.START_OF_DAY, day, of=of, less=less)
    ]


def _fails(
    lots: Sequence[Lot], leaving: Mapping[str, Leaving], day: date, calendar: BusinessCalendar
) -> tuple[Fail, ...]:
    return tuple(
        fail_of(lot.lot_id, due=lot.due, on=day, delivers=lot.sign < 0, calendar=calendar)
        for lot in lots
        if lot.failed and lot.lot_id not in leaving and lot.due <= day
    )


def _unpriced(
    lots: Sequence[Lot], priced: Mapping[str, SystemPrice] | Mapping[str, SettlementPrice]
) -> list[Refusal]:
    absent = sorted({lot.instrument for lot in lots if lot.instrument not in priced})
    return [Refusal("instrument", each, "an instrument with a price", _RULE) for each in absent]


def _not_finally_settled(lots: Sequence[Lot]) -> list[Refusal]:
    return [
        Refusal("lot", lot.lot_id, f"a lot of {lot.instrument} by its last trading day", _RULE)
        for lot in lots
        if is_cash_settled(lot.contract)
    ]


def _past_due(lots: Sequence[Lot], day: date, leaving: Mapping[str, Leaving]) -> list[Refusal]:
    return [
        Refusal(
            "lot",
            lot.lot_id,
            f"a lot that settles, has failed, or is due after {day}; it was due on {lot.due}",
            _RULE,
        )
        for lot in lots
        if lot.due <= day and not lot.failed and lot.lot_id not in leaving
    ]


def _refuse(refusals: list[Refusal]) -> None:
    if refusals:
        raise RefusedError(*refusals)


def _by_lot(flows: Sequence[Flow], lots: Sequence[Lot]) -> tuple[Flow, ...]:
    # Returns of marks whose lot has left or was split come first.
    place = {lot.lot_id: number for number, lot in enumerate(lots)}
    return tuple(sorted(flows, key=lambda flow: place.get(flow.lot_id, -1)))
