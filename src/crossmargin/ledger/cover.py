"""What covers what: claims and the debts they mirror, and customers' claims by what they are owed.

What a BD-FCM claims at a clearing organization and what that organization owes it are two accounts
in two books and must be equal. What it claims of a customer's must be the customer's own; in cash,
and only there, residual interest may stand in (17 CFR 1.22, 1.23). There is no residual interest in
a BD-FCM's securities class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import CHART, AccountKind, SegregationClass
from crossmargin.ledger.posting import Balance

#: Returns the balance of one asset in one account.
BalanceOf = Callable[[str, Asset], Balance]

_K = AccountKind
#: What is claimed in the BD-FCM's book, and owed in the clearing organization's; of the two views
#: of residual interest, the house's and the customers'.
MIRRORS: Mapping[AccountKind, AccountKind] = {
    _K.FICC_XM_MARGIN: _K.FICC_OWED_XM,
    _K.FICC_SCM_MARGIN: _K.FICC_OWED_SCM,
    _K.CME_CUSTOMER_MARGIN: _K.CME_OWED,
    _K.HOUSE_RESIDUAL_INTEREST: _K.RESIDUAL_INTEREST,
}
#: Every claim and debt: the claim and the debt that are compared.
PAIRS: Mapping[AccountKind, tuple[AccountKind, AccountKind]] = {
    kind: (claim, debt) for claim, debt in MIRRORS.items() for kind in (claim, debt)
}
#: By class: the account that says what a customer is owed, and the claims that it covers.
COVERED: Mapping[SegregationClass, tuple[AccountKind, tuple[AccountKind, ...]]] = {
    SegregationClass.FUTURES: (
        _K.CUSTOMER_FUTURES_ACCOUNT,
        (_K.FICC_XM_MARGIN, _K.CME_CUSTOMER_MARGIN),
    ),
    SegregationClass.SECURITIES: (_K.CUSTOMER_SECURITIES_ACCOUNT, (_K.FICC_SCM_MARGIN,)),
}
#: Accounts whose cash decides how much residual interest is used.
CASH_OF_CUSTOMERS = frozenset(
    {_K.CUSTOMER_FUTURES_ACCOUNT, _K.FICC_XM_MARGIN, _K.CME_CUSTOMER_MARGIN}
)
_CLASS = {kind: next(iter(CHART[kind].classes)) for kind in (*PAIRS, *CASH_OF_CUSTOMERS)} | {
    _K.CUSTOMER_SECURITIES_ACCOUNT: SegregationClass.SECURITIES
}


def id_of(kind: AccountKind, bd_fcm: str, customer_id: str) -> str:
    """Return the id of an account of a kind that is kept in one class and nowhere else."""
    return f"{kind.value}/{_CLASS[kind].value}/{bd_fcm}/{customer_id}/"


def left_credit(balance: Balance) -> int:
    """Return what a credit balance has left: what waits to leave is gone, to come is not there."""
    return balance.credits_posted - balance.debits_posted - balance.debits_pending


def left_debit(balance: Balance) -> int:
    """Return what a debit balance has left: what waits to leave is gone, to come is not there."""
    return balance.debits_posted - balance.credits_posted - balance.credits_pending


def shortfall_of(
    balance_of: BalanceOf,
    segregation_class: SegregationClass,
    bd_fcm: str,
    customer_id: str,
    asset: Asset,
) -> int:
    """Return by how much a customer's claims in an asset exceed what the customer is owed in it.

    What is on its way to a clearing organization counts as claimed. Not negative.
    """
    owed, kinds = COVERED[segregation_class]
    claimed = 0
    for kind in kinds:
        claim = balance_of(id_of(kind, bd_fcm, customer_id), asset)
        claimed += claim.debits_posted - claim.credits_posted + claim.debits_pending
    if claimed <= 0:
        return 0
    left = left_credit(balance_of(id_of(owed, bd_fcm, customer_id), asset))
    return max(0, claimed - max(0, left))


def uncovered_of(balance_of: BalanceOf, bd_fcm: str, customer_id: str) -> int:
    """Return by how much one customer's claims and debit exceed what the customer is owed, cents.

    That much of the pool is residual interest, or another customer's.
    """
    excess = shortfall_of(balance_of, SegregationClass.FUTURES, bd_fcm, customer_id, CASH)
    owed = balance_of(id_of(_K.CUSTOMER_FUTURES_ACCOUNT, bd_fcm, customer_id), CASH)
    return excess + max(0, owed.posted_debit)
