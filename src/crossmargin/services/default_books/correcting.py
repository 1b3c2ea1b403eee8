"""What becomes known of claims after a default was run: posted by new transfers alone.

Nothing that was posted is changed. A result of a close-out that is corrected moves at its clearing
organization as the first one did; a debt that a customer pays, and what is recovered for the class,
come in at the bank; a customer gives back what it was paid too much. A claim that is allowed for
less is a record, up to which it is paid: the books' own figure is what was held less results.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.correction_postings import DebtPaid, RecoveredForTheClass
from crossmargin.default_management.default_accounts import owed_account
from crossmargin.default_management.port_postings import Linked
from crossmargin.default_management.postings import (
    CloseOutResult,
    DefaultItem,
    DeficitPaid,
    Distributed,
    MarginReturned,
)
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.default_books.desk import DefaultDesk, cash_of

#: Stream of the records of corrections; the subject is the BD-FCM.
DEFAULT_CORRECTION = "DEFAULT_CORRECTION"
_RULE = "corrections of a default"


class CorrectionKind(StrEnum):
    """What became known."""

    RESULT = "RESULT"  # a close-out gained (positive) or lost by so much more at a side
    CLAIM = "CLAIM"  # the net equity that is allowed, all payments counted
    RETURNED = "RETURNED"  # the customer gave back of what it was paid
    DEBT = "DEBT"  # the customer paid of what it owes
    RECOVERED = "RECOVERED"  # for the class, from elsewhere


@dataclass(frozen=True, slots=True)
class Correction:
    """One thing that became known.

    Parameters
    ----------
    entry : str
        A name of its own: no entry is posted twice.
    kind : CorrectionKind
    customer_id : str
        Empty of what is recovered for the class.
    side : ClearingOrganization or None
        Of a result.
    amount : Money
        Signed for a result, else not negative.
    reason : str
    line : int
        Of the file.
    file : str
    """

    entry: str
    kind: CorrectionKind
    customer_id: str
    side: ClearingOrganization | None
    amount: Money
    reason: str
    line: int = 0
    file: str = ""

    def fault(self, field: str, value: object, expected: str) -> Refusal:
        """Return a refusal of it at its place."""
        return Refusal(field, str(value), expected, _RULE, self.file or None, self.line or None)

    def as_document(self) -> dict[str, str]:
        """Return what is said, without the place in the file."""
        return {
            "entry": self.entry,
            "kind": self.kind.value,
            "customer": self.customer_id,
            "side": self.side.value if self.side else "",
            "amount": str(self.amount),
            "reason": self.reason,
        }


def post_corrections(
    desk: DefaultDesk, corrections: Sequence[Correction], claimants: Sequence[str], written: Written
) -> None:
    """Post corrections in their order, each as a record and a group of linked transfers.

    Parameters
    ----------
    desk : DefaultDesk
    corrections : sequence of Correction
    claimants : sequence of str
        Customers whose positions were closed out in the default.
    written : Written

    Raises
    ------
    RefusedError
        Naming every line that cannot be: of nobody's claim, posted before, or for more than there
        is.
    """
    faults: list[Refusal] = []
    for each in corrections:
        found = _faults(desk, each, claimants)
        faults += found
        if found:
            continue
        desk.work.records.add(_record(desk, each, written))
        items = tuple(_items(desk, each))
        if items:
            try:
                desk.post([Linked(f"correction/{each.entry}", items)])
            except RefusedError as error:
                faults += [each.fault("amount", each.amount, r.expected) for r in error.refusals]
    if faults:
        raise RefusedError(*faults)


def correction_id(desk: DefaultDesk, entry: str) -> str:
    """Return the id of the record of an entry."""
    return f"{desk.entry.declaration_id}/correction/{entry}"


def _record(desk: DefaultDesk, said: Correction, written: Written) -> Record:
    return written.record(
        correction_id(desk, said.entry),
        DEFAULT_CORRECTION,
        desk.entry.bd_fcm,
        said.as_document(),
    )


def _faults(desk: DefaultDesk, said: Correction, claimants: Sequence[str]) -> list[Refusal]:
    if desk.work.records.get(correction_id(desk, said.entry)) is not None:
        return [said.fault("entry", said.entry, "an entry that was not posted")]
    if said.kind is CorrectionKind.RECOVERED:
        return []
    if said.customer_id not in claimants:
        expected = f"one of {', '.join(claimants) or 'nobody'}, closed out in the default"
        return [said.fault("customer", said.customer_id, expected)]
    most = _most(desk, said)
    if most is None or abs(said.amount.cents) <= most[0].cents:
        return []
    return [said.fault("amount", said.amount, f"at most {most[0]}, {most[1]}")]


def _most(desk: DefaultDesk, said: Correction) -> tuple[Money, str] | None:
    """Return the largest amount of a correction and what that is; None where nothing limits it."""
    owed = Money(cash_of(desk.owed(said.customer_id)))
    paid = paid_to(desk.work, desk.entry.bd_fcm, said.customer_id)
    if said.kind is CorrectionKind.RETURNED:
        return paid, "what it was paid"
    if said.kind is CorrectionKind.DEBT:
        return max(ZERO, ZERO - owed), "what it owes"
    if said.kind is CorrectionKind.CLAIM:
        return max(ZERO, owed) + paid, "what the books owe it and paid it: a result raises a claim"
    if said.amount < ZERO:
        return max(ZERO, owed), "what is owed to it: the rest is to come back first"
    return None


def paid_to(work: Work, bd_fcm: str, customer_id: str) -> Money:
    """Return what distributions paid a customer in cash, less what came back, from the ledger."""
    own = owed_account(bd_fcm, customer_id).account_id
    total = 0
    for kind, sign in ((TransferKind.DISTRIBUTION, 1), (TransferKind.DISTRIBUTION_RETURN, -1)):
        for each in work.ledger.transfers(account_id=own, kind=kind):
            total += sign * each.amount if each.asset == CASH else 0
    return Money(total)


def _items(desk: DefaultDesk, said: Correction) -> Sequence[DefaultItem]:
    """Return what moves; nothing for a claim that is allowed for less."""
    cents, name = said.amount.cents, said.customer_id
    if said.kind is CorrectionKind.RECOVERED:
        return (RecoveredForTheClass(said.entry, cents),)
    if said.kind is CorrectionKind.DEBT:
        return (DebtPaid(name, said.entry, cents),)
    if said.kind is CorrectionKind.RETURNED:
        return (Distributed(name, CASH, -cents),)
    if said.kind is not CorrectionKind.RESULT or said.side is None or not cents:
        return ()
    if cents < 0:
        return (DeficitPaid(name, said.side, -cents, is_own=True),)
    at = desk.place(name, said.side)
    return (CloseOutResult(at, cents), MarginReturned(at, CASH, cents))
