"""What a SPAN calculation is given: one day's parameter set, as a frozen value checked at birth.

Figures are exact fractions in the performance-bond currency; losses of one long contract are
positive, as SPAN writes them. The names are those of CME's record layouts ("Risk Parameter File
Layouts for the Positional Formats"); what a reader takes from which column stands in
``docs/reference/span.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import cached_property

from crossmargin.basics.digest import digest_of
from crossmargin.margin.cme.span.contracts import (
    OptionRight,
    OptionTerms,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    SpanContract,
    check_code,
)
from crossmargin.margin.cme.span.spreads import (
    AccountRatios,
    DeliveryCharge,
    DeliveryMethod,
    DeliveryMonth,
    InterLeg,
    InterSpread,
    IntraLeg,
    IntraSpread,
    ShortOptionMethod,
    ShortOptionMinimum,
    Side,
    Tier,
    WfprMethod,
)

__all__ = [
    "OWN_COMPLEX",
    "AccountRatios",
    "CombinedCommodity",
    "CurrencyConversion",
    "DeliveryCharge",
    "DeliveryMethod",
    "DeliveryMonth",
    "InterLeg",
    "InterSpread",
    "IntraLeg",
    "IntraSpread",
    "OptionRight",
    "OptionTerms",
    "Period",
    "ProductFamily",
    "ProductKey",
    "ProductType",
    "ScanRange",
    "Settlement",
    "ShortOptionMethod",
    "ShortOptionMinimum",
    "Side",
    "SpanContract",
    "SpanParameters",
    "Tier",
    "WfprMethod",
]

#: Exchange complex of parameter sets of our own: never CME's.
OWN_COMPLEX = "XMOWN"
_NO_DELIVERY = DeliveryCharge()
_NO_MINIMUM = ShortOptionMinimum()
_NO_RATIOS = AccountRatios()


class Settlement(StrEnum):
    """Which prices the file was made from."""

    SETTLEMENT = "S"
    INTRADAY = "I"


@dataclass(frozen=True, slots=True)
class CombinedCommodity:
    """Products that are margined together.

    Parameters
    ----------
    exchange, code : str
        The code is unique in the set.
    currency : str
        Performance-bond currency.
    risk_exponent : int
        Power of ten of risk values in a positional file; values here are already multiplied.
    group : str
        Combined commodity group, at most 3 characters.
    families : tuple of ProductFamily
    intra_tiers, scan_tiers, inter_tiers : tuple of Tier
        Without scan tiers all periods are scanned together; without inter tiers they spread as
        one.
    intra_spreads : tuple of IntraSpread
    delivery, short_option_minimum
    wfpr_method : WfprMethod
    maintenance_adjustment, initial_ratio : AccountRatios
    futures_style_options : bool
        Options are settled daily like futures and have no value to offset risk.
    cap_option_value : bool
        Net option value offsets at most the commodity's own risk.
    not_supported : tuple of str
        What the file says that the calculation does not do; holding the commodity is refused.
    """

    exchange: str
    code: str
    families: tuple[ProductFamily, ...]
    currency: str = "USD"
    risk_exponent: int = 0
    group: str = ""
    intra_tiers: tuple[Tier, ...] = ()
    scan_tiers: tuple[Tier, ...] = ()
    inter_tiers: tuple[Tier, ...] = ()
    intra_spreads: tuple[IntraSpread, ...] = ()
    delivery: DeliveryCharge = _NO_DELIVERY
    short_option_minimum: ShortOptionMinimum = _NO_MINIMUM
    wfpr_method: WfprMethod = WfprMethod.NORMAL
    maintenance_adjustment: AccountRatios = _NO_RATIOS
    initial_ratio: AccountRatios = _NO_RATIOS
    futures_style_options: bool = False
    cap_option_value: bool = False
    not_supported: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_code("exchange", self.exchange, 3)
        check_code("combined commodity", self.code, 6)
        if not self.families:
            raise ValueError(f"combined commodity {self.code} has no product family")
        if not any(family.key.type.is_option for family in self.families):
            object.__setattr__(self, "futures_style_options", False)
        for name in ("intra_tiers", "scan_tiers", "inter_tiers"):
            _once(f"{self.code}: {name}", (tier.number for tier in getattr(self, name)))
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=_number)))
        known = {tier.number for tier in self.intra_tiers}
        for spread in self.intra_spreads:
            unknown = {leg.where for leg in spread.legs if isinstance(leg.where, int)} - known
            if unknown:
                raise ValueError(f"{self.code}: intra spread of unknown tiers {unknown}")
        by_priority = sorted(self.intra_spreads, key=lambda each: (not each.by_tier, each.priority))
        object.__setattr__(self, "intra_spreads", tuple(by_priority))
        object.__setattr__(self, "families", tuple(sorted(self.families, key=lambda f: f.key)))

    @property
    def name(self) -> str:
        """Name of the first family that has one."""
        return next((family.name for family in self.families if family.name), self.code)


@dataclass(frozen=True, slots=True)
class CurrencyConversion:
    """How much of one currency one unit of another is."""

    source: str
    target: str
    multiplier: Fraction


@dataclass(frozen=True)
class SpanParameters:
    """A parameter set of one exchange complex at one point in time.

    Parameters
    ----------
    complex : str
        Exchange complex acronym; :data:`OWN_COMPLEX` for sets of our own.
    business_date : date
    commodities : tuple of CombinedCommodity
    contracts : tuple of SpanContract
    inter_spreads : tuple of InterSpread
        In order of priority, then of the codes of their legs.
    settlement : Settlement
    conversions : tuple of CurrencyConversion
    label : str
        Whose set it is, for every output. Not part of the value: two files with the same
        parameters are equal.
    """

    complex: str
    business_date: date
    commodities: tuple[CombinedCommodity, ...]
    contracts: tuple[SpanContract, ...]
    inter_spreads: tuple[InterSpread, ...] = ()
    settlement: Settlement = Settlement.SETTLEMENT
    conversions: tuple[CurrencyConversion, ...] = ()
    label: str = field(default="parameters of unstated origin", compare=False)

    def __post_init__(self) -> None:
        check_code("exchange complex", self.complex, 6)
        if not self.label:
            raise ValueError("a parameter set says whose it is: the label is empty")
        _once("combined commodity", (each.code for each in self.commodities))
        _once("contract", (each.key for each in self.contracts))
        _once("family", (f.key for each in self.commodities for f in each.families))
        place = object.__setattr__
        place(self, "commodities", tuple(sorted(self.commodities, key=lambda c: c.code)))
        place(self, "contracts", tuple(sorted(self.contracts, key=lambda c: c.key)))
        place(self, "inter_spreads", tuple(sorted(self.inter_spreads, key=_order)))
        self._check_references()

    @cached_property
    def commodity_by_product(self) -> dict[ProductKey, CombinedCommodity]:
        """The combined commodity of each product family."""
        return {family.key: each for each in self.commodities for family in each.families}

    @cached_property
    def commodity_by_code(self) -> dict[str, CombinedCommodity]:
        """The combined commodities by code."""
        return {each.code: each for each in self.commodities}

    @cached_property
    def super_spreads(self) -> tuple[InterSpread, ...]:
        """The intercommodity spreads that are formed before the intracommodity spreads."""
        return tuple(each for each in self.inter_spreads if each.super_spread)

    @cached_property
    def other_inter_spreads(self) -> tuple[InterSpread, ...]:
        """The intercommodity spreads that are formed after the intracommodity spreads."""
        return tuple(each for each in self.inter_spreads if not each.super_spread)

    @property
    def is_own(self) -> bool:
        """Whether the set is one of our own, and not a clearing organization's."""
        return self.complex == OWN_COMPLEX

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every parameter; the label is not one."""
        return digest_of(
            [
                self.complex,
                self.business_date.isoformat(),
                self.settlement.value,
                *(_plain(part) for part in (self.commodities, self.contracts)),
                *(_plain(part) for part in (self.inter_spreads, self.conversions)),
            ]
        )

    def _check_references(self) -> None:
        for contract in self.contracts:
            if contract.product not in self.commodity_by_product:
                raise ValueError(f"{contract.label} belongs to no combined commodity")
        by_series: dict[tuple[str, ...], object] = {}
        for contract in self.contracts:
            shared = contract.scan, contract.delta_scaling_factor, contract.contract_value_factor
            if by_series.setdefault(contract.series, shared) != shared:
                raise ValueError(f"{contract.label}: one series, two sets of array parameters")
        for spread in self.inter_spreads:
            for leg in spread.legs:
                self._check_leg(spread, leg)

    def _check_leg(self, spread: InterSpread, leg: InterLeg) -> None:
        where = f"intercommodity spread {spread.priority}"
        commodity = self.commodity_by_code.get(leg.commodity)
        if commodity is None:
            raise ValueError(f"{where}: no combined commodity {leg.commodity!r}")
        if leg.tier and leg.tier not in {tier.number for tier in commodity.inter_tiers}:
            raise ValueError(f"{where}: {leg.commodity} has no tier {leg.tier}")


def _number(tier: Tier) -> int:
    return tier.number


def _order(spread: InterSpread) -> tuple[int, list[tuple[str, int]]]:
    return spread.priority, [(leg.commodity, leg.tier) for leg in spread.legs]


def _plain(value: object) -> object:
    if isinstance(value, Fraction):
        return str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    return [_plain(getattr(value, each.name)) for each in fields(value)]  # type: ignore[arg-type]


def _once(what: str, names: Iterable[object]) -> None:
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise ValueError(f"{what} given more than once: {repeated[0]}")
