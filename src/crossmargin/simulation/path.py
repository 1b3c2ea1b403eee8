r"""The par yield curve and the policy rate of the synthetic market, day by day.

Each factor :math:`k` (level, slope, curvature) moves by

.. math:: m_{k,t} = w_{k,t} \sqrt{h_{k,t}}\, e_{k,t}, \quad
          h_{k,t+1} = v_k (1 - p_k) + a_k (m_{k,t} / w_{k,t})^2 + (p_k - a_k) h_{k,t}

with :math:`e` Student t of variance one, :math:`v_k` the calm variance and :math:`w_{k,t}` the
multiplier of a stress episode (1 when calm). The state :math:`X_k` adds its moves and reverts to
zero; the shadow yield of a tenor is its mean, plus a slow policy cycle of random phase, plus
loadings times states, plus a fading noise of its own. A soft floor and ceiling keep yields inside
the stated range, and no tenor yields so little that the forward rate from the tenor before it would
be negative. The policy target follows the six-month yield in steps of a quarter at meetings;
bills under six months follow the target that will be in force in their life, because a market
knows much of what is coming.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from crossmargin.market.history import PAR_TENOR_YEARS, FloatArray
from crossmargin.market.portable import exp_portable, log_portable
from crossmargin.market.seeds import generator
from crossmargin.product.calendars import sifma_calendar
from crossmargin.simulation.calibration import FACTOR_TENORS, Calibration, factor_weights

FIRST_DAY = date(2006, 1, 3)
#: Bills that follow the policy rate, with their life in months.
BILL_MONTHS = {"1M": 1.0, "1.5M": 1.5, "2M": 2.0, "3M": 3.0, "4M": 4.0}
#: How far the paths run on beyond the as-of date, so that markets can foresee meetings.
FORESIGHT = timedelta(days=260)
_MEETING_MONTHS = (1, 3, 5, 6, 7, 9, 11, 12)
_MEETING_DAY = 16
_STEP_PCT = 0.25
_LARGEST_MOVE_PCT = 0.75
_MEETING_LOOKBACK_DAYS = 20
_DAYS_A_MONTH = 21
_BP_PCT = 0.01
_FACTORS, _TENOR_NOISE, _BILL_NOISE, _CYCLE = 1, 2, 3, 4  # streams of random numbers, one a purpose


@dataclass(frozen=True, slots=True)
class RatePaths:
    """Yields and target, unrounded, per cent; ``days`` run on beyond the as-of date.

    ``yields_pct`` has a column for each of ``tenors``; ``target_pct`` is the upper bound.
    """

    days: tuple[date, ...]
    tenors: tuple[str, ...]
    yields_pct: FloatArray
    target_pct: FloatArray

    def tenor(self, name: str) -> FloatArray:
        """Return the yields of one tenor."""
        return self.yields_pct[:, self.tenors.index(name)]


def fading_noise(shocks: FloatArray, *, sd: float, decay: float) -> FloatArray:
    """Return an AR(1) of that standard deviation in levels, shape of the standard normal shocks."""
    noise = np.empty_like(shocks)
    scale = sd * np.sqrt(1 - decay * decay)
    level = 0.0
    for day, shock in enumerate(shocks):
        level = decay * level + scale * shock
        noise[day] = level
    return noise


def factor_states(days: tuple[date, ...], *, seed: int, calibration: Calibration) -> FloatArray:
    """Return the states of level, slope and curvature in basis points, shape (days, 3)."""
    random = generator(seed, _FACTORS)
    degrees = calibration.numbers("degrees_of_freedom")
    tails = np.sqrt((degrees - 2) / degrees)
    innovations = random.standard_t(degrees, size=(len(days), 3)) * tails
    weights = factor_weights(days, calibration.multipliers)
    calm = calibration.numbers("calm_sd_bp") ** 2
    reaction = calibration.numbers("volatility_reaction")
    persistence = calibration.numbers("volatility_persistence")
    reversion = 1 - 0.5 ** (1 / calibration.numbers("half_life_days"))
    variance, state = calm.copy(), np.zeros(3)
    cap = calm * calibration.number("volatility_cap_ratio") ** 2
    states = np.empty((len(days), 3))
    for day in range(len(days)):
        move = np.sqrt(variance) * innovations[day]
        state = state * (1 - reversion) + weights[day] * move
        states[day] = state
        kept = calm * (1 - persistence) + (persistence - reaction) * variance
        variance = np.minimum(kept + reaction * move**2, cap)
    return states


def policy_cycle(days: tuple[date, ...], *, seed: int, years: float) -> FloatArray:
    """Return a wave between -1 and 1 of the given period, its phase from the seed."""
    phase = float(generator(seed, _CYCLE).random())
    turns = [(day - FIRST_DAY).days / (365.25 * years) + phase for day in days]
    return np.array([math.sin(2 * math.pi * turn) for turn in turns])


def softly_bounded(
    values: FloatArray, *, floor: float, ceiling: float, softness: float
) -> FloatArray:
    """Return the values bent smoothly into (floor, ceiling): unchanged well inside."""

    def softplus(x: FloatArray) -> FloatArray:
        # log(1 + e^x) without overflow, and the same bits everywhere
        return np.maximum(x, 0) + log_portable(1 + exp_portable(-np.minimum(np.abs(x), 40.0)))

    lifted = floor + softness * softplus((values - floor) / softness)
    return ceiling - softness * softplus((ceiling - lifted) / softness)


def policy_target(days: tuple[date, ...], six_month_pct: FloatArray) -> FloatArray:
    """Return the target's upper bound: quarter steps at meetings towards the six-month yield."""
    sums = np.concatenate([[0.0], np.cumsum(six_month_pct)])
    target = max(_STEP_PCT, round(float(six_month_pct[0]) / _STEP_PCT) * _STEP_PCT)
    path = np.empty(len(days))
    for index, day in enumerate(days):
        yesterday = days[index - 1] if index else day
        met = day.month in _MEETING_MONTHS and yesterday.day < _MEETING_DAY <= day.day
        if met and index >= _MEETING_LOOKBACK_DAYS:
            recent = (sums[index] - sums[index - _MEETING_LOOKBACK_DAYS]) / _MEETING_LOOKBACK_DAYS
            steps = np.floor((recent - target) / _STEP_PCT + 0.5)
            move = float(np.clip(steps * _STEP_PCT, -_LARGEST_MOVE_PCT, _LARGEST_MOVE_PCT))
            target = max(_STEP_PCT, target + move)
        path[index] = target
    return path


