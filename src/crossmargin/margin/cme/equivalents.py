"""Securities as futures-equivalents: how the CME-style model sees the other leg.

A security enters as contracts of the future whose cheapest to deliver is nearest to it in
maturity, in the ratio of their DV01s, fractions kept; a long security is a long equivalent. CME's
own map is not public; its reports name the conversion (wiki "CME-FICC XM Reports").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossmargin.market.history import FloatArray
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.security_book import SecurityBook

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FuturesEquivalents:
    """For each security, a contract and how much of it $100 of par is.

    Parameters
    ----------
    places : ndarray of int, shape (S,)
        Place of the contract in the valuation.
    contracts_per_100 : ndarray, shape (S,)
        Positive; DV01 of $100 of par over DV01 of the contract.
    """

    places: IntArray
    contracts_per_100: FloatArray

    def columns(self, contract_pnl: FloatArray) -> FloatArray:
        """Return each security's P&L as its equivalent's: shape (S, N) from (C, N)."""
        columns: FloatArray = contract_pnl[self.places] * self.contracts_per_100[:, np.newaxis]
        return columns


def futures_equivalents(
    book: SecurityBook,
    front: dict[int, TreasuryFuture],
    dv01_dollars_per_100: FloatArray,
) -> FuturesEquivalents:
    """Return the equivalents of every security.

    Parameters
    ----------
    book : SecurityBook
    front : mapping of place to TreasuryFuture
        The front contract of each product, by its place in the valuation.
    dv01_dollars_per_100 : ndarray, shape (S,)
        DV01 of $100 of par for one basis point of its yield, settled the next business day.

    Raises
    ------
    ValueError
        If there is no front contract.
    """
    if not front:
        raise ValueError("no front contract to convert securities into")
    places = np.array(list(front), dtype=np.int64)
    maturities = np.array([book.remaining_years[f.cheapest_row] for f in front.values()])
    dv01s = np.array([future.dv01_dollars for future in front.values()])
    distance = np.abs(book.remaining_years[:, np.newaxis] - maturities)
    nearest = distance.argmin(axis=1)
    return FuturesEquivalents(places[nearest], dv01_dollars_per_100 / dv01s[nearest])
