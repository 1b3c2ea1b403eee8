"""A margin run in its cycle: cut-offs, the fallback where a side is late, the true-up.

``plan_cycle`` refuses before anything is computed; ``cycle_outcome`` takes the finished run and
gives each customer the reduction that the cycle allows, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, date, datetime
from zoneinfo import ZoneInfo

from crossmargin.arrangement.cycles import (
    CYCLE_TERMS,
    CutoffRules,
    Cutoffs,
    Cycle,
    GivenInstants,
    cutoffs_of,
)
from crossmargin.arrangement.fallback import (
    AgreedFactor,
    FactorSource,
    FallbackDecision,
    FallbackReason,
    FallbackRules,
    decide_fallback,
    requirement_at,
    serves_until,
)
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.arrangement.true_up import Collected, CollectedAtBoth, TrueUp, true_up
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_run import CustomerResult
from crossmargin.services.previous_run import PreviousRun, faults_of_previous


@dataclass(frozen=True, slots=True)
class CycleRequest:
    """What was said of the cycle of a run.

    Parameters
    ----------
    cycle : Cycle
    late : frozenset of ClearingOrganization
        Sides whose figures for this cycle are late or missing.
    given : GivenInstants
    previous : PreviousRun, optional
    """

    cycle: Cycle = Cycle.EOD
    late: frozenset[ClearingOrganization] = frozenset()
    given: GivenInstants = field(default_factory=GivenInstants)
    previous: PreviousRun | None = None


@dataclass(frozen=True, slots=True)
class CyclePlan:
    """A request with its instants and rules: nothing about it can be refused any more."""

    request: CycleRequest
    cutoffs: Cutoffs
    fallback: FallbackRules
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class CycleOutcome:
    """What the cycle made of a run.

    Parameters
    ----------
    run : MarginRun
        Requirements as the cycle allows them; the run itself where no side is late.
    plan : CyclePlan
    decisions : tuple of FallbackDecision
        In the order of the run's customers.
    true_up : TrueUp or None
        None unless the cycle adjusts another whose document was given.
    same_market, same_parameters : bool or None
        Whether the previous run had the same; None without one.
    """

    run: MarginRun
    plan: CyclePlan
    decisions: tuple[FallbackDecision, ...]
    true_up: TrueUp | None
    same_market: bool | None
    same_parameters: bool | None

    @property
    def indicative(self) -> bool:
        """Whether the cycle makes no call (ruling 11)."""
        return not CYCLE_TERMS[self.plan.request.cycle].calls

    @property
    def nothing_to_true_up(self) -> bool:
        """Whether the cycle adjusts another and was given none."""
        adjusts = CYCLE_TERMS[self.plan.request.cycle].trues_up is not None
        return adjusts and self.true_up is None

    def count(self, source: FactorSource) -> int:
        """Return how many customers' reductions came from a source."""
        return sum(decision.source is source for decision in self.decisions)


def plan_cycle(
    request: CycleRequest, *, as_of: date, arrangement: ParameterSet, simulated: bool
) -> CyclePlan:
    """Return the plan of a run's cycle.

    Raises
    ------
    RefusedError
        If an instant is not one of the cycle, a parameter no rule knows, or the previous run none
        that this run may follow.
    """
    try:
        cutoff_rules = CutoffRules.from_parameters(arrangement)
        fallback = FallbackRules.from_parameters(arrangement)
    except ValueError as error:
        raise refused("parameters", error, "values that the cycles know", "parameters") from error
    cutoffs = cutoffs_of(request.cycle, as_of=as_of, rules=cutoff_rules, given=request.given)
    if request.previous is not None:
        faults = faults_of_previous(
            request.previous, cutoffs=cutoffs, as_of=as_of, simulated=simulated
        )
        if faults:
            raise RefusedError(*faults)
    zone = cutoff_rules.zone_of(ClearingOrganization.FICC)
    return CyclePlan(request, cutoffs, fallback, zone)


