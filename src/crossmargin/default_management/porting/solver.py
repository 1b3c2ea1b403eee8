"""The program solved by HiGHS, stage after stage, each with what was reached and what could be.

HiGHS works in floating point. What it answers is rounded to choices and judged in whole numbers: a
limit that is passed by a cent is cut off and the stage solved again, and a stage that comes out
worse, exactly, than the one before changes nothing. One thread, a fixed seed and a count of nodes
instead of a time make the answer the same every time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import highspy
import numpy as np
import numpy.typing as npt

from crossmargin.default_management.porting.program import STAGES, Program, Score
from crossmargin.default_management.porting.receivers import Limit
from crossmargin.default_management.porting.rules import PortingRules

FloatArray = npt.NDArray[np.float64]

_LARGEST = 1e3  # no coefficient of a row is larger: HiGHS's tolerance is 1e-6
_CHOSEN = 0.5
_WHO_STAGES = 2  # the stages that decide who is placed; the others are of costs
_FEW = 0.5  # of all choices: more are hardly searched faster than all
_CUTS_MAX = 200
_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage reached.

    Parameters
    ----------
    name : str
    reached : int
        Cents, or a count.
    bound : int
        No assignment that is as good in the stages before is better than this.
    proved : bool
        Whether the bound was brought within the gap that was asked for.
    """

    name: str
    reached: int
    bound: int
    proved: bool

    @property
    def gap(self) -> Fraction:
        """How far the bound is from what was reached, as a share of the bound; zero of nothing."""
        larger = max(abs(self.bound), abs(self.reached))
        return Fraction(abs(self.bound - self.reached), larger) if larger else Fraction(0)


@dataclass(frozen=True, slots=True)
class Solution:
    """The best assignment that was found.

    Parameters
    ----------
    chosen : tuple of int
        Places of the choices.
    stages : tuple of StageResult
    """

    chosen: tuple[int, ...]
    stages: tuple[StageResult, ...]


def solve(
    program: Program, rules: PortingRules, *, progress: Callable[[str], None] | None = None
) -> Solution:
    """Return the best assignment, lexicographically, with the bound of every stage.

    Parameters
    ----------
    program : Program
    rules : PortingRules
    progress : callable, optional
        Told which stage begins.

    Raises
    ------
    ArithmeticError
        If HiGHS ends without an answer.
    """
    if not program.choices:
        return Solution((), tuple(StageResult(name, 0, 0, True) for name in STAGES))
    best: list[int] = []
    while True:
        begun = program.filled(best)
        best, stages = _staged(program, rules, begun, progress)
        # Where later stages made room for somebody who stays, all of it is done again.
        if program.filled(best) == sorted(best):
            return Solution(tuple(sorted(best)), tuple(stages))


def _staged(
    program: Program,
    rules: PortingRules,
    begun: list[int],
    progress: Callable[[str], None] | None,
) -> tuple[list[int], list[StageResult]]:
    model = _Model(program, rules)
    best, stages = begun, []
    for stage, name in enumerate(STAGES):
        if progress is not None:
            progress(f"Assigning: {name}")
        found, bound, proved = model.optimise(stage, best)
        best = max((best, found), key=program.score)
        if stage == 0:
            best = max((best, program.filled(best)), key=program.score)
        reached = program.score(best)[stage]
        stages.append(_result(name, stage, reached, bound, proved))
        model.keep(stage, best)
    return best, stages


def _result(name: str, stage: int, reached: int, bound: float, proved: bool) -> StageResult:
    outward = max(reached, math.ceil(bound - abs(bound) * 1e-9 - 1e-6))
    sign = 1 if stage < _WHO_STAGES else -1
    return StageResult(name, sign * reached, sign * outward, proved)


def solver_version() -> str:
    """Return what solves the program."""
    return f"HiGHS {_Quiet().version()}"


