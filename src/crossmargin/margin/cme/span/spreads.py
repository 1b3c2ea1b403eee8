"""Tiers, spreads, delivery charge and short option minimum of a SPAN parameter set."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.margin.cme.span.contracts import Period, check_not_negative, check_positive

_ZERO, _ONE = Fraction(0), Fraction(1)


class WfprMethod(StrEnum):
    """How the weighted futures price risk is found."""

    NORMAL = "NORMAL"
    SCANRANGE_CAP = "SCANRANGE_CAP"
    SCANRANGE = "SCANRANGE"


class ShortOptionMethod(StrEnum):
    """What the short option minimum counts: every short option, or the more numerous right."""

    GROSS = "GROSS"
    MAX = "MAX"


class DeliveryMethod(StrEnum):
    """How the delivery (spot) charge is made; the values are CME's codes."""

    NONE = ""
    TABLE = "10"
    BASIS = "11"


class Side(StrEnum):
    """Market side of a leg: legs with one letter are on one side, the other letter opposite."""

    A = "A"
    B = "B"


@dataclass(frozen=True, slots=True)
class Tier:
    """A run of contract periods under a number, ends included."""

    number: int
    start: Period
    end: Period

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"tiers are numbered from 1, was {self.number}")
        if self.end < self.start:
            raise ValueError(f"tier {self.number} ends at {self.end} before {self.start}")

    def contains(self, period: Period) -> bool:
        """Return whether a period lies in the tier; a bound without a day takes the whole month."""
        first, last = self.start.text, self.end.text
        return first <= period.text[: len(first)] and period.text[: len(last)] <= last


@dataclass(frozen=True, slots=True)
class IntraLeg:
    """A leg of an intracommodity spread: a tier by number, or one period."""

    where: int | Period
    ratio: Fraction
    side: Side

    def __post_init__(self) -> None:
        check_positive("ratio", self.ratio)


@dataclass(frozen=True, slots=True)
class IntraSpread:
    """An intracommodity spread: tier to tier, or series to series.

    Parameters
    ----------
    priority : int
    charge : Fraction
        Money a spread.
    legs : tuple of IntraLeg
        All of tiers or all of periods. One leg, or several on both sides.
    """

    priority: int
    charge: Fraction
    legs: tuple[IntraLeg, ...]

    def __post_init__(self) -> None:
        check_not_negative("charge", self.charge)
        if len(self.legs) < 2 or len({leg.side for leg in self.legs}) < 2:  # noqa: PLR2004
            raise ValueError(f"intra spread {self.priority} needs legs on both sides")
        if len({type(leg.where) for leg in self.legs}) != 1:
            raise ValueError(f"intra spread {self.priority} has legs of tiers and of periods")

    @property
    def by_tier(self) -> bool:
        """Whether the legs are tiers."""
        return isinstance(self.legs[0].where, int)


@dataclass(frozen=True, slots=True)
class DeliveryMonth:
    """Rates of a period in delivery: money a delta used by spreads, and left outright."""

    period: Period
    charge_spread: Fraction
    charge_outright: Fraction

    def __post_init__(self) -> None:
        check_not_negative("charge_spread", self.charge_spread)
        check_not_negative("charge_outright", self.charge_outright)


@dataclass(frozen=True, slots=True)
class DeliveryCharge:
    """The delivery (spot) charge: a table of months, or a basis risk rate against a product."""

    method: DeliveryMethod = DeliveryMethod.NONE
    months: tuple[DeliveryMonth, ...] = ()
    basis_product: str = ""
    basis_rate: Fraction = _ZERO

    def __post_init__(self) -> None:
        if bool(self.months) != (self.method is DeliveryMethod.TABLE):
            raise ValueError("months in delivery, at least one, belong to method 10")
        if len({month.period for month in self.months}) < len(self.months):
            raise ValueError("a month in delivery is given once")
        if bool(self.basis_product) != (self.method is DeliveryMethod.BASIS):
            raise ValueError("a basis product belongs to method 11")
        if self.basis_rate and self.method is not DeliveryMethod.BASIS:
            raise ValueError("a basis risk rate belongs to method 11")
        check_not_negative("basis_rate", self.basis_rate)


@dataclass(frozen=True, slots=True)
class ShortOptionMinimum:
    """Rate a short option, and what is counted."""

    rate: Fraction = _ZERO
    method: ShortOptionMethod = ShortOptionMethod.GROSS

    def __post_init__(self) -> None:
        check_not_negative("short option minimum", self.rate)


@dataclass(frozen=True, slots=True)
class AccountRatios:
    """A ratio by kind of account: member, hedger (no heightened risk), speculator (heightened)."""

    member: Fraction = _ONE
    hedger: Fraction = _ONE
    speculator: Fraction = _ONE

    def __post_init__(self) -> None:
        for name in ("member", "hedger", "speculator"):
            check_positive(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class InterLeg:
    """A leg of an intercommodity spread; tier 0 is the whole combined commodity."""

    commodity: str
    ratio: Fraction
    side: Side
    tier: int = 0
    required: bool = True
    credit: Fraction | None = None

    def __post_init__(self) -> None:
        check_positive("ratio", self.ratio)


@dataclass(frozen=True, slots=True)
class InterSpread:
    """An intercommodity spread and what it gives.

    Parameters
    ----------
    priority : int
        Smallest first.
    credit : Fraction
        A rate of the weighted futures price risk, or money a spread where ``flat``. A leg's own
        credit takes its place.
    legs : tuple of InterLeg
    flat : bool
    super_spread : bool
        Formed before the intracommodity spreads.
    scanning : bool
        Formed by scanning the commodities together, not from deltas: kept, not calculated.
    """

    priority: int
    credit: Fraction
    legs: tuple[InterLeg, ...]
    flat: bool = False
    super_spread: bool = False
    scanning: bool = False

    def __post_init__(self) -> None:
        if len(self.legs) < 2:  # noqa: PLR2004 - a spread has two legs at least
            raise ValueError(f"intercommodity spread {self.priority} needs two legs")
        rates = [self.credit, *(leg.credit for leg in self.legs if leg.credit is not None)]
        if not self.flat and any(abs(rate) > 1 for rate in rates):
            raise ValueError(f"intercommodity spread {self.priority}: a rate is at most 1")
        if not self.scanning and len({leg.side for leg in self.legs}) < 2:  # noqa: PLR2004
            raise ValueError(f"intercommodity spread {self.priority} needs legs on both sides")
