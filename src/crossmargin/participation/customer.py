"""A customer's way from applicant to live, and out again: steps in order, gates on any instant.

Steps are records; what a customer is at an instant is a fold over them. Two questions are asked at
every posting: may the customer hold positions (CP-01), and property (CP-02).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.participation.documents import (
    Acknowledgement,
    Document,
    DocumentKind,
)
from crossmargin.participation.entities import Registration, bd_fcm_verdict
from crossmargin.participation.ownership import Owner, owners_of, proprietary_gate
from crossmargin.participation.verdicts import Gate, Verdict

#: Stream of the records of steps; the subject is the customer.
CUSTOMER_STEP = "CUSTOMER_STEP"


class Step(StrEnum):
    """What is done with a customer, in the order in which it is first done."""

    APPLIED = "APPLIED"
    DECLARED = "DECLARED"
    CUSTOMER_OPTED_IN = "CUSTOMER_OPTED_IN"
    BD_FCM_OPTED_IN = "BD_FCM_OPTED_IN"
    ACCOUNTS_OPENED = "ACCOUNTS_OPENED"
    REHEARSED = "REHEARSED"
    WENT_LIVE = "WENT_LIVE"
    LEAVING = "LEAVING"
    LEFT = "LEFT"


class State(StrEnum):
    """Where a customer is."""

    UNKNOWN = "UNKNOWN"
    APPLICANT = "APPLICANT"
    DECLARED = "DECLARED"
    AGREED = "AGREED"
    DISCLOSED = "DISCLOSED"
    OPTED_IN = "OPTED_IN"
    ACCOUNTS_OPEN = "ACCOUNTS_OPEN"
    REHEARSED = "REHEARSED"
    LIVE = "LIVE"
    LEAVING = "LEAVING"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """Everything that is known of a customer.

    Parameters
    ----------
    subject : str
    steps : tuple of Record
        As written.
    documents : tuple of Document
        The customer's own.
    bd_fcm_documents : tuple of Document
    registrations : tuple of Registration
        Of the BD-FCM.
    proprietary_share : Fraction
        From which share on those related to the firm make the account proprietary.
    """

    subject: str
    steps: tuple[Record, ...]
    documents: tuple[Document, ...]
    bd_fcm_documents: tuple[Document, ...]
    registrations: tuple[Registration, ...]
    proprietary_share: Fraction

    @property
    def bd_fcm(self) -> str:
        """The customer's BD-FCM."""
        return self.subject.partition("/")[0]

    def done(self, step: Step, at: datetime) -> Record | None:
        """Return the last record of a step by an instant, or None."""
        found = [r for r in self.steps if r.content["step"] == step.value and r.at <= at]
        return found[-1] if found else None

    def document(self, kind: DocumentKind, at: datetime) -> Document | None:
        """Return the document of a kind in force at an instant, or None."""
        every = (*self.documents, *self.bd_fcm_documents)
        found = [each for each in every if each.kind is kind and each.is_in_force(at)]
        return found[-1] if found else None

    def owners(self, at: datetime) -> tuple[tuple[Owner, ...], tuple[str, ...]]:
        """Return the owners last declared by an instant, and the record that says so."""
        declared = self.done(Step.DECLARED, at)
        if declared is None:
            return (), ()
        return owners_of(declared.content["owners"]), (declared.record_id,)


def gates_before(file: CustomerFile, at: datetime) -> tuple[Gate, ...]:
    """Return the gates before accounts are opened, in order."""
    owners, evidence = file.owners(at)
    return (
        _eligible_bd_fcm(file, at),
        _document_gate(file, DocumentKind.PARTICIPANT_AGREEMENT, at, "agreement, section 3"),
        _document_gate(
            file, DocumentKind.SECURITY_INTEREST_TO_CME, at, "90 FR 58525, VIII(e)(iii)"
        ),
        proprietary_gate(owners, threshold=file.proprietary_share, evidence=evidence),
        _agreement_gate(file, at),
        _document_gate(file, DocumentKind.PLEDGE_TO_BD_FCM, at, "90 FR 58525, note 26"),
        _step_gate(file, Step.CUSTOMER_OPTED_IN, at, "90 FR 58525, VIII(e)(i)"),
        _step_gate(file, Step.BD_FCM_OPTED_IN, at, "90 FR 58525, VIII(e)(i)"),
    )


def may_hold_positions(file: CustomerFile, at: datetime) -> Verdict:
    """Return whether a customer may take positions into the account (CP-01)."""
    gates = (
        *gates_before(file, at),
        _step_gate(file, Step.ACCOUNTS_OPENED, at, "CP-01"),
        _step_gate(file, Step.REHEARSED, at, "rehearsal before go-live"),
        _step_gate(file, Step.WENT_LIVE, at, "CP-01"),
        _not_gate(file, Step.LEFT, at, "ruling 23"),
    )
    return Verdict(f"may {file.subject} hold positions at {at.isoformat()}", gates)


def may_hold_property(file: CustomerFile, at: datetime) -> Verdict:
    """Return whether a customer's property may be received (CP-02)."""
    gates = (
        _document_gate(file, DocumentKind.DISCLOSURE, at, "SEC application, condition 9; CP-02"),
        *gates_before(file, at),
        _step_gate(file, Step.ACCOUNTS_OPENED, at, "CP-02"),
        _not_gate(file, Step.LEFT, at, "ruling 23"),
    )
    return Verdict(f"may property of {file.subject} be received at {at.isoformat()}", gates)


