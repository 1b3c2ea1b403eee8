"""Payments of the day: deposits, payments of calls, confirmations of wires."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.records import Record
from crossmargin.collateral.call_events import CalledFor, CallIssued, Outside, event_of
from crossmargin.collateral.deadline import DOLLARS
from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.participation.customer import may_hold_property
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import Direction, PaymentRow
from crossmargin.services.clearing_day.call_register import is_issue
from crossmargin.services.clearing_day.cleared import taken_before
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.placing import places_of, securities_custody_of
from crossmargin.services.clearing_day.position_transfers import refused
from crossmargin.services.clearing_day.serving import serve_calls
from crossmargin.services.clearing_day.wires import WIRE, settle

PAYMENT = "PAYMENT"


def take_payment(context: DayContext, work: Work, row: PaymentRow, written: Written) -> str:
    """Take one row of a payments file.

    Returns
    -------
    str
        Empty, or why it was not taken: it stays with the bank until it is mended.
    """
    if reason := taken_before(work.records, _id(row), f"payment {row.payment_id}"):
        return reason
    named = work.records.get(row.reference) if row.reference else None
    if row.bd_fcm == context.bd_fcm and named is not None and named.stream == WIRE:
        whose = named.subject.split("/")[0]
        if whose != context.bd_fcm:
            return f"{row.reference} is a wire of {whose}"
        return _confirm(work, named, row, written)
    call = named if named is not None and is_issue(named) else None
    reason = _against(context, row, call)
    if reason or row.customer is None:
        return reason
    ccp = _called_for(call)
    if not isinstance(ccp, Outside):
        file = context.participant(work, row.customer, written.business_date)
        verdict = may_hold_property(file, written.at)
        if not verdict.allowed:
            return str(verdict)
    return _deposit(context, work, row, ccp, written)


def _called_for(call: Record | None) -> CalledFor | None:
    """Return for whom the call is that a payment names; None where it names none."""
    issued = event_of(call) if call is not None else None
    return issued.ccp if isinstance(issued, CallIssued) else None


def _against(context: DayContext, row: PaymentRow, call: Record | None) -> str:
    """Return why a row is no deposit, or nothing."""
    faults = (
        (
            row.bd_fcm != context.bd_fcm,
            f"a payment of {row.bd_fcm}, in the books of {context.bd_fcm}",
        ),
        (
            row.direction is Direction.OUT,
            f"nothing of that reference went out: {row.reference or 'none'}",
        ),
        (
            bool(row.reference) and call is None,
            f"no call or wire has the reference {row.reference}",
        ),
        (row.customer is None, "whose it is was not said"),
        (
            call is not None
            and row.customer is not None
            and call.subject != subject_of(row.customer),
            f"{row.reference} is a call of another customer",
        ),
    )
    return next((reason for applies, reason in faults if applies), "")


def _confirm(work: Work, wire: Record, row: PaymentRow, written: Written) -> str:
    said = (str(wire.content["asset"]), int(str(wire.content["amount"])))
    if (row.asset, row.quantity) != said:
        return f"{wire.record_id} was of {said[1]} {said[0]}, confirmed {row.quantity} {row.asset}"
    if row.currency != DOLLARS:
        return f"{wire.record_id} is a wire of ours, in {DOLLARS}, confirmed in {row.currency}"
    reason = settle(work, wire, _caused(written, row), is_confirmed=True)
    if not reason:
        work.records.add(_record(row, wire.subject, written))
    return reason


def _deposit(
    context: DayContext, work: Work, row: PaymentRow, ccp: CalledFor | None, written: Written
) -> str:
    customer = row.customer
    if customer is None:
        raise ValueError(f"a deposit names a customer, was {row!r}")
    record = _record(row, subject_of(customer), written)
    asset = Asset.parsed(row.asset)
    kind, kept, own = _deposited(work, row, customer, ccp, written.business_date)
    transfer = Transfer(
        transfer_id=f"{record.record_id}/deposit",
        group_id=f"{record.record_id}/deposit",
        kind=kind,
        debit_account_id=kept.account_id,
        credit_account_id=own.account_id,
        asset=asset,
        amount=row.quantity,
        business_date=written.business_date,
        at=written.at,
        cause_id=record.record_id,
    )
    answers = refused(work.ledger.post([transfer]))
    if answers:
        return " ".join((answers[0].posting.value, answers[0].detail)).strip()
    work.records.add(record)
    serve_calls(
        *(context, work, customer, _caused(written, row)),
        asset=asset,
        amount=row.quantity,
        ccp=ccp,
        currency=row.currency,
    )
    return ""


def _deposited(
    work: Work, row: PaymentRow, customer: CustomerKey, ccp: CalledFor | None, on: date
) -> tuple[TransferKind, Account, Account]:
    """Return what kind of deposit it is and its two accounts, each class by itself.

    What is paid for Segregated Customer Margin is the securities account's, all else the futures
    account's.
    """
    if isinstance(ccp, Outside):
        place = row.place or securities_custody_of(work, customer.bd_fcm, on)
        return (
            TransferKind.SCM_DEPOSIT,
            of_bd_fcm(AccountKind.SECURITIES_CUSTODY, customer.bd_fcm, place),
            of_customer(AccountKind.CUSTOMER_SECURITIES_ACCOUNT, customer),
        )
    place = row.place or places_of(work, customer.bd_fcm, on).bank
    return (
        TransferKind.DEPOSIT,
        of_bd_fcm(AccountKind.SEGREGATED_BANK, customer.bd_fcm, place),
        of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer),
    )


def _record(row: PaymentRow, subject: str, written: Written) -> Record:
    content = {
        "line": row.line,
        "reference": row.reference,
        "place": row.place,
        "asset": row.asset,
        "quantity": row.quantity,
        "direction": row.direction.value,
        "currency": row.currency,
    }
    return written.record(_id(row), PAYMENT, subject, content)


def _id(row: PaymentRow) -> str:
    return f"payment/{row.bd_fcm}/{row.payment_id}"


def _caused(written: Written, row: PaymentRow) -> Written:
    return replace(written, causes=(_id(row),))
