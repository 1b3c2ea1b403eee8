"""Wires: what goes out or comes back waits from its instruction to its confirmation.

A wire is a record and a group of pending transfers, one in each book that it touches. The
confirmation of the bank or the clearing organization posts them; until then they are in transit.
Every wire has a maker and a checker who differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.services.books.accounts import (
    cme_custody,
    ficc_custody,
    of_bd_fcm,
    of_customer,
)
from crossmargin.services.books.folds import Fold
from crossmargin.services.books.ports import Ledger, Records, Work
from crossmargin.services.clearing_day.arrivals import CUSTOMER, HOUSE
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.position_transfers import reason_of, refused

WIRE = "WIRE"
WIRE_SETTLED = "WIRE_SETTLED"


class Purpose(StrEnum):
    """What a wire is for."""

    MARGIN_TO_FICC = "MARGIN_TO_FICC"
    MARGIN_FROM_FICC = "MARGIN_FROM_FICC"
    MARGIN_TO_CME = "MARGIN_TO_CME"
    MARGIN_FROM_CME = "MARGIN_FROM_CME"
    WITHDRAWAL = "WITHDRAWAL"
    SCM_TO_FICC = "SCM_TO_FICC"
    SCM_FROM_FICC = "SCM_FROM_FICC"
    SCM_WITHDRAWAL = "SCM_WITHDRAWAL"
    RESIDUAL_INTEREST_DEPOSIT = "RESIDUAL_INTEREST_DEPOSIT"
    RESIDUAL_INTEREST_WITHDRAWAL = "RESIDUAL_INTEREST_WITHDRAWAL"
    CME_SETTLEMENT = "CME_SETTLEMENT"
    FICC_FUNDS_ONLY = "FICC_FUNDS_ONLY"
    SCM_FUNDS_ONLY = "SCM_FUNDS_ONLY"
    FUTURES_DELIVERY_INVOICE = "FUTURES_DELIVERY_INVOICE"
    FUTURES_DELIVERY_SECURITIES = "FUTURES_DELIVERY_SECURITIES"


#: What is paid to a clearing organization or received from it, and the account that says how much.
SETTLEMENT_ACCOUNTS = {
    Purpose.CME_SETTLEMENT: AccountKind.CME_SETTLEMENT,
    Purpose.FICC_FUNDS_ONLY: AccountKind.FICC_FUNDS_ONLY_SETTLEMENT,
    Purpose.SCM_FUNDS_ONLY: AccountKind.SCM_FUNDS_ONLY_SETTLEMENT,
}


@dataclass(frozen=True, slots=True)
class Leg:
    """One pending transfer of a wire."""

    kind: TransferKind
    debit: Account
    credit: Account


@dataclass(frozen=True, slots=True)
class Wire:
    """A wire to be made.

    Parameters
    ----------
    wire_id : str
    subject : str
        The customer, or the BD-FCM for a payment that is nobody's alone.
    purpose : Purpose
    source, target : str
        Places, as the files of the day name them.
    asset : Asset
    amount : int
        Whole units, above 0.
    legs : tuple of Leg
    """

    wire_id: str
    subject: str
    purpose: Purpose
    source: str
    target: str
    asset: Asset
    amount: int
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where one BD-FCM's customers' property is kept.

    Parameters
    ----------
    bank : str
        Of the segregated accounts of its own.
    ficc : str
        ``FRBNY`` or the bank of FICC's Segregated Bank Account.
    """

    bank: str
    ficc: str


def places_of(ledger: Ledger, bd_fcm: str) -> Places:
    """Return the places whose accounts are open: the first by name; FRBNY before a bank.

    Raises
    ------
    LookupError
        If one is missing.
    """
    banks = ledger.accounts(kind=AccountKind.SEGREGATED_BANK, bd_fcm=bd_fcm)
    ficc = [
        *ledger.accounts(kind=AccountKind.FRBNY_SEGREGATED_ACCOUNT),
        *ledger.accounts(kind=AccountKind.SEGREGATED_BANK_ACCOUNT),
    ]
    if not banks or not ficc:
        raise LookupError(f"{bd_fcm} has no segregated bank account, or FICC no custody account")
    return Places(banks[0].custodian, ficc[0].custodian)


