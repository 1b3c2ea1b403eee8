"""The published criteria of suspension and termination: a versioned table, nothing beside it.

A notice names one of them (CP-18); its test is asked of every customer, so that one who meets it
and was not acted on is seen. The table is ours: none of FICC, CME or the Commissions was found.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.digest import digest_of
from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.participation.customer import CustomerFile, customer_gates, document_gates
from crossmargin.participation.entities import bd_fcm_verdict
from crossmargin.participation.standing import Invoker, LeadsTo

RULE = "CP-18"


class CriterionTest(StrEnum):
    """How it is found out whether a customer meets a criterion."""

    UNMET_CALL = "UNMET_CALL"
    PAPER_NOT_IN_FORCE = "PAPER_NOT_IN_FORCE"
    PROPRIETARY_ACCOUNT = "PROPRIETARY_ACCOUNT"
    BD_FCM_NOT_ELIGIBLE = "BD_FCM_NOT_ELIGIBLE"
    STATED = "STATED"  # a paper says so: it was recorded under the criterion


class Severity(StrEnum):
    """How soon a notice takes effect: ``IMMEDIATE`` at the next boundary of a cycle."""

    ORDINARY = "ORDINARY"
    SERIOUS = "SERIOUS"
    IMMEDIATE = "IMMEDIATE"


@dataclass(frozen=True, slots=True)
class UnmetCall:
    """A call that is past due and unpaid, and its age in business days."""

    call_id: str
    age_business_days: int


@dataclass(frozen=True, slots=True)
class CriterionFacts:
    """What the tests of all criteria look at, of one customer at one instant.

    Parameters
    ----------
    file : CustomerFile
    unmet_calls : tuple of UnmetCall
    stated : mapping of criterion id to tuple of str
        Records of papers that say that a criterion is met, and were not taken back.
    """

    file: CustomerFile
    unmet_calls: tuple[UnmetCall, ...]
    stated: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion.

    Parameters
    ----------
    criterion_id, name : str
    test : CriterionTest
    evidence : str
        What shows that it is met.
    severity : Severity
    leads_to : LeadsTo
    invoked_by : frozenset of Invoker
    threshold_business_days : int
        Of ``UNMET_CALL``: from this age on; 0 otherwise.
    notice_business_days : int
        At least so long from the notice to its effect; 0 where the effect is immediate.
    cure_business_days : int or None
        So long it may be cured before it takes effect; None where that cannot be.
    """

    criterion_id: str
    name: str
    test: CriterionTest
    evidence: str
    severity: Severity
    leads_to: LeadsTo
    invoked_by: frozenset[Invoker]
    threshold_business_days: int = 0
    notice_business_days: int = 0
    cure_business_days: int | None = None

    @property
    def is_immediate(self) -> bool:
        """Whether no period runs before it takes effect."""
        return self.severity is Severity.IMMEDIATE

    @property
    def business_days_to_effect(self) -> int:
        """The longer of the period of notice and that of cure."""
        return max(self.notice_business_days, self.cure_business_days or 0)

    def met_by(self, facts: CriterionFacts, at: datetime) -> tuple[str, ...]:
        """Return what shows that a customer meets it at an instant; empty if it does not.

        Parameters
        ----------
        facts : CriterionFacts
        at : datetime
        """
        if self.test is CriterionTest.STATED:
            return facts.stated.get(self.criterion_id, ())
        if self.test is CriterionTest.UNMET_CALL:
            return tuple(
                call.call_id
                for call in facts.unmet_calls
                if call.age_business_days >= self.threshold_business_days
            )
        if self.test is CriterionTest.PAPER_NOT_IN_FORCE:
            return tuple(g.name for g in document_gates(facts.file, at) if not g.passed)
        if self.test is CriterionTest.PROPRIETARY_ACCOUNT:
            gate = customer_gates(facts.file, at)[-1]
            return () if gate.passed else (gate.evidence or (gate.name,))
        decided = bd_fcm_verdict(facts.file.bd_fcm, facts.file.registrations, at).decided_by
        return () if decided is None else (decided.name,)

    def as_document(self) -> dict[str, object]:
        """Return it as a JSON object."""
        return {
            "id": self.criterion_id,
            "name": self.name,
            "test": self.test.value,
            "threshold_business_days": self.threshold_business_days,
            "evidence": self.evidence,
            "severity": self.severity.value,
            "leads_to": self.leads_to.value,
            "invoked_by": sorted(each.value for each in self.invoked_by),
            "notice_business_days": self.notice_business_days,
            "cure_business_days": self.cure_business_days,
        }


