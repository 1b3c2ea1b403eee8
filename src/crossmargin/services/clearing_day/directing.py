"""Futures directed into the cross-margining account and out of it, during the day.

The customer's requirement after the direction is computed before it is made: a direction that
raises it and leaves the customer under-margined is refused. One that comes after a cycle's cut-off
does not reach that cycle, because the cycle takes the positions of its cut-off.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.house_terms import reasons_against_transfer
from crossmargin.product.position import Account
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.access import kept_out, without_reduction
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    Written,
    ended_record,
    lot_record,
    moved_to,
    position_lines,
    read_register,
    subject_of,
)
from crossmargin.services.clearing_day.marks import last_marks, marks_record
from crossmargin.services.clearing_day.position_transfers import directing_transfer, refused
from crossmargin.services.clearing_day.standing import standing_of
from crossmargin.settlement.lots import Lot


def direct(
    context: DayContext,
    work: Work,
    *,
    customer: CustomerKey,
    contract: str,
    quantity: int,
    into: Account,
    instruction_id: str,
    written: Written,
) -> str:
    """Direct contracts of a customer into an account, oldest lots first.

    Parameters
    ----------
    quantity : int
        Signed, as the position is.

    Returns
    -------
    str
        Empty, or why it was refused.
    """
    lots = [
        lot
        for lot in read_register(work.records, context.bd_fcm).live()
        if lot.customer == customer
    ]
    moves = _moves(lots, contract, quantity, into, instruction_id)
    if moves is None:
        return f"fewer than {quantity} {contract} are open outside {into.value}"
    reason = _may_move(context, work, customer, lots, moves=moves, written=written)
    if reason:
        return reason
    marks = last_marks(work.records, context.bd_fcm)
    for lot, parts in moves:
        causes = (*written.causes, lot.lot_id)
        own = replace(written, causes=causes)
        answers = refused(work.ledger.post([directing_transfer(lot, parts[0], own)]))
        if answers:
            return answers[0].posting.value
        work.records.add(
            ended_record(lot.lot_id, LotEnd.DIRECTED, own, subject=subject_of(customer))
        )
        for part in parts:
            work.records.add(lot_record(part, own))
        marks = marks.split(lot, parts)
    record_id = f"marks/{context.bd_fcm}/{written.business_date.isoformat()}/{instruction_id}"
    work.records.add(marks_record(marks, record_id, written, bd_fcm=context.bd_fcm))
    return ""


def _moves(
    lots: list[Lot], contract: str, quantity: int, into: Account, instruction_id: str
) -> list[tuple[Lot, tuple[Lot, ...]]] | None:
    """Return each lot that is directed with its parts, the moved one first; None if too few."""
    left, moves = quantity, []
    for lot in lots:
        fits = not lot.at_ficc and lot.instrument == contract and lot.account is not into
        if not fits or lot.quantity * quantity <= 0 or not left:
            continue
        part = min(lot.quantity, left, key=abs)
        moved = f"{lot.lot_id}/{instruction_id}/directed"
        staying = f"{lot.lot_id}/{instruction_id}/staying"
        moves.append((lot, tuple(moved_to(lot, into, part, moved_id=moved, staying_id=staying))))
        left -= part
    return None if left else moves


def _may_move(
    context: DayContext,
    work: Work,
    customer: CustomerKey,
    lots: list[Lot],
    *,
    moves: list[tuple[Lot, tuple[Lot, ...]]],
    written: Written,
) -> str:
    gone = {lot.lot_id for lot, _ in moves}
    after = [lot for lot in lots if lot.lot_id not in gone]
    after += [part for _, parts in moves for part in parts]
    out = kept_out(work.records, [customer], written.at)
    try:
        before_dollars, after_dollars = (
            _required(context, each, written, out) for each in (lots, after)
        )
    except RefusedError as error:
        return str(error)
    standing = standing_of(context, work, written.business_date, customer, None, is_evening=False)
    if after_dollars <= before_dollars:
        return ""
    reasons = reasons_against_transfer(
        standing.terms, value=standing.value, ccp_minimum_after=after_dollars
    )
    return "; ".join(str(each) for each in reasons)


def _required(
    context: DayContext, lots: list[Lot], written: Written, out: Collection[CustomerKey]
) -> Money:
    run = context.models.margined(
        position_lines(lots),
        cycle=Cycle.CUR,
        business_date=written.business_date,
        name="direction",
    )
    arrangement = context.parameters("arrangement", written.business_date)
    run = without_reduction(run, out, ReductionRules.from_parameters(arrangement))
    (customer,) = run.result.customers
    required = customer.requirement
    return required.ficc.requirement + required.cme.requirement + required.cme.outside
