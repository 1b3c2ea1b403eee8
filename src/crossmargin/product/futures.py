"""Futures contracts: one product in one month, its days, and its name as files write it.

SR3 contracts are named by the month in which the reference quarter starts (ruling 15), although
CME's rule 460 defines the quarter by the delivery month three months later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.basics.dates import add_months, month_end, third_wednesday
from crossmargin.basics.refusals import refused
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.specifications import (
    PRODUCTS,
    QUARTERLY_MONTHS,
    FuturesProduct,
    LastTradingRule,
    ProductKind,
)

__all__ = [
    "MONTH_LETTERS",
    "PRODUCTS",
    "FuturesContract",
    "FuturesProduct",
    "ProductKind",
    "UnsupportedContract",
    "UnsupportedKind",
    "first_delivery_day",
    "is_listed",
    "last_delivery_day",
    "last_trading_day",
    "parse_contract",
    "recognise_contract",
    "reference_period",
]

MONTH_LETTERS = "FGHJKMNQUVXZ"

_EQUITY_FUTURES = ("ES", "NQ", "RTY", "YM", "MES", "MNQ", "M2K", "MYM", "EMD")
_CODE = re.compile(rf"(?P<product>[A-Z0-9]{{1,3}})(?P<month>[{MONTH_LETTERS}])(?P<year>\d{{1,2}})")
_OPTION_TAIL = re.compile(r"(?P<underlying>.+?) ?[CP]\d+(\.\d+)?")
_LISTED_YEARS_MAX = 12
_SEVEN_BUSINESS_DAYS = 7
_THREE_BUSINESS_DAYS = 3
_QUARTER_MONTHS = 3


@dataclass(frozen=True, slots=True, order=True)
class FuturesContract:
    """One contract month of a listed rate future.

    Examples
    --------
    >>> FuturesContract("ZN", 2026, 6).code
    'ZNM26'
    """

    product: str
    year: int
    month: int

    def __post_init__(self) -> None:
        if self.product not in PRODUCTS:
            raise ValueError(f"product must be one of {', '.join(PRODUCTS)}, was {self.product!r}")
        if self.month not in PRODUCTS[self.product].contract_months:
            months = PRODUCTS[self.product].contract_months
            raise ValueError(f"{self.product} has contract months {months}, was {self.month}")

    @property
    def code(self) -> str:
        """The code with a two-digit year, as every output has it."""
        return f"{self.product}{MONTH_LETTERS[self.month - 1]}{self.year % 100:02d}"

    @property
    def specification(self) -> FuturesProduct:
        """The product's terms."""
        return PRODUCTS[self.product]

    def __str__(self) -> str:
        return self.code


class UnsupportedKind(StrEnum):
    """What is recognised but has no model here (ruling 12)."""

    OPTION_ON_FUTURE = "option on a future"
    EQUITY_FUTURE = "equity future"


@dataclass(frozen=True, slots=True)
class UnsupportedContract:
    """A recognised instrument without a model."""

    text: str
    kind: UnsupportedKind


def last_trading_day(contract: FuturesContract) -> date:
    """Return the last day the contract trades."""
    calendar = futures_delivery_calendar()
    rule = contract.specification.last_trading_rule
    if rule is LastTradingRule.BEFORE_END_OF_REFERENCE_QUARTER:
        return calendar.previous_business_day(reference_period(contract)[1])
    last = _last_business_day(contract)
    if rule is LastTradingRule.SEVENTH_BEFORE_LAST:
        return calendar.add_business_days(last, -_SEVEN_BUSINESS_DAYS)
    return last


def first_delivery_day(contract: FuturesContract) -> date:
    """Return the first business day of the delivery month.

    Raises
    ------
    ValueError
        If the contract settles in cash.
    """
    _check_delivers(contract)
    return futures_delivery_calendar().on_or_after(date(contract.year, contract.month, 1))


def last_delivery_day(contract: FuturesContract) -> date:
    """Return the last day a Treasury security may be delivered.

    The month's last business day; for ZT, Z3N and ZF, which trade until that day, the third
    business day after.

    Raises
    ------
    ValueError
        If the contract settles in cash.
    """
    _check_delivers(contract)
    last = _last_business_day(contract)
    if contract.specification.last_trading_rule is LastTradingRule.LAST_BUSINESS_DAY:
        return futures_delivery_calendar().add_business_days(last, _THREE_BUSINESS_DAYS)
    return last


def reference_period(contract: FuturesContract) -> tuple[date, date]:
    """Return the first day of a money-market contract's reference period and the day after it.

    SR3: from the third Wednesday of the contract's month to that of the third month after, not
    counted. SR1 and ZQ: the calendar month.

    Raises
    ------
    ValueError
        If the contract delivers a Treasury security.

    Examples
    --------
    >>> reference_period(FuturesContract("SR3", 2025, 3))
    (datetime.date(2025, 3, 19), datetime.date(2025, 6, 18))
    """
    kind = contract.specification.kind
    if kind is ProductKind.TREASURY:
        raise ValueError(f"{contract.code} delivers a security: it has no reference period")
    month = date(contract.year, contract.month, 1)
    if kind is ProductKind.SOFR_3M:
        end = add_months(month, _QUARTER_MONTHS)
        return third_wednesday(month.year, month.month), third_wednesday(end.year, end.month)
    return month, add_months(month, 1)


