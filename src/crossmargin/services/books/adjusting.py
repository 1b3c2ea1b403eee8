"""What was posted wrongly, corrected by hand: new transfers of their own kind, from a file.

Nothing that was posted is changed. By hand are corrected a fee, interest, and a settlement flow:
what the BD-FCM worked out itself, and what no file of the day would mend. Not so

* deposits, withdrawals, margin, residual interest and delivery: what moved at a bank or a clearing
  organization is a payment or an instruction of the day, with its confirmation;
* a forward mark: it goes back the next morning by the record of marks, which no hand corrects;
* positions and securities: they are the lots, which follow from what was cleared;
* anything of a declared default: what becomes known after is a correction of the default.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import Account as LedgerAccount
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.ledger.posting import Answer
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.participation.documents import sha256_faults
from crossmargin.participation.verdicts import eastern_date
from crossmargin.product.position import Account
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.books.approvals import Matter, faults_of_people
from crossmargin.services.books.days import faults_of_entry
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.ports import Records, Work

#: Streams of the records of corrections, a row each, and of the files that they came in.
ADJUSTMENT, ADJUSTMENT_FILE = "ADJUSTMENT", "ADJUSTMENT_FILE"
_RULE = "adjustments"
_T, _K = TransferKind, AccountKind
_AT_CME = (_T.CME_SETTLEMENT_VARIATION, _T.FUTURES_FINAL_SETTLEMENT)
_AT_FICC = (
    *(_T.FICC_MARK_INTEREST, _T.FICC_TRANSACTION_ADJUSTMENT, _T.FICC_COUPON),
    *(_T.FICC_REPO_INTEREST, _T.FICC_FAIL_CHARGE),
)
#: What may be corrected by hand, and as what the correction is posted.
CORRECTED_AS: Mapping[TransferKind, TransferKind] = {
    _T.FEE: _T.FEE_ADJUSTMENT,
    _T.INTEREST_TO_CUSTOMER: _T.INTEREST_ADJUSTMENT,
    **dict.fromkeys((*_AT_CME, *_AT_FICC), _T.SETTLEMENT_ADJUSTMENT),
}


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One row of a file of corrections.

    Parameters
    ----------
    line : int
    adjustment_id : str
        Rows of one id are posted together or not at all.
    customer_id : str
    corrects : TransferKind
        Of :data:`CORRECTED_AS`.
    account : Account
        Whose flow it was; ``REGULAR`` only of one at FICC.
    amount : Money
        To the customer; negative is from the customer. Not zero.
    transfer_id : str
        The transfer that was wrong; empty where nothing was posted that should have been. An
        earlier correction that named none may itself be wrong.
    reason : str
    document_sha256 : str
        Of the paper that says so.
    """

    line: int
    adjustment_id: str
    customer_id: str
    corrects: TransferKind
    account: Account
    amount: Money
    transfer_id: str
    reason: str
    document_sha256: str

    @property
    def kind(self) -> TransferKind:
        """The kind of transfer that it is posted as."""
        return CORRECTED_AS[self.corrects]

    @property
    def gives_back(self) -> bool:
        """Whether it lessens a fee that was charged, or interest that was paid."""
        of_fee = self.corrects is _T.FEE and self.amount > ZERO
        return of_fee or (self.corrects is _T.INTEREST_TO_CUSTOMER and self.amount < ZERO)


@dataclass(frozen=True, slots=True)
class AdjustmentFile:
    """A file of corrections, read whole."""

    name: str
    sha256: str
    rows: tuple[Adjustment, ...]


