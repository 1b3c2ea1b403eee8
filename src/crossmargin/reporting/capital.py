"""Minimum adjusted net capital of a BD-FCM, with the arrangement and without (17 CFR 1.17).

The arrangement lowers the risk margin and with it the risk-based floor; the other floors do not
move. Both figures are reported, because the lower one vanishes when the arrangement is suspended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money, charge_from_dollars


class CapitalFloor(StrEnum):
    """Which floor decides; of equal ones the first."""

    FIXED = "fixed"
    RISK_MARGIN = "risk_margin"
    RFA = "rfa"
    SEC = "sec"


@dataclass(frozen=True, slots=True)
class MinimumCapital:
    """The largest of the floors.

    Parameters
    ----------
    floors : mapping of CapitalFloor to Money
    """

    floors: Mapping[CapitalFloor, Money]

    @property
    def binding(self) -> CapitalFloor:
        """The floor that decides."""
        return max(CapitalFloor, key=lambda floor: self.floors[floor])

    @property
    def amount(self) -> Money:
        """Minimum adjusted net capital."""
        return self.floors[self.binding]

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape, amounts as decimal strings."""
        return {
            "minimum": str(self.amount),
            "binding": self.binding.value,
            "floors": {floor.value: str(self.floors[floor]) for floor in CapitalFloor},
        }


def minimum_capital(
    *,
    risk_margin: Money,
    fixed: Money,
    ratio: Fraction,
    rfa_floor: Money,
    sec_floor: Money,
) -> MinimumCapital:
    """Return minimum adjusted net capital.

    Parameters
    ----------
    risk_margin : Money
        Total risk margin of customers' and non-customers' positions, not negative.
    fixed : Money
        The dollar floor of 1.17(a)(1)(i)(A).
    ratio : Fraction
        Share of the risk margin; the product goes up to the cent.
    rfa_floor, sec_floor : Money
        What the registered futures association's rule and SEC Rule 15c3-1(a) ask for: inputs, as
        neither is computed here.

    Raises
    ------
    ValueError
        If an amount or the ratio is negative.
    """
    if min(risk_margin, fixed, rfa_floor, sec_floor) < ZERO or ratio < 0:
        raise ValueError("risk margin, floors and ratio are not negative")
    share = charge_from_dollars(Fraction(risk_margin.cents, CENTS_PER_DOLLAR) * ratio)
    return MinimumCapital(
        {
            CapitalFloor.FIXED: fixed,
            CapitalFloor.RISK_MARGIN: share,
            CapitalFloor.RFA: rfa_floor,
            CapitalFloor.SEC: sec_floor,
        }
    )


@dataclass(frozen=True, slots=True)
class CapitalReport:
    """The minimum with the arrangement and without, and what undermargined accounts cost.

    Parameters
    ----------
    with_arrangement, without_arrangement : MinimumCapital
    net_capital : Money
        Before the charges for undermargined accounts.
    undermargined_charges : mapping of account to Money
        Each as 1.17(c)(5)(viii) and (ix) give it, not negative.

    Raises
    ------
    ValueError
        If a charge is negative.
    """

    with_arrangement: MinimumCapital
    without_arrangement: MinimumCapital
    net_capital: Money
    undermargined_charges: Mapping[str, Money]

    def __post_init__(self) -> None:
        if any(charge < ZERO for charge in self.undermargined_charges.values()):
            raise ValueError("a charge against capital is not negative")

    @property
    def charges(self) -> Money:
        """Charges for undermargined accounts, summed."""
        return Money.total(self.undermargined_charges.values())

    @property
    def adjusted_net_capital(self) -> Money:
        """Net capital after these charges."""
        return self.net_capital - self.charges

    @property
    def excess(self) -> Money:
        """Adjusted net capital above the minimum; negative where it falls short."""
        return self.adjusted_net_capital - self.with_arrangement.amount

    @property
    def excess_without_arrangement(self) -> Money:
        """The same were the arrangement suspended, the charges as they are."""
        return self.adjusted_net_capital - self.without_arrangement.amount

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape, amounts as decimal strings."""
        charges = sorted(self.undermargined_charges.items())
        return {
            "with_arrangement": self.with_arrangement.as_document(),
            "without_arrangement": self.without_arrangement.as_document(),
            "net_capital": str(self.net_capital),
            "undermargined_charges": {account: str(charge) for account, charge in charges},
            "undermargined_charges_total": str(self.charges),
            "adjusted_net_capital": str(self.adjusted_net_capital),
            "excess": str(self.excess),
            "excess_without_arrangement": str(self.excess_without_arrangement),
        }
