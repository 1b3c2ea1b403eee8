"""Key-rate DV01: what each leg gains or loses when one key rate moves by a basis point."""

from __future__ import annotations

from dataclasses import dataclass

from crossmargin.margin.book import Block
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import bumps, on_grid
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.valuation import Valuation

_BUMP_BP = 10.0
_SLOPE_BITS = 24


@dataclass(frozen=True, slots=True)
class KeyRateExposure:
    """Dollars per basis point at each key rate, up positive when the portfolio gains from a fall.

    Parameters
    ----------
    key_years : ndarray, shape (K,)
    securities, contracts : ndarray, shape (S, K), (C, K)
        Per unit: $100 of par, one contract.
    """

    key_years: FloatArray
    securities: FloatArray
    contracts: FloatArray

    def of(self, block: Block) -> tuple[FloatArray, FloatArray]:
        """Return key-rate DV01s of the securities leg and of the futures leg.

        Returns
        -------
        securities, futures : ndarray, shape (portfolios, K)
            Dollars per basis point.
        """
        return block.securities @ self.securities, block.contracts @ self.contracts


def key_rate_exposure(
    valuation: Valuation, key_years: FloatArray, *, repo_follows_front: float
) -> KeyRateExposure:
    """Return per-unit key-rate DV01s by full revaluation, 10 basis points up and down.

    Where the cheapest to deliver is nearly tied, one key rate's bump may change it: a contract's
    key-rate DV01s then do not add up to its parallel DV01 exactly.

    Parameters
    ----------
    valuation : Valuation
    key_years : ndarray, shape (K,)
    repo_follows_front : float
        See :func:`crossmargin.pricing.cube.instrument_pnl`.
    """
    cube = instrument_pnl(
        valuation, bumps(key_years, size_bp=_BUMP_BP), repo_follows_front=repo_follows_front
    )
    count = len(key_years)

    def central(pnl: FloatArray) -> FloatArray:
        # On a grid, so that a portfolio's sum is the same on every machine.
        return on_grid((pnl[:, count:] - pnl[:, :count]) / (2.0 * _BUMP_BP), _SLOPE_BITS)

    return KeyRateExposure(key_years, central(cube.securities), central(cube.contracts))