def adjust(work: Work, bd_fcm: str, file: AdjustmentFile, entry: Entry) -> tuple[str, ...]:
    """Enter a file of corrections whole, or refuse it whole; done again, nothing changes.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    file : AdjustmentFile
    entry : Entry
        Its date in New York is the business date: one that is begun or may begin, not closed.

    Returns
    -------
    tuple of str
        Ids of the records, one a row.

    Raises
    ------
    RefusedError
        With every reason, each with its line: of the people, of the day, of the rows, or else of
        the ledger. Of a BD-FCM without books that alone.
    """
    if not work.ledger.accounts(kind=_K.HOUSE_EQUITY, bd_fcm=bd_fcm):
        raise refused("bd_fcm", bd_fcm, "one whose books are open", _RULE)
    file_id = f"adjustments/{bd_fcm}/{file.sha256}"
    content = {"name": file.name, "sha256": file.sha256, "rows": len(file.rows)}
    day = eastern_date(entry.at)
    of_file = Record(
        record_id=file_id,
        stream=ADJUSTMENT_FILE,
        subject=bd_fcm,
        business_date=day,
        at=entry.at,
        actor=entry.actor,
        approver=entry.approver,
        content=content,
    )
    ids = _ids(bd_fcm, file.rows)
    if work.records.get(file_id) == of_file:
        return ids
    faults = faults_of_people(entry.actor, entry.approver, Matter.MANUAL_ADJUSTMENT)
    faults += faults_of_entry(work.records, bd_fcm, entry.at)
    faults += [each for row in file.rows for each in _faults_of(work, bd_fcm, row, file.name)]
    faults += _given_back_too_much(work, bd_fcm, file)
    if faults:
        raise RefusedError(*faults)
    work.records.add(of_file)
    groups: dict[str, list[tuple[Adjustment, Record]]] = defaultdict(list)
    for row, record_id in zip(file.rows, ids, strict=True):
        record = Record(
            record_id=record_id,
            stream=ADJUSTMENT,
            subject=subject_of(CustomerKey(bd_fcm, row.customer_id)),
            business_date=day,
            at=entry.at,
            actor=entry.actor,
            approver=entry.approver,
            content=_content(row),
            causes=(file_id, row.transfer_id) if row.transfer_id else (file_id,),
        )
        work.records.add(record)
        groups[row.adjustment_id].append((row, record))
    for own in groups.values():
        faults += _post(work, bd_fcm, own, file.name)
    if faults:
        raise RefusedError(*faults)
    return ids


def settlement_adjustments(records: Records, customer: CustomerKey) -> tuple[Record, ...]:
    """Return the records of what was corrected of a customer's settlement flows."""
    return tuple(
        each
        for each in records.select(stream=ADJUSTMENT, subject=subject_of(customer))
        if each.content["posted_as"] == _T.SETTLEMENT_ADJUSTMENT.value
    )


def _ids(bd_fcm: str, rows: Iterable[Adjustment]) -> tuple[str, ...]:
    seen: dict[str, int] = defaultdict(int)
    found = []
    for row in rows:
        seen[row.adjustment_id] += 1
        found.append(f"adjustment/{bd_fcm}/{row.adjustment_id}/{seen[row.adjustment_id]}")
    return tuple(found)


def _content(row: Adjustment) -> dict[str, object]:
    return {
        "line": row.line,
        "adjustment_id": row.adjustment_id,
        "corrects": row.corrects.value,
        "posted_as": row.kind.value,
        "account": row.account.value,
        "amount_cents": row.amount.cents,
        "transfer_id": row.transfer_id,
        "reason": row.reason,
        "document_sha256": row.document_sha256,
    }


def _faults_of(work: Work, bd_fcm: str, row: Adjustment, file: str) -> list[Refusal]:
    """Return what is wrong with one row, without balances."""

    def fault(field: str, value: str, expected: str) -> Refusal:
        return Refusal(field, value, expected, _RULE, file, row.line)

    faults = [
        fault("document_sha256", row.document_sha256, each.expected)
        for each in sha256_faults(row.document_sha256)
    ]
    if work.records.get(f"adjustment/{bd_fcm}/{row.adjustment_id}/1") is not None:
        expected = "an id that was not entered before"
        faults.append(fault("adjustment_id", row.adjustment_id, expected))
    if work.records.select(stream=DEFAULT_DECLARATION, subject=bd_fcm):
        expected = "a BD-FCM that is not in default: then it is a correction of the default"
        faults.append(fault("adjustment_id", row.adjustment_id, expected))
    if not work.ledger.accounts(
        kind=_K.CUSTOMER_FUTURES_ACCOUNT, bd_fcm=bd_fcm, customer_id=row.customer_id
    ):
        expected = f"a customer with accounts at {bd_fcm}"
        faults.append(fault("customer_id", row.customer_id, expected))
    if row.account is Account.REGULAR and row.corrects not in _AT_FICC:
        faults.append(fault("account", row.account.value, "REGULAR of a flow at FICC alone"))
    if row.gives_back and not row.transfer_id:
        expected = f"the {row.corrects.value} that is given back"
        faults.append(fault("transfer_id", "", expected))
    if row.transfer_id and not _is_of(work, bd_fcm, row):
        expected = (
            f"a {row.corrects.value} of {row.customer_id} in that account, "
            "or a correction of one that was missing"
        )
        faults.append(fault("transfer_id", row.transfer_id, expected))
    return faults


def _is_of(work: Work, bd_fcm: str, row: Adjustment) -> bool:
    """Return whether the transfer that a row names is of what it corrects.

    So is a correction of something that was missing; one that named a transfer is corrected at
    that transfer, so that no more is given back than there was.
    """
    found = work.ledger.transfer(row.transfer_id)
    own = _own(bd_fcm, row).account_id
    if found is None or own not in {found.debit_account_id, found.credit_account_id}:
        return False
    if found.kind is row.corrects:
        return found.state is TransferState.POSTED
    entered = work.records.get(found.cause_id)
    said = {} if entered is None or entered.stream != ADJUSTMENT else entered.content
    return said.get("corrects") == row.corrects.value and not said["transfer_id"]


