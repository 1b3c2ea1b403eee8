"""Where a transfer may go: what can be said of two accounts, a kind and an asset without balances.

Many transfers take the same path, and what is said of it never changes while accounts are neither
opened nor closed: it is worked out once for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import Account, AccountKind, Holder, SegregationClass, Side
from crossmargin.ledger.cover import CASH_OF_CUSTOMERS, COVERED, PAIRS, id_of
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import MOVEMENTS, Transfer, TransferKind

_K, _T = AccountKind, TransferKind
#: Through what a customer may come to owe cash: losses, charges and what is paid for a delivery.
#: They are facts, and never refused.
MAY_LEAVE_A_DEBIT: frozenset[TransferKind] = frozenset(
    {
        _T.CME_SETTLEMENT_VARIATION,
        _T.FUTURES_FINAL_SETTLEMENT,
        _T.FUTURES_DELIVERY_INVOICE,
        _T.FICC_FORWARD_MARK,
        _T.FICC_FORWARD_MARK_RETURN,
        _T.FICC_MARK_INTEREST,
        _T.FICC_TRANSACTION_ADJUSTMENT,
        _T.FICC_COUPON,
        _T.FICC_REPO_INTEREST,
        _T.FICC_FAIL_CHARGE,
        _T.FEE,
    }
)
#: What moves margin out, a customer's cash out, or residual interest out.
USES_RESIDUAL_INTEREST: frozenset[TransferKind] = frozenset(
    {
        _T.MARGIN_TO_CME,
        _T.MARGIN_TO_FICC,
        _T.WITHDRAWAL,
        _T.RESIDUAL_INTEREST_WITHDRAWAL,
        _T.INTEREST_TO_CUSTOMER,
    }
)
_OWED_TO_CUSTOMERS = frozenset(owed for owed, _ in COVERED.values())


@dataclass(frozen=True, slots=True)
class Opening:
    """An account with the dates from which it is open and closed."""

    account: Account
    opened: date
    closed: date | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """What can be said of a transfer before balances are looked at.

    Parameters
    ----------
    debit, credit : Account
    fault : Posting or None
        Why no transfer may take it.
    first : date
        From when on both accounts are open.
    last : date or None
        From when on one of them is closed.
    debit_side, credit_side : Side
        On which side a transfer must leave each account.
    needs_own_cover : bool
        Whether the customer's claims in the asset must stay within what the customer is owed.
    uses_residual_interest : bool
        Whether what is uncovered must stay within residual interest.
    takes_residual_interest : bool
        Whether it takes residual interest itself.
    mirrors : tuple of (claim account id, debt account id)
        What must be equal after the group.
    touched : tuple of (BD-FCM, customer)
        Whose cash cover it may change.
    accounts : tuple of str
        Whose balances of the asset a judgement may look at.
    """

    debit: Account
    credit: Account
    fault: Posting | None
    first: date
    last: date | None
    debit_side: Side
    credit_side: Side
    needs_own_cover: bool
    uses_residual_interest: bool
    takes_residual_interest: bool
    mirrors: tuple[tuple[str, str], ...]
    touched: tuple[tuple[str, str], ...]
    accounts: tuple[str, ...]


class Paths:
    """The paths of the transfers of one judgement, each worked out once, and the facts of places.

    Parameters
    ----------
    opening : callable
        Returns the account of an id with its dates, or None.
    """

    def __init__(self, opening: Callable[[str], Opening | None]) -> None:
        self._opening = opening
        self._found: dict[tuple[str, str, str, str], Path | Posting] = {}
        #: By place and day, what was found to be missing there.
        self.missing_facts: dict[tuple[str, date], str] = {}

    def of(self, transfer: Transfer) -> Path | Posting:
        """Return the path of a transfer, or which of its accounts is not there."""
        key = (
            transfer.debit_account_id,
            transfer.credit_account_id,
            transfer.kind.value,
            transfer.asset.text,
        )
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._work_out(transfer)
        return found

    def _work_out(self, transfer: Transfer) -> Path | Posting:
        debited = self._opening(transfer.debit_account_id)
        if debited is None:
            return Posting.DEBIT_ACCOUNT_NOT_FOUND
        credited = self._opening(transfer.credit_account_id)
        if credited is None:
            return Posting.CREDIT_ACCOUNT_NOT_FOUND
        return path_of(transfer.kind, debited, credited, transfer.asset)


def path_of(kind: TransferKind, debited: Opening, credited: Opening, asset: Asset) -> Path:
    """Return the path of transfers of a kind and an asset between two accounts."""
    debit, credit = debited.account, credited.account
    is_bd_fcms = debit.terms.holder is Holder.BD_FCM
    is_cash = asset == CASH
    customer_id = debit.customer_id or credit.customer_id
    needs_own_cover = (
        is_bd_fcms
        and bool(customer_id)
        and asset.kind in {AssetKind.CASH, AssetKind.SECURITY}
        and (not is_cash or debit.segregation_class is SegregationClass.SECURITIES)
    )
    uses_residual_interest = is_bd_fcms and is_cash and kind in USES_RESIDUAL_INTEREST
    mirrors = tuple(_mirrors((debit, credit)))
    looked_at = {debit.account_id, credit.account_id, *(each for pair in mirrors for each in pair)}
    if needs_own_cover or uses_residual_interest:
        looked_at |= set(_covering(debit.segregation_class, debit.bd_fcm, customer_id))
    closings = [each.closed for each in (debited, credited) if each.closed is not None]
    return Path(
        debit=debit,
        credit=credit,
        fault=_fault_of(kind, debit, credit, asset),
        first=max(debited.opened, credited.opened),
        last=min(closings, default=None),
        debit_side=_side_of(debit, kind, is_cash=is_cash),
        credit_side=_side_of(credit, kind, is_cash=is_cash),
        needs_own_cover=needs_own_cover,
        uses_residual_interest=uses_residual_interest,
        takes_residual_interest=debit.kind is _K.RESIDUAL_INTEREST,
        mirrors=mirrors,
        touched=tuple(
            (each.bd_fcm, each.customer_id)
            for each in (debit, credit)
            if is_cash and each.kind in CASH_OF_CUSTOMERS
        ),
        accounts=tuple(sorted(looked_at)),
    )


def _covering(segregation_class: SegregationClass, bd_fcm: str, customer_id: str) -> Iterator[str]:
    """Yield the accounts that say whether a customer's claims are covered."""
    if customer_id and segregation_class in COVERED:
        owed, claims = COVERED[segregation_class]
        yield from (id_of(each, bd_fcm, customer_id) for each in (owed, *claims))
    if segregation_class is SegregationClass.FUTURES:
        yield id_of(_K.RESIDUAL_INTEREST, bd_fcm, "")


