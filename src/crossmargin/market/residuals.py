r"""Residuals of one market against another, with the noise of unequal observation times removed.

Futures closes and the Treasury curve are not taken at the same minute, so a one-day residual is
mostly timing. Timing noise does not accumulate, a change of the basis does: with noise variance
:math:`s^2` at each end and basis variance :math:`b^2` a day, the variance of residuals over
:math:`k` days is

.. math:: V(k) = 2 s^2 + b^2 k

The slope of :math:`V` over :math:`k = 1 \dots 10` is :math:`b^2`; a residual over :math:`k` days is
then scaled by the share :math:`\sqrt{b^2 k / V(k)}` (ruling 19: the shock of a date is that date's
residual times noise-free over raw standard deviation). Noise hardly changes from year to year, the
basis does: stressed and ordinary dates are estimated apart.

A date without a residual of its own is given a neighbouring contract's of the same date, or, where
no contract has one, the residuals of one whole other date, drawn with a recorded seed: a stressed
date from stressed ones, an ordinary date from ordinary ones. Both are counted, contract by
contract, over the scenarios that are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt

from crossmargin.market.history import DateArray, FloatArray
from crossmargin.market.seeds import keyed_choices
from crossmargin.parameters.registry import ParameterSet

BoolArray = npt.NDArray[np.bool_]

REMOVED, KEPT = "removed", "kept"


@dataclass(frozen=True, slots=True)
class NoiseRule:
    """How timing noise is told from what accumulates.

    Parameters
    ----------
    longest_lag : int
        Variances are fitted over lags from 1 to this.
    fewest_residuals : int
        At every lag; with fewer there is no estimate.
    removed : bool
        Whether residuals are scaled to their noise-free spread; else they stay raw.
    """

    longest_lag: int
    fewest_residuals: int
    removed: bool

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> NoiseRule:
        """Return the rule of the market's parameters."""
        return NoiseRule(
            parameters.whole("noise_variance_lags"),
            parameters.whole("fewest_residuals"),
            parameters.choice("timing_noise", (REMOVED, KEPT)) == REMOVED,
        )


@dataclass(frozen=True, slots=True)
class NoiseEstimate:
    r"""What is left of a residual's spread once timing noise is out.

    Parameters
    ----------
    raw_sd_bp : float
        Standard deviation of the residuals over the horizon, basis points.
    noise_free_sd_bp : float
        The part that accumulates: :math:`b \sqrt{k}`.
    daily_sd_bp : float
        :math:`b`.
    observations : int
    """

    raw_sd_bp: float
    noise_free_sd_bp: float
    daily_sd_bp: float
    observations: int

    @property
    def share(self) -> float:
        """Noise-free over raw standard deviation, between 0 and 1."""
        return min(1.0, self.noise_free_sd_bp / self.raw_sd_bp) if self.raw_sd_bp > 0 else 0.0


def noise_estimate(
    residuals_over: Callable[[int], FloatArray],
    rows: BoolArray,
    *,
    horizon_days: int,
    rule: NoiseRule,
    until: int | None = None,
) -> NoiseEstimate | None:
    """Return the noise-free spread of residuals at a horizon, on the chosen dates.

    Parameters
    ----------
    residuals_over : callable
        Gives the residuals over k days in basis points by start date, NaN where there is none.
    rows : ndarray of bool, shape (dates,)
        The start dates to use.
    horizon_days : int
    rule : NoiseRule
    until : int, optional
        Place of the last date that is known: no residual that ends later is used.

    Returns
    -------
    NoiseEstimate or None
        None where a lag has too few residuals.
    """
    variances = []
    every_lag = range(1, rule.longest_lag + 1)
    for lag in every_lag:
        known = _known(residuals_over(lag), rows, lag, until)
        if len(known) < rule.fewest_residuals:
            return None
        variances.append(_mean_square(known))
    lags = np.array(every_lag, dtype=np.float64)
    centred = lags - lags.mean()
    slope = float((centred * np.array(variances)).sum() / (centred * centred).sum())
    daily_variance = max(0.0, slope)
    known = _known(residuals_over(horizon_days), rows, horizon_days, until)
    return NoiseEstimate(
        raw_sd_bp=float(np.sqrt(_mean_square(known))),
        noise_free_sd_bp=float(np.sqrt(daily_variance * horizon_days)),
        daily_sd_bp=float(np.sqrt(daily_variance)),
        observations=len(known),
    )


def without_noise(
    residuals_over: Callable[[int], FloatArray],
    stressed: BoolArray,
    *,
    horizon_days: int,
    rule: NoiseRule,
    until: int | None = None,
) -> tuple[FloatArray, dict[str, NoiseEstimate]]:
    """Return residuals at the horizon scaled to their noise-free spread, and the estimates.

    Parameters
    ----------
    residuals_over : callable
        As in :func:`noise_estimate`.
    stressed : ndarray of bool, shape (dates,)
        Start dates that are estimated as stressed; the others as ordinary. Where stressed dates
        have too few residuals they take the ordinary share, and the estimate is absent.
    rule : NoiseRule
    until : int, optional
        As in :func:`noise_estimate`; later residuals take the shares that were known then.

    Raises
    ------
    ValueError
        If ordinary dates have too few residuals.
    """
    estimate = partial(
        noise_estimate, residuals_over, horizon_days=horizon_days, rule=rule, until=until
    )
    ordinary = estimate(~stressed)
    if ordinary is None:
        raise ValueError("too few residuals on ordinary dates to tell noise from basis")
    estimates = {"ordinary": ordinary}
    in_stress = estimate(stressed)
    if in_stress is not None:
        estimates["stressed"] = in_stress
    residuals = residuals_over(horizon_days)
    if not rule.removed:
        return residuals, estimates
    share = np.where(stressed[: len(residuals)], (in_stress or ordinary).share, ordinary.share)
    return residuals * share, estimates