def _given_back_too_much(work: Work, bd_fcm: str, file: AdjustmentFile) -> list[Refusal]:
    """Return the rows with which more of a fee or of interest is given back than there was."""
    left: dict[str, Money] = {}
    faults = []
    for row in file.rows:
        found = work.ledger.transfer(row.transfer_id) if row.transfer_id else None
        if found is None or row.kind is _T.SETTLEMENT_ADJUSTMENT:
            continue
        if row.transfer_id not in left:
            received = found.credit_account_id == _own(bd_fcm, row).account_id
            was = _more_of_it(row.corrects, Money(found.amount if received else -found.amount))
            left[row.transfer_id] = was + _earlier(work, bd_fcm, row)
        before = left[row.transfer_id]
        left[row.transfer_id] += _more_of_it(row.corrects, row.amount)
        if left[row.transfer_id] < ZERO:
            expected = f"at most the {before} that is left of {row.transfer_id}"
            faults.append(Refusal("amount", str(row.amount), expected, _RULE, file.name, row.line))
    return faults


def _earlier(work: Work, bd_fcm: str, row: Adjustment) -> Money:
    """Return by how much earlier corrections made a fee or interest more."""
    subject = subject_of(CustomerKey(bd_fcm, row.customer_id))
    return Money.total(
        _more_of_it(row.corrects, Money(int(str(each.content["amount_cents"]))))
        for each in work.records.select(stream=ADJUSTMENT, subject=subject)
        if each.content["transfer_id"] == row.transfer_id
    )


def _more_of_it(corrects: TransferKind, to_customer: Money) -> Money:
    return -to_customer if corrects is _T.FEE else to_customer


def _post(
    work: Work, bd_fcm: str, own: Sequence[tuple[Adjustment, Record]], file: str
) -> list[Refusal]:
    """Post the rows of one id, linked; return why the ledger refused them, or nothing."""
    lines: dict[str, Adjustment] = {}
    transfers = []
    for row, record in own:
        for number, (kind, debit, credit) in enumerate(_legs(bd_fcm, row), start=1):
            transfer_id = f"{record.record_id}/{number}"
            lines[transfer_id] = row
            transfers.append(
                Transfer(
                    transfer_id=transfer_id,
                    group_id=f"adjustment/{bd_fcm}/{row.adjustment_id}",
                    kind=kind,
                    debit_account_id=debit.account_id,
                    credit_account_id=credit.account_id,
                    asset=CASH,
                    amount=abs(row.amount.cents),
                    business_date=record.business_date,
                    at=record.at,
                    cause_id=record.record_id,
                )
            )
    answers = work.ledger.post(transfers)
    return [_refused(a, lines[a.transfer_id], file) for a in answers if not a.posting.is_accepted]


def _refused(answer: Answer, row: Adjustment, file: str) -> Refusal:
    expected = " ".join((answer.posting.value, answer.detail)).strip()
    return Refusal("amount", str(row.amount), expected, "ledger", file, row.line)


def _legs(bd_fcm: str, row: Adjustment) -> list[tuple[TransferKind, LedgerAccount, LedgerAccount]]:
    """Return kind, debit and credit: the customer's side, and of fees and interest the house's."""
    other = of_bd_fcm(_other(row), bd_fcm)
    sides = [(row.kind, other, _own(bd_fcm, row))]
    if row.kind is not _T.SETTLEMENT_ADJUSTMENT:
        equity, interest = (
            of_bd_fcm(kind, bd_fcm) for kind in (_K.HOUSE_EQUITY, _K.HOUSE_RESIDUAL_INTEREST)
        )
        sides.append((_T.RESIDUAL_INTEREST_INCOME, equity, interest))
    if row.amount > ZERO:
        return sides
    return [(kind, credit, debit) for kind, debit, credit in sides]


def _own(bd_fcm: str, row: Adjustment) -> LedgerAccount:
    is_regular = row.account is Account.REGULAR
    kind = _K.CUSTOMER_SECURITIES_ACCOUNT if is_regular else _K.CUSTOMER_FUTURES_ACCOUNT
    return of_customer(kind, CustomerKey(bd_fcm, row.customer_id))


def _other(row: Adjustment) -> AccountKind:
    if row.kind is not _T.SETTLEMENT_ADJUSTMENT:
        return _K.RESIDUAL_INTEREST
    if row.corrects in _AT_CME:
        return _K.CME_SETTLEMENT
    is_regular = row.account is Account.REGULAR
    return _K.SCM_FUNDS_ONLY_SETTLEMENT if is_regular else _K.FICC_FUNDS_ONLY_SETTLEMENT
