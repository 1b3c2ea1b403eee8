"""The tables of a market directory: columns, keys, publisher, rights.

Shapes are those of the published or nearly published files; a table keeps the published column
names except where noted. ``PD`` is a work of the US government or the Federal Reserve, in the
public domain; ``3P`` is third-party market data, for development and tests only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.feeds.market.columns import Column, ColumnKind
from crossmargin.market.history import PAR_TENOR_YEARS

_COUPON_MAX_PCT = 25.0


class Rights(StrEnum):
    """What may be done with a table's figures."""

    PUBLIC_DOMAIN = "PD"
    THIRD_PARTY = "3P"
    NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the directory.

    Parameters
    ----------
    name : str
        The file is ``name + ".csv"``.
    publisher : str
        Whose figures these are.
    rights : Rights
    columns : tuple of Column
        In the order they are written.
    key : tuple of str
        Columns that name a row; rows are sorted by them.
    date_column : str, optional
        The column whose first and last value the manifest states.
    keeps_other_columns : bool
        True if a published file may bring further columns, kept as text in their order.
    """

    name: str
    publisher: str
    rights: Rights
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    date_column: str | None = None
    keeps_other_columns: bool = False

    @property
    def file_name(self) -> str:
        """The file in the directory."""
        return f"{self.name}.csv"

    def column(self, name: str) -> Column:
        """Return the column of that name in the directory."""
        return next(column for column in self.columns if column.name == name)


def _day(name: str, source_name: str = "", *, filled: bool = True) -> Column:
    return Column(name, ColumnKind.DATE, source_name, filled=filled)


def _text(name: str, source_name: str = "", *, filled: bool = False) -> Column:
    return Column(name, ColumnKind.TEXT, source_name, filled=filled)


def _choice(name: str, *choices: str) -> Column:
    return Column(name, ColumnKind.TEXT, filled=True, choices=choices)


def _number(name: str, *, filled: bool = False, low: float | None = None) -> Column:
    return Column(name, ColumnKind.DECIMAL, filled=filled, low=low)


def _count(name: str, *, filled: bool = True) -> Column:
    return Column(name, ColumnKind.WHOLE, filled=filled, low=0)


def _coupon(name: str, *, filled: bool = True) -> Column:
    return Column(name, ColumnKind.DECIMAL, filled=filled, low=0, high=_COUPON_MAX_PCT)


def _cusip(name: str = "cusip", *, filled: bool = True) -> Column:
    return Column(name, ColumnKind.CUSIP, filled=filled)


def _ohlc() -> tuple[Column, ...]:
    return tuple(_number(name, filled=True, low=0) for name in ("open", "high", "low", "close"))


def _tenor(name: str) -> Column:
    # The oldest tenors are in every published file; the others came and went.
    always = name in {"6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y"}
    return Column(name, ColumnKind.DECIMAL, may_be_absent=not always)


_RATES = (
    Table(
        name="par_yields",
        publisher="US Treasury, Daily Treasury Par Yield Curve Rates",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(
            _day("date"),
            *(_tenor(name) for name in PAR_TENOR_YEARS),
            Column("source", ColumnKind.TEXT, may_be_absent=True),
        ),
        key=("date",),
        date_column="date",
    ),
    Table(
        name="sofr",
        publisher="Federal Reserve Bank of New York, SOFR, by FRED",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(_day("date"), _number("sofr_pct", filled=True)),
        key=("date",),
        date_column="date",
    ),
    Table(
        name="fed_funds",
        publisher="Federal Reserve, target (DFEDTAR, DFEDTARU) and effective rate, by FRED",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(_day("date"), _number("fed_funds_target_pct"), _number("effr_pct")),
        key=("date",),
        date_column="date",
    ),
    Table(
        name="fomc_decisions",
        publisher="Federal Open Market Committee, as listed by a news calendar",
        rights=Rights.NOT_STATED,
        columns=(
            _day("date", "FOMCDate"),
            _text("time", "Time"),
            Column("actual_pct", ColumnKind.PERCENT, "Actual"),
            Column("forecast_pct", ColumnKind.PERCENT, "Forecast"),
            Column("previous_pct", ColumnKind.PERCENT, "Previous"),
        ),
        key=("date",),
        date_column="date",
    ),
    Table(
        name="long_yields",
        publisher="Federal Reserve, H.15, by FRED",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(
            _day("date"),
            *(_number(name) for name in ("DGS10", "DGS2", "T10Y2Y", "T10Y3M")),
        ),
        key=("date",),
        date_column="date",
    ),
    Table(
        name="volatility_index",
        publisher="ICE BofA, MOVE index",
        rights=Rights.THIRD_PARTY,
        columns=(_day("date"), _number("move", filled=True, low=0)),
        key=("date",),
        date_column="date",
    ),
)

_FUTURES = (
    Table(
        name="futures_closes",
        publisher="CBOT, continuous front-month futures, by Yahoo Finance",
        rights=Rights.THIRD_PARTY,
        columns=(
            _day("date"),
            _text("symbol", filled=True),
            *_ohlc(),
            _count("volume"),
            _choice("date_inferred", "0", "1"),
        ),
        key=("symbol", "date"),
        date_column="date",
    ),
    Table(
        name="fed_funds_futures",
        publisher="CBOT, 30-day fed funds futures by contract",
        rights=Rights.THIRD_PARTY,
        columns=(
            _day("date"),
            _text("symbol", filled=True),
            *_ohlc(),
            _count("volume"),
            _count("open_interest"),
        ),
        key=("symbol", "date"),
        date_column="date",
    ),
    Table(
        name="futures_margins",
        publisher="CME Clearing, performance bond advisories",
        rights=Rights.THIRD_PARTY,
        columns=(
            _text("symbol", filled=True),
            _day("effective_date"),
            _number("initial_usd", filled=True, low=0),
            _number("maintenance_usd", filled=True, low=0),
        ),
        key=("symbol", "effective_date"),
        date_column="effective_date",
    ),
    Table(
        name="open_interest",
        publisher="CFTC, Traders in Financial Futures, futures only",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(
            _text("Market_and_Exchange_Names", filled=True),
            _day("Report_Date_as_YYYY-MM-DD"),
            _text("CFTC_Contract_Market_Code", filled=True),
            _count("Open_Interest_All"),
        ),
        key=("CFTC_Contract_Market_Code", "Report_Date_as_YYYY-MM-DD"),
        date_column="Report_Date_as_YYYY-MM-DD",
        keeps_other_columns=True,
    ),
    Table(
        name="conversion_factors",
        publisher="CME Group, Treasury conversion factors",
        rights=Rights.THIRD_PARTY,
        columns=(
            _choice("contract", "TU", "3YR", "FV", "TY", "TN", "TWE", "US", "UL"),
            _day("delivery_month"),
            _cusip(),
            _coupon("coupon_pct"),
            _day("issue_date"),
            _day("maturity_date"),
            _number("issuance_bn", low=0),
            _number("conversion_factor", filled=True, low=0),
        ),
        key=("contract", "delivery_month", "cusip"),
        date_column="delivery_month",
    ),
    Table(
        name="conversion_factor_grid",
        publisher="CME Group, conversion factor look-up tables",
        rights=Rights.THIRD_PARTY,
        columns=(
            _choice("family", "TU", "3YR", "FV", "TY_TN", "US_UL"),
            _coupon("coupon_pct"),
            _count("years"),
            _count("months"),
            _number("factor", filled=True, low=0),
        ),
        key=("family", "coupon_pct", "years", "months"),
    ),
)

_AUCTION_NUMBERS = (
    "interestRate", "highYield", "averageMedianYield", "lowYield", "highDiscountRate",
    "highInvestmentRate", "highDiscountMargin", "spread", "pricePer100", "unadjustedPrice",
    "adjustedPrice", "accruedInterestPer1000", "adjustedAccruedInterestPer1000",
    "indexRatioOnIssueDate", "standardInterestPaymentPer1000",
)  # fmt: skip
_AUCTION_AMOUNTS = (
    "offeringAmount", "totalAccepted", "totalTendered", "bidToCoverRatio", "somaAccepted",
    "somaHoldings", "currentlyOutstanding",
)  # fmt: skip

_SECURITIES = (
    Table(
        name="security_prices",
        publisher="US Treasury, TreasuryDirect FedInvest daily prices",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(
            _day("price_date"),
            _cusip(),
            _choice(
                "security_type",
                *("MARKET BASED " + kind for kind in ("NOTE", "BOND", "BILL", "FRN", "TIPS")),
                "TIPS",
            ),
            _coupon("rate_pct"),
            _day("maturity_date"),
            _number("buy", filled=True, low=0),
            _number("sell", filled=True, low=0),
            Column("sheet_buy_yield_pct", ColumnKind.DECIMAL, may_be_absent=True),
            Column("sheet_sell_yield_pct", ColumnKind.DECIMAL, may_be_absent=True),
        ),
        key=("price_date", "cusip"),
        date_column="price_date",
    ),
    Table(
        name="security_reference",
        publisher="CME Group, compilation of outstanding notes and bonds",
        rights=Rights.THIRD_PARTY,
        columns=(
            _cusip(),
            _number("original_maturity_years", filled=True, low=0),
            _coupon("coupon_pct"),
            _day("issue_date"),
            _day("maturity_date"),
            _number("adj_issuance_bn", low=0),
            Column("inflation_indexed", ColumnKind.TEXT, choices=("Yes", "No")),
            _number("orig_issuance_bn", low=0),
            _day("reopen1_date", filled=False),
            _number("reopen1_bn", low=0),
            _day("reopen2_date", filled=False),
            _number("reopen2_bn", low=0),
            _number("repurchased_bn", low=0),
        ),
        key=("cusip",),
        date_column="issue_date",
    ),
    Table(
        name="security_quotes",
        publisher="Fidelity, bond desk display",
        rights=Rights.THIRD_PARTY,
        columns=(
            _cusip(),
            _text("description"),
            _coupon("coupon_pct"),
            _day("maturity_date"),
            *(_number(name, low=0) for name in ("bid_price", "ask_price")),
            *(_number(name) for name in ("bid_yield_pct", "ask_ytm_pct")),
            _choice("kind", "NOTE/BOND", "STRIPS/ZERO", "BILL"),
        ),
        key=("cusip",),
    ),
    Table(
        name="auctions",
        publisher="US Treasury, TreasuryDirect auction results",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(
            _cusip(),
            _choice("type", "Note", "Bond", "Bill", "TIPS", "FRN", "CMB"),
            _text("securityType"),
            _text("securityTerm", filled=True),
            _text("originalSecurityTerm", filled=True),
            _choice("reopening", "Yes", "No"),
            *(_day(name) for name in ("announcementDate", "auctionDate", "issueDate")),
            _day("datedDate", filled=False),
            _day("maturityDate"),
            _day("firstInterestPaymentDate", filled=False),
            *(_number(name) for name in _AUCTION_NUMBERS),
            _text("interestPaymentFrequency"),
            _text("cashManagementBillCMB"),
            *(_number(name, low=0) for name in _AUCTION_AMOUNTS),
            _text("strippable"),
            _cusip("corpusCusip", filled=False),
            _text("series"),
            _day("originalIssueDate", filled=False),
        ),
        key=("cusip", "auctionDate"),
        date_column="auctionDate",
    ),
    Table(
        name="auction_prices",
        publisher="US Treasury, TreasuryDirect security list",
        rights=Rights.PUBLIC_DOMAIN,
        columns=(
            _cusip(),
            _choice("security_type", "Note", "Bond", "Bill"),
            _text("security_term", filled=True),
            *(_day(name) for name in ("auction_date", "issue_date", "maturity_date")),
            _number("price_per100", low=0),
        ),
        key=("cusip", "auction_date"),
        date_column="auction_date",
    ),
    Table(
        name="etf_closes",
        publisher="Treasury exchange-traded funds, unadjusted closes",
        rights=Rights.NOT_STATED,
        columns=(
            _day("date"),
            _text("symbol", filled=True),
            _number("close", filled=True, low=0),
        ),
        key=("symbol", "date"),
        date_column="date",
    ),
)

_CALENDARS = (
    Table(
        name="holidays",
        publisher="Open-source holiday calendars of the US bond and futures markets",
        rights=Rights.NOT_STATED,
        columns=(
            _day("date"),
            _text("calendar", filled=True),
            _choice("kind", "full", "early_close"),
            _text("early_close_local_time"),
        ),
        key=("calendar", "date"),
        date_column="date",
    ),
    Table(
        name="sifma_holidays",
        publisher="SIFMA, recommended closes",
        rights=Rights.NOT_STATED,
        columns=(_day("date"), _text("holiday", filled=True)),
        key=("date",),
        date_column="date",
    ),
)

#: Every table a market directory may hold, by name.
TABLES: Mapping[str, Table] = {
    table.name: table for table in (*_RATES, *_FUTURES, *_SECURITIES, *_CALENDARS)
}

#: Without these no scenario can be made; every other table may be absent.
NEEDED_TABLES = ("par_yields", "sofr", "fed_funds")
