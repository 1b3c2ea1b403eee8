"""Participation as use cases: steps are written, accounts opened and closed.

Each takes a work and writes into it; the caller commits. Done again with the same ids, nothing
changes; done otherwise under an id that is there, it is refused as a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey, customer_of, subject_of
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.chart import AccountKind
from crossmargin.participation.customer import CustomerFile
from crossmargin.participation.order import refusals_of_step
from crossmargin.participation.rehearsal import (
    REHEARSAL,
    refusals_of_rehearsal,
    rehearsal_content,
)
from crossmargin.participation.standing import STANDING, standing_fact_of
from crossmargin.participation.steps import CUSTOMER_STEP, Step, StepTaken, step_of
from crossmargin.services.books.accounts import CUSTOMER_KINDS, SECURITIES_KINDS, of_customer
from crossmargin.services.books.approvals import Matter
from crossmargin.services.books.papers import (
    Entry,
    document_ends_of,
    documents_of,
    programme_facts,
    read_record,
    registrations_of,
)
from crossmargin.services.books.ports import Work

#: A customer's accounts that serve the arrangement alone, and are closed when it has left.
XM_KINDS = (
    AccountKind.FICC_XM_MARGIN,
    AccountKind.FICC_OWED_XM,
    AccountKind.FICC_XM_POSITION,
    AccountKind.CME_XM_POSITION,
)
_RULE = "participation"
_ONE_DAY = timedelta(days=1)


def customer_file(work: Work, customer: CustomerKey, proprietary_share: Fraction) -> CustomerFile:
    """Return everything that is known of a customer.

    Raises
    ------
    RefusedError
        If a record does not say what its stream says.
    """
    own = subject_of(customer)
    return CustomerFile(
        subject=own,
        steps=steps_of(work, customer),
        documents=documents_of(work, own),
        bd_fcm_documents=documents_of(work, customer.bd_fcm),
        registrations=registrations_of(work, customer.bd_fcm),
        proprietary_share=proprietary_share,
        programme=programme_facts(work),
        document_ends=(
            *document_ends_of(work, own),
            *document_ends_of(work, customer.bd_fcm),
        ),
        standing=tuple(
            read_record(each, standing_fact_of)
            for each in work.records.select(stream=STANDING, subject=own)
        ),
    )


def steps_of(work: Work, customer: CustomerKey) -> tuple[StepTaken, ...]:
    """Return the steps of a customer, as written; none of one whom the books do not know.

    Raises
    ------
    RefusedError
        If a record does not say what its stream says.
    """
    records = work.records.select(stream=CUSTOMER_STEP, subject=subject_of(customer))
    return tuple(read_record(each, step_of) for each in records)


def take_step(
    work: Work,
    customer: CustomerKey,
    taken: StepTaken,
    entry: Entry,
    *,
    proprietary_share: Fraction,
    record_id: str = "",
) -> str:
    """Take a step of a customer, or refuse it with every reason; return its record's id.

    A declaration that makes the account proprietary is written too: every verdict after it says no.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
    taken : StepTaken
        With what it follows from; who and when is the entry's.
    entry : Entry
    proprietary_share : Fraction
        A ratio.
    record_id : str, optional
        The caller's id; made of customer, step and instant if left out.

    Raises
    ------
    RefusedError
        Naming every step that must come before, every gate that is not passed, and all that a
        leaving customer has and does not name.
    """
    (written,) = take_steps(
        work, customer, [(taken, entry)], proprietary_share=proprietary_share, first_id=record_id
    )
    return written


def take_steps(
    work: Work,
    customer: CustomerKey,
    steps: Sequence[tuple[StepTaken, Entry]],
    *,
    proprietary_share: Fraction,
    first_id: str = "",
) -> tuple[str, ...]:
    """Take steps one after the other, as :func:`take_step` does, reading the books once.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
    steps : sequence of (StepTaken, Entry)
    proprietary_share : Fraction
        A ratio.
    first_id : str, optional
        Id of the first record; the others are made of customer, step and instant.

    Raises
    ------
    RefusedError
        At the first step that is refused: whoever calls commits none.
    """
    file = customer_file(work, customer, proprietary_share)
    written: list[str] = []
    for taken, entry in steps:
        own = f"step/{subject_of(customer)}/{taken.step.value}/{entry.at.isoformat()}"
        record_id = own if written or not first_id else first_id
        record = entry.record(
            work,
            record_id,
            CUSTOMER_STEP,
            subject_of(customer),
            taken.as_content(),
            causes=taken.causes,
            matter=Matter.PARTICIPATION,
        )
        if work.records.get(record_id) is None:
            refusals = [
                *_unknown_causes(work, file, taken),
                *refusals_of_step(file, taken, entry.at),
                *_other_evidence(work, file, taken),
                *_what_is_left(work, customer, taken),
            ]
            if refusals:
                raise RefusedError(*refusals)
        if work.records.add(record):
            file = replace(file, steps=(*file.steps, step_of(record)))
            _change_accounts(work, customer, taken.step, record)
        written.append(record_id)
    return tuple(written)


def record_rehearsal(
    work: Work,
    customer: CustomerKey,
    document: Mapping[str, object],
    entry: Entry,
    *,
    valid_days: int,
) -> str:
    """Write that a rehearsal is what a customer rests on; return the record's id.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
    document : mapping
        The rehearsal's, as its file has it.
    entry : Entry
    valid_days : int
        For how many calendar days a rehearsal is good.

    Raises
    ------
    RefusedError
        If a step failed or is missing, it is another customer's, too old, or altered: every reason.
    """
    own = subject_of(customer)
    refusals = refusals_of_rehearsal(document, subject=own, at=entry.at, valid_days=valid_days)
    if refusals:
        raise RefusedError(*refusals)
    record_id = f"rehearsal/{own}/{document['digest']}"
    if work.records.get(record_id) is None:
        content = rehearsal_content(document)
        work.records.add(
            entry.record(work, record_id, REHEARSAL, own, content, matter=Matter.PARTICIPATION)
        )
    return record_id


def what_remains(work: Work, customer: CustomerKey) -> tuple[str, ...]:
    """Return what a customer has in accounts of the arrangement alone, one line a balance.

    Each line is the kind of account, the asset, debits less credits posted, and what is in transit.
    """
    lines = []
    for kind in XM_KINDS:
        balances = work.ledger.balances(
            kind=kind, bd_fcm=customer.bd_fcm, customer_id=customer.customer_id
        )
        for (_, asset), balance in balances.items():
            moving = balance.debits_pending + balance.credits_pending
            if balance.posted_debit or moving:
                line = f"{kind.value} {asset} {balance.posted_debit}"
                lines.append(f"{line} in transit {moving}" if moving else line)
    return tuple(lines)


def customers_of(work: Work, bd_fcm: str | None = None) -> tuple[CustomerKey, ...]:
    """Return every customer of whom a step was written, by name."""
    found = {customer_of(record.subject) for record in work.records.select(stream=CUSTOMER_STEP)}
    return tuple(sorted(each for each in found if bd_fcm in (None, each.bd_fcm)))


def _unknown_causes(work: Work, file: CustomerFile, taken: StepTaken) -> list[Refusal]:
    known = {each.record_id for each in file.documents}
    return [
        Refusal("evidence", each, "the id of a record", _RULE)
        for each in taken.causes
        if each not in known and work.records.get(each) is None
    ]


def _other_evidence(work: Work, file: CustomerFile, taken: StepTaken) -> list[Refusal]:
    """Return the records that a rehearsal cannot rest on: those that are none of this customer."""
    if taken.step is not Step.REHEARSED:
        return []
    found = [(each, work.records.get(each)) for each in taken.causes]
    return [
        Refusal("evidence", each, f"a rehearsal of {file.subject}", _RULE)
        for each, record in found
        if record is not None and (record.stream, record.subject) != (REHEARSAL, file.subject)
    ]


def _what_is_left(work: Work, customer: CustomerKey, taken: StepTaken) -> list[Refusal]:
    """Return what stands against leaving: all that remains, or what it is said to be and is not."""
    if taken.step not in {Step.LEAVING, Step.LEFT}:
        return []
    there = set(what_remains(work, customer))
    said = set(taken.remains) if taken.step is Step.LEAVING else set()
    expected = "named as what remains" if taken.step is Step.LEAVING else "nothing left"
    return [
        *(Refusal("remains", each, expected, "ruling 23") for each in sorted(there - said)),
        *(Refusal("remains", each, "what is there", "ruling 23") for each in sorted(said - there)),
    ]


def _change_accounts(work: Work, customer: CustomerKey, step: Step, record: Record) -> None:
    if step is Step.ACCOUNTS_OPENED:
        _open_accounts(work, customer, record)
    elif step is Step.LEFT:
        _close_accounts(work, customer, record)


def _open_accounts(work: Work, customer: CustomerKey, step: Record) -> None:
    """Open what is not open yet: a futures account may have been there before."""
    open_already = set(
        work.ledger.accounts(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id)
    )
    kinds: tuple[AccountKind, ...] = (*CUSTOMER_KINDS, *SECURITIES_KINDS)
    for kind in kinds:
        account = of_customer(kind, customer)
        if account not in open_already:
            work.ledger.open_account(account, opened=step.business_date, cause_id=step.record_id)


def _close_accounts(work: Work, customer: CustomerKey, step: Record) -> None:
    """Close the accounts of the arrangement: from the next day on where one moved on this day."""
    opened = set(work.ledger.accounts(bd_fcm=customer.bd_fcm, customer_id=customer.customer_id))
    ids = [each.account_id for kind in XM_KINDS if (each := of_customer(kind, customer)) in opened]
    day = step.business_date
    has_moved = any(work.ledger.transfers(account_id=each, first=day) for each in ids)
    closed = day + _ONE_DAY if has_moved else day
    for account_id in ids:
        work.ledger.close_account(account_id, closed=closed, cause_id=step.record_id)
