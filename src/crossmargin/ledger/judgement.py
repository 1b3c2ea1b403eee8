"""What happens to a group of transfers: judged here, for the ledger in memory and every database.

Transfers are tried in order; each question is asked in the order of
:class:`~crossmargin.ledger.posting.Posting`, and the first that applies is the answer. Neighbours
with one group id are linked: if one is refused, none of them is posted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Protocol

from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import CHART, Account, AccountKind, SegregationClass, Side
from crossmargin.ledger.posting import Answer, Balance, Posting
from crossmargin.ledger.transfers import MOVEMENTS, Transfer, TransferKind, TransferState

#: The largest amount of one transfer: sums of very many still fit 64 bits.
AMOUNT_MAX = 2**56

_K, _T = AccountKind, TransferKind
#: Who may owe cash, and through what: losses and charges are facts, never refused.
_MAY_OWE = frozenset({_K.CUSTOMER_FUTURES_ACCOUNT, _K.CUSTOMER_SECURITIES_ACCOUNT})
_NOT_TO_OWE = frozenset({_T.WITHDRAWAL, _T.SCM_WITHDRAWAL})
#: What is claimed in the BD-FCM's book, and owed in the clearing organization's.
MIRRORS: Mapping[AccountKind, AccountKind] = {
    _K.FICC_XM_MARGIN: _K.FICC_OWED_XM,
    _K.FICC_SCM_MARGIN: _K.FICC_OWED_SCM,
    _K.CME_CUSTOMER_MARGIN: _K.CME_OWED,
    _K.HOUSE_RESIDUAL_INTEREST: _K.RESIDUAL_INTEREST,
}
_CLAIM_OF = {debt: claim for claim, debt in MIRRORS.items()}
#: A customer's claims at the clearing organizations, to be covered by what the customer is owed.
CLAIMS = (_K.FICC_XM_MARGIN, _K.CME_CUSTOMER_MARGIN)
_CUSTOMERS_CASH = tuple(f"{kind.value}/" for kind in (_K.CUSTOMER_FUTURES_ACCOUNT, *CLAIMS))
_USES_RESIDUAL_INTEREST = frozenset(
    {_T.MARGIN_TO_CME, _T.MARGIN_TO_FICC, _T.RESIDUAL_INTEREST_WITHDRAWAL, _T.WITHDRAWAL}
)


@dataclass(frozen=True, slots=True)
class Opening:
    """An account with the dates from which it is open and closed."""

    account: Account
    opened: date
    closed: date | None = None


class View(Protocol):
    """What is there, before the transfers that are judged."""

    def opening(self, account_id: str) -> Opening | None:
        """Return an account, or None."""
        ...

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return a balance; zero if nothing moved."""
        ...

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer that stands, or None."""
        ...

    def resolution(self, pending_id: str) -> Transfer | None:
        """Return the transfer that posted or voided a pending one, or None."""
        ...

    def missing_custody_fact(self, account: Account, on: date) -> str:
        """Return the first fact that an account kept elsewhere lacks on a day, or nothing."""
        ...

    def uncovered_cents(self, bd_fcm: str, without: frozenset[str]) -> int:
        """Return by how much customers' claims and debits exceed what they are owed, in sum.

        Each customer counts by itself (:func:`uncovered_of`); those named are left out.
        """
        ...


@dataclass(slots=True)
class Scratch:
    """A view with what has been accepted on top of it; may itself stand on another."""

    base: View
    balances: dict[tuple[str, Asset], Balance] = field(default_factory=dict)
    posted: dict[str, Transfer] = field(default_factory=dict)
    resolved: dict[str, Transfer] = field(default_factory=dict)

    def opening(self, account_id: str) -> Opening | None:
        """Return an account, or None."""
        return self.base.opening(account_id)

    def missing_custody_fact(self, account: Account, on: date) -> str:
        """Return the first fact that an account kept elsewhere lacks on a day, or nothing."""
        return self.base.missing_custody_fact(account, on)

    def balance(self, account_id: str, asset: Asset) -> Balance:
        """Return a balance with what was accepted."""
        found = self.balances.get((account_id, asset))
        return found if found is not None else self.base.balance(account_id, asset)

    def transfer(self, transfer_id: str) -> Transfer | None:
        """Return a transfer, accepted now or before."""
        return self.posted.get(transfer_id) or self.base.transfer(transfer_id)

    def resolution(self, pending_id: str) -> Transfer | None:
        """Return what settled a pending transfer, now or before."""
        return self.resolved.get(pending_id) or self.base.resolution(pending_id)

    def uncovered_cents(self, bd_fcm: str, without: frozenset[str]) -> int:
        """Return the excess of the customers' claims and debits, with what was accepted."""
        touched = {
            Account.parsed(account_id).customer_id
            for account_id, asset in self.balances
            if asset == CASH and account_id.startswith(_CUSTOMERS_CASH)
        }
        mine = {each for each in touched if each and each not in without}
        return self.base.uncovered_cents(bd_fcm, without | mine) + sum(
            uncovered_of(self, bd_fcm, each) for each in mine
        )

    def apply(self, transfer: Transfer) -> None:
        """Let a transfer move."""
        self.posted[transfer.transfer_id] = transfer
        pending = self.transfer(transfer.pending_id) if transfer.pending_id else None
        waiting = pending.amount if pending is not None else 0
        for account_id, is_debit in (
            (transfer.debit_account_id, True),
            (transfer.credit_account_id, False),
        ):
            key = (account_id, transfer.asset)
            self.balances[key] = moved(self.balance(*key), waiting, transfer, is_debit=is_debit)
        if transfer.pending_id:
            self.resolved[transfer.pending_id] = transfer

    def absorb(self, attempt: Scratch) -> None:
        """Take over what was accepted on top of this view."""
        self.balances.update(attempt.balances)
        self.posted.update(attempt.posted)
        self.resolved.update(attempt.resolved)


