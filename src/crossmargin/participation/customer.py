"""A customer at an instant: the state, and whether it may hold positions and property.

Steps and documents are records; what a customer is at an instant is a fold over those written by
then. Two questions are asked at every posting: may the customer hold positions (CP-01), and
property (CP-02). Each is answered by gates in order, each with its rule and its evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from crossmargin.participation.documents import (
    Acknowledgement,
    Document,
    DocumentEnd,
    DocumentKind,
)
from crossmargin.participation.entities import Registration, bd_fcm_verdict, known_registrations
from crossmargin.participation.ownership import proprietary_gate
from crossmargin.participation.programme import ProgrammeFact, programme_gates
from crossmargin.participation.standing import (
    StandingFact,
    StandingState,
    effective_notice,
    standing_at,
)
from crossmargin.participation.steps import Step, StepTaken
from crossmargin.participation.verdicts import Gate, Verdict, eastern_date


class State(StrEnum):
    """Where a customer is."""

    UNKNOWN = "UNKNOWN"
    APPLICANT = "APPLICANT"
    INELIGIBLE = "INELIGIBLE"
    DECLARED = "DECLARED"
    AGREED = "AGREED"
    DISCLOSED = "DISCLOSED"
    OPTED_IN = "OPTED_IN"
    PORTED = "PORTED"
    ACCOUNTS_OPEN = "ACCOUNTS_OPEN"
    REHEARSED = "REHEARSED"
    LIVE = "LIVE"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"
    LEAVING = "LEAVING"
    LEFT = "LEFT"


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """Everything that is known of a customer.

    Parameters
    ----------
    subject : str
        BD-FCM and customer, with a slash between.
    steps : tuple of StepTaken
        As written.
    documents : tuple of Document
        The customer's own.
    bd_fcm_documents : tuple of Document
    registrations : tuple of Registration
        Of the BD-FCM.
    proprietary_share : Fraction
        From which share on those related to the firm make the account proprietary.
    programme : tuple of ProgrammeFact
    document_ends : tuple of DocumentEnd
        Of the customer's and the BD-FCM's.
    standing : tuple of StandingFact
        Notices of suspension and termination with all that belongs to them, as written.
    """

    subject: str
    steps: tuple[StepTaken, ...]
    documents: tuple[Document, ...]
    bd_fcm_documents: tuple[Document, ...]
    registrations: tuple[Registration, ...]
    proprietary_share: Fraction
    programme: tuple[ProgrammeFact, ...] = ()
    document_ends: tuple[DocumentEnd, ...] = ()
    standing: tuple[StandingFact, ...] = ()

    @property
    def bd_fcm(self) -> str:
        """The customer's BD-FCM."""
        return self.subject.partition("/")[0]

    def done(self, step: Step, at: datetime) -> StepTaken | None:
        """Return the last taking of a step by an instant, or None."""
        found = [each for each in self.steps if each.step is step and each.is_known(at)]
        return found[-1] if found else None

    def document(self, kind: DocumentKind, at: datetime) -> Document | None:
        """Return the document of a kind in force at an instant, the last signed, or None."""
        over = {each.document_id for each in self.document_ends if each.is_over(at)}
        found = [
            each
            for each in (*self.documents, *self.bd_fcm_documents)
            if each.kind is kind and each.is_in_force(at) and each.record_id not in over
        ]
        # The BD-FCM's own, however early, before what a port carried over.
        return max(found, key=lambda each: (not each.carried_from, each.signed_at), default=None)

    def stands_in(self, step: Step, at: datetime) -> StepTaken | None:
        """Return the port that stands in for a step at an instant, or None."""
        found = self.done(Step.PORTED, at)
        if found is None or found.came_over is None or self.done(step, at) is not None:
            return None
        over = found.came_over
        return found if step in over.stands_for and eastern_date(at) <= over.until else None

    def is_live(self, at: datetime) -> bool:
        """Return whether the customer went live, or a port stands in for it, and has not left."""
        went = self.done(Step.WENT_LIVE, at) or self.stands_in(Step.WENT_LIVE, at)
        return went is not None and self.done(Step.LEFT, at) is None

    def suspension(self, at: datetime) -> StandingFact | None:
        """Return the notice that keeps the customer out at an instant, or None (CP-18)."""
        return effective_notice(self.standing, at)


