r"""When a leg is sold: at an even rate, from a first day on, over as many days as volume allows.

Of :math:`u` units sold from day :math:`f` over :math:`T` days, after day :math:`d \ge f`

.. math:: \operatorname{sign}(u) \lfloor |u| \max(0, 1 - (d - f + 1) / T) \rfloor

are still held. :math:`T` is at least the days that the seller takes, and so large that no market
sees more than its share of a day's volume; it need not be whole, and the last day then sells less.
(Rounded up, a book a little too large for the volume would be sold more slowly all along, and cost
less than a smaller one.) Every line of a leg keeps the same share, so a pair is sold whole, up to
a unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.default_management.liquidation.instruments import Instrument, Market


@dataclass(frozen=True, slots=True)
class Schedule:
    """An even rate over days; day 1 is the day of the failure, day 0 the opening before it.

    Parameters
    ----------
    first_day : int
        Of the first sale.
    days : Fraction
        One at least.
    """

    first_day: int
    days: Fraction

    def __post_init__(self) -> None:
        if self.first_day < 1 or self.days < 1:
            raise ValueError(f"sales begin on day 1 at the earliest and take one, was {self!r}")

    @property
    def last_day(self) -> int:
        """The day of the last sale."""
        return self.first_day + math.ceil(self.days) - 1

    def share_after(self, day: int) -> Fraction:
        """Return what share is held after a day's sales.

        Examples
        --------
        >>> [str(Schedule(1, Fraction(5, 2)).share_after(day)) for day in range(4)]
        ['1', '3/5', '1/5', '0']
        """
        selling_days = max(day - self.first_day + 1, 0)
        return max(1 - selling_days / self.days, Fraction(0))

    def held_after(self, units: int, day: int) -> int:
        """Return how many of some units are held after a day's sales.

        Examples
        --------
        >>> [Schedule(1, Fraction(3)).held_after(-10, day) for day in range(4)]
        [-10, -6, -3, 0]
        """
        held = math.floor(abs(units) * self.share_after(day))
        return held if units > 0 else -held


def days_needed(
    sold: Iterable[tuple[Instrument, int]], *, at_least: int, largest_volume_share: Fraction
) -> Fraction:
    """Return over how many days lines are sold so that no market sees more than its share a day.

    What is bought and what is sold in a market count apart.

    Parameters
    ----------
    sold : iterable of (Instrument, int)
        Signed units; a line may come more than once.
    at_least : int
    largest_volume_share : Fraction
        Of an average day's volume.
    """
    quantities: dict[tuple[Market, bool], Fraction] = {}
    for instrument, units in sold:
        key = (instrument.market, units > 0)
        quantity = abs(units) * instrument.volume_per_unit
        quantities[key] = quantities.get(key, Fraction(0)) + quantity
    needed = [
        quantity / (largest_volume_share * market.daily_volume)
        for (market, _), quantity in quantities.items()
    ]
    return max([Fraction(at_least), *needed])