class _Quiet(highspy.Highs):  # type: ignore[misc]
    """HiGHS without its banner, which it would write on standard output when it is made."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's name
        self.silent()
        super().enableCallbacks()


@dataclass
class _Stage:
    """Costs of the columns in one stage, in units that suit the solver."""

    costs: FloatArray
    unit: float


@dataclass
class _Model:
    """The program as HiGHS has it: a column a choice, then a column a division into parts."""

    program: Program
    rules: PortingRules
    _highs: _Quiet = field(init=False)
    _stages: list[_Stage] = field(init=False)

    def __post_init__(self) -> None:
        self._columns = len(self.program.choices) + len(self.program.divided_ways)
        self._division = {
            way: len(self.program.choices) + place
            for place, way in enumerate(self.program.divided_ways)
        }
        self._stages = [self._stage(stage) for stage in range(len(STAGES))]
        self._highs = _Quiet()
        for option, value in {
            "threads": 1,
            "random_seed": self.rules.solver_seed,
            "mip_rel_gap": float(self.rules.optimality_gap),
        }.items():
            self._highs.setOptionValue(option, value)
        self._highs.addVars(self._columns, np.zeros(self._columns), np.ones(self._columns))
        self._every = np.arange(self._columns, dtype=np.int32)
        self._ways: dict[str, list[int]] = {}
        self._takers: dict[str, list[int]] = {}
        integer = np.full(self._columns, highspy.HighsVarType.kInteger)
        self._highs.changeColsIntegrality(self._columns, self._every, integer)
        self._highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        self._exclude()
        self._limit()

    def _stage(self, stage: int) -> _Stage:
        costs = np.zeros(self._columns)
        for place, each in enumerate(self.program.choices):
            values: Score = (
                each.placed_cents,
                each.halves,
                -each.offer.top_up.cents,
                0,
                -each.place,
            )
            costs[place] = values[stage]
        if STAGES[stage] == "divided":
            costs[len(self.program.choices) :] = -1.0
        unit = float(np.abs(costs).max() / _LARGEST) or 1.0
        return _Stage(costs / unit, unit)

    def _at_most(self, columns: list[int], values: list[float], most: float) -> None:
        self._highs.addRow(
            -highspy.kHighsInf,
            most,
            len(columns),
            np.array(columns, dtype=np.int32),
            np.array(values),
        )

    def _exclude(self) -> None:
        """Add that an account moves in one way, a part to one receiver, a receiver takes one."""
        ways = self._ways
        parts: dict[tuple[str, int, str], list[int]] = {}
        for place, each in enumerate(self.program.choices):
            customer = each.offer.customer_id
            self._takers.setdefault(customer, []).append(place)
            if each.division:
                parts.setdefault((*each.way, f"part {each.offer.part_id}"), []).append(place)
                parts.setdefault((*each.way, f"to {each.offer.receiver_id}"), []).append(place)
            else:
                ways.setdefault(customer, []).append(place)
        for way, column in self._division.items():
            ways.setdefault(way[0], []).append(column)
        for columns in ways.values():
            self._at_most(columns, [1.0] * len(columns), 1.0)
        for (customer, division, _), columns in parts.items():
            column = self._division[customer, division]
            self._at_most([*columns, column], [*([1.0] * len(columns)), -1.0], 0.0)

    def _limit(self) -> None:
        """Add the limits of every receiver."""
        takers: dict[str, list[int]] = {}
        for place, each in enumerate(self.program.choices):
            takers.setdefault(each.offer.receiver_id, []).append(place)
        for name, places in takers.items():
            for limit, room in self.program.room[name].items():
                amounts = [self._amount(place, limit) for place in places]
                if sum(amounts) <= room:
                    continue  # it cannot bind
                unit = max(amounts) / _LARGEST
                self._at_most(places, [amount / unit for amount in amounts], room / unit)

    def _amount(self, place: int, limit: Limit) -> float:
        return float(self.program.choices[place].offer.usage[limit])

    def optimise(self, stage: int, begun: list[int]) -> tuple[list[int], float, bool]:
        """Return the best assignment of a stage, its bound in cents or counts, and if proved.

        The relaxation gives a bound and says which choices are worth a search. They are searched
        first, after the first stage only where they are few of all; then everything, where that
        leaves more than the gap and is not too large. Where they are not searched, everything is.

        Parameters
        ----------
        stage : int
        begun : list of int
            An assignment to begin with.
        """
        given = self._stages[stage]
        self._highs.changeColsCost(self._columns, self._every, given.costs)
        bound, kernel = self._relaxed(begun)
        rules, chosen = self.rules, begun
        nodes = rules.solver_nodes_later_max if stage else rules.solver_nodes_max
        self._highs.setOptionValue("mip_max_nodes", nodes)
        is_small = len(self.program.choices) <= rules.full_search_choices_max
        # In the first stage what one search found helps the next; later it is not worth the time.
        uppers = [kernel] if kernel.mean() < (_FEW if stage else 1.0) else []
        if is_small or not uppers:
            uppers.append(np.ones(self._columns))
        for upper in uppers:
            if self._is_close(given, chosen, bound):
                break
            chosen = self._search(upper, chosen)
            if upper.all():
                bound = min(bound, self._highs.getInfo().mip_dual_bound)
        return chosen, bound * given.unit, self._is_close(given, chosen, bound)

    def _is_close(self, given: _Stage, chosen: list[int], bound: float) -> bool:
        reached = float(given.costs[self._columns_of(chosen)].sum())
        return bound - reached <= float(self.rules.optimality_gap) * abs(bound) + _TOLERANCE

    def _relaxed(self, begun: list[int]) -> tuple[float, FloatArray]:
        """Return the bound of the relaxation and which columns a first search may use.

        Few accounts are divided among receivers in the relaxation: all others stay where it has
        them, these and the choices that it nearly takes are searched.
        """
        self._highs.changeColsBounds(
            self._columns, self._every, np.zeros(self._columns), np.ones(self._columns)
        )
        self._highs.setOptionValue("solve_relaxation", True)
        self._highs.run()
        self._highs.setOptionValue("solve_relaxation", False)
        solution = self._highs.getSolution()
        value, dual = np.array(solution.col_value), np.abs(np.array(solution.col_dual))
        kernel = value > _TOLERANCE
        near = np.flatnonzero(value <= _TOLERANCE)
        near = near[np.lexsort((near, dual[near]))]
        kernel[near[: self.rules.first_search_choices]] = True
        kernel[self._columns_of(begun)] = True
        kernel[len(self.program.choices) :] = True
        return self._highs.getInfo().objective_function_value, kernel.astype(float)

    def _search(self, upper: FloatArray, begun: list[int]) -> list[int]:
        """Return the best assignment among columns, exact limits kept; empty if none was found."""
        self._highs.changeColsBounds(self._columns, self._every, np.zeros(self._columns), upper)
        for _ in range(_CUTS_MAX):
            self._begin(begun)
            self._highs.run()
            info = self._highs.getInfo()
            if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
                # The exact answer of the stage before may miss a row by less than the tolerance.
                return begun
            values = np.array(self._highs.getSolution().col_value)
            chosen: list[int] = np.flatnonzero(
                values[: len(self.program.choices)] > _CHOSEN
            ).tolist()
            passed = self.program.passed_limits(chosen)
            if not passed:
                return chosen
            for name, _limit in passed:
                over = [c for c in chosen if self.program.choices[c].offer.receiver_id == name]
                self._at_most(over, [1.0] * len(over), len(over) - 1.0)
        raise ArithmeticError("HiGHS keeps passing a limit by less than its tolerance")

    def _columns_of(self, chosen: list[int]) -> list[int]:
        """Return the columns of an assignment: choices, and the divisions they are of."""
        ways = {self.program.choices[place].way for place in chosen}
        return [*chosen, *(column for way, column in self._division.items() if way in ways)]

    def _begin(self, chosen: list[int]) -> None:
        values = np.zeros(self._columns)
        values[self._columns_of(chosen)] = 1.0
        solution = highspy.HighsSolution()
        solution.col_value = values.tolist()
        self._highs.setSolution(solution)

    def keep(self, stage: int, chosen: list[int]) -> None:
        """Add that later stages are no worse in this one.

        After the first two, each account places no less than it does now; those that stay, stay.
        """
        if stage < _WHO_STAGES:
            placed = self.program.placed(chosen)
            for customer, columns in self._takers.items():
                self._keep_placed(columns, stage, placed.get(customer, (0, 0))[stage])
            return
        given = self._stages[stage]
        used = np.flatnonzero(given.costs).tolist()
        if used:
            reached = float(given.costs[self._columns_of(chosen)].sum())
            self._at_most(used, [-cost for cost in given.costs[used].tolist()], -reached)

    def _keep_placed(self, columns: list[int], stage: int, least: int) -> None:
        """Add that a customer's columns place as many cents, or halves; none where none does."""
        counted = {
            column: (self.program.choices[column].placed_cents, self.program.choices[column].halves)
            for column in columns
        }
        counting = [column for column in columns if counted[column][stage]]
        if least:
            values = [-counted[column][stage] / least for column in counting]
            self._at_most(counting, values, -1.0)
        elif counting:
            self._at_most(counting, [1.0] * len(counting), 0.0)
