"""Delivery of what was tendered: the invoice, then the securities against payment.

The invoice is made with the evening of the intention day, at its settlement price. On delivery day
two wires go out together: cash between the customer's futures account and the BD-FCM's segregated
bank account, securities between the customer's securities account and its custody. Neither touches
margin, nor the settlement account at CME. What the ledger refuses, such as a short's securities
that are not there, is named and tried again when the next day is opened.

The delivery takes place outside FICC and outside its novation: the securities never were, and do
not become, property of the arrangement; what a long wants to use as margin it brings from its
securities account (inferred; the relief of 2026 ends with what final settlement brings).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from crossmargin.basics.identifiers import Cusip, customer_of
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.futures import FuturesContract, last_trading_day
from crossmargin.product.treasury import TreasurySecurity
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.arrivals import CME
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.lot_register import LotRegister, read_register
from crossmargin.services.clearing_day.marks import last_marks
from crossmargin.services.clearing_day.placing import (
    Places,
    places_of,
    securities_custody_of,
    securities_custody_paying,
)
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.system_prices import system_prices
from crossmargin.services.clearing_day.tenders import security_of, tenders_awaiting
from crossmargin.services.clearing_day.wires import (
    Leg,
    Purpose,
    Wire,
    instruct,
)
from crossmargin.settlement.delivery import Delivery, Tender, delivery
from crossmargin.settlement.lots import Lot
from crossmargin.settlement.prices import SettlementPrice
from crossmargin.settlement.rules import SettlementRules

DELIVERY = "DELIVERY"


def awaiting_delivery(records: Records, register: LotRegister, bd_fcm: str) -> list[Lot]:
    """Return the lots that were tendered and are not invoiced yet: they are still marked."""
    waiting = tenders_awaiting(records, bd_fcm, DELIVERY)
    ids = {lot_id for record in waiting for lot_id in _texts(record.content["lots"])}
    return [lot for lot, _ in register.opened if lot.lot_id in ids]


def invoice_tenders(context: DayContext, work: Work, step: Step) -> StepResult:
    """Invoice what was tendered on the intention day that is over, after its last variation.

    In the evening that is the day itself; when a day is opened the one before, for what CME told
    during the night.
    """
    calendar, day = futures_delivery_calendar(), step.business_date
    on = calendar.previous_business_day(day) if step.kind is StepKind.OPEN else day
    register = read_register(work.records, context.bd_fcm)
    lots = {lot.lot_id: lot for lot, _ in register.opened}
    marks = last_marks(work.records, context.bd_fcm)
    said, ids = [], []
    for record in tenders_awaiting(work.records, context.bd_fcm, DELIVERY):
        if record.content["intention_day"] != on.isoformat():
            continue
        own = [lots[lot_id] for lot_id in _texts(record.content["lots"])]
        made, price = _deliveries(context, record, own, on, day)
        content = _content(record, made, price)
        content["marked"] = {lot.lot_id: str(marks.futures[lot.lot_id]) for lot in own}
        written = context.written(step, record.record_id, marks.record_id)
        delivery_id = record.record_id.replace("tender/", "delivery/", 1)
        work.records.add(written.record(delivery_id, DELIVERY, record.subject, content))
        ids.append(delivery_id)
        said.append([record.subject, content["contract"], content["quantity"], content["cusip"]])
    return StepResult({"in_delivery": said} if said else {}, tuple(ids))


def deliver(context: DayContext, work: Work, step: Step) -> StepResult:
    """Instruct the deliveries of the day, and those of earlier days that could not be made."""
    made, not_made, ids = [], [], []
    for record in work.records.select(stream=DELIVERY):
        due = date.fromisoformat(str(record.content["delivery_day"]))
        if record.subject.split("/")[0] != context.bd_fcm or due > step.business_date:
            continue
        wires = delivery_wires(record, *_delivered_at(work, record, step.business_date))
        if work.records.get(wires[0].wire_id) is not None:
            continue
        reason = _instruct_both(context, work, step, record, wires)
        if reason:
            not_made.append([record.record_id, due.isoformat(), reason])
        else:
            said = record.content
            made.append([record.subject, said["contract"], said["par"], said["cusip"]])
            ids += [wire.wire_id for wire in wires]
    content: dict[str, object] = {}
    if made:
        content["delivered"] = made
    if not_made:
        content["not_delivered"] = not_made
    return StepResult(content, tuple(ids))


def _delivered_at(work: Work, record: Record, on: date) -> tuple[Places, str]:
    """Return where cash and securities of a delivery move: what goes out leaves where it lies."""
    said, bd_fcm = record.content, customer_of(record.subject).bd_fcm
    places, par = places_of(work, bd_fcm, on), int(str(said["par"]))
    if par > 0:
        invoice = money_from_decimal(str(said["invoice"])).cents
        places, custody = (
            places.paying(work, CASH, invoice),
            securities_custody_of(work, bd_fcm, on),
        )
    else:
        asset = security(str(said["cusip"]))
        custody = securities_custody_paying(work, bd_fcm, on, asset, -par)
    return places, custody or places.bank


def delivery_wires(record: Record, places: Places, kept_at: str) -> tuple[Wire, Wire]:
    """Return the two wires of a delivery: first what goes out, then what comes against it.

    Parameters
    ----------
    record : Record
        Of the delivery.
    places : Places
    kept_at : str
        The custody of the securities.
    """
    customer, said = customer_of(record.subject), record.content
    own = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer)
    bank = of_bd_fcm(AccountKind.SEGREGATED_BANK, customer.bd_fcm, places.bank)
    securities = of_customer(AccountKind.CUSTOMER_SECURITIES_ACCOUNT, customer)
    custody = of_bd_fcm(AccountKind.SECURITIES_CUSTODY, customer.bd_fcm, kept_at)
    par, invoice = int(str(said["par"])), money_from_decimal(str(said["invoice"])).cents
    pays = par > 0

    def wire(purpose: Purpose, asset: Asset, amount: int, leg: Leg, *, goes_out: bool) -> Wire:
        here = places.bank if asset == CASH else kept_at
        return Wire(
            wire_id=f"wire/{record.subject}/{record.record_id}/{purpose.value}",
            subject=record.subject,
            purpose=purpose,
            source=here if goes_out else CME,
            target=CME if goes_out else here,
            asset=asset,
            amount=amount,
            legs=(leg,),
        )

    kind = TransferKind.FUTURES_DELIVERY_INVOICE
    cash = wire(
        Purpose.FUTURES_DELIVERY_INVOICE,
        CASH,
        invoice,
        Leg(kind, own, bank) if pays else Leg(kind, bank, own),
        goes_out=pays,
    )
    kind = TransferKind.FUTURES_DELIVERY_SECURITIES
    notes = wire(
        Purpose.FUTURES_DELIVERY_SECURITIES,
        security(str(said["cusip"])),
        abs(par),
        Leg(kind, custody, securities) if pays else Leg(kind, securities, custody),
        goes_out=not pays,
    )
    return (cash, notes) if pays else (notes, cash)


def _instruct_both(
    context: DayContext, work: Work, step: Step, record: Record, wires: tuple[Wire, Wire]
) -> str:
    """Instruct what goes out, then what comes against it, which the ledger has no cause to refuse.

    Raises
    ------
    ValueError
        If it refuses what comes in: nothing of the step is then written.
    """
    written = context.written(step, record.record_id)
    out, against = wires
    reason = instruct(work, out, written, approver=context.approver)
    if reason:
        return reason
    reason = instruct(work, against, written, approver=context.approver)
    if reason:
        raise ValueError(f"{against.wire_id} is received against {out.wire_id}: {reason}")
    return ""


def _deliveries(
    context: DayContext, record: Record, lots: Sequence[Lot], on: date, day: date
) -> tuple[list[Delivery], SettlementPrice]:
    said = record.content
    contract = lots[0].contract
    price = _settlement_price(context, contract, on)
    deliverable = _security(context, str(said["cusip"]), day)
    made = [
        delivery(
            Tender(lot.lot_id, on, deliverable.cusip),
            lot,
            contract,
            deliverable,
            settlement_price=price.price,
        )
        for lot in lots
    ]
    return made, price


def _security(context: DayContext, cusip: str, day: date) -> TreasurySecurity:
    found = security_of(context, Cusip(cusip), day)
    if found is None:
        raise LookupError(f"{cusip} was tendered and is in no price sheet")
    return found


def _settlement_price(context: DayContext, contract: FuturesContract, on: date) -> SettlementPrice:
    """Return the settlement price of an intention day; after the last trading day that day's."""
    as_of = min(on, last_trading_day(contract))
    rules = SettlementRules.from_parameters(context.parameters("settlement", on))
    prepared = context.models.prepared(as_of, {contract})
    prices = system_prices(prepared, context.models.priced(as_of), rules)
    return prices.contracts[contract.code]