def moved(balance: Balance, pending: int, transfer: Transfer, *, is_debit: bool) -> Balance:
    """Return a balance after a transfer.

    Parameters
    ----------
    balance : Balance
    pending : int
        Amount of the pending transfer that it settles; all of it is released.
    transfer : Transfer
    is_debit : bool
        Whether the balance is that of the debited account.
    """
    posted, waiting = (
        ("debits_posted", "debits_pending") if is_debit else ("credits_posted", "credits_pending")
    )
    changes = {posted: getattr(balance, posted), waiting: getattr(balance, waiting) - pending}
    if transfer.state is TransferState.PENDING:
        changes[waiting] += transfer.amount
    elif transfer.state is not TransferState.VOIDS_PENDING:
        changes[posted] += transfer.amount
    return replace(balance, **changes)


def judge(transfers: Sequence[Transfer], view: View) -> tuple[tuple[Answer, ...], Scratch]:
    """Return the answer to every transfer, and what the accepted ones make of the view.

    Parameters
    ----------
    transfers : sequence of Transfer
        Those of a group stand next to each other.
    view : View
    """
    answers: list[Answer] = []
    scratch = Scratch(view)
    for _, members in groupby(transfers, key=lambda transfer: transfer.group_id):
        group, attempt = list(members), Scratch(scratch)
        found = [_posted(transfer, attempt) for transfer in group]
        if all(each.posting.is_accepted for each in found):
            found = _mirrored(group, found, attempt)
        if all(each.posting.is_accepted for each in found):
            scratch.absorb(attempt)
        else:
            found = [_linked(each) for each in found]
        answers += found
    return tuple(answers), scratch


def _linked(answer: Answer) -> Answer:
    if answer.posting is Posting.POSTED:
        return Answer(answer.transfer_id, Posting.LINKED_TRANSFER_REFUSED)
    return answer


def _posted(transfer: Transfer, scratch: Scratch) -> Answer:
    earlier = scratch.transfer(transfer.transfer_id) if transfer.transfer_id else None
    if earlier is not None:
        return _repeated(transfer, earlier)
    for question in _QUESTIONS:
        answer = question(transfer, scratch)
        if answer is not None:
            return answer
    scratch.apply(transfer)
    return Answer(transfer.transfer_id, Posting.POSTED)


