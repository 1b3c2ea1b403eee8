"""Builders for tests: invented securities, curves, scenarios and factor histories, all small."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from crossmargin.basics.identifiers import Cusip, CustomerKey, cusip_check_digit
from crossmargin.market.curve import KNOT_YEARS, ZeroCurve
from crossmargin.market.factors import KeyRateChanges
from crossmargin.market.history import DateArray, FloatArray, SecurityPrice
from crossmargin.market.residuals import ResidualShocks
from crossmargin.market.scenarios import (
    BASIS_CONTRACTS,
    NOT_PROXIED,
    SPREAD_KNOTS,
    FactorHistory,
    ScenarioSet,
)
from crossmargin.market.seeds import generator
from crossmargin.pricing.valuation import Valuation, value_market
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

AS_OF = date(2026, 3, 24)
KEY_YEARS: FloatArray = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 25.0, 30.0])
_LONGEST_NOTE_YEARS = 10


def invented_cusip(number: int) -> Cusip:
    """Return a CUSIP with the prefix 9XM, which no US issuer has, and a right check digit."""
    stem = f"9XM{number:05d}"
    return Cusip(f"{stem}{cusip_check_digit(stem)}")


def note_or_bond(
    number: int,
    *,
    maturity_date: date,
    coupon_pct: str = "4",
    original_maturity_years: int | None = None,
) -> TreasurySecurity:
    """Return an invented note, or a bond where the original maturity is over ten years."""
    original = original_maturity_years or 0
    kind = SecurityKind.NOTE if original <= _LONGEST_NOTE_YEARS else SecurityKind.BOND
    return TreasurySecurity(
        invented_cusip(number),
        kind,
        Decimal(coupon_pct),
        maturity_date,
        original_maturity_years=original_maturity_years,
        original_maturity_source="invented",
    )


def quoted(security: TreasurySecurity, clean_price_per_100: str) -> SecurityPrice:
    """Return a quote, bid and offer alike."""
    price = Decimal(clean_price_per_100)
    return SecurityPrice(security, price, price)


def price_sheet(prices: Iterable[SecurityPrice]) -> dict[str, SecurityPrice]:
    """Return quotes by CUSIP."""
    return {price.security.cusip.text: price for price in prices}


def curve_of(rates: Sequence[float]) -> ZeroCurve:
    """Return a zero curve, linear from the first rate at three months to the last at 30 years."""
    return ZeroCurve(KNOT_YEARS, np.interp(KNOT_YEARS, np.linspace(0.25, 30.0, len(rates)), rates))


#: Six quotes: two issues each for the two-year, the ten-year and the bond contract of June 2026.
SMALL_SHEET: Mapping[str, SecurityPrice] = price_sheet(
    quoted(
        note_or_bond(
            number,
            maturity_date=maturity_date,
            coupon_pct=coupon_pct,
            original_maturity_years=original,
        ),
        clean,
    )
    for number, maturity_date, coupon_pct, original, clean in (
        (1, date(2028, 3, 31), "3.5", 2, "99.25"),
        (2, date(2028, 4, 30), "3.75", 2, "99.75"),
        (3, date(2033, 2, 15), "3.5", 10, "96.5"),
        (4, date(2033, 11, 15), "4.5", 10, "102.25"),
        (5, date(2042, 2, 15), "2.375", 30, "73.5"),
        (6, date(2047, 11, 15), "2.75", 30, "73"),
    )
)


def small_valuation(
    contracts: Iterable[FuturesContract],
    *,
    prices: Mapping[str, SecurityPrice] = SMALL_SHEET,
    curve: ZeroCurve | None = None,
    repo_rate: float = 0.0375,
    as_of: date = AS_OF,
) -> Valuation:
    """Return a valuation of invented quotes and some contracts."""
    return value_market(
        as_of=as_of,
        calendar=sifma_calendar(),
        curve=curve or curve_of([0.037, 0.04, 0.046]),
        repo_rate=repo_rate,
        prices=prices,
        contracts=contracts,
    )


def scenario_set(
    key_rates: FloatArray,
    *,
    basis_bp: FloatArray | None = None,
    spread_bp: FloatArray | None = None,
    key_years: FloatArray = KEY_YEARS,
) -> ScenarioSet:
    """Return scenarios from shocks: key rates as plain ratios, shape (N, K)."""
    count = len(key_rates)
    blank: DateArray = np.full(count, np.datetime64("2020-01-01"))
    return ScenarioSet(
        name="invented",
        horizon_days=1,
        start_dates=blank,
        end_dates=blank,
        key_years=key_years,
        key_rates=key_rates,
        basis_bp=np.zeros((count, len(BASIS_CONTRACTS))) if basis_bp is None else basis_bp,
        spread_bp=np.zeros((count, len(SPREAD_KNOTS))) if spread_bp is None else spread_bp,
        proxied=NOT_PROXIED,
    )


def parallel(moves_bp: Sequence[float], *, key_years: FloatArray = KEY_YEARS) -> ScenarioSet:
    """Return one scenario for each parallel move of the curve, in basis points."""
    return scenario_set(np.outer(moves_bp, np.ones(len(key_years))) * 1e-4, key_years=key_years)


def random_scenarios(count: int, *, seed: int, daily_bp: float = 6.0) -> ScenarioSet:
    """Return scenarios with a common move, moves of their own, basis and spread."""
    random = generator(seed)
    common = random.normal(0.0, daily_bp, (count, 1))
    own = random.normal(0.0, daily_bp / 4.0, (count, len(KEY_YEARS)))
    return scenario_set(
        (common + own) * 1e-4,
        basis_bp=random.normal(0.0, 0.3, (count, len(BASIS_CONTRACTS))),
        spread_bp=random.normal(0.0, 1.0, (count, len(SPREAD_KNOTS))),
    )


def invented_history(
    *, first: date, last: date, horizon_days: int, seed: int, daily_bp: float = 6.0
) -> FactorHistory:
    """Return a factor history of overlapping moves on every weekday between two dates."""
    days = np.arange(np.datetime64(first), np.datetime64(last) + np.timedelta64(1, "D"))
    days = days[np.is_busday(days)]
    count = len(days) - horizon_days
    steps = random_scenarios(len(days), seed=seed, daily_bp=daily_bp)

    def over_horizon(moves: FloatArray) -> FloatArray:
        levels = np.cumsum(moves, axis=0)
        change: FloatArray = levels[horizon_days:] - levels[:-horizon_days]
        return change

    def residuals(names: tuple[str, ...], moves: FloatArray) -> ResidualShocks:
        return ResidualShocks(
            days[:-horizon_days],
            days[horizon_days:],
            names,
            over_horizon(moves),
            np.zeros(count, dtype=np.bool_),
            np.ones((count, len(names)), dtype=np.bool_),
            {},
        )

    return FactorHistory(
        horizon_days=horizon_days,
        key_rates=KeyRateChanges(
            days[:-horizon_days],
            days[horizon_days:],
            KEY_YEARS,
            over_horizon(steps.key_rates),
            np.zeros(count, dtype=np.bool_),
        ),
        basis=residuals(BASIS_CONTRACTS, steps.basis_bp),
        spread=residuals(SPREAD_KNOTS, steps.spread_bp),
    )


def position(
    customer: str, instrument: str, quantity: int, *, account: Account = Account.XM
) -> PositionLine:
    """Return a line of a customer: at FICC where the instrument is a CUSIP, at CME otherwise."""
    at_ficc = instrument[0] == "9"
    return PositionLine(
        line=2,
        customer=CustomerKey("BD-FCM", customer),
        clearing_organization=ClearingOrganization.FICC if at_ficc else ClearingOrganization.CME,
        account=account,
        instrument=instrument,
        quantity=quantity,
        leg=Leg.CASH,
    )
