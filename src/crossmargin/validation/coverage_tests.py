r"""Tests of coverage: how many exceptions there are, and whether they come alone.

Kupiec's proportion of failures asks whether exceptions are as frequent as promised,
Christoffersen's independence whether one is more likely right after another, his joint test both at
once. Each is a likelihood ratio; its p-value is the survival function of :math:`\chi^2` with one or
two degrees of freedom, which has a closed form. A test that the exceptions at hand cannot carry out
has no statistic and no p-value.

References
----------
.. [1] P. H. Kupiec (1995), "Techniques for verifying the accuracy of risk measurement models",
   *Journal of Derivatives* 3(2), 73-84.
.. [2] P. F. Christoffersen (1998), "Evaluating interval forecasts", *International Economic Review*
   39(4), 841-862.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from crossmargin.validation.binomial import probability_between
from crossmargin.validation.coverage import BoolArray


class Direction(StrEnum):
    """On which side of the promise the exceptions lie."""

    TOO_MANY = "too_many"
    TOO_FEW = "too_few"
    AS_PROMISED = "as_promised"


@dataclass(frozen=True, slots=True)
class LikelihoodRatio:
    """A likelihood ratio and how likely a larger one is where the promise holds.

    Parameters
    ----------
    statistic : float
        Not negative.
    p_value : float
    """

    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ProportionOfFailures:
    """Kupiec's test of one count.

    Parameters
    ----------
    outcomes, exceptions : int
    horizon : int
        By what the likelihood ratio is divided: 1 where outcomes do not overlap, else how many
        dates an outcome takes.
    direction : Direction
        Exact: the share of exceptions against the promised one.
    result : LikelihoodRatio
    tail_probability : float
        The binomial chance, under the promise, of as many exceptions or more, or of as few or
        fewer, as the direction is: of as many outcomes as cannot overlap.
    not_rejected : tuple of int
        Fewest and most exceptions, of so many outcomes, that are not rejected. Where the first is
        0, no number of exceptions is so small as to be rejected.
    """

    outcomes: int
    exceptions: int
    horizon: int
    direction: Direction
    result: LikelihoodRatio
    tail_probability: float
    not_rejected: tuple[int, int]

    @property
    def is_rejected(self) -> bool:
        """Whether the count lies outside :attr:`not_rejected`."""
        fewest, most = self.not_rejected
        return not fewest <= self.exceptions <= most


@dataclass(frozen=True, slots=True)
class Transitions:
    """How often which outcome followed which; an exception is 1.

    Parameters
    ----------
    n00, n01, n10, n11 : int
        ``n01``: exceptions after a covered outcome.
    """

    n00: int
    n01: int
    n10: int
    n11: int

    @property
    def is_testable(self) -> bool:
        """Whether both kinds of outcome are followed by one and both follow one."""
        return (
            min(
                self.n00 + self.n01,
                self.n10 + self.n11,
                self.n01 + self.n11,
                self.n00 + self.n10,
            )
            > 0
        )

    @property
    def is_clustering(self) -> bool:
        """Whether an exception is followed by one more often than a covered outcome is."""
        # n11 / (n10 + n11) > n01 / (n00 + n01), without dividing.
        return self.n11 * (self.n00 + self.n01) > self.n01 * (self.n10 + self.n11)


@dataclass(frozen=True, slots=True)
class SeriesTests:
    """Every test on one series of outcomes that do not overlap.

    Parameters
    ----------
    first : int
        Place of its first outcome among all.
    proportion : ProportionOfFailures
    transitions : Transitions
    independence, joint : LikelihoodRatio or None
        None where :attr:`Transitions.is_testable` is not.
    """

    first: int
    proportion: ProportionOfFailures
    transitions: Transitions
    independence: LikelihoodRatio | None
    joint: LikelihoodRatio | None


@dataclass(frozen=True, slots=True)
class CombinedTest:
    """One statement of several series, which may depend on each other in any way.

    Parameters
    ----------
    p_value : float or None
        Bonferroni's: the number of series times the smallest p-value, at most 1; None where no
        series can be tested.
    smallest : int or None
        The series with the smallest p-value; the first of equals.
    testable, series : int
        How many could be tested, of how many. The p-value is multiplied by all.
    """

    p_value: float | None
    smallest: int | None
    testable: int
    series: int


def chi_squared_survival(statistic: float, degrees: int) -> float:
    r"""Return the probability of a larger :math:`\chi^2`, of 1 or 2 degrees of freedom.

    .. math:: P(\chi^2_1 > s) = \operatorname{erfc}\sqrt{s/2}, \qquad P(\chi^2_2 > s) = e^{-s/2}

    Examples
    --------
    >>> round(chi_squared_survival(3.841458820694124, 1), 12)
    0.05
    >>> round(chi_squared_survival(5.991464547107979, 2), 12)
    0.05
    """
    if degrees == 1:
        return math.erfc(math.sqrt(statistic / 2.0))
    if degrees == 2:  # noqa: PLR2004 - the other closed form
        return math.exp(-statistic / 2.0)
    raise ValueError(f"1 or 2 degrees of freedom, was {degrees}")


def proportion_ratio(outcomes: int, exceptions: int, promised: Fraction) -> float:
    r"""Return Kupiec's likelihood ratio.

    .. math:: LR = 2\left[x \ln\frac{x}{np} + (n - x) \ln\frac{n - x}{n(1 - p)}\right]

    with :math:`0 \ln 0 = 0`, so that it is :math:`-2n\ln(1-p)` where there is no exception and
    :math:`-2n\ln p` where all are.

    Parameters
    ----------
    outcomes, exceptions : int
    promised : Fraction
        The share of exceptions that is promised, strictly between 0 and 1.

    Examples
    --------
    >>> round(proportion_ratio(255, 7, Fraction(1, 100)), 3)
    5.316
    """
    if not 0 < promised < 1:
        raise ValueError(f"the promised share must lie strictly between 0 and 1, was {promised}")
    if not 0 <= exceptions <= outcomes or outcomes < 1:
        raise ValueError(f"{exceptions} exceptions of {outcomes} outcomes")
    covered = outcomes - exceptions
    ratio = _times_log(exceptions, Fraction(exceptions) / (outcomes * promised))
    ratio += _times_log(covered, Fraction(covered) / (outcomes * (1 - promised)))
    return max(2.0 * ratio, 0.0)


def proportion_of_failures(
    outcomes: int, exceptions: int, *, promised: Fraction, level: Fraction, horizon: int = 1
) -> ProportionOfFailures:
    r"""Return Kupiec's test, with the likelihood ratio divided by the horizon.

    Each of the :math:`h` series of outcomes that do not overlap has variance :math:`n_j p(1-p)`
    under the promise, and however they depend on each other, the variance of their sum is at most
    :math:`(\sum_j \sqrt{n_j p (1-p)})^2 \le h n p (1-p)`: that of :math:`n/h` outcomes, each
    counted :math:`h` times. The likelihood ratio of :math:`x/h` exceptions in :math:`n/h` outcomes
    is :math:`LR/h`.

    A count is rejected where the p-value is below the level and so is the tail's exact probability:
    with few outcomes :math:`\chi^2` alone calls no exception in 250 too few at 5 %, which happens
    by chance in 8 of 100 such years.

    Parameters
    ----------
    outcomes, exceptions : int
        At least one outcome.
    promised : Fraction
    level : Fraction
        A p-value below it rejects.
    horizon : int
        Dates of an outcome, where one begins on every date; 1 where they do not overlap.

    Examples
    --------
    >>> found = proportion_of_failures(
    ...     1000, 17, promised=Fraction(1, 100), level=Fraction(5, 100))
    >>> found.direction.value, found.is_rejected, found.not_rejected
    ('too_many', True, (5, 16))
    """
    ratio = proportion_ratio(outcomes, exceptions, promised) / horizon
    return ProportionOfFailures(
        outcomes,
        exceptions,
        horizon,
        _direction(outcomes, exceptions, promised),
        LikelihoodRatio(ratio, chi_squared_survival(ratio, 1)),
        _tail_probability(outcomes, exceptions, promised, horizon),
        not_rejected(outcomes, promised, level, horizon),
    )


@lru_cache(maxsize=1024)
def not_rejected(
    outcomes: int, promised: Fraction, level: Fraction, horizon: int
) -> tuple[int, int]:
    """Return the fewest and the most exceptions that :func:`proportion_of_failures` keeps.

    Parameters
    ----------
    outcomes : int
    promised, level : Fraction
    horizon : int

    Examples
    --------
    >>> not_rejected(255, Fraction(1, 100), Fraction(5, 100), 1)
    (0, 6)
    """

    def is_kept(count: int) -> bool:
        ratio = proportion_ratio(outcomes, count, promised) / horizon
        return (
            chi_squared_survival(ratio, 1) >= level
            or _tail_probability(outcomes, count, promised, horizon) >= level
        )

    # The nearest count to the promised one is kept. From there on the ratio only rises and the tail
    # only falls, so each side is halved; one step outside stands for an end that is kept.
    middle = round(outcomes * promised)
    low_out, low_in = -1, middle
    while low_in - low_out > 1:
        half = (low_in + low_out) // 2
        low_out, low_in = (low_out, half) if is_kept(half) else (half, low_in)
    high_in, high_out = middle, outcomes + 1
    while high_out - high_in > 1:
        half = (high_in + high_out) // 2
        high_in, high_out = (half, high_out) if is_kept(half) else (high_in, half)
    return low_in, high_in


def _direction(outcomes: int, exceptions: int, promised: Fraction) -> Direction:
    if exceptions == outcomes * promised:
        return Direction.AS_PROMISED
    return Direction.TOO_MANY if exceptions > outcomes * promised else Direction.TOO_FEW


def _tail_probability(outcomes: int, exceptions: int, promised: Fraction, horizon: int) -> float:
    """Return the chance of the tail, of as many outcomes as cannot overlap.

    The exceptions of so many are rounded towards the promise, so that the tail is never too thin.
    """
    apart = outcomes // horizon
    if _direction(outcomes, exceptions, promised) is Direction.TOO_MANY:
        return probability_between(apart, min(exceptions // horizon, apart), apart, float(promised))
    return probability_between(apart, 0, min(-(-exceptions // horizon), apart), float(promised))


def transitions_of(found: BoolArray) -> Transitions:
    """Return how often which outcome followed which.

    Parameters
    ----------
    found : ndarray of bool, shape (outcomes,)
        Exceptions, in order of time.
    """
    before, after = found[:-1], found[1:]
    both = int((before & after).sum())
    n01, n10 = int(after.sum()) - both, int(before.sum()) - both
    return Transitions(len(before) - both - n01 - n10, n01, n10, both)


def independence_ratio(transitions: Transitions) -> float:
    r"""Return Christoffersen's likelihood ratio of independence.

    .. math::

        LR = 2\left[\sum_{i,j} n_{ij} \ln\pi_{ij} - n_{\cdot 0}\ln(1-\pi) - n_{\cdot 1}\ln\pi\right]

    with :math:`\pi_{ij} = n_{ij}/(n_{i0}+n_{i1})` and :math:`\pi` the share of exceptions among the
    outcomes that follow another.

    Raises
    ------
    ValueError
        If it is not testable.
    """
    if not transitions.is_testable:
        raise ValueError(f"independence cannot be tested on {transitions}")
    t = transitions
    after0, after1, to0, to1 = t.n00 + t.n01, t.n10 + t.n11, t.n00 + t.n10, t.n01 + t.n11
    ratio = _times_log(t.n00, Fraction(t.n00, after0)) + _times_log(t.n01, Fraction(t.n01, after0))
    ratio += _times_log(t.n10, Fraction(t.n10, after1)) + _times_log(t.n11, Fraction(t.n11, after1))
    ratio -= _times_log(to0, Fraction(to0, to0 + to1)) + _times_log(to1, Fraction(to1, to0 + to1))
    return max(2.0 * ratio, 0.0)


def examine_series(
    found: BoolArray, *, first: int, promised: Fraction, level: Fraction
) -> SeriesTests:
    """Return every test of one series of outcomes that do not overlap.

    The joint statistic takes its first outcome as given, as the transitions do: Kupiec's ratio of
    the outcomes after the first plus the ratio of independence.

    Parameters
    ----------
    found : ndarray of bool, shape (outcomes,)
        Exceptions, in order of time; at least one outcome.
    first : int
        Place of the first outcome among all.
    promised, level : Fraction
    """
    transitions = transitions_of(found)
    independence = joint = None
    if transitions.is_testable:
        ratio = independence_ratio(transitions)
        independence = LikelihoodRatio(ratio, chi_squared_survival(ratio, 1))
        ratio += proportion_ratio(len(found) - 1, int(found[1:].sum()), promised)
        joint = LikelihoodRatio(ratio, chi_squared_survival(ratio, 2))
    return SeriesTests(
        first,
        proportion_of_failures(len(found), int(found.sum()), promised=promised, level=level),
        transitions,
        independence,
        joint,
    )


def combine(results: Sequence[LikelihoodRatio | None]) -> CombinedTest:
    """Return one p-value of several series, conservative whatever their dependence.

    Bonferroni: where the promise holds, the chance that any of ``m`` p-values is below ``a/m`` is
    at most ``a``. Series that cannot be tested count in ``m`` all the same. (Holm's steps start
    with the same p-value and would only say which other series are rejected too.)

    Parameters
    ----------
    results : sequence of LikelihoodRatio or None
        One a series; None where it cannot be tested.

    Examples
    --------
    >>> combine([LikelihoodRatio(4.0, 0.0455), None, LikelihoodRatio(9.0, 0.0027)])
    CombinedTest(p_value=0.0081, smallest=2, testable=2, series=3)
    """
    known = [(each.p_value, place) for place, each in enumerate(results) if each is not None]
    if not known:
        return CombinedTest(None, None, 0, len(results))
    least, place = min(known)
    return CombinedTest(min(1.0, len(results) * least), place, len(known), len(results))


def _times_log(count: int, ratio: Fraction) -> float:
    """Return ``count * ln(ratio)``, zero where there is nothing to count."""
    return count * math.log(ratio) if count else 0.0
