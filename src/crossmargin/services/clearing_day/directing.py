"""Futures directed into the cross-margining account and out of it, during the day.

The customer's requirement after the direction is computed before it is made: a direction that
raises it and leaves the customer under-margined is refused. One that comes after a cycle's cut-off
does not reach that cycle, because the cycle takes the positions of its cut-off. Each direction is a
record with what it does to the requirement at either clearing organization, and with the next cycle
that takes it in; what it did to the day's cycles is said with them, in
:func:`effects_of_directions`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.house_terms import reasons_against_transfer
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.access import kept_out, without_reduction
from crossmargin.services.clearing_day.call_register import call_book
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import reasons_against_risk
from crossmargin.services.clearing_day.engine import StepResult
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    Written,
    goes_on_as,
    moved_to,
    position_lines,
    read_register,
)
from crossmargin.services.clearing_day.marks import last_marks, marks_record
from crossmargin.services.clearing_day.position_transfers import directing_transfer, refused
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.standing import standing_of
from crossmargin.settlement.lots import Lot

DIRECTION = "DIRECTION"


@dataclass(frozen=True, slots=True)
class _Sides:
    """What each clearing organization requires of a customer's futures account."""

    ficc: Money
    cme: Money

    @property
    def total(self) -> Money:
        """Of both."""
        return self.ficc + self.cme


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
    try:
        before, after = _before_and_after(context, work, lots, moves, written)
    except RefusedError as error:
        return str(error)
    reason = _may_move(context, work, customer, before=before, after=after, written=written)
    if reason:
        return reason
    marks = last_marks(work.records, context.bd_fcm)
    for lot, parts in moves:
        own = written.following(lot.lot_id)
        answers = refused(work.ledger.post([directing_transfer(lot, parts[0], own)]))
        if answers:
            return answers[0].posting.value
        goes_on_as(work.records, lot, parts, LotEnd.DIRECTED, own)
        marks = marks.split(lot, parts)
    record_id = f"marks/{context.bd_fcm}/{written.business_date.isoformat()}/{instruction_id}"
    work.records.add(marks_record(marks, record_id, written, bd_fcm=context.bd_fcm))
    reaches = _reaches(context, written)
    content = {
        "contract": contract,
        "quantity": quantity,
        "into": into.value,
        "moved": [parts[0].lot_id for _, parts in moves],
        "itd_cutoff": _itd_cutoff(context, written).isoformat(),
        "reaches": reaches.value,
        **{
            side: {"before": str(old), "after": str(new), "change": str(new - old)}
            for side, old, new in (
                ("ficc", before.ficc, after.ficc),
                ("cme", before.cme, after.cme),
            )
        },
    }
    direction_id = f"direction/{context.bd_fcm}/{instruction_id}"
    work.records.add(written.record(direction_id, DIRECTION, subject_of(customer), content))
    return ""


def effects_of_directions(context: DayContext, work: Work, step: Step) -> StepResult:
    """Return what the day's directions do to its cycles, at each clearing organization.

    The requirement of the cycle's positions, less the requirement of the same positions with that
    direction undone. One after a cycle's cut-off is not in them: nothing at either side. ITD is
    said with ITD, and in the evening for what was directed after it; EOD is said in the evening.
    """
    day = step.business_date
    found = [
        record
        for record in work.records.select(stream=DIRECTION, first=day, last=day)
        if record.subject.split("/")[0] == context.bd_fcm
    ]
    itd_run = context.clock.times[StepKind.ITD].on(day)
    cycles = (Cycle.ITD, Cycle.EOD) if step.kind is StepKind.EOD else (Cycle.ITD,)
    said = [
        _effect(context, work, record, cycle)
        for cycle in cycles
        for record in found
        if cycle is Cycle.EOD or step.kind is StepKind.ITD or record.at > itd_run
    ]
    return StepResult({"directed": said} if said else {})


