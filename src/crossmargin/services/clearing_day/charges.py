"""Interest and fees of a day: ordinary postings, each with its mirror in the house's books.

Interest is paid on a customer's credit balance of cash at the close, for the days until the next
business day, at the overnight rate less what the BD-FCM keeps, down to the cent. A fee is charged
for each futures contract cleared on the day.

What residual interest cannot pay is not paid out of other customers' money: it is accrued, a debt
of the BD-FCM's, and tried again at every later step that calls or pays.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey, customer_of, subject_of
from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.flow_steps import FLOWS
from crossmargin.services.clearing_day.lot_register import LOT, Written, lot_of
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.position_transfers import refused
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.clearing_day.system_prices import published_rates
from crossmargin.settlement.amounts import BANK_YEAR_DAYS
from crossmargin.settlement.rules import SettlementRules

CHARGE = "CHARGE"
#: What could not be paid of a charge, and that it was paid later.
CHARGE_ACCRUED, CHARGE_PAID = "CHARGE_ACCRUED", "CHARGE_PAID"
_PER_CENT = 100
_K, _T = AccountKind, TransferKind


def charge_day(context: DayContext, work: Work, step: Step) -> StepResult:
    """Book the day's interest and fees of every customer."""
    parameters = context.parameters("clearing_day", step.business_date)
    rate_pct = _rate_pct(context, step) - parameters.ratio("interest_below_overnight_pct")
    days = (sifma_calendar().next_business_day(step.business_date) - step.business_date).days
    contracts = _contracts_cleared(context, work, step)
    fee_cents = parameters.whole("fee_cents_per_contract")
    interest_total = fee_total = 0
    accrued: list[str] = []
    for customer in customers_of(work, context.bd_fcm):
        own = of_customer(_K.CUSTOMER_FUTURES_ACCOUNT, customer).account_id
        balance = work.ledger.balance(own, CASH).posted_credit
        interest = _interest(balance, rate_pct, days)
        fee = contracts.get(customer, 0) * fee_cents
        if interest or fee:
            accrued += _book(
                context, work, step, customer, interest=interest, fee=fee, rate_pct=rate_pct
            )
        interest_total += interest
        fee_total += fee
    return StepResult(
        {
            "interest_cents": interest_total,
            "fee_cents": fee_total,
            "accrued": accrued,
        },
        tuple(accrued),
    )


def accrued_charges(records: Records, bd_fcm: str) -> tuple[Record, ...]:
    """Return what of charges is accrued and not paid, the oldest first."""
    paid = {str(each.content["accrued"]) for each in records.select(stream=CHARGE_PAID)}
    return tuple(
        each
        for each in records.select(stream=CHARGE_ACCRUED)
        if each.subject.startswith(f"{bd_fcm}/") and each.record_id not in paid
    )


def pay_accrued(context: DayContext, work: Work, step: Step) -> StepResult:
    """Pay what was accrued, the oldest first, as far as residual interest goes."""
    paid: list[str] = []
    left = 0
    for each in accrued_charges(work.records, context.bd_fcm):
        name, amount = str(each.content["charge"]), int(str(each.content["cents"]))
        written = context.written(step, each.record_id)
        customer = customer_of(each.subject)
        # Each try is of its own id: what was refused may be accepted later.
        reason = _post(
            work,
            f"{each.record_id}/{step.record_id(context.bd_fcm)}",
            name,
            amount,
            customer=customer,
            written=written,
        )
        if reason:
            left += amount
            continue
        record_id = f"{each.record_id}/paid"
        work.records.add(
            written.record(
                record_id, CHARGE_PAID, each.subject, {"accrued": each.record_id, "cents": amount}
            )
        )
        paid.append(record_id)
    if not paid and not left:
        return StepResult({})
    return StepResult({"accrued_paid": len(paid), "accrued_left": str(Money(left))}, tuple(paid))


def _interest(balance_cents: int, rate_pct: Fraction, days: int) -> int:
    if balance_cents <= 0 or rate_pct <= 0:
        return 0
    return math.floor(balance_cents * rate_pct / _PER_CENT * days / BANK_YEAR_DAYS)


