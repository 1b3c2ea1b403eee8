"""The use case behind ``xm margin --range``: every parameter with a range, alone and jointly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from crossmargin.analysis.ranges import RangedParameter, RangeRow, by_effect
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.margin.cme.model import CmeEngine
from crossmargin.market.history import MarketData
from crossmargin.parameters.version import Parameter
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun, margined_under
from crossmargin.services.parameter_sets import ParameterSets
from crossmargin.services.ports import BlockExecutor

_REASON = "range"
#: So many parameters, by effect, are moved alone beside all of them.
_LARGEST_EFFECTS = (4, 8, 16)
_RULE_OWNER = "arrangement"
_SPAN_PREFIX = "span_"
#: Why a parameter of SPAN is not moved.
OF_SPAN = "has a range, and is of SPAN: CME's engine of this run is the simulation"
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
        Parameters that move nothing alone; see :func:`_trials` for what is tried jointly.
    """

    rows: tuple[RangeRow, ...]
    joint_best: Money
    base: Money
    joint_worst: Money
    inert: int


@dataclass(frozen=True, slots=True)
class UnmovedParameter:
    """A parameter in force that is neither sourced nor derived and that no range moves.

    Parameters
    ----------
    owner, name, value : str
    status : str
    reason : str
        Why not; empty where nothing says it: a value given by hand, or of a user's file.
    """

    owner: str
    name: str
    value: str
    status: str
    reason: str


def ranged_parameters(parameters: ParameterSets) -> tuple[RangedParameter, ...]:
    """Return every parameter in force that has a range and that a run reads, by owner and name."""
    return tuple(
        RangedParameter(owner, one.name, one.low, one.value, one.high, one.status.value)
        for owner, one in _in_force(parameters)
        if one.low is not None and one.high is not None and not _is_unread(parameters, owner, one)
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


def unmoved_parameters(parameters: ParameterSets) -> tuple[UnmovedParameter, ...]:
    """Return every uncertain parameter in force that no range moves, by owner and name."""
    unmoved = []
    for owner, one in _in_force(parameters):
        reason = one.no_range or ""
        if one.has_range and _is_unread(parameters, owner, one):
            reason = OF_SPAN
        elif not one.is_uncertain or one.has_range:
            continue
        unmoved.append(UnmovedParameter(owner, one.name, one.value, one.status.value, reason))
    return tuple(unmoved)


def _in_force(parameters: ParameterSets) -> Iterator[tuple[str, Parameter]]:
    for owner, rules in parameters.owners.items():
        for one in rules.parameters.values():
            yield owner, one


def _is_unread(parameters: ParameterSets, owner: str, one: Parameter) -> bool:
    """Whether a parameter is of SPAN and CME's engine is the simulation."""
    is_of_span = owner == "cme" and one.name.startswith(_SPAN_PREFIX)
    return is_of_span and parameters.cme.text("engine") == CmeEngine.FHS


_Name = tuple[str, str]


def _name(row: RangeRow) -> _Name:
    return row.parameter.owner, row.parameter.name


def _values_of(values: Mapping[_Name, str]) -> _Values:
    return tuple((owner, name, value) for (owner, name), value in values.items())


def _worst_found(margined: _Margined, key: CustomerKey, rows: list[RangeRow]) -> Money:
    """Return the largest requirement found: parameters at their worst alone, then other ways.

    What raises the requirement alone may lower it beside the others, and what moves nothing alone
    may matter there, because another side binds: so fewer are moved too, and tries are kept where
    they raise it. It is a search, not a proof; what one parameter alone does is never missed.
    """
    starts = list(_starts(rows))
    first = [margined.requirements(_values_of(start))[key] for start in starts]
    # From all of them, and from the best start where that is another: neither is always higher.
    found = list(first)
    for place in sorted({0, first.index(max(first))}):
        worst, values = first[place], starts[place]
        for trial in _trials(rows):
            tried = {**values, **trial}
            requirement = margined.requirements(_values_of(tried))[key]
            if requirement > worst:
                values, worst = tried, requirement
        found.append(worst)
    return max([*found, *(max(row.at_low, row.at_base, row.at_high) for row in rows)])


def _starts(rows: list[RangeRow]) -> Iterator[dict[_Name, str]]:
    """Yield every parameter at its worst alone, then only those with the largest effects."""
    moved = sorted(
        (row for row in rows if row.worst != row.parameter.base),
        key=lambda row: row.effect,
        reverse=True,
    )
    counts = [count for count in _LARGEST_EFFECTS if count < len(moved)]
    for count in (len(moved), *counts):
        taken = {_name(row) for row in moved[:count]}
        yield {_name(row): row.worst if _name(row) in taken else row.parameter.base for row in rows}


def _trials(rows: list[RangeRow]) -> Iterator[dict[_Name, str]]:
    """Yield what to try where parameters are at their worst alone.

    An owner's parameters back as run; those without effect alone at one end, at the other; and
    every value of each parameter of the rule.
    """
    moved = [row for row in rows if row.worst != row.parameter.base]
    for owner in sorted({row.parameter.owner for row in moved} - {_RULE_OWNER}):
        of_one = [row for row in moved if row.parameter.owner == owner]
        yield {_name(row): row.parameter.base for row in of_one}
    inert = [row for row in rows if not row.effect.cents]
    if inert:
        yield {_name(row): row.parameter.low for row in inert}
        yield {_name(row): row.parameter.high for row in inert}
    for row in rows:
        if row.parameter.owner == _RULE_OWNER:
            for value in (row.parameter.low, row.parameter.base, row.parameter.high):
                yield {_name(row): value}


class _Margined:
    """Requirements of every customer by values; equal values are margined once."""

    def __init__(self, run: MarginRun, market: MarketData, executor: BlockExecutor) -> None:
        self.run, self.market, self.executor = run, market, executor
        self.base = {c.key: c.requirement.requirement for c in run.result.customers}
        self.seen: dict[_Values, Mapping[CustomerKey, Money]] = {}
        self.last = run.result.day

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
            start = max(self.run.result.day, self.last, key=partial(_in_common, changed))
            result = margined_under(self.run, self.market, changed, self.executor, day=start)
            self.last = result.day
            self.seen[moved] = {c.key: c.requirement.requirement for c in result.customers}
        return self.seen[moved]


def _in_common(parameters: ParameterSets, day: MarginDay) -> tuple[bool, int]:
    """Return what a day has in common with parameters: the market's first, whose histories cost."""
    one, two = parameters.owners, day.parameters.owners
    return one["market"] == two["market"], sum(one[owner] == two[owner] for owner in one)
