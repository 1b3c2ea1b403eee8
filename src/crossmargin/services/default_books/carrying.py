"""Lots that a receiver carries on: parted where a part moves, their marks with them.

A forward mark that was paid goes back the next morning, and variation is a difference from the last
settlement price: both follow the lot, or the receiver would pay or collect them again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.refusals import refused
from crossmargin.default_management.postings import PositionClosed, PositionPorted
from crossmargin.product.position import Account
from crossmargin.services.books.accounts import position_account, position_asset
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    Written,
    ended_record,
    goes_on_as,
    lot_record,
)
from crossmargin.services.clearing_day.marks import Marks, last_marks, marks_record
from crossmargin.settlement.amounts import part_of
from crossmargin.settlement.lots import Lot

_RULE = "the books of a port"
_REGULAR = " regular"


@dataclass(frozen=True, slots=True)
class Parted:
    """Lots of a customer, those that move apart from those that stay."""

    moving: tuple[Lot, ...]
    staying: tuple[Lot, ...]


def label_of_lot(lot: Lot) -> str:
    """Return the name that a port plan gives a lot's line."""
    return lot.instrument if lot.account is Account.XM else lot.instrument + _REGULAR


def positions_of(lots: Sequence[Lot]) -> dict[str, int]:
    """Return what lots add up to, by line."""
    held: dict[str, int] = {}
    for lot in lots:
        held[label_of_lot(lot)] = held.get(label_of_lot(lot), 0) + lot.quantity
    return dict(sorted(held.items()))


def part_lots(
    work: Work, lots: Sequence[Lot], lines: Mapping[str, int], written: Written, *, name: str
) -> Parted:
    """Part lots so that some of each line can move; a line moves in order of its lots.

    Parameters
    ----------
    work : Work
    lots : sequence of Lot
        All of one customer that are live.
    lines : mapping of line to int
        What moves of each, signed.
    written : Written
    name : str
        Of the move, for the ids of parts.

    Raises
    ------
    RefusedError
        If a line has no such part.
    """
    moving: list[Lot] = []
    staying: list[Lot] = []
    split: list[tuple[Lot, tuple[Lot, Lot]]] = []
    held = positions_of(lots)
    left = dict(lines)
    for lot in lots:
        label = label_of_lot(lot)
        if label not in lines:
            staying.append(lot)
        elif lines[label] == held[label]:
            moving.append(lot)
        else:
            taken = _taken(lot, left[label], whole=held[label])
            left[label] -= taken
            if taken == lot.quantity:
                moving.append(lot)
            elif taken == 0:
                staying.append(lot)
            else:
                ids = (f"{lot.lot_id}/{name}/moving", f"{lot.lot_id}/{name}/left")
                parts = lot.split(taken, leaving_id=ids[0], staying_id=ids[1])
                split.append((lot, parts))
                moving.append(parts[0])
                staying.append(parts[1])
    _write_split(work, split, written, name)
    return Parted(tuple(moving), tuple(staying))


def _taken(lot: Lot, wanted: int, *, whole: int) -> int:
    """Return how much of a lot goes towards what is still wanted of its line."""
    if lot.quantity * whole <= 0 or wanted * whole < 0 or abs(wanted) > abs(whole):
        expected = f"all of {whole}, or a part of a line whose lots are of one sign"
        raise refused(label_of_lot(lot), str(wanted), expected, _RULE)
    return lot.sign * min(abs(wanted), abs(lot.quantity))


def _write_split(
    work: Work, split: Sequence[tuple[Lot, tuple[Lot, Lot]]], written: Written, name: str
) -> None:
    if not split:
        return
    bd_fcm = split[0][0].customer.bd_fcm
    marks = last_marks(work.records, bd_fcm)
    for lot, parts in split:
        goes_on_as(work.records, lot, parts, LotEnd.SPLIT, written)
        marks = _marks_split(marks, lot, parts)
    _keep(work, marks, f"{name}/split", written, bd_fcm)


