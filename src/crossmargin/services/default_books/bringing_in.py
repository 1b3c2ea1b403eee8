"""A ported customer at its receiver: documents carried over, the step of the port, the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.refusals import Refusal
from crossmargin.participation.customer import (
    CustomerFile,
    may_hold_positions,
    may_hold_property,
)
from crossmargin.participation.documents import DOCUMENT, Document
from crossmargin.participation.order import refusals_of_time
from crossmargin.participation.steps import CUSTOMER_STEP, Step, StepTaken
from crossmargin.services.books.papers import document_record_id
from crossmargin.services.books.participation import customer_file
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.porting.papers import PortPapers, still_to_obtain


@dataclass(frozen=True, slots=True)
class OnboardingTerms:
    """By what a customer is judged at a receiver.

    Parameters
    ----------
    proprietary_share : Fraction
        A ratio.
    months : int
        Within how many months of a transfer a receiver finishes its diligence.
    """

    proprietary_share: Fraction
    months: int

    def papers(self, work: Work, customer: CustomerKey, at: datetime) -> PortPapers:
        """Return what the books of the BD-FCM that a customer leaves have of its papers."""
        return PortPapers(customer_file(work, customer, self.proprietary_share), at, self.months)


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """A customer as it stands at a receiver after a port.

    Parameters
    ----------
    file : CustomerFile
        At the receiver.
    papers : PortPapers
    in_arrangement : bool
    documents : tuple of Document
        Those that were carried over; what the receiver has of its own was not.
    written : Written
    """

    file: CustomerFile
    papers: PortPapers
    in_arrangement: bool
    documents: tuple[Document, ...]
    written: Written

    def faults(self) -> list[Refusal]:
        """Return what keeps the receiver from having it.

        A step that the customer took there after the port's instant; in the arrangement every gate
        of its verdict too (CP-02).
        """
        at = self.written.at
        refusals = refusals_of_time(self.file, Step.PORTED, at)
        if self.in_arrangement:
            refusals += [
                Refusal(gate.name, gate.detail, "passed", gate.rule)
                for gate in may_hold_property(self.file, at).gates
                if not gate.passed
            ]
        return [replace(each, field=f"{self.file.subject} {each.field}") for each in refusals]

    def as_document(self) -> dict[str, Any]:
        """Return what was carried over, what is still to be got and by when, and the verdict."""
        verdict = may_hold_positions(self.file, self.written.at)
        decided = verdict.decided_by
        return {
            "receiver": self.file.bd_fcm,
            "carried_over": [
                {
                    "kind": each.kind.value,
                    "sha256": each.sha256,
                    "signed_at": each.signed_at.isoformat(),
                    "last": None if each.last is None else each.last.isoformat(),
                    "record_id": each.record_id,
                    "carried_from": each.carried_from,
                }
                for each in self.documents
            ],
            "to_obtain": [e.as_document() for e in still_to_obtain(self.file, self.written.at)],
            "lacking": list(self.papers.missing) if self.in_arrangement else [],
            "may_hold_positions": {
                "allowed": verdict.allowed,
                "decided_by": None if decided is None else f"{decided.name}: {decided.detail}",
                "gates": [
                    {
                        "name": gate.name,
                        "rule": gate.rule,
                        "passed": gate.passed,
                        "evidence": list(gate.evidence),
                        "detail": gate.detail,
                    }
                    for gate in verdict.gates
                ],
            }
            if self.in_arrangement
            else None,
        }


def bring_in(
    work: Work,
    customer: CustomerKey,
    receiver: str,
    written: Written,
    *,
    terms: OnboardingTerms,
    name: str,
    in_arrangement: bool,
) -> BroughtIn:
    """Enter at a receiver what a customer's package carries, and that it came with a port.

    Nothing takes the place of what the receiver has of its own (17 CFR 190.07(b)(4)(ii)). Every
    record follows from the declaration and from the records at the BD-FCM that is left.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
        At the BD-FCM that it leaves.
    receiver : str
    written : Written
        Its cause is the declaration.
    terms : OnboardingTerms
    name : str
        Of the port, in ids.
    in_arrangement : bool
        Whether the receiver carries it in the arrangement.
    """
    papers = terms.papers(work, customer, written.at)
    theirs = CustomerKey(receiver, customer.customer_id)
    there = customer_file(work, theirs, terms.proprietary_share)
    entered = []
    for document in papers.carried:
        own = there.document(document.kind, written.at)
        if own is not None and not own.carried_from:
            continue
        carried = papers.as_carried(document, receiver)
        # Two BD-FCMs may fail of which both have the customer, with papers of one instant.
        own_id = f"{document_record_id(carried)}/{name}/{customer.bd_fcm}"
        carried = replace(carried, record_id=own_id)
        work.records.add(
            written.following(document.record_id).record(
                carried.record_id, DOCUMENT, carried.subject, carried.as_content()
            )
        )
        entered.append(carried)
    over = papers.brings(in_arrangement=in_arrangement)
    taken = [
        found.record_id
        for step in over.stands_for
        if (found := papers.file.done(step, written.at)) is not None
    ]
    step = StepTaken(Step.PORTED, came_over=over)
    causes = (*taken, *(each.record_id for each in entered))
    work.records.add(
        written.following(*causes).record(
            f"step/{subject_of(theirs)}/{Step.PORTED.value}/{written.at.isoformat()}",
            CUSTOMER_STEP,
            subject_of(theirs),
            step.as_content(),
        )
    )
    file = customer_file(work, theirs, terms.proprietary_share)
    return BroughtIn(file, papers, in_arrangement, tuple(entered), written)
