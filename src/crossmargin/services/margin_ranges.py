"""The use case behind ``xm margin --range``: every parameter with a range, alone and jointly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from crossmargin.analysis.ranges import RangedParameter, RangeRow, by_effect
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.market.history import MarketData
from crossmargin.parameters.version import Status
from crossmargin.services.margin_positions import MarginRun, margined_under
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.ports import BlockExecutor

_REASON = "range"
_Values = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class CustomerRanges:
    """One customer over every range.

    Parameters
    ----------
    rows : tuple of RangeRow
        By dollar effect, the largest first.
    joint_best, base, joint_worst : Money
        The requirement with every parameter at the value that lowers it most alone, as run, and the
        largest that was found. Effects need not add up.
    inert : int
        Parameters that move nothing alone: they are tried again where the others are at their
        worst, because another side may bind there.
    """

    rows: tuple[RangeRow, ...]
    joint_best: Money
    base: Money
    joint_worst: Money
    inert: int


def ranged_parameters(parameters: ParameterSets) -> tuple[RangedParameter, ...]:
    """Return every parameter in force that has a range, by owner and name."""
    return tuple(
        RangedParameter(owner, one.name, one.low, one.value, one.high, one.status.value)
        for owner, rules in parameters.owners.items()
        for one in rules.parameters.values()
        if one.low is not None and one.high is not None
    )


def ranges_of(
    run: MarginRun,
    market: MarketData,
    executor: BlockExecutor,
    *,
    progress: Callable[[str], None] = lambda told: None,
) -> tuple[CustomerRanges, ...]:
    """Return every customer of a run over every range, in the result's order.

    Parameters
    ----------
    run : MarginRun
    market : MarketData
        What the run was made from.
    executor : BlockExecutor
    progress : callable
        Is told what is being margined.

    Raises
    ------
    RefusedError
        If the models cannot use an end of a range.
    """
    margined = _Margined(run, market, executor)
    ranged = ranged_parameters(run.result.day.parameters)
    rows: dict[CustomerKey, list[RangeRow]] = {c.key: [] for c in run.result.customers}
    for place, one in enumerate(ranged, start=1):
        progress(f"Range {place} of {len(ranged)}: {one.owner}.{one.name}")
        low, high = (
            margined.requirements(((one.owner, one.name, value),)) for value in (one.low, one.high)
        )
        for key, found in rows.items():
            found.append(RangeRow(one, low[key], margined.base[key], high[key]))
    ranges = []
    for place, (key, found) in enumerate(rows.items(), start=1):
        progress(f"All ranges jointly: customer {place} of {len(rows)}")
        best = margined.requirements(_values_of({_name(r): r.best for r in found}))[key]
        worst = _worst_found(margined, key, found)
        inert = sum(not row.effect.cents for row in found)
        ranges.append(CustomerRanges(by_effect(found), best, margined.base[key], worst, inert))
    return tuple(ranges)


def uncertain_without_range(parameters: ParameterSets) -> int:
    """Return how many parameters in force are not sourced or derived and have no range."""
    uncertain = (Status.RECALLED, Status.INFERRED, Status.ASSUMED)
    return sum(
        one.status in uncertain and not one.has_range
        for rules in parameters.owners.values()
        for one in rules.parameters.values()
    )


_Name = tuple[str, str]


def _name(row: RangeRow) -> _Name:
    return row.parameter.owner, row.parameter.name


def _values_of(values: Mapping[_Name, str]) -> _Values:
    return tuple((owner, name, value) for (owner, name), value in values.items())


def _worst_found(margined: _Margined, key: CustomerKey, rows: list[RangeRow]) -> Money:
    """Return the largest requirement found: each parameter at its worst alone, then the inert ones.

    What moves nothing alone may matter once the others are at their worst, because another side
    binds then: all of them at one end, at the other, and those of the rule one by one. It is a
    search, not a proof.
    """
    values = {_name(row): row.worst for row in rows}
    worst = margined.requirements(_values_of(values))[key]
    inert = [row for row in rows if not row.effect.cents]
    trials: list[dict[_Name, str]] = [
        {_name(row): row.parameter.low for row in inert},
        {_name(row): row.parameter.high for row in inert},
    ]
    of_the_rule = [row for row in inert if row.parameter.owner == "arrangement"]
    for row in of_the_rule:
        trials += [{_name(row): row.parameter.low}, {_name(row): row.parameter.high}]
    for trial in trials if inert else ():
        tried = {**values, **trial}
        requirement = margined.requirements(_values_of(tried))[key]
        if requirement > worst:
            values, worst = tried, requirement
    return worst


class _Margined:
    """Requirements of every customer by values; equal values are margined once."""

    def __init__(self, run: MarginRun, market: MarketData, executor: BlockExecutor) -> None:
        self.run, self.market, self.executor = run, market, executor
        self.base = {c.key: c.requirement.requirement for c in run.result.customers}
        self.seen: dict[_Values, Mapping[CustomerKey, Money]] = {}

    def requirements(self, values: _Values) -> Mapping[CustomerKey, Money]:
        """Return requirements with the given values, everything else as run."""
        parameters = self.run.result.day.parameters
        owners = parameters.owners
        moved = tuple(each for each in values if owners[each[0]].text(each[1]) != each[2])
        if not moved:
            return self.base
        if moved not in self.seen:
            changes: dict[str, dict[str, str]] = {}
            for owner, name, value in moved:
                changes.setdefault(owner, {})[name] = value
            changed = parameters.changing(changes, reason=_REASON)
            result = margined_under(self.run, self.market, changed, self.executor)
            self.seen[moved] = {c.key: c.requirement.requirement for c in result.customers}
        return self.seen[moved]
