"""A cycle's requirements, written as records: each customer's figures, and the run that made them.

A side whose position file for the cycle has not come by the run is late: the stated fallback gives
the factor, and every record says so. Where it comes before the day is closed, EODXM is struck again
with both sides' figures, and both records stay. CUR calls nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from crossmargin.arrangement.cycles import CYCLE_TERMS, Cutoffs, Cycle, GivenInstants, cutoffs_of
from crossmargin.arrangement.fallback import (
    AgreedFactor,
    FactorSource,
    FallbackDecision,
    FallbackRules,
)
from crossmargin.arrangement.reduction import ReductionRules, format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey, subject_of
from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.access import kept_out, no_reduction, without_reduction
from crossmargin.services.clearing_day.arrivals import FileKind
from crossmargin.services.clearing_day.ccp_files import keep_ccp_files
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import FILE, StepResult
from crossmargin.services.clearing_day.lot_register import (
    Written,
    line_ranges,
    position_lines,
    read_register,
)
from crossmargin.services.clearing_day.released import nothing_required
from crossmargin.services.clearing_day.required import (
    REQUIREMENT,
    factor_content,
    last_factors,
    last_requirements,
)
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.margin_cycles import LateSides, at_decided_factors, decide_factor
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_run import CustomerResult
from crossmargin.services.requirement_figures import requirement_figures
from crossmargin.settlement.lots import Lot

MARGIN_RUN = "MARGIN_RUN"
_POSITION_FILES = {
    ClearingOrganization.FICC: FileKind.FICC_POSITIONS,
    ClearingOrganization.CME: FileKind.CME_POSITIONS,
}


def run_cycle(context: DayContext, work: Work, step: Step, cycle: Cycle) -> StepResult:
    """Margin every customer in a cycle and write the requirements.

    Raises
    ------
    RefusedError
        If a live lot names nothing on the day, or there are no prices.
    """
    as_of = context.models.price_date(cycle, step.business_date)
    cutoffs = cutoffs_of(
        cycle, as_of=as_of, rules=context.clock.hourly, given=GivenInstants(at=step.at)
    )
    register = read_register(work.records, context.bd_fcm)
    lots = register.live(
        {
            ClearingOrganization.FICC: cutoffs.ficc.positions_at,
            ClearingOrganization.CME: cutoffs.cme.positions_at,
        }
    )
    files = _position_files(work.records, context.bd_fcm, step.business_date, cycle)
    calls = CYCLE_TERMS[cycle].calls
    late = frozenset(_POSITION_FILES) - set(files) if calls else frozenset()
    if calls:
        _release(context, work, step, cycle, {lot.customer for lot in lots})
    if not lots:
        return StepResult({"cycle": cycle.value, "customers": 0})
    run = context.models.margined(
        position_lines(lots),
        cycle=cycle,
        business_date=step.business_date,
        name=f"{step.business_date.isoformat()} {step.name}",
    )
    last = last_factors(work.records, context.bd_fcm, before=step.business_date)
    out = kept_out(work.records, (each.key for each in run.result.customers), step.at)
    run, decisions = _decided(context, run, cutoffs, late, last, out=out)
    sources = dict.fromkeys((*files.values(), *register.sources(lots)))
    run_record = _run_record(
        context, run, cutoffs, lots=lots, late=late, step=step, sources=tuple(sources)
    )
    work.records.add(run_record)
    keep_ccp_files(context, work, run, cycle, step, run_id=run_record.record_id)
    total = Money(0)
    behind = _lots_behind(lots) if calls else register.lines(lots)
    for customer, decision in zip(run.result.customers, decisions, strict=True):
        own = behind[customer.key]
        notice = (out[customer.key],) if customer.key in out else ()
        written = context.written(step, run_record.record_id, *notice, *own)
        record = requirement_record(customer, decision, cutoffs, written, step, lines=own)
        work.records.add(record)
        total += customer.requirement.requirement
    return StepResult(
        {
            "cycle": cycle.value,
            "customers": len(decisions),
            "requirement": str(total),
            "standalone": str(Money.total(c.requirement.standalone for c in run.result.customers)),
            "late": sorted(side.value for side in late),
        },
        (run_record.record_id,),
    )


def is_to_be_restruck(records: Records, bd_fcm: str, business_date: date) -> bool:
    """Return whether EODXM ran without a side's file, and both sides' are there now."""
    run = records.get(f"run/{bd_fcm}/{business_date.isoformat()}/{StepKind.EODXM.value}")
    if run is None or not run.content["late"]:
        return False
    return set(_position_files(records, bd_fcm, business_date, Cycle.EODXM)) == set(_POSITION_FILES)


def _release(
    context: DayContext, work: Work, step: Step, cycle: Cycle, held: Collection[CustomerKey]
) -> None:
    """Require nothing of those of whom something was, and who hold nothing any more."""
    last = last_requirements(work.records, context.bd_fcm, until=step.business_date)
    for customer, each in sorted(last.items()):
        if customer not in held and each.standalone_ficc + each.standalone_cme > Money(0):
            written = context.written(step, each.record_id)
            work.records.add(nothing_required(REQUIREMENT, customer, cycle, step.name, written))


def _lots_behind(lots: Iterable[Lot]) -> dict[CustomerKey, dict[str, list[int]]]:
    """Return the lots of each customer; the line of each is its own record's."""
    found: dict[CustomerKey, dict[str, list[int]]] = defaultdict(dict)
    for lot in lots:
        found[lot.customer][lot.lot_id] = []
    return found


