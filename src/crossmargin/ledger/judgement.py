"""What happens to a group of transfers: judged here, for the ledger in memory and every database.

Transfers are tried in order; each question is asked in the order of
:class:`~crossmargin.ledger.posting.Posting`, and the first that applies is the answer. Neighbours
with one group id are linked: if one is refused, none of them is posted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from operator import attrgetter

from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.cover import (
    BalanceOf,
    id_of,
    left_credit,
    left_debit,
    shortfall_of,
    takes_what_is_others,
    uncovered_of,
)
from crossmargin.ledger.declaration import is_declared
from crossmargin.ledger.paths import Opening, Path, Paths
from crossmargin.ledger.posting import Answer, Balance, Posting
from crossmargin.ledger.transfers import Transfer, TransferState
from crossmargin.ledger.view import Scratch, View

#: The largest amount of one transfer.
AMOUNT_MAX = 2**62
#: The largest figure of one counter: what 64 bits with a sign hold.
COUNTER_MAX = 2**63 - 1


def judge(
    transfers: Sequence[Transfer], view: View, paths: Paths | None = None
) -> tuple[tuple[Answer, ...], Scratch]:
    """Return the answer to every transfer, and what the accepted ones make of the view.

    Parameters
    ----------
    transfers : sequence of Transfer
        Those of a group stand next to each other.
    view : View
    paths : Paths, optional
        Those that a store has worked out before.
    """
    scratch = Scratch(view)
    answers = chain.from_iterable(judged(transfers, scratch, paths or Paths()))
    return tuple(answers), scratch


def judged(
    transfers: Iterable[Transfer], scratch: Scratch, paths: Paths
) -> Iterator[Sequence[Answer]]:
    """Yield the answers to one group after the other; what it accepted is final then.

    Parameters
    ----------
    transfers : iterable of Transfer
        Those of a group stand next to each other.
    scratch : Scratch
        To which the accepted ones are applied.
    paths : Paths
    """
    for _, members in groupby(transfers, key=attrgetter("group_id")):
        group, mark = list(members), scratch.mark
        found = [_posted(transfer, scratch, paths) for transfer in group]
        is_accepted = all(each.posting.is_accepted for each in found)
        refused = _gap(scratch, mark) if is_accepted else None
        if refused is not None or not is_accepted:
            scratch.undo(mark)
            found = [_linked(each, refused) for each in found]
        yield found


def _linked(answer: Answer, refused: Answer | None) -> Answer:
    """Return the answer to a transfer of a group that is refused."""
    if refused is not None and refused.transfer_id == answer.transfer_id:
        return refused
    if answer.posting is Posting.POSTED:
        return Answer(answer.transfer_id, Posting.LINKED_TRANSFER_REFUSED)
    return answer


def _posted(transfer: Transfer, scratch: Scratch, paths: Paths) -> Answer:
    """Answer a transfer; if it is accepted, it has moved."""
    earlier = scratch.transfer(transfer.transfer_id) if transfer.transfer_id else None
    if earlier is not None:
        return _repeated(transfer, earlier)
    refused = _alone(transfer)
    if refused is not None:
        return Answer(transfer.transfer_id, refused)
    debited = scratch.base.opening(transfer.debit_account_id)
    credited = scratch.base.opening(transfer.credit_account_id)
    if debited is None or credited is None:
        return Answer(
            transfer.transfer_id,
            Posting.DEBIT_ACCOUNT_NOT_FOUND
            if debited is None
            else Posting.CREDIT_ACCOUNT_NOT_FOUND,
        )
    path = paths.of(transfer, debited.account, credited.account)
    refused = (
        path.fault
        or _undeclared(transfer, path, scratch)
        or _on_the_day(transfer, debited, credited)
        or _pending(transfer, scratch)
    )
    if refused is not None:
        return Answer(transfer.transfer_id, refused)
    return _lacking(transfer, path, scratch) or _moved(transfer, path, scratch)


def _lacking(transfer: Transfer, path: Path, scratch: Scratch) -> Answer | None:
    """Refuse a deposit at a place that lacks a fact on its day.

    What waits was asked on the day on which it was sent: it has moved, and its confirmation is a
    fact whatever has ended since.
    """
    if not path.debit.custodian or transfer.pending_id:
        return None
    fact = scratch.missing_custody_fact(path.debit, transfer)
    return Answer(transfer.transfer_id, Posting.CUSTODY_FACT_IS_MISSING, fact) if fact else None


#: Fields of a repeat in the order in which they are compared; the instant may differ.
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
    ("pending_id", Posting.EXISTS_WITH_DIFFERENT_PENDING),
)


def _repeated(transfer: Transfer, earlier: Transfer) -> Answer:
    for name, posting in _COMPARED:
        if getattr(transfer, name) != getattr(earlier, name):
            return Answer(transfer.transfer_id, posting, str(getattr(earlier, name)))
    return Answer(transfer.transfer_id, Posting.EXISTS)


def _alone(transfer: Transfer) -> Posting | None:
    """Judge a transfer by itself."""
    if not (transfer.transfer_id and transfer.group_id and transfer.cause_id):
        return _unnamed(transfer)
    if transfer.amount <= 0:
        return Posting.AMOUNT_IS_NOT_POSITIVE
    if transfer.amount > AMOUNT_MAX:
        return Posting.AMOUNT_IS_TOO_LARGE
    if transfer.debit_account_id == transfer.credit_account_id:
        return Posting.ACCOUNTS_ARE_THE_SAME
    return None


def _unnamed(transfer: Transfer) -> Posting:
    if not transfer.transfer_id:
        return Posting.ID_IS_EMPTY
    return Posting.CAUSE_IS_EMPTY if transfer.group_id else Posting.GROUP_IS_EMPTY


def _on_the_day(transfer: Transfer, debited: Opening, credited: Opening) -> Posting | None:
    """Judge whether both accounts are open on the day of a transfer."""
    on = transfer.business_date
    if debited.closed is credited.closed is None and debited.opened <= on and credited.opened <= on:
        return None
    faults = (debited.fault_on(on), credited.fault_on(on))
    if Posting.ACCOUNT_IS_NOT_YET_OPEN in faults:
        return Posting.ACCOUNT_IS_NOT_YET_OPEN
    return faults[0] or faults[1]


def _undeclared(transfer: Transfer, path: Path, scratch: Scratch) -> Posting | None:
    """Judge whether a transfer that a declared default alone allows follows from one."""
    if not path.is_of_a_default:
        return None
    bd_fcm = path.debit.bd_fcm or path.credit.bd_fcm
    if is_declared(transfer, bd_fcm, scratch.base.declared_default):
        return None
    return Posting.DEFAULT_IS_NOT_DECLARED


def _pending(transfer: Transfer, scratch: Scratch) -> Posting | None:
    """Judge a transfer that settles another."""
    if not transfer.pending_id:
        return None
    pending = scratch.transfer(transfer.pending_id)
    if pending is None:
        return Posting.PENDING_NOT_FOUND
    settled = scratch.resolution(transfer.pending_id)
    is_same = all(
        getattr(pending, name) == getattr(transfer, name)
        for name in ("kind", "debit_account_id", "credit_account_id", "asset")
    )
    is_void = transfer.state is TransferState.VOIDS_PENDING
    faults = (
        (pending.state is not TransferState.PENDING, Posting.PENDING_WAS_NOT_PENDING),
        (not is_same, Posting.PENDING_IS_ANOTHER_MOVEMENT),
        (transfer.amount > pending.amount, Posting.PENDING_HAS_SMALLER_AMOUNT),
        (is_void and transfer.amount < pending.amount, Posting.PENDING_HAS_LARGER_AMOUNT),
        (
            settled is not None and settled.state is TransferState.POSTS_PENDING,
            Posting.PENDING_ALREADY_POSTED,
        ),
        (settled is not None, Posting.PENDING_ALREADY_VOIDED),
    )
    return _first(faults)


def _moved(transfer: Transfer, path: Path, scratch: Scratch) -> Answer:
    """Let a transfer move; take it back and say why if it leaves what may not be."""
    mark = scratch.mark
    debited, now_debited, credited, now_credited = scratch.apply(transfer, path)
    if transfer.state is TransferState.VOIDS_PENDING:
        return Answer(transfer.transfer_id, Posting.POSTED)
    posting, detail = Posting.POSTED, ""
    if (
        now_debited.debits_posted + now_debited.debits_pending > COUNTER_MAX
        or now_credited.credits_posted + now_credited.credits_pending > COUNTER_MAX
    ):
        posting = Posting.COUNTER_IS_TOO_LARGE
    # Less of a deficit is no fault.
    elif path.limits_debit and left_credit(now_debited) < min(0, left_credit(debited)):
        posting, detail = Posting.EXCEEDS_BALANCE, transfer.debit_account_id
    elif path.limits_credit and left_debit(now_credited) < min(0, left_debit(credited)):
        posting, detail = Posting.EXCEEDS_BALANCE, transfer.credit_account_id
    elif path.needs_own_cover:
        posting, detail = _own_cover(transfer, path, scratch)
    elif path.uses_residual_interest:
        posting, detail = _residual_interest(transfer, path, (debited, credited), scratch)
    if posting is not Posting.POSTED:
        scratch.undo(mark)
    return Answer(transfer.transfer_id, posting, detail)


def _own_cover(transfer: Transfer, path: Path, after: Scratch) -> tuple[Posting, str]:
    """Say whether a customer's claims in the asset stay within what the customer is owed in it."""
    short = shortfall_of(after.balance, path.cover, transfer.asset)
    if short == 0:
        return Posting.POSTED, ""
    if transfer.asset.kind is AssetKind.SECURITY:
        return Posting.SECURITY_IS_NOT_THE_CUSTOMERS, str(short)
    return Posting.EXCEEDS_BALANCE, str(short)


