"""How high volatility stands: each key rate's forecast over the median of its window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crossmargin.analysis.walk.factors import Moves
from crossmargin.analysis.walk.lines import Book, Lines
from crossmargin.analysis.walk.monomials import Monomials
from crossmargin.analysis.walk.rules import CmeWalkRules
from crossmargin.analysis.walk.weights import CONTRACT_BITS, LineWeights
from crossmargin.analysis.walk.windows import sliding_medians, windows_on
from crossmargin.margin.ewma import ewma_volatility
from crossmargin.market.history import DateArray, FloatArray


def volatility_ratios(
    moves: Moves, dates: DateArray, places: Sequence[int], rules: CmeWalkRules
) -> FloatArray:
    """Return forecast over median of every key rate on margin dates: shape (dates, keys).

    Over 1 the forecast sets the scale of CME's simulation, under 1 the median does.

    Parameters
    ----------
    moves : Moves
        Over CME's horizon.
    dates : ndarray of datetime64[D]
    places : sequence of int
        Of the margin dates.
    rules : CmeWalkRules
    """
    days = rules.horizon_days
    windows = windows_on(dates, places, years=rules.lookback_years, periods=(), horizon_days=days)
    last = places[-1] - days + 1
    forecasts = ewma_volatility(moves.key_rates[:last], rules.decay)
    runs = [range(each[-1].start - days, each[-1].stop - days) for each in windows.runs]
    medians = sliding_medians(forecasts[:-1], runs)
    now = np.asarray(places) - days + 1
    ratios: FloatArray = forecasts[now] / np.where(medians > 0.0, medians, np.inf)
    return ratios


def largest_key(
    weights: LineWeights, lines: Lines, book: Book, monomials: Monomials, *, row: int
) -> int:
    """Return the key rate with a book's largest DV01: of its futures, or of securities alone.

    Parameters
    ----------
    weights : LineWeights
    lines : Lines
    book : Book
    monomials : Monomials
    row : int
        The date.
    """
    linear = [monomials.place[((key, 1),)] for key in range(len(monomials.key_years))]
    dv01 = np.zeros(len(linear))
    for of_lines, held, all_lines, parts in (
        (weights.contracts, book.contracts, lines.contracts, 2.0**CONTRACT_BITS),
        (weights.securities, book.securities, lines.securities, 1.0),
    ):
        for place, line in enumerate(all_lines):
            if units := held.get(line.label):
                dv01 = dv01 + units * parts * of_lines[place, row, linear]
        if dv01.any():
            break
    return int(np.abs(dv01).argmax())
