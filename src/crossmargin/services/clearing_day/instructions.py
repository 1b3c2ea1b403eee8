"""Instructions of customers and of the BD-FCM's desks: tested, then followed, or refused.

Every instruction is recorded with its maker, its checker and its outcome; a refused one moves
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from crossmargin.basics.identifiers import Cusip, CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.call_events import CalledFor, Outside
from crossmargin.collateral.house_terms import reasons_against_withdrawal
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account as LedgerAccount
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.participation.customer import may_hold_positions, may_hold_property
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.product.futures import parse_contract
from crossmargin.product.position import Account
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import steps_of, take_step, what_remains
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import CUSTOMER, HOUSE, Action, InstructionRow
from crossmargin.services.clearing_day.call_register import call_book, dispute, resolve
from crossmargin.services.clearing_day.cleared import taken_before
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import reasons_against_risk
from crossmargin.services.clearing_day.directing import direct
from crossmargin.services.clearing_day.failing import take_fail
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.position_transfers import reason_of, refused
from crossmargin.services.clearing_day.required import last_requirements
from crossmargin.services.clearing_day.residual_interest import (
    reasons_against_withdrawal as reasons_against_residual_interest,
)
from crossmargin.services.clearing_day.segregated import segregated_standings
from crossmargin.services.clearing_day.segregated_wires import (
    securities_custody_of,
    securities_withdrawal_wire,
)
from crossmargin.services.clearing_day.serving import serve_calls
from crossmargin.services.clearing_day.standing import standing_of
from crossmargin.services.clearing_day.tenders import reasons_against_intention
from crossmargin.services.clearing_day.wires import (
    Purpose,
    instruct,
    places_of,
    residual_interest_wire,
    withdrawal_wire,
)

INSTRUCTION = "INSTRUCTION"
#: Stream of the figures on which a withdrawal was tested; the cause is the instruction.
WITHDRAWAL_TEST = "WITHDRAWAL_TEST"


def follow_instruction(
    context: DayContext, work: Work, row: InstructionRow, written: Written
) -> str:
    """Test an instruction and follow it, or refuse it.

    Returns
    -------
    str
        Empty, or why it was refused.
    """
    if row.bd_fcm != context.bd_fcm:
        return f"an instruction to {row.bd_fcm}, in the books of {context.bd_fcm}"
    record_id = f"instruction/{row.bd_fcm}/{row.instruction_id}"
    if reason := taken_before(work.records, record_id, f"instruction {row.instruction_id}"):
        return reason
    own = replace(written, actor=row.entered_by, approver=row.approved_by)
    followed = replace(own, causes=(record_id,))
    reason = _against(work, row) or _ACTIONS[row.action](context, work, row, followed)
    content = {
        "line": row.line,
        "action": row.action.value,
        "asset": row.asset,
        "quantity": row.quantity,
        "place": row.place,
        "reference": row.reference,
        "outcome": "REFUSED" if reason else "FOLLOWED",
        "reason": reason,
    }
    subject = subject_of(row.customer) if row.customer is not None else row.bd_fcm
    work.records.add(own.record(record_id, INSTRUCTION, subject, content))
    return reason


def _against(work: Work, row: InstructionRow) -> str:
    """Return why an instruction is not even tested, or nothing: whose it is, where it moves."""
    if row.customer is not None and not steps_of(work, row.customer):
        return f"{subject_of(row.customer)} is no customer of the books"
    if not row.place or row.action is Action.TENDER:
        return ""
    ends = _ENDS.get(row.action)
    if ends is None:
        return f"{row.action} moves nothing from or to a place, and names {row.place}"
    bank = places_of(work.ledger, row.bd_fcm).bank
    if row.action is Action.WITHDRAW_FROM_SECURITIES_ACCOUNT:
        bank = securities_custody_of(work.ledger, row.bd_fcm) or bank
    ends = (bank, *ends)
    if row.place in ends:
        return ""
    return f"{row.action} moves property at {' or '.join(ends)}, not at {row.place}"


def _withdraw(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    customer = _customer(row)
    asset = Asset.parsed(row.asset)
    reason = _may_leave(context, work, row, asset, written)
    if reason:
        return reason
    places = places_of(work.ledger, customer.bd_fcm)
    wire = withdrawal_wire(customer, asset, row.quantity, places, row.instruction_id)
    return instruct(work, wire, written, approver=row.approved_by)


def _may_leave(
    context: DayContext, work: Work, row: InstructionRow, asset: Asset, written: Written
) -> str:
    """Return why property may not leave the futures account, or nothing (CP-08).

    The figures on which it was tested are a record.
    """
    customer = _customer(row)
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


def _direct_in(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    file = context.participant(work, _customer(row), written.business_date)
    verdict = may_hold_positions(file, written.at)
    if not verdict.allowed:
        return str(verdict)
    return _direct(context, work, row, written, Account.XM)


def _direct_out(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    return _direct(context, work, row, written, Account.REGULAR)


def _direct(
    context: DayContext, work: Work, row: InstructionRow, written: Written, into: Account
) -> str:
    try:
        contract = parse_contract(Asset.parsed(row.asset).code, as_of=written.business_date)
    except RefusedError as error:
        return str(error)
    return direct(
        context,
        work,
        customer=_customer(row),
        contract=contract.code,
        quantity=row.quantity,
        into=into,
        instruction_id=row.instruction_id,
        written=written,
    )


def _to_securities(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Move property to the securities account; cash serves a call of that account.

    That is, of Segregated Customer Margin.
    """
    asset = Asset.parsed(row.asset)
    reason = _may_leave(context, work, row, asset, written)
    if reason:
        return reason
    customer, places = _customer(row), places_of(work.ledger, row.bd_fcm)
    custody = securities_custody_of(work.ledger, row.bd_fcm)
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


