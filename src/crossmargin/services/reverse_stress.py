"""The use case behind ``xm reverse-stress``: the smallest plausible move that does harm.

``exhaust``: the loss of the combined book reaches what is collected. ``flip``: the other clearing
organization's saving becomes the smaller. ``saving``: the reduction falls under a level. Moves are
of today's book (``mode`` shock, ruling 20).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import numpy as np

from crossmargin.analysis.plausibility import Plausibility, plausibility
from crossmargin.analysis.reverse_stress import (
    SmallestMove,
    Vector,
    smallest_found,
    smallest_loss_move,
)
from crossmargin.analysis.reverse_targets import Target
from crossmargin.analysis.stress.outcomes import Margins
from crossmargin.arrangement.reduction import Reduction
from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import ScenarioSet, window_start
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.held_instruments import HeldInstruments
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_run import CustomerResult, margin_customers
from crossmargin.services.next_day import NextDay
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.reverse_book import Found, XmBook
from crossmargin.services.stress import margins_of

_CENT = Fraction(1, 100)


class Against(StrEnum):
    """Whose margin a loss is to reach."""

    FICC = "FICC"
    CME = "CME"
    BOTH = "BOTH"


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """The smallest move whose loss reaches a margin.

    Parameters
    ----------
    against : Against
    plausible : Plausibility
    margin : Money
    found : Found or None
        None where nothing is collected, or no move that can be priced reaches it.
    smallest : SmallestMove or None
        How it was found.
    lost_as_much : int
        Moves of the window that lose as much on today's book.
    """

    against: Against
    plausible: Plausibility
    margin: Money
    found: Found | None
    smallest: SmallestMove | None
    lost_as_much: int


@dataclass(frozen=True, slots=True)
class Change:
    """The smallest move found after which the requirement is another one.

    Parameters
    ----------
    target : Target
    plausible : Plausibility
    below : Fraction or None
        The level, where the target is a saving.
    reach : Fraction
        Farthest distance that was searched.
    still : Reduction or None
        The reduction of the next day without a move; None where nothing was searched.
    found : Found or None
    after : CustomerResult or None
        The requirement after the move.
    evaluations : int
        How many requirements were made.
    reason : str
        Why nothing was searched; empty where it was.
    """

    target: Target
    plausible: Plausibility
    below: Fraction | None
    reach: Fraction
    still: Reduction | None
    found: Found | None
    after: CustomerResult | None
    evaluations: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CustomerReverse:
    """What was found for one customer: exhaustions, or one change."""

    result: CustomerResult
    margins: Margins
    exhaustions: tuple[Exhaustion, ...] = ()
    change: Change | None = None
    has_outside: bool = False


@dataclass(frozen=True, slots=True)
class ReverseRun:
    """Every customer asked for, and the windows that distances are measured in."""

    run: MarginRun
    target: Target
    below: Fraction | None
    windows: tuple[Plausibility, ...]
    customers: tuple[CustomerReverse, ...]


def reverse_stress_run(
    run: MarginRun,
    parameters: ParameterSet,
    executor: BlockExecutor,
    *,
    target: Target,
    below: Fraction | None = None,
    customer: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ReverseRun:
    """Return the smallest plausible move that reaches the target, customer by customer.

    Parameters
    ----------
    run : MarginRun
    parameters : ParameterSet
        Of owner ``stress``: ``explained_share``, ``reach_distance``, ``search_evaluations``,
        ``iterations_max``.
    executor : BlockExecutor
        Margins the book after a move.
    target : Target
    below : Fraction, optional
        Needed where the target is a saving.
    customer : str, optional
        Only this one; every customer if left out.
    progress : callable
        Told which customer is looked at.

    Raises
    ------
    RefusedError
        If there is no such customer, or a flip or saving is asked of models that it cannot be
        made for.
    """
    chosen = _chosen(run, customer)
    day = run.result.day
    share = parameters.ratio("explained_share")
    three, one = (plausibility(window, share) for window in _windows(day))
    customers = []
    for book, result in chosen:
        progress(f"Looking for the smallest move: {result.key.customer_id}")
        held = HeldInstruments.of(day, [book])
        if target is Target.EXHAUST:
            exhaustions = _exhaustions(held, result, three, one, parameters)
            customers.append(
                CustomerReverse(result, margins_of(result), exhaustions, None, book.has_outside)
            )
        else:
            change = _change(held, result, one, parameters, executor, target=target, below=below)
            customers.append(
                CustomerReverse(result, margins_of(result), (), change, book.has_outside)
            )
    windows = (three, one) if target is Target.EXHAUST else (one,)
    return ReverseRun(run, target, below, windows, tuple(customers))


def _chosen(run: MarginRun, customer: str | None) -> list[tuple[CustomerBook, CustomerResult]]:
    pairs = list(zip(run.books, run.result.customers, strict=True))
    if customer is None:
        return pairs
    chosen = [pair for pair in pairs if pair[1].key.customer_id == customer]
    if not chosen:
        known = ", ".join(sorted({pair[1].key.customer_id for pair in pairs}))
        raise refused("--customer", customer, f"one of {known}", "reverse stress")
    return chosen


def _windows(day: MarginDay) -> tuple[ScenarioSet, ScenarioSet]:
    """Return FICC's window at its horizon, and CME's at its own: moves as they were, unscaled."""
    cme = day.parameters.cme
    history = day.cme_history
    start = window_start(day.as_of, cme.whole("lookback_years"))
    one = history.scenarios("cme window", history.rows_between(start, day.as_of)).scaling(
        basis=float(cme.ratio("basis_volatility_multiple")),
        spread=float(cme.ratio("spread_volatility_multiple")),
    )
    return day.ficc.scenarios.historical, one


def _exhaustions(
    held: HeldInstruments,
    result: CustomerResult,
    three: Plausibility,
    one: Plausibility,
    parameters: ParameterSet,
) -> tuple[Exhaustion, ...]:
    book = XmBook(held.day, held.books[0])
    margins = margins_of(result)
    cases = [
        (Against.FICC, three, margins.ficc),
        (Against.CME, one, margins.cme),
        (Against.BOTH, three, margins.both),
        (Against.BOTH, one, margins.both),
    ]
    window_losses = {
        id(each): [] if book.is_empty else book.losses(each.window) for each in (three, one)
    }
    return tuple(
        _exhaustion(
            book,
            against,
            plausible,
            margin,
            window_losses[id(plausible)],
            iterations=parameters.whole("iterations_max"),
        )
        for against, plausible, margin in cases
    )


def _exhaustion(
    book: XmBook,
    against: Against,
    plausible: Plausibility,
    margin: Money,
    window_losses: Sequence[float],
    *,
    iterations: int,
) -> Exhaustion:
    target = float(margin.dollars + _CENT)
    if book.is_empty or not margin.cents:
        return Exhaustion(against, plausible, margin, None, None, 0)

    def losses(coordinates: FloatArray) -> list[float]:
        return book.losses(plausible.moves(coordinates))

    smallest = smallest_loss_move(losses, target, plausible, window_losses, iterations=iterations)
    found = None
    if smallest is not None:
        found = book.found(plausible, smallest.coordinates, smallest.distance)
        if charge_from_dollars(-found.combined) <= margin:
            raise ValueError("the move that was found does not lose what it was to lose")
    return Exhaustion(
        against, plausible, margin, found, smallest, sum(loss >= target for loss in window_losses)
    )


def _change(
    held: HeldInstruments,
    result: CustomerResult,
    one: Plausibility,
    parameters: ParameterSet,
    executor: BlockExecutor,
    *,
    target: Target,
    below: Fraction | None,
) -> Change:
    reach = parameters.ratio("reach_distance")
    book = XmBook(held.day, held.books[0])
    reason = _why_not(result, target, below)
    if reason:
        return Change(target, one, below, reach, None, None, None, 0, reason)
    next_day = NextDay.of(held.day)
    today = result.requirement.reduction

    def after(coordinates: Vector) -> CustomerResult | None:
        try:
            day = next_day.after(one.moves(np.array([coordinates])))
        except (ValueError, RefusedError):
            return None
        (margined,) = margin_customers(day, [held.books[0]], executor).customers
        return margined

    def gap(coordinates: Vector) -> float | None:
        margined = after(coordinates)
        if margined is None:
            return None
        return float(_gap(margined.requirement.reduction, today, target=target, below=below))

    still = after([0.0] * one.component_count)
    if still is None or _gap(
        still.requirement.reduction, today, target=target, below=below
    ) < Fraction(0):
        reason = "it is so on the next day without any move"
        reduction = None if still is None else still.requirement.reduction
        return Change(target, one, below, reach, reduction, None, None, 1, reason)
    best, seen = smallest_found(
        gap,
        _directions(book, one),
        reach=float(reach),
        evaluations=parameters.whole("search_evaluations"),
    )
    found = None if best is None else book.found(one, best[1], best[0])
    return Change(
        target,
        one,
        below,
        reach,
        still.requirement.reduction,
        found,
        None if best is None else after(best[1]),
        seen,
    )


def _why_not(result: CustomerResult, target: Target, below: Fraction | None) -> str:
    """Return why there is nothing to look for, empty where there is."""
    requirement = result.requirement
    legs = requirement.ficc.figures.three.securities, requirement.cme.figures.three.futures
    if not all(leg.cents for leg in legs):
        return "the XM account has only one leg"
    reduction = requirement.reduction
    if target is Target.SAVING and below is not None and reduction.reduction < below:
        return f"the reduction is {float(reduction.reduction):.6f} today"
    return ""


def _gap(now: Reduction, today: Reduction, *, target: Target, below: Fraction | None) -> Fraction:
    """Return what must become negative for the target to be reached."""
    if target is Target.SAVING:
        assert below is not None
        return now.reduction - below
    # The side that binds has the smaller saving; of equals FICC does (ruling 3).
    lead = now.cme_saving - now.ficc_saving
    return lead if today.ficc_saving <= today.cme_saving else -lead


def _directions(book: XmBook, one: Plausibility) -> list[Vector]:
    """Return each component, and the direction in which the book loses most."""
    size = one.component_count
    step = np.eye(size)
    priced = book.losses(one.moves(np.vstack([step, -step])))
    steepest = [(up - down) / 2.0 for up, down in zip(priced[:size], priced[size:], strict=True)]
    axes = [[float(i == j) for j in range(size)] for i in range(size)]
    return [*([steepest] if any(steepest) else []), *axes]
