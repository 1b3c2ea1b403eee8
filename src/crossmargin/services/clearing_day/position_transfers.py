"""Lots in the ledger: one that is opened or ended moves its quantity in a position account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crossmargin.ledger.posting import Answer, Posting
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import (
    other_side_of_positions,
    position_account,
    position_asset,
)
from crossmargin.services.clearing_day.lot_register import LotEnd, Written
from crossmargin.settlement.lots import Lot

_ENDS = {
    (ClearingOrganization.FICC, LotEnd.SETTLED): TransferKind.SETTLEMENT,
    (ClearingOrganization.FICC, LotEnd.FAILED): TransferKind.SETTLEMENT,
    (ClearingOrganization.CME, LotEnd.EXPIRED): TransferKind.FUTURES_EXPIRY,
    (ClearingOrganization.CME, LotEnd.TENDERED): TransferKind.FUTURES_INTO_DELIVERY,
    (ClearingOrganization.FICC, LotEnd.PORTED): TransferKind.SETTLEMENT,
    (ClearingOrganization.CME, LotEnd.PORTED): TransferKind.FUTURES_TRADE,
}


def opening_transfer(lot: Lot, written: Written) -> Transfer:
    """Return the transfer that takes a lot's quantity in."""
    kind = TransferKind.NOVATION if lot.at_ficc else TransferKind.FUTURES_TRADE
    return _moved(lot, kind, written, f"{lot.lot_id}/in", lot.quantity)


def ending_transfer(lot: Lot, how: LotEnd, written: Written) -> Transfer:
    """Return the transfer that takes a lot's quantity out."""
    kind = _ENDS[lot.clearing_organization, how]
    return _moved(lot, kind, written, f"{lot.lot_id}/out", -lot.quantity)


def directing_transfer(lot: Lot, into: Lot, written: Written) -> Transfer:
    """Return the transfer of a lot's part from one account of its customer into another."""
    source = position_account(lot.customer, lot.clearing_organization, lot.account)
    target = position_account(into.customer, into.clearing_organization, into.account)
    is_long = into.quantity > 0
    is_into_xm = target.kind.value.endswith("XM_POSITION")
    return Transfer(
        transfer_id=f"{into.lot_id}/directed",
        group_id=f"{into.lot_id}/directed",
        kind=TransferKind.DIRECTED_INTO_XM if is_into_xm else TransferKind.DIRECTED_OUT_OF_XM,
        debit_account_id=(target if is_long else source).account_id,
        credit_account_id=(source if is_long else target).account_id,
        asset=position_asset(lot.clearing_organization, lot.instrument),
        amount=abs(into.quantity),
        business_date=written.business_date,
        at=written.at,
        cause_id=into.lot_id,
    )


def refused(answers: Iterable[Answer]) -> Sequence[Answer]:
    """Return the answers that were refusals."""
    return [answer for answer in answers if not answer.posting.is_accepted]


def reason_of(answers: Iterable[Answer]) -> str:
    """Return why the ledger refused what it did, each reason once; a missing fact by its name."""
    return ", ".join(dict.fromkeys(map(_reason, answers)))


def _reason(answer: Answer) -> str:
    if answer.posting is Posting.CUSTODY_FACT_IS_MISSING:
        return f"{answer.posting.value} {answer.detail}"
    return answer.posting.value


def _moved(
    lot: Lot, kind: TransferKind, written: Written, transfer_id: str, quantity: int
) -> Transfer:
    account = position_account(lot.customer, lot.clearing_organization, lot.account)
    other = other_side_of_positions(account)
    is_long = quantity > 0
    return Transfer(
        transfer_id=transfer_id,
        group_id=transfer_id,
        kind=kind,
        debit_account_id=(account if is_long else other).account_id,
        credit_account_id=(other if is_long else account).account_id,
        asset=position_asset(lot.clearing_organization, lot.instrument),
        amount=abs(quantity),
        business_date=written.business_date,
        at=written.at,
        cause_id=lot.lot_id,
    )
