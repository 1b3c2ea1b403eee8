r"""All customers together: who is on one side, and what closing out at once costs beyond the sum.

Each customer is margined alone, and liquidity is charged customer by customer. The cost of closing
a position grows faster than its size, so charges that are right one by one are too small for
customers who hold the same and are closed out together.

A *crowd* in a bucket or product is the customers on the side of the aggregate's net. How like each
other they are is Herfindahl's :math:`H = \sum_c w_c^2`, with :math:`w_c` a customer's share of the
crowd; :math:`1/H` is the number of equal customers that would be as concentrated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from crossmargin.market.history import TraderPositions

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Sides:
    """Signed amounts of many holders, added up by side.

    Parameters
    ----------
    long, short : Fraction
        Neither negative.
    """

    long: Fraction
    short: Fraction

    @property
    def net(self) -> Fraction:
        """Long less short."""
        return self.long - self.short

    @property
    def gross(self) -> Fraction:
        """Long and short."""
        return self.long + self.short

    @staticmethod
    def of(amounts: Sequence[Fraction]) -> Sides:
        """Return the sides of signed amounts."""
        return Sides(
            sum((each for each in amounts if each > 0), Fraction(0)),
            -sum((each for each in amounts if each < 0), Fraction(0)),
        )

    def __add__(self, other: Sides) -> Sides:
        return Sides(self.long + other.long, self.short + other.short)


@dataclass(frozen=True, slots=True)
class Crowd:
    """The customers on the side of the net.

    Parameters
    ----------
    side : str
        ``long``, ``short``, or ``none`` where nothing is left of the net.
    shares : tuple of (member, Fraction)
        Of the crowd's amount, largest first.
    """

    side: str
    shares: tuple[tuple[int, Fraction], ...]

    @property
    def members(self) -> tuple[int, ...]:
        """Places of the customers in the crowd."""
        return tuple(member for member, _ in self.shares)

    @property
    def herfindahl(self) -> Fraction | None:
        """Sum of squared shares; None where there is no crowd."""
        if not self.shares:
            return None
        return sum((share * share for _, share in self.shares), Fraction(0))

    @staticmethod
    def of(amounts: Sequence[Fraction]) -> Crowd:
        """Return the crowd of the customers' signed net amounts, by their places.

        Examples
        --------
        >>> crowd = Crowd.of([Fraction(3), Fraction(-2), Fraction(1)])
        >>> crowd.side, crowd.members, str(crowd.herfindahl)
        ('long', (0, 2), '5/8')
        """
        net = sum(amounts, Fraction(0))
        if not net:
            return Crowd("none", ())
        sign = 1 if net > 0 else -1
        on_side = {place: sign * each for place, each in enumerate(amounts) if sign * each > 0}
        whole = sum(on_side.values(), Fraction(0))
        ordered = sorted(on_side.items(), key=lambda item: (-item[1], item[0]))
        return Crowd(
            "long" if sign > 0 else "short",
            tuple((place, amount / whole) for place, amount in ordered),
        )


@dataclass(frozen=True, slots=True)
class LiquidationCost:
    """One clearing organization's charge or cost in one group or product, exact dollars.

    Parameters
    ----------
    own : Fraction
        Of every customer alone, added up.
    netted : Fraction
        Of all positions as one portfolio: offsetting customers cancel.
    crowd_own : Fraction
        Of every customer of the crowd alone, added up.
    crowd_together : Fraction
        Of the crowd's positions as one portfolio.
    """

    own: Fraction
    netted: Fraction
    crowd_own: Fraction
    crowd_together: Fraction

    @property
    def missed(self) -> Fraction:
        """What the sum of the crowd's separate figures is short of closing it out together."""
        return self.crowd_together - self.crowd_own

    def __add__(self, other: LiquidationCost) -> LiquidationCost:
        return LiquidationCost(
            self.own + other.own,
            self.netted + other.netted,
            self.crowd_own + other.crowd_own,
            self.crowd_together + other.crowd_together,
        )


