"""A verdict: every gate that was asked, whether it was passed, and the rule that decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

_EASTERN = ZoneInfo("America/New_York")


def eastern_date(at: datetime) -> date:
    """Return the date that an instant falls on in New York: documents and steps count by it.

    Examples
    --------
    >>> eastern_date(datetime.fromisoformat("2026-05-02T01:00:00+00:00"))
    datetime.date(2026, 5, 1)
    """
    return at.astimezone(_EASTERN).date()


@dataclass(frozen=True, slots=True)
class Gate:
    """One question.

    Parameters
    ----------
    name : str
    rule : str
        The rule that asks it.
    passed : bool
    evidence : tuple of str
        Ids of the records that answer it.
    detail : str
        What is missing, or nothing.
    """

    name: str
    rule: str
    passed: bool
    evidence: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to whether something may be.

    Parameters
    ----------
    question : str
    gates : tuple of Gate
        In the order in which they are asked.
    """

    question: str
    gates: tuple[Gate, ...]

    @property
    def allowed(self) -> bool:
        """Whether every gate is passed."""
        return all(gate.passed for gate in self.gates)

    @property
    def decided_by(self) -> Gate | None:
        """The first gate that is not passed; None if all are."""
        return next((gate for gate in self.gates if not gate.passed), None)

    def __str__(self) -> str:
        decided = self.decided_by
        if decided is None:
            return f"{self.question}: yes"
        return f"{self.question}: no, {decided.name}: {decided.detail} ({decided.rule})"
