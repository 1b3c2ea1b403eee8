"""The controls of customer protection: what each asks, when, what a failure calls for, and why.

One catalogue, CP-01 to CP-19. Where a control keeps something out, the code that does so names its
id; here is what is asked of a day's books afterwards, from what they hold. What a control asks is
ours, inferred from the rule that it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Control(StrEnum):
    """Every control, by what it is about."""

    HOLDS_POSITIONS = "CP-01"
    PROPERTY_RECEIVED = "CP-02"
    ONE_CLASS = "CP-03"
    MARGIN_LEAVES_FICC = "CP-04"
    LIENS = "CP-05"
    COLLECTED = "CP-06"
    GROSS_BY_CUSTOMER = "CP-07"
    WITHDRAWALS = "CP-08"
    SEGREGATION = "CP-09"
    RESIDUAL_INTEREST_REQUIRED = "CP-10"
    RESIDUAL_INTEREST_TARGET = "CP-11"
    CALLS = "CP-12"
    HELD_AND_OWED = "CP-13"
    SECURITIES_ACCOUNTS = "CP-14"
    SETTLED_LOTS = "CP-15"
    GUARANTY = "CP-16"
    PORTS = "CP-17"
    SUSPENSION = "CP-18"
    PROGRAMME = "CP-19"


@dataclass(frozen=True, slots=True)
class ControlTerms:
    """What a control is.

    Parameters
    ----------
    asks : str
        What must be so.
    when : str
    on_failure : str
        What a failure calls for.
    basis : str
        The rule.
    """

    asks: str
    when: str
    on_failure: str
    basis: str


_ORDER = "CFTC proposed order, 90 FR 58525"
_C = Control
#: The catalogue.
CATALOGUE: Mapping[Control, ControlTerms] = {
    _C.HOLDS_POSITIONS: ControlTerms(
        "whose position is taken in may hold positions: agreement, acknowledgements, both opted in",
        "each position taken in or directed in",
        "refused",
        f"{_ORDER}, VIII(c), (e)(i)",
    ),
    _C.PROPERTY_RECEIVED: ControlTerms(
        "whose property is received has been given the disclosure, and all that property needs",
        "each deposit",
        "refused",
        "SEC application, condition 9",
    ),
    _C.ONE_CLASS: ControlTerms(
        "both accounts of a transfer are of one and the same class of segregation",
        "each transfer",
        "refused",
        f"{_ORDER}, VIII(b)",
    ),
    _C.MARGIN_LEAVES_FICC: ControlTerms(
        "what leaves a margin account at FICC is returned, ported or used in a declared default, "
        "for that customer",
        "each transfer out of it",
        "refused",
        f"{_ORDER}, VIII(e)(v)",
    ),
    _C.LIENS: ControlTerms(
        "no lien but those of the arrangement; pledge and security interest on margin at FICC",
        "daily",
        "refused; found by the verification",
        f"{_ORDER}, VIII(e)(iii), (vi), note 26",
    ),
    _C.COLLECTED: ControlTerms(
        "what is lacking of a customer's requirement at both is called",
        "at the close",
        "a call",
        f"{_ORDER}, VIII(g)",
    ),
    _C.GROSS_BY_CUSTOMER: ControlTerms(
        "the total required is the sum over customers, and each rests on that customer's own lots",
        "each run",
        "the run fails",
        f"{_ORDER}, VIII(f); 17 CFR 39.13(g)(8)(i)",
    ),
    _C.WITHDRAWALS: ControlTerms(
        "what stays after a withdrawal covers today's requirement",
        "each withdrawal",
        "refused",
        "17 CFR 1.44(b)",
    ),
    _C.SEGREGATION: ControlTerms(
        "the statement of the day before was filed by its time; line 14 is not negative",
        "daily, 12:00",
        "immediate notice",
        "17 CFR 1.32; 1.12",
    ),
    _C.RESIDUAL_INTEREST_REQUIRED: ControlTerms(
        "residual interest is no less than required",
        "daily, 18:00 Eastern",
        "immediate notice",
        "17 CFR 1.22(c)",
    ),
    _C.RESIDUAL_INTEREST_TARGET: ControlTerms(
        "residual interest is no less than the firm's target",
        "at the close",
        "notice",
        "17 CFR 1.11; 1.12",
    ),
    _C.CALLS: ControlTerms(
        "calls are met by their due time",
        "each due time",
        "named late with age; orders restricted from the age that is set",
        "17 CFR 1.44(f); JAC 14-06 and 14-07, recalled",
    ),
    _C.HELD_AND_OWED: ControlTerms(
        "what is held covers what is owed, asset by asset, and the report is made",
        "at the close",
        "notice to both agencies",
        f"{_ORDER}, VIII(j)",
    ),
    _C.SECURITIES_ACCOUNTS: ControlTerms(
        "a securities account at FICC is for XM or Segregated Customer Margin, or both consented",
        "daily",
        "refused",
        f"{_ORDER}, VIII(i)",
    ),
    _C.SETTLED_LOTS: ControlTerms(
        "no obligation that is due stays in the arrangement, unless it is marked as failing",
        "at the close",
        "a break",
        "SEC application: from novation to settlement",
    ),
    _C.GUARANTY: ControlTerms(
        "what pays CME from FICC is that customer's, and no more than it had there",
        "each such payment",
        "refused",
        f"{_ORDER}, III.D",
    ),
    _C.PORTS: ControlTerms(
        "what is ported goes under a declaration, within seven calendar days of it",
        "each port",
        "refused",
        "17 CFR 190.07",
    ),
    _C.SUSPENSION: ControlTerms(
        "a notice names a published criterion with its evidence, and carries its surge table",
        "each notice",
        "refused",
        "the published criteria",
    ),
    _C.PROGRAMME: ControlTerms(
        "FICC is registered, relief and rules are in force",
        "daily",
        "no new position is taken in",
        f"{_ORDER}, VIII(h), (k)",
    ),
}


class Outcome(StrEnum):
    """How a control came out on a day."""

    HOLDS = "HOLDS"
    FOLLOWED = "FOLLOWED"  # failed, and what a failure calls for is there
    BROKEN = "BROKEN"  # failed, and it is not
    NOT_ASKED = "NOT_ASKED"  # nothing happened of which it could be


@dataclass(frozen=True, slots=True)
class Failure:
    """What does not hold.

    Parameters
    ----------
    where : str
        Id of the record, transfer or account.
    was : str
    followed_by : str
        Id of the record of what a failure calls for; empty where it is missing.
    """

    where: str
    was: str
    followed_by: str = ""


@dataclass(frozen=True, slots=True)
class ControlResult:
    """What a control found on a day.

    Parameters
    ----------
    control : Control
    evidence : tuple of str
        Ids of all that was asked.
    failures : tuple of Failure
    """

    control: Control
    evidence: tuple[str, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """How it came out."""
        if self.failures:
            followed = all(each.followed_by for each in self.failures)
            return Outcome.FOLLOWED if followed else Outcome.BROKEN
        return Outcome.HOLDS if self.evidence else Outcome.NOT_ASKED


def controls_document(results: Sequence[ControlResult]) -> list[dict[str, object]]:
    """Return results as a document has them, each with what the control is."""
    return [
        {
            "control": each.control.value,
            "outcome": each.outcome.value,
            "asked": len(each.evidence),
            "asks": CATALOGUE[each.control].asks,
            "when": CATALOGUE[each.control].when,
            "on_failure": CATALOGUE[each.control].on_failure,
            "basis": CATALOGUE[each.control].basis,
            "failures": [
                {"where": bad.where, "was": bad.was, "followed_by": bad.followed_by}
                for bad in each.failures
            ],
            "evidence": list(each.evidence),
        }
        for each in results
    ]
