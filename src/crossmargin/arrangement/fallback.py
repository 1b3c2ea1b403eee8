"""What stands in for the factor of a cycle when one side's figures are late or missing.

The rule takes the smaller of two savings, so it needs both. Where one is not there, the stated
policy decides: no reduction, or the last factor both sides agreed on, if that is young enough. A
last factor never does more than the rule would allow now: it is at most the cap, at most the saving
of the side that is on time, nothing under the threshold, and nothing where a leg has gone.

CME's FAQ has the topic; its answer was not read (status: assumed; the CFTC's order asks for the
more conservative figure, 90 FR 58525, section I.B).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cycle
from crossmargin.arrangement.reduction import (
    Binding,
    Fallback,
    OrderCheck,
    Reduction,
    ReductionRules,
    order_check,
)
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import Money
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization


class FactorSource(StrEnum):
    """Where the reduction of a customer came from."""

    CURRENT = "current"
    LAST_FACTOR = "last_factor"
    NONE = "none"


class FallbackReason(StrEnum):
    """Why a late side leads to no reduction, or what lowered the last factor."""

    POLICY = "POLICY"
    NO_PREVIOUS_RUN = "NO_PREVIOUS_RUN"
    NOT_AGREED = "NOT_AGREED"
    TOO_OLD = "TOO_OLD"
    LEG_MISSING = "LEG_MISSING"
    SUSPENDED = "SUSPENDED"
    AS_AGREED = "AS_AGREED"
    SIDE_ON_TIME = "SIDE_ON_TIME"
    CAP = "CAP"
    BELOW_THRESHOLD = "BELOW_THRESHOLD"


@dataclass(frozen=True, slots=True)
class FallbackRules:
    """The parameters of the fallback.

    Parameters
    ----------
    policy : Fallback
    age_business_days_max : int
        A factor serves until the same time of day so many business days after its run.
    bounded_by_side_on_time : bool
        Whether the saving of the side that is on time bounds the last factor.

    Raises
    ------
    ValueError
        If the age is negative.
    """

    policy: Fallback
    age_business_days_max: int
    bounded_by_side_on_time: bool

    def __post_init__(self) -> None:
        if self.age_business_days_max < 0:
            raise ValueError(
                f"fallback_age_business_days_max must not be negative, "
                f"was {self.age_business_days_max}"
            )

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> FallbackRules:
        """Return the rules that ``arrangement/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a value is not one that the rule knows.
        LookupError
            If a parameter is missing.
        """
        return FallbackRules(
            policy=Fallback(parameters.choice("fallback", list(Fallback))),
            age_business_days_max=parameters.whole("fallback_age_business_days_max"),
            bounded_by_side_on_time=parameters.choice(
                "fallback_bounded_by_side_on_time", ["yes", "no"]
            )
            == "yes",
        )


@dataclass(frozen=True, slots=True)
class AgreedFactor:
    """The last factor that both sides' figures made for one customer.

    Parameters
    ----------
    factor : Fraction
        As applied, unrounded.
    binding : Binding
    cycle : Cycle
    as_of : date
    at : datetime
        Instant of the run that made it: a factor that served as fallback keeps its own.
    digest : str
        Of that run's document.
    """

    factor: Fraction
    binding: Binding
    cycle: Cycle
    as_of: date
    at: datetime
    digest: str

    def __post_init__(self) -> None:
        if not 0 <= self.factor <= 1:
            raise ValueError(f"a factor lies between 0 and 1, was {self.factor}")
        if not CYCLE_TERMS[self.cycle].calls:
            raise ValueError(f"cycle {self.cycle.value} is indicative: its factor is not agreed")


@dataclass(frozen=True, slots=True)
class FallbackDecision:
    """The reduction to apply where a side is late, and why.

    Parameters
    ----------
    source : FactorSource
    reason : FallbackReason
    factor : Fraction
    binding : Binding
    last : AgreedFactor or None
        The last factor, whether it served or was too old.
    age : timedelta or None
        Of the last factor, at the instant of the run.
    """

    source: FactorSource
    reason: FallbackReason
    factor: Fraction
    binding: Binding
    last: AgreedFactor | None
    age: timedelta | None


def serves_until(
    last: AgreedFactor, *, business_days: int, calendar: BusinessCalendar, zone: ZoneInfo
) -> datetime:
    """Return the last instant at which a factor may serve, that instant counted.

    The same time of day, in FICC's zone, so many business days later: a factor of Friday evening
    serves as long as one of Tuesday evening, and a change of clocks neither adds nor takes an hour.
    """
    local = last.at.astimezone(zone)
    day = calendar.add_business_days(local.date(), business_days)
    return datetime.combine(day, local.time(), zone)


def decide_fallback(
    current: Reduction,
    *,
    late: Iterable[ClearingOrganization],
    has_both_legs: bool,
    last: AgreedFactor | None,
    at: datetime,
    until: datetime | None,
    has_previous: bool,
    rules: FallbackRules,
    reduction_rules: ReductionRules,
) -> FallbackDecision:
    """Return the reduction to apply to one customer although a side is late.

    Parameters
    ----------
    current : Reduction
        What this run's models make of the positions: of it only the saving of a side on time is
        used.
    late : iterable of ClearingOrganization
        At least one.
    has_both_legs : bool
        Whether both legs have margin now.
    last : AgreedFactor or None
    at : datetime
        Instant of this run.
    until : datetime or None
        Last instant at which ``last`` may serve.
    has_previous : bool
        Whether the document of a previous run was given at all.
    rules : FallbackRules
    reduction_rules : ReductionRules
        Threshold and cap in force now.

    Returns
    -------
    FallbackDecision
        ``factor`` is 0 or between threshold and cap, and never above the last factor.
    """
    # In UTC: two instants of one zone would be told apart by their clocks alone.
    age = None if last is None else at.astimezone(UTC) - last.at.astimezone(UTC)
    none = _reason_for_none(
        last,
        has_both_legs=has_both_legs,
        at=at,
        until=until,
        has_previous=has_previous,
        rules=rules,
    )
    if none is not None or last is None:
        reason = none or FallbackReason.NOT_AGREED
        return FallbackDecision(FactorSource.NONE, reason, Fraction(0), Binding.NONE, last, age)
    reason, factor, binding = _bounded(
        last, current, late=frozenset(late), rules=rules, reduction_rules=reduction_rules
    )
    return FallbackDecision(FactorSource.LAST_FACTOR, reason, factor, binding, last, age)


def _reason_for_none(
    last: AgreedFactor | None,
    *,
    has_both_legs: bool,
    at: datetime,
    until: datetime | None,
    has_previous: bool,
    rules: FallbackRules,
) -> FallbackReason | None:
    if rules.policy is Fallback.NONE:
        return FallbackReason.POLICY
    if not has_previous:
        return FallbackReason.NO_PREVIOUS_RUN
    if last is None:
        return FallbackReason.NOT_AGREED
    if until is None or at.astimezone(UTC) > until.astimezone(UTC):
        return FallbackReason.TOO_OLD
    return None if has_both_legs else FallbackReason.LEG_MISSING


def _bounded(
    last: AgreedFactor,
    current: Reduction,
    *,
    late: frozenset[ClearingOrganization],
    rules: FallbackRules,
    reduction_rules: ReductionRules,
) -> tuple[FallbackReason, Fraction, Binding]:
    reason, factor, binding = FallbackReason.AS_AGREED, last.factor, last.binding
    if factor > reduction_rules.cap:
        reason, factor, binding = FallbackReason.CAP, reduction_rules.cap, Binding.CAP
    if rules.bounded_by_side_on_time:
        for side, saving, name in (
            (ClearingOrganization.FICC, current.ficc_saving, Binding.FICC),
            (ClearingOrganization.CME, current.cme_saving, Binding.CME),
        ):
            if side not in late and saving < factor:
                reason, factor, binding = FallbackReason.SIDE_ON_TIME, saving, name
    if factor <= 0:
        return reason, Fraction(0), last.binding if last.factor == 0 else Binding.NONE
    if factor < reduction_rules.threshold:
        return FallbackReason.BELOW_THRESHOLD, Fraction(0), Binding.BELOW_THRESHOLD
    return reason, factor, binding


def requirement_at(
    requirement: CustomerRequirement, *, factor: Fraction, binding: Binding, rules: ReductionRules
) -> CustomerRequirement:
    """Return a customer's requirement under a given factor, everything else as it is.

    What the reduction does not touch stays: what is outside the XM account, and any part of a CCP's
    requirement beyond its reduced figure. The customer minimum is applied anew (ruling 6).

    Parameters
    ----------
    requirement : CustomerRequirement
        As this run's own savings make it.
    factor : Fraction
        From 0 to the cap.
    binding : Binding
    rules : ReductionRules

    Raises
    ------
    ValueError
        If the factor is negative or above the cap.
    """
    if not 0 <= factor <= rules.cap:
        raise ValueError(f"a factor lies between 0 and the cap {rules.cap}, was {factor}")
    old, ficc, cme = requirement.reduction, requirement.ficc, requirement.cme
    at_ficc = _reduced(ficc.figures.three.securities, factor)
    at_cme = _reduced(cme.figures.three.futures, factor)
    beyond_ficc = ficc.requirement - ficc.minimum_top_up - old.ficc_requirement
    beyond_cme = cme.requirement - old.cme_requirement
    minimum = rules.customer_minimum.cents if ficc.figures.has_positions else 0
    before_minimum = at_ficc + beyond_ficc
    top_up = Money(max(0, minimum - (before_minimum + ficc.outside).cents))
    ficc_requirement = before_minimum + top_up
    cme_requirement = at_cme + beyond_cme
    total = ficc_requirement + ficc.outside + cme_requirement + cme.outside

    def checked(collected: Money) -> OrderCheck:
        return order_check(collected.cents, ficc=ficc.figures.three, cme=cme.figures.three)

    return replace(
        requirement,
        reduction=replace(
            old,
            reduction=factor,
            binding=binding,
            ficc_requirement=at_ficc,
            cme_requirement=at_cme,
            order_check=checked(at_ficc + at_cme),
        ),
        order_check=checked(ficc_requirement + cme_requirement),
        ficc=replace(ficc, reduced=at_ficc, requirement=ficc_requirement, minimum_top_up=top_up),
        cme=replace(cme, reduced=at_cme, requirement=cme_requirement),
        requirement=total,
        saved=requirement.standalone - total,
    )


def _reduced(margin: Money, factor: Fraction) -> Money:
    """Return margin times (1 - factor), rounded up to the cent from the exact fraction."""
    return Money(math.ceil(margin.cents * (1 - factor)))