def _marks_split(marks: Marks, lot: Lot, parts: tuple[Lot, Lot]) -> Marks:
    """Return the marks where a lot has been parted, forward marks too, to the cent."""
    marks = marks.split(lot, parts)
    outstanding = []
    for each in marks.outstanding:
        if each.lot_id != lot.lot_id:
            outstanding.append(each)
            continue
        share = part_of(each.amount, parts[0].quantity, lot.quantity)
        outstanding.append(replace(each, lot_id=parts[0].lot_id, amount=share))
        outstanding.append(replace(each, lot_id=parts[1].lot_id, amount=each.amount - share))
    return Marks(marks.futures, tuple(outstanding), marks.record_id)


def carried_position(lot: Lot) -> PositionClosed:
    """Return a lot as the position that its account carries."""
    account = position_account(lot.customer, lot.clearing_organization, lot.account)
    asset = position_asset(lot.clearing_organization, lot.instrument)
    return PositionClosed(account, asset, lot.quantity, lot.lot_id)


def ported_position(lot: Lot, receiver: str, *, in_arrangement: bool = True) -> PositionPorted:
    """Return a lot's position as it goes to a receiver, as :func:`carry_lots` writes the lot."""
    theirs = _at(lot, receiver, in_arrangement=in_arrangement)
    return PositionPorted(carried_position(lot), carried_position(theirs).account)


def _at(lot: Lot, receiver: str, *, in_arrangement: bool) -> Lot:
    """Return a lot as the receiver carries it: in a regular account outside the arrangement."""
    return replace(
        lot,
        lot_id=f"{lot.lot_id}/ported",
        customer=CustomerKey(receiver, lot.customer.customer_id),
        account=lot.account if in_arrangement else Account.REGULAR,
    )


def carry_lots(
    work: Work,
    lots: Sequence[Lot],
    receiver: str,
    written: Written,
    *,
    name: str,
    in_arrangement: bool = True,
) -> None:
    """Write that lots of one customer end here and go on at a receiver, with their marks.

    Parameters
    ----------
    work : Work
    lots : sequence of Lot
    receiver : str
    written : Written
    name : str
        Of the move: the marks of both BD-FCMs are written under it.
    in_arrangement : bool
        Whether positions of the arrangement stay in it; regular accounts carry them otherwise.
    """
    if not lots:
        return
    bd_fcm = lots[0].customer.bd_fcm
    mine, theirs = last_marks(work.records, bd_fcm), last_marks(work.records, receiver)
    for lot in lots:
        subject = subject_of(lot.customer)
        work.records.add(ended_record(lot.lot_id, LotEnd.PORTED, written, subject=subject))
        carried = _at(lot, receiver, in_arrangement=in_arrangement)
        work.records.add(lot_record(carried, written))
        mine, theirs = _mark_moved(mine, theirs, lot.lot_id, carried.lot_id)
    _keep(work, mine, name, written, bd_fcm)
    _keep(work, theirs, name, written, receiver)


def _mark_moved(mine: Marks, theirs: Marks, lot_id: str, carried_id: str) -> tuple[Marks, Marks]:
    futures = dict(theirs.futures)
    if lot_id in mine.futures:
        futures[carried_id] = mine.futures[lot_id]
    paid = tuple(
        replace(each, lot_id=carried_id) for each in mine.outstanding if each.lot_id == lot_id
    )
    kept = tuple(each for each in mine.outstanding if each.lot_id != lot_id)
    return (
        Marks(mine.without([lot_id]).futures, kept, mine.record_id),
        Marks(futures, (*theirs.outstanding, *paid), theirs.record_id),
    )


def _keep(work: Work, marks: Marks, name: str, written: Written, bd_fcm: str) -> None:
    record_id = f"marks/{bd_fcm}/{written.business_date.isoformat()}/{name}"
    work.records.add(marks_record(marks, record_id, written, bd_fcm=bd_fcm))
