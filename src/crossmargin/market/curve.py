r"""Par yields to zero rates, discount factors and forwards, on any date.

Published Treasury par yields are bond-equivalent: to six months simple interest, beyond that the
semi-annual coupon of a bond at par. Between published tenors the par yield is a monotone cubic
(Fritsch and Carlson), beyond the longest tenor it is flat; discount factors then follow exactly,
half-year by half-year:

.. math:: d_n = \frac{1 - \tfrac{c_n}{2} \sum_{i<n} d_i}{1 + \tfrac{c_n}{2}}

Zero rates are continuous, per year of 365.25 days, linear in time between the knots and flat
outside. All arithmetic is elementwise and in a fixed order, so curves are bit-identical anywhere.

References
----------
.. [1] US Treasury, "Treasury Yield Curve Methodology" (par, bond-equivalent basis).
.. [2] F. N. Fritsch and R. E. Carlson (1980), "Monotone piecewise cubic interpolation",
   *SIAM J. Numer. Anal.* 17(2), 238-246.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossmargin.market.history import FloatArray
from crossmargin.market.portable import exp_portable, log_portable

HALF_YEARS = 60
DAYS_PER_YEAR = 365.25
#: Knots of every zero curve in years: three months, then each half-year to thirty.
KNOT_YEARS: FloatArray = np.concatenate([[0.25], np.arange(1, HALF_YEARS + 1) / 2.0])
KNOT_YEARS.setflags(write=False)


def monotone_slopes(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the Fritsch-Carlson slopes at the knots: shape (dates, knots), from the same shape.

    Inner slopes are the weighted harmonic mean of the two neighbouring chords, zero where they
    differ in sign; the ends take the neighbouring chord.
    """
    width = np.diff(x)
    chord = np.diff(y, axis=1) / width
    slopes = np.empty_like(y)
    slopes[:, 0] = chord[:, 0]
    slopes[:, -1] = chord[:, -1]
    left, right = chord[:, :-1], chord[:, 1:]
    left_weight = width[:-1] + 2.0 * width[1:]
    right_weight = 2.0 * width[:-1] + width[1:]
    same_sign = left * right > 0.0
    safe_left = np.where(same_sign, left, 1.0)
    safe_right = np.where(same_sign, right, 1.0)
    mean = (left_weight + right_weight) / (left_weight / safe_left + right_weight / safe_right)
    slopes[:, 1:-1] = np.where(same_sign, mean, 0.0)
    return slopes


def interpolate_monotone(x: FloatArray, y: FloatArray, at: FloatArray) -> FloatArray:
    """Return the monotone cubic through (x, y) at the points, flat outside the knots.

    Parameters
    ----------
    x : ndarray, shape (knots,)
        Ascending, at least two.
    y : ndarray, shape (dates, knots)
    at : ndarray, shape (points,)

    Returns
    -------
    ndarray, shape (dates, points)
    """
    slopes = monotone_slopes(x, y)
    inside = np.clip(at, x[0], x[-1])
    place = np.clip(np.searchsorted(x, inside, side="right") - 1, 0, len(x) - 2)
    width = x[place + 1] - x[place]
    u = (inside - x[place]) / width
    low, high = y[:, place], y[:, place + 1]
    low_slope, high_slope = slopes[:, place] * width, slopes[:, place + 1] * width
    v = 1.0 - u
    return (
        low * (v * v * (1.0 + 2.0 * u))
        + low_slope * (u * v * v)
        + high * (u * u * (3.0 - 2.0 * u))
        - high_slope * (u * u * v)
    )


