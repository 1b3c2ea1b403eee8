r"""The Minimum Margin Amount's simulation: price changes filtered to the volatility of today.

.. math:: z_t = \frac{r_{i,t}}{\sigma_{i,t}}, \qquad
          \text{loss}_t = -\sum_i q_i \, z_{i,t} \, \sigma_{i,\text{now}}

:math:`r_{i,t}` is the instrument's price change over the horizon, :math:`\sigma_{i,t}` the
exponentially weighted volatility of its one-day price changes, forecast on the day the horizon
starts, each instrument with its own (SR-FICC-2024-003; the decay is recalled).

The data hold no price history by CUSIP. An issue's history is that of the issue of today revalued
at each past move of the curve, a future's with the moves of its basis as well: price changes with
today's duration (derived). The stressed year is no part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crossmargin.margin.ewma import START_ROWS, ewma_volatility
from crossmargin.margin.exact import to_grid
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import ScenarioSet


@dataclass(frozen=True, slots=True)
class Filter:
    """By how much each instrument's price change of each scenario is rescaled.

    Parameters
    ----------
    scale : ndarray, shape (instruments, N)
        Volatility of today over volatility on the day the scenario starts; 0 where an instrument
        never moves.
    """

    scale: FloatArray

    def apply(self, pnl: FloatArray) -> FloatArray:
        """Return filtered price changes on the grid, shape (instruments, N)."""
        return to_grid(pnl * self.scale)


def volatility_filter(
    one_day_pnl: FloatArray, one_day: ScenarioSet, window: ScenarioSet, *, decay: float
) -> Filter:
    """Return the filter of a window from one-day price changes.

    Parameters
    ----------
    one_day_pnl : ndarray, shape (instruments, days)
        Price change of one unit in each one-day scenario, consecutive dates up to today.
    one_day : ScenarioSet
    window : ScenarioSet
        N scenarios at the model's horizon, each starting on a date that a one-day scenario starts.
    decay : float

    Raises
    ------
    ValueError
        If a scenario starts before the one-day history does.
    """
    forecasts = ewma_volatility(np.ascontiguousarray(one_day_pnl.T), decay)
    rows = np.searchsorted(one_day.start_dates, window.start_dates)
    if (one_day.start_dates[rows] != window.start_dates).any():
        raise ValueError("a scenario starts on a date without a one-day move")
    at_start = forecasts[rows]
    moving = at_start > 0.0
    scale = np.where(moving, forecasts[-1] / np.where(moving, at_start, 1.0), 0.0)
    return Filter(np.ascontiguousarray(scale.T))


#: One-day moves before the window that the first forecasts rest on.
BURN_IN_ROWS = START_ROWS
