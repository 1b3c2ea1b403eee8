"""What banks do: they confirm what came to the segregated bank account, and what customers got."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from crossmargin.services.clearing_day.arrivals import (
    CUSTOMER,
    SEGREGATED_BANK,
    Direction,
    FileKind,
    PaymentRow,
)
from crossmargin.simulation.clearing.outbox import Wire
from crossmargin.simulation.clearing.seen import Seen, SentFile, gathered

LABEL = "banks"


def files_until(seen: Seen, until: datetime) -> tuple[SentFile, ...]:
    """Return what the BD-FCM's banks send on the day up to an instant."""
    files = confirmations(seen, LABEL, is_the_banks)
    return tuple(file for file in files if seen.is_due(file.arrived_at, until))


def is_the_banks(wire: Wire) -> bool:
    """Whether a wire is confirmed by the BD-FCM's bank, not by who receives it."""
    return wire.destination in (SEGREGATED_BANK, CUSTOMER)


def confirmations(
    seen: Seen, label: str, is_theirs: Callable[[Wire], bool]
) -> tuple[SentFile, ...]:
    """Return the confirmations of the wires that one party confirms, one file a minute."""
    rows = [
        (at, _confirmed(seen, wire))
        for wire in seen.outbox.wires
        if is_theirs(wire) and (at := seen.confirmed_at(wire)) is not None
    ]
    return gathered(FileKind.PAYMENTS, label, rows)


def _confirmed(seen: Seen, wire: Wire) -> PaymentRow:
    came_in = wire.destination == SEGREGATED_BANK
    at_the_bank = came_in or wire.destination == CUSTOMER
    return PaymentRow(
        line=0,
        payment_id=f"confirmed-{wire.wire_id}",
        reference=wire.wire_id,
        bd_fcm=seen.plan.bd_fcm,
        customer=seen.plan.customer(wire.customer_id) if wire.customer_id else None,
        place=SEGREGATED_BANK if at_the_bank else wire.destination,
        asset=wire.asset,
        quantity=wire.quantity,
        direction=Direction.IN if came_in else Direction.OUT,
    )
