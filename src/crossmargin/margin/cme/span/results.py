"""What a SPAN calculation answers: every component by combined commodity, every spread formed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.margin.cme.span.contracts import Period
from crossmargin.margin.cme.span.readings import Account
from crossmargin.margin.cme.span.spreads import Side

_ZERO = Fraction(0)


class SpreadKind(StrEnum):
    """When a spread is formed, in this order."""

    SUPER = "super"
    INTRA_TIER = "intra tier"
    INTRA_SERIES = "intra series"
    INTER = "inter"


@dataclass(frozen=True, slots=True)
class ScanTier:
    """The scan of a tier: losses in the 16 scenarios and the one that counts.

    ``number`` 0 is the whole commodity, or the periods that are in no scan tier.
    ``active_scenario`` counts from 1; of equal losses the first.
    """

    number: int
    losses: tuple[Fraction, ...]
    active_scenario: int

    @property
    def scan_risk(self) -> Fraction:
        """The largest loss, zero if there is none."""
        return max(_ZERO, self.losses[self.active_scenario - 1])


@dataclass(frozen=True, slots=True)
class PriceRisk:
    """How the weighted futures price risk of a commodity or tier is found.

    Parameters
    ----------
    scan : ScanTier
    weighted : Fraction, optional
        Money a delta, after the method of the commodity; None where that needs a price scan range
        which a contract held does not have.
    """

    scan: ScanTier
    weighted: Fraction | None


@dataclass(frozen=True, slots=True)
class FormedLeg:
    """A leg of a spread that was formed.

    ``where`` is a tier number, 0 for the whole commodity, or a period. ``delta_used`` has the sign
    of the deltas taken. ``credit`` is what the leg earns; intracommodity legs earn nothing.
    """

    commodity: str
    where: int | Period
    side: Side
    delta_used: Fraction
    weighted_price_risk: Fraction = _ZERO
    credit: Fraction = _ZERO


@dataclass(frozen=True, slots=True)
class FormedSpread:
    """A spread that was formed, ``count`` times.

    ``amount`` is the charge of an intracommodity spread, the credit of an intercommodity one.
    """

    kind: SpreadKind
    priority: int
    long_side: Side
    count: Fraction
    amount: Fraction
    legs: tuple[FormedLeg, ...]


@dataclass(frozen=True, slots=True)
class PeriodDelta:
    """Delta of a period: held, and left after all spreads."""

    period: Period
    held: Fraction
    left: Fraction


@dataclass(frozen=True, slots=True)
class CommodityResult:
    """One combined commodity, in its performance-bond currency."""

    code: str
    name: str
    currency: str
    scan_tiers: tuple[ScanTier, ...]
    price_risk: PriceRisk
    intra_charge: Fraction
    delivery_charge: Fraction
    inter_credit: Fraction
    short_option_minimum: Fraction
    net_option_value: Fraction
    option_value_offset: Fraction
    risk: Fraction
    maintenance: Fraction
    initial: Fraction
    deltas: tuple[PeriodDelta, ...]

    @property
    def scan_risk(self) -> Fraction:
        """Sum over the scan tiers: tiers are scanned alone."""
        return sum((tier.scan_risk for tier in self.scan_tiers), start=_ZERO)


@dataclass(frozen=True, slots=True)
class SpanResult:
    """The requirement of one portfolio.

    ``commodities`` are in order of code, ``spreads`` in order of forming. Totals are in US dollars.
    """

    label: str
    parameters_digest: str
    account: Account
    commodities: tuple[CommodityResult, ...]
    spreads: tuple[FormedSpread, ...]
    maintenance: Fraction
    initial: Fraction
    dollars_by_currency: tuple[tuple[str, Fraction], ...]

    @property
    def engine(self) -> str:
        """Which engine with whose parameters, for every output."""
        return f"SPAN with {self.label}"

    def total(self, component: str) -> Fraction:
        """Return the sum of one component over the commodities, in US dollars."""
        rates = dict(self.dollars_by_currency)
        amounts = (getattr(each, component) * rates[each.currency] for each in self.commodities)
        return sum(amounts, start=_ZERO)
