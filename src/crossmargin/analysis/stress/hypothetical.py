"""Hypothetical moves: shapes of the curve, basis by contract, SOFR-Treasury spread, repo rate.

Curve shapes are changes of zero rates at the key tenors, linear in maturity between the tenors
named and flat outside:

=============== =====================================================
parallel        every tenor by the size
steeper 2s10s   2-year minus half the size, 10-year plus half of it
steeper 10s30s  10-year unmoved, 30-year plus the size
butterfly       2-year and 10-year unmoved, 5-year plus the size
=============== =====================================================

A repo spike moves the repo rate of every term: futures carry to delivery at it, a repo whose rate
is fixed gains or loses its interest over the term left, and futures on SOFR move with it at the
front.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from crossmargin.analysis.stress.cases import (
    Kind,
    Pick,
    Source,
    StressCase,
    in_bp,
    moves,
    none_own,
)
from crossmargin.market.curve import linear_at
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS, ScenarioSet
from crossmargin.parameters.registry import ParameterSet

_BP = 10_000
REPO_NOTE = (
    "one repo rate for every term and delivery; collateral at spot unmoved; interest of repo legs "
    "over the days left, undiscounted; terms of a day left out; money-market futures move with it "
    "at the front, not from ten months on"
)


def hypothetical_cases(
    key_years: FloatArray, parameters: ParameterSet, *, products: frozenset[str]
) -> tuple[StressCase, ...]:
    """Return every hypothetical case.

    Parameters
    ----------
    key_years : ndarray, shape (K,)
    parameters : ParameterSet
        Of owner ``stress``: ``parallel_bp``, ``twist_bp``, ``long_end_bp``, ``butterfly_bp``,
        ``basis_bp``, ``spread_bp``, ``repo_spike_bp``.
    products : frozenset of str
        Treasury contracts that are held: a basis move of the others changes nothing.
    """
    return (
        *_curve_cases(key_years, parameters),
        *_basis_cases(key_years, float(parameters.ratio("basis_bp")), products),
        *_spread_cases(key_years, float(parameters.ratio("spread_bp"))),
        *_repo_cases(key_years, parameters.ratio("repo_spike_bp")),
    )


def shape(key_years: FloatArray, at: dict[float, float]) -> FloatArray:
    """Return a curve move in basis points: linear between the maturities given, flat outside."""
    years = np.array(sorted(at))
    move: FloatArray = linear_at(years, np.array([[at[each] for each in sorted(at)]]), key_years)[0]
    return move


def _curve_cases(key_years: FloatArray, parameters: ParameterSet) -> Iterator[StressCase]:
    parallels = [float(size) for size in parameters.ratios("parallel_bp")]
    twist, long_end, fly = (
        float(parameters.ratio(name)) for name in ("twist_bp", "long_end_bp", "butterfly_bp")
    )
    shapes: list[tuple[str, str, FloatArray]] = []
    for size in parallels:
        level = np.full(len(key_years), size)
        shapes += [("parallel", f"parallel {sign}{size:g} bp", way * level) for way, sign in _SIGNS]
    steep = shape(key_years, {2.0: -twist / 2.0, 10.0: twist / 2.0})
    back = shape(key_years, {10.0: 0.0, 30.0: long_end})
    belly = shape(key_years, {2.0: 0.0, 5.0: fly, 10.0: 0.0})
    for group, up, down, size, move in (
        ("twist", "steeper 2s10s", "flatter 2s10s", twist, steep),
        ("twist", "steeper 10s30s", "flatter 10s30s", long_end, back),
        ("butterfly", "butterfly, belly yield up", "butterfly, belly yield down", fly, belly),
    ):
        shapes += [(group, f"{up} {size:g} bp", move), (group, f"{down} {size:g} bp", -move)]
    for group, name, move in shapes:
        yield _case(group, name, moves(name, key_years, key_rates=in_bp(move)[np.newaxis, :]))


_SIGNS = ((1.0, "+"), (-1.0, "-"))


def _basis_cases(
    key_years: FloatArray, size: float, products: frozenset[str]
) -> Iterator[StressCase]:
    held = [product for product in BASIS_CONTRACTS if product in products]
    for product in held:
        name = f"basis {product} {size:g} bp, adverse"
        yield _case("basis", name, moves(name, key_years, basis_bp=_pairs([product], size)))
    if len(held) > 1:
        name = f"basis of every contract {size:g} bp, each adverse"
        scenarios = moves(name, key_years, basis_bp=_pairs(held, size))
        yield _case("basis", name, scenarios, pick=Pick.EACH_AGAINST)


def _pairs(products: list[str], size: float) -> FloatArray:
    """Return each contract's basis up, then down, a row each."""
    rows = np.zeros((2 * len(products), len(BASIS_CONTRACTS)))
    for place, product in enumerate(products):
        rows[2 * place : 2 * place + 2, BASIS_CONTRACTS.index(product)] = (size, -size)
    return rows


def _spread_cases(key_years: FloatArray, size: float) -> Iterator[StressCase]:
    for way, sign in _SIGNS:
        name = f"SOFR-Treasury spread {sign}{size:g} bp"
        move = np.full((1, len(SPREAD_KNOTS)), way * size)
        yield _case("spread", name, moves(name, key_years, spread_bp=move))


def _repo_cases(key_years: FloatArray, size: Fraction) -> Iterator[StressCase]:
    name = f"repo spike +{float(size):g} bp"
    # SOFR is a repo rate: futures on it move at the front as the repo rate does.
    front = np.array([[float(size), 0.0]])
    yield _case(
        "repo",
        name,
        moves(name, key_years, spread_bp=front),
        repo_rate=size / _BP,
        notes=(REPO_NOTE,),
    )


def _case(
    group: str,
    name: str,
    scenarios: ScenarioSet,
    *,
    pick: Pick = Pick.WORST,
    repo_rate: Fraction = Fraction(0),
    notes: tuple[str, ...] = (),
) -> StressCase:
    return StressCase(
        name=name,
        group=group,
        kind=Kind.HYPOTHETICAL,
        source=Source.ASSUMED,
        scenarios=scenarios,
        own=none_own(scenarios.count),
        pick=pick,
        repo_rate=repo_rate,
        notes=notes,
    )
