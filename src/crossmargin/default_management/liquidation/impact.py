r"""What trades of one day cost beyond the mark: the square-root law.

With :math:`q` the quantity that is sold (or bought) in a market on the day, :math:`V` its average
daily volume, a line of :math:`n` units whose profit and loss has the daily standard deviation
:math:`\sigma` a unit, in dollars, costs

.. math:: a \, \sigma \, n \sqrt{q / V}

which is :math:`a \sigma \sqrt{q/V} \times \text{value}` with :math:`\sigma` a share of the value.
What is bought and what is sold are apart: nothing is crossed, between customers or between lines.

The root is rounded up to a billionth; a line's cost of the day is rounded up to the cent once, and
shared by whole cents among those who trade it, pro rata to their units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money, charge_from_dollars
from crossmargin.default_management.liquidation.instruments import Instrument
from crossmargin.default_management.liquidation.terms import ImpactSharing
from crossmargin.margin.exact import root_up
from crossmargin.product.position import ClearingOrganization

_ROOT_STEPS = 1_000_000_000


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """For whom somebody sells, and who."""

    customer: str
    seller: ClearingOrganization


Traded = Mapping[Account, Mapping[str, int]]


def impacts(
    traded: Traded, instruments: Mapping[str, Instrument], sharing: ImpactSharing
) -> dict[tuple[Account, str], Money]:
    """Return what each account's trade in each line costs on one day.

    Parameters
    ----------
    traded : mapping of Account to mapping of label to int
        Signed units, bought positive.
    instruments : mapping of label to Instrument
    sharing : ImpactSharing
        ``per_customer``: every customer as if the others did not trade.
    """
    if sharing is ImpactSharing.AGGREGATE:
        return _together(traded, instruments)
    found: dict[tuple[Account, str], Money] = {}
    for name in {account.customer for account in traded}:
        alone = {account: of for account, of in traded.items() if account.customer == name}
        found.update(_together(alone, instruments))
    return found


def _together(
    traded: Traded, instruments: Mapping[str, Instrument]
) -> dict[tuple[Account, str], Money]:
    in_markets: dict[tuple[str, bool], Fraction] = {}
    in_lines: dict[tuple[str, bool], list[tuple[Account, int]]] = {}
    for account in sorted(traded):
        for label, units in traded[account].items():
            line = instruments[label]
            market = (line.market.name, units > 0)
            quantity = abs(units) * line.volume_per_unit
            in_markets[market] = in_markets.get(market, Fraction(0)) + quantity
            in_lines.setdefault((label, units > 0), []).append((account, abs(units)))
    found: dict[tuple[Account, str], Money] = {}
    for (label, bought), shares in in_lines.items():
        line = instruments[label]
        weights = [share for _, share in shares]
        quantity = in_markets[line.market.name, bought]
        cost = charge_from_dollars(impact_dollars(line, sum(weights), quantity))
        parts = cost.split(weights) if any(weights) else [ZERO] * len(weights)
        found.update(
            {(account, label): part for (account, _), part in zip(shares, parts, strict=True)}
        )
    return found


def impact_dollars(instrument: Instrument, units: int, quantity: Fraction) -> Fraction:
    """Return what a line's trade costs, not rounded to the cent.

    Parameters
    ----------
    instrument : Instrument
    units : int
        Of the line, not negative.
    quantity : Fraction
        Of the whole market in the same direction, in its volume's unit.

    Examples
    --------
    A hundredth of a day's volume costs a tenth of a day's standard deviation:

    >>> from crossmargin.default_management.liquidation.instruments import Market
    >>> volume = Market("ZN", daily_volume=Fraction(1_000_000), impact_coefficient=Fraction(1))
    >>> zn = Instrument(
    ...     "ZNM26", volume, 3, Fraction(1), Fraction(500), Fraction(65), Fraction(0), ()
    ... )
    >>> impact_dollars(zn, 10_000, Fraction(10_000))
    Fraction(500000, 1)
    """
    market = instrument.market
    if not market.impact_coefficient or not units:
        return Fraction(0)
    root = root_up(quantity / market.daily_volume, steps=_ROOT_STEPS)
    return market.impact_coefficient * instrument.volatility_dollars * units * root
