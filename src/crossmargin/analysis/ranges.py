"""What a parameter with a range is worth: the requirement at both ends of its range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crossmargin.basics.money import Money


@dataclass(frozen=True, slots=True)
class RangedParameter:
    """A parameter in force that has a range.

    Parameters
    ----------
    owner, name : str
    low, base, high : str
        Values as written.
    status : str
        How the base is known.
    """

    owner: str
    name: str
    low: str
    base: str
    high: str
    status: str


@dataclass(frozen=True, slots=True)
class RangeRow:
    """One customer's requirement with one parameter moved alone.

    Parameters
    ----------
    parameter : RangedParameter
    at_low, at_base, at_high : Money
        The requirement.
    """

    parameter: RangedParameter
    at_low: Money
    at_base: Money
    at_high: Money

    @property
    def effect(self) -> Money:
        """The widest difference between two of the three requirements."""
        every = (self.at_low, self.at_base, self.at_high)
        return max(every) - min(every)

    @property
    def worst(self) -> str:
        """The value with the largest requirement; the base where no end raises it."""
        return max(self._values(), key=lambda pair: pair[0])[1]

    @property
    def best(self) -> str:
        """The value with the smallest requirement; the base where no end lowers it."""
        return min(self._values(), key=lambda pair: pair[0])[1]

    def _values(self) -> tuple[tuple[Money, str], ...]:
        # The base first: of equal requirements max and min take the first.
        one = self.parameter
        return (self.at_base, one.base), (self.at_low, one.low), (self.at_high, one.high)


def by_effect(rows: Iterable[RangeRow]) -> tuple[RangeRow, ...]:
    """Return rows with the largest dollar effect first, then by owner and name."""
    return tuple(sorted(rows, key=lambda r: (-r.effect.cents, r.parameter.owner, r.parameter.name)))