def _rate_pct(context: DayContext, step: Step) -> Fraction:
    rules = SettlementRules.from_parameters(context.parameters("settlement", step.business_date))
    rates = published_rates(context.models.market, rules.mark_interest_rate, rules)
    return rates.on(step.business_date)


def _contracts_cleared(context: DayContext, work: Work, step: Step) -> dict[CustomerKey, int]:
    """Return contracts by customer of the trades taken in on the day; directions are none."""
    found: dict[CustomerKey, int] = {}
    day = step.business_date
    for record in work.records.select(stream=LOT, first=day, last=day):
        lot = lot_of(record)
        is_trade = record.content["line"] is not None and not lot.at_ficc
        if is_trade and lot.customer.bd_fcm == context.bd_fcm:
            found[lot.customer] = found.get(lot.customer, 0) + abs(lot.quantity)
    return found


def _book(
    context: DayContext,
    work: Work,
    step: Step,
    customer: CustomerKey,
    *,
    interest: int,
    fee: int,
    rate_pct: Fraction,
) -> list[str]:
    """Book one customer's charge; return the records of what had to be accrued."""
    subject = subject_of(customer)
    record_id = f"charge/{subject}/{step.business_date.isoformat()}"
    content = {"interest_cents": interest, "fee_cents": fee, "rate_pct": str(rate_pct)}
    causes = _last_of(work, subject)
    work.records.add(context.written(step, *causes).record(record_id, CHARGE, subject, content))
    written = context.written(step, record_id)
    accrued = []
    # The fee first: it goes into residual interest, which pays the interest.
    for name, amount in (("fee", fee), ("interest", interest)):
        reason = amount and _post(
            work, f"{record_id}/{name}", name, amount, customer=customer, written=written
        )
        if reason:
            accrued_id = f"accrued/{record_id}/{name}"
            said = {"charge": name, "cents": amount, "reason": reason}
            work.records.add(written.record(accrued_id, CHARGE_ACCRUED, subject, said))
            accrued.append(accrued_id)
    return accrued


def _last_of(work: Work, subject: str) -> tuple[str, ...]:
    """Return the customer's last flows and payment: what made the balance that bears interest."""
    streams = (FLOWS, PAYMENT)
    found = (work.records.select(stream=stream, subject=subject) for stream in streams)
    return tuple(records[-1].record_id for records in found if records)


def _post(
    work: Work, group: str, name: str, amount: int, *, customer: CustomerKey, written: Written
) -> str:
    """Post interest or a fee with its mirror; return why the ledger refused it, or nothing."""
    sides = _sides(name, customer)
    kind = _T.INTEREST_TO_CUSTOMER if name == "interest" else _T.FEE
    transfers = [
        Transfer(
            transfer_id=f"{group}/{number}",
            group_id=group,
            kind=each,
            debit_account_id=debit,
            credit_account_id=credit,
            asset=CASH,
            amount=amount,
            business_date=written.business_date,
            at=written.at,
            cause_id=written.causes[0],
        )
        for number, (each, (debit, credit)) in enumerate(
            zip((kind, _T.RESIDUAL_INTEREST_INCOME), sides, strict=True), start=1
        )
    ]
    answers = refused(work.ledger.post(transfers))
    return ", ".join(dict.fromkeys(each.posting.value for each in answers))


def _sides(name: str, customer: CustomerKey) -> Sequence[tuple[str, str]]:
    """Return what is debited and credited, in the customers' class and in the house's."""
    own = of_customer(_K.CUSTOMER_FUTURES_ACCOUNT, customer).account_id
    in_pool, in_house, equity = (
        of_bd_fcm(kind, customer.bd_fcm).account_id
        for kind in (_K.RESIDUAL_INTEREST, _K.HOUSE_RESIDUAL_INTEREST, _K.HOUSE_EQUITY)
    )
    if name == "interest":
        return ((in_pool, own), (equity, in_house))
    return ((own, in_pool), (in_house, equity))
