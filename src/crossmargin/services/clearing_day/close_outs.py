"""The firm's decision to close a customer out: proposed with evidence, decided by risk.

The day proposes where a call is late enough. Nothing is closed out here: an approved proposal is
what a close-out asks for. A proposal lapses once the calls behind it are paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crossmargin.basics.identifiers import CustomerKey, customer_of, subject_of
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.ladder import is_for_close_out
from crossmargin.participation.verdicts import eastern_date
from crossmargin.services.books.approvals import CHECKERS, Matter, Person, faults_of_people
from crossmargin.services.books.days import faults_of_instant
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import ladder_rules
from crossmargin.services.clearing_day.schedule import Step
from crossmargin.services.clearing_day.standing import CALLED_FOR, Standing

CLOSE_OUT_PROPOSED = "CLOSE_OUT_PROPOSED"
CLOSE_OUT_DECIDED = "CLOSE_OUT_DECIDED"
_RULE = "close-out of a customer: risk decides"


class CloseOutState(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    LAPSED = "LAPSED"  # the calls behind it are paid, and nobody had decided


@dataclass(frozen=True, slots=True)
class CloseOut:
    """A proposal and where it stands.

    Parameters
    ----------
    proposal : Record
        Its content is the evidence: calls, requirement, value, what is lacking.
    state : CloseOutState
    decision : Record or None
    """

    proposal: Record
    state: CloseOutState
    decision: Record | None = None

    @property
    def customer(self) -> CustomerKey:
        """Whom it would close out."""
        return customer_of(self.proposal.subject)

    @property
    def call_ids(self) -> frozenset[str]:
        """The calls behind it."""
        return _call_ids(self.proposal)


def propose_close_out(
    context: DayContext,
    work: Work,
    step: Step,
    standing: Standing,
    *,
    late: Sequence[CallState],
    lacking_outside: Money = ZERO,
    requirement_id: str,
) -> list[str]:
    """Propose to close a customer out where its late calls ask for a decision.

    Parameters
    ----------
    context : DayContext
    work : Work
    step : Step
    standing : Standing
    late : sequence of CallState
        The customer's calls that are late.
    lacking_outside : Money
        Of Segregated Customer Margin.
    requirement_id : str
        Of the record of the requirement as it stands.

    Returns
    -------
    list of str
        The id of the proposal; none where none is due, one of the same calls stands, or the
        customer lacks nothing any more: the calls stay late, there is nothing to close out for.
    """
    lacking = Money.total(standing.lacking(side) for side in CALLED_FOR)
    if lacking + lacking_outside == ZERO:
        return []
    customer, rules = standing.holdings.customer, ladder_rules(context, step.business_date)
    asking = [call for call in late if is_for_close_out(call, step.business_date, rules)]
    ids = frozenset(call.issued.event_id for call in asking)
    earlier = close_outs_of(work.records, customer)
    if not ids or any(
        ids <= each.call_ids and each.state is not CloseOutState.LAPSED for each in earlier
    ):
        return []
    subject = subject_of(customer)
    content = {
        "calls": [
            {
                "call_id": call.issued.event_id,
                "clearing_organization": call.issued.ccp.value,
                "unpaid": str(call.payable),
                "due_at": call.issued.due_at.isoformat(),
                "age_business_days": rules.ageing.age_business_days(call, step.business_date),
            }
            for call in asking
        ],
        "requirement": {side.value: str(each) for side, each in sorted(standing.required.items())},
        "value": str(standing.value),
        "lacking": str(lacking),
        "lacking_outside": str(lacking_outside),
        "debit_balance": str(max(ZERO, -standing.holdings.cash)),
    }
    causes = (*sorted(ids), requirement_id)
    record_id = f"close-out/{subject}/{step.business_date.isoformat()}/{step.name}"
    work.records.add(
        context.written(step, *causes).record(record_id, CLOSE_OUT_PROPOSED, subject, content)
    )
    return [record_id]


def decide_close_out(
    work: Work,
    proposal_id: str,
    *,
    is_approved: bool,
    reason: str,
    at: datetime,
    approver: str,
) -> str:
    """Write risk's decision about a proposal; return the id of its record.

    Parameters
    ----------
    work : Work
    proposal_id : str
    is_approved : bool
    reason : str
        In words; not empty.
    at : datetime
        Business clock, with a zone.
    approver : str
        ``ROLE:NAME``: of risk, or a trustee; another than who proposed.

    Raises
    ------
    RefusedError
        With every reason.
    """
    proposal = work.records.get(proposal_id)
    if proposal is None or proposal.stream != CLOSE_OUT_PROPOSED:
        raise RefusedError(Refusal("proposal", proposal_id, "a proposal to close out", _RULE))
    faults = _faults(work.records, proposal, at=at, reason=reason, approver=approver)
    faults += faults_of_people(proposal.actor, approver, Matter.CLOSE_OUT)
    if faults:
        raise RefusedError(*faults)
    outcome = CloseOutState.APPROVED if is_approved else CloseOutState.REJECTED
    record = Record(
        record_id=f"{proposal_id}/decided",
        stream=CLOSE_OUT_DECIDED,
        subject=proposal.subject,
        business_date=eastern_date(at),
        at=at,
        actor=proposal.actor,
        approver=approver,
        content={"proposal": proposal_id, "outcome": outcome.value, "reason": reason},
        causes=(proposal_id,),
    )
    work.records.add(record)
    return record.record_id


def close_outs_of(
    records: Records, customer: CustomerKey, *, until: datetime | None = None
) -> tuple[CloseOut, ...]:
    """Return a customer's proposals as they stand, or stood at an instant."""
    subject = subject_of(customer)
    decided = {
        str(each.content["proposal"]): each
        for each in records.select(stream=CLOSE_OUT_DECIDED, subject=subject)
        if until is None or each.at <= until
    }
    proposed = [
        each
        for each in records.select(stream=CLOSE_OUT_PROPOSED, subject=subject)
        if until is None or each.at <= until
    ]
    calls = calls_of(records, customer, until=until) if proposed else ()
    return tuple(_as_it_stands(each, decided.get(each.record_id), calls) for each in proposed)


