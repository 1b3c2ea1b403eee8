"""Checks of the futures tables: ends, holes, closes against their range, rolls, final prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from crossmargin.feeds.market.findings import (
    Finding,
    MarketTables,
    Severity,
    counted,
    dated,
    fact,
    found,
    split_known,
    symbols,
)

_PRICE_MIN, _PRICE_MAX = 50.0, 250.0
_STALE_DAYS = 5
_FED_FUNDS_MOVE_MAX = 1.0
_FED_FUNDS_MIN = 75.0
_ROLL_MONTHS = (3, 6, 9, 12)
_GRID = 1e-9
_FINAL_ERROR_MAX = 0.25
_KNOWN_MARKS = 57
_FUND_MOVE_MAX_PCT = 8.0  # the largest day since 2002 is TLT, 20 March 2020, 7.5 %
_SYMBOLS = ("ZT", "Z3N", "ZF", "ZN", "TN", "ZB", "UB")

_CLOSE_HANDLING = "the close is used, the range is not"
_DATE_HANDLING = "ruling 19: dates are aligned over contracts; no move is taken across a hole"
_ROLL_HANDLING = "real contract changes: no raw difference across a roll is a return"


@dataclass(frozen=True, slots=True)
class _Stated:
    # Counts stated for, or verified on, the published continuous history.
    tick: float  # points
    tenor: str  # whose yield explains the price
    points_per_pct: float  # price points for one per cent of yield, fitted over the history
    unexplained_max: float  # points a day; more is reported
    outside: int = 0  # closes outside high and low
    idle: int = 0  # rows of volume 0
    missing: int = 0  # curve days without a row
    off_tick: int = 0
    unexplained: int = 0  # moves above the limit outside the roll weeks


_STATED: Mapping[str, _Stated] = {
    "ZT": _Stated(1 / 256, "2Y", -1.74, 0.6, 167, 111, 31, 129, 0),
    "ZF": _Stated(1 / 128, "5Y", -4.41, 1.0, 62, 16, 8, 1, 0),
    "ZN": _Stated(1 / 64, "7Y", -6.99, 1.2, 18, 4, 17, 2, 1),
    "TN": _Stated(1 / 64, "10Y", -12.0, 1.3, 1, 2, 9, 1, 0),
    "ZB": _Stated(1 / 32, "20Y", -14.9, 1.75, 10, 5, 82, 198, 4),
}
_OTHER = _Stated(1 / 256, "10Y", 0.0, 5.0)


def check_futures_closes(tables: MarketTables) -> list[Finding]:
    """Check the continuous Treasury futures, symbol by symbol."""
    by_symbol = symbols(tables.typed("futures_closes"))
    curve: set[date] = set()
    if "par_yields" in tables:
        curve = set(tables.typed("par_yields")["date"].drop_nulls().to_list())
    absent = [symbol for symbol in _SYMBOLS if symbol not in by_symbol]
    findings = []
    if absent:
        what = "contracts without any price; no contract by expiry"
        handling = "ruling 19: a neighbouring contract stands in, labelled"
        findings.append(
            fact("futures_closes", what, len(absent), (None, None), handling, examples=absent)
        )
    for symbol, rows in by_symbol.items():
        stated = _STATED.get(symbol, _OTHER)
        findings += _days(symbol, rows, curve, stated)
        findings += _ranges(symbol, rows, stated)
        findings += _ticks(symbol, rows, stated)
        findings += _unexplained_moves(tables, symbol, rows, stated)
        findings += stale_closes(rows, "futures_closes", symbol, _STALE_DAYS)
    return findings


def _days(symbol: str, rows: pl.DataFrame, curve: set[date], stated: _Stated) -> list[Finding]:
    days = set(rows["date"].to_list())
    first, last = min(days), max(days)
    missing = [(day, "") for day in curve - days if first <= day <= last]
    thin = [(day, "") for day in days - curve] if curve else []
    inferred = rows.filter(pl.col("date_inferred") == "1")
    history = fact(
        "futures_closes", f"{symbol} history from to", rows.height, (first, last),
        "ruling 19: later dates use a stated proxy",
    )  # fmt: skip
    on_closed = f"{symbol} rows on days without a curve row (thin sessions)"
    recovered = f"{symbol} dates recovered, not published"
    return [
        history,
        *counted(
            "futures_closes", f"{symbol} absent on days with a curve row", missing,
            stated.missing, _DATE_HANDLING,
        ),
        *found(Severity.INFO, "futures_closes", on_closed, thin, _DATE_HANDLING, known=True),
        *found(
            Severity.INFO, "futures_closes", recovered, dated(inferred, "date"),
            "a row next to a holiday may be a day off", known=True,
        ),
    ]  # fmt: skip


def _ranges(symbol: str, rows: pl.DataFrame, stated: _Stated) -> list[Finding]:
    table = "futures_closes"
    close, high, low = pl.col("close"), pl.col("high"), pl.col("low")
    outside = rows.filter((close > high) | (close < low))
    crossed = rows.filter(high < low)
    idle = rows.filter(pl.col("volume") == 0)
    wrong = rows.filter((close < _PRICE_MIN) | (close > _PRICE_MAX))
    fix = "correct the source and import again"
    limits = f"{symbol} closes below {_PRICE_MIN:g} or above {_PRICE_MAX:g}"
    return [
        *counted(
            table, f"{symbol} closes outside high and low",
            dated(outside, "date", "close", "low", "high"), stated.outside, _CLOSE_HANDLING,
        ),
        *found(
            Severity.ERROR, table, f"{symbol} high below low",
            dated(crossed, "date", "low", "high"), fix,
        ),
        *found(Severity.ERROR, table, limits, dated(wrong, "date", "close"), fix),
        *counted(
            table, f"{symbol} rows of volume 0", dated(idle, "date"), stated.idle, _CLOSE_HANDLING
        ),
    ]  # fmt: skip


def _ticks(symbol: str, rows: pl.DataFrame, stated: _Stated) -> list[Finding]:
    ticks = rows.with_columns(ticks=pl.col("close") / stated.tick)
    off = ticks.filter((pl.col("ticks") - pl.col("ticks").round()).abs() > _GRID)
    what = f"{symbol} closes off the tick of 1/{1 / stated.tick:.0f}"
    items = dated(off, "date", "close")
    return counted("futures_closes", what, items, stated.off_tick, "used as published")


def _unexplained_moves(
    tables: MarketTables, symbol: str, rows: pl.DataFrame, stated: _Stated
) -> list[Finding]:
    # A price move that the day's yield move does not explain is a change of contract, a date
    # that is off, or a wrong price.
    explained = pl.lit(0.0)
    if "par_yields" in tables:
        curve = tables.typed("par_yields").select("date", pl.col(stated.tenor).alias("yield"))
        rows = rows.join(curve, on="date").drop_nulls(["yield"]).sort("date")
        explained = stated.points_per_pct * pl.col("yield").diff()
    moved = rows.with_columns(move=pl.col("close").diff()).with_columns(
        unexplained=pl.col("move") - explained
    )
    large = moved.filter(pl.col("unexplained").abs() > stated.unexplained_max)
    rolling = _in_roll_weeks()
    what = f"{symbol} moves more than {stated.unexplained_max:g} points beside its yield"
    shown = ("date", "unexplained")
    return [
        *found(
            Severity.INFO, "futures_closes", f"{what} at a roll",
            dated(large.filter(rolling), *shown), _ROLL_HANDLING, known=True,
        ),
        *counted(
            "futures_closes", f"{what}, not at a roll",
            dated(large.filter(~rolling), *shown), stated.unexplained, "look at the day",
        ),
    ]  # fmt: skip


def _in_roll_weeks() -> pl.Expr:
    # The front month changes between the middle of a delivery month and the first days after.
    month, day = pl.col("date").dt.month(), pl.col("date").dt.day()
    middle, first_days = 15, 5
    after = [m % 12 + 1 for m in _ROLL_MONTHS]
    return (month.is_in(_ROLL_MONTHS) & (day >= middle)) | (
        month.is_in(after) & (day <= first_days)
    )


def stale_closes(rows: pl.DataFrame, table: str, name: str, days: int) -> list[Finding]:
    """Return a warning for closes that repeat over more than so many rows."""
    runs = (
        rows.with_columns(run=pl.col("close").ne_missing(pl.col("close").shift()).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(pl.col("date").first(), pl.col("close").first(), pl.len().alias("rows"))
        .filter(pl.col("rows") > days)
    )
    what = f"{name} close unchanged over more than {days} rows, starting"
    items = dated(runs, "date", "close", "rows")
    return found(Severity.WARNING, table, what, items, "kept: a day without a move")


def check_fed_funds_futures(tables: MarketTables) -> list[Finding]:
    """Check the fed funds contracts: level, moves, range, and final closes against the month."""
    table = "fed_funds_futures"
    rows = tables.typed(table).drop_nulls(["date", "symbol"]).sort("symbol", "date")
    close, high, low = pl.col("close"), pl.col("high"), pl.col("low")
    moved = rows.with_columns(move=close.diff().over("symbol")).filter(
        pl.col("move").abs() > _FED_FUNDS_MOVE_MAX
    )
    untraded = pl.col("volume") == 0
    wrong = rows.filter((close < _FED_FUNDS_MIN) | (close > 101))  # noqa: PLR2004 - a rate of -1
    outside = rows.filter((close > high) | (close < low))
    idle = rows.filter(pl.col("volume") == 0)
    contracts = rows["symbol"].n_unique()
    limits = f"closes below {_FED_FUNDS_MIN:g} or above 101"
    moves = f"moves of more than {_FED_FUNDS_MOVE_MAX:g} point in a day"
    return [
        fact(
            table, f"rows of {contracts} contracts", rows.height, _days_of(rows),
            "ruling 19: later dates use a stated proxy",
        ),
        *found(
            Severity.ERROR, table, limits, dated(wrong, "date", "symbol", "close"),
            "correct the source and import again",
        ),
        *counted(
            table, "closes outside high and low",
            dated(outside, "date", "symbol", "close", "low", "high"), 121, _CLOSE_HANDLING,
        ),
        *found(
            Severity.INFO, table, "rows of volume 0 (far contracts are marked, not traded)",
            dated(idle, "date", "symbol"), _CLOSE_HANDLING, known=True,
        ),
        *counted(
            table, f"{moves}, not traded that day (first marks and placeholders)",
            dated(moved.filter(untraded), "date", "symbol", "move"), _KNOWN_MARKS,
            "a move of an untraded contract is no evidence of volatility",
        ),
        *split_known(
            table, f"{moves}, traded", dated(moved.filter(~untraded), "date", "symbol", "move"),
            [date(2023, 3, 13)], "kept: the weekend of a bank failure",
        ),
        *_final_closes(tables, rows),
    ]  # fmt: skip


def _days_of(rows: pl.DataFrame) -> tuple[date | None, date | None]:
    if rows.is_empty():
        return None, None
    days = rows["date"].to_list()
    return min(days), max(days)


def _final_closes(tables: MarketTables, rows: pl.DataFrame) -> list[Finding]:
    # A contract settles at 100 minus the month's average effective rate over calendar days.
    if "fed_funds" not in tables:
        return []
    months = (
        tables.typed("fed_funds")
        .drop_nulls(["date", "effr_pct"])
        .group_by(month=pl.col("date").dt.truncate("1mo"))
        .agg(pl.col("effr_pct").mean(), pl.len().alias("days"))
        .filter(pl.col("days") == pl.col("month").dt.days_in_month())
    )
    finals = (
        rows.group_by("symbol")
        .agg(pl.col("date").last(), pl.col("close").last())
        .with_columns(month=pl.col("date").dt.truncate("1mo"))
        .filter(_delivery_month("symbol") == pl.col("month"))
        .join(months, on="month")
        .with_columns(error=pl.col("close") - (100 - pl.col("effr_pct")))
    )
    if finals.is_empty():
        return []
    errors = finals["error"].abs()
    mean_bp, max_bp = 100 * float(errors.sum() / len(errors)), 100 * max(errors.to_list())
    worst = finals.sort(errors, descending=True).head(3)
    agreement = fact(
        "fed_funds_futures",
        "final closes compared with 100 minus the month's average effective rate:"
        f" mean error {mean_bp:.1f} bp, largest {max_bp:.0f} bp",
        finals.height,
        _days_of(finals),
        "the table is consistent with the effective rate",
        examples=[f"{day} {text}" for day, text in dated(worst, "date", "symbol", "error")],
    )
    wrong = finals.filter(errors > _FINAL_ERROR_MAX)
    return [
        agreement,
        *found(
            Severity.WARNING, "fed_funds_futures",
            f"final closes more than {100 * _FINAL_ERROR_MAX:.0f} bp from the month's average",
            dated(wrong, "date", "symbol", "error"), "look at the contract",
        ),
    ]  # fmt: skip


def _delivery_month(symbol: str) -> pl.Expr:
    # ZQ + month code + two-digit year; the listing began in 1988.
    code = pl.col(symbol).str.slice(2, 1)
    month = code.replace_strict(list("FGHJKMNQUVXZ"), list(range(1, 13)), default=None)
    year = pl.col(symbol).str.slice(3, 2).cast(pl.Int32, strict=False)
    full_year = pl.when(year >= 88).then(1900 + year).otherwise(2000 + year)  # noqa: PLR2004
    return pl.date(full_year, month, 1)


def check_futures_margins(tables: MarketTables) -> list[Finding]:
    """Say where each symbol's margin history ends, and check initial against maintenance."""
    rows = tables.typed("futures_margins").drop_nulls(["effective_date"]).sort("effective_date")
    ends = rows.group_by("symbol").agg(pl.col("effective_date").last()).sort("symbol")
    below = rows.filter(pl.col("initial_usd") < pl.col("maintenance_usd"))
    handling = "shown beside our figures only: not a substitute for SPAN parameters"
    last = [f"{symbol} {day}" for symbol, day in ends.iter_rows()]
    days = rows["effective_date"].to_list()
    return [
        fact("futures_margins", "history ends", ends.height, (min(days), max(days)), handling,
             examples=last),
        *found(Severity.WARNING, "futures_margins", "initial below maintenance",
               dated(below, "effective_date", "symbol"), handling),
    ]  # fmt: skip


