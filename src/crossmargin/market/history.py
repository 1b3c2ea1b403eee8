"""Containers for a market directory's contents: typed, immutable, no files.

Dates are ``datetime64[D]``, ascending; a missing figure is NaN. Yields and rates are per cent as
published; the room converts them once, where it uses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from crossmargin.product.treasury import TreasurySecurity

FloatArray = npt.NDArray[np.float64]
DateArray = npt.NDArray[np.datetime64]

#: Columns of the published par yield curve, in order, with their tenor in years.
PAR_TENOR_YEARS: Mapping[str, float] = {
    "1M": 1 / 12,
    "1.5M": 1.5 / 12,
    "2M": 2 / 12,
    "3M": 0.25,
    "4M": 4 / 12,
    "6M": 0.5,
    "1Y": 1.0,
    "2Y": 2.0,
    "3Y": 3.0,
    "5Y": 5.0,
    "7Y": 7.0,
    "10Y": 10.0,
    "20Y": 20.0,
    "30Y": 30.0,
}


def _frozen(array: npt.NDArray[np.generic]) -> None:
    array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class ParYieldHistory:
    """Published par yields: ``yields_pct`` has shape (dates, tenors), NaN where blank."""

    dates: DateArray
    tenors: tuple[str, ...]
    yields_pct: FloatArray

    def __post_init__(self) -> None:
        if self.yields_pct.shape != (len(self.dates), len(self.tenors)):
            raise ValueError(f"yields_pct has shape {self.yields_pct.shape}")
        _frozen(self.dates)
        _frozen(self.yields_pct)


@dataclass(frozen=True, slots=True)
class RateHistory:
    """One published rate a day: ``rates_pct`` has shape (dates,)."""

    dates: DateArray
    rates_pct: FloatArray

    def __post_init__(self) -> None:
        if self.rates_pct.shape != self.dates.shape:
            raise ValueError(f"rates_pct has shape {self.rates_pct.shape}")
        _frozen(self.dates)
        _frozen(self.rates_pct)


@dataclass(frozen=True, slots=True)
class CloseHistory:
    """Daily closes of one symbol: ``closes`` has shape (dates,), in price points or dollars."""

    symbol: str
    dates: DateArray
    closes: FloatArray

    def __post_init__(self) -> None:
        if self.closes.shape != self.dates.shape:
            raise ValueError(f"closes has shape {self.closes.shape}")
        _frozen(self.dates)
        _frozen(self.closes)


@dataclass(frozen=True, slots=True)
class MarginLevelHistory:
    """Outright margin levels of one future, as announced: dollars a contract.

    Parameters
    ----------
    symbol : str
    dates : ndarray of datetime64[D], shape (changes,)
        Effective dates, ascending; a level holds until the next.
    initial_dollars, maintenance_dollars : ndarray, shape (changes,)
    """

    symbol: str
    dates: DateArray
    initial_dollars: FloatArray
    maintenance_dollars: FloatArray

    def __post_init__(self) -> None:
        for levels in (self.initial_dollars, self.maintenance_dollars):
            if levels.shape != self.dates.shape:
                raise ValueError(f"{self.symbol}: levels have shape {levels.shape}")
            _frozen(levels)
        _frozen(self.dates)


@dataclass(frozen=True, slots=True)
class TraderPositions:
    """What the CFTC's weekly report of financial traders says of one future.

    Parameters
    ----------
    report_date : date
        The Tuesday whose close it shows.
    open_interest : int
        Contracts.
    long, short : mapping of trader class to int
        Contracts outright: ``dealers``, ``asset_managers``, ``leveraged_funds``; those that the
        table has.
    """

    report_date: date
    open_interest: int
    long: Mapping[str, int] = field(default_factory=dict)
    short: Mapping[str, int] = field(default_factory=dict)

    def net(self, trader_class: str) -> int | None:
        """Return long less short contracts of a class; None where the table lacks it."""
        if trader_class not in self.long or trader_class not in self.short:
            return None
        return self.long[trader_class] - self.short[trader_class]


@dataclass(frozen=True, slots=True)
class SecurityPrice:
    """One line of a FedInvest price sheet: clean prices per 100, zero where not quoted."""

    security: TreasurySecurity
    buy_clean_per_100: Decimal
    sell_clean_per_100: Decimal


@dataclass(frozen=True, slots=True)
class PriceSheet:
    """Security prices of one date, by CUSIP text.

    Parameters
    ----------
    price_date : date
    prices : mapping of CUSIP to SecurityPrice
    derived_from : date or None
        The date of the sheet these prices were derived from; None where they were quoted.
    """

    price_date: date
    prices: Mapping[str, SecurityPrice]
    derived_from: date | None = None


@dataclass(frozen=True, slots=True)
class MarketData:
    """Everything of a market directory that margin needs.

    Parameters
    ----------
    simulated : bool
        True for a synthetic market; every output says so.
    digest : str
        SHA-256 over the directory's tables.
    par_yields : ParYieldHistory
    sofr : RateHistory
    effective_fed_funds, fed_funds_target : RateHistory
        The effective rate as far as it is known; the target (upper bound since 2008-12-16).
    treasury_futures : mapping of symbol to CloseHistory
        Continuous front-month closes, unadjusted for rolls: ZT ZF ZN ZB TN.
    fed_funds_futures : mapping of contract code (two-digit year) to CloseHistory
    price_sheets : mapping of date to PriceSheet
    futures_margins : mapping of symbol to MarginLevelHistory
        Announced margin levels of Treasury futures; empty where the table is absent.
    open_interest : mapping of product to tuple of TraderPositions
        The CFTC's weekly reports by date, ascending; empty where the table is absent.
    """

    simulated: bool
    digest: str
    par_yields: ParYieldHistory
    sofr: RateHistory
    effective_fed_funds: RateHistory
    fed_funds_target: RateHistory
    treasury_futures: Mapping[str, CloseHistory]
    fed_funds_futures: Mapping[str, CloseHistory]
    price_sheets: Mapping[date, PriceSheet]
    futures_margins: Mapping[str, MarginLevelHistory] = field(default_factory=dict)
    open_interest: Mapping[str, tuple[TraderPositions, ...]] = field(default_factory=dict)

    def traders_on(self, product: str, day: date) -> TraderPositions | None:
        """Return the last weekly report of a product on or before a day; None where there is none.

        A report bears the date of its positions; it is published some days later, so that on the
        day itself it was not known yet.
        """
        known = [each for each in self.open_interest.get(product, ()) if each.report_date <= day]
        return known[-1] if known else None

    def with_sheet(self, sheet: PriceSheet) -> MarketData:
        """Return the market with one more price sheet; the digest stays that of the tables."""
        return replace(self, price_sheets={**self.price_sheets, sheet.price_date: sheet})
