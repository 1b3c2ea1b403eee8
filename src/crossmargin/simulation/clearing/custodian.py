"""What custodians do: they say what they hold, by place, segregation and asset.

They go by the confirmations that they saw, and by the instructions to move property between a
customer's futures account and its securities account, not by what anybody's ledger says.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from crossmargin.services.clearing_day.arrivals import (
    SEGREGATED_BANK,
    Action,
    ArrivedRow,
    CustodianRow,
    Direction,
    FileKind,
    InstructionRow,
    PaymentRow,
    Segregation,
)
from crossmargin.simulation.clearing.outbox import Wire
from crossmargin.simulation.clearing.seen import Seen, SentFile

#: Purposes of wires of Segregated Customer Margin begin so; calls of it are for that.
_SCM, _SCM_CALL = "SCM_", "FICC_SCM"
_SETTLEMENTS = ("CME_SETTLEMENT", "FICC_FUNDS_ONLY", "SCM_FUNDS_ONLY")
#: The securities of a delivery are of a securities account; who is across it is no custodian.
_DELIVERED = "FUTURES_DELIVERY_SECURITIES"
_DELIVERIES = ("FUTURES_DELIVERY_INVOICE", _DELIVERED)
_RETITLED = {
    Action.TO_SECURITIES_ACCOUNT: (Segregation.FUTURES, Segregation.SECURITIES),
    Action.FROM_SECURITIES_ACCOUNT: (Segregation.SECURITIES, Segregation.FUTURES),
}
_Holdings = defaultdict[tuple[str, Segregation, str], int]


def files_until(seen: Seen, until: datetime) -> tuple[SentFile, ...]:
    """Return the statement of the day, if it is due by an instant."""
    at = seen.at(seen.plan.clock.custodian)
    if not seen.is_due(at, until):
        return ()
    return (SentFile(at, FileKind.CUSTODIAN, "", _statement(seen, at)),)


def _statement(seen: Seen, at: datetime) -> tuple[CustodianRow, ...]:
    held, confirmed = _held(seen, at)
    for each in seen.plan.custodian_differences:
        if each.day == seen.business_date:
            held[each.place, each.segregation, each.asset] += each.quantity
    moving: _Holdings = defaultdict(int)
    for wire in seen.outbox.wires:
        if wire.wire_id not in confirmed and seen.is_sent(wire, at):
            _move(moving, wire)
    rows = []
    for account in seen.plan.custody_accounts:
        keys = {key for key in (*held, *moving) if key[0] == account.place}
        for key in sorted(keys):
            if held[key] or moving[key]:
                _, segregation, asset = key
                rows.append(
                    CustodianRow(
                        line=0,
                        place=account.place,
                        account_scope=account.scope,
                        segregation=segregation,
                        asset=asset,
                        quantity=held[key],
                        in_transit=moving[key],
                    )
                )
    return tuple(rows)


def _held(seen: Seen, at: datetime) -> tuple[_Holdings, set[str]]:
    """Return what was confirmed to be held, and the wires that were confirmed."""
    wires = {wire.wire_id: wire for wire in seen.outbox.wires}
    outside = {call.call_id for call in seen.outbox.calls if call.called_for == _SCM_CALL}
    held: _Holdings = defaultdict(int)
    confirmed: set[str] = set()
    paid: set[str] = set()
    for row in _told(seen, at):
        if isinstance(row, InstructionRow) and row.action in _RETITLED:
            _retitle(held, row)
        if not isinstance(row, PaymentRow) or row.payment_id in paid:
            continue
        paid.add(row.payment_id)
        wire = wires.get(row.reference)
        if wire is not None:
            confirmed.add(wire.wire_id)
            _move(held, wire)
        else:
            sign = 1 if row.direction is Direction.IN else -1
            # What pays a call of Segregated Customer Margin is the securities account's.
            is_outside = row.reference in outside
            title = Segregation.SECURITIES if is_outside else Segregation.FUTURES
            held[row.place, title, row.asset] += sign * row.quantity
    return held, confirmed


def _told(seen: Seen, at: datetime) -> list[ArrivedRow]:
    """Return the rows of payments and instructions, in the order in which they arrived."""
    files = [
        file
        for kind in (FileKind.PAYMENTS, FileKind.INSTRUCTIONS)
        for _, file in seen.arrived(kind, at)
    ]
    files.sort(key=lambda file: file.arrived_at.astimezone(UTC))
    return [row for file in files for row in file.rows]


def _retitle(held: _Holdings, row: InstructionRow) -> None:
    """Move property from one title to the other; more than there is is not moved."""
    source, target = _RETITLED[row.action]
    place = row.place or SEGREGATED_BANK
    if held[place, source, row.asset] >= row.quantity:
        held[place, source, row.asset] -= row.quantity
        held[place, target, row.asset] += row.quantity


def _move(holdings: _Holdings, wire: Wire) -> None:
    # Settlement with a clearing organization is paid through: it holds none of it.
    passes = {"CME", "FICC"} if wire.purpose in (*_SETTLEMENTS, *_DELIVERIES) else set()
    is_securities = wire.purpose.startswith(_SCM) or wire.purpose == _DELIVERED
    segregation = Segregation.SECURITIES if is_securities else Segregation.FUTURES
    if wire.source not in passes:
        holdings[wire.source, segregation, wire.asset] -= wire.quantity
    if wire.destination not in passes:
        holdings[wire.destination, segregation, wire.asset] += wire.quantity
