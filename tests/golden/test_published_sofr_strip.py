"""Settlement rates and strips of money-market futures against published figures.

Sources: CME, *Pricing and Hedging USD SOFR IRS with SOFR Futures* (2025-06-04), eight quarterly
prices with their discount factors and par rate; daily closes of fed funds futures by contract.
"""

from __future__ import annotations

import csv
import gzip
import statistics
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.pricing.stir import (
    MissingFixing,
    flat_overnight_rate_pct,
    settlement_price,
    strip_discount_factors,
    strip_par_rate_pct,
)
from crossmargin.product.calendars import futures_delivery_calendar, sifma_calendar
from crossmargin.product.futures import MONTH_LETTERS, FuturesContract, last_trading_day

PRICES = [
    Decimal(text)
    for text in ("95.895", "96.290", "96.605", "96.815", "96.940", "96.985", "96.965", "96.910")
]
DAYS = [91] * 8
FACTORS = [0.989730, 0.980535, 0.972191, 0.964427, 0.957024, 0.949786, 0.942555, 0.935249]


def test_discount_factors_of_the_published_strip() -> None:
    factors = [float(factor) for factor in strip_discount_factors(PRICES, DAYS)]
    assert factors == pytest.approx(FACTORS, abs=5e-7)


def test_par_rate_of_the_published_strip() -> None:
    factors = strip_discount_factors(PRICES, DAYS)
    annuity = sum(factor * 91 for factor in factors)
    assert float(annuity) == pytest.approx(699.926, abs=5e-4)
    floating = sum(
        factor * (100 - Fraction(price)) / 100 * Fraction(91, 360)
        for factor, price in zip(factors, PRICES, strict=True)
    )
    assert float(floating) == pytest.approx(0.0647505, abs=5e-8)
    assert float(strip_par_rate_pct(PRICES, DAYS)) == pytest.approx(3.3304, abs=5e-5)


def test_overnight_rate_behind_a_quarter() -> None:
    # Four single days and a weekend, thirteen weeks; the article prints 4.2725, rounded further.
    overnight = flat_overnight_rate_pct(Decimal("4.295"), [1, 1, 1, 1, 3] * 13)
    assert float(overnight) == pytest.approx(4.2723, abs=5e-5)


def fed_funds_contract(symbol: str) -> FuturesContract:
    two_digits = int(symbol[3:])
    century = 1900 if two_digits > 80 else 2000
    return FuturesContract("ZQ", century + two_digits, MONTH_LETTERS.index(symbol[2]) + 1)


def last_closes(real_data: Path) -> dict[str, tuple[date, float]]:
    closes: dict[str, tuple[date, float]] = {}
    with gzip.open(real_data / "zq_fed_funds_futures_by_contract.csv.gz", "rt") as lines:
        for row in csv.DictReader(lines):
            day = date.fromisoformat(row["date"])
            if row["symbol"] not in closes or closes[row["symbol"]][0] < day:
                closes[row["symbol"]] = (day, float(row["close"]))
    return closes


@pytest.mark.real_data
def test_fed_funds_contracts_last_trade_when_the_data_end(real_data: Path) -> None:
    calendar = futures_delivery_calendar()
    expired = {
        symbol: day
        for symbol, (day, _) in last_closes(real_data).items()
        if last_trading_day(fed_funds_contract(symbol)) < date(2023, 9, 1)
    }
    expected = {symbol: last_trading_day(fed_funds_contract(symbol)) for symbol in expired}
    others = {symbol: day for symbol, day in expired.items() if day != expected[symbol]}
    # From 2021 the file keeps some contracts one business day longer; two series end early.
    early = {symbol for symbol, day in others.items() if day < expected[symbol]}
    late = {symbol for symbol in others if symbol not in early}
    assert early == {"ZQH98", "ZQK01"}
    assert all(others[s] == calendar.next_business_day(expected[s]) for s in late)
    assert len(late) == 15
    assert len(expired) - len(others) == 387


@pytest.mark.real_data
def test_fed_funds_contracts_settle_near_their_last_close(real_data: Path) -> None:
    with gzip.open(real_data / "fed_funds_target_and_effr_daily.csv.gz", "rt") as lines:
        fixings = {
            date.fromisoformat(row["date"]): Decimal(row["effr_pct"])
            for row in csv.DictReader(lines)
            if row["effr_pct"]
        }
    gaps = {}
    for symbol, (_, close) in last_closes(real_data).items():
        contract = fed_funds_contract(symbol)
        if (contract.year, contract.month) <= (2015, 5):
            price = settlement_price(
                contract, fixings, calendar=sifma_calendar(), missing=MissingFixing.FORWARD
            )
            gaps[symbol] = abs(float(price) - close)
    assert len(gaps) == 305
    # The last close is made before the last rates are known: basis points, not zero.
    assert statistics.mean(gaps.values()) == pytest.approx(0.0075, abs=0.0005)
    assert max(gaps, key=lambda symbol: gaps[symbol]) == "ZQZ00"
    assert gaps["ZQZ00"] == pytest.approx(0.108, abs=0.0005)