def last_known(dates: DateArray, known_until: date | None) -> int | None:
    """Return the place of the last date that is known, none if all of the history is."""
    if known_until is None:
        return None
    return int(np.searchsorted(dates, np.datetime64(known_until), side="right")) - 1


def in_windows(dates: DateArray, windows: Sequence[tuple[date, date]]) -> BoolArray:
    """Return which dates lie in one of the windows, ends included."""
    inside = np.zeros(len(dates), dtype=np.bool_)
    for first, last in windows:
        inside |= (dates >= np.datetime64(first)) & (dates <= np.datetime64(last))
    return inside


def _known(residuals: FloatArray, rows: BoolArray, lag: int, until: int | None) -> FloatArray:
    count = len(residuals) if until is None else max(0, min(len(residuals), until + 1 - lag))
    chosen: FloatArray = residuals[:count][rows[:count]]
    return chosen[~np.isnan(chosen)]


def _mean_square(values: FloatArray) -> float:
    deviations = values - values.mean()
    return float((deviations * deviations).mean())


@dataclass(frozen=True, slots=True)
class Origin:
    """How many scenarios of a factor are its own, a neighbour's, or redrawn."""

    own: int
    neighbour: int
    redrawn: int

    def __add__(self, other: Origin) -> Origin:
        return Origin(
            self.own + other.own,
            self.neighbour + other.neighbour,
            self.redrawn + other.redrawn,
        )

    def as_document(self) -> dict[str, int]:
        """Return the JSON shape."""
        return {"own": self.own, "neighbour": self.neighbour, "redrawn": self.redrawn}


@dataclass(frozen=True, slots=True)
class ResidualShocks:
    """One shock a scenario for each name, in basis points, complete.

    Parameters
    ----------
    start_dates, end_dates : ndarray of datetime64[D], shape (N,)
    names : tuple of str
    shocks_bp : ndarray, shape (N, names)
    redrawn : ndarray of bool, shape (N,)
        True where the whole date was redrawn from another.
    own : ndarray of bool, shape (N, names)
        True where the shock is the name's own residual of the date.
    estimates : mapping of name to mapping of regime to NoiseEstimate
    """

    start_dates: DateArray
    end_dates: DateArray
    names: tuple[str, ...]
    shocks_bp: FloatArray
    redrawn: BoolArray
    own: BoolArray
    estimates: Mapping[str, Mapping[str, NoiseEstimate]]

    def origins(self, rows: BoolArray) -> dict[str, Origin]:
        """Return, for each name, where its shocks in the chosen scenarios come from."""
        redrawn = int(self.redrawn[rows].sum())
        chosen = int(rows.sum())
        origins = {}
        for column, name in enumerate(self.names):
            own = int((self.own[rows, column] & ~self.redrawn[rows]).sum())
            origins[name] = Origin(own, chosen - own - redrawn, redrawn)
        return origins

    def column(self, name: str) -> FloatArray:
        """Return one name's shocks, shape (N,)."""
        shocks: FloatArray = self.shocks_bp[:, self.names.index(name)]
        return shocks


def complete_shocks(
    own_bp: FloatArray,
    *,
    names: Sequence[str],
    neighbours: Mapping[str, Sequence[str]],
    estimates: Mapping[str, Mapping[str, NoiseEstimate]],
    stressed: BoolArray,
    start_dates: DateArray,
    end_dates: DateArray,
    seed: int,
    known_until: date | None = None,
) -> ResidualShocks:
    """Return noise-free shocks for every scenario, gaps filled by the stated proxies.

    Parameters
    ----------
    own_bp : ndarray, shape (N, names)
        Noise-free residuals, NaN where a name has none.
    neighbours : mapping of name to names
        Whose residual is taken, in order of preference, where a name has none of its own.
    estimates : mapping of name to mapping of regime to NoiseEstimate
        Carried into the result.
    stressed : ndarray of bool, shape (at least N,)
        By start date: a redrawn date takes one of its own kind, or any where there is none.
    seed : int
        For the redraw.
    known_until : date, optional
        Nothing is redrawn from a later date.

    Raises
    ------
    ValueError
        If no date has any residual.
    """
    column = {name: index for index, name in enumerate(names)}
    known = ~np.isnan(own_bp)
    filled = own_bp.copy()
    for name in names:
        index = column[name]
        missing = ~known[:, index]
        for neighbour in neighbours[name]:
            take = missing & known[:, column[neighbour]]
            filled[take, index] = own_bp[take, column[neighbour]]
            missing = missing & ~take
    redrawn: BoolArray = np.asarray(np.isnan(filled).any(axis=1))
    may_give = ~redrawn
    if known_until is not None:
        may_give &= end_dates <= np.datetime64(known_until)
    every_donor = np.flatnonzero(may_give)
    if len(every_donor) == 0:
        later = end_dates[: len(redrawn)][~redrawn]
        first = f" before {later[0]}" if len(later) else ""
        raise ValueError(f"no date{first} has a residual for every name: nothing to redraw from")
    in_stress = stressed[: len(own_bp)]
    for regime in (in_stress, ~in_stress):
        donors = np.flatnonzero(may_give & regime)
        donors = donors if len(donors) else every_donor
        rows = redrawn & regime
        # Keyed by the date itself: a longer history leaves every other draw as it was.
        days = end_dates[rows].astype("datetime64[D]").astype(np.int64)
        filled[rows] = filled[donors[keyed_choices(seed, days, len(donors))]]
    return ResidualShocks(
        start_dates, end_dates, tuple(names), filled, redrawn, known, dict(estimates)
    )
