"""Checks of the security tables: prices, terms, auctions, conversion factors, calendars."""

from __future__ import annotations

from collections.abc import Mapping
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
)

_PRICE_MIN, _PRICE_MAX = 1.0, 250.0
_PRICE_GAP_MAX = 2.0
_FACTOR_MIN, _FACTOR_MAX = 0.05, 3.5
_SATURDAY = 6
_FIX = "correct the source and import again"
_KNOWN_SUNDAY = date(2027, 7, 4)
_KNOWN_NEVER_PRICED = 2_921
_BOND_CALENDARS = ("quantlib_us_government_bond", "pmc_sifma_us")
# Open days without a curve row, and closes with one, since 2000.
_BOND_CALENDARS_AGAINST_CURVE = {
    "quantlib_us_government_bond": (2, 0),
    "pmc_sifma_us": (5, 4),
}
_HOLIDAY_HANDLING = "ruling 33: the SIFMA full closes, less Good Fridays closed early"

# Pairs of tables that state a CUSIP's terms: columns of coupon and maturity.
_TERMS: Mapping[str, tuple[str, str]] = {
    "security_reference": ("coupon_pct", "maturity_date"),
    "conversion_factors": ("coupon_pct", "maturity_date"),
    "security_quotes": ("coupon_pct", "maturity_date"),
    "auctions": ("interestRate", "maturityDate"),
}


def check_security_prices(tables: MarketTables) -> list[Finding]:
    """Check the price sheets: quotes that are absent, impossible or matured."""
    table = "security_prices"
    rows = tables.typed(table).drop_nulls(["price_date"])
    buy, sell, matures = pl.col("buy"), pl.col("sell"), pl.col("maturity_date")
    shown = ("cusip", "buy", "sell")
    day = "price_date"

    def out_of_range(price: pl.Expr) -> pl.Expr:
        return (price != 0) & ((price < _PRICE_MIN) | (price > _PRICE_MAX))

    kinds = rows.group_by("security_type").len().sort("security_type")
    unquoted = rows.filter((buy == 0) & (sell == 0))
    one_sided = rows.filter((buy == 0) != (sell == 0))
    crossed = rows.filter((buy != 0) & (sell != 0) & (sell > buy))
    days = rows[day].to_list()
    limits = f"prices below {_PRICE_MIN:g} or above {_PRICE_MAX:g}"
    return [
        fact(
            table, f"securities on {rows[day].n_unique()} price sheet(s)", rows.height,
            (min(days), max(days)), "ruling 35: the last sheet is the default as-of date",
            examples=[f"{kind} {count}" for kind, count in kinds.iter_rows()],
        ),
        *found(
            Severity.INFO, table, "one side not quoted (0)", dated(one_sided, day, *shown),
            "ruling 35: the sell price, the buy price where sell is 0", known=True,
        ),
        *found(
            Severity.WARNING, table, "neither side quoted", dated(unquoted, day, *shown),
            "no market value: positions in it are refused",
        ),
        *found(
            Severity.WARNING, table, "sell above buy", dated(crossed, day, *shown),
            "the sell price is used",
        ),
        *found(
            Severity.ERROR, table, limits,
            dated(rows.filter(out_of_range(buy) | out_of_range(sell)), day, *shown), _FIX,
        ),
        *found(
            Severity.ERROR, table, "securities that have matured",
            dated(rows.filter(matures <= pl.col(day)), day, "cusip", "maturity_date"), _FIX,
        ),
        *_curve_since(tables, max(days)),
        *_new_issues(tables, rows),
        *_against_quotes(tables, rows),
    ]  # fmt: skip


def _curve_since(tables: MarketTables, last_sheet: date) -> list[Finding]:
    if "par_yields" not in tables:
        return []
    curve = tables.typed("par_yields").drop_nulls(["date"])
    items = dated(curve.filter(pl.col("date") > last_sheet), "date")
    what = "curve days after the last price sheet"
    handling = "no figures for these days: margin needs a price sheet of the date (ruling 35)"
    return found(Severity.INFO, "security_prices", what, items, handling, known=True)


