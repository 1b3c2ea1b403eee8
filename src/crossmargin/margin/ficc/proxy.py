r"""Margin-Proxy-like fallback: price changes of bucket indices in place of each issue's own.

FICC may use a Margin Proxy where its vendor's sensitivities are missing: price moves of benchmark
buckets (rule text recalled). Here each maturity bucket has an index, the bond at par at its
midpoint, revalued under the scenarios; an issue moves with its bucket's index in proportion to its
market value, a Treasury future with that of its cheapest to deliver and its own basis. Money-market
futures keep their own revaluation. Offsets inside a bucket are whole, so that curve risk inside it
is not seen: every output says when this stands in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np

from crossmargin.market.curve import ZeroCurve
from crossmargin.market.scenarios import BASIS_CONTRACTS, ScenarioSet
from crossmargin.pricing.cube import Cube
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.par_bond import par_bond_pnl_per_100
from crossmargin.pricing.valuation import Valuation

_PAR = 100.0


def proxy_pnl(
    own: Cube,
    valuation: Valuation,
    scenarios: ScenarioSet,
    *,
    curve: ZeroCurve,
    midpoint_years: Sequence[Fraction],
    bucket: Callable[[float], int],
) -> Cube:
    """Return the P&L of every instrument by its bucket's index.

    Parameters
    ----------
    own : Cube
        Own revaluation: money-market futures keep theirs.
    valuation : Valuation
    scenarios : ScenarioSet
    curve : ZeroCurve
        Of the indices' bonds at par.
    midpoint_years : sequence of Fraction
        Maturity of each bucket's index.
    bucket : callable
        Bucket of a remaining maturity in years.
    """
    indices = np.array(
        [par_bond_pnl_per_100(curve, scenarios, float(years)) / _PAR for years in midpoint_years]
    )
    book = valuation.book
    buckets = np.array([bucket(years) for years in book.remaining_years], dtype=np.int64)
    securities = indices[buckets] * book.market_value[:, np.newaxis]
    contracts = own.contracts.copy()
    for place, future in enumerate(valuation.contracts):
        if isinstance(future, TreasuryFuture):
            value = future.price * future.dollars_per_point
            basis_bp = scenarios.basis_bp[:, BASIS_CONTRACTS.index(future.contract.product)]
            contracts[place] = indices[buckets[future.cheapest_row]] * value
            contracts[place] -= basis_bp * future.dv01_dollars
    return Cube(securities, contracts)