def check_open_interest(tables: MarketTables) -> list[Finding]:
    """Check the weekly open interest for weeks without a contract's row."""
    day, code = "Report_Date_as_YYYY-MM-DD", "CFTC_Contract_Market_Code"
    rows = tables.typed("open_interest").drop_nulls([day])
    weeks = rows[day].n_unique()
    short = rows.group_by(code).agg(
        pl.col("Market_and_Exchange_Names").first(), pl.len().alias("rows")
    ).filter(pl.col("rows") < weeks).sort(code)  # fmt: skip
    days = rows[day].to_list()
    what = f"contracts without a row in each of {weeks} weeks"
    examples = [f"{name} {count}" for _, name, count in short.iter_rows()]
    handling = "a week without a row is not interpolated"
    return [
        fact("open_interest", what, short.height, (min(days), max(days)), handling,
             examples=examples)
    ]  # fmt: skip


def check_etf_closes(tables: MarketTables) -> list[Finding]:
    """Check the funds' closes for large moves, holes and stale values."""
    findings: list[Finding] = []
    for symbol, rows in symbols(tables.typed("etf_closes")).items():
        moved = rows.with_columns(move=100 * pl.col("close").pct_change()).filter(
            pl.col("move").abs() > _FUND_MOVE_MAX_PCT
        )
        what = f"{symbol} moves of more than {_FUND_MOVE_MAX_PCT:g} % in a day"
        items = dated(moved, "date", "move")
        findings += found(Severity.WARNING, "etf_closes", what, items, "look for a split")
        findings += stale_closes(rows, "etf_closes", symbol, _STALE_DAYS)
    return findings
