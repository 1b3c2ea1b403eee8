"""Contracts as SPAN has them: product families, periods, array parameters and risk arrays."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

SCENARIO_COUNT = 16
_PERIOD = re.compile(r"\d{4}(0[0-9]|1[0-2])[A-Z0-9]{0,2}", re.ASCII)
_CODE = re.compile(r"[A-Z0-9][A-Z0-9/&.+_-]*", re.ASCII)
_ZERO, _ONE = Fraction(0), Fraction(1)


def check_code(what: str, text: str, longest: int) -> None:
    """Refuse a code that no file could hold.

    Raises
    ------
    ValueError
    """
    if not _CODE.fullmatch(text) or len(text) > longest:
        raise ValueError(f"{what} is at most {longest} capital letters and digits, was {text!r}")


def check_not_negative(name: str, value: Fraction) -> None:
    """Refuse a negative figure.

    Raises
    ------
    ValueError
    """
    if value < 0:
        raise ValueError(f"{name} must not be negative, was {value}")


def check_positive(name: str, value: Fraction) -> None:
    """Refuse a figure that is not positive.

    Raises
    ------
    ValueError
    """
    if value <= 0:
        raise ValueError(f"{name} must be positive, was {value}")


class ProductType(StrEnum):
    """What a product family holds."""

    FUTURE = "FUT"
    PHYSICAL = "PHY"
    COMBINATION = "CMB"
    OPTION_ON_FUTURE = "OOF"
    OPTION_ON_PHYSICAL = "OOP"
    OPTION_ON_COMBINATION = "OOC"

    @property
    def is_option(self) -> bool:
        """Whether contracts of the type have a right and a strike."""
        return self.value.startswith("OO")


class OptionRight(StrEnum):
    """Call or put."""

    CALL = "C"
    PUT = "P"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A contract period as ``CCYYMM``, with a day or week code where the month is not enough.

    Examples
    --------
    >>> Period("202606").month
    '202606'
    """

    text: str

    def __post_init__(self) -> None:
        if not _PERIOD.fullmatch(self.text):
            raise ValueError(f"a period is CCYYMM and at most two more characters: {self.text!r}")

    @property
    def month(self) -> str:
        """The period without a day or week code."""
        return self.text[:6]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, order=True)
class ProductKey:
    """A product family: exchange acronym, product code, type."""

    exchange: str
    code: str
    type: ProductType

    def __post_init__(self) -> None:
        check_code("exchange", self.exchange, 3)
        check_code("product code", self.code, 10)

    def __str__(self) -> str:
        return f"{self.exchange} {self.code} {self.type}"


@dataclass(frozen=True, slots=True, order=True)
class OptionTerms:
    """What makes an option out of its series: its period, right and strike."""

    period: Period
    right: OptionRight
    strike: Fraction


@dataclass(frozen=True, slots=True)
class ScanRange:
    """Risk array parameters of a series.

    Parameters
    ----------
    price_up, price_down : Fraction
        Price scan range in money a contract; the same unless the set is asymmetric.
    volatility : Fraction
        Volatility scan range, a ratio.
    extreme_multiplier, cover_fraction : Fraction
        Of scenarios 15 and 16: how many scan ranges, and how much of that loss counts.
    """

    price_up: Fraction
    price_down: Fraction
    volatility: Fraction = _ZERO
    extreme_multiplier: Fraction = _ZERO
    cover_fraction: Fraction = _ZERO

    def __post_init__(self) -> None:
        for name in ("price_up", "price_down", "volatility", "extreme_multiplier"):
            check_not_negative(name, getattr(self, name))
        if not 0 <= self.cover_fraction <= 1:
            raise ValueError(f"cover_fraction is from 0 to 1, was {self.cover_fraction}")

    @staticmethod
    def symmetric(
        price: Fraction,
        *,
        volatility: Fraction = _ZERO,
        extreme_multiplier: Fraction = _ZERO,
        cover_fraction: Fraction = _ZERO,
    ) -> ScanRange:
        """Return the parameters with one price scan range for both directions."""
        return ScanRange(price, price, volatility, extreme_multiplier, cover_fraction)

    @property
    def price(self) -> Fraction:
        """The larger of the two price scan ranges: the outright maintenance requirement."""
        return max(self.price_up, self.price_down)


@dataclass(frozen=True, slots=True)
class SpanContract:
    """One contract with its risk array.

    Parameters
    ----------
    product : ProductKey
    period : Period
        Futures month; of an option, that of its underlying future.
    losses : tuple of 16 Fraction
        Loss of one long contract in each scenario, in the performance-bond currency.
    composite_delta : Fraction
        Of one long contract, before scaling.
    scan : ScanRange, optional
        None where the file has no array parameters for the series.
    delta_scaling_factor : Fraction
    option : OptionTerms, optional
    settlement_price : Fraction, optional
        In points; None where it is quoted in a form that is not decimal.
    contract_value_factor : Fraction, optional
        Money a point, where it is not the family's.
    """

    product: ProductKey
    period: Period
    losses: tuple[Fraction, ...]
    composite_delta: Fraction
    scan: ScanRange | None = None
    delta_scaling_factor: Fraction = _ONE
    option: OptionTerms | None = None
    settlement_price: Fraction | None = None
    contract_value_factor: Fraction | None = None

    def __post_init__(self) -> None:
        if len(self.losses) != SCENARIO_COUNT:
            raise ValueError(f"{self.label}: a risk array has 16 values, had {len(self.losses)}")
        if self.product.type.is_option != (self.option is not None):
            raise ValueError(f"{self.label}: an option, and nothing else, has right and strike")
        if self.delta_scaling_factor <= 0:
            raise ValueError(f"{self.label}: delta scaling factor must be positive")

    @property
    def delta(self) -> Fraction:
        """Composite delta in units of the combined commodity."""
        return self.composite_delta * self.delta_scaling_factor

    @property
    def key(self) -> tuple[str, str, str, str, str, str, Fraction]:
        """What no other contract of the set has; contracts are ordered by it."""
        option = self.option
        return (*self.series, *((option.right, option.strike) if option else ("", _ZERO)))

    @property
    def series(self) -> tuple[str, str, str, str, str]:
        """The key without right and strike: what array parameters are given for."""
        product = self.product
        period = self.option.period.text if self.option else ""
        return (product.exchange, product.code, product.type, self.period.text, period)

    @property
    def label(self) -> str:
        """Name in messages: ``CBT 21 FUT 202606``, an option with period, right and strike."""
        option = self.option
        more = f" {option.period} {option.right} {option.strike}" if option else ""
        return f"{self.product} {self.period}{more}"


@dataclass(frozen=True, slots=True)
class ProductFamily:
    """A product family that is linked into a combined commodity.

    Parameters
    ----------
    key : ProductKey
    name : str
        At most 15 characters.
    contract_value_factor : Fraction, optional
        Money a point.
    settlement_decimals, strike_decimals : int
        Decimal places of prices in the file.
    price_alignment : str
        Code of quotes that are not decimal; empty or ``0`` for decimal ones.
    array_decimals : int
        Decimal places of the risk array values in the file.
    currency : str
    """

    key: ProductKey
    name: str = ""
    contract_value_factor: Fraction | None = None
    settlement_decimals: int = 0
    strike_decimals: int = 0
    price_alignment: str = ""
    array_decimals: int = 0
    currency: str = "USD"