def margin_wire(
    customer: CustomerKey,
    purpose: Purpose,
    asset: Asset,
    amount: int,
    places: Places,
    *,
    name: str,
) -> Wire:
    """Return the wire of margin to or from a clearing organization.

    Parameters
    ----------
    customer : CustomerKey
    purpose : Purpose
        One of the four of margin.
    asset : Asset
    amount : int
    places : Places
    name : str
        Of the step, unique in the customer's life.
    """
    at_ficc = purpose in {Purpose.MARGIN_TO_FICC, Purpose.MARGIN_FROM_FICC}
    outward = purpose in {Purpose.MARGIN_TO_FICC, Purpose.MARGIN_TO_CME}
    bank = of_bd_fcm(AccountKind.SEGREGATED_BANK, customer.bd_fcm, places.bank)
    claim = of_customer(
        AccountKind.FICC_XM_MARGIN if at_ficc else AccountKind.CME_CUSTOMER_MARGIN, customer
    )
    debt = of_customer(AccountKind.FICC_OWED_XM if at_ficc else AccountKind.CME_OWED, customer)
    held = ficc_custody(places.ficc) if at_ficc else cme_custody()
    kind = TransferKind(purpose.value)
    ours, theirs = ((claim, bank), (held, debt)) if outward else ((bank, claim), (debt, held))
    place = places.ficc if at_ficc else "CME"
    return Wire(
        wire_id=f"wire/{subject_of(customer)}/{name}/{purpose.value}/{asset}",
        subject=subject_of(customer),
        purpose=purpose,
        source=places.bank if outward else place,
        target=place if outward else places.bank,
        asset=asset,
        amount=amount,
        legs=(Leg(kind, *ours), Leg(kind, *theirs)),
    )


def withdrawal_wire(
    customer: CustomerKey, asset: Asset, amount: int, places: Places, instruction_id: str
) -> Wire:
    """Return the wire of a withdrawal to the customer; its id is the instruction's."""
    own = of_customer(AccountKind.CUSTOMER_FUTURES_ACCOUNT, customer)
    bank = of_bd_fcm(AccountKind.SEGREGATED_BANK, customer.bd_fcm, places.bank)
    return Wire(
        wire_id=f"wire/{subject_of(customer)}/{instruction_id}",
        subject=subject_of(customer),
        purpose=Purpose.WITHDRAWAL,
        source=places.bank,
        target=CUSTOMER,
        asset=asset,
        amount=amount,
        legs=(Leg(TransferKind.WITHDRAWAL, own, bank),),
    )


def settlement_wire(bd_fcm: str, purpose: Purpose, owed: int, places: Places, *, name: str) -> Wire:
    """Return the payment of what was booked against a clearing organization.

    Parameters
    ----------
    owed : int
        Credit balance of the settlement account: what is to be paid; negative is to be received.
    """
    at_cme = purpose is Purpose.CME_SETTLEMENT
    side = of_bd_fcm(SETTLEMENT_ACCOUNTS[purpose], bd_fcm)
    kind = TransferKind.CME_SETTLEMENT_PAYMENT if at_cme else TransferKind.FICC_FUNDS_ONLY_PAYMENT
    is_scm = purpose is Purpose.SCM_FUNDS_ONLY
    kept = AccountKind.SECURITIES_CUSTODY if is_scm else AccountKind.SEGREGATED_BANK
    bank = of_bd_fcm(kept, bd_fcm, places.bank)
    place = "CME" if at_cme else "FICC"
    pays = owed > 0
    return Wire(
        wire_id=f"wire/{bd_fcm}/{name}/{purpose.value}",
        subject=bd_fcm,
        purpose=purpose,
        source=places.bank if pays else place,
        target=place if pays else places.bank,
        asset=CASH,
        amount=abs(owed),
        legs=(Leg(kind, side, bank) if pays else Leg(kind, bank, side),),
    )