def _new_issues(tables: MarketTables, rows: pl.DataFrame) -> list[Finding]:
    sources = [name for name in ("security_reference", "auctions") if name in tables]
    if not sources:
        return []
    known = pl.concat([tables.text(name)["cusip"] for name in sources]).unique().to_list()
    coupons = rows.filter(pl.col("security_type").str.contains("NOTE|BOND"))
    newer = coupons.filter(~pl.col("cusip").is_in(known))
    what = "notes and bonds in neither the reference file nor the auctions"
    handling = "ruling 18: original maturity from the maturity date"
    items = dated(newer, "price_date", "cusip")
    return found(Severity.INFO, "security_prices", what, items, handling, known=True)


def _against_quotes(tables: MarketTables, rows: pl.DataFrame) -> list[Finding]:
    if "security_quotes" not in tables:
        return []
    last = rows.filter(pl.col("price_date") == rows["price_date"].max())
    both = last.join(tables.typed("security_quotes"), on="cusip", suffix="_quoted")
    price = pl.when(pl.col("sell") > 0).then(pl.col("sell")).otherwise(pl.col("buy"))
    apart = both.with_columns(apart=pl.col("ask_price") - price).filter(
        pl.col("apart").abs() > _PRICE_GAP_MAX
    )
    what = f"more than {_PRICE_GAP_MAX:g} points from the desk's ask price"
    items = dated(apart, "price_date", "cusip", "apart")
    return found(Severity.WARNING, "security_prices", what, items, "look at the security")


def check_terms(tables: MarketTables) -> list[Finding]:
    """Compare each CUSIP's coupon and maturity over all the tables that state them."""
    if "security_prices" not in tables:
        return []
    prices = tables.typed("security_prices").filter(pl.col("security_type") != "MARKET BASED FRN")
    findings: list[Finding] = []
    for name, (coupon, maturity) in _TERMS.items():
        if name not in tables:
            continue
        terms = tables.typed(name).select(
            "cusip", pl.col(coupon).alias("coupon"), pl.col(maturity).alias("matures")
        )
        both = prices.join(terms.unique(), on="cusip")
        differ = both.filter(
            (pl.col("maturity_date") != pl.col("matures"))
            | (pl.col("rate_pct") != pl.col("coupon").fill_null(pl.col("rate_pct")))
        )
        findings += found(
            Severity.WARNING, name, "coupon or maturity differs from the price sheet's",
            dated(differ, "price_date", "cusip", "rate_pct", "coupon", "matures"),
            "the price sheet's terms are used",
        )  # fmt: skip
    return findings


def check_auctions(tables: MarketTables) -> list[Finding]:
    """Say which years the auctions cover, and compare prices with the other list."""
    rows = tables.typed("auctions").drop_nulls(["auctionDate"])
    kinds = rows.group_by("type").len().sort("type")
    years = rows["auctionDate"].dt.year()
    span = range(min(years.to_list()), max(years.to_list()) + 1)
    coupons = rows.filter(pl.col("type") != "Bill")["auctionDate"].dt.year().to_list()
    by_year = [f"{year}: {coupons.count(year)}" for year in span]
    empty = [str(year) for year in span if year not in coupons]
    days = rows["auctionDate"].to_list()
    handling = "terms of older issues come from the reference file where they are there"
    findings = [
        fact("auctions", "auctions by type", rows.height, (min(days), max(days)), handling,
             examples=[f"{kind} {count}" for kind, count in kinds.iter_rows()]),
        fact("auctions", "coupon auctions by year", len(coupons), (min(days), max(days)), handling,
             examples=by_year),
    ]  # fmt: skip
    if empty:
        findings.append(
            fact("auctions", "years without a coupon auction", len(empty), (min(days), max(days)),
                 handling, examples=empty)
        )  # fmt: skip
    return [*findings, *_shared_prices(tables, rows)]


