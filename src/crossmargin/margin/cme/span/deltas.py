"""Deltas by period: what is held, what spreads have taken, what is left."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from crossmargin.margin.cme.span.contracts import Period

_ZERO = Fraction(0)
Within = Callable[[Period], bool]


class DeltaLedger:
    """The deltas of one combined commodity, netted by period.

    Spreads take from it, from the nearest period first, and never give back.
    """

    def __init__(self, held: Mapping[Period, Fraction]) -> None:
        self.held = {period: held[period] for period in sorted(held)}
        self.left = dict(self.held)

    def available(self, within: Within, sign: int) -> Fraction:
        """Return how much delta of one sign is left in some periods, as a size."""
        return sum(
            (abs(delta) for p, delta in self.left.items() if delta * sign > 0 and within(p)),
            start=_ZERO,
        )

    def net(self, within: Within) -> Fraction:
        """Return the net delta that is left in some periods."""
        return sum((delta for p, delta in self.left.items() if within(p)), start=_ZERO)

    def take(self, within: Within, sign: int, size: Fraction) -> None:
        """Take delta of one sign out of some periods.

        Raises
        ------
        ValueError
            If there is not so much left.
        """
        there = self.available(within, sign)
        if size > there:
            raise ValueError(f"{size} deltas asked for where {there} are left")
        for period, delta in self.left.items():
            if size and delta * sign > 0 and within(period):
                part = min(size, abs(delta))
                self.left[period] = delta - sign * part
                size -= part


@dataclass(frozen=True, slots=True)
class Demand:
    """What one leg of a spread asks for.

    Parameters
    ----------
    ledger : DeltaLedger
    within : callable
        Which periods the leg may take from.
    last : Period
        The last of them, so that legs that overlap take in an order that wastes nothing.
    sign : int
        Of the deltas that are taken.
    ratio : Fraction
        Deltas a spread.
    limit : Fraction
        How much of the leg may be used; at most what its periods hold.
    """

    ledger: DeltaLedger
    within: Within
    last: Period
    sign: int
    ratio: Fraction
    limit: Fraction


def spreads_possible(demands: Sequence[Demand]) -> Fraction:
    """Return how many spreads the remaining deltas of all legs together allow.

    The smallest of available over ratio; where legs share periods, also of what they have together.
    """
    if any(demand.limit <= 0 for demand in demands):
        return _ZERO
    count = min(demand.limit / demand.ratio for demand in demands)
    for ledger, sign in {(demand.ledger, demand.sign): None for demand in demands}:
        sharing = [d for d in demands if d.ledger is ledger and d.sign == sign]
        # One leg by itself is held to its limit above, which is never more than what is there.
        for size in range(2, len(sharing) + 1):
            for some in combinations(sharing, size):
                there = ledger.available(_any_of(some), sign)
                ratio = sum((demand.ratio for demand in some), start=_ZERO)
                count = min(count, there / ratio)
    return count


def take_all(demands: Sequence[Demand], count: Fraction) -> None:
    """Take what so many spreads use, legs that end first before the others."""
    for demand in sorted(demands, key=lambda each: each.last):
        demand.ledger.take(demand.within, demand.sign, count * demand.ratio)


def _any_of(demands: Sequence[Demand]) -> Within:
    return lambda period: any(demand.within(period) for demand in demands)