#: Fields of a repeat in the order in which they are compared.
_COMPARED: tuple[tuple[str, Posting], ...] = (
    ("group_id", Posting.EXISTS_WITH_DIFFERENT_GROUP),
    ("kind", Posting.EXISTS_WITH_DIFFERENT_KIND),
    ("debit_account_id", Posting.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT),
    ("credit_account_id", Posting.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT),
    ("asset", Posting.EXISTS_WITH_DIFFERENT_ASSET),
    ("amount", Posting.EXISTS_WITH_DIFFERENT_AMOUNT),
    ("business_date", Posting.EXISTS_WITH_DIFFERENT_BUSINESS_DATE),
    ("cause_id", Posting.EXISTS_WITH_DIFFERENT_CAUSE),
    ("state", Posting.EXISTS_WITH_DIFFERENT_STATE),
    ("pending_id", Posting.EXISTS_WITH_DIFFERENT_STATE),
)


def _repeated(transfer: Transfer, earlier: Transfer) -> Answer:
    for name, posting in _COMPARED:
        if getattr(transfer, name) != getattr(earlier, name):
            return Answer(transfer.transfer_id, posting, str(getattr(earlier, name)))
    return Answer(transfer.transfer_id, Posting.EXISTS)


def _alone(transfer: Transfer, scratch: Scratch) -> Answer | None:
    faults = (
        (not transfer.transfer_id, Posting.ID_IS_EMPTY),
        (not transfer.group_id, Posting.GROUP_IS_EMPTY),
        (not transfer.cause_id, Posting.CAUSE_IS_EMPTY),
        (transfer.amount <= 0, Posting.AMOUNT_IS_NOT_POSITIVE),
        (transfer.amount > AMOUNT_MAX, Posting.AMOUNT_IS_TOO_LARGE),
        (
            transfer.debit_account_id == transfer.credit_account_id,
            Posting.ACCOUNTS_ARE_THE_SAME,
        ),
    )
    return _first(transfer, faults)


def _accounts(transfer: Transfer, scratch: Scratch) -> Answer | None:
    opened = scratch.base.opening(transfer.debit_account_id)
    if opened is None:
        return Answer(transfer.transfer_id, Posting.DEBIT_ACCOUNT_NOT_FOUND)
    credited = scratch.base.opening(transfer.credit_account_id)
    if credited is None:
        return Answer(transfer.transfer_id, Posting.CREDIT_ACCOUNT_NOT_FOUND)
    debit, credit = opened.account, credited.account
    kinds = (debit.kind, credit.kind)
    asset_kind, on = transfer.asset.kind, transfer.business_date
    faults = (
        (debit.terms.holder is not credit.terms.holder, Posting.HOLDERS_DIFFER),
        (
            debit.segregation_class is not credit.segregation_class,
            Posting.SEGREGATION_CLASSES_DIFFER,
        ),
        (_both_and_different(debit.bd_fcm, credit.bd_fcm), Posting.BD_FCMS_DIFFER),
        (_both_and_different(debit.customer_id, credit.customer_id), Posting.CUSTOMERS_DIFFER),
        (
            not (asset_kind in debit.terms.assets and asset_kind in credit.terms.assets),
            Posting.ASSET_IS_NOT_CARRIED,
        ),
        (kinds not in MOVEMENTS[transfer.kind], Posting.MOVEMENT_IS_NOT_PERMITTED),
        (on < opened.opened or on < credited.opened, Posting.ACCOUNT_IS_NOT_YET_OPEN),
        (_is_closed(opened, on) or _is_closed(credited, on), Posting.ACCOUNT_IS_CLOSED),
    )
    return _first(transfer, faults)