def _shared_prices(tables: MarketTables, rows: pl.DataFrame) -> list[Finding]:
    if "auction_prices" not in tables:
        return []
    other = tables.typed("auction_prices").drop_nulls(["price_per100"])
    both = rows.drop_nulls(["pricePer100"]).join(
        other, left_on=["cusip", "auctionDate"], right_on=["cusip", "auction_date"]
    )
    differ = both.filter((pl.col("pricePer100") - pl.col("price_per100")).abs() > 1e-6)  # noqa: PLR2004
    if both.is_empty():
        return []
    days = both["auctionDate"].to_list()
    agree = fact(
        "auctions", f"prices shared with auction_prices, {differ.height} of them differ",
        both.height, (min(days), max(days)), "the auction results are used",
    )  # fmt: skip
    items = dated(differ, "auctionDate", "cusip", "pricePer100", "price_per100")
    what = "price differs from auction_prices"
    return [
        agree,
        *found(Severity.WARNING, "auctions", what, items, "the auction results are used"),
    ]


def check_auction_prices(tables: MarketTables) -> list[Finding]:
    """Check the list of auction prices: blanks and impossible prices."""
    rows = tables.typed("auction_prices").drop_nulls(["auction_date"])
    price = pl.col("price_per100")
    blank = rows.filter(price.is_null())
    wrong = rows.filter((price < _PRICE_MIN) | (price > _PRICE_MAX))
    blank_items = dated(blank, "auction_date", "cusip")
    limits = f"prices below {_PRICE_MIN:g} or above {_PRICE_MAX:g}"
    return [
        *counted("auction_prices", "auctions without a price", blank_items,
                 _KNOWN_NEVER_PRICED, "no model reads them"),
        *found(Severity.ERROR, "auction_prices", limits,
               dated(wrong, "auction_date", "cusip", "price_per100"), _FIX),
    ]  # fmt: skip


def check_conversion_factors(tables: MarketTables) -> list[Finding]:
    """Compare the factors' coupons and maturities with the reference, and look at their range."""
    table = "conversion_factors"
    rows = tables.typed(table).drop_nulls(["delivery_month"])
    factor = pl.col("conversion_factor")
    wrong = rows.filter((factor < _FACTOR_MIN) | (factor > _FACTOR_MAX))
    limits = f"factors below {_FACTOR_MIN:g} or above {_FACTOR_MAX:g}"
    findings = found(
        Severity.ERROR, table, limits,
        dated(wrong, "delivery_month", "contract", "cusip", "conversion_factor"), _FIX,
    )  # fmt: skip
    if "security_reference" not in tables:
        return findings
    both = rows.join(tables.typed("security_reference"), on="cusip", how="left", suffix="_known")
    differ = both.filter(
        (pl.col("coupon_pct") != pl.col("coupon_pct_known"))
        | (pl.col("maturity_date") != pl.col("maturity_date_known"))
    )
    unknown = both.filter(pl.col("maturity_date_known").is_null())
    handling = "factors are computed by CME's formula; the table is a check"
    return [
        *findings,
        *found(Severity.WARNING, table, "coupon or maturity differs from the reference",
               dated(differ, "delivery_month", "contract", "cusip"), handling),
        *found(Severity.WARNING, table, "CUSIP not in the reference",
               dated(unknown, "delivery_month", "contract", "cusip"), handling),
    ]  # fmt: skip


def check_conversion_factor_grid(tables: MarketTables) -> list[Finding]:
    """Look at the range of the grid's factors."""
    rows = tables.typed("conversion_factor_grid")
    wrong = rows.filter((pl.col("factor") < _FACTOR_MIN) | (pl.col("factor") > _FACTOR_MAX))
    if wrong.is_empty():
        return []
    examples = tuple(str(row) for row in wrong.head(5).iter_rows())
    what = f"factors below {_FACTOR_MIN:g} or above {_FACTOR_MAX:g}"
    return [
        Finding(Severity.ERROR, "conversion_factor_grid", what, wrong.height, None, None,
                examples, _FIX)
    ]  # fmt: skip


