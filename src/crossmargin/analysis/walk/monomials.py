r"""Scenarios as monomials of key-rate moves: what a re-struck line's P&L is a weighted sum of.

A payment at :math:`t` between two key tenors is worth :math:`e^{-t x}` of what it was, where
:math:`x = (1-w) u_a + w u_b` is a mix of the moves of the two. To the fourth order

.. math:: e^{-t x} - 1 \approx \sum_{n=1}^{4} \frac{(-t)^n}{n!}
          \sum_{p+q=n} \binom{n}{p} (1-w)^p w^q \; u_a^p u_b^q

so that a bond's P&L on a date is a weighted sum of powers and products of neighbouring moves: the
weights belong to the bond and the date, the monomials to the scenario. For a move of 30 basis
points the fifth order of a thirty-year payment is 5e-8 of it; of 100 basis points, 2e-5.

The product of the front move with every other is there too: a future's forward has it.
Monomials and weights are kept on a grid of :math:`2^{-22}`, so that their products, and every sum
of them below :math:`2^{9}`, are exact in float64 in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import comb, factorial

import numpy as np

from crossmargin.market.curve import linear_weights
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS

ORDER = 4
#: Of monomials and of weights.
GRID_BITS = 22
#: Sums of absolute products below this are exact.
SUM_MAX = float(2 ** (53 - 2 * GRID_BITS))
_PER_CENT = 100.0
_OTHERS = len(BASIS_CONTRACTS) + len(SPREAD_KNOTS)


def to_binary_grid(values: FloatArray, bits: int) -> FloatArray:
    """Round values to whole multiples of 2^-bits in place, and return them."""
    np.multiply(values, 2.0**bits, out=values)
    np.rint(values, out=values)
    np.multiply(values, 2.0**-bits, out=values)
    return values


@dataclass(frozen=True)
class Monomials:
    """Basis and spread moves, then the monomials over a ladder of key tenors, shortest first.

    A line that feels only the short end has weights in the first places alone.

    Parameters
    ----------
    key_years : ndarray, shape (K,)
        Two tenors at least.
    """

    key_years: FloatArray

    @cached_property
    def exponents(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Each monomial of key rates as (key, power) pairs, in order."""
        found: list[tuple[tuple[int, int], ...]] = []
        for key in range(len(self.key_years)):
            found += [((key, power),) for power in range(1, ORDER + 1)]
            if key > 0:
                found += [
                    ((key - 1, low), (key, order - low))
                    for order in range(2, ORDER + 1)
                    for low in range(1, order)
                ]
            if key > 1:
                found.append(((0, 1), (key, 1)))
        return tuple(found)

    @cached_property
    def place(self) -> dict[tuple[tuple[int, int], ...], int]:
        """Where each monomial of key rates stands."""
        return {monomial: _OTHERS + index for index, monomial in enumerate(self.exponents)}

    @property
    def count(self) -> int:
        """Number of all of them."""
        return _OTHERS + len(self.exponents)

    def basis_place(self, product: str) -> int:
        """Return where a product's basis stands."""
        return BASIS_CONTRACTS.index(product)

    def spread_place(self, knot: int) -> int:
        """Return where a knot of the SOFR-Treasury spread stands."""
        return len(BASIS_CONTRACTS) + knot

    @cached_property
    def linear_places(self) -> tuple[int, ...]:
        """Where the moves themselves stand: key rates, basis, spread."""
        keys = [self.place[((key, 1),)] for key in range(len(self.key_years))]
        return (*keys, *range(_OTHERS))

    def of_moves(
        self, key_rates: FloatArray, basis_bp: FloatArray, spread_bp: FloatArray
    ) -> FloatArray:
        """Return the monomials of scenarios: shape (monomials, N), on the grid.

        Parameters
        ----------
        key_rates : ndarray, shape (N, K)
            Plain ratios.
        basis_bp, spread_bp : ndarray, shape (N, 8), (N, 2)
        """
        moves = np.ascontiguousarray(key_rates.T) * _PER_CENT
        powers = [np.ones_like(moves)]
        for _ in range(ORDER):
            powers.append(powers[-1] * moves)
        found = np.empty((self.count, len(key_rates)))
        found[: len(BASIS_CONTRACTS)] = basis_bp.T
        found[len(BASIS_CONTRACTS) : _OTHERS] = spread_bp.T
        for index, monomial in enumerate(self.exponents, start=_OTHERS):
            (key, power), *others = monomial
            found[index] = powers[power][key]
            for other, its_power in others:
                found[index] *= powers[its_power][other]
        return to_binary_grid(found, GRID_BITS)

    def scales(self, key_rates: FloatArray, basis: FloatArray, spread: FloatArray) -> FloatArray:
        """Return what each monomial is multiplied by when every move is: shape (dates, monomials).

        Parameters
        ----------
        key_rates, basis, spread : ndarray, shape (dates, K), (dates, 8), (dates, 2)
            Multiples of the moves.
        """
        found = np.empty((len(key_rates), self.count))
        found[:, : len(BASIS_CONTRACTS)] = basis
        found[:, len(BASIS_CONTRACTS) : _OTHERS] = spread
        for index, monomial in enumerate(self.exponents, start=_OTHERS):
            value = np.ones(len(key_rates))
            for key, power in monomial:
                for _ in range(power):
                    value = value * key_rates[:, key]
            found[:, index] = value
        return found

    @cached_property
    def _payments(self) -> dict[float, dict[int, float]]:
        return {}

    def of_payment(self, years: float) -> dict[int, float]:
        """Return the weights of one payment of 1 at a time: by place, those that are not zero."""
        if years not in self._payments:
            self._payments[years] = self._of_payment(years)
        return self._payments[years]

    def _of_payment(self, years: float) -> dict[int, float]:
        place, weight = linear_weights(self.key_years, np.array([years]))
        low, upper = int(place[0]), float(weight[0])
        found: dict[int, float] = {}
        for order in range(1, ORDER + 1):
            size = (-years / _PER_CENT) ** order / factorial(order)
            for of_low in range(order + 1):
                share = (1.0 - upper) ** of_low * upper ** (order - of_low)
                if share == 0.0:
                    continue
                powers = [(low, of_low), (low + 1, order - of_low)]
                monomial = tuple(each for each in powers if each[1])
                found[self.place[monomial]] = size * comb(order, of_low) * share
        return found