def requirement_record(
    customer: CustomerResult,
    decision: FallbackDecision,
    cutoffs: Cutoffs,
    written: Written,
    step: Step,
    *,
    lines: Mapping[str, Sequence[int]],
) -> Record:
    """Return the record of one customer's requirement in a cycle.

    Parameters
    ----------
    customer : CustomerResult
    decision : FallbackDecision
    cutoffs : Cutoffs
    written : Written
        Its first cause is the run.
    step : Step
    lines : mapping of str to sequence of int
        The customer's own lines in files among the causes; none of what has its line itself.
    """
    required = customer.requirement
    factor = decision.last if decision.source is not FactorSource.CURRENT else None
    if decision.source is FactorSource.CURRENT and CYCLE_TERMS[cutoffs.cycle].calls:
        factor = AgreedFactor(
            required.reduction.reduction,
            required.reduction.binding,
            cutoffs.cycle,
            cutoffs.cycle_date,
            cutoffs.at,
            written.causes[0],
        )
    content = {
        "cycle": cutoffs.cycle.value,
        **requirement_figures(required),
        "reduction": format_ratio(decision.factor),
        "binding": decision.binding.value,
        "factor_source": decision.source.value,
        "factor_reason": decision.reason.value,
        "agreed_factor": None if factor is None else factor_content(factor),
        "incomplete": "yes" if customer.incomplete else "no",
        "lines": {cause: line_ranges(own) for cause, own in lines.items() if own},
    }
    subject = subject_of(customer.key)
    record_id = f"requirement/{subject}/{step.business_date.isoformat()}/{step.name}"
    return written.record(record_id, REQUIREMENT, subject, content)


def _decided(
    context: DayContext,
    run: MarginRun,
    cutoffs: Cutoffs,
    late: frozenset[ClearingOrganization],
    last: Mapping[CustomerKey, AgreedFactor],
    *,
    out: Mapping[CustomerKey, str],
) -> tuple[MarginRun, tuple[FallbackDecision, ...]]:
    arrangement = run.result.day.parameters.arrangement
    rules = ReductionRules.from_parameters(arrangement)
    sides = LateSides(
        late,
        cutoffs.at,
        FallbackRules.from_parameters(arrangement),
        context.clock.hourly.zone_of(ClearingOrganization.FICC),
        has_previous=bool(last),
    )
    decisions = tuple(
        no_reduction(last.get(c.key))
        if c.key in out
        else decide_factor(c, sides, last.get(c.key), rules)
        for c in run.result.customers
    )
    decided = at_decided_factors(run, decisions, rules) if late else run
    return without_reduction(decided, out, rules) if out else decided, decisions


def _run_record(
    context: DayContext,
    run: MarginRun,
    cutoffs: Cutoffs,
    *,
    lots: Iterable[Lot],
    late: frozenset[ClearingOrganization],
    step: Step,
    sources: tuple[str, ...],
) -> Record:
    """Return the record of a run: of everybody's positions, so that its sources are no causes."""
    day = run.result.day
    lot_ids = [lot.lot_id for lot in lots]
    derived_from = day.prices.derived_from
    return context.written(step).record(
        f"run/{context.bd_fcm}/{step.business_date.isoformat()}/{step.name}",
        MARGIN_RUN,
        context.bd_fcm,
        {
            "cycle": cutoffs.cycle.value,
            "as_of": day.as_of.isoformat(),
            "prices_derived_from": None if derived_from is None else derived_from.isoformat(),
            "ficc_positions_at": cutoffs.ficc.positions_at.isoformat(),
            "cme_positions_at": cutoffs.cme.positions_at.isoformat(),
            "market_digest": day.market_digest,
            "simulated": "yes" if day.simulated else "no",
            "parameters": day.parameters.as_document(),
            "late": sorted(side.value for side in late),
            "lots": len(lot_ids),
            "lots_digest": digest_of(lot_ids),
            "sources": list(sources),
        },
    )


def _position_files(
    records: Records, bd_fcm: str, business_date: date, cycle: Cycle
) -> dict[ClearingOrganization, str]:
    """Return the record of each side's position file for a cycle; what is refused has not come."""
    kinds = {kind.value: side for side, kind in _POSITION_FILES.items()}
    found = {}
    for record in records.select(
        stream=FILE, subject=bd_fcm, first=business_date, last=business_date
    ):
        side = kinds.get(str(record.content["kind"]))
        if record.content["refused"]:
            continue
        if side is not None and str(record.content["label"]).lower() == cycle.value.lower():
            found[side] = record.record_id
    return found
