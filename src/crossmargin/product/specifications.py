"""Contract specifications of the listed rate futures: dated facts, each with source and status.

Source keys: S36 CME contract specification pages; S36e CME articles on the 20-year contract (2022);
S37 CME, *The Perfect 10 at 10* (2026), on the 8-year limit of the 10-year contract; S27 CME,
*Calculating US Treasury futures conversion factors*; S27d CBOT special executive report 7585; S38
CBOT rulebook, chapter 21.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from crossmargin.parameters.registry import Status

_MONTHS_PER_YEAR = 12
QUARTERLY_MONTHS = (3, 6, 9, 12)
EVERY_MONTH = tuple(range(1, 13))


class ProductKind(StrEnum):
    """What a contract settles to."""

    TREASURY = "TREASURY"
    SOFR_3M = "SOFR_3M"
    SOFR_1M = "SOFR_1M"
    FED_FUNDS = "FED_FUNDS"


class LastTradingRule(StrEnum):
    """When trading stops, counted in the contract month unless it says otherwise."""

    LAST_BUSINESS_DAY = "last business day"
    SEVENTH_BEFORE_LAST = "seventh business day before the last business day"
    BEFORE_END_OF_REFERENCE_QUARTER = "business day before the reference quarter ends"


@dataclass(frozen=True, slots=True)
class DeliveryRule:
    """Which notes and bonds a Treasury contract accepts, from one contract month on.

    Remaining terms count from the first day of the delivery month, in whole months, a part of a
    month dropped. A limit is None where there is none.

    Parameters
    ----------
    first_year, first_month : int
        First contract month the rule applies to.
    original_years : tuple of int
        Original maturities, in years, that are accepted.
    original_maturity_text : str
        The rule's words, for reasons.
    remaining_months_min, remaining_months_max : int or None
        Both counted.
    source : str
    status : Status
    """

    first_year: int
    first_month: int
    original_years: tuple[int, ...]
    original_maturity_text: str
    remaining_months_min: int
    remaining_months_max: int | None
    source: str
    status: Status


@dataclass(frozen=True, slots=True)
class FuturesProduct:
    """One listed rate future.

    Parameters
    ----------
    code : str
        Globex code.
    name : str
    clearing_code : str
    kind : ProductKind
    face_dollars : int
        Par of the deliverable; the notional of a money-market contract.
    dollars_per_point : Decimal
        What one point of price is worth.
    tick_points : Decimal
        Smallest outright price change (money-market contracts: outside the nearest months).
    contract_months : tuple of int
        Months a contract may be named by.
    listed_quarterlies, listed_serials : int
        How many are listed at a time; serials are the nearest months that are not quarterly. A
        contract listed in every month counts them all as quarterlies.
    last_trading_rule : LastTradingRule
    conversion_factor_months : int
        3: remaining terms are cut to whole quarters for the conversion factor; 1: to months; 0:
        nothing is delivered.
    delivery_rules : tuple of DeliveryRule
        By first contract month; empty where nothing is delivered.
    source : str
    status : Status
    """

    code: str
    name: str
    clearing_code: str
    kind: ProductKind
    face_dollars: int
    dollars_per_point: Decimal
    tick_points: Decimal
    contract_months: tuple[int, ...]
    listed_quarterlies: int
    listed_serials: int
    last_trading_rule: LastTradingRule
    conversion_factor_months: int
    delivery_rules: tuple[DeliveryRule, ...]
    source: str
    status: Status

    def delivers_in(self, year: int, month: int) -> bool:
        """Return whether a contract month is delivered: a product begins with its first rule."""
        return any(
            (rule.first_year, rule.first_month) <= (year, month) for rule in self.delivery_rules
        )

    def delivery_rule(self, year: int, month: int) -> DeliveryRule:
        """Return the rule in force for a contract month.

        Raises
        ------
        LookupError
            If nothing is delivered, or no rule is known for so early a month.
        """
        for rule in reversed(self.delivery_rules):
            if (rule.first_year, rule.first_month) <= (year, month):
                return rule
        raise LookupError(f"{self.code} has no delivery rule for {year}-{month:02d}")


def _months(years: int, months: int = 0) -> int:
    return years * _MONTHS_PER_YEAR + months


def _rule(
    original_years: tuple[int, ...],
    text: str,
    shortest: int,
    longest: int | None,
    *,
    since: tuple[int, int] = (1990, 1),
    source: str = "S36",
    status: Status = Status.SOURCED,
) -> DeliveryRule:
    return DeliveryRule(*since, original_years, text, shortest, longest, source, status)


_UP_TO_5 = (2, 3, 4, 5)
_UP_TO_7 = (2, 3, 4, 5, 7)
_NOTES = (2, 3, 4, 5, 7, 10)
_BONDS = (20, 30)

_DELIVERY_RULES: Mapping[str, tuple[DeliveryRule, ...]] = {
    "ZT": (
        # "Not more than 2 years from the last day of the month" is the same as 24 whole months.
        _rule(_UP_TO_5, "5 years 3 months or less", _months(1, 9), _months(2)),
    ),
    "Z3N": (_rule(_UP_TO_7, "7 years or less", _months(2, 9), _months(3)),),
    "ZF": (_rule(_UP_TO_5, "5 years 3 months or less", _months(4, 2), None),),
    "ZN": (
        _rule(_NOTES, "10 years or less", _months(6, 6), _months(10)),
        _rule(_NOTES, "10 years or less", _months(6, 6), _months(8), since=(2023, 9), source="S37"),
    ),
    "TN": (_rule((10,), "10 years", _months(9, 5), _months(10)),),
    "TWE": (
        _rule((20,), "20 years", _months(19, 2), _months(20), since=(2022, 6), source="S36e"),
        _rule(
            _BONDS,
            "20 or 30 years",
            _months(19, 2),
            _months(19, 10),
            since=(2022, 9),
            source="S36e",
        ),
    ),
    "ZB": (
        _rule(_BONDS, "20 or 30 years", _months(15), None),
        # The Ultra contract took the longest bonds over from March 2011.
        _rule(
            _BONDS,
            "20 or 30 years",
            _months(15),
            _months(24, 11),
            since=(2011, 3),
            source="S36; date recalled",
            status=Status.RECALLED,
        ),
    ),
    "UB": (_rule(_BONDS, "20 or 30 years", _months(25), None),),
}


def _treasury(
    code: str,
    name: str,
    clearing_code: str,
    *,
    face_dollars: int = 100_000,
    tick: str,
    quarters: bool,
) -> FuturesProduct:
    # Contracts cut to whole quarters are those that stop trading before the month's last days.
    return FuturesProduct(
        code=code,
        name=name,
        clearing_code=clearing_code,
        kind=ProductKind.TREASURY,
        face_dollars=face_dollars,
        dollars_per_point=Decimal(face_dollars) / 100,
        tick_points=Decimal(tick),
        contract_months=QUARTERLY_MONTHS,
        listed_quarterlies=3,
        listed_serials=0,
        last_trading_rule=(
            LastTradingRule.SEVENTH_BEFORE_LAST if quarters else LastTradingRule.LAST_BUSINESS_DAY
        ),
        conversion_factor_months=3 if quarters else 1,
        delivery_rules=_DELIVERY_RULES[code],
        source="S36; conversion factor rounding S27",
        # The 20-year contract's rounding is in no text; CME's table of factors bears it out.
        status=Status.DERIVED if code == "TWE" else Status.SOURCED,
    )


_ALL = (
    _treasury(
        "ZT",
        "2-Year T-Note",
        "26",
        face_dollars=200_000,
        tick="0.00390625",
        quarters=False,
    ),
    _treasury(
        "Z3N",
        "3-Year T-Note",
        "3YR",
        face_dollars=200_000,
        tick="0.00390625",
        quarters=False,
    ),
    _treasury("ZF", "5-Year T-Note", "25", tick="0.0078125", quarters=False),
    _treasury("ZN", "10-Year T-Note", "21", tick="0.015625", quarters=True),
    _treasury("TN", "Ultra 10-Year T-Note", "TN", tick="0.015625", quarters=True),
    _treasury("TWE", "20-Year T-Bond", "TWE", tick="0.03125", quarters=True),
    _treasury("ZB", "T-Bond", "17", tick="0.03125", quarters=True),
    _treasury("UB", "Ultra T-Bond", "UBE", tick="0.03125", quarters=True),
    FuturesProduct(
        code="SR3",
        name="Three-Month SOFR",
        clearing_code="SR3",
        kind=ProductKind.SOFR_3M,
        face_dollars=1_000_000,
        dollars_per_point=Decimal(2500),
        tick_points=Decimal("0.005"),
        contract_months=EVERY_MONTH,
        listed_quarterlies=39,
        listed_serials=6,
        last_trading_rule=LastTradingRule.BEFORE_END_OF_REFERENCE_QUARTER,
        conversion_factor_months=0,
        delivery_rules=(),
        source="S36; CME rule 460",
        status=Status.SOURCED,
    ),
    FuturesProduct(
        code="SR1",
        name="One-Month SOFR",
        clearing_code="SR1",
        kind=ProductKind.SOFR_1M,
        face_dollars=5_000_000,
        dollars_per_point=Decimal(4167),
        tick_points=Decimal("0.005"),
        contract_months=EVERY_MONTH,
        listed_quarterlies=13,
        listed_serials=0,
        last_trading_rule=LastTradingRule.LAST_BUSINESS_DAY,
        conversion_factor_months=0,
        delivery_rules=(),
        source="S36; CME rule 461",
        status=Status.SOURCED,
    ),
    FuturesProduct(
        code="ZQ",
        name="30-Day Federal Funds",
        clearing_code="41",
        kind=ProductKind.FED_FUNDS,
        face_dollars=5_000_000,
        dollars_per_point=Decimal(4167),
        tick_points=Decimal("0.005"),
        contract_months=EVERY_MONTH,
        listed_quarterlies=60,
        listed_serials=0,
        last_trading_rule=LastTradingRule.LAST_BUSINESS_DAY,
        conversion_factor_months=0,
        delivery_rules=(),
        source="S36; CBOT rulebook, chapter 22",
        status=Status.SOURCED,
    ),
)

#: Every product by its Globex code.
PRODUCTS: Mapping[str, FuturesProduct] = {product.code: product for product in _ALL}
