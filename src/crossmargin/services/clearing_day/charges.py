"""Interest and fees of a day: ordinary postings, each with its mirror in the house's books.

Interest is paid on a customer's credit balance of cash at the close, for the days until the next
business day, at the overnight rate less what the BD-FCM keeps, down to the cent. A fee is charged
for each futures contract cleared on the day.
"""

from __future__ import annotations

import math
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.flow_steps import FLOWS
from crossmargin.services.clearing_day.lot_register import LOT, Written, lot_of, subject_of
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.position_transfers import refused
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.clearing_day.system_prices import published_rates
from crossmargin.settlement.amounts import BANK_YEAR_DAYS
from crossmargin.settlement.rules import SettlementRules

CHARGE = "CHARGE"
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
    for customer in customers_of(work, context.bd_fcm):
        own = of_customer(_K.CUSTOMER_FUTURES_ACCOUNT, customer).account_id
        balance = work.ledger.balance(own, CASH).posted_credit
        interest = _interest(balance, rate_pct, days)
        fee = contracts.get(customer, 0) * fee_cents
        if interest or fee:
            _book(context, work, step, customer, interest=interest, fee=fee, rate_pct=rate_pct)
        interest_total += interest
        fee_total += fee
    return StepResult({"interest_cents": interest_total, "fee_cents": fee_total})


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
) -> None:
    subject = subject_of(customer)
    record_id = f"charge/{subject}/{step.business_date.isoformat()}"
    content = {"interest_cents": interest, "fee_cents": fee, "rate_pct": str(rate_pct)}
    causes = _last_of(work, subject)
    work.records.add(context.written(step, *causes).record(record_id, CHARGE, subject, content))
    own = of_customer(_K.CUSTOMER_FUTURES_ACCOUNT, customer).account_id
    in_pool, in_house, equity = (
        of_bd_fcm(kind, customer.bd_fcm).account_id
        for kind in (_K.RESIDUAL_INTEREST, _K.HOUSE_RESIDUAL_INTEREST, _K.HOUSE_EQUITY)
    )
    written = context.written(step, record_id)
    pairs = (
        (interest, "interest", _T.INTEREST_TO_CUSTOMER, (in_pool, own), (equity, in_house)),
        (fee, "fee", _T.FEE, (own, in_pool), (in_house, equity)),
    )
    for amount, name, kind, first, mirror in pairs:
        if amount:
            _post(
                work,
                f"{record_id}/{name}",
                kind,
                amount,
                sides=(first, mirror),
                written=written,
            )


def _last_of(work: Work, subject: str) -> tuple[str, ...]:
    """Return the customer's last flows and payment: what made the balance that bears interest."""
    streams = (FLOWS, PAYMENT)
    found = (work.records.select(stream=stream, subject=subject) for stream in streams)
    return tuple(records[-1].record_id for records in found if records)


def _post(
    work: Work,
    group: str,
    kind: TransferKind,
    amount: int,
    *,
    sides: tuple[tuple[str, str], tuple[str, str]],
    written: Written,
) -> None:
    kinds = (kind, TransferKind.RESIDUAL_INTEREST_INCOME)
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
        for number, (each, (debit, credit)) in enumerate(zip(kinds, sides, strict=True), start=1)
    ]
    answers = refused(work.ledger.post(transfers))
    if answers:
        reasons = ", ".join(each.posting.value for each in answers)
        raise RefusedError(
            Refusal("charge", group, f"a charge that is booked: {reasons}", "ledger")
        )
