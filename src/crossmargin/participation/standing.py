"""Where a customer's access to the arrangement stands: active, under notice, suspended, ended.

Facts are only added. A notice names its criterion and the boundary of a cycle from which on it
holds; it is over once it is cured or, after it took effect, the customer is reinstated. What is
terminated stays so. Nothing changes inside a cycle, or before a notice was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crossmargin.basics.records import Record

#: Stream of the records; the subject is the customer.
STANDING = "STANDING"


class StandingState(StrEnum):
    """Where access stands."""

    ACTIVE = "ACTIVE"
    NOTICE = "NOTICE"
    CURED = "CURED"
    SUSPENDED = "SUSPENDED"
    TERMINATED = "TERMINATED"


class LeadsTo(StrEnum):
    """What a notice ends in unless it is cured."""

    SUSPENSION = "SUSPENSION"
    TERMINATION = "TERMINATION"


class Invoker(StrEnum):
    """Who may invoke a criterion."""

    BD_FCM = "BD_FCM"
    CUSTOMER = "CUSTOMER"
    FICC = "FICC"
    CME = "CME"
    CFTC = "CFTC"
    SEC = "SEC"


class StandingEvent(StrEnum):
    """What is written."""

    EVIDENCE = "EVIDENCE"  # a paper that says that a criterion is met
    NOTICE = "NOTICE"
    ACKNOWLEDGED = "ACKNOWLEDGED"  # by the customer
    CURED = "CURED"  # before the effect
    REINSTATED = "REINSTATED"  # after it


_ENDS = frozenset({StandingEvent.CURED, StandingEvent.REINSTATED})


@dataclass(frozen=True, slots=True)
class StandingFact:
    """One thing that was written of a customer's access.

    Parameters
    ----------
    event : StandingEvent
    criterion : str
        Its id.
    at : datetime
    notice_id : str
        Of the notice that it is about: a notice's own id; empty for evidence.
    leads_to : LeadsTo or None
        Of a notice, as is all that follows.
    effective_at : datetime or None
        The boundary of a cycle from which on it holds; that very instant counts.
    invoked_by : Invoker or None
    sha256 : str
        Of the paper, where there is one.
    record_id, actor, approver : str
    causes : tuple of str
    said : mapping
        Everything that the record says: of a notice its surge table and the parity check too.
    """

    event: StandingEvent
    criterion: str
    at: datetime
    notice_id: str = ""
    leads_to: LeadsTo | None = None
    effective_at: datetime | None = None
    invoked_by: Invoker | None = None
    sha256: str = ""
    record_id: str = ""
    actor: str = ""
    approver: str = ""
    causes: tuple[str, ...] = ()
    said: Mapping[str, object] = field(default_factory=dict)

    def is_in_effect(self, at: datetime) -> bool:
        """Return whether a notice has taken effect by an instant."""
        return self.effective_at is not None and self.effective_at <= at


def standing_fact_of(record: Record) -> StandingFact:
    """Return what a record says of a customer's access.

    Raises
    ------
    ValueError
        If it says nothing of it.
    """
    said = record.content
    try:
        event = StandingEvent(str(said["event"]))
        is_notice = event is StandingEvent.NOTICE
        return StandingFact(
            event=event,
            criterion=str(said["criterion"]),
            at=record.at,
            notice_id=record.record_id if is_notice else str(said["notice"]),
            leads_to=LeadsTo(str(said["leads_to"])) if is_notice else None,
            effective_at=datetime.fromisoformat(str(said["effective_at"])) if is_notice else None,
            invoked_by=Invoker(str(said["invoked_by"])) if is_notice else None,
            sha256=str(said.get("sha256", "")),
            record_id=record.record_id,
            actor=record.actor,
            approver=record.approver,
            causes=record.causes,
            said=said,
        )
    except KeyError as error:
        raise ValueError(f"expected a fact of a customer's access, was {record!r}") from error


def open_notices(facts: Sequence[StandingFact], at: datetime) -> tuple[StandingFact, ...]:
    """Return the notices that stand at an instant: given, and neither cured nor lifted."""
    over = {each.notice_id for each in facts if each.event in _ENDS and each.at <= at}
    return tuple(
        each
        for each in facts
        if each.event is StandingEvent.NOTICE and each.at <= at and each.record_id not in over
    )


def effective_notice(facts: Sequence[StandingFact], at: datetime) -> StandingFact | None:
    """Return the notice that is in effect at an instant: one that terminates before any other."""
    found = [each for each in open_notices(facts, at) if each.is_in_effect(at)]
    ended = [each for each in found if each.leads_to is LeadsTo.TERMINATION]
    return next(iter(ended or found), None)


def standing_at(facts: Sequence[StandingFact], at: datetime) -> StandingState:
    """Return where a customer's access stands at an instant."""
    effective = effective_notice(facts, at)
    if effective is not None:
        ends = effective.leads_to is LeadsTo.TERMINATION
        return StandingState.TERMINATED if ends else StandingState.SUSPENDED
    if open_notices(facts, at):
        return StandingState.NOTICE
    ends_of_notices = [each for each in facts if each.event in _ENDS and each.at <= at]
    last = ends_of_notices[-1].event if ends_of_notices else StandingEvent.REINSTATED
    return StandingState.CURED if last is StandingEvent.CURED else StandingState.ACTIVE


def stated_criteria(facts: Sequence[StandingFact], at: datetime) -> Mapping[str, tuple[str, ...]]:
    """Return the papers under each criterion that say it is met, by an instant.

    What ends a notice takes back the papers that were written under its criterion before it.
    """
    stated: dict[str, tuple[str, ...]] = {}
    for each in facts:
        if each.at > at:
            continue
        if each.event is StandingEvent.EVIDENCE:
            stated[each.criterion] = (*stated.get(each.criterion, ()), each.record_id)
        elif each.event in _ENDS:
            stated.pop(each.criterion, None)
    return stated
