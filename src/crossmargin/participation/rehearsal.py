"""A rehearsal: the whole workflow of a customer before it goes live, each step passed or failed.

Its outcome is a document with a digest; the step with which a customer has rehearsed takes it as
its evidence, and refuses one of another customer, one in which a step failed or is missing, one
that is too old, and one that does not say what its digest was made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from crossmargin.basics.digest import digest_of
from crossmargin.basics.refusals import Refusal

#: Stream of the records of rehearsals that steps rest on; the subject is the customer.
REHEARSAL = "REHEARSAL"
RULE = "rehearsal before going live"
KIND = "rehearsal"


class RehearsedStep(StrEnum):
    """Everything that is rehearsed, in its order."""

    PARTICIPATION = "PARTICIPATION"
    POSITIONS_AT_BOTH = "POSITIONS_AT_BOTH"
    REQUIREMENT_AT_BOTH = "REQUIREMENT_AT_BOTH"
    CALL_PAID = "CALL_PAID"
    PROPERTY_AT_BOTH = "PROPERTY_AT_BOTH"
    FILES_BACK = "FILES_BACK"
    CUSTODIAN_RECONCILED = "CUSTODIAN_RECONCILED"
    CALL_MISSED = "CALL_MISSED"
    WITHDRAWAL_REFUSED = "WITHDRAWAL_REFUSED"
    WITHDRAWAL_ALLOWED = "WITHDRAWAL_ALLOWED"
    SUSPENSION_NOTICE = "SUSPENSION_NOTICE"
    SUSPENSION_IN_EFFECT = "SUSPENSION_IN_EFFECT"
    REINSTATED = "REINSTATED"
    PORT = "PORT"
    BOOKS_VERIFIED = "BOOKS_VERIFIED"


class Outcome(StrEnum):
    """How a step, or all of it, ended."""

    PASSED = "PASSED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """One step of a rehearsal.

    Parameters
    ----------
    step : RehearsedStep
    passed : bool
    figures : mapping of str to str
        What it showed: amounts in dollars, par and contracts as they are.
    evidence : tuple of str
        Ids of records and transfers of the rehearsal's own books.
    lacking : str
        What was expected and did not come; empty where it passed.
    """

    step: RehearsedStep
    passed: bool
    figures: Mapping[str, str]
    evidence: tuple[str, ...]
    lacking: str = ""

    def as_document(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "step": self.step.value,
            "outcome": _outcome(passed=self.passed).value,
            "figures": dict(self.figures),
            "evidence": list(self.evidence),
            "lacking": self.lacking,
        }


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsal that was held.

    Parameters
    ----------
    bd_fcm, customer_id : str
    held_at : datetime
        Of the business clock: when it was asked for.
    inputs : mapping of str to str
        Digests of positions, market and parameters, and the days that were run.
    steps : tuple of StepOutcome
    records_digest : str
        Of everything that the rehearsal's own books hold.
    """

    bd_fcm: str
    customer_id: str
    held_at: datetime
    inputs: Mapping[str, str]
    steps: tuple[StepOutcome, ...]
    records_digest: str

    @property
    def passed(self) -> bool:
        """Whether every step there is was rehearsed and passed."""
        found = {each.step for each in self.steps if each.passed}
        return found == set(RehearsedStep)

    def as_document(self) -> dict[str, object]:
        """Return the document, its digest included."""
        said: dict[str, object] = {
            "kind": KIND,
            "version": 1,
            "bd_fcm": self.bd_fcm,
            "customer": self.customer_id,
            "held_at": self.held_at.isoformat(),
            "outcome": _outcome(passed=self.passed).value,
            "inputs": dict(self.inputs),
            "steps": [each.as_document() for each in self.steps],
            "records_digest": self.records_digest,
            "note": "simulated clearing organizations, custodian and banks; books of its own",
        }
        return {**said, "digest": digest_of(said)}


def refusals_of_rehearsal(
    document: Mapping[str, object], *, subject: str, at: datetime, valid_days: int
) -> list[Refusal]:
    """Return why a customer may not rest on a document: every reason.

    Parameters
    ----------
    document : mapping
        As :meth:`Rehearsal.as_document` makes it and a file gave it back.
    subject : str
        BD-FCM and customer, with a slash between.
    at : datetime
        When the step is taken.
    valid_days : int
        Calendar days after which a rehearsal is too old; the last one still counts.
    """
    refusals = []
    if document.get("kind") != KIND:
        refusals.append(Refusal("kind", str(document.get("kind")), KIND, RULE))
    said = {name: value for name, value in document.items() if name != "digest"}
    if (made := _digest(said)) != document.get("digest"):
        expected = f"the digest of what the document says, {made}"
        refusals.append(Refusal("digest", str(document.get("digest")), expected, RULE))
    whose = f"{document.get('bd_fcm')}/{document.get('customer')}"
    if whose != subject:
        refusals.append(Refusal("customer", whose, subject, RULE))
    return [*refusals, *_of_steps(document.get("steps")), *_of_age(document, at, valid_days)]


def rehearsal_content(document: Mapping[str, object]) -> dict[str, object]:
    """Return what the record of a rehearsal says: enough to find the document and its outcome."""
    return {
        "name": f"rehearsal of {document['customer']}",
        "sha256": document["digest"],
        "held_at": document["held_at"],
        "outcome": document["outcome"],
        "inputs": document["inputs"],
        "records_digest": document["records_digest"],
    }


def _of_steps(steps: object) -> list[Refusal]:
    outcomes = {
        str(each.get("step")): str(each.get("outcome"))
        for each in (steps if isinstance(steps, Sequence) and not isinstance(steps, str) else ())
        if isinstance(each, Mapping)
    }
    return [
        Refusal(f"steps.{step.value}", outcomes.get(step.value, ""), Outcome.PASSED.value, RULE)
        for step in RehearsedStep
        if outcomes.get(step.value) != Outcome.PASSED.value
    ]


def _of_age(document: Mapping[str, object], at: datetime, valid_days: int) -> list[Refusal]:
    text = str(document.get("held_at"))
    try:
        held_at = datetime.fromisoformat(text)
    except ValueError:
        held_at = None
    if held_at is None or held_at.tzinfo is None:
        return [Refusal("held_at", text, "an instant with a zone", RULE)]
    oldest = at - timedelta(days=valid_days)
    if not oldest <= held_at <= at:
        expected = f"from {oldest.isoformat()} to {at.isoformat()}: at most {valid_days} days old"
        return [Refusal("held_at", text, expected, RULE)]
    return []


def _digest(said: Mapping[str, object]) -> str:
    try:
        return digest_of(said)
    except TypeError as error:
        return f"none, for {error}"


def _outcome(*, passed: bool) -> Outcome:
    return Outcome.PASSED if passed else Outcome.FAILED
