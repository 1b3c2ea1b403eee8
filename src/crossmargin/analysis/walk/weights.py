r"""Re-struck lines as weights of monomials, one row a date.

A security is the bond that is at par on the date, of the line's remaining maturity, in the size
that has the line's DV01. A Treasury future is the forward of such a bond,

.. math:: F = B (1 + r \tau), \qquad
          \Delta F = \Delta B (1 + r \tau) + (B + \Delta B) \, \Delta r \, \tau

with the repo rate :math:`r` the front of the curve and moving with it by the stated share; of the
product :math:`\Delta B \, \Delta r` the first order in each is kept. Its basis loses a fixed number
of dollars a basis point. A money-market future moves with the forward rate of its period, to the
second order, and with the SOFR-Treasury spread. At CME a security is its futures-equivalents.

A broken first period pays its share of a coupon, so a bond at par has no accrued interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from crossmargin.analysis.walk.factors import discount_factors
from crossmargin.analysis.walk.lines import (
    Lines,
    MoneyMarketLine,
    TreasuryFutureLine,
)
from crossmargin.analysis.walk.monomials import GRID_BITS, Monomials, to_binary_grid
from crossmargin.market.curve import DAYS_PER_YEAR, KNOT_YEARS, linear_at, linear_weights
from crossmargin.market.history import FloatArray
from crossmargin.market.portable import exp_portable
from crossmargin.market.scenarios import SPREAD_KNOT_YEARS

#: Contracts are kept in parts of 2^-10: their dollars then lie where those of a bond do.
CONTRACT_BITS = 10
_HALF_YEAR = 0.5
_BASIS_POINT = 1e-4
_PER_CENT = 100.0
_PER_BOND = 100.0
_MONEY_MARKET_YEAR = 360.0


@dataclass(frozen=True, slots=True)
class LineWeights:
    """Weights of every line on some dates.

    Parameters
    ----------
    securities : ndarray, shape (S, dates, monomials)
        Of $100 of par, as the FICC-style model has them; dollars.
    contracts : ndarray, shape (C, dates, monomials)
        Of 2^-10 contract; dollars.
    equivalents : ndarray, shape (S, dates, monomials)
        Of $100 of par as its futures-equivalents; dollars.
    security_value, contract_value : ndarray, shape (S, dates), (C, dates)
        Market value in dollars of $100 of par and of a contract; 0 for money-market contracts.
    """

    securities: FloatArray
    contracts: FloatArray
    equivalents: FloatArray
    security_value: FloatArray
    contract_value: FloatArray

    @property
    def days(self) -> int:
        """Number of dates."""
        days: int = self.security_value.shape[1]
        return days

    def rows(self, chosen: slice) -> LineWeights:
        """Return the weights on some of the dates."""
        return LineWeights(
            self.securities[:, chosen],
            self.contracts[:, chosen],
            self.equivalents[:, chosen],
            self.security_value[:, chosen],
            self.contract_value[:, chosen],
        )


def line_weights(
    lines: Lines, zeros: FloatArray, monomials: Monomials, *, repo_follows_front: float
) -> LineWeights:
    """Return the weights of lines on the dates of some zero curves, unscaled and on no grid.

    Parameters
    ----------
    lines : Lines
    zeros : ndarray, shape (dates, knots)
    monomials : Monomials
    repo_follows_front : float
    """
    days = len(zeros)
    bonds: dict[float, ParBond] = {}

    def bond(years: float) -> ParBond:
        if years not in bonds:
            bonds[years] = par_bond(years, zeros, monomials)
        return bonds[years]

    securities = np.empty((len(lines.securities), days, monomials.count))
    security_value = np.empty((len(lines.securities), days))
    for row, line in enumerate(lines.securities):
        at_par = bond(line.years)
        size = line.dv01_dollars / at_par.dv01
        securities[row] = at_par.weights * size[:, np.newaxis]
        security_value[row] = _PER_BOND * size
    contracts = np.empty((len(lines.contracts), days, monomials.count))
    contract_value = np.zeros((len(lines.contracts), days))
    for row, future in enumerate(lines.contracts):
        if isinstance(future, TreasuryFutureLine):
            contracts[row], contract_value[row] = _treasury(
                future, bond(future.years), zeros, monomials, repo_follows_front
            )
        else:
            contracts[row] = _money_market(future, zeros, monomials)
    contracts *= 2.0**-CONTRACT_BITS
    equivalents = _equivalents(lines, contracts)
    return LineWeights(securities, contracts, equivalents, security_value, contract_value)


def on_weight_grid(weights: FloatArray) -> FloatArray:
    """Return weights on the grid that makes their products with monomials exact."""
    return to_binary_grid(weights.copy(), GRID_BITS)


def felt_of(weights: FloatArray) -> int:
    """Return how many monomials, from the first on, any date has a weight of."""
    return int(np.flatnonzero(weights.any(axis=0)).max(initial=-1)) + 1


@dataclass(frozen=True, slots=True)
class ParBond:
    """$100 of a bond at par, date by date.

    Parameters
    ----------
    weights : ndarray, shape (dates, monomials)
        Dollars.
    dv01 : ndarray, shape (dates,)
        Dollars lost when every zero rate rises by a basis point, to the first order.
    """

    weights: FloatArray
    dv01: FloatArray


def par_bond(years: float, zeros: FloatArray, monomials: Monomials) -> ParBond:
    """Return the bond that is at par on each date.

    Sums run payment by payment, in order, so that they are the same on every machine.
    """
    count = int(np.ceil(years / _HALF_YEAR - 1e-9))
    times = years - _HALF_YEAR * np.arange(count - 1, -1, -1, dtype=np.float64)
    shares = np.full(count, _HALF_YEAR)
    shares[0] = times[0]
    discount = discount_factors(zeros, times)
    annuity = np.zeros(len(zeros))
    for column in range(count):
        annuity = annuity + shares[column] * discount[:, column]
    coupon = (1.0 - discount[:, -1]) / annuity
    # One row a monomial while they are added up, so that a row is contiguous.
    weights = np.zeros((monomials.count, len(zeros)))
    dv01 = np.zeros(len(zeros))
    for column in range(count):
        amount = _PER_BOND * coupon * shares[column]
        if column == count - 1:
            amount = amount + _PER_BOND
        worth = amount * discount[:, column]
        dv01 = dv01 + worth * (float(times[column]) * _BASIS_POINT)
        for place, weight in monomials.of_payment(float(times[column])).items():
            weights[place] += worth * weight
    return ParBond(np.ascontiguousarray(weights.T), dv01)


def _treasury(
    future: TreasuryFutureLine,
    bond: ParBond,
    zeros: FloatArray,
    monomials: Monomials,
    repo_follows_front: float,
) -> tuple[FloatArray, FloatArray]:
    """Return weights and market value of one contract, date by date."""
    front = zeros[:, 0]
    # A continuous rate of 365.25 days as a simple one, actual/360.
    repo = front * (_MONEY_MARKET_YEAR / DAYS_PER_YEAR)
    growth = 1.0 + repo * future.delivery_years
    size = future.dv01_dollars / (bond.dv01 * growth)
    weights = bond.weights * growth[:, np.newaxis]
    of_repo = repo_follows_front * future.delivery_years / _PER_CENT
    front_move = ((0, 1),)
    weights[:, monomials.place[front_move]] += _PER_BOND * of_repo
    for key in range(len(monomials.key_years)):
        linear = bond.weights[:, monomials.place[((key, 1),)]]
        both = ((0, 2),) if key == 0 else ((0, 1), (key, 1))
        weights[:, monomials.place[both]] += linear * of_repo
    weights = weights * size[:, np.newaxis]
    weights[:, monomials.basis_place(future.product)] -= future.basis_dollars_per_bp
    return weights, _PER_BOND * growth * size


def _money_market(future: MoneyMarketLine, zeros: FloatArray, monomials: Monomials) -> FloatArray:
    """Return the weights of one contract, date by date."""
    times = np.array([future.start_years, future.end_years])
    weights = np.zeros((len(zeros), monomials.count))
    at_times = linear_at(KNOT_YEARS, zeros, times) * times
    growth = at_times[:, 1] - at_times[:, 0]
    grown = exp_portable(growth) if future.compounded else np.ones(len(zeros))
    of_growth: dict[int, float] = {}
    place, upper = linear_weights(monomials.key_years, times)
    for low, share, years, sign in zip(place, upper, times, (-1.0, 1.0), strict=True):
        for key, part in ((int(low), 1.0 - float(share)), (int(low) + 1, float(share))):
            of_growth[key] = of_growth.get(key, 0.0) + sign * part * float(years) / _PER_CENT
    dollars = future.dollars_per_rate / future.period
    for key, part in of_growth.items():
        weights[:, monomials.place[((key, 1),)]] -= dollars * grown * part
    if future.compounded:
        for one, part in of_growth.items():
            for two, other in of_growth.items():
                pair = ((one, 2),) if one == two else tuple(sorted(((one, 1), (two, 1))))
                if pair in monomials.place:
                    weights[:, monomials.place[pair]] -= dollars * grown * (part * other / 2.0)
    middle = np.array([(future.start_years + future.end_years) / 2.0])
    knot, back = linear_weights(SPREAD_KNOT_YEARS, middle)
    for at, share in ((int(knot[0]), 1.0 - float(back[0])), (int(knot[0]) + 1, float(back[0]))):
        weights[:, monomials.spread_place(at)] -= future.dollars_per_rate * _BASIS_POINT * share
    return weights


def _equivalents(lines: Lines, contracts: FloatArray) -> FloatArray:
    places: Mapping[str, int] = {line.label: row for row, line in enumerate(lines.contracts)}
    found = np.zeros((len(lines.securities), *contracts.shape[1:]))
    for row, line in enumerate(lines.securities):
        for label, ratio in line.equivalents.items():
            found[row] += contracts[places[label]] * (ratio * 2.0**CONTRACT_BITS)
    return found
