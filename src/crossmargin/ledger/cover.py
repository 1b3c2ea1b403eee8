"""What covers what: claims and the debts they mirror, and customers' claims by what they are owed.

What a BD-FCM claims at a clearing organization and what that organization owes it are two accounts
in two books and must be equal. What it claims of a customer's must be the customer's own; in cash,
and only there, residual interest may stand in (17 CFR 1.22, 1.23). There is no residual interest in
a BD-FCM's securities class.

Losses are facts: they may leave more uncovered than residual interest covers, until customers or
the BD-FCM pay (17 CFR 1.22(c): by the Residual Interest Deadline). Nobody may make it more.
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
    _K.HOUSE_SCM_PREFUNDING: _K.FICC_OWED_SCM_PREFUNDING,
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


#: The account that says what a customer is owed, and those of the claims that it covers.
Cover = tuple[str, tuple[str, ...]]


def cover_of(segregation_class: SegregationClass, bd_fcm: str, customer_id: str) -> Cover:
    """Return the accounts that say whether a customer's claims are covered, in one class."""
    owed, claims = COVERED[segregation_class]
    return id_of(owed, bd_fcm, customer_id), tuple(
        id_of(claim, bd_fcm, customer_id) for claim in claims
    )


def shortfall_of(balance_of: BalanceOf, cover: Cover, asset: Asset) -> int:
    """Return by how much a customer's claims in an asset exceed what the customer is owed in it.

    What is on its way to a clearing organization counts as claimed. Not negative.
    """
    owed, claims = cover
    claimed = 0
    for claim in claims:
        balance = balance_of(claim, asset)
        claimed += balance.debits_posted - balance.credits_posted + balance.debits_pending
    if claimed <= 0:
        return 0
    return max(0, claimed - max(0, left_credit(balance_of(owed, asset))))


def uncovered_of(balance_of: BalanceOf, cover: Cover) -> int:
    """Return by how much one customer's claims and debit exceed what the customer is owed, cents.

    That much of the pool is residual interest, or another customer's. What waits to leave is gone,
    so that it changes nothing when it leaves. The cover is that of the futures class.
    """
    left = left_credit(balance_of(cover[0], CASH))
    return shortfall_of(balance_of, cover, CASH) + max(0, -left)


class Uncovered:
    """What of each customer of a BD-FCM is uncovered, and of all of them together.

    Parameters
    ----------
    by_customer : mapping of customer to int
        Cents; customers of whom nothing is may be left out.
    """

    def __init__(self, by_customer: Mapping[str, int]) -> None:
        self._by_customer = dict(by_customer)
        self._total = sum(self._by_customer.values())

    def put(self, customer_id: str, cents: int) -> None:
        """Say what of a customer is uncovered now."""
        self._total += cents - self._by_customer.get(customer_id, 0)
        self._by_customer[customer_id] = cents

    def total(self) -> int:
        """Return what of all customers is uncovered, cents."""
        return self._total


def takes_what_is_others(more: int, uncovered: Callable[[], int], held: int) -> bool:
    """Return whether a transfer uses other customers' money: nothing may that takes margin or cash.

    Parameters
    ----------
    more : int
        By how much it raised what is uncovered less residual interest, cents.
    uncovered : callable
        Returns what of all customers of the BD-FCM is uncovered after it, cents; asked only where
        it matters.
    held : int
        Residual interest after it, what waits to leave gone, cents.
    """
    return more > 0 and uncovered() > held