def cycle_outcome(run: MarginRun, plan: CyclePlan) -> CycleOutcome:
    """Return the run as its cycle allows it.

    Parameters
    ----------
    run : MarginRun
        With the reductions of its own figures.
    plan : CyclePlan
    """
    day, previous = run.result.day, plan.request.previous
    rules = ReductionRules.from_parameters(day.parameters.arrangement)
    last = {
        c.key: previous.agreed_factor(c.key) if previous is not None else None
        for c in run.result.customers
    }
    at, has_previous = plan.cutoffs.at, previous is not None
    late = LateSides(plan.request.late, at, plan.fallback, plan.zone, has_previous=has_previous)
    decisions = tuple(decide_factor(c, late, last[c.key], rules) for c in run.result.customers)
    if plan.request.late:
        run = at_decided_factors(run, decisions, rules)
    adjusts = CYCLE_TERMS[plan.request.cycle].trues_up is not None
    return CycleOutcome(
        run=run,
        plan=plan,
        decisions=decisions,
        true_up=_true_up(previous, run) if previous is not None and adjusts else None,
        same_market=None if previous is None else previous.market_digest == day.market_digest,
        same_parameters=None
        if previous is None
        else previous.parameters_digest == day.parameters.as_document()["digest"],
    )


@dataclass(frozen=True, slots=True)
class LateSides:
    """Who is late in a cycle, and what may stand in.

    Parameters
    ----------
    late : frozenset of ClearingOrganization
        Empty where both sides are on time.
    at : datetime
        Instant of the run.
    fallback : FallbackRules
    zone : ZoneInfo
        In which the age of a last factor is counted.
    has_previous : bool
        Whether a previous run is known at all.
    """

    late: frozenset[ClearingOrganization]
    at: datetime
    fallback: FallbackRules
    zone: ZoneInfo
    has_previous: bool


def decide_factor(
    customer: CustomerResult,
    sides: LateSides,
    last: AgreedFactor | None,
    rules: ReductionRules,
) -> FallbackDecision:
    """Return the factor of a customer in a cycle, and where it comes from.

    Parameters
    ----------
    customer : CustomerResult
        With the reduction of its own figures.
    sides : LateSides
    last : AgreedFactor or None
        The last factor that both sides' figures made.
    rules : ReductionRules
    """
    reduction = customer.requirement.reduction
    if not sides.late:
        return FallbackDecision(
            FactorSource.CURRENT,
            FallbackReason.AS_AGREED,
            reduction.reduction,
            reduction.binding,
            last=None,
            age=None,
        )
    until = (
        None
        if last is None
        else serves_until(
            last,
            business_days=sides.fallback.age_business_days_max,
            calendar=futures_delivery_calendar(),
            zone=sides.zone,
        )
    )
    legs = (customer.requirement.ficc.figures.three, customer.requirement.cme.figures.three)
    return decide_fallback(
        reduction,
        late=sides.late,
        has_both_legs=all(three.has_both_legs for three in legs),
        last=last,
        at=sides.at,
        until=until,
        has_previous=sides.has_previous,
        rules=sides.fallback,
        reduction_rules=rules,
    )


def at_decided_factors(
    run: MarginRun, decisions: Sequence[FallbackDecision], rules: ReductionRules
) -> MarginRun:
    """Return a run with each customer's requirement at the factor that was decided."""
    customers = tuple(
        replace(
            customer,
            requirement=requirement_at(
                customer.requirement, factor=decision.factor, binding=decision.binding, rules=rules
            ),
        )
        for customer, decision in zip(run.result.customers, decisions, strict=True)
    )
    return replace(run, result=replace(run.result, customers=customers))


def _true_up(previous: PreviousRun, run: MarginRun) -> TrueUp:
    before = {key: customer.collected for key, customer in previous.customers.items()}
    after = {customer.key: collected_of(customer) for customer in run.result.customers}
    return true_up(before, after)


def collected_of(customer: CustomerResult) -> CollectedAtBoth:
    """Return what both CCPs collect of a customer of a run."""
    ficc, cme = customer.requirement.ficc, customer.requirement.cme
    return CollectedAtBoth(
        Collected(ficc.requirement, ficc.outside), Collected(cme.requirement, cme.outside)
    )


def given_instants(texts: Mapping[str, str | None]) -> GivenInstants:
    """Return the instants that options name, in ISO form with a zone.

    Parameters
    ----------
    texts : mapping of str to str or None
        By the names of :class:`GivenInstants`.

    Raises
    ------
    RefusedError
        Naming each that is no instant or has no zone.
    """
    faults: list[Refusal] = []
    given: dict[str, datetime | None] = dict.fromkeys(texts)
    for name, text in texts.items():
        if text is None:
            continue
        given[name] = _instant(text)
        if given[name] is None:
            expected = "an instant with a zone, as in 2026-03-24T12:00-04:00"
            faults.append(Refusal(name, text, expected, "ruling 11"))
    if faults:
        raise RefusedError(*faults)
    return GivenInstants(**given)


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    # The first and the last year have instants without a place in another zone.
    usable = instant.tzinfo is not None and MINYEAR < instant.year < MAXYEAR
    return instant if usable else None
