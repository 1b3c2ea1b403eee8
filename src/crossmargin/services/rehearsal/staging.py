"""The rehearsal's own books: the customer's papers and the firm's places, nobody's property.

What is known of the customer and the BD-FCM is copied out of the real books, which are only read;
cash of the firm is simulated. The steps that a rehearsal comes before are taken here alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import CUSTODY_FACT
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.participation.documents import DOCUMENT, DOCUMENT_ENDED
from crossmargin.participation.entities import REGISTRATION
from crossmargin.participation.programme import PROGRAMME_FACT
from crossmargin.participation.rehearsal import RULE
from crossmargin.participation.standing import STANDING
from crossmargin.participation.steps import CUSTOMER_STEP, Step, StepTaken
from crossmargin.services.books.accounts import of_bd_fcm
from crossmargin.services.books.opening import OPENING
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import customer_file, take_steps
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.clearing_day.position_transfers import refused

_STREAMS = (
    *(OPENING, CUSTODY_FACT, PROGRAMME_FACT, REGISTRATION, DOCUMENT, DOCUMENT_ENDED),
    *(CUSTOMER_STEP, STANDING),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """What a rehearsal begins with.

    Parameters
    ----------
    customer : CustomerKey
    first : date
    at : datetime
        Before anything is run on the first day.
    actor, approver : str
    proprietary_share : Fraction
        A ratio.
    capital : Money
        The firm's own cash in the rehearsal.
    inputs_digest : str
        Stands for the evidence of the step that the rehearsal is for.
    """

    customer: CustomerKey
    first: date
    at: datetime
    actor: str
    approver: str
    proprietary_share: Fraction
    capital: Money
    inputs_digest: str


def set_stage(real: Books, own: Books, stage: Stage) -> None:
    """Copy what the rehearsal rests on into its own books, and bring the customer in there.

    Raises
    ------
    RefusedError
        If the BD-FCM's books are not open, or a step of the customer that comes before its
        rehearsal is missing: with every reason.
    """
    with real.work() as source, own.work() as target:
        _copy_records(source, target, stage)
        _copy_accounts(source, target, stage)
        _bring_capital(target, stage)
        _bring_in(target, stage)
        target.commit()


def _copy_records(source: Work, target: Work, stage: Stage) -> None:
    subjects = {"", stage.customer.bd_fcm, subject_of(stage.customer)}
    for stream in _STREAMS:
        for record in source.records.select(stream=stream):
            if record.at <= stage.at and (record.subject in subjects or stream == CUSTODY_FACT):
                target.records.add(record)


def _copy_accounts(source: Work, target: Work, stage: Stage) -> None:
    cause = f"opening/{stage.customer.bd_fcm}"
    if source.records.get(cause) is None:
        expected = "a BD-FCM whose books are open"
        raise RefusedError(Refusal("bd_fcm", stage.customer.bd_fcm, expected, RULE))
    for account in source.ledger.accounts():
        is_own = account.customer_id in ("", stage.customer.customer_id)
        if is_own and account.bd_fcm in ("", stage.customer.bd_fcm):
            target.ledger.open_account(account, opened=stage.first, cause_id=cause)


def _bring_capital(target: Work, stage: Stage) -> None:
    bd_fcm = stage.customer.bd_fcm
    transfer = Transfer(
        transfer_id="rehearsal/capital",
        group_id="rehearsal/capital",
        kind=TransferKind.CAPITAL,
        debit_account_id=of_bd_fcm(AccountKind.HOUSE_BANK, bd_fcm).account_id,
        credit_account_id=of_bd_fcm(AccountKind.HOUSE_EQUITY, bd_fcm).account_id,
        asset=CASH,
        amount=stage.capital.cents,
        business_date=stage.first,
        at=stage.at,
        cause_id=f"opening/{bd_fcm}",
    )
    if answers := refused(target.ledger.post([transfer])):
        expected = answers[0].posting.value
        raise RefusedError(Refusal("capital", str(stage.capital), expected, "ledger"))


def _bring_in(target: Work, stage: Stage) -> None:
    file = customer_file(target, stage.customer, stage.proprietary_share)
    entry = Entry(stage.at, stage.actor, stage.approver)
    missing = [
        (StepTaken(step, sha256=stage.inputs_digest if step is Step.REHEARSED else ""), entry)
        for step in (Step.REHEARSED, Step.WENT_LIVE)
        if file.done(step, stage.at) is None
    ]
    take_steps(target, stage.customer, missing, proprietary_share=stage.proprietary_share)