def _residual_interest(
    transfer: Transfer, path: Path, before: tuple[Balance, Balance], after: Scratch
) -> tuple[Posting, str]:
    """Refuse what uses other customers' money: what is uncovered must fit into residual interest.

    Where losses left more uncovered than fits, a transfer may not make it more. The sum over all
    customers is asked for only where a transfer uses more than before.

    Parameters
    ----------
    transfer : Transfer
    path : Path
    before : tuple of Balance
        Of the debited and of the credited account; it changed no other.
    after : Scratch
    """
    uses = _net_use(path, after.balance)
    if uses == 0 and not path.takes_residual_interest:
        return Posting.POSTED, ""
    moved = dict(zip((transfer.debit_account_id, transfer.credit_account_id), before, strict=True))

    def was(account_id: str, asset: Asset) -> Balance:
        return moved.get(account_id) or after.balance(account_id, asset)

    more, bd_fcm = uses - _net_use(path, was), path.debit.bd_fcm
    held = _held(path, after.balance)
    if takes_what_is_others(more, lambda: after.uncovered_cents(bd_fcm), held):
        return Posting.EXCEEDS_RESIDUAL_INTEREST, str(after.uncovered_cents(bd_fcm))
    return Posting.POSTED, ""


def _net_use(path: Path, balance_of: BalanceOf) -> int:
    """Return what of the customer is uncovered, less residual interest where that is taken."""
    own = uncovered_of(balance_of, path.cover) if path.cover[0] else 0
    return own - (_held(path, balance_of) if path.takes_residual_interest else 0)


