"""A customer's property that is asked for: out, and between its futures and securities accounts.

What is asked is tested first; the figures of a withdrawal's test are a record.
"""

from __future__ import annotations

from collections.abc import Sequence

from crossmargin.basics.identifiers import Cusip, CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.collateral.call_events import CalledFor, Outside
from crossmargin.collateral.house_terms import reasons_against_withdrawal
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account as LedgerAccount
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.participation.customer import may_hold_property
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import InstructionRow
from crossmargin.services.clearing_day.call_register import call_book
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import reasons_against_risk
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.placing import (
    Places,
    places_of,
    securities_custody_of,
    securities_custody_paying,
)
from crossmargin.services.clearing_day.position_transfers import reason_of, refused
from crossmargin.services.clearing_day.required import last_requirements
from crossmargin.services.clearing_day.segregated import segregated_standings
from crossmargin.services.clearing_day.segregated_wires import securities_withdrawal_wire
from crossmargin.services.clearing_day.serving import serve_calls
from crossmargin.services.clearing_day.standing import standing_of
from crossmargin.services.clearing_day.wires import (
    instruct,
    withdrawal_wire,
)

#: Stream of the figures on which a withdrawal was tested; the cause is the instruction.
WITHDRAWAL_TEST = "WITHDRAWAL_TEST"


