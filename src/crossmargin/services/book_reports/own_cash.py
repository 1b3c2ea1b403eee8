"""A customer's own cash at the bank: what it is owed less what lies at the clearing organizations.

Below zero the BD-FCM has laid it out.
"""

from __future__ import annotations

from collections.abc import Iterator

from crossmargin.basics.money import Money
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.transfers import Transfer, TransferState
from crossmargin.product.position import ClearingOrganization
from crossmargin.reporting.cash_ladder import CashChange
from crossmargin.services.clearing_day.standing import SIDES, Standing

_CLAIMS = {
    AccountKind.FICC_XM_MARGIN: ClearingOrganization.FICC,
    AccountKind.CME_CUSTOMER_MARGIN: ClearingOrganization.CME,
}
_SETTLED_AT = {
    AccountKind.FICC_FUNDS_ONLY_SETTLEMENT: ClearingOrganization.FICC,
    AccountKind.CME_SETTLEMENT: ClearingOrganization.CME,
}


def own_cash(standing: Standing) -> Money:
    """Return a customer's own cash at the bank; negative is what the BD-FCM has laid out."""
    holdings = standing.holdings
    placed = Money.total(holdings.at[side].cash for side in SIDES)
    return holdings.cash - holdings.leaving.cash - placed


def free_securities(standing: Standing) -> Money:
    """Return what the securities count for that a customer has at the bank."""
    free = standing.holdings.as_property(standing.prices).free.par_dollars
    return Money.total(standing.least_counted(cusip, par) for cusip, par in free.items())


def own_cash_changes(transfer: Transfer, bd_fcm: str, bank: str) -> Iterator[CashChange]:
    """Yield what a transfer does to customers' own cash.

    What is on its way to a clearing organization or to the customer is gone, what is on its way
    into the customer's account not there yet.
    """
    debited, credited = (
        Account.parsed(each) for each in (transfer.debit_account_id, transfer.credit_account_id)
    )
    for account, other, sign in ((debited, credited, -1), (credited, debited, 1)):
        times = _times(account.kind, transfer.state, is_debited=sign < 0)
        if account.bd_fcm == bd_fcm and account.customer_id and times:
            side = _CLAIMS.get(account.kind) or _SETTLED_AT.get(other.kind)
            place = bank if side is None else side.value
            amount = Money(sign * times * transfer.amount)
            yield CashChange(account.customer_id, place, transfer.at, amount)


def _times(kind: AccountKind, state: TransferState, *, is_debited: bool) -> int:
    """Return how often a transfer's amount counts in own cash: 1, 0, or -1 where it is undone."""
    if kind in _CLAIMS:
        waits = True
    elif kind is AccountKind.CUSTOMER_FUTURES_ACCOUNT:
        waits = is_debited
    else:
        return 0
    return {
        TransferState.POSTED: 1,
        TransferState.PENDING: 1 if waits else 0,
        TransferState.POSTS_PENDING: 0 if waits else 1,
        TransferState.VOIDS_PENDING: -1 if waits else 0,
    }[state]
