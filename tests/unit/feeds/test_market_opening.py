"""A market directory opens as what was published, verified, with nothing rounded on the way."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.market.directory import read_manifest, read_table, write_market_directory
from crossmargin.feeds.market.importing import import_market
from crossmargin.feeds.market.opening import last_price_date, open_market
from crossmargin.feeds.market.tables import TABLES
from crossmargin.market.history import PAR_TENOR_YEARS, MarketData
from crossmargin.product.treasury import SecurityKind

DAYS = [dt.date(2026, 3, 23), dt.date(2026, 3, 24)]
TENORS = ("6M", "1Y", "2Y", "3Y", "5Y", "7Y", "10Y")


def tables() -> dict[str, pl.DataFrame]:
    return {
        "par_yields": pl.DataFrame(
            {"date": DAYS, **{tenor: ["4.05", "4.1"] for tenor in TENORS}, "30Y": [None, "4.7"]}
        ),
        "sofr": pl.DataFrame({"date": DAYS, "sofr_pct": ["3.65", "3.64"]}),
        "fed_funds": pl.DataFrame(
            {"date": DAYS, "fed_funds_target_pct": [None, "3.75"], "effr_pct": ["3.63", None]}
        ),
        "fed_funds_futures": pl.DataFrame(
            {
                "date": [DAYS[1], DAYS[0], DAYS[0]],
                "symbol": ["ZQJ26", "ZQK26", "ZQJ26"],
                **{name: ["96.365", "96.37", "96.36"] for name in ("open", "high", "low", "close")},
                "volume": 1,
                "open_interest": 1,
            }
        ),
        "security_prices": pl.DataFrame(
            {
                "price_date": [DAYS[0], DAYS[1], DAYS[1]],
                "cusip": ["912810FT0", "912810FT0", "91282CPG0"],
                "security_type": ["MARKET BASED BOND"] * 2 + ["MARKET BASED FRN"],
                "rate_pct": ["4.5", "4.5", "3.912"],
                "maturity_date": [dt.date(2036, 2, 15)] * 2 + [dt.date(2027, 10, 31)],
                "buy": ["101.531250", "101.5", "100.170545"],
                "sell": ["0.0", "101.4375", "100.162687"],
            }
        ),
    }


def opened(directory: Path, content: dict[str, pl.DataFrame]) -> MarketData:
    write_market_directory(directory, content, simulated=True, seed=3, notes={})
    return open_market(directory)


def test_histories_hold_what_was_written(tmp_path: Path) -> None:
    market = opened(tmp_path / "market", tables())
    assert market.par_yields.tenors == tuple(PAR_TENOR_YEARS)
    assert market.par_yields.dates.tolist() == DAYS
    assert market.par_yields.yields_pct[:, PAR_COLUMN["2Y"]].tolist() == [4.05, 4.1]
    assert math.isnan(market.par_yields.yields_pct[0, PAR_COLUMN["30Y"]])
    assert market.fed_funds_target.dates.tolist() == [DAYS[1]]
    assert market.effective_fed_funds.rates_pct.tolist() == [3.63]
    assert market.treasury_futures == {}
    april = market.fed_funds_futures["ZQJ26"]
    assert (april.dates.tolist(), april.closes.tolist()) == (DAYS, [96.36, 96.365])
    assert market.simulated
    assert market.digest == read_manifest(tmp_path / "market").digest


PAR_COLUMN = {tenor: column for column, tenor in enumerate(PAR_TENOR_YEARS)}


def test_margin_levels_are_by_symbol_and_date_and_may_be_absent(tmp_path: Path) -> None:
    assert opened(tmp_path / "without", tables()).futures_margins == {}
    levels = pl.DataFrame(
        {
            "symbol": ["ZN", "ZB", "ZN"],
            "effective_date": [dt.date(2012, 2, 3), dt.date(2012, 2, 3), dt.date(2011, 8, 11)],
            "initial_usd": [1210.0, 3080.0, 1760.0],
            "maintenance_usd": [1100.0, 2800.0, 1600.0],
        }
    )
    margins = opened(tmp_path / "with", {**tables(), "futures_margins": levels}).futures_margins
    assert list(margins) == ["ZB", "ZN"]
    assert margins["ZN"].dates.tolist() == [dt.date(2011, 8, 11), dt.date(2012, 2, 3)]
    assert margins["ZN"].maintenance_dollars.tolist() == [1600.0, 1100.0]
    assert margins["ZN"].initial_dollars.tolist() == [1760.0, 1210.0]


def test_prices_and_coupons_are_exact_decimals(tmp_path: Path) -> None:
    market = opened(tmp_path / "market", tables())
    bond = market.price_sheets[DAYS[0]].prices["912810FT0"]
    assert str(bond.buy_clean_per_100) == "101.531250"
    assert bond.sell_clean_per_100 == 0
    assert (bond.security.kind, bond.security.coupon_pct) == (SecurityKind.BOND, Decimal("4.5"))
    note = market.price_sheets[DAYS[1]].prices["91282CPG0"].security
    assert (note.kind, note.coupon_pct) == (SecurityKind.FRN, Decimal(0))


def test_the_last_price_sheet_is_the_default_date(tmp_path: Path) -> None:
    content = tables()
    assert last_price_date(opened(tmp_path / "market", content)) == DAYS[1]
    del content["security_prices"]
    with pytest.raises(RefusedError, match="ruling 35"):
        last_price_date(opened(tmp_path / "market", content))


def test_auction_dates_reach_the_security(tmp_path: Path) -> None:
    content = tables()
    blank = pl.lit(None, dtype=pl.String)
    content["auctions"] = pl.DataFrame(
        {
            "cusip": ["912810FT0", "912810FT0"],
            "type": "Bond",
            "securityTerm": ["30-Year", "29-Year 9-Month"],
            "originalSecurityTerm": "30-Year",
            "reopening": ["No", "Yes"],
            "announcementDate": ["2006-02-01", "2006-05-01"],
            "auctionDate": ["2006-02-09", "2006-05-09"],
            "issueDate": ["2006-02-15", "2006-05-15"],
            "datedDate": ["2006-02-15", "2006-05-15"],
            "maturityDate": "2036-02-15",
            "firstInterestPaymentDate": ["2006-08-15", "2006-08-15"],
            "interestRate": "4.500000",
            "originalIssueDate": [None, "2006-02-15"],
        }
    )
    others = [c.name for c in TABLES["auctions"].columns]
    known = content["auctions"].columns
    content["auctions"] = content["auctions"].with_columns(
        blank.alias(name) for name in others if name not in known
    )
    security = (
        opened(tmp_path / "market", content).price_sheets[DAYS[1]].prices["912810FT0"].security
    )
    assert security.dated_date == dt.date(2006, 2, 15)
    assert security.first_coupon_date == dt.date(2006, 8, 15)
    assert security.original_maturity_years == 30


def test_a_market_whose_tables_changed_is_refused(tmp_path: Path) -> None:
    opened(tmp_path / "market", tables())
    path = tmp_path / "market" / "sofr.csv"
    path.write_text(path.read_text().replace("3.65", "3.66"))
    with pytest.raises(RefusedError, match="sofr"):
        open_market(tmp_path / "market")


def test_every_absent_table_that_models_need_is_named(tmp_path: Path) -> None:
    content = tables()
    del content["sofr"], content["fed_funds"]
    with pytest.raises(RefusedError) as caught:
        opened(tmp_path / "market", content)
    assert [refusal.field for refusal in caught.value.refusals] == ["sofr", "fed_funds"]


@pytest.fixture(scope="module")
def real_market(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("real") / "market"
    import_market([real_data], directory)
    return directory


@pytest.mark.real_data
def test_every_published_yield_is_the_nearest_float_to_its_text(real_market: Path) -> None:
    history = open_market(real_market).par_yields
    rows = read_table(real_market, "par_yields")
    for column, tenor in enumerate(PAR_TENOR_YEARS):
        expected = [math.nan if text is None else float(text) for text in rows[tenor]]
        assert np.array_equal(history.yields_pct[:, column], expected, equal_nan=True)


@pytest.mark.real_data
def test_the_published_market_opens_whole(real_market: Path) -> None:
    market = open_market(real_market)
    assert not market.simulated
    assert last_price_date(market) == dt.date(2026, 3, 24)
    assert len(market.par_yields.dates) == 9_166
    assert len(market.fed_funds_futures) == 432
    assert sum(len(history.dates) for history in market.fed_funds_futures.values()) == 199_555
    assert sorted(market.treasury_futures) == ["TN", "ZB", "ZF", "ZN", "ZT"]
    histories = [*market.treasury_futures.values(), *market.fed_funds_futures.values()]
    for history in histories:
        assert bool(np.all(np.diff(history.dates) > np.timedelta64(0, "D")))
    kinds = [
        price.security.kind for price in market.price_sheets[dt.date(2026, 3, 24)].prices.values()
    ]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        SecurityKind.NOTE: 241,
        SecurityKind.BOND: 109,
        SecurityKind.TIPS: 53,
        SecurityKind.BILL: 50,
        SecurityKind.FRN: 8,
    }


def weekly_reports() -> pl.DataFrame:
    """Return reports as the CFTC writes them: padded, several markets, one class unreported."""
    return pl.DataFrame(
        {
            "Market_and_Exchange_Names": ["UST 10Y NOTE", "UST 10Y NOTE", "MICRO 10 YEAR YIELD"],
            "Report_Date_as_YYYY-MM-DD": [
                dt.date(2026, 3, 17),
                dt.date(2026, 3, 10),
                dt.date(2026, 3, 17),
            ],
            "CFTC_Contract_Market_Code": ["043602", "043602", "04360Y"],
            "Open_Interest_All": ["5500186", "5400000", "77"],
            "Lev_Money_Positions_Long_All": [" 100", "90", "1"],
            "Lev_Money_Positions_Short_All": ["  250", ".", "1"],
        }
    )


def test_weekly_reports_are_read_by_product_and_date(tmp_path: Path) -> None:
    market = opened(tmp_path / "market", {**tables(), "open_interest": weekly_reports()})
    assert set(market.open_interest) == {"ZN"}
    earlier, later = market.open_interest["ZN"]
    assert (earlier.report_date, earlier.open_interest) == (dt.date(2026, 3, 10), 5_400_000)
    assert (later.report_date, later.open_interest) == (dt.date(2026, 3, 17), 5_500_186)
    assert later.net("leveraged_funds") == -150
    assert earlier.net("leveraged_funds") is None
    assert later.net("dealers") is None
    assert market.traders_on("ZN", dt.date(2026, 3, 16)) == earlier
    assert market.traders_on("ZN", dt.date(2026, 3, 17)) == later
    assert market.traders_on("ZN", dt.date(2026, 3, 9)) is None
    assert market.traders_on("ZB", dt.date(2026, 3, 17)) is None


@pytest.mark.real_data
def test_the_real_reports_are_those_of_the_cftc(real_directory: Path) -> None:
    market = open_market(real_directory)
    products = {"ZT", "ZF", "ZN", "TN", "ZB", "UB", "SR3", "SR1", "ZQ"}
    assert set(market.open_interest) == products
    last = market.traders_on("ZT", dt.date(2026, 3, 24))
    assert last is not None
    assert (last.report_date, last.open_interest) == (dt.date(2025, 12, 30), 4_530_789)
    assert last.net("leveraged_funds") == -2_219_735
    assert last.net("dealers") == -283_679
