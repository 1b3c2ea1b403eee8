"""The use case behind ``xm conditions``: when the saving of every customer expands or contracts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from crossmargin.analysis.basis_volatility import BasisVolatility
from crossmargin.analysis.conditions import ConditionRules, Outcome, multiple_where_below
from crossmargin.analysis.correlation import (
    correlated_at_cme,
    correlated_at_ficc,
    correlation,
    tenor_correlation,
)
from crossmargin.analysis.curve_shapes import CurveShape, curve_shapes
from crossmargin.analysis.limits import Limit, limits_of
from crossmargin.analysis.roll_off import TailPlace
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.refusals import refused
from crossmargin.margin.book import Block
from crossmargin.margin.simulation import Simulation
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.curve_shapes import CheapestChange, cheapest_changes, on_moved_curve
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_run import CustomerResult
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.roll_off import Ahead, Asked, Departure


@dataclass(frozen=True, slots=True)
class CorrelationRow:
    """One customer at one multiple of what tenors do not share.

    Parameters
    ----------
    multiple : Fraction
    ficc_legs, cme_legs : float or None
        Realised correlation of the two legs' P&L over each model's history; None where a leg does
        not move, or where SPAN is CME's engine.
    outcome : Outcome
    """

    multiple: Fraction
    ficc_legs: float | None
    cme_legs: float | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class BasisAnswer:
    """One customer over basis volatility.

    Parameters
    ----------
    rows : tuple of (multiple, Outcome)
    below_cap_at, below_threshold_at : Fraction or None
        Smallest multiple found at which the smaller saving is below; None where it is below
        already, or does not fall below up to the end of the search.
    """

    rows: tuple[tuple[Fraction, Outcome], ...]
    below_cap_at: Fraction | None
    below_threshold_at: Fraction | None


@dataclass(frozen=True, slots=True)
class CustomerConditions:
    """One customer under every condition.

    Parameters
    ----------
    result : CustomerResult
    base : Outcome
    correlation : tuple of CorrelationRow
    basis : BasisAnswer
    curve : tuple of (shape, Outcome)
    roll_off : tuple of (date, Outcome)
        Business days ahead.
    leaving_tail : tuple of TailPlace
        Tail losses whose scenario leaves within the days ahead.
    departure : Departure or None
        None where no departure changes anything.
    limits : tuple of Limit
        Nearest first.
    """

    result: CustomerResult
    base: Outcome
    correlation: tuple[CorrelationRow, ...]
    basis: BasisAnswer
    curve: tuple[tuple[str, Outcome], ...]
    roll_off: tuple[tuple[date, Outcome], ...]
    leaving_tail: tuple[TailPlace, ...]
    departure: Departure | None
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class TenorCorrelation:
    """Correlation of two tenors' moves at a multiple, in each model's history."""

    multiple: Fraction
    ficc: float | None
    cme: float | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """Everything that was found.

    Parameters
    ----------
    run : MarginRun
    parameters : ParameterSet
        Of analysis.
    rules : ConditionRules
    key_years : tuple of float
    tenors : tuple of TenorCorrelation
    shapes : tuple of (CurveShape, tuple of CheapestChange)
    days : tuple of date
        Business days ahead.
    leaving : mapping of window to list of lists of date
        Day by day, the end dates of the scenarios that leave.
    ranks : tuple of mapping of window to int
        Which loss each window reads on each of those days.
    customers : tuple of CustomerConditions
    """

    run: MarginRun
    parameters: ParameterSet
    rules: ConditionRules
    key_years: tuple[float, ...]
    tenors: tuple[TenorCorrelation, ...]
    shapes: tuple[tuple[CurveShape, tuple[CheapestChange, ...]], ...]
    days: tuple[date, ...]
    leaving: Mapping[str, list[list[date]]]
    ranks: tuple[Mapping[str, int], ...]
    customers: tuple[CustomerConditions, ...]


def conditions_of(
    run: MarginRun,
    parameters: ParameterSet,
    executor: BlockExecutor,
    *,
    customer: str | None = None,
    progress: Callable[[str], None] = lambda told: None,
) -> Conditions:
    """Return every customer of a run under every condition.

    Parameters
    ----------
    run : MarginRun
    parameters : ParameterSet
        Of analysis.
    executor : BlockExecutor
    customer : str, optional
        Identifier of the one customer that is asked for.
    progress : callable
        Is told what is being margined.

    Raises
    ------
    RefusedError
        If there is no such customer, or parameters ask what the models cannot answer.
    """
    try:
        rules = ConditionRules.from_parameters(parameters)
    except ValueError as error:
        raise refused("parameters", error, "questions that make sense", "parameters") from error
    places = _places(run, customer)
    books = [run.books[place] for place in places]
    results = [run.result.customers[place] for place in places]
    asked = Asked(run.result.day, books, executor, run.charges)
    base = [Outcome.of(result.requirement) for result in results]
    progress("Correlation between tenors")
    correlations, tenors = _correlations(asked, rules)
    progress("Basis volatility")
    basis = _basis(asked, rules, base)
    progress("Shapes of the curve")
    curves, shapes = _curves(asked, parameters)
    progress("Dates that leave the windows")
    ahead = Ahead(asked, rules)
    reduction_rules = ReductionRules.from_parameters(asked.day.parameters.arrangement)
    customers = tuple(
        CustomerConditions(
            result=result,
            base=base[row],
            correlation=tuple(rows[row] for rows in correlations),
            basis=basis[row],
            curve=tuple((name, outcomes[row]) for name, outcomes in curves),
            roll_off=tuple((day, outcomes[row]) for day, outcomes in ahead.outcomes),
            leaving_tail=ahead.leaving_tail(row),
            departure=ahead.largest_departure(row, base[row]),
            limits=limits_of(result.requirement, result.ficc.combined, reduction_rules),
        )
        for row, result in enumerate(results)
    )
    keys = asked.day.ficc.scenarios.historical.key_years.tolist()
    return Conditions(
        run,
        parameters,
        rules,
        tuple(keys),
        tenors,
        shapes,
        ahead.days,
        ahead.leaving,
        tuple(ahead.ranks),
        customers,
    )


def _places(run: MarginRun, customer: str | None) -> list[int]:
    keys = [result.key for result in run.result.customers]
    if customer is None:
        return list(range(len(keys)))
    found = [place for place, key in enumerate(keys) if key.customer_id == customer]
    if not found:
        known = ", ".join(sorted({key.customer_id for key in keys}))
        raise refused("--customer", customer, f"one of {known}", "reference: conditions")
    return found


def _correlations(
    asked: Asked, rules: ConditionRules
) -> tuple[list[list[CorrelationRow]], tuple[TenorCorrelation, ...]]:
    block = asked.block()
    tables, tenors = [], []
    for multiple in rules.correlation_multiples:
        ficc = correlated_at_ficc(
            asked.day.ficc.scenarios, multiple, keeps_volatility=rules.keeps_volatility
        )
        cme = correlated_at_cme(
            asked.day.cme.scenarios, multiple, keeps_volatility=rules.keeps_volatility
        )
        day = asked.day if multiple == 1 else asked.day.with_scenarios(ficc=ficc, cme=cme)
        at_ficc = _leg_correlations(day.ficc.simulation, block)
        at_cme = _leg_correlations(day.cme.historical, block)
        tables.append(
            [
                CorrelationRow(multiple, at_ficc[row], None if day.span else at_cme[row], outcome)
                for row, outcome in enumerate(asked.outcomes(day))
            ]
        )
        tenors.append(
            TenorCorrelation(
                multiple,
                tenor_correlation(ficc.historical, rules.reported_years),
                tenor_correlation(cme.historical, rules.reported_years),
            )
        )
    return tables, tuple(tenors)


def _leg_correlations(simulation: Simulation, block: Block) -> list[float | None]:
    securities = block.securities @ simulation.securities
    futures = block.contracts @ simulation.contracts
    return [correlation(one, other) for one, other in zip(securities, futures, strict=True)]


def _basis(asked: Asked, rules: ConditionRules, base: Sequence[Outcome]) -> list[BasisAnswer]:
    day = asked.day
    models = BasisVolatility(
        day.ficc,
        day.cme,
        day.valuation,
        decay=float(day.parameters.ficc.ratio("minimum_margin_decay")),
    )
    seen: dict[Fraction, Sequence[Outcome]] = {Fraction(1): base}

    def at(multiple: Fraction) -> Sequence[Outcome]:
        if multiple not in seen:
            seen[multiple] = asked.outcomes(
                replace(day, ficc=models.ficc(multiple), cme=models.cme(multiple))
            )
        return seen[multiple]

    limits = ReductionRules.from_parameters(day.parameters.arrangement)
    answers = []
    for row in range(len(asked.books)):
        below = [
            multiple_where_below(
                lambda multiple, row=row: at(multiple)[row].saving_before_cap,  # type: ignore[misc]
                limit,
                ladder=rules.basis_multiples,
                largest=rules.basis_multiple_max,
            )
            for limit in (limits.cap, limits.threshold)
        ]
        rows = tuple((multiple, at(multiple)[row]) for multiple in rules.basis_multiples)
        answers.append(BasisAnswer(rows, *below))
    return answers


def _curves(
    asked: Asked, parameters: ParameterSet
) -> tuple[
    list[tuple[str, list[Outcome]]],
    tuple[tuple[CurveShape, tuple[CheapestChange, ...]], ...],
]:
    keys = asked.day.ficc.scenarios.historical.key_years
    outcomes, shapes = [], []
    for shape in curve_shapes(parameters, keys):
        moved = on_moved_curve(asked.day, shape)
        outcomes.append((shape.name, asked.outcomes(moved)))
        shapes.append((shape, cheapest_changes(asked.day.valuation, moved.valuation)))
    return outcomes, tuple(shapes)
