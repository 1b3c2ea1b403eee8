"""Wires of Segregated Customer Margin: of the securities class from end to end.

From the BD-FCM's custody for its securities customers to FICC's account at FRBNY, which alone may
hold it (CFTC proposed order, section VIII(e)(vii)(1)), back, and to the customer.
"""

from __future__ import annotations

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferKind
from crossmargin.services.books.accounts import FRBNY, ficc_custody, of_bd_fcm, of_customer
from crossmargin.services.books.ports import Ledger
from crossmargin.services.clearing_day.arrivals import CUSTOMER
from crossmargin.services.clearing_day.wires import Leg, Purpose, Wire


def is_margin_held_at_frbny(ledger: Ledger) -> bool:
    """Return whether FICC has an account of Segregated Customer Margin."""
    found = ledger.accounts(kind=AccountKind.FRBNY_SEGREGATED_ACCOUNT)
    return any(each.segregation_class is SegregationClass.SECURITIES for each in found)


def segregated_margin_wire(
    customer: CustomerKey,
    purpose: Purpose,
    asset: Asset,
    amount: int,
    custody: str,
    *,
    name: str,
) -> Wire:
    """Return the wire of Segregated Customer Margin to FICC, or back.

    Parameters
    ----------
    customer : CustomerKey
    purpose : Purpose
        ``SCM_TO_FICC`` or ``SCM_FROM_FICC``.
    asset : Asset
    amount : int
    custody : str
        Where the BD-FCM keeps its securities customers' property.
    name : str
        Of the step, unique in the customer's life.
    """
    kept = of_bd_fcm(AccountKind.SECURITIES_CUSTODY, customer.bd_fcm, custody)
    claim = of_customer(AccountKind.FICC_SCM_MARGIN, customer)
    debt = of_customer(AccountKind.FICC_OWED_SCM, customer)
    held = ficc_custody(FRBNY, SegregationClass.SECURITIES)
    outward = purpose is Purpose.SCM_TO_FICC
    ours, theirs = ((claim, kept), (held, debt)) if outward else ((kept, claim), (debt, held))
    kind = TransferKind(purpose.value)
    return Wire(
        wire_id=f"wire/{subject_of(customer)}/{name}/{purpose.value}/{asset}",
        subject=subject_of(customer),
        purpose=purpose,
        source=custody if outward else FRBNY,
        target=FRBNY if outward else custody,
        asset=asset,
        amount=amount,
        legs=(Leg(kind, *ours), Leg(kind, *theirs)),
    )


def securities_withdrawal_wire(
    customer: CustomerKey, asset: Asset, amount: int, custody: str, instruction_id: str
) -> Wire:
    """Return the wire from a securities account to its customer; its id is the instruction's."""
    own = of_customer(AccountKind.CUSTOMER_SECURITIES_ACCOUNT, customer)
    kept = of_bd_fcm(AccountKind.SECURITIES_CUSTODY, customer.bd_fcm, custody)
    return Wire(
        wire_id=f"wire/{subject_of(customer)}/{instruction_id}",
        subject=subject_of(customer),
        purpose=Purpose.SCM_WITHDRAWAL,
        source=custody,
        target=CUSTOMER,
        asset=asset,
        amount=amount,
        legs=(Leg(TransferKind.SCM_WITHDRAWAL, own, kept),),
    )