def is_listed(contract: FuturesContract, *, as_of: date) -> bool:
    """Return whether the contract is listed on a day: not past, and not too far ahead.

    Listing depths are today's (S36); that they held on earlier days is assumed.
    """
    if last_trading_day(contract) < as_of:
        return False
    product = contract.specification
    if product.listed_serials and contract.month not in QUARTERLY_MONTHS:
        earlier, depth = _earlier_contracts(contract, serial=True), product.listed_serials
    elif product.listed_serials:
        earlier, depth = _earlier_contracts(contract, serial=False), product.listed_quarterlies
    else:
        earlier, depth = _earlier_contracts(contract, serial=None), product.listed_quarterlies
    # Listed if fewer than `depth` unexpired contracts come before it.
    nearest = next(c for place, c in enumerate(earlier, start=1) if place == depth)
    return last_trading_day(nearest) < as_of


def recognise_contract(text: str, *, as_of: date) -> FuturesContract | UnsupportedContract:
    """Return the contract that a code names on a day.

    A one-digit year is the earliest listed contract of that digit that is not past its last
    trading day (ruling 15). Options on futures and equity futures are recognised, not supported
    (ruling 12).

    Raises
    ------
    RefusedError
        If the text is no contract code, the product or month is unknown, or the contract is expired
        or not yet listed.
    """
    option = _OPTION_TAIL.fullmatch(text)
    match = _CODE.fullmatch(option["underlying"] if option else text)
    if match is None:
        raise refused(
            "instrument", text, "product, month letter and year, as ZNM6 or ZNM26", "ruling 15"
        )
    product = match["product"]
    if option and (product in PRODUCTS or product.removeprefix("O") in PRODUCTS):
        return UnsupportedContract(text, UnsupportedKind.OPTION_ON_FUTURE)
    if product in _EQUITY_FUTURES:
        kind = UnsupportedKind.OPTION_ON_FUTURE if option else UnsupportedKind.EQUITY_FUTURE
        return UnsupportedContract(text, kind)
    if product not in PRODUCTS:
        raise refused("instrument", text, f"a product of {', '.join(PRODUCTS)}", "ruling 12")
    month = MONTH_LETTERS.index(match["month"]) + 1
    return _listed_contract(text, product, month, match["year"], as_of)


def parse_contract(text: str, *, as_of: date) -> FuturesContract:
    """Return the rate future that a code names on a day.

    Raises
    ------
    RefusedError
        As :func:`recognise_contract`, and if the instrument is recognised but not supported.

    Examples
    --------
    >>> parse_contract("ZNM6", as_of=date(2026, 3, 24)).code
    'ZNM26'
    """
    found = recognise_contract(text, as_of=as_of)
    if isinstance(found, UnsupportedContract):
        raise refused("instrument", text, f"a rate future, not an {found.kind}", "ruling 12")
    return found


def _listed_contract(
    text: str, product: str, month: int, year_digits: str, as_of: date
) -> FuturesContract:
    if month not in PRODUCTS[product].contract_months:
        letters = "".join(MONTH_LETTERS[m - 1] for m in PRODUCTS[product].contract_months)
        raise refused("instrument", text, f"a contract month of {letters}", "ruling 12")
    modulus = 10 ** len(year_digits)
    years = range(as_of.year - 1, as_of.year + _LISTED_YEARS_MAX)
    named = [
        FuturesContract(product, year, month)
        for year in years
        if year % modulus == int(year_digits)
    ]
    for contract in named:
        if is_listed(contract, as_of=as_of):
            return contract
    past = [contract for contract in named if last_trading_day(contract) < as_of]
    stopped = f"; {past[-1].code} last traded on {last_trading_day(past[-1])}" if past else ""
    raise refused("instrument", text, f"a contract listed on {as_of}{stopped}", "ruling 15")


def _earlier_contracts(contract: FuturesContract, *, serial: bool | None) -> list[FuturesContract]:
    # The contracts of the product that come before, nearest first; serial or quarterly ones only.
    months = [
        month
        for month in contract.specification.contract_months
        if serial is None or (month not in QUARTERLY_MONTHS) is serial
    ]
    start = date(contract.year, contract.month, 1)
    earlier = (add_months(start, -back) for back in range(1, _LISTED_YEARS_MAX * 12))
    return [
        FuturesContract(contract.product, day.year, day.month)
        for day in earlier
        if day.month in months
    ]


def _last_business_day(contract: FuturesContract) -> date:
    return futures_delivery_calendar().on_or_before(month_end(contract.year, contract.month))


def _check_delivers(contract: FuturesContract) -> None:
    if contract.specification.kind is not ProductKind.TREASURY:
        raise ValueError(f"{contract.code} settles in cash: nothing is delivered")