def _pending(transfer: Transfer, scratch: Scratch) -> Answer | None:
    if not transfer.pending_id:
        return None
    pending = scratch.transfer(transfer.pending_id)
    if pending is None:
        return Answer(transfer.transfer_id, Posting.PENDING_NOT_FOUND)
    settled = scratch.resolution(transfer.pending_id)
    is_same = all(
        getattr(pending, name) == getattr(transfer, name)
        for name in ("kind", "debit_account_id", "credit_account_id", "asset")
    )
    faults = (
        (pending.state is not TransferState.PENDING, Posting.PENDING_WAS_NOT_PENDING),
        (not is_same, Posting.PENDING_IS_ANOTHER_MOVEMENT),
        (transfer.amount > pending.amount, Posting.PENDING_HAS_SMALLER_AMOUNT),
        (
            settled is not None and settled.state is TransferState.POSTS_PENDING,
            Posting.PENDING_ALREADY_POSTED,
        ),
        (settled is not None, Posting.PENDING_ALREADY_VOIDED),
    )
    return _first(transfer, faults)


def _custody(transfer: Transfer, scratch: Scratch) -> Answer | None:
    if transfer.state is TransferState.VOIDS_PENDING:
        return None
    opened = scratch.base.opening(transfer.debit_account_id)
    if opened is None or not opened.account.terms.is_kept_elsewhere:
        return None
    fact = scratch.base.missing_custody_fact(opened.account, transfer.business_date)
    return Answer(transfer.transfer_id, Posting.CUSTODY_FACT_IS_MISSING, fact) if fact else None


def _what_is_there(transfer: Transfer, scratch: Scratch) -> Answer | None:
    if transfer.state is TransferState.VOIDS_PENDING:
        return None
    after = Scratch(scratch)
    after.apply(transfer)
    debit, credit = (
        Account.parsed(each) for each in (transfer.debit_account_id, transfer.credit_account_id)
    )
    for account in (debit, credit):
        if _is_overdrawn(account, transfer, after, scratch):
            return Answer(transfer.transfer_id, Posting.EXCEEDS_BALANCE)
    customer = next((each for each in (debit, credit) if each.customer_id), None)
    if transfer.asset.kind is AssetKind.SECURITY and customer is not None:
        if _shortfall(customer, transfer.asset, after) > 0:
            return Answer(transfer.transfer_id, Posting.SECURITY_IS_NOT_THE_CUSTOMERS)
        return None
    if transfer.asset == CASH and transfer.kind in _USES_RESIDUAL_INTEREST:
        return _residual(transfer, debit if debit.bd_fcm else credit, customer, after)
    return None


def _is_overdrawn(account: Account, transfer: Transfer, after: Scratch, before: Scratch) -> bool:
    """Return whether the transfer takes an account below nothing; what waits to leave is gone."""
    balance = after.balance(account.account_id, transfer.asset)
    side = account.terms.normal
    if account.kind in _MAY_OWE:
        if transfer.asset == CASH and transfer.kind not in _NOT_TO_OWE:
            return False
        side = Side.CREDIT
    if side is Side.EITHER:
        return False
    left = _left(balance, side)
    return left < 0 and left < _left(before.balance(account.account_id, transfer.asset), side)


def _left(balance: Balance, side: Side) -> int:
    if side is Side.CREDIT:
        return balance.posted_credit - balance.debits_pending
    return balance.posted_debit - balance.credits_pending


def _shortfall(customer: Account, asset: Asset, view: View) -> int:
    """Return by how much a customer's claims in an asset exceed what the customer is owed."""
    if customer.segregation_class is not SegregationClass.FUTURES:
        return 0
    owed = _of(customer, _K.CUSTOMER_FUTURES_ACCOUNT)
    claims = sum(_claimed(view.balance(_of(customer, kind), asset)) for kind in CLAIMS)
    return claims - max(0, _left(view.balance(owed, asset), Side.CREDIT)) if claims else 0


def _claimed(balance: Balance) -> int:
    # What is on its way to the clearing organization counts as there.
    return balance.posted_debit + balance.debits_pending