def _content(record: Record, made: Sequence[Delivery], price: SettlementPrice) -> dict[str, object]:
    said, first = record.content, made[0]
    principal = Money.total(each.principal for each in made)
    accrued = Money.total(each.accrued for each in made)
    received = Money.total(each.invoice_flow().amount for each in made)
    return {
        "account": said["account"],
        "contract": said["contract"],
        "quantity": said["quantity"],
        "cusip": said["cusip"],
        "par": sum(each.par_dollars for each in made),
        "intention_day": said["intention_day"],
        "notice_day": first.notice_day.isoformat(),
        "delivery_day": first.delivery_day.isoformat(),
        "settlement_price": str(price.price),
        "price_source": price.source.value,
        "conversion_factor": str(first.line.conversion_factor),
        "principal": str(principal),
        "accrued": str(accrued),
        "invoice": str(Money(abs(received.cents))),
    }


def delivered_values(records: Records, *, until: date | None = None) -> Mapping[str, Money]:
    """Return what tendered lots left at: their marks at the intention day's settlement price.

    Parameters
    ----------
    records : Records
    until : date, optional
        Of those invoiced by a business date alone.
    """
    found: dict[str, Money] = {}
    for record in records.select(stream=DELIVERY, last=until):
        marked = record.content["marked"]
        if not isinstance(marked, Mapping):
            raise TypeError(f"expected the marks of a delivery, was {marked!r}")
        found |= {str(lot_id): money_from_decimal(str(value)) for lot_id, value in marked.items()}
    return found


def _texts(said: object) -> list[str]:
    if not isinstance(said, Sequence) or isinstance(said, str):
        raise TypeError(f"expected a list, was {said!r}")
    return [str(each) for each in said]