NO_COST = LiquidationCost(Fraction(0), Fraction(0), Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True)
class TenorCrowding:
    """One maturity bucket.

    Parameters
    ----------
    name : str
    lower_years : Fraction
    upper_years : Fraction or None
    securities_dv01, futures_dv01 : Sides
        Dollars per basis point; long gains when yields fall. Each customer's net by instrument,
        added up by side.
    market_dv01 : Fraction
        Of a day's volume, cash and futures.
    days_net, days_gross : Fraction
        To liquidate DV01 at the participation share of it.
    market_value : Sides
        Of the securities, dollars.
    daily_volume_dollars : Fraction
    cash_days_net, cash_days_gross : Fraction
        To liquidate the securities.
    crowd : Crowd
        By each customer's net DV01.
    """

    name: str
    lower_years: Fraction
    upper_years: Fraction | None
    securities_dv01: Sides
    futures_dv01: Sides
    market_dv01: Fraction
    days_net: Fraction
    days_gross: Fraction
    market_value: Sides
    daily_volume_dollars: Fraction
    cash_days_net: Fraction
    cash_days_gross: Fraction
    crowd: Crowd


@dataclass(frozen=True, slots=True)
class ProductCrowding:
    """One futures product, in contracts.

    Parameters
    ----------
    product : str
    contracts : Sides
        Each customer's net by contract month, added up by side.
    daily_volume : Fraction
    days_net, days_gross : Fraction
    traders : TraderPositions or None
        The CFTC's last weekly report on or before the date.
    crowd : Crowd
        By each customer's net contracts, all months.
    """

    product: str
    contracts: Sides
    daily_volume: Fraction
    days_net: Fraction
    days_gross: Fraction
    traders: TraderPositions | None
    crowd: Crowd

    @property
    def share_of_open_interest(self) -> Fraction | None:
        """The larger side over open interest; None without a report."""
        if self.traders is None or not self.traders.open_interest:
            return None
        return max(self.contracts.long, self.contracts.short) / self.traders.open_interest


@dataclass(frozen=True, slots=True)
class Liquidation:
    """What closing out costs in one of FICC's asset groups or in one futures product.

    Parameters
    ----------
    name : str
    cost : LiquidationCost
        FICC: impact cost, directional and basis. CME: half the spread and concentration.
    charge : LiquidationCost
        What of it is charged. FICC: the Margin Liquidity Adjustment, beyond its threshold. CME: the
        same as the cost.
    """

    name: str
    cost: LiquidationCost
    charge: LiquidationCost


def liquidation_cost(
    books: Sequence[Mapping[Key, int]],
    crowd: Crowd,
    cost: Callable[[Mapping[Key, int]], Fraction],
) -> LiquidationCost:
    """Return what closing out costs, customer by customer and together.

    Parameters
    ----------
    books : sequence of mapping
        Each customer's signed whole units by instrument, of one group or product.
    crowd : Crowd
        Of the same customers.
    cost : callable
        Dollars of one portfolio.
    """
    alone = [cost(book) if book else Fraction(0) for book in books]
    members = crowd.members
    return LiquidationCost(
        own=sum(alone, Fraction(0)),
        netted=cost(joined(books)),
        crowd_own=sum((alone[member] for member in members), Fraction(0)),
        crowd_together=cost(joined([books[member] for member in members])),
    )


def joined(books: Sequence[Mapping[Key, int]]) -> dict[Key, int]:
    """Return several portfolios as one, instrument by instrument; what cancels is left out."""
    together: dict[Key, int] = {}
    for book in books:
        for key, units in book.items():
            together[key] = together.get(key, 0) + units
    return {key: units for key, units in together.items() if units}


def days_to_liquidate(amount: Fraction, daily: Fraction, share: Fraction) -> Fraction:
    """Return how many days closing takes at a share of daily volume.

    Examples
    --------
    >>> days_to_liquidate(Fraction(500), Fraction(1000), Fraction(1, 10))
    Fraction(5, 1)
    """
    return abs(amount) / (daily * share)
