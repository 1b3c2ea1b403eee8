"""Checks of the rate tables: gaps, impossible values, moves, agreement between publishers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise

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
)
from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.product.calendars import good_friday, sifma_calendar

_YIELD_MAX_PCT = 25.0
_HALF_BASIS_POINT_PCT = 0.005
_NOISE = 1e-9
_STALE_DAYS = 3
_SHORT_HOLE_DAYS = 5

#: Largest one-day move that is not reported, in per cent: below one year, and from one year on.
_MOVE_MAX_PCT_BELOW_1Y = 1.00
_MOVE_MAX_PCT_FROM_1Y = 0.60

_THIRTY_YEAR_AWAY = (date(2002, 2, 19), date(2006, 2, 8))
_TRANSCRIBED = (date(2025, 7, 14), date(2025, 12, 31))
_KNOWN_GAPS: Mapping[str, tuple[tuple[date, date], ...]] = {
    "30Y": (_THIRTY_YEAR_AWAY,),
    "3M": tuple((day, day) for day in (date(2008, 12, n) for n in (10, 18, 24))),
    "1.5M": (_TRANSCRIBED,),
    "2M": (_TRANSCRIBED,),
    "4M": (_TRANSCRIBED,),
}
_KNOWN_STARTS: Mapping[str, date] = {
    "20Y": date(1993, 10, 1),
    "1M": date(2001, 7, 31),
    "2M": date(2018, 10, 16),
    "4M": date(2022, 10, 19),
    "1.5M": date(2025, 2, 18),
}
# Nixon's funeral; the attacks; Reagan's funeral; Hurricane Sandy; Bush's funeral.
_KNOWN_CLOSED = (
    date(1994, 4, 27),
    date(2001, 9, 11),
    date(2001, 9, 12),
    date(2004, 6, 11),
    date(2012, 10, 30),
    date(2018, 12, 5),
)
# Good Fridays with an employment report: closed early, not fully.
_KNOWN_OPEN = tuple(
    date(*day) for day in ((1996, 4, 5), (2007, 4, 6), (2010, 4, 2), (2012, 4, 6), (2015, 4, 3))
)
_KNOWN_BILL_MOVES = (date(2007, 8, 16), date(2008, 9, 15), date(2023, 5, 4))
_KNOWN_SOFR_MOVES = (date(2019, 9, 17), date(2019, 9, 18))

_GAP_HANDLING = "the fitted curve uses the tenors that are there; no move is taken across a gap"
_DAY_HANDLING = "ruling 33: a scenario date is a day with a curve row"


def check_par_yields(tables: MarketTables) -> list[Finding]:
    """Check the par yield curve."""
    rows = tables.typed("par_yields").drop_nulls(["date"]).sort("date")
    tenors = [tenor for tenor in PAR_TENOR_YEARS if rows[tenor].null_count() < rows.height]
    findings = [*_empty_tenors(rows), *_curve_days(rows)]
    if not tenors:
        return findings
    for tenor in tenors:
        findings += _tenor_findings(rows, tenor)
    return [*findings, *_stale_curves(rows, tenors), *_negative_forwards(rows, tenors)]


def _empty_tenors(rows: pl.DataFrame) -> list[Finding]:
    empty = [tenor for tenor in PAR_TENOR_YEARS if rows[tenor].null_count() == rows.height]
    if not empty:
        return []
    span = (rows["date"][0], rows["date"][-1])
    what = "tenors without a single value"
    return [fact("par_yields", what, len(empty), span, _GAP_HANDLING, examples=empty)]


def _curve_days(rows: pl.DataFrame) -> list[Finding]:
    calendar = sifma_calendar()
    every = set(rows["date"].to_list())
    days = {day for day in every if calendar.first <= day <= calendar.last}
    beyond = [(day, "") for day in every - days]
    open_days = set(calendar.business_days(min(days), max(days))) if days else set()
    missing = [(day, "") for day in open_days - days]
    weekend = [(day, day.strftime("%A")) for day in days if day.weekday() > 4]  # noqa: PLR2004
    closed = [(day, "") for day in days - open_days if day.weekday() <= 4]  # noqa: PLR2004
    no_row, on_close = "business days without a curve row", "curve rows on full closes"
    return [
        *split_known("par_yields", no_row, missing, _KNOWN_CLOSED, _DAY_HANDLING),
        *split_known("par_yields", on_close, closed, _KNOWN_OPEN, _DAY_HANDLING),
        *found(Severity.ERROR, "par_yields", "curve rows on weekends", weekend, _DAY_HANDLING),
        *found(Severity.ERROR, "par_yields", "dates no calendar knows", beyond, _DAY_HANDLING),
    ]


def _tenor_findings(rows: pl.DataFrame, tenor: str) -> list[Finding]:
    values = rows.select("date", pl.col(tenor).alias("value"))
    first = values.drop_nulls()["date"][0]
    findings = []
    if first > rows["date"][0]:
        known = first == _KNOWN_STARTS.get(tenor)
        what = f"{tenor} starts after the curve's first day"
        item = [(first, "")]
        severity = Severity.INFO if known else Severity.WARNING
        findings += found(severity, "par_yields", what, item, _GAP_HANDLING, known=known)
    alive = values.filter(pl.col("date") >= first)
    return [*findings, *_gaps(alive, tenor), *_impossible(alive, tenor), *_moves(alive, tenor)]


def _gaps(values: pl.DataFrame, tenor: str) -> list[Finding]:
    blank = values.filter(pl.col("value").is_null())["date"].to_list()
    known = [
        day
        for day in blank
        if any(first <= day <= last for first, last in _KNOWN_GAPS.get(tenor, ()))
    ]
    items = [(day, "") for day in blank]
    return split_known("par_yields", f"{tenor} blank", items, known, _GAP_HANDLING)


def _impossible(values: pl.DataFrame, tenor: str) -> list[Finding]:
    wrong = values.filter((pl.col("value") < 0) | (pl.col("value") > _YIELD_MAX_PCT))
    what = f"{tenor} yields below 0 or above {_YIELD_MAX_PCT:g} %"
    handling = "correct the source and import again"
    return found(Severity.ERROR, "par_yields", what, dated(wrong, "date", "value"), handling)


def _moves(values: pl.DataFrame, tenor: str) -> list[Finding]:
    short = PAR_TENOR_YEARS[tenor] < 1
    limit = _MOVE_MAX_PCT_BELOW_1Y if short else _MOVE_MAX_PCT_FROM_1Y
    # A move across blanks is no one-day move; the gap has its own finding.
    moved = values.with_columns(move=pl.col("value").diff()).filter(
        pl.col("move").abs() > limit + _NOISE
    )
    known = _KNOWN_BILL_MOVES if tenor == "1M" else ()
    what = f"{tenor} moves of more than {limit * 100:.0f} bp in a day"
    handling = "kept: a published yield is not smoothed"
    return split_known("par_yields", what, dated(moved, "date", "move"), known, handling)


def _stale_curves(rows: pl.DataFrame, tenors: list[str]) -> list[Finding]:
    same = pl.all_horizontal(pl.col(tenor).eq_missing(pl.col(tenor).shift()) for tenor in tenors)
    repeats = rows.with_columns(run=(~same.fill_null(value=False)).cum_sum())
    lengths = repeats.group_by("run", maintain_order=True).agg(
        pl.col("date").first(), pl.len().alias("rows")
    )
    stale = lengths.filter(pl.col("rows") >= _STALE_DAYS)
    what = f"the whole curve unchanged over {_STALE_DAYS} rows or more"
    handling = "kept: a scenario of no change"
    return found(Severity.WARNING, "par_yields", what, dated(stale, "date", "rows"), handling)


def _negative_forwards(rows: pl.DataFrame, tenors: list[str]) -> list[Finding]:
    # From one year on, where y x t falling with t means a rate below zero between the tenors.
    long = [tenor for tenor in tenors if PAR_TENOR_YEARS[tenor] >= 1]
    falling = [
        pl.col(near) * PAR_TENOR_YEARS[near] > pl.col(far) * PAR_TENOR_YEARS[far]
        for near, far in pairwise(long)
    ]
    if not falling:
        return []
    wrong = rows.filter(pl.any_horizontal(falling))
    what = "yield times tenor falls between neighbouring tenors of a year or more"
    handling = "the fit may give a negative forward rate; look at the day"
    return found(Severity.WARNING, "par_yields", what, dated(wrong, "date"), handling)


def check_sofr(tables: MarketTables) -> list[Finding]:
    """Check SOFR against the days with a curve row, and its level and moves."""
    rows = tables.typed("sofr").drop_nulls().sort("date")
    handling = "ruling 33: the previous rate"
    days = set(rows["date"].to_list())
    curve = set(tables.typed("par_yields")["date"].to_list()) if "par_yields" in tables else days
    missing = [(day, "") for day in curve - days if min(days) <= day <= max(days)]
    fridays = [good_friday(day.year) for day, _ in missing]
    later = [(day, "") for day in curve if day > max(days)]
    wrong = rows.filter((pl.col("sofr_pct") < 0) | (pl.col("sofr_pct") > _YIELD_MAX_PCT))
    moved = rows.with_columns(move=pl.col("sofr_pct").diff()).filter(pl.col("move").abs() > 1)
    return [
        *split_known("sofr", "curve days without SOFR", missing, fridays, handling),
        *found(
            Severity.INFO, "sofr", "curve days after the last rate", later, handling, known=True
        ),
        *found(
            Severity.ERROR,
            "sofr",
            f"rates below 0 or above {_YIELD_MAX_PCT:g} %",
            dated(wrong, "date", "sofr_pct"),
            "correct the source and import again",
        ),
        *split_known(
            "sofr",
            "moves of more than 100 bp in a day",
            dated(moved, "date", "move"),
            _KNOWN_SOFR_MOVES,
            "kept: the moves of 17 and 18 September 2019 are real",
        ),
    ]


def check_fed_funds(tables: MarketTables) -> list[Finding]:
    """Check the target and the effective rate: calendar days, ends, level."""
    rows = tables.typed("fed_funds").drop_nulls(["date"]).sort("date")
    findings: list[Finding] = []
    for column, name in (("fed_funds_target_pct", "target"), ("effr_pct", "effective rate")):
        values = rows.select("date", pl.col(column).alias("rate")).drop_nulls()
        if values.is_empty():
            continue
        first, last = values["date"][0], values["date"][-1]
        days = set(values["date"].to_list())
        every = {first + timedelta(days=n) for n in range((last - first).days + 1)}
        holes = [(day, "") for day in every - days]
        wrong = values.filter((pl.col("rate") < 0) | (pl.col("rate") > _YIELD_MAX_PCT))
        findings += found(
            Severity.WARNING, "fed_funds", f"calendar days without the {name}", holes,
            "the previous rate",
        )  # fmt: skip
        findings += found(
            Severity.ERROR, "fed_funds", f"{name} below 0 or above {_YIELD_MAX_PCT:g} %",
            dated(wrong, "date", "rate"), "correct the source and import again",
        )  # fmt: skip
        ends = "ruling 19: after its end the target's upper bound minus 0.12 (assumed)"
        handling = ends if column == "effr_pct" else "the last known target"
        findings.append(
            fact("fed_funds", f"{name} known from to", values.height, (first, last), handling)
        )
    return findings


def check_long_yields(tables: MarketTables) -> list[Finding]:
    """Compare the par curve with the Federal Reserve's copy: levels and spreads."""
    if "par_yields" not in tables:
        return []
    both = tables.typed("par_yields").join(tables.typed("long_yields"), on="date").sort("date")
    handling = "the Treasury's own curve is used"
    pairs = {
        "10Y against DGS10": (pl.col("10Y"), pl.col("DGS10"), 0),
        "2Y against DGS2": (pl.col("2Y"), pl.col("DGS2"), 0),
        "10Y - 2Y against T10Y2Y": (pl.col("10Y") - pl.col("2Y"), pl.col("T10Y2Y"), 3),
        "10Y - 3M against T10Y3M": (pl.col("10Y") - pl.col("3M"), pl.col("T10Y3M"), 2),
    }
    findings: list[Finding] = []
    for name, (ours, theirs, known) in pairs.items():
        compared = both.select("date", difference=ours - theirs).drop_nulls()
        if compared.is_empty():
            continue
        differ = compared.filter(pl.col("difference").abs() > _HALF_BASIS_POINT_PCT)
        span = (compared["date"][0], compared["date"][-1])
        what = f"{name}: common days, {differ.height} of them differ"
        findings.append(fact("long_yields", what, compared.height, span, handling))
        items = dated(differ, "date", "difference")
        findings += counted("long_yields", f"{name} differs", items, known, handling)
    return findings


def check_volatility_index(tables: MarketTables) -> list[Finding]:
    """Check the MOVE index for holes."""
    rows = tables.typed("volatility_index").drop_nulls().sort("date")
    holes = rows.with_columns(days=pl.col("date").diff().dt.total_days()).filter(
        pl.col("days") > _SHORT_HOLE_DAYS
    )
    known = (date(2012, 11, 27), date(2013, 3, 25))
    what = f"holes of more than {_SHORT_HOLE_DAYS} days end"
    handling = "no model reads it"
    return split_known("volatility_index", what, dated(holes, "date", "days"), known, handling)
