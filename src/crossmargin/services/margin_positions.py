"""The use case behind ``xm margin``: a positions file in, every customer's requirement out.

Bad rows stop everything unless they are to be skipped; unsupported lines are named and make the
result incomplete; ineligible lines are margined in full outside the arrangement (ruling 12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from crossmargin.arrangement.eligibility import EligibilityRules, Recognition, recognise
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.margin.cme.model import CmeEngine, check_parameters
from crossmargin.margin.cme.span.calibrated_set import span_parameters
from crossmargin.margin.cme.span.parameters import SpanParameters
from crossmargin.margin.ficc.haircut import HaircutCorrelation
from crossmargin.margin.ficc.model import FiccValuation, SensitivitySource
from crossmargin.margin.ficc.repo import RepoVolatility
from crossmargin.margin.tail import QuantileConvention, tail_rank
from crossmargin.market.history import MarketData
from crossmargin.product.position import PositionLine
from crossmargin.services.customer_books import (
    CustomerBook,
    contracts_of,
    customer_books,
)
from crossmargin.services.ficc_charges import ChargeInputs
from crossmargin.services.margin_day import MarginDay, prepare_day
from crossmargin.services.margin_run import MarginResult, margin_customers
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.span_calibration import calibrate


@dataclass(frozen=True, slots=True)
class PositionsInput:
    """A positions file, read: good lines, faults, and the digest of its bytes."""

    name: str
    sha256: str
    row_count: int
    lines: tuple[PositionLine, ...]
    refusals: tuple[Refusal, ...]
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MarginRun:
    """Everything one run found.

    Parameters
    ----------
    positions : PositionsInput
    result : MarginResult
    books : tuple of CustomerBook
        In the order of the result's customers.
    skipped : tuple of Refusal
        Rows left out because they were to be skipped.
    span : SpanParameters, optional
        The SPAN parameter set that was given.
    charges : ChargeInputs
    """

    positions: PositionsInput
    result: MarginResult
    books: tuple[CustomerBook, ...]
    skipped: tuple[Refusal, ...]
    span: SpanParameters | None = None
    charges: ChargeInputs = field(default_factory=ChargeInputs)

    @property
    def unsupported_count(self) -> int:
        """Lines that no model covers."""
        return sum(len(customer.unsupported) for customer in self.result.customers)


def margin_positions(
    positions: PositionsInput,
    market: MarketData,
    parameters: ParameterSets,
    executor: BlockExecutor,
    *,
    as_of: date,
    skip_bad_rows: bool = False,
    span: SpanParameters | None = None,
    charges: ChargeInputs | None = None,
) -> MarginRun:
    """Return every customer's requirement.

    Parameters
    ----------
    positions : PositionsInput
    market : MarketData
    parameters : ParameterSets
    executor : BlockExecutor
    as_of : date
    skip_bad_rows : bool
        Margin the good rows, and mark the result incomplete.
    span : SpanParameters, optional
        A set from a file, where CME's engine is SPAN; the calibrated set of our own if left out.
    charges : ChargeInputs, optional
        Cycle and customers' histories, for FICC's charges outside the VaR Charge.

    Raises
    ------
    RefusedError
        With every fault of every row, unless they are to be skipped; if the date has no prices; if
        there is nothing to margin.
    """
    if as_of not in market.price_sheets:
        known = ", ".join(day.isoformat() for day in sorted(market.price_sheets)) or "none"
        raise refused("date", as_of, f"a date with security prices: {known}", "ruling 35")
    recognition = recognise(
        positions.lines,
        as_of=as_of,
        securities=market.price_sheets[as_of].prices,
        rules=_checked_rules(parameters),
        file=positions.name,
    )
    not_recognised = (
        replace(refusal, column=positions.columns.get(refusal.field))
        for refusal in recognition.refusals
    )
    refusals = in_file_order((*positions.refusals, *not_recognised))
    if refusals and not skip_bad_rows:
        raise RefusedError(*refusals)
    if not (recognition.eligible or recognition.outside or recognition.unsupported):
        raise RefusedError(
            *refusals,
            Refusal(
                "positions", positions.name, "at least one good row", "reference: positions file"
            ),
        )
    day = prepare_day(
        market,
        parameters,
        as_of=as_of,
        contracts=contracts_of(recognition),
        span=_span_of(market, parameters, as_of=as_of, given=span),
    )
    incomplete = _incomplete_customers(positions, recognition)
    books = customer_books(day, recognition, incomplete_customers=incomplete)
    charged = charges or ChargeInputs()
    result = margin_customers(
        day, books, executor, incomplete_customers=incomplete, charges=charged
    )
    return MarginRun(positions, result, tuple(books), refusals, span, charged)


def _span_of(
    market: MarketData, parameters: ParameterSets, *, as_of: date, given: SpanParameters | None
) -> SpanParameters | None:
    """Return the parameters of CME's engine where it is SPAN: those given, or our own set.

    Raises
    ------
    RefusedError
        If a set was given and the engine is the simulation, or none can be calibrated.
    """
    if CmeEngine(parameters.cme.text("engine")) is CmeEngine.FHS:
        if given is not None:
            raise refused(
                "cme.engine", "fhs", "span, where a SPAN parameter set is given", "ruling 10"
            )
        return None
    if given is not None:
        return given
    try:
        return span_parameters(calibrate(market, parameters, as_of=as_of), parameters.cme)
    except (ValueError, IndexError, ArithmeticError) as error:
        expected = "a date and parameters that a SPAN set of our own can be calibrated with"
        raise refused("date", f"{as_of}: {error}", expected, "SPAN calibration") from error


def margined_under(
    run: MarginRun,
    market: MarketData,
    parameters: ParameterSets,
    executor: BlockExecutor,
    *,
    day: MarginDay | None = None,
) -> MarginResult:
    """Return a run's positions margined under other parameters, as a run of its own would be.

    Parameters
    ----------
    run : MarginRun
    market : MarketData
    parameters : ParameterSets
    executor : BlockExecutor
    day : MarginDay, optional
        What is made ready again, the run's if left out: a day of the run under parameters that are
        nearer to these saves time, and changes no figure.

    Raises
    ------
    RefusedError
        If rules or models cannot use the parameters.
    """
    old = day or run.result.day
    rules = _checked_rules(parameters)
    same = parameters.cme == old.parameters.cme and parameters.market == old.parameters.market
    span = (
        old.span.parameters
        if same and old.span
        else _span_of(market, parameters, as_of=old.as_of, given=run.span)
    )
    day = old.under(parameters, market, span=span)
    recognition = recognise(
        run.positions.lines,
        as_of=day.as_of,
        securities=day.prices.prices,
        rules=rules,
        file=run.positions.name,
    )
    incomplete = _incomplete_customers(run.positions, recognition)
    books = customer_books(day, recognition, incomplete_customers=incomplete)
    return margin_customers(
        day, books, executor, incomplete_customers=incomplete, charges=run.charges
    )


def _checked_rules(parameters: ParameterSets) -> EligibilityRules:
    """Return the eligibility rules, refusing values that no rule or model knows."""
    try:
        ReductionRules.from_parameters(parameters.arrangement)
        check_parameters(parameters.cme)
        parameters.ficc.choice("haircut_correlation", list(HaircutCorrelation))
        parameters.ficc.choice("sensitivity_source", list(SensitivitySource))
        parameters.ficc.choice("valuation", list(FiccValuation))
        parameters.ficc.choice("minimum_margin_amount", ["on", "off"])
        RepoVolatility.from_parameters(parameters.ficc)
        for model in (parameters.ficc, parameters.cme):
            QuantileConvention(model.text("quantile_convention"))
            tail_rank(model.whole("fewest_scenarios"), model.ratio("coverage"))
        return EligibilityRules.from_parameters(parameters.arrangement)
    except ValueError as error:
        raise refused(
            "parameters", error, "values that rules and models know", "parameters"
        ) from error


def in_file_order(refusals: Sequence[Refusal]) -> tuple[Refusal, ...]:
    """Return refusals by line, then column."""
    return tuple(sorted(refusals, key=lambda refusal: (refusal.line or 0, refusal.column or 0)))


def _incomplete_customers(positions: PositionsInput, recognition: Recognition) -> set[CustomerKey]:
    """Return customers whose figures leave a row out.

    A row that could not be read may have been any customer's: then every customer is incomplete.
    """
    if positions.refusals:
        return {line.customer for line in positions.lines}
    refused_lines = {refusal.line for refusal in recognition.refusals}
    return {line.customer for line in positions.lines if line.line in refused_lines}
