"""Notices of suspension and termination: given under a criterion, cured, acknowledged, compared.

Each takes a work and writes into it; the caller commits. A notice without the id of a published
criterion that the customer meets is refused with every reason (CP-18); it carries its surge table
and who else meets the same criterion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.participation.criteria import RULE, Criterion, CriterionFacts, CriterionTest
from crossmargin.participation.documents import sha256_faults
from crossmargin.participation.standing import (
    STANDING,
    Invoker,
    LeadsTo,
    StandingEvent,
    StandingFact,
    open_notices,
)
from crossmargin.services.books.approvals import Matter
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import customers_of, steps_of
from crossmargin.services.books.ports import Work
from crossmargin.services.suspension.desk import AccessDesk
from crossmargin.services.suspension.surge import SurgeTable, due_of_surge, surge_today


@dataclass(frozen=True, slots=True)
class Compared:
    """One customer who meets a criterion.

    Parameters
    ----------
    customer : CustomerKey
    evidence : tuple of str
    notice_id : str
        Of the notice under the criterion that stands; empty if it was not acted on.
    """

    customer: CustomerKey
    evidence: tuple[str, ...]
    notice_id: str

    def as_document(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "customer": self.customer.customer_id,
            "evidence": list(self.evidence),
            "notice": self.notice_id,
            "acted_on": "yes" if self.notice_id else "no",
        }


def state_evidence(
    desk: AccessDesk,
    work: Work,
    customer: CustomerKey,
    criterion_id: str,
    entry: Entry,
    *,
    sha256: str,
) -> str:
    """Write that a paper says a criterion is met; return the record's id.

    Raises
    ------
    RefusedError
        If the books know no such customer, the criterion is none that a paper states, the digest
        is none or of an empty file, or whoever enters it may not: a customer's own people state
        what the customer invokes, nothing else.
    """
    criterion = desk.criteria.of(criterion_id)
    faults = sha256_faults(sha256)
    if not steps_of(work, customer):
        faults.append(Refusal("customer", subject_of(customer), "a customer of the books", RULE))
    if criterion.test is not CriterionTest.STATED:
        expected = "one that a paper states; this one is tested on the books"
        faults.append(Refusal("criterion", criterion_id, expected, RULE))
    if faults:
        raise RefusedError(*faults)
    content = _content(StandingEvent.EVIDENCE, criterion_id, "", sha256=sha256)
    name = f"evidence/{criterion_id}"
    return _write(work, customer, name, content, entry, matter=_matter(criterion))


def give_notice(
    desk: AccessDesk,
    work: Work,
    customer: CustomerKey,
    criterion_id: str,
    entry: Entry,
    *,
    invoked_by: Invoker,
    intended: SurgeTable | None = None,
) -> str:
    """Give notice that a customer's access is suspended or ended; return the record's id.

    Parameters
    ----------
    desk : AccessDesk
    work : Work
    customer : CustomerKey
    criterion_id : str
    entry : Entry
    invoked_by : Invoker
    intended : SurgeTable, optional
        The table after trades that the customer intends.

    Raises
    ------
    RefusedError
        With every reason, the criterion first.
    """
    criterion = desk.criteria.of(criterion_id)
    record_id = f"standing/{subject_of(customer)}/notice/{criterion_id}/{entry.at.isoformat()}"
    facts = desk.facts(work, customer, entry.at)
    evidence = criterion.met_by(facts, entry.at)
    if work.records.get(record_id) is None:
        reasons = _against_notice(criterion, facts, evidence, entry.at, invoked_by)
        if reasons:
            raise RefusedError(*reasons)
    effective_at = desk.effective_at(criterion, entry.at)
    surge = surge_today(work, customer, entry.at)
    cures = criterion.cure_business_days is not None
    content = {
        **_content(StandingEvent.NOTICE, criterion_id, record_id),
        "criteria_version": desk.criteria.version,
        "criteria_digest": desk.criteria.digest,
        "severity": criterion.severity.value,
        "leads_to": criterion.leads_to.value,
        "invoked_by": invoked_by.value,
        "effective_at": effective_at.isoformat(),
        "may_be_cured_until": effective_at.isoformat() if cures else None,
        "evidence": list(evidence),
        "surge": surge.as_document(),
        "surge_due_at": due_of_surge(desk, work, customer, effective_at).isoformat(),
        "surge_with_intended_trades": None if intended is None else intended.as_document(),
        "also_met_by": [
            each.as_document()
            for each in compare(desk, work, criterion_id, entry.at)
            if each.customer != customer
        ],
    }
    behind = [each for each in (*evidence, surge.basis) if work.records.get(each) is not None]
    record = entry.record(
        work,
        record_id,
        STANDING,
        subject_of(customer),
        content,
        causes=tuple(dict.fromkeys(behind)),
        matter=_matter(criterion),
    )
    work.records.add(record)
    return record_id


def cure(
    desk: AccessDesk,
    work: Work,
    customer: CustomerKey,
    notice_id: str,
    entry: Entry,
    *,
    sha256: str = "",
) -> str:
    """Write that a notice is cured or, after it took effect, that the customer is reinstated.

    What the books can test must hold no more; what a paper stated is taken back by a paper.

    Raises
    ------
    RefusedError
        With every reason.
    """
    facts = desk.facts(work, customer, entry.at)
    notice = _standing_notice(facts, notice_id, entry.at)
    criterion = desk.criteria.of(notice.criterion)
    in_effect = notice.is_in_effect(entry.at)
    reasons = sha256_faults(sha256) if sha256 else []
    if in_effect and notice.leads_to is LeadsTo.TERMINATION:
        expected = "a notice that has not ended access for good"
        reasons.append(Refusal("notice", notice_id, expected, RULE))
    if not in_effect and criterion.cure_business_days is None:
        expected = f"a criterion that may be cured; {criterion.criterion_id} takes effect first"
        reasons.append(Refusal("notice", notice_id, expected, RULE))
    if criterion.test is CriterionTest.STATED and not sha256:
        expected = "the SHA-256 of the paper that takes it back"
        reasons.append(Refusal("paper", sha256, expected, RULE))
    elif criterion.test is not CriterionTest.STATED:
        reasons += [
            Refusal("evidence", each, f"{criterion.name}: no more", RULE)
            for each in criterion.met_by(facts, entry.at)
        ]
    if reasons:
        raise RefusedError(*reasons)
    event = StandingEvent.REINSTATED if in_effect else StandingEvent.CURED
    content = _content(event, notice.criterion, notice_id, sha256=sha256)
    name = event.value.lower()
    return _write(work, customer, name, content, entry, notice_id, matter=_matter(criterion))


def acknowledge(
    desk: AccessDesk,
    work: Work,
    customer: CustomerKey,
    notice_id: str,
    entry: Entry,
    *,
    sha256: str,
) -> str:
    """Write that the customer acknowledged a notice; return the record's id.

    Raises
    ------
    RefusedError
        If no such notice stands, it was acknowledged before, or the digest is none.
    """
    facts = desk.facts(work, customer, entry.at)
    notice = _standing_notice(facts, notice_id, entry.at)
    reasons = sha256_faults(sha256)
    if any(
        each.event is StandingEvent.ACKNOWLEDGED and each.notice_id == notice_id
        for each in facts.file.standing
    ):
        reasons.append(Refusal("notice", notice_id, "one not yet acknowledged", RULE))
    if reasons:
        raise RefusedError(*reasons)
    content = _content(StandingEvent.ACKNOWLEDGED, notice.criterion, notice_id, sha256=sha256)
    return _write(work, customer, "acknowledged", content, entry, notice_id)


def compare(desk: AccessDesk, work: Work, criterion_id: str, at: datetime) -> tuple[Compared, ...]:
    """Return every customer of the BD-FCM who meets a criterion at an instant: the parity check.

    Customers who are not live, or have left, are not asked.
    """
    criterion = desk.criteria.of(criterion_id)
    found = []
    for customer in customers_of(work, desk.bd_fcm):
        facts = desk.facts(work, customer, at)
        evidence = criterion.met_by(facts, at) if _is_live(facts, at) else ()
        if evidence:
            notice = _notice_under(criterion_id, facts, at)
            found.append(Compared(customer, evidence, notice.record_id if notice else ""))
    return tuple(found)


def _matter(criterion: Criterion) -> Matter:
    """Return who may enter what leads to a notice under a criterion, gives it, or ends it."""
    own = Invoker.CUSTOMER in criterion.invoked_by
    return Matter.PARTICIPATION if own else Matter.STANDING


def _is_live(facts: CriterionFacts, at: datetime) -> bool:
    return facts.file.is_live(at)


def _notice_under(criterion_id: str, facts: CriterionFacts, at: datetime) -> StandingFact | None:
    found = [
        each for each in open_notices(facts.file.standing, at) if each.criterion == criterion_id
    ]
    return next(iter(found), None)


def _against_notice(
    criterion: Criterion,
    facts: CriterionFacts,
    evidence: Iterable[str],
    at: datetime,
    invoked_by: Invoker,
) -> list[Refusal]:
    reasons = []
    if not _is_live(facts, at):
        expected = "a customer who is live and has not left"
        reasons.append(Refusal("customer", facts.file.subject, expected, RULE))
    last = max((each.at for each in facts.file.standing), default=at)
    if at < last:
        expected = f"no earlier than the last of its access, {last.isoformat()}"
        reasons.append(Refusal("at", at.isoformat(), expected, RULE))
    if invoked_by not in criterion.invoked_by:
        expected = f"one of {', '.join(sorted(criterion.invoked_by))}"
        reasons.append(Refusal("invoked_by", invoked_by.value, expected, RULE))
    if not tuple(evidence):
        expected = f"{criterion.name}: {criterion.evidence}"
        reasons.append(Refusal("evidence", "", expected, RULE))
    if (standing := _notice_under(criterion.criterion_id, facts, at)) is not None:
        expected = f"no notice that stands, but see {standing.record_id}"
        reasons.append(Refusal("criterion", criterion.criterion_id, expected, RULE))
    over = facts.file.suspension(at)
    if over is not None and over.leads_to is LeadsTo.TERMINATION:
        expected = f"access that has not ended, but see {over.record_id}"
        reasons.append(Refusal("customer", facts.file.subject, expected, RULE))
    return reasons


def _standing_notice(facts: CriterionFacts, notice_id: str, at: datetime) -> StandingFact:
    for each in open_notices(facts.file.standing, at):
        if each.record_id == notice_id:
            return each
    raise refused("notice", notice_id, f"a notice to {facts.file.subject} that stands", RULE)


def _content(
    event: StandingEvent, criterion_id: str, notice_id: str, *, sha256: str = ""
) -> dict[str, object]:
    content: dict[str, object] = {
        "event": event.value,
        "criterion": criterion_id,
        "notice": notice_id,
    }
    return {**content, "sha256": sha256} if sha256 else content


def _write(
    work: Work,
    customer: CustomerKey,
    name: str,
    content: Mapping[str, object],
    entry: Entry,
    *causes: str,
    matter: Matter = Matter.PARTICIPATION,
) -> str:
    own = subject_of(customer)
    record_id = f"standing/{own}/{name}/{entry.at.isoformat()}"
    record = entry.record(work, record_id, STANDING, own, content, causes=causes, matter=matter)
    work.records.add(record)
    return record_id
