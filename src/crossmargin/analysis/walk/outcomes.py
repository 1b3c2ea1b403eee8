"""What happened to a re-struck book after each margin date, over a horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.factors import Moves
from crossmargin.analysis.walk.lines import Book, FutureLine, Lines, TreasuryFutureLine
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.weights import CONTRACT_BITS, LineWeights, on_weight_grid
from crossmargin.margin.exact import to_grid
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS

BoolArray = npt.NDArray[np.bool_]
IntpArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Losses of one book over a horizon; gains are negative.

    Parameters
    ----------
    securities, futures : ndarray, shape (dates,)
        Dollars, on the grid.
    basis_observed : ndarray of bool, shape (dates,)
        Whether every future held has a basis, or a spread, on those dates: its own, or that of the
        neighbour that stands for it. Where it has none, that part of the outcome is left out.
    """

    securities: FloatArray
    futures: FloatArray
    basis_observed: BoolArray

    @property
    def combined(self) -> FloatArray:
        """Loss of both legs together."""
        return self.securities + self.futures


def outcomes(
    moves: Moves,
    places: Sequence[int],
    *,
    weights: LineWeights,
    lines: Lines,
    books: Sequence[Book],
    monomials: Monomials,
) -> list[Outcomes]:
    """Return every book's losses over the horizon that follows each margin date.

    Parameters
    ----------
    moves : Moves
        Up to the horizon after the last margin date.
    places : sequence of int
        Of the margin dates.
    weights : LineWeights
        On those dates.
    lines : Lines
    books : sequence of Book
    monomials : Monomials
    """
    rows = np.asarray(places, dtype=np.intp)  # none is none, and no float
    securities, contracts = line_outcomes(moves, rows, weights=weights, monomials=monomials)
    found = []
    for book in books:
        observed = np.ones(len(rows), dtype=np.bool_)
        for line in lines.contracts:
            if book.contracts.get(line.label):
                observed &= _own(line, moves)[rows]
        found.append(
            Outcomes(
                -_sum(
                    securities, [book.securities.get(line.label, 0) for line in lines.securities]
                ),
                -_sum(contracts, [book.contracts.get(line.label, 0) for line in lines.contracts]),
                observed,
            )
        )
    return found


def line_outcomes(
    moves: Moves,
    places: Sequence[int] | IntpArray,
    *,
    weights: LineWeights,
    monomials: Monomials,
) -> tuple[FloatArray, FloatArray]:
    """Return what each line gained over the horizon that follows each margin date.

    Of basis and spread what was observed; where nothing was, that part is left out.

    Parameters
    ----------
    moves : Moves
    places : sequence of int
    weights : LineWeights
        On those dates, or on one date that stands for all of them.
    monomials : Monomials

    Returns
    -------
    securities, contracts : ndarray, shape (S, dates), (C, dates)
        Dollars of $100 of par and of a contract, on the grid.
    """
    # The move that starts on a date has the date's own place among the moves.
    rows = np.asarray(places, dtype=np.intp)
    basis = np.where(moves.basis_own[rows], moves.basis_bp[rows], 0.0)
    spread = np.where(moves.spread_own[rows], moves.spread_bp[rows], 0.0)
    happened = monomials.of_moves(moves.key_rates[rows], basis, spread).T
    # Products of grid values: the sum is exact in any order.
    securities = to_grid((on_weight_grid(weights.securities) * happened).sum(axis=2))
    contracts = (on_weight_grid(weights.contracts) * happened).sum(axis=2)
    return securities, to_grid(contracts * 2.0**CONTRACT_BITS)


def _own(line: FutureLine, moves: Moves) -> BoolArray:
    if isinstance(line, TreasuryFutureLine):
        own: BoolArray = moves.basis_own[:, BASIS_CONTRACTS.index(line.product)]
        return own
    return np.asarray(moves.spread_own.all(axis=1))


def _sum(pnl: FloatArray, units: Sequence[int]) -> FloatArray:
    total = np.zeros(pnl.shape[1])
    for line, quantity in enumerate(units):
        if quantity:
            total = total + quantity * pnl[line]
    return total
