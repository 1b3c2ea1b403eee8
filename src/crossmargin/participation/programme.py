"""What the whole arrangement rests on, with dates: FICC's registration, relief, rules (CP-19).

FICC must stay a registered covered clearing agency (CFTC proposed order, 90 FR 58525, section
VIII(h)); the CFTC's and the SEC's relief must be in force, and so must a version of the rulebooks
of both clearing organizations and of their agreement (section VIII(e) and (k)). Where one is not,
nothing new enters; that this is what follows is inferred.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.participation.documents import sha256_faults
from crossmargin.participation.verdicts import Gate, eastern_date

#: Stream of the records of the programme; they have no subject.
PROGRAMME_FACT = "PROGRAMME_FACT"


class ProgrammeFactKind(StrEnum):
    """Everything that must be in force."""

    FICC_REGISTRATION = "FICC_REGISTRATION"
    CFTC_RELIEF = "CFTC_RELIEF"
    SEC_RELIEF = "SEC_RELIEF"
    FICC_RULES = "FICC_RULES"
    CME_RULES = "CME_RULES"
    CROSS_MARGINING_AGREEMENT = "CROSS_MARGINING_AGREEMENT"


_RULES = {
    ProgrammeFactKind.FICC_REGISTRATION: "90 FR 58525, VIII(h); CP-19",
    ProgrammeFactKind.CFTC_RELIEF: "90 FR 58525, VIII; CP-19",
    ProgrammeFactKind.SEC_RELIEF: "SEC exemptive order of 15 April 2026; CP-19",
    ProgrammeFactKind.FICC_RULES: "90 FR 58525, VIII(e); CP-19",
    ProgrammeFactKind.CME_RULES: "90 FR 58525, VIII(e); CP-19",
    ProgrammeFactKind.CROSS_MARGINING_AGREEMENT: "90 FR 58525, VIII(e); CP-19",
}


@dataclass(frozen=True, slots=True)
class ProgrammeFact:
    """One registration, order, rulebook or agreement in one version.

    Parameters
    ----------
    kind : ProgrammeFactKind
    version : str
        Such as a release number or an edition.
    sha256 : str
        Of the file that says so.
    first : date
    last : date or None
        In force, both counted; None while it has no end.
    record_id : str
    recorded_at : datetime or None
        From when on it was known; None before it is recorded.
    """

    kind: ProgrammeFactKind
    version: str
    sha256: str
    first: date
    last: date | None = None
    record_id: str = ""
    recorded_at: datetime | None = None

    def is_in_force(self, on: date) -> bool:
        """Return whether it holds on a day."""
        return self.first <= on and (self.last is None or on <= self.last)

    def faults(self) -> list[Refusal]:
        """Return everything that is wrong with it."""
        faults = sha256_faults(self.sha256)
        if not self.version:
            faults.append(Refusal("version", self.version, "a version", "CP-19"))
        if self.last is not None and self.last < self.first:
            expected = f"no day before {self.first}"
            faults.append(Refusal("last", self.last.isoformat(), expected, "CP-19"))
        return faults

    def as_content(self) -> dict[str, object]:
        """Return what its record says."""
        return {
            "kind": self.kind.value,
            "version": self.version,
            "sha256": self.sha256,
            "first": self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
        }


def programme_fact_of(record: Record) -> ProgrammeFact:
    """Return the fact that a record says.

    Raises
    ------
    ValueError
        If it says none.
    """
    said = record.content
    try:
        last = said["last"]
        return ProgrammeFact(
            ProgrammeFactKind(str(said["kind"])),
            str(said["version"]),
            str(said["sha256"]),
            date.fromisoformat(str(said["first"])),
            None if last is None else date.fromisoformat(str(last)),
            record.record_id,
            record.at,
        )
    except KeyError as error:
        raise ValueError(f"expected a fact of the programme, was {record!r}") from error


def programme_gates(facts: Iterable[ProgrammeFact], at: datetime) -> tuple[Gate, ...]:
    """Return one gate a kind: whether a version of it is in force at an instant (CP-19).

    Parameters
    ----------
    facts : iterable of ProgrammeFact
        As written; of one version, what was written last by the instant holds.
    at : datetime
    """
    on = eastern_date(at)
    known = {
        (each.kind, each.version): each
        for each in facts
        if each.recorded_at is not None and each.recorded_at <= at
    }
    gates = []
    for kind in ProgrammeFactKind:
        current = [each for each in known.values() if each.kind is kind and each.is_in_force(on)]
        gates.append(
            Gate(
                kind.value,
                _RULES[kind],
                bool(current),
                tuple(each.record_id for each in current),
                "" if current else f"no version in force on {on}",
            )
        )
    return tuple(gates)
