"""What a rehearsal's books say of one step: figures, ids, and what did not come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.records import Record
from crossmargin.collateral.calls import CallState
from crossmargin.participation.customer import CustomerFile
from crossmargin.participation.rehearsal import RehearsedStep, StepOutcome
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.days import STEP
from crossmargin.services.books.participation import customer_file
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of
from crossmargin.services.clearing_day.engine import FILE
from crossmargin.services.clearing_day.instructions import INSTRUCTION
from crossmargin.services.clearing_day.required import REQUIREMENT
from crossmargin.services.clearing_day.wires import WIRE, WIRE_SETTLED, Purpose
from crossmargin.services.rehearsal.timetable import Timetable


@dataclass(slots=True)
class Finding:
    """A step as it is looked at: what is missing is collected, not the first fault."""

    figures: dict[str, str] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)

    def expect(self, holds: object, otherwise: str) -> None:
        """Note what is lacking unless something holds."""
        if not holds:
            self.lacking.append(otherwise)

    def as_outcome(self, step: RehearsedStep) -> StepOutcome:
        """Return the step's outcome."""
        return StepOutcome(
            step,
            not self.lacking,
            self.figures,
            tuple(dict.fromkeys(self.evidence)),
            "; ".join(self.lacking),
        )


@dataclass(frozen=True, slots=True)
class RehearsedBooks:
    """The rehearsal's books, read.

    Parameters
    ----------
    work : Work
    customer : CustomerKey
    times : Timetable
    proprietary_share : Fraction
        A ratio.
    troubles : mapping of RehearsedStep to str
        Why an act of the BD-FCM was refused.
    """

    work: Work
    customer: CustomerKey
    times: Timetable
    proprietary_share: Fraction
    troubles: Mapping[RehearsedStep, str]

    @property
    def file(self) -> CustomerFile:
        """Everything that is known of the customer."""
        return customer_file(self.work, self.customer, self.proprietary_share)

    @property
    def subject(self) -> str:
        """The subject of the customer's records."""
        return subject_of(self.customer)

    def local(self, at: datetime | None) -> str:
        """Return an instant in the zone of the intraday run, or nothing."""
        zone = self.times.at(self.times.first, "00:00").tzinfo
        return "" if at is None else at.astimezone(zone).isoformat()

    def step(self, day: date, name: str) -> Record | None:
        """Return the record of a step of a day, or None if it was not done."""
        return self.work.records.get(f"day/{self.customer.bd_fcm}/{day.isoformat()}/{name}")

    def said(self, day: date, name: str) -> Mapping[str, object]:
        """Return what a step of a day did; nothing if it was not done."""
        found = self.step(day, name)
        return {} if found is None else found.content

    def steps(self, day: date) -> Sequence[Record]:
        """Return the records of every step of a day."""
        return self.work.records.select(
            stream=STEP, subject=self.customer.bd_fcm, first=day, last=day
        )

    def files(self, day: date, *kinds: str) -> Sequence[Record]:
        """Return the records of a day's files of some kinds."""
        found = self.work.records.select(
            stream=FILE, subject=self.customer.bd_fcm, first=day, last=day
        )
        return [each for each in found if each.content["kind"] in kinds]

    def requirement(self, day: date, cycle: str) -> Record | None:
        """Return the customer's requirement in a cycle of a day, or None."""
        record_id = f"{REQUIREMENT.lower()}/{self.subject}/{day.isoformat()}/{cycle}"
        return self.work.records.get(record_id)

    def call(self, side: ClearingOrganization) -> CallState | None:
        """Return the first call of the first day's intraday cycle for a side, or None."""
        wanted = f"call/{self.subject}/{self.times.first.isoformat()}/itd/{side.value}"
        found = calls_of(self.work.records, self.customer)
        return next((each for each in found if each.issued.event_id == wanted), None)

    def calls_on(self, day: date) -> Sequence[CallState]:
        """Return the calls that were issued on a day."""
        found = calls_of(self.work.records, self.customer)
        return [each for each in found if each.issued.business_date == day]

    def wires(self, day: date, purpose: Purpose) -> Sequence[tuple[Record, Record | None]]:
        """Return the customer's wires of a purpose made on a day, and how each ended."""
        made = self.work.records.select(stream=WIRE, subject=self.subject, first=day, last=day)
        settled = {
            str(each.content["wire"]): each
            for each in self.work.records.select(stream=WIRE_SETTLED, subject=self.subject)
        }
        return [
            (each, settled.get(each.record_id))
            for each in made
            if each.content["purpose"] == purpose.value
        ]

    def instructions(self, day: date, action: str) -> Sequence[Record]:
        """Return the customer's instructions of a kind on a day."""
        found = self.work.records.select(
            stream=INSTRUCTION, subject=self.subject, first=day, last=day
        )
        return [each for each in found if each.content["action"] == action]


def group_of(said: object) -> Mapping[str, object]:
    """Return a group within what a record says; nothing where there is none."""
    return said if isinstance(said, Mapping) else {}


def list_of(said: object) -> Sequence[object]:
    """Return a list within what a record says; nothing where there is none."""
    return said if isinstance(said, list | tuple) else ()