def state_of(file: CustomerFile, at: datetime) -> State:
    """Return where a customer is at an instant: the last state whose steps are all done."""
    reached = (
        (Step.LEFT, State.LEFT),
        (Step.LEAVING, State.LEAVING),
        (Step.WENT_LIVE, State.LIVE),
        (Step.REHEARSED, State.REHEARSED),
        (Step.ACCOUNTS_OPENED, State.ACCOUNTS_OPEN),
    )
    for step, state in reached:
        if file.done(step, at) is not None:
            return state
    if file.done(Step.APPLIED, at) is None:
        return State.UNKNOWN
    if file.done(Step.DECLARED, at) is None:
        return State.APPLICANT
    if file.document(DocumentKind.PARTICIPATION_AND_SUBORDINATION, at) is None:
        return State.DECLARED
    if file.document(DocumentKind.DISCLOSURE, at) is None:
        return State.AGREED
    both = (Step.CUSTOMER_OPTED_IN, Step.BD_FCM_OPTED_IN)
    if any(file.done(step, at) is None for step in both):
        return State.DISCLOSED
    return State.OPTED_IN


def refusals_of_step(file: CustomerFile, step: Step, at: datetime) -> list[Refusal]:
    """Return why a step may not be done now: every reason."""
    needed = {
        Step.APPLIED: (),
        Step.DECLARED: (Step.APPLIED,),
        Step.CUSTOMER_OPTED_IN: (Step.APPLIED, Step.DECLARED),
        Step.BD_FCM_OPTED_IN: (Step.APPLIED, Step.DECLARED),
        Step.ACCOUNTS_OPENED: (Step.CUSTOMER_OPTED_IN, Step.BD_FCM_OPTED_IN),
        Step.REHEARSED: (Step.ACCOUNTS_OPENED,),
        Step.WENT_LIVE: (Step.ACCOUNTS_OPENED, Step.REHEARSED),
        Step.LEAVING: (Step.WENT_LIVE,),
        Step.LEFT: (Step.LEAVING,),
    }[step]
    refusals = [
        Refusal("step", step.value, f"{each.value} before it", "participation")
        for each in needed
        if file.done(each, at) is None
    ]
    if file.done(Step.LEFT, at) is not None:
        refusals.append(Refusal("step", step.value, "a customer who has not left", "ruling 23"))
    gates: Sequence[Gate] = ()
    if step is Step.ACCOUNTS_OPENED:
        gates = may_open(file, at).gates
    elif step is Step.WENT_LIVE:
        gates = may_hold_property(file, at).gates
    refusals += [
        Refusal(gate.name, gate.detail, "passed", gate.rule) for gate in gates if not gate.passed
    ]
    return refusals


def may_open(file: CustomerFile, at: datetime) -> Verdict:
    """Return whether a customer's accounts may be opened."""
    gates = (
        _document_gate(file, DocumentKind.DISCLOSURE, at, "SEC application, condition 9; CP-02"),
        *gates_before(file, at),
    )
    return Verdict(f"may accounts of {file.subject} be opened at {at.isoformat()}", gates)


def _eligible_bd_fcm(file: CustomerFile, at: datetime) -> Gate:
    verdict = bd_fcm_verdict(file.bd_fcm, file.registrations, at.date())
    decided = verdict.decided_by
    return Gate(
        "BD_FCM_IS_ELIGIBLE",
        "90 FR 58525, VIII(a)(ii)",
        verdict.allowed,
        tuple(each.record_id for each in file.registrations),
        "" if decided is None else f"{decided.name}: {decided.detail}",
    )


def _document_gate(file: CustomerFile, kind: DocumentKind, at: datetime, rule: str) -> Gate:
    found = file.document(kind, at)
    if found is None:
        return Gate(kind.value, rule, passed=False, detail="no such document in force")
    return Gate(kind.value, rule, passed=True, evidence=(found.record_id,))


def _agreement_gate(file: CustomerFile, at: datetime) -> Gate:
    kind, rule = DocumentKind.PARTICIPATION_AND_SUBORDINATION, "90 FR 58525, VIII(c); CP-01"
    found = file.document(kind, at)
    if found is None:
        return Gate(kind.value, rule, passed=False, detail="no such document in force")
    lacking = sorted(set(Acknowledgement) - found.acknowledgements)
    return Gate(
        kind.value,
        rule,
        not lacking,
        (found.record_id,),
        f"not acknowledged: {', '.join(lacking)}" if lacking else "",
    )


def _step_gate(file: CustomerFile, step: Step, at: datetime, rule: str) -> Gate:
    found = file.done(step, at)
    if found is None:
        return Gate(step.value, rule, passed=False, detail="not done")
    return Gate(step.value, rule, passed=True, evidence=(found.record_id,))


def _not_gate(file: CustomerFile, step: Step, at: datetime, rule: str) -> Gate:
    found = file.done(step, at)
    name = f"NOT_{step.value}"
    if found is None:
        return Gate(name, rule, passed=True)
    return Gate(name, rule, passed=False, evidence=(found.record_id,), detail="the customer left")