def customer_gates(file: CustomerFile, at: datetime) -> tuple[Gate, ...]:
    """Return whether the applicant is a Customer, by a declaration that is signed and judged."""
    declared = file.done(Step.DECLARED, at)
    owners = () if declared is None else declared.owners
    evidence = () if declared is None else (declared.record_id,)
    judged = proprietary_gate(owners, threshold=file.proprietary_share, evidence=evidence)
    if port := file.stands_in(Step.DECLARED, at):
        judged = _stood_in(judged.name, judged.rule, port)
    return (
        _document_gate(file, DocumentKind.OWNERSHIP_AND_CONTROL, at, "90 FR 58525, VIII(a)(i)"),
        judged,
    )


def opt_in_gates(file: CustomerFile, at: datetime) -> tuple[Gate, ...]:
    """Return the gates before either side opts in: who the customer is, and what it was told."""
    return (
        *customer_gates(file, at),
        _agreement_gate(file, at),
        _document_gate(file, DocumentKind.DISCLOSURE, at, "SEC application, condition 9; CP-02"),
    )


def opening_gates(file: CustomerFile, at: datetime) -> tuple[Gate, ...]:
    """Return the gates before accounts are opened."""
    return (
        _bd_fcm_gate(file, at),
        _document_gate(
            file, DocumentKind.PARTICIPANT_AGREEMENT, at, "agreement of BD-FCM, CME and FICC"
        ),
        _document_gate(
            file, DocumentKind.SECURITY_INTEREST_TO_CME, at, "90 FR 58525, VIII(e)(iii); CP-05"
        ),
        *opt_in_gates(file, at),
        _document_gate(file, DocumentKind.PLEDGE_TO_BD_FCM, at, "90 FR 58525, note 26; CP-05"),
        _step_gate(file, Step.CUSTOMER_OPTED_IN, at, "90 FR 58525, VIII(e)(i)"),
        _step_gate(file, Step.BD_FCM_OPTED_IN, at, "90 FR 58525, VIII(e)(i)"),
    )


def live_gates(file: CustomerFile, at: datetime) -> tuple[Gate, ...]:
    """Return the gates before a customer goes live."""
    return (
        *programme_gates(file.programme, at),
        *opening_gates(file, at),
        _step_gate(file, Step.ACCOUNTS_OPENED, at, "CP-01"),
        _step_gate(file, Step.REHEARSED, at, "rehearsal before going live"),
    )


def may_hold_positions(file: CustomerFile, at: datetime) -> Verdict:
    """Return whether a customer may take positions into the account (CP-01).

    A customer that leaves still may, to close what it has; one that is suspended may not.
    """
    suspended = file.suspension(at)
    gates = (
        *live_gates(file, at),
        _step_gate(file, Step.WENT_LIVE, at, "CP-01"),
        Gate(
            "NOT_SUSPENDED",
            "CP-18",
            suspended is None,
            () if suspended is None else (suspended.record_id,),
            "" if suspended is None else f"under criterion {suspended.criterion}",
        ),
        _not_left_gate(file, at),
    )
    return Verdict(f"may {file.subject} hold positions at {at.isoformat()}", gates)


def may_hold_property(file: CustomerFile, at: datetime) -> Verdict:
    """Return whether a customer's property may be received (CP-02).

    The programme's gates are not among these: margin for what is there is received to the end.
    """
    gates = (
        *opening_gates(file, at),
        _step_gate(file, Step.ACCOUNTS_OPENED, at, "CP-02"),
        _not_left_gate(file, at),
    )
    return Verdict(f"may property of {file.subject} be received at {at.isoformat()}", gates)


def state_of(file: CustomerFile, at: datetime) -> State:
    """Return where a customer is at an instant: the last state whose steps are all done.

    A declaration that makes the account proprietary shows as INELIGIBLE from then on, whatever was
    reached before, until another one mends it. Who came with a port is PORTED until it went live.
    """
    came = file.done(Step.PORTED, at) is not None and file.done(Step.WENT_LIVE, at) is None
    if file.done(Step.APPLIED, at) is None and not came:
        return State.UNKNOWN
    for step, state in ((Step.LEFT, State.LEFT), (Step.LEAVING, State.LEAVING)):
        if file.done(step, at) is not None:
            return state
    if file.done(Step.DECLARED, at) is None and not came:
        return State.APPLICANT
    if file.done(Step.DECLARED, at) is not None and not customer_gates(file, at)[-1].passed:
        return State.INELIGIBLE
    standing = standing_at(file.standing, at)
    if standing in {StandingState.SUSPENDED, StandingState.TERMINATED}:
        return State(standing.value)
    return State.PORTED if came else _reached(file, at)