def _from_securities(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Take property into the futures account, if the customer's may be received (CP-02).

    It serves the calls of that account.
    """
    reason = _held_as_margin(context, work, row, written)
    if reason:
        return reason
    customer, places = _customer(row), places_of(work.ledger, row.bd_fcm)
    custody = securities_custody_of(work.ledger, row.bd_fcm)
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


def _serve(
    context: DayContext,
    work: Work,
    row: InstructionRow,
    written: Written,
    *,
    ccp: CalledFor | None,
) -> None:
    serve_calls(
        *(context, work, _customer(row), written),
        asset=Asset.parsed(row.asset),
        amount=row.quantity,
        ccp=ccp,
    )


def _withdraw_securities(
    context: DayContext, work: Work, row: InstructionRow, written: Written
) -> str:
    """Wire property of the securities account to the customer: what FICC requires stays."""
    reason = _held_as_margin(context, work, row, written)
    if reason:
        return reason
    custody = securities_custody_of(work.ledger, row.bd_fcm)
    wire = securities_withdrawal_wire(
        _customer(row), Asset.parsed(row.asset), row.quantity, custody, row.instruction_id
    )
    return instruct(work, wire, written, approver=row.approved_by)


def _held_as_margin(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Return why property may not leave the securities account, or nothing."""
    customer, day = _customer(row), written.business_date
    if not securities_custody_of(work.ledger, row.bd_fcm):
        return f"{row.bd_fcm} has no custody account for securities customers"
    required = last_requirements(work.records, context.bd_fcm, until=day)
    found = segregated_standings(context, work, day, required, is_evening=False, of=(customer,))
    return found[customer].reasons_against(Asset.parsed(row.asset), row.quantity)


def _residual(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    purpose = Purpose(row.action.value)
    if Asset.parsed(row.asset) != CASH:
        return f"residual interest moves in cash, not in {row.asset}"
    if purpose is Purpose.RESIDUAL_INTEREST_WITHDRAWAL:
        reason = reasons_against_residual_interest(context, work, row, written)
        if reason:
            return reason
    places = places_of(work.ledger, row.bd_fcm)
    wire = residual_interest_wire(row.bd_fcm, purpose, row.quantity, places, row.instruction_id)
    return instruct(work, wire, written, approver=row.approved_by)


def _tender(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Test a short's notice of intention; CME then says what has gone into delivery."""
    try:
        contract = parse_contract(Asset.parsed(row.asset).code, as_of=written.business_date).code
        account, cusip = Account(row.place or Account.XM.value), Cusip(row.reference)
    except (RefusedError, ValueError) as error:
        return str(error)
    return reasons_against_intention(
        context,
        work,
        customer=_customer(row),
        account=account,
        contract=contract,
        quantity=row.quantity,
        cusip=cusip,
        written=written,
    )


def _fail(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    return take_fail(context, work, row.reference, written)


def _dispute(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    return dispute(work, _customer(row), row.reference, Money(row.quantity), written)


def _resolve(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    return resolve(work, _customer(row), row.reference, Money(row.quantity), written)


def _leave(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Take the step with which a customer begins to leave, naming all that it still has.

    What it has runs off in the days after; that it has left is a step of its own, by two people.
    """
    customer = _customer(row)
    share = context.parameters("participation", written.business_date).ratio("proprietary_share")
    try:
        take_step(
            work,
            customer,
            StepTaken(Step.LEAVING, remains=what_remains(work, customer)),
            Entry(written.at, row.entered_by, row.approved_by),
            proprietary_share=share,
            record_id=f"{written.causes[0]}/leaving",
        )
    except RefusedError as error:
        return str(error)
    return ""


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


def _customer(row: InstructionRow) -> CustomerKey:
    if row.customer is None:
        raise ValueError(f"{row.action} names a customer, was {row!r}")
    return row.customer


#: Where an action moves property besides the bank of the segregated account.
_ENDS: Mapping[Action, tuple[str, ...]] = {
    Action.WITHDRAW: (CUSTOMER,),
    Action.TO_SECURITIES_ACCOUNT: (),
    Action.FROM_SECURITIES_ACCOUNT: (),
    Action.WITHDRAW_FROM_SECURITIES_ACCOUNT: (CUSTOMER,),
    Action.RESIDUAL_INTEREST_DEPOSIT: (HOUSE,),
    Action.RESIDUAL_INTEREST_WITHDRAWAL: (HOUSE,),
}
_Follow = Callable[[DayContext, Work, InstructionRow, Written], str]
_ACTIONS: Mapping[Action, _Follow] = {
    Action.WITHDRAW: _withdraw,
    Action.DIRECT_INTO_XM: _direct_in,
    Action.DIRECT_OUT_OF_XM: _direct_out,
    Action.TO_SECURITIES_ACCOUNT: _to_securities,
    Action.FROM_SECURITIES_ACCOUNT: _from_securities,
    Action.WITHDRAW_FROM_SECURITIES_ACCOUNT: _withdraw_securities,
    Action.TENDER: _tender,
    Action.FAIL: _fail,
    Action.DISPUTE: _dispute,
    Action.RESOLVE_DISPUTE: _resolve,
    Action.LEAVE: _leave,
    Action.RESIDUAL_INTEREST_DEPOSIT: _residual,
    Action.RESIDUAL_INTEREST_WITHDRAWAL: _residual,
}
