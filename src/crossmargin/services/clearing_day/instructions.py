"""Instructions of customers and of the BD-FCM's desks: tested, then followed, or refused.

Every instruction is recorded with its maker, its checker and its outcome; a refused one moves
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from crossmargin.basics.identifiers import Cusip, subject_of
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.participation.customer import may_hold_positions
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.product.futures import parse_contract
from crossmargin.product.position import Account
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import steps_of, take_step, what_remains
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.arrivals import CUSTOMER, HOUSE, Action, InstructionRow
from crossmargin.services.clearing_day.asked_property import (
    custody_paying,
    customer_of_row,
    from_securities_account,
    paying,
    to_securities_account,
    withdraw,
    withdraw_from_securities_account,
)
from crossmargin.services.clearing_day.call_register import dispute, resolve
from crossmargin.services.clearing_day.cleared import taken_before
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.directing import direct
from crossmargin.services.clearing_day.failing import take_fail
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.placing import (
    places_of,
)
from crossmargin.services.clearing_day.residual_interest import (
    reasons_against_withdrawal as reasons_against_residual_interest,
)
from crossmargin.services.clearing_day.tenders import reasons_against_intention
from crossmargin.services.clearing_day.wires import (
    Purpose,
    instruct,
    residual_interest_wire,
)

INSTRUCTION = "INSTRUCTION"


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
    reason = _against(work, row, written) or _ACTIONS[row.action](context, work, row, followed)
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


def _against(work: Work, row: InstructionRow, written: Written) -> str:
    """Return why an instruction is not even tested, or nothing: whose it is, where it moves."""
    if row.customer is not None and not steps_of(work, row.customer):
        return f"{subject_of(row.customer)} is no customer of the books"
    if not row.place or row.action is Action.TENDER:
        return ""
    ends = _ENDS.get(row.action)
    if ends is None:
        return f"{row.action} moves nothing from or to a place, and names {row.place}"
    if row.action is Action.WITHDRAW_FROM_SECURITIES_ACCOUNT:
        bank = custody_paying(work, row, written)
    elif row.action in {Action.FROM_SECURITIES_ACCOUNT, Action.RESIDUAL_INTEREST_DEPOSIT}:
        bank = places_of(work, row.bd_fcm, written.business_date).bank
    else:
        bank = paying(work, row, written).bank
    ends = (bank, *ends)
    if row.place in ends:
        return ""
    return f"{row.action} moves property at {' or '.join(ends)}, not at {row.place}"


def _direct_in(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    file = context.participant(work, customer_of_row(row), written.business_date)
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
        customer=customer_of_row(row),
        contract=contract.code,
        quantity=row.quantity,
        into=into,
        instruction_id=row.instruction_id,
        written=written,
    )


def _residual(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    purpose = Purpose(row.action.value)
    if Asset.parsed(row.asset) != CASH:
        return f"residual interest moves in cash, not in {row.asset}"
    if purpose is Purpose.RESIDUAL_INTEREST_WITHDRAWAL:
        reason = reasons_against_residual_interest(context, work, row, written)
        if reason:
            return reason
    is_deposit = purpose is Purpose.RESIDUAL_INTEREST_DEPOSIT
    places = (
        places_of(work, row.bd_fcm, written.business_date)
        if is_deposit
        else paying(work, row, written)
    )
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
        customer=customer_of_row(row),
        account=account,
        contract=contract,
        quantity=row.quantity,
        cusip=cusip,
        written=written,
    )


def _fail(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    return take_fail(context, work, row.reference, written)


def _dispute(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    return dispute(work, customer_of_row(row), row.reference, Money(row.quantity), written)


def _resolve(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    return resolve(work, customer_of_row(row), row.reference, Money(row.quantity), written)


def _leave(context: DayContext, work: Work, row: InstructionRow, written: Written) -> str:
    """Take the step with which a customer begins to leave, naming all that it still has.

    What it has runs off in the days after; that it has left is a step of its own, by two people.
    """
    customer = customer_of_row(row)
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
    Action.WITHDRAW: withdraw,
    Action.DIRECT_INTO_XM: _direct_in,
    Action.DIRECT_OUT_OF_XM: _direct_out,
    Action.TO_SECURITIES_ACCOUNT: to_securities_account,
    Action.FROM_SECURITIES_ACCOUNT: from_securities_account,
    Action.WITHDRAW_FROM_SECURITIES_ACCOUNT: withdraw_from_securities_account,
    Action.TENDER: _tender,
    Action.FAIL: _fail,
    Action.DISPUTE: _dispute,
    Action.RESOLVE_DISPUTE: _resolve,
    Action.LEAVE: _leave,
    Action.RESIDUAL_INTEREST_DEPOSIT: _residual,
    Action.RESIDUAL_INTEREST_WITHDRAWAL: _residual,
}