def state_changes(file: CustomerFile) -> tuple[tuple[datetime, State], ...]:
    """Return every state that a customer was in, and since when, by steps and documents."""
    instants = {each.at for each in file.steps if each.at is not None}
    instants |= {each.recorded_at for each in file.documents if each.recorded_at is not None}
    instants |= {each.at for each in file.standing}
    instants |= {each.effective_at for each in file.standing if each.effective_at is not None}
    changes: list[tuple[datetime, State]] = []
    for at in sorted(instants):
        state = state_of(file, at)
        if state is not (changes[-1][1] if changes else State.UNKNOWN):
            changes.append((at, state))
    return tuple(changes)


def _reached(file: CustomerFile, at: datetime) -> State:
    reached = (
        (Step.WENT_LIVE, State.LIVE),
        (Step.REHEARSED, State.REHEARSED),
        (Step.ACCOUNTS_OPENED, State.ACCOUNTS_OPEN),
    )
    for step, state in reached:
        if file.done(step, at) is not None:
            return state
    if file.document(DocumentKind.PARTICIPATION_AND_SUBORDINATION, at) is None:
        return State.DECLARED
    if file.document(DocumentKind.DISCLOSURE, at) is None:
        return State.AGREED
    both = (Step.CUSTOMER_OPTED_IN, Step.BD_FCM_OPTED_IN)
    if any(file.done(step, at) is None for step in both):
        return State.DISCLOSED
    return State.OPTED_IN


def _bd_fcm_gate(file: CustomerFile, at: datetime) -> Gate:
    verdict = bd_fcm_verdict(file.bd_fcm, file.registrations, at)
    decided = verdict.decided_by
    return Gate(
        "BD_FCM_IS_ELIGIBLE",
        "90 FR 58525, VIII(a)(ii)",
        verdict.allowed,
        tuple(each.record_id for each in known_registrations(file.registrations, at)),
        "" if decided is None else f"{decided.name}: {decided.detail}",
    )


def _document_gate(file: CustomerFile, kind: DocumentKind, at: datetime, rule: str) -> Gate:
    found = file.document(kind, at)
    if found is None:
        return Gate(kind.value, rule, passed=False, detail="no such document in force")
    return Gate(
        kind.value, rule, passed=True, evidence=(found.record_id,), detail=_carried_over(found)
    )


def _carried_over(document: Document) -> str:
    """Return that a document came with a port and for how long it stands, or nothing."""
    if not document.carried_from:
        return ""
    ends = "until a new agreement" if document.last is None else f"until {document.last}"
    return f"carried over from {document.carried_from}, {ends}"


def document_gates(file: CustomerFile, at: datetime) -> tuple[Gate, ...]:
    """Return one gate a paper that the customer itself must have in force."""
    return (
        _agreement_gate(file, at),
        *(
            _document_gate(file, kind, at, "90 FR 58525, VIII; CP-01, CP-02")
            for kind in (
                DocumentKind.DISCLOSURE,
                DocumentKind.PLEDGE_TO_BD_FCM,
                DocumentKind.OWNERSHIP_AND_CONTROL,
            )
        ),
    )


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
        f"not acknowledged: {', '.join(lacking)}" if lacking else _carried_over(found),
    )


def _step_gate(file: CustomerFile, step: Step, at: datetime, rule: str) -> Gate:
    found = file.done(step, at)
    if found is not None:
        return Gate(step.value, rule, passed=True, evidence=(found.record_id,))
    if port := file.stands_in(step, at):
        return _stood_in(step.value, rule, port)
    return Gate(step.value, rule, passed=False, detail="not done")


def _stood_in(name: str, rule: str, port: StepTaken) -> Gate:
    """Return the gate that a port passes in the place of a step that is still to be taken."""
    over = port.came_over
    detail = "" if over is None else f"by the port from {over.bd_fcm}, until {over.until}"
    return Gate(name, rule, passed=True, evidence=(port.record_id,), detail=detail)


def _not_left_gate(file: CustomerFile, at: datetime) -> Gate:
    left = file.done(Step.LEFT, at)
    if left is None:
        return Gate("NOT_LEFT", "ruling 23", passed=True)
    return Gate(
        "NOT_LEFT", "ruling 23", passed=False, evidence=(left.record_id,), detail="it has left"
    )
