"""A simulated path: days of the history drawn in blocks, each as it was, one after the other.

A block is a run of consecutive days, so that within it a move keeps what it has to do with those
before it. What is drawn is a number of the seed alone (:mod:`crossmargin.market.seeds`), so a
longer path begins as a shorter one does. Only days on which every tenor of the curve was published,
and on the day before, are drawn: a tenor missing once would be missing ever after.

A move of basis or spread over several days is the sum of its days' own.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from crossmargin.analysis.walk.continuations import BoolArray, Continuation, ResidualMoves
from crossmargin.analysis.walk.factors import KnownThen, WalkFactors
from crossmargin.market.seeds import keyed_choices


def drawn_days(
    factors: WalkFactors,
    known: KnownThen,
    *,
    first: date,
    last: date,
    days: int,
    block_days: int,
    seed: int,
    skipped: int = 0,
) -> Continuation:
    """Return days drawn from those of a history between two dates, both included.

    Parameters
    ----------
    factors : WalkFactors
        That holds the dates.
    known : KnownThen
        What basis and spread are estimated with.
    first, last : date
    days, block_days : int
        How many in all, and together; the last block is cut.
    seed : int
        Not negative.
    skipped : int
        How many are drawn before them and left out.

    Raises
    ------
    ValueError
        If no block of so many complete days lies between the dates, or a number is too small.
    """
    if days < 1 or block_days < 1 or min(seed, skipped) < 0:
        raise ValueError(
            f"a path and a block have at least one day, a seed and what is skipped are not "
            f"negative, were {days}, {block_days}, {seed} and {skipped}"
        )
    par = factors.points.par_yields
    complete: BoolArray = np.asarray(~np.isnan(par).any(axis=1))
    places = [
        place
        for place in factors.places_between(first, last)
        if place > 0 and complete[place] and complete[place - 1]
    ]
    runs = set(places)
    starts = [place for place in places if all(place + step in runs for step in range(block_days))]
    if not starts:
        raise ValueError(
            f"no {block_days} days in a row with every tenor between {first} and {last}"
        )
    blocks = np.arange(-(-(skipped + days) // block_days), dtype=np.int64)
    chosen = np.asarray(starts)[keyed_choices(seed, blocks, len(starts))]
    drawn = (chosen[:, np.newaxis] + np.arange(block_days)).ravel()[skipped : skipped + days]
    # The move that ends on a date has the place before it among the moves of one day.
    moves = known.moves[1]
    one_day = ResidualMoves(
        moves.basis_bp[drawn - 1],
        moves.spread_bp[drawn - 1],
        moves.basis_own[drawn - 1],
        moves.spread_own[drawn - 1],
    )
    return Continuation(
        par_changes=np.cumsum(par[drawn] - par[drawn - 1], axis=0),
        residuals={horizon: one_day.over(horizon) for horizon in known.moves},
        source_dates=factors.dates[drawn],
    )