def _as_it_stands(
    proposal: Record, decision: Record | None, calls: Sequence[CallState]
) -> CloseOut:
    if decision is not None:
        return CloseOut(proposal, CloseOutState(str(decision.content["outcome"])), decision)
    behind = [call for call in calls if call.issued.event_id in _call_ids(proposal)]
    is_open = any(call.payable > ZERO for call in behind)
    return CloseOut(proposal, CloseOutState.PROPOSED if is_open else CloseOutState.LAPSED)


def _faults(
    records: Records, proposal: Record, *, at: datetime, reason: str, approver: str
) -> list[Refusal]:
    faults = []
    (found,) = [
        each
        for each in close_outs_of(records, customer_of(proposal.subject))
        if each.proposal == proposal
    ]
    if found.state is not CloseOutState.PROPOSED:
        faults.append(
            Refusal("proposal", f"{proposal.record_id} {found.state}", "one not decided", _RULE)
        )
    if at < proposal.at:
        expected = f"{proposal.at.isoformat()}, when it was proposed, or later"
        faults.append(Refusal("at", at.isoformat(), expected, _RULE))
    faults += faults_of_instant(records, proposal.subject, at)
    if not reason.strip():
        faults.append(Refusal("reason", reason, "why, in words", _RULE))
    if not Person.parsed(approver).role:
        expected = f"ROLE:NAME, the role among {', '.join(sorted(CHECKERS[Matter.CLOSE_OUT]))}"
        faults.append(Refusal("approver", approver, expected, _RULE))
    return faults


def _call_ids(proposal: Record) -> frozenset[str]:
    calls = proposal.content["calls"]
    if not isinstance(calls, Sequence):
        raise TypeError(f"expected the calls of a proposal, was {calls!r}")
    return frozenset(str(each["call_id"]) for each in calls)