def _held(path: Path, balance_of: BalanceOf) -> int:
    interest = id_of(AccountKind.RESIDUAL_INTEREST, path.debit.bd_fcm, "")
    return left_credit(balance_of(interest, CASH))


def _gap(scratch: Scratch, mark: int) -> Answer | None:
    """Refuse the first transfer after a mark that leaves what is claimed and owed different."""
    equal: set[tuple[str, str]] = set()
    for transfer, path in scratch.applied(mark):
        asset = transfer.asset
        for claim, debt in path.mirrors:
            if (claim, asset.text) in equal:  # both legs of a group look at one pair
                continue
            if _differ(scratch.balance(claim, asset), scratch.balance(debt, asset)):
                return Answer(transfer.transfer_id, Posting.CLAIM_AND_DEBT_DIFFER, claim)
            equal.add((claim, asset.text))
    return None


def _differ(claim: Balance, debt: Balance) -> bool:
    """Compare what is posted, and what is on its way, each with its mirror."""
    return (
        claim.debits_posted - claim.credits_posted != debt.credits_posted - debt.debits_posted
        or claim.debits_pending != debt.credits_pending
        or claim.credits_pending != debt.debits_pending
    )


def _first(faults: Sequence[tuple[bool, Posting]]) -> Posting | None:
    for applies, posting in faults:
        if applies:
            return posting
    return None
