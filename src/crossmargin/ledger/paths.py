"""Where a transfer may go: what can be said of two accounts, a kind and an asset without balances.

Many transfers take the same path, and what is said of it never changes: it is worked out once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import Account, AccountKind, Holder, SegregationClass, Side
from crossmargin.ledger.cover import CASH_OF_CUSTOMERS, COVERED, PAIRS, Cover, cover_of, id_of
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import (
    MOVEMENTS,
    OF_A_DECLARED_DEFAULT,
    OF_ANOTHERS_DEFAULT,
    Transfer,
    TransferKind,
)

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
        _T.FEE_ADJUSTMENT,
        _T.INTEREST_ADJUSTMENT,
        _T.SETTLEMENT_ADJUSTMENT,
        _T.CME_CLOSE_OUT,
        _T.FICC_CLOSE_OUT,
        _T.DEFICIT_PAYMENT,
    }
)
#: What comes into the securities account, or back from FICC: no more is uncovered than was before.
COVERS_MORE: frozenset[TransferKind] = frozenset({_T.SCM_DEPOSIT, _T.SCM_FROM_FICC})
#: What moves margin out, a customer's cash out, or residual interest out.
USES_RESIDUAL_INTEREST: frozenset[TransferKind] = frozenset(
    {
        _T.MARGIN_TO_CME,
        _T.MARGIN_TO_FICC,
        _T.WITHDRAWAL,
        _T.RESIDUAL_INTEREST_WITHDRAWAL,
        _T.INTEREST_TO_CUSTOMER,
        _T.FEE_ADJUSTMENT,
        _T.INTEREST_ADJUSTMENT,
        _T.DEFICIT_PAYMENT,
        _T.PORT_OUT,
        _T.DISTRIBUTION,
    }
)
_OWED_TO_CUSTOMERS = frozenset(owed for owed, _ in COVERED.values())


@dataclass(frozen=True, slots=True)
class Opening:
    """An account with the dates from which it is open and closed."""

    account: Account
    opened: date
    closed: date | None = None

    def fault_on(self, on: date) -> Posting | None:
        """Return why the account takes part in no transfer of a day."""
        if on < self.opened:
            return Posting.ACCOUNT_IS_NOT_YET_OPEN
        if self.closed is not None and on >= self.closed:
            return Posting.ACCOUNT_IS_CLOSED
        return None


@dataclass(frozen=True, slots=True)
class Path:
    """What can be said of a transfer before dates and balances are looked at.

    Parameters
    ----------
    debit, credit : Account
    fault : Posting or None
        Why no transfer may take it.
    key : tuple of (debited account id, credited account id, kind)
        As a store knows it, whatever the asset.
    limits_debit, limits_credit : bool
        Whether the debited account must keep a credit balance, and the credited one a debit
        balance: the other way round a transfer cannot take what is not there.
    needs_own_cover : bool
        Whether the customer's claims in the asset must stay within what the customer is owed.
    uses_residual_interest : bool
        Whether what is uncovered must stay within residual interest.
    takes_residual_interest : bool
        Whether it takes residual interest itself.
    is_of_a_default : bool
        Whether a declared default alone allows it.
    mirrors : tuple of (claim account id, debt account id)
        What must be equal after the group.
    touched : tuple of (BD-FCM, customer)
        Whose cash cover it may change.
    cover : Cover
        The accounts that say whether the customer's claims are covered; of none without a customer.
    looked_at : tuple of (account id, text of the asset)
        Which balances a judgement may look at.
    """

    debit: Account
    credit: Account
    fault: Posting | None
    key: tuple[str, str, str]
    limits_debit: bool
    limits_credit: bool
    needs_own_cover: bool
    uses_residual_interest: bool
    takes_residual_interest: bool
    is_of_a_default: bool
    mirrors: tuple[tuple[str, str], ...]
    touched: tuple[tuple[str, str], ...]
    cover: Cover
    looked_at: tuple[tuple[str, str], ...]


class Paths:
    """Every path that was taken, worked out once; a store keeps them as long as it is open."""

    #: So many take some tens of megabytes; then it begins anew.
    COUNT_MAX = 100_000

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, TransferKind, str], Path] = {}

    def of(self, transfer: Transfer, debit: Account, credit: Account) -> Path:
        """Return the path of a transfer between the accounts that it names."""
        key = (
            transfer.debit_account_id,
            transfer.credit_account_id,
            transfer.kind,
            transfer.asset.text,
        )
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= self.COUNT_MAX:
                self._found.clear()
            found = path_of(transfer.kind, debit, credit, transfer.asset)
            self._found[key] = found
        return found


def path_of(kind: TransferKind, debit: Account, credit: Account, asset: Asset) -> Path:
    """Return the path of transfers of a kind and an asset between two accounts."""
    is_bd_fcms = debit.terms.holder is Holder.BD_FCM
    is_cash = asset == CASH
    customer_id = debit.customer_id or credit.customer_id
    needs_own_cover = (
        is_bd_fcms
        and bool(customer_id)
        and asset.kind in {AssetKind.CASH, AssetKind.SECURITY}
        and (
            not is_cash
            or (
                debit.segregation_class is SegregationClass.SECURITIES
                and kind not in MAY_LEAVE_A_DEBIT | COVERS_MORE
            )
        )
    )
    uses_residual_interest = is_bd_fcms and is_cash and kind in USES_RESIDUAL_INTEREST
    mirrors = tuple(_mirrors((debit, credit)))
    debit_id, credit_id = debit.account_id, credit.account_id
    looked_at = {debit_id, credit_id, *(each for pair in mirrors for each in pair)}
    cover: Cover = ("", ())
    if customer_id and (needs_own_cover or uses_residual_interest):
        cover = cover_of(debit.segregation_class, debit.bd_fcm, customer_id)
        looked_at |= {cover[0], *cover[1]}
    if uses_residual_interest:
        looked_at.add(id_of(_K.RESIDUAL_INTEREST, debit.bd_fcm, ""))
    return Path(
        debit=debit,
        credit=credit,
        fault=_fault_of(kind, debit, credit, asset),
        key=(debit_id, credit_id, kind.value),
        limits_debit=_side_of(debit, kind, is_cash=is_cash) is Side.CREDIT,
        limits_credit=_side_of(credit, kind, is_cash=is_cash) is Side.DEBIT,
        needs_own_cover=needs_own_cover,
        uses_residual_interest=uses_residual_interest,
        takes_residual_interest=debit.kind is _K.RESIDUAL_INTEREST,
        is_of_a_default=kind in OF_A_DECLARED_DEFAULT or kind in OF_ANOTHERS_DEFAULT,
        mirrors=mirrors,
        touched=tuple(
            (each.bd_fcm, each.customer_id)
            for each in (debit, credit)
            if is_cash and each.kind in CASH_OF_CUSTOMERS
        ),
        cover=cover,
        looked_at=tuple((account_id, asset.text) for account_id in sorted(looked_at)),
    )


def _fault_of(kind: TransferKind, debit: Account, credit: Account, asset: Asset) -> Posting | None:
    debited, credited = debit.terms, credit.terms
    if debited.holder is not credited.holder:
        return Posting.HOLDERS_DIFFER
    if debit.segregation_class is not credit.segregation_class:
        return Posting.SEGREGATION_CLASSES_DIFFER
    if _both_and_different(debit.bd_fcm, credit.bd_fcm):
        return Posting.BD_FCMS_DIFFER
    if _both_and_different(debit.customer_id, credit.customer_id):
        return Posting.CUSTOMERS_DIFFER
    if asset.kind not in debited.assets or asset.kind not in credited.assets:
        return Posting.ASSET_IS_NOT_CARRIED
    is_permitted = (debit.kind, credit.kind) in MOVEMENTS[kind]
    return None if is_permitted else Posting.MOVEMENT_IS_NOT_PERMITTED


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
