r"""Margin of bonds at par, tenor by tenor: a yardstick that needs no prices and no positions.

A bond at par on the curve of the date, of each tenor, is repriced under the scenarios of the
FICC-style model; the k-th largest loss of a long and of a short is a share of its market value,
which is its par. Next to it stand the k-th largest rise and fall of the par yield itself over the
model's horizon, on the same pairs of dates: loss over yield move is about the duration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from crossmargin.margin.ficc.scenarios import historical_scenarios
from crossmargin.margin.tail import QuantileConvention, tail_losses, tail_rank
from crossmargin.market.curve import ZeroCurve, linear_at
from crossmargin.market.factors import curve_points
from crossmargin.market.history import FloatArray, MarketData
from crossmargin.market.portable import exp_portable
from crossmargin.market.scenarios import ScenarioSet, factor_history
from crossmargin.pricing.par_bond import par_bond_flows, par_bond_pnl_per_100
from crossmargin.services.market_readings import fitted_curve
from crossmargin.services.parameter_sets import ParameterSets

PAR_BOOK_TENOR_YEARS = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 20.0, 30.0)
_BP = 1e4


@dataclass(frozen=True, slots=True)
class ParBook:
    """One tenor.

    Parameters
    ----------
    tenor_years : float
    par_yield_pct : float
        Of the bond at par on the date, per cent a year, semi-annual.
    long_pct, short_pct : float
        Tail loss of a long and of a short position, per cent of market value.
    yield_up_bp, yield_down_bp : float
        The k-th largest rise of the par yield over the horizon, and the k-th largest fall, which is
        negative; basis points.
    scenarios, rank : int
        N, and which loss is read.
    """

    tenor_years: float
    par_yield_pct: float
    long_pct: float
    short_pct: float
    yield_up_bp: float
    yield_down_bp: float
    scenarios: int
    rank: int


def par_book_table(
    market: MarketData,
    parameters: ParameterSets,
    *,
    as_of: date,
    tenor_years: Sequence[float] = PAR_BOOK_TENOR_YEARS,
) -> tuple[ParBook, ...]:
    """Return the tail losses of a long and a short bond at par for each tenor.

    Parameters
    ----------
    market : MarketData
        Its par yields and rates; prices are not used.
    parameters : ParameterSets
    as_of : date
        A date with a par yield curve.
    tenor_years : sequence of float
        Positive.

    Raises
    ------
    RefusedError
        If the date has no par yield curve.
    """
    curve = fitted_curve(curve_points(market.par_yields), market.sofr, as_of)
    history = factor_history(
        market,
        parameters.market,
        horizon_days=parameters.ficc.whole("horizon_days"),
        as_of=as_of,
    )
    scenarios = historical_scenarios(history, parameters.ficc, as_of=as_of)
    rank = tail_rank(
        scenarios.count,
        parameters.ficc.ratio("coverage"),
        QuantileConvention(parameters.ficc.text("quantile_convention")),
    )
    return tuple(_par_book(curve, scenarios, rank, years) for years in tenor_years)


def _par_book(curve: ZeroCurve, scenarios: ScenarioSet, rank: int, years: float) -> ParBook:
    pnl = par_bond_pnl_per_100(curve, scenarios, years)[np.newaxis, :]
    moves_bp = (par_yields_under(curve, scenarios, years) - par_yield(curve, years)) * _BP
    up, down = (float(tail_losses(sign * moves_bp[np.newaxis, :], rank)[0]) for sign in (-1.0, 1.0))
    return ParBook(
        tenor_years=years,
        par_yield_pct=par_yield(curve, years) * 100.0,
        long_pct=float(tail_losses(pnl, rank)[0]),
        short_pct=float(tail_losses(-pnl, rank)[0]),
        yield_up_bp=up,
        yield_down_bp=-down,
        scenarios=scenarios.count,
        rank=rank,
    )


def par_yield(curve: ZeroCurve, years: float) -> float:
    """Return the coupon of the bond at par, plain ratio, semi-annual."""
    times, _ = par_bond_flows(curve, years)
    discount = curve.discount_factors(times)
    shares = np.diff(times, prepend=0.0)
    return (1.0 - float(discount[-1])) / float((shares * discount).sum())


def par_yields_under(curve: ZeroCurve, scenarios: ScenarioSet, years: float) -> FloatArray:
    """Return the par yield of the same maturity in every scenario, plain ratio: shape (N,)."""
    times, _ = par_bond_flows(curve, years)
    discount = curve.discount_factors(times)
    shares = np.diff(times, prepend=0.0)
    moves = linear_at(scenarios.key_years, scenarios.key_rates, times)
    shocked = discount * exp_portable(-moves * times)
    yields: FloatArray = (1.0 - shocked[:, -1]) / (shares * shocked).sum(axis=1)
    return yields
