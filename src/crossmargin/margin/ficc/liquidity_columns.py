"""The columns of an asset group that the Margin Liquidity Adjustment reads for every portfolio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.market.history import FloatArray

IntArray = npt.NDArray[np.int64]

#: Scenarios on each side of a group's moves that the bound on a loss is read from.
_TELLING_EACH_SIDE = 128


@dataclass(frozen=True, slots=True)
class GroupColumns:
    """Per-unit columns of a group's M securities, on the grid.

    Parameters
    ----------
    members : ndarray of int, shape (M,)
        Their rows in the security book.
    market_value : ndarray, shape (M,)
        Dollars per unit.
    pnl : ndarray, shape (M, N)
        One-day P&L per unit in each scenario, dollars.
    telling : ndarray, shape (M, T)
        Those of ``pnl`` in the scenarios that move the whole group most. A portfolio's loss at a
        rank among some of the scenarios is never above that among all: a bound at a tenth of the
        work.
    size : ndarray, shape (M,)
        Largest figure of each security.
    """

    members: IntArray
    market_value: FloatArray
    pnl: FloatArray
    telling: FloatArray
    size: FloatArray

    @staticmethod
    def of(
        members: IntArray, market_value: FloatArray, pnl: FloatArray, *, rank: int
    ) -> GroupColumns:
        """Return the columns of a group from those of its securities."""
        size = np.maximum(market_value, np.abs(pnl).max(axis=1, initial=0.0))
        each_side = max(_TELLING_EACH_SIDE, rank)
        telling = pnl
        if pnl.shape[1] > 2 * each_side:
            by_move = np.argsort(pnl.sum(axis=0), kind="stable")
            telling = pnl[:, np.concatenate([by_move[:each_side], by_move[-each_side:]])]
        return GroupColumns(members, market_value, pnl, telling, size)

    def keeping(self, rows: IntArray) -> GroupColumns:
        """Return the columns of those members that are among some rows, by their places there."""
        places = np.flatnonzero(np.isin(rows, self.members))
        kept = np.searchsorted(self.members, rows[places])
        return GroupColumns(
            places,
            self.market_value[kept],
            self.pnl[kept],
            self.telling[kept],
            self.size[kept],
        )
