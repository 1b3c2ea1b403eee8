"""The use case behind ``xm methodology build``: everything a pack is made of, computed now.

What other analyses add comes in as :class:`~crossmargin.methodology.inputs.Evidence`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import partial

import numpy as np

from crossmargin.analysis.explanation import explain
from crossmargin.analysis.ranges import RangeRow, by_effect
from crossmargin.analysis.sensitivity import VARIANTS
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.market.history import FloatArray, MarketData
from crossmargin.market.scenarios import window_start
from crossmargin.methodology.inputs import (
    Answer,
    Book,
    BookCoverage,
    CoverageFacts,
    CrowdingEvidence,
    Deviation,
    Evidence,
    FactorFacts,
    FirmInputs,
    HeldPosition,
    MarketFacts,
    PackInputs,
    Sensitivity,
)
from crossmargin.methodology.words import tenor
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.backtest_par_books import BacktestParameters, backtest_par_books
from crossmargin.services.customer_books import holdings_of
from crossmargin.services.day_contracts import front_contracts
from crossmargin.services.held_instruments import HeldInstruments
from crossmargin.services.margin_day import MarginDay, prepare_day
from crossmargin.services.margin_explanation import (
    CustomerExplanation,
    explain_run,
    key_rates_of,
    models_without,
)
from crossmargin.services.margin_positions import (
    MarginRun,
    PositionsInput,
    margin_positions,
    margined_under,
)
from crossmargin.services.margin_ranges import ranged_parameters
from crossmargin.services.margin_run import CustomerResult, MarginResult
from crossmargin.services.parameter_registry import ParameterRegistry
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.standard_books import StandardBook, standard_books, standard_positions

COVERAGE_MODELS = {
    "hs": "plain simulation (HS)",
    "fhs": "filtered simulation (FHS)",
    "max": "the larger of the two (MAX)",
}
_AS_RUN = "as run"
#: Owners that a run does not read, and other analyses do.
_OF_OTHER_ANALYSES = ("analysis", "stress")
_MULTIPLE = "basis_volatility_multiple"

Told = Callable[[str], None]
#: Gives what other analyses say of the books of a run.
Gather = Callable[[MarginRun], Evidence]


def _silent(_told: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class PackRequest:
    """What a pack is asked of.

    Parameters
    ----------
    market : MarketData
    registry : ParameterRegistry
        For every version and its history.
    parameters : ParameterSets
        Of the run, changes by hand included.
    validation : ParameterSet
    deviations : tuple of Deviation
    executor : BlockExecutor
    as_of : date
    program : str
        Version of the program.
    """

    market: MarketData
    registry: ParameterRegistry
    parameters: ParameterSets
    validation: ParameterSet
    deviations: tuple[Deviation, ...]
    executor: BlockExecutor
    as_of: date
    program: str


def changed_parameters(
    registry: ParameterRegistry, as_of: date, changes: Mapping[str, Mapping[str, str]]
) -> tuple[ParameterSets, ParameterSet]:
    """Return the parameters of a run and those of backtests, with values set by hand.

    Raises
    ------
    RefusedError
        Naming every unknown owner and parameter, and every value that is not of its kind.
    """
    reason = "given on the command line"
    validation = registry.set_of("validation", as_of)
    own = changes.get(validation.owner, {})
    if faults := validation.faults_of(own):
        raise RefusedError(*faults)
    of_the_run = {owner: each for owner, each in changes.items() if owner != validation.owner}
    changed = registry.in_force(as_of).changing(of_the_run, reason=reason)
    return changed, validation.replacing(own, reason=reason) if own else validation


def pack_inputs(
    request: PackRequest,
    *,
    with_sensitivity: bool = True,
    gather: Gather | None = None,
    progress: Told = _silent,
) -> PackInputs:
    """Return what the public edition is made from: no customer's book comes in.

    Parameters
    ----------
    request : PackRequest
    with_sensitivity : bool
        Whether the standard books are asked under other assumptions and ranges, which takes most of
        the time.
    gather : callable, optional
        Gives what other analyses say of the standard books; the pack names what was not asked.
    progress : callable
        Is told what is being computed.

    Raises
    ------
    RefusedError
        If the date has no prices, the models cannot use the parameters, or no bond at par has a
        history long enough for a backtest.
    """
    market, parameters, as_of = request.market, request.parameters, request.as_of
    progress("Repricing every instrument under every scenario")
    fronts = prepare_day(market, parameters, as_of=as_of, contracts=())
    made = standard_books(fronts, request.validation)
    run = margin_positions(
        standard_positions(made), market, parameters, request.executor, as_of=as_of
    )
    progress("Explaining the standard books")
    books = _standard(run, made)
    progress("Backtesting bonds at par")
    coverage = _coverage(request)
    sensitivity = None
    if with_sensitivity:
        sensitivity = _sensitivity(_small(run), market, request.executor, progress)
    return PackInputs(
        as_of=as_of,
        program=request.program,
        market=_market_facts(run.result.day, market),
        parameters={
            **parameters.owners,
            "validation": request.validation,
            **{owner: request.registry.set_of(owner, as_of) for owner in _OF_OTHER_ANALYSES},
        },
        files=request.registry.files,
        factors=_factor_facts(run.result.day),
        rules=_rules(parameters),
        coverage=coverage,
        books=books,
        deviations=request.deviations,
        sensitivity=sensitivity,
        evidence=gather(_small(run)) if gather else Evidence(),
    )


def firm_inputs(
    request: PackRequest,
    positions: PositionsInput,
    *,
    gather: Gather | None = None,
    crowded: Callable[[MarginRun], CrowdingEvidence] | None = None,
    progress: Told = _silent,
) -> FirmInputs:
    """Return what the firm's own edition adds: every customer of a positions file.

    Parameters
    ----------
    request : PackRequest
    positions : PositionsInput
    gather : callable, optional
        Gives what other analyses say of the customers.
    crowded : callable, optional
        Gives where the customers stand on the same side.
    progress : callable
        Is told what is being computed.

    Raises
    ------
    RefusedError
        With every bad row.
    """
    progress("Margining and explaining the firm's customers")
    run = margin_positions(
        positions, request.market, request.parameters, request.executor, as_of=request.as_of
    )
    one_firm = len({customer.key.bd_fcm for customer in run.result.customers}) == 1
    explained = zip(run.result.customers, explain_run(run), strict=True)
    return FirmInputs(
        positions_sha256=positions.sha256,
        customers=tuple(
            _customer(customer, told, one_firm=one_firm) for customer, told in explained
        ),
        evidence=gather(run) if gather else Evidence(),
        crowding=crowded(run) if crowded else None,
    )


def _rules(parameters: ParameterSets) -> ReductionRules:
    return ReductionRules.from_parameters(parameters.arrangement)


def _standard(run: MarginRun, made: Sequence[StandardBook]) -> tuple[Book, ...]:
    """Return the standard books in their own order, explained by kind of factor."""
    small = _small(run)
    day = small.result.day
    block = holdings_of(day, [book.xm for book in small.books]).block(0, len(small.books))
    exposure = key_rates_of(day)
    securities, futures = exposure.of(block)

    told = explain(
        day.ficc,
        day.cme_engine,
        block,
        repriced=partial(models_without, day),
        with_factors=False,
    )
    by_name = {
        customer.key.customer_id: (customer, told[row], securities[row], futures[row])
        for row, customer in enumerate(run.result.customers)
    }
    books = []
    for book in made:
        customer, explanation, own_securities, own_futures = by_name[book.name]
        books.append(
            Book(
                name=book.name,
                what=book.what,
                requirement=customer.requirement,
                explanation=explanation,
                key_tenors=_tenors(exposure.key_years),
                securities_dv01=tuple(own_securities.tolist()),
                futures_dv01=tuple(own_futures.tolist()),
                incomplete=customer.incomplete,
                not_computed=tuple(each.name for each in customer.not_computed),
            )
        )
    return tuple(books)


def _customer(customer: CustomerResult, told: CustomerExplanation, *, one_firm: bool) -> Book:
    key = customer.key
    return Book(
        name=key.customer_id if one_firm else f"{key.bd_fcm}: {key.customer_id}",
        what="",
        requirement=customer.requirement,
        explanation=told.explanation,
        key_tenors=_tenors(told.key_years),
        securities_dv01=tuple(told.securities_dv01.tolist()),
        futures_dv01=tuple(told.futures_dv01.tolist()),
        incomplete=customer.incomplete,
        not_computed=tuple(each.name for each in customer.not_computed),
        positions=tuple(
            HeldPosition(each.label, each.quantity, each.contribution, each.incremental)
            for each in told.positions
        ),
    )


def _tenors(key_years: FloatArray) -> tuple[str, ...]:
    return tuple(tenor(float(years)) for years in key_years)


def _market_facts(day: MarginDay, market: MarketData) -> MarketFacts:
    history = market.par_yields
    row = int(np.searchsorted(history.dates, np.datetime64(day.as_of)))
    par = {
        name: float(value)
        for name, value in zip(history.tenors, history.yields_pct[row], strict=True)
        if not np.isnan(value)
    }
    return MarketFacts(
        digest=market.digest,
        simulated=market.simulated,
        par_pct=par,
        price_count=len(day.prices.prices),
        prices_derived_from=day.prices.derived_from,
    )


def _factor_facts(day: MarginDay) -> FactorFacts:
    return FactorFacts(
        ficc=day.ficc.scenarios,
        cme=day.cme.scenarios,
        ficc_name=day.ficc.name,
        cme_name=day.cme_engine.name,
        ficc_rank=day.ficc.simulation.rank,
        filtered_rank=day.ficc.filtered.rank if day.ficc.filtered else None,
        cme_rank=day.cme.historical.rank,
        stress_rank=day.cme.stress.rank,
        estimates=day.ficc_history.noise_estimates(),
        haircuts=day.haircuts,
    )


def _coverage(request: PackRequest) -> CoverageFacts:
    parameters = BacktestParameters(
        request.parameters.market, request.parameters.ficc, request.validation
    )
    dates = request.market.par_yields.dates
    known = int(np.searchsorted(dates, np.datetime64(request.as_of), side="right"))
    place = known - 1 - parameters.ficc.whole("horizon_days")
    if place < 0:
        raise refused("date", request.as_of, "a date with an outcome before it", "coverage")
    last: date = dates[place].astype(date)
    years = request.validation.whole("pack_backtest_years")
    found = backtest_par_books(
        request.market, parameters, first=window_start(request.as_of, years), last=last
    )
    return CoverageFacts(
        dates=found.dates,
        books=tuple(
            BookCoverage(each.path, each.coverage, each.procyclicality) for each in found.books
        ),
        models=COVERAGE_MODELS,
        left_out=found.left_out,
    )


def _small(run: MarginRun) -> MarginRun:
    """Return the run on a day of what its books hold: the same figures, priced in less time.

    Only where the books hold the front contract of every product, into which securities convert.
    """
    day = run.result.day
    held = HeldInstruments.of(day, run.books)
    placed = held.day.valuation.contract_index()
    fronts = front_contracts(day.as_of, sifma_calendar())
    if any(contract.code not in placed for contract in fronts):
        return run
    return replace(run, result=MarginResult(held.day, run.result.customers), books=held.books)


def _sensitivity(
    run: MarginRun, market: MarketData, executor: BlockExecutor, progress: Told
) -> Sensitivity:
    parameters = run.result.day.parameters

    def under(changes: Mapping[str, Mapping[str, str]], reason: str) -> MarginResult:
        return margined_under(run, market, parameters.changing(changes, reason=reason), executor)

    answers, multiples = [_answer(_AS_RUN, run.result)], {Fraction(1): _AS_RUN}
    for place, variant in enumerate(VARIANTS, start=1):
        progress(f"Assumption {place} of {len(VARIANTS)}: {variant.name}")
        result = under({"ficc": variant.ficc, "cme": variant.cme}, variant.name)
        answers.append(_answer(variant.name, result))
        if set(variant.ficc) == {_MULTIPLE} == set(variant.cme):
            multiples[Fraction(variant.ficc[_MULTIPLE])] = variant.name
    base = {c.key: c.requirement.requirement for c in run.result.customers}
    rows: dict[str, list[RangeRow]] = {key.customer_id: [] for key in base}
    ranged = ranged_parameters(parameters)
    for place, one in enumerate(ranged, start=1):
        progress(f"Range {place} of {len(ranged)}: {one.owner}.{one.name}")
        low, high = (
            base
            if value == one.base
            else {
                c.key: c.requirement.requirement
                for c in under({one.owner: {one.name: value}}, "range").customers
            }
            for value in (one.low, one.high)
        )
        for key, at_base in base.items():
            rows[key.customer_id].append(RangeRow(one, low[key], at_base, high[key]))
    return Sensitivity(
        answers=tuple(answers),
        basis_multiples=multiples,
        ranges={name: by_effect(found) for name, found in rows.items()},
    )


def _answer(name: str, result: MarginResult) -> Answer:
    by_book = {c.key.customer_id: c.requirement.reduction for c in result.customers}
    return Answer(
        name=name,
        reductions={book: each.reduction for book, each in by_book.items()},
        savings={book: each.saving_before_cap for book, each in by_book.items()},
        bindings={book: each.binding.value for book, each in by_book.items()},
    )
