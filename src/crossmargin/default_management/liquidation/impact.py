r"""What trades of one day cost beyond the mark: the square-root law.

With :math:`q` the quantity that is sold (or bought) in a market on the day, :math:`V` its average
daily volume, a line of :math:`n` units whose profit and loss has the daily standard deviation
:math:`\sigma` a unit, in dollars, costs

.. math:: a \, \sigma \, n \sqrt{q / V}

which is :math:`a \sigma \sqrt{q/V} \times \text{value}` with :math:`\sigma` a share of the value.
What is bought and what is sold are apart: nothing is crossed, between customers or between lines.
Where both clearing organizations sell one customer's book as one, what one would buy and the other
sell of a line is not traded.

The root is rounded up to a billionth; a line's cost of the day is rounded up to the cent once, and
shared by whole cents among those who trade it, pro rata to their units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    traded: Traded,
    instruments: Mapping[str, Instrument],
    sharing: ImpactSharing,
    *,
    as_one_book: frozenset[str] = frozenset(),
) -> dict[tuple[Account, str], Money]:
    """Return what each account's trade in each line costs on one day.

    Parameters
    ----------
    traded : mapping of Account to mapping of label to int
        Signed units, bought positive.
    instruments : mapping of label to Instrument
    sharing : ImpactSharing
        ``per_customer``: every customer as if the others did not trade.
    as_one_book : frozenset of str
        Customers of whom both sellers trade the net units of a line; what it costs is shared pro
        rata to the units that each has of it.
    """
    if sharing is ImpactSharing.AGGREGATE:
        return _together(traded, instruments, as_one_book)
    found: dict[tuple[Account, str], Money] = {}
    for name in {account.customer for account in traded}:
        alone = {account: of for account, of in traded.items() if account.customer == name}
        found.update(_together(alone, instruments, as_one_book))
    return found


#: Who trades, and how many units each account has of it: both sellers' where they sell one book.
_Shares = dict[tuple[str, ClearingOrganization | None], list[tuple[Account, int]]]


def _together(
    traded: Traded, instruments: Mapping[str, Instrument], as_one_book: frozenset[str]
) -> dict[tuple[Account, str], Money]:
    lines: dict[str, _Shares] = {}
    for account in sorted(traded):
        seller = None if account.customer in as_one_book else account.seller
        for label, units in traded[account].items():
            of = lines.setdefault(label, {})
            of.setdefault((account.customer, seller), []).append((account, units))
    in_markets: dict[tuple[str, bool], Fraction] = {}
    for label, of in lines.items():
        line = instruments[label]
        for net in map(_net, of.values()):
            market = (line.market.name, net > 0)
            quantity = abs(net) * line.volume_per_unit
            in_markets[market] = in_markets.get(market, Fraction(0)) + quantity
    found: dict[tuple[Account, str], Money] = {}
    for label, of in lines.items():
        for bought in (False, True):
            traders = [each for each in of.values() if (_net(each) > 0) is bought]
            if traders:
                quantity = in_markets[instruments[label].market.name, bought]
                found |= _shared(instruments[label], label, traders, quantity)
    return found


def _net(shares: Sequence[tuple[Account, int]]) -> int:
    return sum(units for _, units in shares)


def _shared(
    line: Instrument,
    label: str,
    traders: Sequence[Sequence[tuple[Account, int]]],
    quantity: Fraction,
) -> dict[tuple[Account, str], Money]:
    """Return what a line's trades in one direction cost each account."""
    nets = [abs(_net(each)) for each in traders]
    cost = charge_from_dollars(impact_dollars(line, sum(nets), quantity))
    parts = cost.split(nets) if any(nets) else [ZERO] * len(nets)
    found: dict[tuple[Account, str], Money] = {}
    for shares, part in zip(traders, parts, strict=True):
        units = [abs(each) for _, each in shares]
        own = part.split(units) if any(units) else [ZERO] * len(units)
        found |= {(account, label): one for (account, _), one in zip(shares, own, strict=True)}
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