def residual_interest_wire(
    bd_fcm: str, purpose: Purpose, amount_cents: int, places: Places, instruction_id: str
) -> Wire:
    """Return the wire of the BD-FCM's own cash into the segregated account, or out of it."""
    bank = of_bd_fcm(AccountKind.SEGREGATED_BANK, bd_fcm, places.bank)
    interest = of_bd_fcm(AccountKind.RESIDUAL_INTEREST, bd_fcm)
    own_bank = of_bd_fcm(AccountKind.HOUSE_BANK, bd_fcm)
    own_interest = of_bd_fcm(AccountKind.HOUSE_RESIDUAL_INTEREST, bd_fcm)
    kind = TransferKind(purpose.value)
    inward = purpose is Purpose.RESIDUAL_INTEREST_DEPOSIT
    return Wire(
        wire_id=f"wire/{bd_fcm}/{instruction_id}",
        subject=bd_fcm,
        purpose=purpose,
        source=HOUSE if inward else places.bank,
        target=places.bank if inward else HOUSE,
        asset=CASH,
        amount=amount_cents,
        legs=(Leg(kind, bank, interest), Leg(kind, own_interest, own_bank))
        if inward
        else (Leg(kind, interest, bank), Leg(kind, own_bank, own_interest)),
    )


def instruct(work: Work, wire: Wire, written: Written, *, approver: str) -> str:
    """Make a wire: its record and its pending transfers.

    Returns
    -------
    str
        Empty, or why the ledger refused it; then nothing was written.
    """
    transfers = [
        Transfer(
            transfer_id=f"{wire.wire_id}/{number}",
            group_id=wire.wire_id,
            kind=leg.kind,
            debit_account_id=leg.debit.account_id,
            credit_account_id=leg.credit.account_id,
            asset=wire.asset,
            amount=wire.amount,
            business_date=written.business_date,
            at=written.at,
            cause_id=wire.wire_id,
            state=TransferState.PENDING,
        )
        for number, leg in enumerate(wire.legs, start=1)
    ]
    answers = refused(work.ledger.post(transfers))
    if answers:
        return reason_of(answers)
    content = {
        "purpose": wire.purpose.value,
        "from": wire.source,
        "to": wire.target,
        "asset": str(wire.asset),
        "amount": wire.amount,
        "transfers": [each.transfer_id for each in transfers],
    }
    work.records.add(
        replace(written, approver=approver).record(wire.wire_id, WIRE, wire.subject, content)
    )
    return ""


def settle(work: Work, wire: Record, written: Written, *, is_confirmed: bool) -> str:
    """Post a wire's pending transfers, or void them.

    Returns
    -------
    str
        Empty, or why it could not be: it was settled before.
    """
    state = TransferState.POSTS_PENDING if is_confirmed else TransferState.VOIDS_PENDING
    settled = []
    for transfer_id in _ids(wire):
        pending = work.ledger.transfer(transfer_id)
        if pending is None:
            raise LookupError(f"{wire.record_id} names {transfer_id}, which is not there")
        settled.append(
            replace(
                pending,
                transfer_id=f"{transfer_id}/settled",
                group_id=f"{wire.record_id}/settled",
                business_date=written.business_date,
                at=written.at,
                cause_id=written.causes[0],
                state=state,
                pending_id=transfer_id,
            )
        )
    answers = refused(work.ledger.post(settled))
    if answers:
        return reason_of(answers)
    outcome = "CONFIRMED" if is_confirmed else "VOIDED"
    work.records.add(
        written.record(
            f"{wire.record_id}/settled",
            WIRE_SETTLED,
            wire.subject,
            {"wire": wire.record_id, "outcome": outcome},
        )
    )
    return ""


def waiting_wires(records: Records, bd_fcm: str) -> tuple[Record, ...]:
    """Return a BD-FCM's wires, its customers' too, that are neither confirmed nor void, as made."""
    waiting = records.folded(_WAITING)
    return tuple(each for each in waiting.values() if each.subject.split("/")[0] == bd_fcm)


def _take(waiting: dict[str, Record], record: Record) -> None:
    if record.stream == WIRE:
        waiting[record.record_id] = record
    else:
        waiting.pop(str(record.content["wire"]), None)


_WAITING: Fold[dict[str, Record]] = Fold("waiting wires", (WIRE, WIRE_SETTLED), dict, _take)


def _ids(wire: Record) -> Sequence[str]:
    ids = wire.content["transfers"]
    if not isinstance(ids, Sequence):
        raise TypeError(f"expected the transfers of a wire, was {ids!r}")
    return [str(each) for each in ids]
