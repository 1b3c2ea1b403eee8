"""What other analyses add to a methodology pack: backtests, walks, stress, conditions, crowding.

Gathered from the books of one margin run, standard books or a firm's customers, with the same
functions that the commands run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.analysis.stress.library import StressLibrary
from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.arrangement.reduction import Reduction
from crossmargin.market.history import MarketData
from crossmargin.market.scenarios import window_start
from crossmargin.methodology.inputs import (
    BacktestEvidence,
    ConditionEvidence,
    CrowdingEvidence,
    Evidence,
    LimitEvidence,
    StressEvidence,
    WalkEvidence,
)
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.backtest_positions import (
    BookBacktest,
    PositionsBacktest,
    backtest_positions,
)
from crossmargin.services.backtest_series import (
    HEADLINE,
    SeriesBacktest,
    series_losses,
    series_margins,
    used_outcomes,
)
from crossmargin.services.conditions import Conditions, CustomerConditions, conditions_of
from crossmargin.services.crowding import crowding_of
from crossmargin.services.forward_paths import Restrike
from crossmargin.services.forward_walk import ForwardWalk, forward_walk
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.stress import StressRun, stress_run
from crossmargin.validation.coverage import ExceptionReading, exceptions

_CENTS = 100.0
_PER_CENT = 100.0
_MILLION = 1e6
#: Books drawn one by one; every book is in the tables.
_DRAWN = 3
_VERDICT_HEADER = (
    *("margin", "loss of", "horizon, dates", "outcomes", "without basis", "exceptions"),
    *("coverage, %", "verdict", "clustered", "zone", "uncovered, USD", "average margin, USD"),
)


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """What evidence is gathered with.

    Parameters
    ----------
    market : MarketData
    validation, stress, analysis : ParameterSet
    library : StressLibrary
    executor : BlockExecutor
    progress : callable
        Is told what is being computed.
    """

    market: MarketData
    validation: ParameterSet
    stress: ParameterSet
    analysis: ParameterSet
    library: StressLibrary
    executor: BlockExecutor
    progress: Callable[[str], None] = lambda told: None


def gathered(run: MarginRun, request: EvidenceRequest) -> Evidence:
    """Return what other analyses say of the books of a run.

    Parameters
    ----------
    run : MarginRun
    request : EvidenceRequest

    Raises
    ------
    RefusedError
        If the history is too short for a backtest, or an analysis refuses a parameter.
    """
    request.progress("Backtesting both models and the offset")
    backtest = _backtest(run, request)
    drawn = _least_covered(backtest)
    request.progress("Walking books through episodes")
    walks = [
        forward_walk(
            run,
            request.market,
            request.executor,
            path=Restrike(first, last),
            customers=[each.book.name for each in drawn],
        )
        for first, last in request.validation.dates("pack_walk_dates")
    ]
    request.progress("Stressing books")
    stressed = stress_run(run, request.market, request.library, request.stress)
    asked = conditions_of(run, request.analysis, request.executor, progress=request.progress)
    names = [each.book.name for each in drawn]
    return Evidence(
        walks=[
            *(_past(each.walk) for each in drawn),
            *(_walked(customer, walk) for walk in walks for customer in range(len(walk.customers))),
        ],
        backtests=[_tested(each, drawn, request.validation) for each in backtest.customers],
        stresses=_stressed(stressed, names),
        conditions=_conditions(asked, names),
        limits=[_limits(each) for each in asked.customers],
    )


def crowding_evidence(run: MarginRun, request: EvidenceRequest) -> CrowdingEvidence:
    """Return where the customers of a run stand on the same side.

    Parameters
    ----------
    run : MarginRun
    request : EvidenceRequest
    """
    found = crowding_of(run, request.market, request.analysis)
    tenors = [each.name for each in found.tenors]
    return CrowdingEvidence(
        tenors=tenors,
        dv01_dollars={
            "securities, long": [float(each.securities_dv01.long) for each in found.tenors],
            "securities, short": [-float(each.securities_dv01.short) for each in found.tenors],
            "futures, long": [float(each.futures_dv01.long) for each in found.tenors],
            "futures, short": [-float(each.futures_dv01.short) for each in found.tenors],
        },
        share_of_volume={
            "net, of a day's volume": [
                float(each.days_net * found.participation_share) for each in found.tenors
            ],
            "gross, of a day's volume": [
                float(each.days_gross * found.participation_share) for each in found.tenors
            ],
        },
    )


def _backtest(run: MarginRun, request: EvidenceRequest) -> PositionsBacktest:
    dates = request.market.par_yields.dates
    as_of = run.result.day.as_of
    known = int(np.searchsorted(dates, np.datetime64(as_of), side="right"))
    horizon = run.result.day.parameters.ficc.whole("horizon_days")
    last: date = dates[max(0, known - 1 - horizon)].astype(object)
    years = request.validation.whole("pack_backtest_years")
    return backtest_positions(
        run,
        request.market,
        request.validation,
        request.executor,
        first=window_start(as_of, years),
        last=last,
    )


def _least_covered(backtest: PositionsBacktest) -> list[BookBacktest]:
    """Return the books with a reduction on most dates that it covered least often, worst first."""
    tested = [
        each
        for each in backtest.customers
        if HEADLINE in each.series
        and 2 * sum(day.reduction > 0 for day in each.walk.reductions) > len(each.walk.dates)
    ]
    ordered = sorted(
        tested,
        key=lambda each: (each.series[HEADLINE].assessment.coverage.coverage, each.book.name),
    )
    return ordered[:_DRAWN]


def _tested(
    book: BookBacktest, drawn: Sequence[BookBacktest], validation: ParameterSet
) -> BacktestEvidence:
    walk, series = book.walk, book.series.get(HEADLINE)
    margins, losses, beyond = {}, {}, {}
    dates = walk.dates
    if series is not None and book in drawn:
        used = used_outcomes(walk, series.kind, series.horizon_days, validation)
        lost = series_losses(walk.outcomes[series.horizon_days], series.kind)[used]
        held = series_margins(walk, series.kind)[used]
        reading = ExceptionReading(validation.choice("exception_reading", list(ExceptionReading)))
        dates = walk.dates[used]
        margins[series.kind.margin] = (held / _MILLION).tolist()
        losses[series.kind.margin] = (lost / _MILLION).tolist()
        beyond[series.kind.margin] = exceptions(lost, held, reading).tolist()
    return BacktestEvidence(
        name=book.book.name,
        dates=[str(each) for each in dates],
        margins=margins,
        losses=losses,
        exceptions=beyond,
        unit="USD million",
        verdict_header=_VERDICT_HEADER,
        verdicts=[_verdict(each) for each in book.series.values()],
    )


def _verdict(series: SeriesBacktest) -> tuple[str, ...]:
    found = series.assessment
    return (
        series.kind.margin,
        series.kind.loss,
        str(series.horizon_days),
        str(found.outcomes),
        str(series.without_basis),
        str(found.coverage.exceptions),
        f"{_PER_CENT * float(found.coverage.coverage):.2f}",
        found.verdict.value.replace("_", " ").lower(),
        "yes" if found.is_clustered else "no",
        found.light.zone.value,
        f"{found.severity.total:,.0f}",
        f"{series.procyclicality.average:,.0f}",
    )


def _past(walk: BookWalk) -> WalkEvidence:
    return _walk_evidence(
        f"{walk.name}, the years of the backtest", walk, walk.standalone_cents.tolist()
    )


def _walked(place: int, walk: ForwardWalk) -> WalkEvidence:
    customer = walk.customers[place]
    name = f"{customer.book.name}, {walk.dates[0]} to {walk.dates[-1]}"
    return _walk_evidence(name, customer.walk, customer.walk.standalone_cents.tolist())


def _walk_evidence(name: str, walk: BookWalk, standalone_cents: Sequence[int]) -> WalkEvidence:
    def savings(of: Callable[[Reduction], Fraction]) -> list[float]:
        return [float(of(each)) for each in walk.reductions]

    return WalkEvidence(
        name=name,
        dates=[str(each) for each in walk.dates],
        standalone_dollars=[cents / _CENTS for cents in standalone_cents],
        requirement_dollars=(walk.requirement_cents / _CENTS).tolist(),
        savings={
            "FICC-style model": savings(lambda each: each.ficc_saving),
            "CME-style model": savings(lambda each: each.cme_saving),
        },
        binding=[each.binding.value for each in walk.reductions],
    )


def _stressed(found: StressRun, names: Sequence[str]) -> list[StressEvidence]:
    return [
        StressEvidence(
            name=customer.result.key.customer_id,
            scenarios=[each.case.name for each in customer.outcomes],
            sources=[each.case.source.value for each in customer.outcomes],
            loss_dollars=[float(-each.combined) for each in customer.outcomes],
            requirement_dollars=customer.margins.both.cents / _CENTS,
        )
        for customer in found.customers
        if customer.result.key.customer_id in names
    ]


def _conditions(asked: Conditions, names: Sequence[str]) -> list[ConditionEvidence]:
    drawn = [each for each in asked.customers if each.result.key.customer_id in names]
    if not drawn:
        return []
    return [
        ConditionEvidence(
            question="How does the saving move with the correlation between tenors?",
            unit="multiple of what tenors do not share",
            values=[float(each.multiple) for each in drawn[0].correlation],
            savings={
                each.result.key.customer_id: [
                    float(row.outcome.saving_before_cap) for row in each.correlation
                ]
                for each in drawn
            },
        ),
        ConditionEvidence(
            question="How does the saving move with the volatility of the basis?",
            unit="multiple of basis volatility",
            values=[float(multiple) for multiple, _ in drawn[0].basis.rows],
            savings={
                each.result.key.customer_id: [
                    float(outcome.saving_before_cap) for _, outcome in each.basis.rows
                ]
                for each in drawn
            },
        ),
    ]


def _limits(customer: CustomerConditions) -> LimitEvidence:
    return LimitEvidence(
        name=customer.result.key.customer_id,
        rows=[
            (
                limit.name.replace("_", " "),
                "decides today" if limit.is_past else "not reached",
                f"{limit.figure} {'rises' if limit.rises else 'falls'}",
                f"{float(limit.dollars):,.0f}",
                f"{_PER_CENT * float(limit.saving):.2f}",
            )
            for limit in customer.limits
        ],
    )
