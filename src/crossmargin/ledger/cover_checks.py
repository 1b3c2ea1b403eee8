"""The four counters from the transfers alone, and on the way what used other customers' money.

The judgement asks a balance that a store keeps; here every balance is counted again from the first
transfer on. What counts as use is the one rule of :mod:`crossmargin.ledger.cover`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.cover import (
    CASH_OF_CUSTOMERS,
    Uncovered,
    cover_of,
    id_of,
    left_credit,
    takes_what_is_others,
    uncovered_of,
)
from crossmargin.ledger.findings import Check, Finding
from crossmargin.ledger.paths import USES_RESIDUAL_INTEREST
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import Transfer, TransferState

_NOTHING = Balance()


class Counters:
    """The counters of every account and asset, as transfers are read one after the other."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, Asset], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._waiting: dict[str, int] = {}

    def take(self, each: Transfer) -> None:
        """Take the next transfer in."""
        if each.state is TransferState.PENDING:
            self._waiting[each.transfer_id] = each.amount
        for side, account_id in enumerate((each.debit_account_id, each.credit_account_id)):
            row = self._rows[account_id, each.asset]
            if each.state is TransferState.PENDING:
                row[2 + side] += each.amount
                continue
            row[2 + side] -= self._waiting.get(each.pending_id, 0)
            if each.state is not TransferState.VOIDS_PENDING:
                row[side] += each.amount

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return a balance; zero if nothing moved."""
        row = self._rows.get((account_id, asset))
        return _NOTHING if row is None else Balance(*row)

    def balances(self) -> Mapping[tuple[str, Asset], Balance]:
        """Return every balance, sorted."""
        return {key: Balance(*row) for key, row in sorted(self._rows.items())}


def counters_of(transfers: Iterable[Transfer]) -> Mapping[tuple[str, Asset], Balance]:
    """Return the four counters of every account and asset, from the transfers alone."""
    counters = Counters()
    for each in transfers:
        counters.take(each)
    return counters.balances()


def residual_interest_findings(transfers: Iterable[Transfer]) -> Iterator[Finding]:
    """Yield every transfer that used other customers' money: more than residual interest covers.

    Parameters
    ----------
    transfers : iterable of Transfer
        In the order in which they were posted.
    """
    counters = Counters()
    uncovered: dict[str, Uncovered] = defaultdict(lambda: Uncovered({}))
    for each in transfers:
        if each.asset != CASH:
            continue
        accounts = [Account.parsed(i) for i in (each.debit_account_id, each.credit_account_id)]
        bd_fcm = accounts[0].bd_fcm or accounts[1].bd_fcm
        interest = id_of(AccountKind.RESIDUAL_INTEREST, bd_fcm, "")
        used, held = uncovered[bd_fcm], left_credit(counters.balance(interest, CASH))
        before = used.total() - held
        counters.take(each)
        for account in accounts:
            if account.kind in CASH_OF_CUSTOMERS:
                cover = cover_of(SegregationClass.FUTURES, bd_fcm, account.customer_id)
                used.put(account.customer_id, uncovered_of(counters.balance, cover))
        if each.kind not in USES_RESIDUAL_INTEREST or each.state is TransferState.VOIDS_PENDING:
            continue
        held = left_credit(counters.balance(interest, CASH))
        if takes_what_is_others(used.total() - held - before, used.total, held):
            yield Finding(
                Check.RESIDUAL_INTEREST_COVERS,
                each.transfer_id,
                str(CASH),
                str(used.total()),
                f"at most {max(0, held)}",
            )
