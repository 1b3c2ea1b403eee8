"""Delivery of Treasury futures: days, alarm, who is in delivery, invoice.

Delivery takes three business days: intention, notice, delivery. The first intention day is the
second business day before the first business day of the contract month (CME, sourced); from then on
a short may tender and a long may be assigned. The invoice is made at the settlement price of the
intention day (recalled: the tender ends at 18:00 CT of the day that settled at 14:00 CT).

Contracts tendered are no open futures from the evening of their intention day on, and leave the
saving with it (inferred: the arrangement's eligible futures are open positions). The securities
delivered are no XM property: the relief covers cleared obligations, not what settlement brings.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.pricing.conversion_factor import conversion_factor
from crossmargin.pricing.delivery import BasketLine, invoice
from crossmargin.product.basket import is_deliverable
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.futures import (
    FuturesContract,
    first_delivery_day,
    last_delivery_day,
    last_trading_day,
)
from crossmargin.product.treasury import TreasurySecurity
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind
from crossmargin.settlement.lots import Lot

_INTENTION_BUSINESS_DAYS = 2
_RULE = "delivery of Treasury futures"


class DeliveryStage(StrEnum):
    """How near delivery a position in a Treasury contract is."""

    FAR = "far"
    APPROACHING = "first intention day approaches"
    INTENTIONS_OPEN = "intentions are open: shorts may tender, longs may be assigned"
    TRADING_OVER = "trading is over: what is open will be delivered"


@dataclass(frozen=True, slots=True)
class DeliveryAlarm:
    """One lot that comes near delivery.

    Parameters
    ----------
    lot_id : str
    contract : FuturesContract
    stage : DeliveryStage
    first_intention_day : date
    business_days_left : int
        To the first intention day; zero from it on.
    """

    lot_id: str
    contract: FuturesContract
    stage: DeliveryStage
    first_intention_day: date
    business_days_left: int


@dataclass(frozen=True, slots=True)
class Tender:
    """Contracts in delivery: a short's intention, or a long's assignment.

    Parameters
    ----------
    lot_id : str
        All of this lot: a part is split off first.
    intention_day : date
    cusip : Cusip
        What is delivered, as the short names it.
    """

    lot_id: str
    intention_day: date
    cusip: Cusip


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a tender leads to.

    Parameters
    ----------
    lot_id : str
    contract : FuturesContract
    quantity : int
        Contracts, signed: a long takes delivery.
    line : BasketLine
    notice_day, delivery_day : date
    settlement_price : Decimal
        Of the intention day, points.
    principal, accrued : Money
        Of all contracts, not signed.
    """

    lot_id: str
    contract: FuturesContract
    quantity: int
    line: BasketLine
    notice_day: date
    delivery_day: date
    settlement_price: Decimal
    principal: Money
    accrued: Money

    @property
    def par_dollars(self) -> int:
        """The par that a long receives; negative where a short delivers."""
        return self.quantity * self.contract.specification.face_dollars

    def invoice_flow(self) -> Flow:
        """Return the invoice amount: paid by the long against the securities, on delivery day."""
        total = self.principal + self.accrued
        return Flow(
            lot_id=self.lot_id,
            kind=FlowKind.FUTURES_DELIVERY_INVOICE,
            cycle=FlowCycle.START_OF_DAY,
            pays_on=self.delivery_day,
            of=ZERO if self.quantity > 0 else total,
            less=total if self.quantity > 0 else ZERO,
        )


def first_intention_day(contract: FuturesContract) -> date:
    """Return the first day on which a short may tender.

    Examples
    --------
    >>> first_intention_day(FuturesContract("ZN", 2026, 6))
    datetime.date(2026, 5, 28)
    """
    return _before(first_delivery_day(contract))


def last_intention_day(contract: FuturesContract) -> date:
    """Return the last day on which a short may tender; by then every open contract is."""
    return _before(last_delivery_day(contract))


