"""Customers' property moved by hand from one place to another of the same holder and class.

A move is a wire like any other: it waits until the place that receives it confirms. What it leaves
may lack a fact, and is often why it is moved; what it goes to may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.transfers import MOVEMENTS, TransferKind
from crossmargin.participation.verdicts import eastern_date
from crossmargin.services.books.approvals import Matter, faults_of_people
from crossmargin.services.books.days import faults_of_entry
from crossmargin.services.books.keeping import kept_for
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.places import missing_at
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.wires import Leg, Purpose, Wire, instruct

#: Stream of the records of moves; the subject is the BD-FCM.
CUSTODY_MOVE = "CUSTODY_MOVE"
_RULE = "custody moves"
_MOVES = MOVEMENTS[TransferKind.CUSTODY_MOVE]


@dataclass(frozen=True, slots=True)
class Move:
    """Property to be moved.

    Parameters
    ----------
    move_id : str
        Never used before.
    source, target : str
        Ids of the accounts at the two places.
    asset : Asset
        Cash or a security.
    amount : int
        Whole cents, or dollars of par.
    reason : str
        In words.
    """

    move_id: str
    source: str
    target: str
    asset: Asset
    amount: int
    reason: str


def move_property(work: Work, bd_fcm: str, move: Move, entry: Entry) -> str:
    """Instruct a move of a BD-FCM's customers' property; done again, nothing changes.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    move : Move
    entry : Entry
        Its date in New York is the business date: one that is begun or may begin, not closed.

    Returns
    -------
    str
        Id of the wire: its confirmation names it.

    Raises
    ------
    RefusedError
        With every reason: of the people, of the day, of the two places, of what is there.
    """
    if not work.ledger.accounts(kind=AccountKind.HOUSE_EQUITY, bd_fcm=bd_fcm):
        raise refused("bd_fcm", bd_fcm, "one whose books are open", _RULE)
    record = _record(bd_fcm, move, entry)
    wire_id = f"wire/{bd_fcm}/custody-move/{move.move_id}"
    stands = work.records.get(record.record_id)
    if stands == record:
        return wire_id
    faults = faults_of_people(entry.actor, entry.approver, Matter.WIRE)
    faults += faults_of_entry(work.records, bd_fcm, entry.at)
    if stands is not None:
        faults.append(Refusal("id", move.move_id, "an id that was not used before", _RULE))
    open_places = {each.account_id: each for each in work.ledger.accounts()}
    source, target = (open_places.get(each) for each in (move.source, move.target))
    faults += _not_places(bd_fcm, move, source, target)
    if source is None or target is None or faults:
        raise RefusedError(*faults)
    if faults := list(_faults(work, record, move, (source, target))):
        raise RefusedError(*faults)
    work.records.add(record)
    written = Written(
        record.business_date, entry.at, entry.actor, (record.record_id,), entry.approver
    )
    wire = _wire(wire_id, bd_fcm, move, source, target)
    if reason := instruct(work, wire, written, approver=entry.approver):
        raise refused("amount", _text(move), reason, "ledger")
    # Only whoever writes is alone: another work may have moved the same since it was asked.
    if kept_for(work, source, bd_fcm, move.asset) < 0:
        raise refused("quantity", _text(move), "what nothing else has just moved", _RULE)
    return wire_id


def _record(bd_fcm: str, move: Move, entry: Entry) -> Record:
    return Record(
        record_id=f"custody-move/{bd_fcm}/{move.move_id}",
        stream=CUSTODY_MOVE,
        subject=bd_fcm,
        business_date=eastern_date(entry.at),
        at=entry.at,
        actor=entry.actor,
        approver=entry.approver,
        content={
            "from": move.source,
            "to": move.target,
            "asset": str(move.asset),
            "amount": move.amount,
            "reason": move.reason,
        },
    )


def _wire(wire_id: str, bd_fcm: str, move: Move, source: Account, target: Account) -> Wire:
    is_securities = source.segregation_class is SegregationClass.SECURITIES
    return Wire(
        wire_id=wire_id,
        subject=bd_fcm,
        purpose=Purpose.SCM_CUSTODY_MOVE if is_securities else Purpose.CUSTODY_MOVE,
        source=source.custodian,
        target=target.custodian,
        asset=move.asset,
        amount=move.amount,
        legs=(Leg(TransferKind.CUSTODY_MOVE, target, source),),
    )


def _not_places(
    bd_fcm: str, move: Move, source: Account | None, target: Account | None
) -> list[Refusal]:
    """Return which of the two is no open place, or another BD-FCM's."""
    return [
        Refusal(field, said, f"the account of a place that is open to {bd_fcm}", _RULE)
        for field, said, found in (("from", move.source, source), ("to", move.target, target))
        if found is None or not found.terms.is_kept_elsewhere or found.bd_fcm not in {"", bd_fcm}
    ]


def _faults(
    work: Work, record: Record, move: Move, places: tuple[Account, Account]
) -> Iterator[Refusal]:
    """Yield why property does not move between two places."""
    source, target = places
    bd_fcm, on = record.subject, record.business_date
    if move.asset.kind not in {AssetKind.CASH, AssetKind.SECURITY}:
        yield Refusal("asset", str(move.asset), "cash or a security", _RULE)
    if not move.reason.strip():
        yield Refusal("reason", move.reason, "why it is moved, in words", _RULE)
    is_alike = (target.kind, source.kind) in _MOVES and (
        target.segregation_class is source.segregation_class
    )
    if source == target or not is_alike:
        expected = f"another place of the holder and the class of {move.source}"
        yield Refusal("to", move.target, expected, _RULE)
    if lacking := missing_at(work, target, on):
        expected = f"a place that takes property on {on}: it lacks {lacking}"
        yield Refusal("to", move.target, expected, _RULE)
    kept = kept_for(work, source, bd_fcm, move.asset)
    if not 0 < move.amount <= kept:
        most = str(Money(kept)) if move.asset == CASH else str(kept)
        expected = f"more than nothing, at most the {most} of {bd_fcm}'s customers there"
        yield Refusal("quantity", _text(move), expected, _RULE)


def _text(move: Move) -> str:
    return str(Money(move.amount)) if move.asset == CASH else str(move.amount)