def _effect(context: DayContext, work: Work, direction: Record, cycle: Cycle) -> list[str]:
    day, times = direction.business_date, context.clock.hourly.times
    cutoffs = {side: times[cycle, side].on(day) for side in ClearingOrganization}
    lots = read_register(work.records, context.bd_fcm).live(cutoffs)
    own = [lot for lot in lots if subject_of(lot.customer) == direction.subject]
    undone = [_undone(lot, direction) for lot in own]
    ficc = cme = ZERO
    if own != undone:
        out = kept_out(
            work.records, {lot.customer for lot in own}, cutoffs[ClearingOrganization.CME]
        )
        with_it, without = (
            _required(context, each, out, cycle=cycle, day=day, name=f"{day.isoformat()} direction")
            for each in (own, undone)
        )
        ficc, cme = with_it.ficc - without.ficc, with_it.cme - without.cme
    said = direction.content
    return [
        direction.subject,
        f"{said['quantity']} {said['contract']} into {said['into']}",
        f"at {direction.at.isoformat(timespec='minutes')}",
        f"changes {cycle.value} by",
        f"FICC {ficc}",
        f"CME {cme}",
    ]


def _undone(lot: Lot, direction: Record) -> Lot:
    """Return a lot as it would be without a direction: what that moved, in the other account."""
    moved = direction.content["moved"]
    ids = [str(each) for each in moved] if isinstance(moved, list | tuple) else []
    if not any(lot.lot_id == each or lot.lot_id.startswith(f"{each}/") for each in ids):
        return lot
    into_xm = direction.content["into"] == Account.XM.value
    return replace(lot, account=Account.REGULAR if into_xm else Account.XM)


def _moves(
    lots: list[Lot], contract: str, quantity: int, into: Account, instruction_id: str
) -> list[tuple[Lot, tuple[Lot, ...]]] | None:
    """Return each lot that is directed with its parts, the moved one first; None if too few."""
    left, moves = quantity, []
    outside = [
        lot
        for lot in lots
        if not lot.at_ficc and lot.instrument == contract and lot.account is not into
    ]
    # Bought and sold on one day are still two lots: what is open is the net.
    net = sum(lot.quantity for lot in outside)
    if net * quantity <= 0 or abs(quantity) > abs(net):
        return None
    for lot in outside:
        if lot.quantity * quantity <= 0 or not left:
            continue
        part = min(lot.quantity, left, key=abs)
        moved = f"{lot.lot_id}/{instruction_id}/directed"
        staying = f"{lot.lot_id}/{instruction_id}/staying"
        moves.append((lot, tuple(moved_to(lot, into, part, moved_id=moved, staying_id=staying))))
        left -= part
    return moves


def _before_and_after(
    context: DayContext,
    work: Work,
    lots: list[Lot],
    moves: list[tuple[Lot, tuple[Lot, ...]]],
    written: Written,
) -> tuple[_Sides, _Sides]:
    """Return what both sides require before a direction and after it, at the prices of ITD."""
    gone = {lot.lot_id for lot, _ in moves}
    moved = [lot for lot in lots if lot.lot_id not in gone]
    moved += [part for _, parts in moves for part in parts]
    out = kept_out(work.records, {lot.customer for lot in lots}, written.at)
    before, after = (
        _required(context, each, out, cycle=Cycle.CUR, day=written.business_date, name="direction")
        for each in (lots, moved)
    )
    return before, after


def _may_move(
    context: DayContext,
    work: Work,
    customer: CustomerKey,
    *,
    before: _Sides,
    after: _Sides,
    written: Written,
) -> str:
    if after.total <= before.total:
        return ""
    standing = standing_of(context, work, written.business_date, customer, None, is_evening=False)
    restricted = reasons_against_risk(context, work.records, customer, written.business_date)
    reasons = reasons_against_transfer(
        standing.terms,
        value=standing.value,
        ccp_minimum_after=after.total,
        uncollected=call_book(work.records, customer).served_by(customer, None),
    )
    return "; ".join(str(each) for each in (*restricted, *reasons))


def _required(
    context: DayContext,
    lots: Sequence[Lot],
    out: Collection[CustomerKey],
    *,
    cycle: Cycle,
    day: date,
    name: str,
) -> _Sides:
    run = context.models.margined(position_lines(lots), cycle=cycle, business_date=day, name=name)
    rules = ReductionRules.from_parameters(context.parameters("arrangement", day))
    run = without_reduction(run, out, rules)
    (customer,) = run.result.customers
    required = customer.requirement
    return _Sides(required.ficc.requirement, required.cme.requirement + required.cme.outside)


def _itd_cutoff(context: DayContext, written: Written) -> datetime:
    times = context.clock.hourly.times
    return times[Cycle.ITD, ClearingOrganization.CME].on(written.business_date)


def _reaches(context: DayContext, written: Written) -> Cycle:
    """Return the next cycle that calls and takes a direction in."""
    return Cycle.ITD if written.at <= _itd_cutoff(context, written) else Cycle.EOD
