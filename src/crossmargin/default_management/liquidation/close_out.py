"""What a close-out is: day by day what was held, sold and hedged, and what it gave.

Two things are kept apart: *marks*, what the market did to what was still held, and *impact*, what
selling cost beyond the mark. The result is their difference; with no impact it is the
mark-to-market of what was held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.product.position import ClearingOrganization


class Method(StrEnum):
    """Who sells, and with whom (decision 0008)."""

    JOINT = "joint"
    SEPARATE = "separate"
    BUY_OUT_BY_FICC = "buy_out_by_ficc"
    BUY_OUT_BY_CME = "buy_out_by_cme"

    @property
    def buyer(self) -> ClearingOrganization | None:
        """Who takes the other's leg; None where nobody does."""
        return _BUYERS.get(self)


_BUYERS = {
    Method.BUY_OUT_BY_FICC: ClearingOrganization.FICC,
    Method.BUY_OUT_BY_CME: ClearingOrganization.CME,
}


@dataclass(frozen=True, slots=True)
class Trade:
    """What was traded of one line on one day.

    Parameters
    ----------
    instrument : str
        CUSIP or contract code.
    market : str
        Maturity bucket, or product, in whose volume it was traded.
    units : int
        $100 of par, or contracts; bought positive, sold negative.
    hedge_units : int
        Of these, what opened or closed a hedge; the rest closed what the customer held.
    impact : Money
        Never negative.
    """

    instrument: str
    market: str
    units: int
    hedge_units: int
    impact: Money

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "instrument": self.instrument,
            "market": self.market,
            "units": self.units,
            "hedge_units": self.hedge_units,
            "impact": str(self.impact),
        }


@dataclass(frozen=True, slots=True)
class CloseOutDay:
    """One day of one clearing organization's close-out.

    Parameters
    ----------
    day : date
    held_share : Fraction
        Of the leg, when the day began.
    dv01_dollars : Fraction
        Lost by what was held, hedge included, when every rate rises by a basis point; when the day
        began, with the terms and the curve of the opening.
    marks : Money
        What the day's move gave on what was held when it began; a gain is positive.
    trades : tuple of Trade
        At the day's settlement price, after the move.
    """

    day: date
    held_share: Fraction
    dv01_dollars: Fraction
    marks: Money
    trades: tuple[Trade, ...]

    @property
    def impact(self) -> Money:
        """Cost of the day's trades beyond the mark; never negative."""
        return Money.total(trade.impact for trade in self.trades)

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "date": self.day.isoformat(),
            "held_share": str(self.held_share),
            "dv01_dollars": str(self.dv01_dollars),
            "marks": str(self.marks),
            "impact": str(self.impact),
            "trades": [trade.as_document() for trade in self.trades],
        }


@dataclass(frozen=True, slots=True)
class CloseOut:
    """One customer's close-out at one clearing organization.

    Parameters
    ----------
    clearing_organization : ClearingOrganization
    method : Method
    days : tuple of CloseOutDay
        From the day of the failure to the last sale; none where nothing was held.
    transfer_price : Money
        Buy-out: received from the other clearing organization with the leg that passed, at the
        settlement price of the first day; negative where paid. No part of the result: what it pays
        for is worth as much. Zero for futures, whose variation has been settled.
    """

    clearing_organization: ClearingOrganization
    method: Method
    days: tuple[CloseOutDay, ...]
    transfer_price: Money = ZERO

    @property
    def marks(self) -> Money:
        """Profit and loss of what was still held; a gain is positive."""
        return Money.total(day.marks for day in self.days)

    @property
    def impact(self) -> Money:
        """Cost of selling and hedging beyond the mark; never negative."""
        return Money.total(day.impact for day in self.days)

    @property
    def result(self) -> Money:
        """Marks less impact; a gain is positive."""
        return self.marks - self.impact

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "clearing_organization": self.clearing_organization.value,
            "method": self.method.value,
            "marks": str(self.marks),
            "impact": str(self.impact),
            "result": str(self.result),
            "transfer_price": str(self.transfer_price),
            "days": [day.as_document() for day in self.days],
        }


@dataclass(frozen=True, slots=True)
class CustomerCloseOut:
    """One account's close-out at both, and what both required at the last cycle before it.

    Parameters
    ----------
    customer : str
        The customer; of what lies outside the XM account of a customer who has one, a name of its
        own.
    by_side : mapping of ClearingOrganization to CloseOut
        Both, also where nothing is held at one.
    requirement : mapping of ClearingOrganization to Money
        With the arrangement: after the reduction, at FICC at least the customer minimum.
    standalone : mapping of ClearingOrganization to Money
        With none: of all the customer's positions there as one portfolio (ruling 5).
    belongs_to : str
        The customer whose account it is, if it has a name of its own.
    in_xm : bool
        Whether it is an XM account.
    """

    customer: str
    by_side: Mapping[ClearingOrganization, CloseOut]
    requirement: Mapping[ClearingOrganization, Money]
    standalone: Mapping[ClearingOrganization, Money]
    belongs_to: str = ""
    in_xm: bool = True

    @property
    def owner(self) -> str:
        """The customer."""
        return self.belongs_to or self.customer

    @property
    def result(self) -> Money:
        """Of both together; a gain is positive."""
        return Money.total(each.result for each in self.by_side.values())

    @property
    def impact(self) -> Money:
        """Of both together."""
        return Money.total(each.impact for each in self.by_side.values())

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape."""
        return {
            "customer": self.customer,
            "belongs_to": self.owner,
            "in_xm": self.in_xm,
            "result": str(self.result),
            "impact": str(self.impact),
            "requirement": _amounts(self.requirement),
            "standalone": _amounts(self.standalone),
            "sides": [self.by_side[name].as_document() for name in ClearingOrganization],
        }


def _amounts(of: Mapping[ClearingOrganization, Money]) -> dict[str, str]:
    return {name.value: str(of[name]) for name in ClearingOrganization}
