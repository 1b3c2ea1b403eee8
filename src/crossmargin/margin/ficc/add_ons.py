r"""Charges outside the VaR Charge: each a pure function of exact figures.

All stand outside the saving of the arrangement and are never reduced (ruling 2). The Margin
Liquidity Adjustment has a module of its own; :mod:`crossmargin.margin.ficc.assembly` puts the
charges of one customer together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import ZERO, Money, charge_from_dollars
from crossmargin.margin.exact import root_up

_ONE_DAY = timedelta(days=1)


def portfolio_differential(
    var_charges: Sequence[Money], *, decay: Fraction, observations: int, multiplier: Fraction
) -> Money | None:
    r"""Return the Portfolio Differential Charge: what VaR Charges have risen by, on average.

    .. math:: m \; \frac{\sum_{i=0}^{n-1} \lambda^i \max(V_{t-i} - V_{t-i-1}, 0)}
              {\sum_{i=0}^{n-1} \lambda^i}

    Parameters
    ----------
    var_charges : sequence of Money
        Of one cycle, oldest first, the one being charged last.
    decay : Fraction
        :math:`\lambda`, more than 0 and less than 1.
    observations : int
        :math:`n`, how many changes, the newest.
    multiplier : Fraction
        :math:`m`.

    Returns
    -------
    Money or None
        Up to the cent; None with fewer than ``observations`` changes.

    Notes
    -----
    SR-FICC-2023-011 (88 FR 57485): a moving average of increases of the VaR Charge, twice a day;
    decay, number and multiplier are recalled, the normalisation of the weights inferred.
    """
    if not 0 < decay < 1 or observations < 1:
        raise ValueError(f"expected 0 < decay < 1 and an observation, was {decay}, {observations}")
    if len(var_charges) <= observations:
        return None
    newest = [charge.cents for charge in var_charges[-observations - 1 :]]
    weighted = weights = 0
    # Oldest first: every step multiplies what is there by the decay, in whole numbers.
    scale = 1
    for before, after in pairwise(newest):
        weighted = weighted * decay.numerator + max(after - before, 0) * scale * decay.denominator
        weights = weights * decay.numerator + scale * decay.denominator
        scale *= decay.denominator
    return charge_from_dollars(multiplier * Fraction(weighted, weights) / 100)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A charge and what the portfolio then lost over the horizon; a gain is negative."""

    business_date: date
    charge: Money
    realised_loss: Money

    @property
    def deficiency(self) -> Money:
        """The loss that the charge did not cover."""
        return max(self.realised_loss - self.charge, ZERO)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often charges covered the losses that followed.

    Parameters
    ----------
    observations : int
    deficiencies : tuple of Money
        Largest first; a loss equal to the charge is covered.
    """

    observations: int
    deficiencies: tuple[Money, ...]

    @staticmethod
    def of(outcomes: Sequence[Outcome]) -> Coverage:
        """Return the coverage of outcomes."""
        short = [each.deficiency for each in outcomes if each.deficiency > ZERO]
        return Coverage(len(outcomes), tuple(sorted(short, reverse=True)))

    @property
    def ratio(self) -> Fraction | None:
        """Share of outcomes that were covered; None without any."""
        if not self.observations:
            return None
        return 1 - Fraction(len(self.deficiencies), self.observations)


def backtesting_charge(coverage: Coverage, *, target: Fraction, rank: int) -> Money:
    """Return the Backtesting Charge: the third-largest deficiency if coverage is under target.

    Parameters
    ----------
    coverage : Coverage
        Of the last twelve months.
    target : Fraction
        Coverage below it brings a charge; reaching it does not. Over 250 days, 99 % allows two
        deficiencies.
    rank : int
        Which deficiency, counted from the largest.

    Returns
    -------
    Money
        Zero too where coverage is under target with fewer deficiencies than the rank, which only
        a history of under 200 days can be.

    Notes
    -----
    NSCC's wording; recalled for GSD, where an intraday variant exists since 2018 (83 FR 26514).
    """
    ratio = coverage.ratio
    if ratio is None or ratio >= target or len(coverage.deficiencies) < rank:
        return ZERO
    return coverage.deficiencies[rank - 1]


def holiday_days(collected_on: date, *, ficc: BusinessCalendar, markets: BusinessCalendar) -> int:
    """Return for how many days FICC is shut while markets trade, before it opens again.

    Parameters
    ----------
    collected_on : date
        Business day of the collection.
    ficc : BusinessCalendar
    markets : BusinessCalendar
        Days on which the futures trade at all, short sessions too.
    """
    following = ficc.next_business_day(collected_on)
    day, count = collected_on + _ONE_DAY, 0
    while day < following:
        count += markets.is_business_day(day)
        day += _ONE_DAY
    return count


def holiday_factor(*, horizon_days: int, extra_days: int) -> Fraction:
    r"""Return :math:`\sqrt{(h + n)/h} - 1`, the root up to a millionth.

    Examples
    --------
    >>> float(holiday_factor(horizon_days=3, extra_days=1))
    0.154701
    """
    if horizon_days < 1 or extra_days < 0:
        raise ValueError(f"expected a horizon and no negative days: {horizon_days}, {extra_days}")
    return root_up(Fraction(horizon_days + extra_days, horizon_days)) - 1


def holiday_charge(var_charge: Money, *, horizon_days: int, extra_days: int) -> Money:
    """Return the Holiday Charge: the VaR Charge of a horizon longer by the days FICC is shut.

    Parameters
    ----------
    var_charge : Money
    horizon_days : int
        Liquidation horizon.
    extra_days : int
        See :func:`holiday_days`.

    Notes
    -----
    The charge is recalled; scaling with the square root of time is inferred.
    """
    factor = holiday_factor(horizon_days=horizon_days, extra_days=extra_days)
    return charge_from_dollars(var_charge.dollars * factor)


def volatility_event_charge(var_charge: Money, share: Fraction) -> Money:
    """Return the Volatility Event Charge: a declared share of the VaR Charge.

    Parameters
    ----------
    var_charge : Money
    share : Fraction
        Declared for the collection; not negative.

    Notes
    -----
    SR-FICC-2025-003: around scheduled events, its size at FICC's discretion. That it is a share of
    the VaR Charge is ours.
    """
    if share < 0:
        raise ValueError(f"a share must not be negative, was {share}")
    return charge_from_dollars(var_charge.dollars * share)


@dataclass(frozen=True, slots=True)
class MarkToMarketThresholds:
    """What an adverse mark must exceed, and what coverage must be under, for a charge.

    Parameters
    ----------
    amount : Money
    share_of_var_charge : Fraction
    coverage : Fraction
    """

    amount: Money
    share_of_var_charge: Fraction
    coverage: Fraction


def intraday_mark_to_market(
    adverse: Money,
    *,
    var_charge: Money,
    coverage: Fraction | None,
    thresholds: MarkToMarketThresholds,
) -> Money | None:
    """Return the Intraday Mark-to-Market Charge: the adverse mark, once all thresholds are passed.

    Parameters
    ----------
    adverse : Money
        Loss of value since the last collection; a gain is negative.
    var_charge : Money
    coverage : Fraction, optional
        Of twelve months; None if not known.
    thresholds : MarkToMarketThresholds
        Each must be passed, not reached.

    Returns
    -------
    Money or None
        None where only the coverage would decide, and it is not known.

    Notes
    -----
    Thresholds of GSD were not read; these are MBSD's (inferred). Gains and losses themselves pass
    through funds-only settlement: this is margin, not variation.
    """
    floor = thresholds.share_of_var_charge * var_charge.dollars
    if adverse <= thresholds.amount or adverse.dollars <= floor:
        return ZERO
    if coverage is None:
        return None
    return adverse if coverage < thresholds.coverage else ZERO


def customer_minimum_top_up(requirement: Money, minimum: Money) -> Money:
    """Return what the customer minimum adds to a requirement (ruling 6)."""
    return max(minimum - requirement, ZERO)
