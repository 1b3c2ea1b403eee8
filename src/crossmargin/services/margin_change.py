"""What changed against a previous run: positions, market, model, rule and binding side.

The previous run is turned into this one step by step, one thing at a time and the others as they
were: new positions on the old market, then the new market (and date) with the old parameters, then
the models' parameters, then the rule's. Through all of it the side whose saving was the smaller
then is taken to be the smaller still, under the threshold and cap of each step. What is left is the
effect of the other side having become the smaller. The steps add up to the change, exactly; in
another order they would be others. A customer that comes or goes is a change of positions alone.

Lines that the old date cannot value (an issue that was not outstanding, a contract that was not
listed) have no part in the step of positions; they come in with the market and are named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from crossmargin.arrangement.reduction import (
    Binding,
    ReductionRules,
    decide,
    given_reduction,
    savings,
)
from crossmargin.arrangement.requirement import CustomerRequirement, customer_requirement
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal
from crossmargin.margin.cme.span.parameters import SpanParameters
from crossmargin.market.history import MarketData
from crossmargin.services.ficc_charges import ChargeInputs
from crossmargin.services.margin_positions import MarginRun, PositionsInput, margin_positions
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.ports import BlockExecutor


@dataclass(frozen=True, slots=True)
class RunInputs:
    """What a run is made of."""

    positions: PositionsInput
    market: MarketData
    parameters: ParameterSets
    as_of: date
    span: SpanParameters | None = None
    charges: ChargeInputs = field(default_factory=ChargeInputs)

    def makes_the_same_as(self, other: RunInputs) -> bool:
        """Return whether a run of the other inputs is a run of these."""
        return (
            self.as_of == other.as_of
            and self.positions == other.positions
            and self.market.digest == other.market.digest
            and self._derived_from == other._derived_from
            and self.parameters.as_document() == other.parameters.as_document()
            and self.span == other.span
            and self.charges == other.charges
        )

    @property
    def _derived_from(self) -> date | None:
        sheet = self.market.price_sheets.get(self.as_of)
        return sheet.derived_from if sheet else None


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """One customer's change of requirement, in whole cents; the five parts add up to it.

    Parameters
    ----------
    previous, now : Money
        Zero where the customer had no positions.
    positions, market, model, rule, binding_side : Money
    previous_binding, binding : Binding
    """

    previous: Money
    now: Money
    positions: Money
    market: Money
    model: Money
    rule: Money
    binding_side: Money
    previous_binding: Binding
    binding: Binding

    def __post_init__(self) -> None:
        parts = (self.positions, self.market, self.model, self.rule, self.binding_side)
        if self.previous + Money.total(parts) != self.now:
            raise ValueError("the parts of a change must add up to it")


@dataclass(frozen=True, slots=True)
class RunChange:
    """Every customer of either run.

    Parameters
    ----------
    previous : MarginRun
    customers : mapping of CustomerKey to CustomerChange
    not_valued_then : tuple of Refusal
        Lines that the previous date could not value.
    """

    previous: MarginRun
    customers: Mapping[CustomerKey, CustomerChange]
    not_valued_then: tuple[Refusal, ...]


def change_of(
    now: MarginRun, inputs: RunInputs, previous: RunInputs, executor: BlockExecutor
) -> RunChange:
    """Return what changed between a previous run and this one.

    Parameters
    ----------
    now : MarginRun
    inputs, previous : RunInputs
        What made this run, and what made the previous one.
    executor : BlockExecutor

    Raises
    ------
    RefusedError
        If the previous inputs are refused.
    """
    runs = _Runs(executor, inputs, now)
    then = runs.of(previous)
    with_positions = runs.of(replace(previous, positions=inputs.positions), skip=True)
    with_market = runs.of(replace(inputs, parameters=previous.parameters), skip=True)
    models = _with_models(previous.parameters, inputs.parameters)
    with_model = runs.of(replace(inputs, parameters=models), skip=True)
    steps = [_requirements(run) for run in (then, with_positions, with_market, with_model, now)]
    rules = [_rules(run) for run in (then, with_positions, with_market, with_model, now)]
    keys = sorted({*steps[0], *steps[-1]})
    return RunChange(
        previous=then,
        customers={key: _customer_change([step.get(key) for step in steps], rules) for key in keys},
        not_valued_then=with_positions.skipped,
    )


class _Runs:
    """Runs of a chain of inputs, each made once: many steps change nothing."""

    def __init__(self, executor: BlockExecutor, inputs: RunInputs, run: MarginRun) -> None:
        self._executor = executor
        self._known = [(inputs, run)]

    def of(self, inputs: RunInputs, *, skip: bool = False) -> MarginRun:
        for known, run in self._known:
            if known.makes_the_same_as(inputs):
                return run
        run = margin_positions(
            inputs.positions,
            inputs.market,
            inputs.parameters,
            self._executor,
            as_of=inputs.as_of,
            skip_bad_rows=skip,
            span=inputs.span,
            charges=inputs.charges,
        )
        self._known.append((inputs, run))
        return run


def _with_models(rule: ParameterSets, models: ParameterSets) -> ParameterSets:
    """Return the models' and the market's parameters of one run with the rule of another."""
    return ParameterSets(
        market=models.market, ficc=models.ficc, cme=models.cme, arrangement=rule.arrangement
    )


def _requirements(run: MarginRun) -> dict[CustomerKey, CustomerRequirement]:
    return {customer.key: customer.requirement for customer in run.result.customers}


def _rules(run: MarginRun) -> ReductionRules:
    return ReductionRules.from_parameters(run.result.day.parameters.arrangement)


def _customer_change(
    steps: list[CustomerRequirement | None], rules: list[ReductionRules]
) -> CustomerChange:
    first, last = steps[0], steps[-1]
    previous = first.requirement if first else ZERO
    now = last.requirement if last else ZERO
    if first is None or last is None:
        held = [previous.cents, *[now.cents] * 4]
    else:
        side = _smaller_side(first)
        held = [
            _held(step, side, rule).cents if step else 0
            for step, rule in zip(steps, rules, strict=True)
        ]
    return CustomerChange(
        previous=previous,
        now=now,
        positions=Money(held[1] - previous.cents),
        market=Money(held[2] - held[1]),
        model=Money(held[3] - held[2]),
        rule=Money(held[4] - held[3]),
        binding_side=Money(now.cents - held[4]),
        previous_binding=first.reduction.binding if first else Binding.NONE,
        binding=last.reduction.binding if last else Binding.NONE,
    )


def _smaller_side(requirement: CustomerRequirement) -> Binding:
    """Return the side whose saving is the smaller, whatever threshold and cap made of it."""
    reduction = requirement.reduction
    return Binding.FICC if reduction.ficc_saving <= reduction.cme_saving else Binding.CME


def _held(requirement: CustomerRequirement, side: Binding, rules: ReductionRules) -> Money:
    """Return the requirement if the side whose saving was the smaller then still had it."""
    ficc, cme = requirement.ficc.figures, requirement.cme.figures
    both = savings(ficc=ficc.three, cme=cme.three, denominator=rules.denominator)
    saving = both[0] if side is Binding.FICC else both[1]
    both_legs = ficc.three.has_both_legs and cme.three.has_both_legs
    reduction, binding = decide(saving, saving, both_legs=both_legs, rules=rules)
    given = given_reduction(reduction, binding, ficc=ficc.three, cme=cme.three, savings=both)
    return customer_requirement(ficc=ficc, cme=cme, rules=rules, given=given).requirement
