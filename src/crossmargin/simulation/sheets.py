"""The price sheet of the as-of date and the reference file of the simulated securities.

Notes and bonds are priced off the day's simulated curve with a small spread of their own and shown
on a grid of 64ths, bills by their discount factor, TIPS off the curve less an assumed inflation,
notes with a floating rate near par. Securities that mature within thirty days have no buy price
(0), as in the published sheets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl

from crossmargin.basics.dates import add_months, month_end
from crossmargin.market.curve import DAYS_PER_YEAR, KNOT_YEARS, ZeroCurve, curve_on
from crossmargin.market.history import PAR_TENOR_YEARS, FloatArray
from crossmargin.market.portable import exp_portable
from crossmargin.market.seeds import generator
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.treasury import SecurityKind, TreasurySecurity, cash_flows_per_100
from crossmargin.simulation.calibration import Calibration
from crossmargin.simulation.issues import SimulatedIssue, invented_cusip
from crossmargin.simulation.path import RatePaths

_SPREADS, _OTHERS = 31, 32
_GRID = 64
_NOT_BOUGHT_DAYS = 30
_TUESDAY, _THURSDAY = 1, 3
_TUESDAYS_TO = 49  # bills of six weeks and less also mature on Tuesdays
_BILLS, _TIPS, _FLOATERS = 50, 53, 8
_SHEET_COLUMNS = (
    "price_date",
    "cusip",
    "security_type",
    "rate_pct",
    "maturity_date",
    "buy",
    "sell",
)


def curve_of(yields_pct: Mapping[str, float]) -> ZeroCurve:
    """Return the zero curve of one day from its yields by tenor, rounded as published."""
    names = [name for name in yields_pct if PAR_TENOR_YEARS[name] >= KNOT_YEARS[0]]
    yields = np.array([round(yields_pct[name], 2) / 100 for name in names])
    return curve_on([PAR_TENOR_YEARS[name] for name in names], yields, overnight=None)


def clean_price(
    curve: ZeroCurve, security: TreasurySecurity, *, settlement: date, spread: float
) -> float:
    """Return the clean price per 100: flows at the curve plus a continuous spread (ratio)."""
    flows = cash_flows_per_100(security, after=settlement)
    years = np.array([(flow.date - settlement).days / DAYS_PER_YEAR for flow in flows])
    amounts = np.array([float(flow.amount_per_100) for flow in flows])
    values: FloatArray = amounts * curve.discount_factors(years) * exp_portable(-spread * years)
    accrued = float(accrued_interest_per_100(security, settlement))
    return math.fsum([*values.tolist(), -accrued])


def security_prices(
    paths: RatePaths,
    issues: Sequence[SimulatedIssue],
    *,
    as_of: date,
    seed: int,
    calibration: Calibration,
) -> pl.DataFrame:
    """Return the table ``security_prices`` of the as-of date."""
    settlement = sifma_calendar().next_business_day(as_of)
    row = max(i for i, day in enumerate(paths.days) if day <= as_of)
    curve = curve_of({name: float(paths.tenor(name)[row]) for name in paths.tenors})
    sheet = [
        *_bills(curve, settlement=settlement),
        *_coupons(curve, issues, settlement=settlement, seed=seed, calibration=calibration),
        *_others(curve, float(paths.target_pct[row]), settlement, seed, calibration),
    ]
    rows = [
        (as_of, cusip, kind, rate, maturity, _buy(sell, kind, (maturity - as_of).days), sell)
        for cusip, kind, rate, maturity, sell in sheet
    ]
    return pl.DataFrame(rows, schema=list(_SHEET_COLUMNS), orient="row")


_SheetRow = tuple[str, str, float, date, float]


def _buy(sell: float, kind: str, days_left: int) -> float:
    """Return the buy price: a 64th over the sell, a little for what is quoted by discount."""
    if days_left <= _NOT_BOUGHT_DAYS:
        return 0.0
    wide = kind in ("MARKET BASED NOTE", "MARKET BASED BOND", "TIPS")
    return sell + 1 / _GRID if wide else round(sell + 0.0001 * days_left / 100, 6)


def _sheet_row(security: TreasurySecurity, price: float) -> _SheetRow:
    # The published sheets write TIPS without the words before it.
    kind = security.kind
    name = kind.value if kind is SecurityKind.TIPS else f"MARKET BASED {kind}"
    on_grid = float(np.rint(price * _GRID) / _GRID)
    return (
        security.cusip.text,
        name,
        float(security.coupon_pct),
        security.maturity_date,
        on_grid,
    )


def _bills(curve: ZeroCurve, *, settlement: date) -> list[_SheetRow]:
    """Return bills maturing on Tuesdays and Thursdays, then weekly to a year."""
    rows: list[_SheetRow] = []
    calendar = sifma_calendar()
    maturity = settlement
    while len(rows) < _BILLS:
        maturity += timedelta(days=1)
        weekly = maturity.weekday() == _THURSDAY
        extra = maturity.weekday() == _TUESDAY and (maturity - settlement).days <= _TUESDAYS_TO
        if not (weekly or extra) or not calendar.is_business_day(maturity):
            continue
        years = np.array([(maturity - settlement).days / DAYS_PER_YEAR])
        price = round(100 * float(curve.discount_factors(years)[0]), 6)
        cusip = invented_cusip("L", len(rows) + 1).text
        rows.append((cusip, "MARKET BASED BILL", 0.0, maturity, price))
    return rows


def _coupons(
    curve: ZeroCurve,
    issues: Sequence[SimulatedIssue],
    *,
    settlement: date,
    seed: int,
    calibration: Calibration,
) -> list[_SheetRow]:
    newest = {issue.security.original_maturity_years: issue.security for issue in issues}
    normals = generator(seed, _SPREADS).standard_normal(len(issues))
    sd, dear = (calibration.number(f"bond_spread_{name}_bp") for name in ("sd", "on_the_run"))
    rows: list[_SheetRow] = []
    for issue, normal in zip(issues, normals, strict=True):
        security = issue.security
        if security.maturity_date <= settlement:
            continue
        is_newest = newest[security.original_maturity_years] is security
        spread_bp = sd * float(normal) + (dear if is_newest else 0)
        price = clean_price(curve, security, settlement=settlement, spread=spread_bp / 1e4)
        rows.append(_sheet_row(security, price))
    return rows


def _others(
    curve: ZeroCurve, target: float, settlement: date, seed: int, calibration: Calibration
) -> list[_SheetRow]:
    """Return TIPS at quarterly mid-months to thirty years, and floating-rate notes to two."""
    random = generator(seed, _OTHERS)
    inflation = calibration.number("breakeven_inflation_pct") / 100
    rows: list[_SheetRow] = []
    for number in range(1, _TIPS + 1):
        months = round(2 + (number / _TIPS) ** 2 * 355)
        security = TreasurySecurity(
            cusip=invented_cusip("T", number),
            kind=SecurityKind.TIPS,
            coupon_pct=Decimal(int(random.integers(1, 20))) / 8,
            maturity_date=add_months(settlement.replace(day=15), months),
        )
        price = clean_price(curve, security, settlement=settlement, spread=-inflation)
        rows.append(_sheet_row(security, price))
    rate = round(target + 0.1, 3)
    for number in range(1, _FLOATERS + 1):
        ahead = add_months(settlement.replace(day=1), 3 * number - 2)
        maturity = month_end(ahead.year, ahead.month)
        price = round(100 + 0.1 * float(random.random()), 6)
        text = invented_cusip("F", number).text
        rows.append((text, "MARKET BASED FRN", rate, maturity, price))
    return rows


def security_reference(issues: Sequence[SimulatedIssue], *, as_of: date) -> pl.DataFrame:
    """Return the table ``security_reference``: every simulated note and bond outstanding."""
    rows = []
    for issue in issues:
        security = issue.security
        if security.maturity_date <= as_of:
            continue
        again: list[date | float | None] = [part for pair in issue.reopenings for part in pair]
        again += [None] * (4 - len(again))
        days = (security.maturity_date - issue.issue_date).days
        amount = issue.original_bn + sum(size for _, size in issue.reopenings)
        terms = (float(security.coupon_pct), issue.issue_date, security.maturity_date)
        sizes = (amount, None, issue.original_bn)
        rows.append((security.cusip.text, days / 365, *terms, *sizes, *again, 0.0))
    return pl.DataFrame(rows, schema=_REFERENCE_SCHEMA, orient="row")


_REFERENCE_SCHEMA: dict[str, pl.DataType] = {
    "cusip": pl.String(),
    "original_maturity_years": pl.Float64(),
    "coupon_pct": pl.Float64(),
    "issue_date": pl.Date(),
    "maturity_date": pl.Date(),
    "adj_issuance_bn": pl.Float64(),
    "inflation_indexed": pl.String(),
    "orig_issuance_bn": pl.Float64(),
    "reopen1_date": pl.Date(),
    "reopen1_bn": pl.Float64(),
    "reopen2_date": pl.Date(),
    "reopen2_bn": pl.Float64(),
    "repurchased_bn": pl.Float64(),
}
