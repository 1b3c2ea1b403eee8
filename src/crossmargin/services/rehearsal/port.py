"""A port as far as these books go: everything out of the customer's accounts in one linked group.

Positions leave both clearing organizations, margin comes back from both, and all property goes to
the receiver; posted whole or not at all. The receiver's own books are another firm's: what it would
take in is listed, by CUSIP, and not posted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.posting import Answer
from crossmargin.ledger.transfers import Transfer
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import (
    LotEnd,
    Written,
    ended_record,
    read_register,
)
from crossmargin.services.clearing_day.outgoing import quantity_text
from crossmargin.services.clearing_day.placing import Places, places_of
from crossmargin.services.clearing_day.position_transfers import ending_transfer
from crossmargin.services.clearing_day.wires import (
    Purpose,
    Wire,
    margin_wire,
    withdrawal_wire,
)

PORT = "REHEARSED_PORT"
_MARGIN = (
    (AccountKind.FICC_XM_MARGIN, Purpose.MARGIN_FROM_FICC),
    (AccountKind.CME_CUSTOMER_MARGIN, Purpose.MARGIN_FROM_CME),
)


@dataclass(frozen=True, slots=True)
class Ported:
    """What a receiver would take in.

    Parameters
    ----------
    record_id : str
    positions, property : mapping of str to str
        By account and instrument, and by asset: contracts, par, dollars.
    refused : tuple of Answer
        Why nothing was posted, or nothing.
    """

    record_id: str
    positions: dict[str, str]
    property: dict[str, str]
    refused: tuple[Answer, ...]


def port_out(work: Work, customer: CustomerKey, written: Written, *, receiver: str) -> Ported:
    """Move everything that a customer has out of its accounts, in one linked group."""
    group = f"port/{subject_of(customer)}/{written.business_date.isoformat()}"
    cause = replace(written, causes=(group,))
    live = read_register(work.records, customer.bd_fcm).live()
    lots = [lot for lot in live if lot.customer == customer]
    places = places_of(work, customer.bd_fcm, written.business_date)
    leaving = list(_property(work, customer, places))
    transfers = [
        *(replace(ending_transfer(lot, LotEnd.PORTED, cause), group_id=group) for lot in lots),
        *(each for wire in leaving for each in _transfers(wire, cause, group)),
    ]
    answers = work.ledger.post(transfers)
    against = tuple(each for each in answers if not each.posting.is_accepted)
    positions: dict[str, int] = {}
    for lot in lots:
        name = f"{lot.clearing_organization.value} {lot.account.value} {lot.instrument}"
        positions[name] = positions.get(name, 0) + lot.quantity
        if not against:
            subject = subject_of(customer)
            work.records.add(ended_record(lot.lot_id, LotEnd.PORTED, cause, subject=subject))
    ported = Ported(
        group,
        {name: str(quantity) for name, quantity in sorted(positions.items()) if quantity},
        {
            str(wire.asset): quantity_text(wire.asset, wire.amount)
            for wire in leaving
            if wire.purpose is Purpose.WITHDRAWAL
        },
        against,
    )
    content = {
        "receiver": receiver,
        "positions": ported.positions,
        "property": ported.property,
        "transfers": len(transfers),
        "refused": [each.posting.value for each in against],
    }
    work.records.add(written.record(group, PORT, subject_of(customer), content))
    return ported


def _property(work: Work, customer: CustomerKey, places: Places) -> Iterator[Wire]:
    """Yield what comes back from each clearing organization, then what goes to the receiver."""
    for kind, purpose in _MARGIN:
        for (_, asset), balance in work.ledger.balances(
            kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
        ).items():
            amount = balance.posted_debit
            if amount:
                at_ficc = purpose is Purpose.MARGIN_FROM_FICC
                where = places.returning(work, asset, amount) if at_ficc else places
                yield margin_wire(customer, purpose, asset, amount, where or places, name="port")
    for (_, asset), balance in work.ledger.balances(
        kind=AccountKind.CUSTOMER_FUTURES_ACCOUNT,
        bd_fcm=customer.bd_fcm,
        customer_id=customer.customer_id,
    ).items():
        if balance.posted_credit > 0:
            yield withdrawal_wire(customer, asset, balance.posted_credit, places, "port")


def _transfers(wire: Wire, written: Written, group: str) -> Iterator[Transfer]:
    for number, leg in enumerate(wire.legs, start=1):
        yield Transfer(
            transfer_id=f"{group}/{wire.purpose.value}/{wire.asset}/{number}",
            group_id=group,
            kind=leg.kind,
            debit_account_id=leg.debit.account_id,
            credit_account_id=leg.credit.account_id,
            asset=wire.asset,
            amount=wire.amount,
            business_date=written.business_date,
            at=written.at,
            cause_id=group,
        )
