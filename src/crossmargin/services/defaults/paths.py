"""Paths along which a close-out is made: what the walk offers, cut to what a close-out needs.

The failure is on the first day of a path. *Restrike* takes the books back to the date before it;
*shock* makes today's as-of date the opening and does again what came after; so do a *stress*, one
move of par yields, and *drawn* days.

Where the firm fails on a later day, what is closed out then goes on along the same path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from crossmargin.basics.refusals import Refusal, refused
from crossmargin.market.history import MarketData
from crossmargin.services.forward_paths import ForwardPath, Impulse, Restrike, Shock, Simulated

_RULE = "ruling 20"


class HistoricalMode(StrEnum):
    """How a date of the history comes to a book of today (ruling 20)."""

    RESTRIKE = "restrike"
    SHOCK = "shock"


def historical_path(
    market: MarketData, mode: HistoricalMode, *, failed_on: date, days: int
) -> ForwardPath:
    """Return the path of a failure on a date of the history.

    Parameters
    ----------
    market : MarketData
    mode : HistoricalMode
    failed_on : date
        The day of the failure, or the day off before it.
    days : int
        Scenario dates, the day of the failure included; fewer where the history ends before.

    Raises
    ------
    RefusedError
        If the history has no such date.
    """
    dates = market.par_yields.dates.astype(object).tolist()
    later = [day for day in dates if day >= failed_on][:days]
    if not later:
        raise refused("failed_on", failed_on, f"{dates[-1]} or before: the history ends", _RULE)
    chosen = Restrike if mode is HistoricalMode.RESTRIKE else Shock
    option = f"--{mode.value}"
    return chosen(failed_on, later[-1], given_as=(option, option))


@dataclass(frozen=True, slots=True)
class Historical:
    """A default on a date of the history.

    Parameters
    ----------
    mode : HistoricalMode
    failed_on : date
        The day of the failure; of what comes after one, perhaps the day off before it.
    """

    mode: HistoricalMode
    failed_on: date

    def faults(self, market: MarketData) -> list[Refusal]:
        """Return why nobody fails on the day: it is none of the market's."""
        dates = market.par_yields.dates.astype(object).tolist()
        if self.failed_on in dates:
            return []
        before = [day for day in dates if day < self.failed_on][-1:]
        after = [day for day in dates if day > self.failed_on][:1]
        near = " or ".join(str(day) for day in (*before, *after))
        expected = f"a day with par yields, such as {near}"
        return [Refusal(f"--{self.mode.value}", str(self.failed_on), expected, _RULE)]

    def path(self, market: MarketData, *, as_of: date, days: int, block_days: int) -> ForwardPath:
        """Return the path: the history's days from that of the failure on."""
        return historical_path(market, self.mode, failed_on=self.failed_on, days=days)

    def after(self, days: Sequence[date]) -> Historical:
        """Return what comes after days of the history that are over, one at least."""
        return Historical(self.mode, days[-1] + timedelta(days=1))

    def as_document(self) -> dict[str, str | int]:
        """Return what the path is made of beside its mode and its date: nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class Stress:
    """A default on the day of one move of par yields; then they stand still.

    Parameters
    ----------
    parallel_bp, twist_bp : float
        Of all of them; by which ten years rise against two. Basis points.
    """

    parallel_bp: float
    twist_bp: float

    def faults(self, market: MarketData) -> list[Refusal]:
        """Return why nobody fails along it: nothing, of the market."""
        return []

    def path(self, market: MarketData, *, as_of: date, days: int, block_days: int) -> ForwardPath:
        """Return the path: the move on its first day."""
        return Impulse(self.parallel_bp, self.twist_bp, days)

    def after(self, days: Sequence[date]) -> Stress:
        """Return what comes after the move: nothing moves."""
        return Stress(0.0, 0.0)

    def as_document(self) -> dict[str, str | int]:
        """Return the move."""
        return {"parallel_bp": str(self.parallel_bp), "twist_bp": str(self.twist_bp)}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A default on the first of days that are drawn from the history up to the as-of date.

    Parameters
    ----------
    seed : int
    first : date or None
        No earlier day is drawn; none: all of the history that the factors have.
    skipped : int
        Days drawn before, which are over.

    Raises
    ------
    RefusedError
        If the seed is negative.
    """

    seed: int
    first: date | None = None
    skipped: int = 0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise refused("seed", self.seed, "a whole number, not negative", _RULE)

    def faults(self, market: MarketData) -> list[Refusal]:
        """Return why nobody fails along it: nothing that is known before days are drawn."""
        return []

    def path(self, market: MarketData, *, as_of: date, days: int, block_days: int) -> ForwardPath:
        """Return the path, drawn in blocks of so many days.

        Raises
        ------
        RefusedError
            If the history has no move up to the as-of date.
        """
        dates = [day for day in market.par_yields.dates.astype(object).tolist() if day <= as_of]
        if len(dates) <= 1:
            raise refused("as_of", as_of, "a date that the history holds, and one before", _RULE)
        return Simulated(self.first, dates[-1], days, block_days, self.seed, self.skipped)

    def after(self, days: Sequence[date]) -> Drawn:
        """Return what is drawn after days that are over."""
        return replace(self, skipped=self.skipped + len(days))

    def as_document(self) -> dict[str, str | int]:
        """Return what decides which days are drawn."""
        first = {"first": self.first.isoformat()} if self.first else {}
        return {"seed": self.seed, **first}


#: What a default happens along.
DefaultPath = Historical | Stress | Drawn