def delivery_stage(
    contract: FuturesContract, on: date, *, alarm_business_days: int
) -> DeliveryStage:
    """Return how near delivery a Treasury contract is at the end of a day.

    Parameters
    ----------
    contract : FuturesContract
    on : date
    alarm_business_days : int
        How many business days before the first intention day the alarm begins.

    Examples
    --------
    >>> june = FuturesContract("ZN", 2026, 6)
    >>> delivery_stage(june, date(2026, 5, 20), alarm_business_days=5)
    <DeliveryStage.APPROACHING: 'first intention day approaches'>
    """
    if on >= last_trading_day(contract):
        return DeliveryStage.TRADING_OVER
    first = first_intention_day(contract)
    if on >= first:
        return DeliveryStage.INTENTIONS_OPEN
    begins = futures_delivery_calendar().add_business_days(first, -alarm_business_days)
    return DeliveryStage.APPROACHING if on >= begins else DeliveryStage.FAR


def delivery_alarm(
    lot: Lot, contract: FuturesContract, on: date, *, alarm_business_days: int
) -> DeliveryAlarm | None:
    """Return the alarm of an open lot at the end of a day, or None while delivery is far."""
    stage = delivery_stage(contract, on, alarm_business_days=alarm_business_days)
    if stage is DeliveryStage.FAR:
        return None
    first = first_intention_day(contract)
    # Counted from the day after: the day itself is nearly over.
    left = len(futures_delivery_calendar().business_days(on, first)) - 1 if on < first else 0
    return DeliveryAlarm(lot.lot_id, contract, stage, first, max(left, 0))


def delivery(
    tender: Tender,
    lot: Lot,
    contract: FuturesContract,
    security: TreasurySecurity,
    *,
    settlement_price: Decimal,
) -> Delivery:
    """Return the delivery of a tendered lot, with its invoice.

    The invoice of one contract is principal and accrued interest, each to the cent; the lot's is as
    many times that.

    Parameters
    ----------
    tender : Tender
    lot : Lot
    contract : FuturesContract
        The lot's.
    security : TreasurySecurity
        The tender's.
    settlement_price : Decimal
        Of the intention day, points.

    Raises
    ------
    RefusedError
        With every reason: the lot is another, the intention day is none, the security is not
        deliverable.
    """
    refusals = tender_refusals(tender, lot, contract, security)
    if refusals:
        raise RefusedError(*refusals)
    calendar = futures_delivery_calendar()
    notice_day = calendar.next_business_day(tender.intention_day)
    delivery_day = calendar.next_business_day(notice_day)
    line = BasketLine(
        security,
        conversion_factor(
            product=contract.product,
            delivery_year=contract.year,
            delivery_month=contract.month,
            coupon_pct=security.coupon_pct,
            maturity_date=security.maturity_date,
        ),
    )
    one = invoice(contract, line, futures_price=settlement_price, delivery_day=delivery_day)
    contracts = abs(lot.quantity)
    return Delivery(
        lot_id=lot.lot_id,
        contract=contract,
        quantity=lot.quantity,
        line=line,
        notice_day=notice_day,
        delivery_day=delivery_day,
        settlement_price=settlement_price,
        principal=Money(one.principal.cents * contracts),
        accrued=Money(one.accrued.cents * contracts),
    )


def tender_refusals(
    tender: Tender, lot: Lot, contract: FuturesContract, security: TreasurySecurity
) -> list[Refusal]:
    """Return everything that is wrong with a tender; nothing if it can be delivered."""
    refusals = []
    if tender.lot_id != lot.lot_id or lot.instrument != contract.code:
        expected = f"a lot of {contract.code}, {tender.lot_id}"
        refusals.append(Refusal("lot", f"{lot.lot_id} of {lot.instrument}", expected, _RULE))
    first, last = first_intention_day(contract), last_intention_day(contract)
    day, calendar = tender.intention_day, futures_delivery_calendar()
    if not first <= day <= last or not calendar.is_business_day(day):
        expected = f"a business day from {first} to {last}"
        refusals.append(Refusal("intention_day", day.isoformat(), expected, _RULE))
    if tender.cusip != security.cusip:
        refusals.append(Refusal("cusip", tender.cusip.text, security.cusip.text, _RULE))
    verdict = is_deliverable(security, contract)
    if not verdict.deliverable:
        expected = "a security that the contract accepts"
        refusals.append(Refusal("cusip", verdict.reason, expected, _RULE))
    return refusals


def _before(day: date) -> date:
    return futures_delivery_calendar().add_business_days(day, -_INTENTION_BUSINESS_DAYS)
