r"""Liquidity and concentration: what closing the futures costs beyond market risk.

Both stand outside the saving and are never reduced (ruling 2). They are charged on the futures that
CME clears, netted contract by contract within a customer, whichever engine gives market risk.

**Liquidity**, the bid-ask spread paid once on every contract:

.. math:: \sum_k |n_k| \, h_k \, \text{tick}_k

**Concentration**. Of each product, at most the share :math:`\theta` of its average daily volume
:math:`V` can be closed a day; what is left stays exposed on the next. With
:math:`n = \sum_k |n_k|` over the product's months, :math:`q = \theta V` and
:math:`J = \lceil n / q \rceil` days, daily moves independent and alike, the loss grows from
:math:`n` to the root of the sum of squares of what is still held:

.. math:: \Big( \tfrac{1}{n} \sqrt{\textstyle\sum_{j<J} (n - j q)^2} - 1 \Big)
          \sum_k |n_k| \, m_k

with :math:`m_k` the outright one-day margin of one contract. It is zero up to :math:`q`, and grows
like :math:`n^{3/2}` beyond. CME names both charges; form and numbers are ours.

Exact fractions; the root is rounded up to :math:`2^{-40}`, each charge up to the cent once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul

import numpy as np

from crossmargin.basics.money import CENTS_PER_DOLLAR
from crossmargin.margin.book import Block
from crossmargin.market.history import FloatArray
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.futures import PRODUCTS, FuturesContract

LIQUIDITY = "liquidity"
CONCENTRATION = "concentration"
_ROOT_BITS = 40
#: Whole numbers below this are exact in float64, and so are their sums.
_EXACT_MAX = float(2**52)


@dataclass(frozen=True, slots=True)
class ExecutionTerms:
    """What it takes to close each product.

    Parameters
    ----------
    half_spread_dollars : mapping of product to Fraction
        Half the bid-ask spread of one contract.
    daily_contracts : mapping of product to Fraction
        Contracts that can be closed a day without moving the market; positive.
    concentration_multiple : Fraction
        On the charge; zero switches it off.
    """

    half_spread_dollars: Mapping[str, Fraction]
    daily_contracts: Mapping[str, Fraction]
    concentration_multiple: Fraction

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> ExecutionTerms:
        """Return the terms that ``margin/cme/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a product is missing or unknown, or a figure negative (for volumes, not positive).
        """
        ticks = _by_product(parameters, "half_spread_ticks")
        volumes = _by_product(parameters, "average_daily_volume")
        spread_multiple = _not_negative(parameters, "half_spread_multiple")
        daily = parameters.ratio("concentration_volume_share") * parameters.ratio(
            "average_daily_volume_multiple"
        )
        if daily <= 0 or min(volumes.values()) <= 0:
            raise ValueError("cme: the volume that can be closed a day must be positive")
        return ExecutionTerms(
            half_spread_dollars={
                code: ticks[code]
                * Fraction(product.tick_points)
                * Fraction(product.dollars_per_point)
                * spread_multiple
                for code, product in PRODUCTS.items()
            },
            daily_contracts={code: volumes[code] * daily for code in PRODUCTS},
            concentration_multiple=_not_negative(parameters, "concentration_multiple"),
        )


@dataclass(frozen=True, slots=True)
class CmeAddOns:
    """Both charges of the day's contracts, for any portfolio of them.

    Parameters
    ----------
    products : tuple of str, one a contract
    outright_dollars : tuple of Fraction, one a contract
        One-day margin of one contract held alone, by the engine in use.
    terms : ExecutionTerms
    """

    products: tuple[str, ...]
    outright_dollars: tuple[Fraction, ...]
    terms: ExecutionTerms

    def __post_init__(self) -> None:
        if len(self.products) != len(self.outright_dollars):
            raise ValueError("one outright margin a contract")

    @staticmethod
    def of_contracts(
        contracts: Sequence[FuturesContract],
        outright_dollars: Sequence[Fraction],
        parameters: ParameterSet,
    ) -> CmeAddOns:
        """Return the charges of a day's contracts, in the valuation's order."""
        return CmeAddOns(
            tuple(contract.product for contract in contracts),
            tuple(outright_dollars),
            ExecutionTerms.from_parameters(parameters),
        )

    def cents(self, block: Block) -> dict[str, list[int]]:
        """Return each charge of every portfolio's futures in whole cents, up to the cent."""
        held = np.abs(block.contracts)
        return {
            LIQUIDITY: self._liquidity_cents(held),
            CONCENTRATION: self._concentration_cents(held),
        }

    def _liquidity_cents(self, held: FloatArray) -> list[int]:
        # Whole multiples of one fraction: many customers then cost whole-number sums.
        whole, weights = _in_whole_parts(
            [
                self.terms.half_spread_dollars[product] * CENTS_PER_DOLLAR
                for product in self.products
            ]
        )
        costs = held @ np.array(weights, dtype=np.float64)
        if (costs < _EXACT_MAX).all():
            parts = costs.astype(np.int64).tolist()
        else:
            parts = [sum(map(mul, map(int, row), weights)) for row in held.tolist()]
        return [-(-part // whole) for part in parts]

    def _concentration_cents(self, held: FloatArray) -> list[int]:
        """Return the charge of every portfolio: only of what exceeds a day's volume.

        Sums of whole numbers are exact as long as it matters: far beyond any day's volume.
        """
        whole, outright = _in_whole_parts(self.outright_dollars)
        multiple = self.terms.concentration_multiple * CENTS_PER_DOLLAR / (whole << _ROOT_BITS)
        steps = [0] * len(held)
        for product in dict.fromkeys(self.products):
            places = [place for place, each in enumerate(self.products) if each == product]
            alone = [outright[place] for place in places]
            of_product = held[:, places]
            daily = self.terms.daily_contracts[product]
            for row in np.flatnonzero(of_product.sum(axis=1) > math.floor(daily)).tolist():
                contracts = [int(count) for count in of_product[row].tolist()]
                growth = _growth_steps(sum(contracts) * daily.denominator, daily.numerator)
                steps[row] += growth * sum(map(mul, contracts, alone))
        share, of = multiple.numerator, multiple.denominator
        return [-(-each * share // of) for each in steps]

    def liquidity_dollars(self, held: Mapping[int, int]) -> Fraction:
        """Return half the spread on every contract, exactly.

        Parameters
        ----------
        held : mapping of place to int
            Contracts, signed.
        """
        return sum(
            (
                abs(quantity) * self.terms.half_spread_dollars[self.products[place]]
                for place, quantity in held.items()
            ),
            Fraction(0),
        )

    def contributions(self, held: Mapping[int, int]) -> dict[int, Fraction]:
        """Return what each contract adds to both charges, exact dollars; they add up to them.

        The concentration of a product is shared by its months in proportion to their outright
        margins.
        """
        shares = {}
        for place, quantity in held.items():
            months = {p: q for p, q in held.items() if self.products[p] == self.products[place]}
            risk = sum((abs(q) * self.outright_dollars[p] for p, q in months.items()), Fraction(0))
            own = abs(quantity) * self.outright_dollars[place]
            share = own / risk if risk else Fraction(0)
            concentration = self.concentration_dollars(months) * share
            shares[place] = self.liquidity_dollars({place: quantity}) + concentration
        return shares

    def rate(self, held: Mapping[int, int], place: int) -> Fraction:
        """Return by how much both charges grow with one contract more on its side."""
        side = 1 if held[place] > 0 else -1
        more = {**held, place: held[place] + side}
        return side * (
            self.liquidity_dollars(more)
            + self.concentration_dollars(more)
            - self.liquidity_dollars(held)
            - self.concentration_dollars(held)
        )

    def concentration_dollars(self, held: Mapping[int, int]) -> Fraction:
        """Return the charge for what takes more than a day to close, over all products."""
        contracts: dict[str, int] = {}
        risk: dict[str, Fraction] = {}
        for place, quantity in held.items():
            product = self.products[place]
            contracts[product] = contracts.get(product, 0) + abs(quantity)
            alone = abs(quantity) * self.outright_dollars[place]
            risk[product] = risk.get(product, Fraction(0)) + alone
        charge = Fraction(0)
        for product, count in contracts.items():
            growth = loss_growth(Fraction(count) / self.terms.daily_contracts[product])
            charge += self.terms.concentration_multiple * growth * risk[product]
        return charge


def loss_growth(days: Fraction) -> Fraction:
    """Return by how much the loss grows, as a share, when closing takes so many days of volume.

    Zero up to one day.

    Examples
    --------
    Two days: the whole on the first, half on the second, the root of 1.25.

    >>> round(float(loss_growth(Fraction(2))), 6)
    0.118034
    """
    return Fraction(_growth_steps(days.numerator, days.denominator), 1 << _ROOT_BITS)


def _growth_steps(held: int, daily: int) -> int:
    """Return the growth of the loss over ``held / daily`` days, rounded up, in steps of 2^-40."""
    days = -(-held // daily)
    if days <= 1:
        return 0
    # Six times the sum of squares of what is still held, over six times the square of all.
    squares = days * (6 * held * held - (days - 1) * daily * (6 * held - (2 * days - 1) * daily))
    scaled = -(-(squares << (2 * _ROOT_BITS)) // (6 * held * held))
    return math.isqrt(scaled - 1) + 1 - (1 << _ROOT_BITS)


def _in_whole_parts(amounts: Sequence[Fraction]) -> tuple[int, list[int]]:
    """Return the least common denominator of some amounts, and the amounts in parts of it."""
    whole = math.lcm(*(amount.denominator for amount in amounts))
    return whole, [amount.numerator * (whole // amount.denominator) for amount in amounts]


def _by_product(parameters: ParameterSet, name: str) -> dict[str, Fraction]:
    values: dict[str, Fraction] = {}
    for part in parameters.text(name).split(","):
        code, colon, value = part.strip().partition(":")
        if not colon or code in values:
            raise ValueError(f"cme.{name} must be PRODUCT:VALUE, each once, was {part.strip()!r}")
        values[code] = Fraction(value.strip())
    if set(values) != set(PRODUCTS) or min(values.values()) < 0:
        raise ValueError(
            f"cme.{name} must have a figure, not negative, for each of {', '.join(PRODUCTS)}"
        )
    return values


def _not_negative(parameters: ParameterSet, name: str) -> Fraction:
    value = parameters.ratio(name)
    if value < 0:
        raise ValueError(f"cme.{name} must not be negative, was {value}")
    return value