def uncovered_of(view: View, bd_fcm: str, customer_id: str) -> int:
    """Return by how much one customer's claims and debit exceed what the customer is owed, cents.

    That much of the pool is residual interest, or another customer's.
    """
    owner = Account(_K.CUSTOMER_FUTURES_ACCOUNT, SegregationClass.FUTURES, bd_fcm, customer_id)
    owed = view.balance(owner.account_id, CASH)
    return max(0, _shortfall(owner, CASH, view)) + max(0, -owed.posted_credit)


def _residual(
    transfer: Transfer, place: Account, customer: Account | None, after: Scratch
) -> Answer | None:
    """Refuse what uses other customers' money: the excess must fit into residual interest."""
    bd_fcm = place.bd_fcm
    if not bd_fcm or place.segregation_class is not SegregationClass.FUTURES:
        return None
    if customer is not None and uncovered_of(after, bd_fcm, customer.customer_id) == 0:
        return None
    used = after.uncovered_cents(bd_fcm, frozenset())
    interest = Account(_K.RESIDUAL_INTEREST, SegregationClass.FUTURES, bd_fcm).account_id
    if used > _left(after.balance(interest, CASH), Side.CREDIT):
        return Answer(transfer.transfer_id, Posting.EXCEEDS_RESIDUAL_INTEREST, str(used))
    return None


def _mirrored(group: Sequence[Transfer], found: Sequence[Answer], attempt: Scratch) -> list[Answer]:
    """Refuse a group after which what is claimed and what is owed differ."""
    for transfer, answer in zip(group, found, strict=True):
        if answer.posting is not Posting.POSTED:
            continue
        for account_id in (transfer.debit_account_id, transfer.credit_account_id):
            pair = _pair_of(account_id)
            if pair is not None and _gap(attempt, pair, transfer.asset):
                return [
                    Answer(
                        each.transfer_id,
                        Posting.CLAIM_AND_DEBT_DIFFER
                        if each.transfer_id == transfer.transfer_id
                        else Posting.LINKED_TRANSFER_REFUSED,
                    )
                    for each in found
                ]
    return list(found)


def _pair_of(account_id: str) -> tuple[str, str] | None:
    kind = AccountKind(account_id.partition("/")[0])
    claim = _CLAIM_OF.get(kind, kind)
    if claim not in MIRRORS:
        return None
    account = Account.parsed(account_id)
    return _of(account, claim), _of(account, MIRRORS[claim])


def _of(account: Account, kind: AccountKind) -> str:
    """Return the account of another kind of the same BD-FCM and customer."""
    (segregation_class,) = CHART[kind].classes
    return Account(kind, segregation_class, account.bd_fcm, account.customer_id).account_id


def related_accounts(account_ids: Iterable[str]) -> Iterator[str]:
    """Yield the accounts that judging a transfer of these may look at: read them in bulk."""
    for account_id in account_ids:
        kind = AccountKind(account_id.partition("/")[0])
        pair = _pair_of(account_id)
        if pair is not None:
            yield from pair
        if kind is _K.CUSTOMER_FUTURES_ACCOUNT or kind in CLAIMS:
            account = Account.parsed(account_id)
            yield from (_of(account, each) for each in (_K.CUSTOMER_FUTURES_ACCOUNT, *CLAIMS))


def _both_and_different(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _is_closed(opening: Opening, on: date) -> bool:
    return opening.closed is not None and on >= opening.closed


def _first(transfer: Transfer, faults: Sequence[tuple[bool, Posting]]) -> Answer | None:
    for applies, posting in faults:
        if applies:
            return Answer(transfer.transfer_id, posting)
    return None


#: The questions in the order of the answers.
_QUESTIONS: tuple[Callable[[Transfer, Scratch], Answer | None], ...] = (
    _alone,
    _accounts,
    _pending,
    _custody,
    _what_is_there,
)


def _gap(view: Scratch, pair: tuple[str, str], asset: Asset) -> bool:
    claim, debt = (view.balance(account_id, asset) for account_id in pair)
    return (claim.posted_debit, claim.debits_pending, claim.credits_pending) != (
        debt.posted_credit,
        debt.credits_pending,
        debt.debits_pending,
    )
