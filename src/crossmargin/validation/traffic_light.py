r"""The supervisors' traffic light, scaled to any number of outcomes.

Yellow begins where the chance of so many exceptions or fewer first reaches 95 %, red where it
reaches 99.99 %, under the binomial distribution of the promised share. The sums are whole numbers:
no zone depends on rounding.

References
----------
.. [1] Basel Committee on Banking Supervision (1996), *Supervisory framework for the use of
   "backtesting" in conjunction with the internal models approach to market risk capital
   requirements*.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from itertools import count


class Zone(StrEnum):
    """How surprising so many exceptions are."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """A count of exceptions and its zone.

    Parameters
    ----------
    outcomes, exceptions : int
    yellow_from, red_from : int
        Fewest exceptions of the zone; above ``outcomes`` where it cannot be reached.
    """

    outcomes: int
    exceptions: int
    yellow_from: int
    red_from: int

    @property
    def zone(self) -> Zone:
        """Where the exceptions lie."""
        if self.exceptions >= self.red_from:
            return Zone.RED
        return Zone.YELLOW if self.exceptions >= self.yellow_from else Zone.GREEN


def traffic_light(
    outcomes: int, exceptions: int, *, promised: Fraction, yellow: Fraction, red: Fraction
) -> TrafficLight:
    """Return the zone of so many exceptions.

    Parameters
    ----------
    outcomes, exceptions : int
    promised : Fraction
        The share of exceptions that is promised, strictly between 0 and 1.
    yellow, red : Fraction
        Cumulative probabilities at which the zones begin; strictly between 0 and 1.

    Examples
    --------
    >>> light = traffic_light(250, 5, promised=Fraction(1, 100), yellow=Fraction(95, 100),
    ...                       red=Fraction(9999, 10000))
    >>> light.zone.value, light.yellow_from, light.red_from
    ('yellow', 5, 10)
    """
    if not 0 < promised < 1 or not 0 < yellow <= red < 1:
        raise ValueError(f"shares of {promised}, {yellow}, {red}")
    return TrafficLight(
        outcomes,
        exceptions,
        first_reaching(outcomes, promised, yellow),
        first_reaching(outcomes, promised, red),
    )


@lru_cache(maxsize=256)
def first_reaching(outcomes: int, promised: Fraction, probability: Fraction) -> int:
    """Return the fewest exceptions whose cumulative binomial probability reaches another.

    With ``promised`` as ``a/d``, the probability of ``k`` is a whole number over ``d**n``.

    Parameters
    ----------
    outcomes : int
    promised, probability : Fraction
        Strictly between 0 and 1.
    """
    fails, denominator = promised.numerator, promised.denominator
    holds = denominator - fails
    term = holds**outcomes
    total = term * probability.denominator
    target = probability.numerator * denominator**outcomes
    for exceptions in count():
        if total >= target:
            return exceptions
        # From C(n, k) a^k b^(n-k) to the next: whole, because the product is a binomial's term.
        term = term * ((outcomes - exceptions) * fails) // ((exceptions + 1) * holds)
        total += term * probability.denominator
    raise AssertionError("a probability below 1 is reached")
