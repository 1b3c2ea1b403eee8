"""A market directory, verified and opened as the containers that margin needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.feeds.market.directory import Manifest, verified_manifest
from crossmargin.feeds.market.reference import (
    AuctionedDates,
    auctioned_dates,
    reference_entries,
)
from crossmargin.feeds.market.tables import NEEDED_TABLES, TABLES
from crossmargin.market.history import (
    PAR_TENOR_YEARS,
    CloseHistory,
    DateArray,
    FloatArray,
    MarginLevelHistory,
    MarketData,
    ParYieldHistory,
    PriceSheet,
    RateHistory,
    SecurityPrice,
    TraderPositions,
)
from crossmargin.product.identification import ReferenceEntry, identify
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

_RULE = "reference: xm market"
#: The CFTC's contract market codes of the futures that are eligible; TWE and Z3N are not reported.
_CFTC_CODES = {
    "042601": "ZT",
    "044601": "ZF",
    "043602": "ZN",
    "043607": "TN",
    "020601": "ZB",
    "020604": "UB",
    "134741": "SR3",
    "134742": "SR1",
    "045601": "ZQ",
}
_TRADER_CLASSES = {
    "dealers": "Dealer",
    "asset_managers": "Asset_Mgr",
    "leveraged_funds": "Lev_Money",
}
_NO_COUPON = frozenset({SecurityKind.BILL, SecurityKind.FRN})


def open_market(directory: Path) -> MarketData:
    """Open a market directory.

    Every table is compared with its digest in the manifest first, so that what is computed is
    what was imported.

    Raises
    ------
    RefusedError
        If it is no market directory, a table has changed since it was written, or one that every
        model needs is absent.
    """
    manifest = verified_manifest(directory)
    absent = [name for name in NEEDED_TABLES if name not in manifest.tables]
    if absent:
        expected = "a market directory with " + ", ".join(NEEDED_TABLES)
        raise RefusedError(*(Refusal(name, "absent", expected, _RULE) for name in absent))
    tables = _Tables(directory, manifest)
    return MarketData(
        simulated=manifest.simulated,
        digest=manifest.digest,
        par_yields=_par_yields(tables),
        sofr=_rates(tables, "sofr", "sofr_pct"),
        effective_fed_funds=_rates(tables, "fed_funds", "effr_pct"),
        fed_funds_target=_rates(tables, "fed_funds", "fed_funds_target_pct"),
        treasury_futures=_closes(tables, "futures_closes"),
        fed_funds_futures=_closes(tables, "fed_funds_futures"),
        price_sheets=_price_sheets(tables),
        futures_margins=_margin_levels(tables),
        open_interest=_open_interest(tables),
    )


def last_price_date(market: MarketData) -> date:
    """Return the as-of date where none is given: the last with security prices (ruling 35).

    Raises
    ------
    RefusedError
        If the market has no security prices.
    """
    if not market.price_sheets:
        raise refused("security_prices", "none", "a market with security prices", "ruling 35")
    return max(market.price_sheets)


class _Tables:
    # The tables of one directory, read as the caller asks; an absent table has no rows.

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        self._directory = directory
        self._manifest = manifest

    def read(self, name: str, types: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
        if name not in self._manifest.tables:
            return pl.DataFrame(schema=dict(types))
        path = self._directory / TABLES[name].file_name
        return pl.read_csv(path, columns=list(types), schema_overrides=dict(types))

    def columns(self, name: str) -> tuple[str, ...]:
        """Return the columns of a table; none where it is absent."""
        if name not in self._manifest.tables:
            return ()
        path = self._directory / TABLES[name].file_name
        return tuple(pl.read_csv(path, n_rows=0, infer_schema=False).columns)


def _dates(column: pl.Series) -> DateArray:
    days: DateArray = column.to_numpy().astype("datetime64[D]")
    return days


def _floats(values: pl.DataFrame | pl.Series) -> FloatArray:
    # A blank is a null in the table and a NaN in the container.
    array: FloatArray = np.array(values.to_numpy(), dtype=np.float64)
    return array


def _par_yields(tables: _Tables) -> ParYieldHistory:
    types = {"date": pl.Date, **dict.fromkeys(PAR_TENOR_YEARS, pl.Float64)}
    rows = tables.read("par_yields", types)
    tenors = tuple(PAR_TENOR_YEARS)
    return ParYieldHistory(_dates(rows["date"]), tenors, _floats(rows.select(tenors)))


def _rates(tables: _Tables, table: str, column: str) -> RateHistory:
    rows = tables.read(table, {"date": pl.Date, column: pl.Float64}).drop_nulls()
    return RateHistory(_dates(rows["date"]), _floats(rows[column]))


def _closes(tables: _Tables, table: str) -> Mapping[str, CloseHistory]:
    types = {"date": pl.Date, "symbol": pl.String, "close": pl.Float64}
    rows = tables.read(table, types)
    days, closes = _dates(rows["date"]), _floats(rows["close"])
    # Rows are sorted by symbol, then date: each symbol is one run.
    runs = rows.select(pl.col("symbol").rle().struct.unnest()) if rows.height else None
    histories: dict[str, CloseHistory] = {}
    start = 0
    for length, symbol in () if runs is None else runs.iter_rows():
        end = start + length
        histories[symbol] = CloseHistory(symbol, days[start:end].copy(), closes[start:end].copy())
        start = end
    return histories


def _margin_levels(tables: _Tables) -> Mapping[str, MarginLevelHistory]:
    types = {
        "symbol": pl.String,
        "effective_date": pl.Date,
        "initial_usd": pl.Float64,
        "maintenance_usd": pl.Float64,
    }
    rows = tables.read("futures_margins", types).drop_nulls()
    if rows.is_empty():
        return {}
    return {
        str(symbol): MarginLevelHistory(
            str(symbol),
            _dates(levels["effective_date"]),
            _floats(levels["initial_usd"]),
            _floats(levels["maintenance_usd"]),
        )
        for (symbol,), levels in rows.sort("symbol", "effective_date").group_by(
            "symbol", maintain_order=True
        )
    }


def _open_interest(tables: _Tables) -> Mapping[str, tuple[TraderPositions, ...]]:
    # The CFTC pads its figures with blanks; a class of traders may be missing from a table.
    code, day, total = "CFTC_Contract_Market_Code", "Report_Date_as_YYYY-MM-DD", "Open_Interest_All"
    present = set(tables.columns("open_interest"))
    sides = {
        (name, side): f"{prefix}_Positions_{side}_All"
        for name, prefix in _TRADER_CLASSES.items()
        for side in ("Long", "Short")
        if f"{prefix}_Positions_{side}_All" in present
    }
    text = dict.fromkeys((code, total, *sides.values()), pl.String)
    rows = tables.read("open_interest", {day: pl.Date, **text}).drop_nulls([day, code, total])
    reports: dict[str, list[TraderPositions]] = {}
    for row in rows.sort(day).iter_rows(named=True):
        product = _CFTC_CODES.get(row[code].strip())
        if product is None:
            continue
        held = {
            key: int(row[column].strip())
            for key, column in sides.items()
            if (row[column] or "").strip().isdigit()
        }
        reports.setdefault(product, []).append(
            TraderPositions(
                row[day],
                int(row[total].strip()),
                {name: held[name, side] for name, side in held if side == "Long"},
                {name: held[name, side] for name, side in held if side == "Short"},
            )
        )
    return {product: tuple(found) for product, found in reports.items()}


def _price_sheets(tables: _Tables) -> Mapping[date, PriceSheet]:
    text = dict.fromkeys(("cusip", "security_type", "rate_pct", "buy", "sell"), pl.String)
    rows = tables.read("security_prices", {"price_date": pl.Date, "maturity_date": pl.Date, **text})
    if rows.is_empty():
        return {}
    auctions = tables.read(
        "auctions",
        {
            **dict.fromkeys(("cusip", "type", "originalSecurityTerm", "interestRate"), pl.String),
            **dict.fromkeys(
                (
                    "issueDate",
                    "originalIssueDate",
                    "datedDate",
                    "maturityDate",
                    "firstInterestPaymentDate",
                ),
                pl.Date,
            ),
        },
    )
    compilation = tables.read(
        "security_reference",
        {
            **dict.fromkeys(("cusip", "coupon_pct"), pl.String),
            "original_maturity_years": pl.Float64,
            **dict.fromkeys(("issue_date", "maturity_date"), pl.Date),
        },
    )
    reference = reference_entries(compilation, auctions)
    announced = auctioned_dates(auctions)
    sheets: dict[date, dict[str, SecurityPrice]] = {}
    for row in rows.iter_rows(named=True):
        price_date = row["price_date"]
        security = _security(row, reference, announced)
        sheets.setdefault(price_date, {})[row["cusip"]] = SecurityPrice(
            security, Decimal(row["buy"]), Decimal(row["sell"])
        )
    return {day: PriceSheet(day, prices) for day, prices in sheets.items()}


def _security(
    row: Mapping[str, object],
    reference: Mapping[str, tuple[ReferenceEntry, ...]],
    announced: Mapping[tuple[str, date], AuctionedDates],
) -> TreasurySecurity:
    price_date, maturity = row["price_date"], row["maturity_date"]
    assert isinstance(price_date, date)
    assert isinstance(maturity, date)
    cusip = str(row["cusip"])
    kind = SecurityKind(str(row["security_type"]).removeprefix("MARKET BASED "))
    security = identify(
        TreasurySecurity(
            cusip=Cusip(cusip),
            kind=kind,
            # The sheet's rate of an FRN is the day's accrual rate, not a coupon.
            coupon_pct=Decimal(0) if kind in _NO_COUPON else Decimal(str(row["rate_pct"])),
            maturity_date=maturity,
        ),
        reference,
        price_date=price_date,
    )
    dates = announced.get((cusip, maturity))
    if dates is None:
        return security
    return replace(security, dated_date=dates.dated_date, first_coupon_date=dates.first_coupon_date)