@dataclass(frozen=True, slots=True)
class Criteria:
    """The table in one version.

    Parameters
    ----------
    version : str
    effective_from : date
    status, source : str
        Where it comes from: ours, assumed.
    criteria : tuple of Criterion
    """

    version: str
    effective_from: date
    status: str
    source: str
    criteria: tuple[Criterion, ...]

    def of(self, criterion_id: str) -> Criterion:
        """Return a criterion.

        Raises
        ------
        RefusedError
            If the table has none of that id.
        """
        for each in self.criteria:
            if each.criterion_id == criterion_id:
                return each
        published = ", ".join(each.criterion_id for each in self.criteria)
        raise refused("criterion", criterion_id, f"the id of a published one: {published}", RULE)

    def as_document(self) -> dict[str, object]:
        """Return the table as a JSON object."""
        return {
            "version": self.version,
            "effective_from": self.effective_from.isoformat(),
            "status": self.status,
            "source": self.source,
            "criteria": [each.as_document() for each in self.criteria],
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the table: every notice carries it."""
        return digest_of(self.as_document())


def parse_criteria(text: str, *, file: str) -> Criteria:
    """Return the table that a TOML text holds.

    Raises
    ------
    RefusedError
        If it is no such table: the first fault, for the file is the product's own or its copy.
    """
    try:
        said = tomllib.loads(text)
        table = Criteria(
            version=str(said["version"]),
            effective_from=_date(said["effective_from"]),
            status=str(said["status"]),
            source=str(said["source"]),
            criteria=tuple(_criterion(each) for each in said["criterion"]),
        )
    except RefusedError:
        raise
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise refused(file, str(error), "a table of criteria", RULE) from None
    ids = [each.criterion_id for each in table.criteria]
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise refused(file, ", ".join(twice), "every id once", RULE)
    return table


def _criterion(said: Mapping[str, object]) -> Criterion:
    invoked_by = said["invoked_by"]
    if not isinstance(invoked_by, list) or not invoked_by:
        raise ValueError(f"{said['id']}: invoked_by names at least one")
    cure = said.get("cure_business_days")
    found = Criterion(
        criterion_id=str(said["id"]),
        name=str(said["name"]),
        test=CriterionTest(str(said["test"])),
        evidence=str(said["evidence"]),
        severity=Severity(str(said["severity"])),
        leads_to=LeadsTo(str(said["leads_to"])),
        invoked_by=frozenset(Invoker(str(each)) for each in invoked_by),
        threshold_business_days=_days(said.get("threshold_business_days", 0)),
        notice_business_days=_days(said.get("notice_business_days", 0)),
        cure_business_days=None if cure is None else _days(cure),
    )
    if found.is_immediate is not (found.business_days_to_effect == 0):
        raise ValueError(f"{found.criterion_id}: a period runs unless the effect is immediate")
    if (found.test is CriterionTest.UNMET_CALL) is not (found.threshold_business_days > 0):
        raise ValueError(f"{found.criterion_id}: an age belongs to UNMET_CALL, and is above 0")
    return found


def _days(said: object) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise ValueError(f"expected whole days, was {said!r}")
    return said


def _date(said: object) -> date:
    if not isinstance(said, date):
        raise TypeError(f"expected a date, was {said!r}")
    return said