def target_ahead(target_pct: FloatArray, months: float) -> FloatArray:
    """Return the mean target over the coming months; at the path's end, over what is left."""
    span = round(months * _DAYS_A_MONTH)
    sums = np.concatenate([[0.0], np.cumsum(target_pct)])
    start = np.arange(len(target_pct))
    end = np.minimum(start + span, len(target_pct))
    return np.asarray((sums[end] - sums[start]) / (end - start))


def simulate_paths(*, seed: int, as_of: date, calibration: Calibration) -> RatePaths:
    """Return yields and target from 2006 to the as-of date and beyond.

    An earlier as-of date with the same seed gives the beginning of the same history.
    """
    days = sifma_calendar().business_days(FIRST_DAY, as_of + FORESIGHT)
    states = factor_states(days, seed=seed, calibration=calibration)
    normals = generator(seed, _TENOR_NOISE).standard_normal((len(days), len(FACTOR_TENORS)))
    sds, decays = calibration.numbers("tenor_noise_sd_bp"), calibration.numbers("tenor_noise_decay")
    mean = calibration.numbers("mean_yields_pct") + calibration.number("mean_lift_pct")
    bounds = {
        "floor": calibration.number("yield_floor_pct"),
        "ceiling": calibration.number("yield_ceiling_pct"),
        "softness": calibration.number("bound_softness_pct"),
    }
    cycle = policy_cycle(days, seed=seed, years=calibration.number("cycle_years"))
    amplitude = calibration.numbers("cycle_amplitude_pct")
    longer: list[FloatArray] = []
    for column, loadings in enumerate(calibration.loadings.T):
        noise = fading_noise(normals[:, column], sd=sds[column], decay=decays[column])
        moved = states[:, 0] * loadings[0] + states[:, 1] * loadings[1] + states[:, 2] * loadings[2]
        shadow = mean[column] + amplitude[column] * cycle + (moved + noise) / 100
        bounded = softly_bounded(shadow, **bounds)
        if longer:
            bounded = np.maximum(bounded, _least_yield(longer[-1], column))
        longer.append(bounded)
    target = policy_target(days, longer[0])
    bills = _bill_yields(longer[0], target, seed=seed, calibration=calibration)
    yields = np.stack([*bills, *longer], axis=1)
    return RatePaths(days, (*BILL_MONTHS, *FACTOR_TENORS), yields, target)


def _least_yield(nearer: FloatArray, column: int) -> FloatArray:
    """Return the yield under which money would earn less than nothing after the nearer tenor.

    Over it by a basis point, so that rounded yields keep to it too.
    """
    near, far = (PAR_TENOR_YEARS[name] for name in FACTOR_TENORS[column - 1 : column + 1])
    return nearer * near / far + _BP_PCT


def _bill_yields(
    six_month: FloatArray, target: FloatArray, *, seed: int, calibration: Calibration
) -> list[FloatArray]:
    """Return bill yields: the target ahead less a spread at one month, the curve at six."""
    random = generator(seed, _BILL_NOISE)
    noise = fading_noise(
        random.standard_normal(len(target)),
        sd=calibration.number("bill_noise_sd_bp"),
        decay=calibration.number("bill_noise_decay"),
    )
    below = calibration.number("bill_under_target_bp")
    floor = calibration.number("bill_floor_pct")
    bills = []
    for months in BILL_MONTHS.values():
        share = (months - 1) / 5
        policy = target_ahead(target, months) - (below - noise) / 100
        bills.append(np.maximum((1 - share) * policy + share * six_month, floor))
    return bills