def check_fomc_decisions(tables: MarketTables) -> list[Finding]:
    """Say which rows are schedule only."""
    rows = tables.typed("fomc_decisions").drop_nulls(["date"])
    scheduled = rows.filter(pl.col("actual_pct").is_null())
    what = "meetings without a decision (schedule only)"
    handling = "no model reads them; dates may be a day off"
    items = dated(scheduled, "date")
    return found(Severity.INFO, "fomc_decisions", what, items, handling, known=True)


def check_holidays(tables: MarketTables) -> list[Finding]:
    """Say what the calendars cover, and compare the two bond calendars with each other and us."""
    rows = tables.typed("holidays").drop_nulls(["date"])
    days = rows["date"].to_list()
    names = sorted(rows["calendar"].unique().to_list())
    full = rows.filter(pl.col("kind") == "full")
    closes = {
        name: set(full.filter(pl.col("calendar") == name)["date"].to_list())
        for name in _BOND_CALENDARS
        if name in names
    }
    findings = [
        fact("holidays", "closes in the calendars", rows.height, (min(days), max(days)),
             _HOLIDAY_HANDLING, examples=names)
    ]  # fmt: skip
    for name, closed in closes.items():
        findings += _against_curve(tables, name, closed)
    if len(closes) == len(_BOND_CALENDARS):
        quantlib, sifma = (closes[name] for name in _BOND_CALENDARS)
        items = [(day, f"{_BOND_CALENDARS[0]} only") for day in quantlib - sifma]
        items += [(day, f"{_BOND_CALENDARS[1]} only") for day in sifma - quantlib]
        what = "full closes in one of two bond calendars"
        findings += counted("holidays", what, items, 7, _HOLIDAY_HANDLING)
    return findings


def _against_curve(tables: MarketTables, name: str, closed: set[date]) -> list[Finding]:
    # The calendar is taken to cover whole years from its first close to its last.
    if "par_yields" not in tables or not closed:
        return []
    curve = set(tables.typed("par_yields")["date"].drop_nulls().to_list())
    first = max(min(curve), date(min(closed).year, 1, 1))
    last = min(max(curve), date(max(closed).year, 12, 31))
    weekdays = pl.date_range(first, last, eager=True)
    weekdays = weekdays.filter(weekdays.dt.weekday() < _SATURDAY)
    missing = [(day, "") for day in set(weekdays.to_list()) - closed - curve]
    extra = [(day, "") for day in closed & curve]
    missing_known, extra_known = _BOND_CALENDARS_AGAINST_CURVE[name]
    no_row = f"{name}: open days without a curve row"
    on_close = f"{name}: full closes with a curve row"
    return [
        *counted("holidays", no_row, missing, missing_known, _HOLIDAY_HANDLING),
        *counted("holidays", on_close, extra, extra_known, _HOLIDAY_HANDLING),
    ]


def check_sifma_holidays(tables: MarketTables) -> list[Finding]:
    """Report recommended closes on a weekend."""
    rows = tables.typed("sifma_holidays").drop_nulls(["date"])
    weekend = rows.filter(pl.col("date").dt.weekday() >= _SATURDAY)
    known = weekend.filter(pl.col("date") == _KNOWN_SUNDAY)
    new = weekend.filter(pl.col("date") != _KNOWN_SUNDAY)
    handling = "the observed weekday is the close"
    what = "closes listed on a weekend"
    shown = ("date", "holiday")
    return [
        *found(Severity.INFO, "sifma_holidays", what, dated(known, *shown), handling, known=True),
        *found(Severity.WARNING, "sifma_holidays", what, dated(new, *shown), handling),
    ]