def withdraw(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Wire property of the futures account to the customer (CP-08)."""
    customer = customer_of_row(row)
    asset = Asset.parsed(row.asset)
    reason = _may_leave(context, work, row, asset, written)
    if reason:
        return reason
    places = paying(work, row, written)
    wire = withdrawal_wire(customer, asset, row.quantity, places, row.instruction_id)
    return instruct(work, wire, written, approver=row.approved_by)


def to_securities_account(
    context: DayContext, work: Work, row: InstructionRow, written: Written
) -> str:
    """Move property to the securities account; cash serves a call of that account.

    That is, of Segregated Customer Margin.
    """
    asset = Asset.parsed(row.asset)
    reason = _may_leave(context, work, row, asset, written)
    if reason:
        return reason
    customer, places = customer_of_row(row), paying(work, row, written)
    custody = securities_custody_of(work, row.bd_fcm, written.business_date)
    pairs = (
        (
            TransferKind.WITHDRAWAL,
            of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer),
            of_bd_fcm(AccountKind.SEGREGATED_BANK, row.bd_fcm, places.bank),
        ),
        (
            TransferKind.SCM_DEPOSIT,
            of_bd_fcm(AccountKind.SECURITIES_CUSTODY, row.bd_fcm, custody or places.bank),
            of_customer(AccountKind.CUSTOMER_SECURITIES_ACCOUNT, customer),
        ),
    )
    reason = _post_linked(work, row, written, pairs)
    if not reason and asset == CASH:
        # A security there is no margin, unless it was brought for a call.
        _serve(context, work, row, written, ccp=Outside.FICC_SCM)
    return reason


def from_securities_account(
    context: DayContext, work: Work, row: InstructionRow, written: Written
) -> str:
    """Take property into the futures account, if the customer's may be received (CP-02).

    It serves the calls of that account.
    """
    reason = _held_as_margin(context, work, row, written)
    if reason:
        return reason
    customer, places = customer_of_row(row), places_of(work, row.bd_fcm, written.business_date)
    custody = custody_paying(work, row, written)
    verdict = may_hold_property(
        context.participant(work, customer, written.business_date), written.at
    )
    if not verdict.allowed:
        return str(verdict)
    pairs = (
        (
            TransferKind.SCM_WITHDRAWAL,
            of_customer(AccountKind.CUSTOMER_SECURITIES_ACCOUNT, customer),
            of_bd_fcm(AccountKind.SECURITIES_CUSTODY, row.bd_fcm, custody),
        ),
        (
            TransferKind.DEPOSIT,
            of_bd_fcm(AccountKind.SEGREGATED_BANK, row.bd_fcm, places.bank),
            of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer),
        ),
    )
    reason = _post_linked(work, row, written, pairs)
    if not reason:
        _serve(context, work, row, written, ccp=None)
    return reason


def withdraw_from_securities_account(
    context: DayContext, work: Work, row: InstructionRow, written: Written
) -> str:
    """Wire property of the securities account to the customer: what FICC requires stays."""
    reason = _held_as_margin(context, work, row, written)
    if reason:
        return reason
    custody = custody_paying(work, row, written)
    wire = securities_withdrawal_wire(
        customer_of_row(row), Asset.parsed(row.asset), row.quantity, custody, row.instruction_id
    )
    return instruct(work, wire, written, approver=row.approved_by)


def paying(work: Work, row: InstructionRow, written: Written) -> Places:
    """Return the places of an instruction, its property leaving the bank that has it."""
    places = places_of(work, row.bd_fcm, written.business_date)
    return places.paying(work, Asset.parsed(row.asset), row.quantity)


def custody_paying(work: Work, row: InstructionRow, written: Written) -> str:
    """Return the custody of securities customers' property that an instruction's leaves."""
    where = (work, row.bd_fcm, written.business_date)
    return securities_custody_paying(*where, Asset.parsed(row.asset), row.quantity)


def customer_of_row(row: InstructionRow) -> CustomerKey:
    """Return the customer that an instruction names.

    Raises
    ------
    ValueError
        If it names none.
    """
    if row.customer is None:
        raise ValueError(f"{row.action} names a customer, was {row!r}")
    return row.customer


def _may_leave(
    context: DayContext, work: Work, row: InstructionRow, asset: Asset, written: Written
) -> str:
    """Return why property may not leave the futures account, or nothing (CP-08).

    The figures on which it was tested are a record.
    """
    customer = customer_of_row(row)
    required = last_requirements(work.records, context.bd_fcm, until=written.business_date)
    standing = standing_of(
        context, work, written.business_date, customer, required.get(customer), is_evening=False
    )
    request = Money(row.quantity)
    if asset != CASH:
        cusip = Cusip(asset.code)
        if cusip not in standing.holdings.cusips:
            return f"the customer holds no {asset.code}"
        request = standing.least_counted(cusip, row.quantity)
    tested = {
        "value": str(standing.value),
        "requirement": str(standing.ccp_minimum),
        "request": str(request),
    }
    test_id = f"{written.causes[0]}/tested"
    work.records.add(written.record(test_id, WITHDRAWAL_TEST, subject_of(customer), tested))
    if request == ZERO:
        return ""
    # What waits to leave is not in the value any more.
    reasons = reasons_against_withdrawal(
        standing.terms,
        value=standing.value,
        ccp_minimum=standing.ccp_minimum,
        request=request,
        uncollected=call_book(work.records, customer).served_by(customer, None),
    )
    restricted = reasons_against_risk(context, work.records, customer, written.business_date)
    return "; ".join(str(each) for each in (*restricted, *reasons))


def _held_as_margin(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Return why property may not leave the securities account, or nothing."""
    customer, day = customer_of_row(row), written.business_date
    if not securities_custody_of(work, row.bd_fcm, day):
        return f"{row.bd_fcm} has no custody account for securities customers"
    required = last_requirements(work.records, context.bd_fcm, until=day)
    found = segregated_standings(context, work, day, required, is_evening=False, of=(customer,))
    return found[customer].reasons_against(Asset.parsed(row.asset), row.quantity)


def _serve(
    context: DayContext,
    work: Work,
    row: InstructionRow,
    written: Written,
    *,
    ccp: CalledFor | None,
) -> None:
    serve_calls(
        *(context, work, customer_of_row(row), written),
        asset=Asset.parsed(row.asset),
        amount=row.quantity,
        ccp=ccp,
    )


def _post_linked(
    work: Work,
    row: InstructionRow,
    written: Written,
    pairs: Sequence[tuple[TransferKind, LedgerAccount, LedgerAccount]],
) -> str:
    group = f"{written.causes[0]}/posted"
    transfers = [
        Transfer(
            transfer_id=f"{group}/{number}",
            group_id=group,
            kind=kind,
            debit_account_id=debit.account_id,
            credit_account_id=credit.account_id,
            asset=Asset.parsed(row.asset),
            amount=row.quantity,
            business_date=written.business_date,
            at=written.at,
            cause_id=written.causes[0],
        )
        for number, (kind, debit, credit) in enumerate(pairs, start=1)
    ]
    return reason_of(refused(work.ledger.post(transfers)))