def _fault_of(kind: TransferKind, debit: Account, credit: Account, asset: Asset) -> Posting | None:
    faults: Mapping[Posting, bool] = {
        Posting.HOLDERS_DIFFER: debit.terms.holder is not credit.terms.holder,
        Posting.SEGREGATION_CLASSES_DIFFER: debit.segregation_class is not credit.segregation_class,
        Posting.BD_FCMS_DIFFER: _both_and_different(debit.bd_fcm, credit.bd_fcm),
        Posting.CUSTOMERS_DIFFER: _both_and_different(debit.customer_id, credit.customer_id),
        Posting.ASSET_IS_NOT_CARRIED: not (
            asset.kind in debit.terms.assets and asset.kind in credit.terms.assets
        ),
        Posting.MOVEMENT_IS_NOT_PERMITTED: (debit.kind, credit.kind) not in MOVEMENTS[kind],
    }
    return next((posting for posting, applies in faults.items() if applies), None)


def _both_and_different(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _side_of(account: Account, kind: TransferKind, *, is_cash: bool) -> Side:
    if account.kind in _OWED_TO_CUSTOMERS:
        return Side.EITHER if is_cash and kind in MAY_LEAVE_A_DEBIT else Side.CREDIT
    return account.terms.normal


def _mirrors(accounts: Sequence[Account]) -> list[tuple[str, str]]:
    return [
        (id_of(claim, each.bd_fcm, each.customer_id), id_of(debt, each.bd_fcm, each.customer_id))
        for each in accounts
        if each.kind in PAIRS
        for claim, debt in (PAIRS[each.kind],)
    ]
