"""Portfolio P&L and tail losses of many portfolios at once, exactly.

A :class:`Simulation` is a set of per-unit P&L columns on the grid and a rank. Charges come out as
whole grid steps: float64 where every sum is provably exact, whole numbers where quantities are too
large for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from crossmargin.margin.book import Block
from crossmargin.margin.exact import (
    GRID_PER_DOLLAR,
    exact_pnl_in_grid_steps,
    exact_rows,
    to_grid,
)
from crossmargin.margin.tail import tail_losses
from crossmargin.market.history import FloatArray

#: Rows of P&L that fit a processor's second-level cache, twice.
_ROWS_AT_ONCE = 128
_STEPS_MAX = float(2**62)


@dataclass(frozen=True, slots=True)
class Simulation:
    """Per-unit P&L of every instrument in every scenario, and which loss to read.

    Parameters
    ----------
    securities : ndarray, shape (S, N)
        Dollars per $100 of par, on the grid.
    contracts : ndarray, shape (C, N)
        Dollars per contract, on the grid.
    rank : int
        Counted from the largest loss.
    largest : ndarray, shape (S + C,)
        Largest absolute figure of each instrument: what decides whether float64 is exact.
    """

    securities: FloatArray
    contracts: FloatArray
    rank: int
    largest: FloatArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        largest = [_largest(self.securities), _largest(self.contracts)]
        object.__setattr__(self, "largest", np.concatenate(largest))

    @staticmethod
    def on_grid(securities: FloatArray, contracts: FloatArray, rank: int) -> Simulation:
        """Return the simulation with the P&L rounded to the grid of ruling 9."""
        return Simulation(to_grid(securities), to_grid(contracts), rank)

    def pnl_dollars(self, block: Block) -> FloatArray:
        """Return each portfolio's P&L, shape (portfolios, N)."""
        pnl: FloatArray = block.securities @ self.securities + block.contracts @ self.contracts
        return pnl

    def losses(self, block: Block) -> list[int]:
        """Return each portfolio's tail loss in whole grid steps."""
        losses = _steps(tail_losses(self.pnl_dollars(block), self.rank))
        for row in self._large_rows(block):
            losses[row] = self._loss_of_large(block, row)
        return losses

    def three_losses(self, block: Block) -> tuple[list[int], list[int], list[int]]:
        """Return tail losses of securities alone, futures alone and both, in grid steps.

        Two matrix products serve all three: the combined P&L is the sum of the legs. Some rows at a
        time, into the same arrays, so that they stay in the cache.
        """
        count = self.securities.shape[1]
        rows = min(_ROWS_AT_ONCE, block.count)
        securities, contracts = np.empty((rows, count)), np.empty((rows, count))
        alone, futures, both = [], [], []
        for first in range(0, block.count, _ROWS_AT_ONCE):
            part = block.rows(slice(first, first + _ROWS_AT_ONCE))
            leg, other = securities[: part.count], contracts[: part.count]
            np.matmul(part.securities, self.securities, out=leg)
            np.matmul(part.contracts, self.contracts, out=other)
            alone += _steps(tail_losses(leg, self.rank))
            futures += _steps(tail_losses(other, self.rank))
            np.add(leg, other, out=leg)
            both += _steps(tail_losses(leg, self.rank))
        for row in self._large_rows(block):
            alone[row] = self._loss_of_large(block.securities_only(), row)
            futures[row] = self._loss_of_large(block.contracts_only(), row)
            both[row] = self._loss_of_large(block, row)
        return alone, futures, both

    def contributions(self, block: Block) -> tuple[list[Fraction], int]:
        """Return what each instrument adds to the tail loss of the block's one portfolio.

        The loss is homogeneous: in the scenario that sets it, what each position loses adds up to
        it (Euler's theorem). Where several scenarios lose the same, the first is taken.

        Returns
        -------
        contributions : list of Fraction
            Exact dollars by security, then contract; zero where the scenario is a gain.
        scenario : int
        """
        columns = np.vstack([self.securities, self.contracts])
        units = [int(q) for q in np.concatenate([block.securities[0], block.contracts[0]])]
        pnl = exact_pnl_in_grid_steps(units, columns)
        scenario = sorted(range(len(pnl)), key=pnl.__getitem__)[self.rank - 1]
        if pnl[scenario] >= 0:
            return [Fraction(0)] * len(units), scenario
        steps = (columns[:, scenario] * GRID_PER_DOLLAR).astype(np.int64)
        losses = [
            Fraction(-quantity * int(step), GRID_PER_DOLLAR)
            for quantity, step in zip(units, steps, strict=True)
        ]
        return losses, scenario

    def _large_rows(self, block: Block) -> list[int]:
        """Return the portfolios whose sums float64 cannot hold exactly."""
        exact = exact_rows(np.hstack([block.securities, block.contracts]), self.largest)
        return [int(row) for row in np.flatnonzero(~exact)]

    def _loss_of_large(self, block: Block, row: int) -> int:
        units = [int(q) for q in np.concatenate([block.securities[row], block.contracts[row]])]
        steps = exact_pnl_in_grid_steps(units, np.vstack([self.securities, self.contracts]))
        return max(0, -sorted(steps)[self.rank - 1])


def _largest(pnl: FloatArray) -> FloatArray:
    largest: FloatArray = np.maximum(pnl.max(axis=1, initial=0.0), -pnl.min(axis=1, initial=0.0))
    return largest


def _steps(dollars: FloatArray) -> list[int]:
    # Figures too large for this are replaced by whole-number ones afterwards.
    bounded = np.minimum(dollars * GRID_PER_DOLLAR, _STEPS_MAX)
    steps: list[int] = bounded.astype(np.int64).tolist()
    return steps


def cents_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded up to a whole number: -(-n // d)."""
    return -(-numerator // denominator)