def zero_rates(tenor_years: Sequence[float], par_yields: FloatArray) -> FloatArray:
    """Return continuous zero rates at :data:`KNOT_YEARS` for every date.

    Parameters
    ----------
    tenor_years : sequence of float
        Published tenors, ascending, from a quarter of a year on; at least two.
    par_yields : ndarray, shape (dates, tenors)
        Plain ratios (0.0425), none missing.

    Returns
    -------
    ndarray, shape (dates, knots)

    Raises
    ------
    ValueError
        If a yield is missing, or so high that a discount factor is not positive.
    """
    tenors = np.asarray(tenor_years, dtype=np.float64)
    if not np.isfinite(par_yields).all():
        raise ValueError("par yields must be finite: fill gaps by a stated rule first")
    par = interpolate_monotone(tenors, par_yields, KNOT_YEARS)
    discount = np.empty_like(par)
    discount[:, 0] = 1.0 / (1.0 + par[:, 0] * KNOT_YEARS[0])
    annuity = np.zeros(len(par_yields))
    for n in range(1, HALF_YEARS + 1):
        half_coupon = par[:, n] / 2.0
        discount[:, n] = (1.0 - half_coupon * annuity) / (1.0 + half_coupon)
        annuity = annuity + discount[:, n]
    if not (discount > 0.0).all():
        raise ValueError("par yields give a discount factor that is not positive")
    return -log_portable(discount) / KNOT_YEARS


@dataclass(frozen=True, slots=True)
class ZeroCurve:
    """One date's zero curve: continuous rates at knots in years.

    Parameters
    ----------
    knot_years : ndarray, shape (knots,)
        Ascending, positive.
    rates : ndarray, shape (knots,)
        Plain ratios.
    """

    knot_years: FloatArray
    rates: FloatArray

    def __post_init__(self) -> None:
        if self.knot_years.shape != self.rates.shape:
            raise ValueError("a curve has one rate a knot")
        self.knot_years.setflags(write=False)
        self.rates.setflags(write=False)

    def rates_at(self, years: FloatArray) -> FloatArray:
        """Return the zero rates at the times, linear between knots and flat outside."""
        rates: FloatArray = linear_at(self.knot_years, self.rates[np.newaxis, :], years)[0]
        return rates

    def discount_factors(self, years: FloatArray) -> FloatArray:
        """Return the discount factors at the times, in years from the curve's own date."""
        return exp_portable(-self.rates_at(years) * years)

    def forward_rates(self, start_years: FloatArray, end_years: FloatArray) -> FloatArray:
        """Return the continuous forward rates between the two times."""
        start = self.rates_at(start_years) * start_years
        end = self.rates_at(end_years) * end_years
        return (end - start) / (end_years - start_years)


def linear_weights(
    knots: FloatArray, at: FloatArray
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], FloatArray]:
    """Return, for each point, the lower knot's index and the upper knot's weight.

    Flat outside: the weight is 0 below the first knot and 1 above the last.
    """
    place = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    weight = (at - knots[place]) / (knots[place + 1] - knots[place])
    return place, np.clip(weight, 0.0, 1.0)


def linear_at(knots: FloatArray, values: FloatArray, at: FloatArray) -> FloatArray:
    """Return values, shape (dates, knots), linearly at the points: shape (dates, points)."""
    place, weight = linear_weights(knots, at)
    low: FloatArray = values[:, place]
    high: FloatArray = values[:, place + 1]
    return low + (high - low) * weight


def curve_on(
    tenor_years: Sequence[float], par_yields: FloatArray, *, overnight: float | None
) -> ZeroCurve:
    """Return the zero curve of one date, with the overnight rate as its first knot where known.

    Parameters
    ----------
    tenor_years : sequence of float
        Published tenors from a quarter of a year on.
    par_yields : ndarray, shape (tenors,)
        Plain ratios, none missing.
    overnight : float or None
        Simple overnight rate, actual/360, plain ratio. None leaves the curve flat below 3 months.
    """
    rates = zero_rates(tenor_years, par_yields[np.newaxis, :])[0]
    if overnight is None:
        return ZeroCurve(KNOT_YEARS, rates)
    day = 1.0 / DAYS_PER_YEAR
    first = log_portable(np.array([1.0 + overnight / 360.0])) / day
    return ZeroCurve(np.concatenate([[day], KNOT_YEARS]), np.concatenate([first, rates]))
