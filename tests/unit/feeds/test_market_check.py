"""A check finds what is planted, calls what is known known, and counts what the data state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from crossmargin.feeds.market.check import check_market
from crossmargin.feeds.market.directory import write_market_directory
from crossmargin.feeds.market.findings import Finding, Severity
from crossmargin.feeds.market.importing import import_market
from crossmargin.product.calendars import sifma_calendar

UNEXPLAINED = "ZN moves more than 1.2 points beside its yield, not at a roll (1 are known)"
Tables = dict[str, pl.DataFrame]
TENORS = {"6M": 3.6, "1Y": 3.5, "2Y": 3.5, "3Y": 3.6, "5Y": 3.7, "7Y": 3.9, "10Y": 4.1, "30Y": 4.7}


def healthy() -> Tables:
    days = list(sifma_calendar().business_days(dt.date(2024, 1, 2), dt.date(2024, 4, 30)))
    wave = [0.01 * (i % 7) for i in range(len(days))]
    curve = {name: [level + up for up in wave] for name, level in TENORS.items()}
    prices = [110 - 7 * up for up in wave]
    ticks = [round(price * 64) / 64 for price in prices]
    return {
        "par_yields": pl.DataFrame({"date": days, **curve}),
        "sofr": pl.DataFrame({"date": days, "sofr_pct": [5.3] * len(days)}),
        "fed_funds": pl.DataFrame(
            {
                "date": pl.date_range(days[0], days[-1], eager=True),
                "fed_funds_target_pct": 5.5,
                "effr_pct": 5.33,
            }
        ),
        "futures_closes": pl.DataFrame(
            {
                "date": days,
                "symbol": "ZN",
                "open": ticks,
                "high": [tick + 0.5 for tick in ticks],
                "low": [tick - 0.5 for tick in ticks],
                "close": ticks,
                "volume": 1000,
                "date_inferred": 0,
            }
        ),
        "security_prices": pl.DataFrame(
            {
                "price_date": [dt.date(2024, 4, 30)],
                "cusip": ["912810FT0"],
                "security_type": ["MARKET BASED BOND"],
                "rate_pct": ["4.5"],
                "maturity_date": [dt.date(2036, 2, 15)],
                "buy": ["101.5"],
                "sell": ["101.4375"],
            }
        ),
    }


def at(column: str, row: int, value: object) -> pl.Expr:
    """The column with one value changed."""
    here = pl.int_range(pl.len()) == row
    return pl.when(here).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)


def checked(tables: Tables, directory: Path) -> list[Finding]:
    write_market_directory(directory, tables, simulated=True, seed=1, notes={})
    return check_market(directory)


def loud(findings: list[Finding]) -> list[tuple[str, str, str, int]]:
    return [
        (finding.severity.value, finding.table, finding.what, finding.count)
        for finding in findings
        if finding.severity is not Severity.INFO
    ]


def test_a_healthy_market_has_no_warnings(tmp_path: Path) -> None:
    findings = checked(healthy(), tmp_path / "market")
    assert loud(findings) == []
    assert ("manifest", "a simulated market, seed 1") in [(f.table, f.what) for f in findings]
    assert all(finding.handling for finding in findings)


def plant(table: str, *changes: pl.Expr) -> Callable[[Tables], Tables]:
    return lambda tables: {**tables, table: tables[table].with_columns(*changes)}


def without(table: str, row: int) -> Callable[[Tables], Tables]:
    return lambda tables: {
        **tables,
        table: tables[table].with_row_index().filter(pl.col("index") != row).drop("index"),
    }


def twice(table: str, row: int) -> Callable[[Tables], Tables]:
    return lambda tables: {
        **tables,
        table: pl.concat([tables[table], tables[table][row : row + 1]]),
    }


def weekend(tables: Tables) -> Tables:
    extra = tables["par_yields"][4:5].with_columns(date=dt.date(2024, 1, 6))
    return {**tables, "par_yields": pl.concat([tables["par_yields"], extra])}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (plant("par_yields", at("10Y", 30, None)), ("warning", "par_yields", "new: 10Y blank", 1)),
        (
            without("par_yields", 30),
            ("warning", "par_yields", "new: business days without a curve row", 1),
        ),
        (weekend, ("error", "par_yields", "curve rows on weekends", 1)),
        (
            plant("par_yields", at("date", 30, dt.date(2204, 2, 14))),
            ("error", "par_yields", "dates no calendar knows", 1),
        ),
        (
            plant("par_yields", at("2Y", 30, -0.1)),
            ("error", "par_yields", "2Y yields below 0 or above 25 %", 1),
        ),
        (
            plant("par_yields", at("5Y", 30, 37.0)),
            ("error", "par_yields", "5Y yields below 0 or above 25 %", 1),
        ),
        (
            plant("par_yields", at("10Y", 30, 4.9)),
            ("warning", "par_yields", "new: 10Y moves of more than 60 bp in a day", 2),
        ),
        (
            twice("par_yields", 30),
            ("error", "par_yields", "more than one row of one date", 1),
        ),
        (without("sofr", 30), ("warning", "sofr", "new: curve days without SOFR", 1)),
        (
            plant("sofr", at("sofr_pct", 30, 7.0)),
            ("warning", "sofr", "new: moves of more than 100 bp in a day", 2),
        ),
        (
            without("fed_funds", 30),
            ("warning", "fed_funds", "calendar days without the target", 1),
        ),
        (
            plant("futures_closes", at("close", 30, 100.0), at("low", 30, 109.0)),
            ("warning", "futures_closes", UNEXPLAINED, 2),
        ),
        (
            plant("futures_closes", at("high", 30, 100.0)),
            ("error", "futures_closes", "ZN high below low", 1),
        ),
        (
            plant("futures_closes", at("close", 30, 19.0)),
            ("error", "futures_closes", "ZN closes below 50 or above 250", 1),
        ),
        (
            plant("security_prices", at("sell", 0, "1014.375")),
            ("error", "security_prices", "prices below 1 or above 250", 1),
        ),
        (
            plant("security_prices", at("maturity_date", 0, dt.date(2024, 2, 15))),
            ("error", "security_prices", "securities that have matured", 1),
        ),
        (
            plant("security_prices", at("cusip", 0, "912810FT1")),
            ("error", "security_prices", "cusip is not a CUSIP with its check digit", 1),
        ),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(
    fault: Callable[[Tables], Tables], expected: tuple[str, str, str, int], tmp_path: Path
) -> None:
    assert expected in loud(checked(fault(healthy()), tmp_path / "market"))


def test_a_stale_curve_and_a_stale_close_are_found(tmp_path: Path) -> None:
    tables = healthy()
    held = pl.col("date").is_between(dt.date(2024, 2, 1), dt.date(2024, 2, 12))
    for name in ("par_yields", "futures_closes"):
        frozen = [
            pl.when(held).then(pl.col(column).get(22)).otherwise(pl.col(column)).alias(column)
            for column in tables[name].columns
            if tables[name][column].dtype == pl.Float64
        ]
        tables[name] = tables[name].with_columns(frozen)
    whats = [what for _, _, what, _ in loud(checked(tables, tmp_path / "market"))]
    assert "the whole curve unchanged over 3 rows or more" in whats
    assert "ZN close unchanged over more than 5 rows, starting" in whats


def test_more_closes_outside_their_range_than_are_known_are_a_warning(tmp_path: Path) -> None:
    tables = healthy()
    tables["futures_closes"] = tables["futures_closes"].with_columns(low=pl.col("close") + 0.25)
    found = loud(checked(tables, tmp_path / "market"))
    rows = tables["futures_closes"].height
    what = "ZN closes outside high and low (18 are known)"
    assert found == [("warning", "futures_closes", what, rows)]


def test_a_table_edited_after_the_import_is_an_error_and_still_checked(tmp_path: Path) -> None:
    market = tmp_path / "market"
    checked(healthy(), market)
    text = (market / "par_yields.csv").read_text()
    (market / "par_yields.csv").write_text(text.replace("4.11", "-4.11", 1))
    found = loud(check_market(market))
    assert ("error", "par_yields", "the table is not as it was written", 1) in found
    assert ("error", "par_yields", "10Y yields below 0 or above 25 %", 1) in found


@pytest.mark.parametrize(
    "text", ["", "date\n", "date,sofr_pct\n", "date,sofr_pct\nx,y\n", '"', "\xff"]
)
def test_a_ruined_table_is_reported_not_raised(text: str, tmp_path: Path) -> None:
    market = tmp_path / "market"
    checked(healthy(), market)
    (market / "sofr.csv").write_text(text, encoding="latin-1")
    assert {table for _, table, _, _ in loud(check_market(market))} == {"sofr"}


def test_an_absent_table_is_named(tmp_path: Path) -> None:
    tables = healthy()
    del tables["sofr"]
    findings = checked(tables, tmp_path / "market")
    absent = {f.table: f.severity for f in findings if f.what == "the table is absent"}
    assert absent["sofr"] is Severity.ERROR
    assert absent["volatility_index"] is Severity.INFO


@pytest.fixture(scope="module")
def real_findings(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    market = tmp_path_factory.mktemp("real") / "market"
    import_market([real_data], market)
    return check_market(market)


def figure(findings: list[Finding], table: str, what: str) -> tuple[int, str, str]:
    (finding,) = [f for f in findings if f.table == table and f.what == what]
    return finding.count, str(finding.first_date), str(finding.last_date)


@pytest.mark.real_data
def test_the_published_history_has_known_gaps_only(real_findings: list[Finding]) -> None:
    assert loud(real_findings) == []


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("table", "what", "expected"),
    [
        # The figures are those of the data folder's own description.
        ("par_yields", "30Y blank", (994, "2002-02-19", "2006-02-08")),
        ("par_yields", "3M blank", (3, "2008-12-10", "2008-12-24")),
        ("par_yields", "1.5M blank", (118, "2025-07-14", "2025-12-31")),
        ("par_yields", "2M blank", (118, "2025-07-14", "2025-12-31")),
        ("par_yields", "4M blank", (118, "2025-07-14", "2025-12-31")),
        *(
            ("par_yields", f"{tenor} starts after the curve's first day", (1, day, day))
            for tenor, day in (
                ("20Y", "1993-10-01"),
                ("1M", "2001-07-31"),
                ("2M", "2018-10-16"),
                ("4M", "2022-10-19"),
                ("1.5M", "2025-02-18"),
            )
        ),
        (
            "holidays",
            "quantlib_us_government_bond: open days without a curve row",
            (2, "2001-09-11", "2001-09-12"),
        ),
        (
            "holidays",
            "full closes in one of two bond calendars",
            (7, "2004-06-11", "2018-12-05"),
        ),
        (
            "long_yields",
            "10Y against DGS10: common days, 0 of them differ",
            (9_150, "1990-01-02", "2026-07-30"),
        ),
        (
            "long_yields",
            "2Y against DGS2: common days, 0 of them differ",
            (9_165, "1990-01-02", "2026-08-20"),
        ),
        ("long_yields", "10Y - 3M against T10Y3M differs", (2, "1991-01-29", "1999-10-01")),
        ("long_yields", "10Y - 2Y against T10Y2Y differs", (3, "1990-11-21", "1995-11-29")),
        ("fed_funds", "effective rate known from to", (19_476, "1962-02-06", "2015-06-03")),
        ("fed_funds", "target known from to", (16_012, "1982-09-27", "2026-07-29")),
        ("volatility_index", "holes of more than 5 days end", (2, "2012-11-27", "2013-03-25")),
        ("futures_closes", "ZT history from to", (6_261, "2000-06-02", "2025-05-23")),
        ("futures_closes", "ZF history from to", (6_207, "2000-09-21", "2025-05-23")),
        ("futures_closes", "ZN history from to", (6_195, "2000-09-21", "2025-05-23")),
        ("futures_closes", "ZB history from to", (6_201, "2000-09-21", "2025-05-23")),
        ("futures_closes", "TN history from to", (1_216, "2016-01-11", "2020-11-20")),
        ("futures_closes", "ZN absent on days with a curve row", (17, "2001-04-03", "2023-04-07")),
        ("futures_closes", "ZT closes outside high and low", (167, "2000-06-13", "2024-10-29")),
        ("futures_closes", "ZF closes outside high and low", (62, "2000-10-09", "2024-10-30")),
        ("futures_closes", "ZN closes outside high and low", (18, "2000-10-09", "2025-03-04")),
        ("futures_closes", "ZB closes outside high and low", (10, "2000-10-09", "2024-10-29")),
        ("futures_closes", "ZT rows of volume 0", (111, "2000-08-25", "2025-03-27")),
        ("futures_closes", "ZB closes off the tick of 1/32", (198, "2002-11-19", "2009-08-27")),
        ("fed_funds_futures", "rows of 432 contracts", (199_555, "1989-08-25", "2023-09-15")),
        ("auctions", "auctions by type", (1_581, "2008-04-14", "2022-08-09")),
        (
            "auctions",
            "prices shared with auction_prices, 0 of them differ",
            (1_581, "2008-04-14", "2022-08-09"),
        ),
        ("auction_prices", "auctions without a price", (2_921, "1979-10-31", "2024-08-13")),
        ("sifma_holidays", "closes listed on a weekend", (1, "2027-07-04", "2027-07-04")),
        (
            "fomc_decisions",
            "meetings without a decision (schedule only)",
            (15, "2023-03-22", "2024-12-18"),
        ),
    ],
)  # fmt: skip
def test_the_stated_counts_are_reproduced(
    table: str, what: str, expected: tuple[int, str, str], real_findings: list[Finding]
) -> None:
    assert figure(real_findings, table, what) == expected


@pytest.mark.real_data
def test_stated_breakdowns_are_reproduced(real_findings: list[Finding]) -> None:
    examples = {(f.table, f.what): f.examples for f in real_findings}
    assert examples["security_prices", "securities on 1 price sheet(s)"] == (
        "MARKET BASED BILL 50",
        "MARKET BASED BOND 109",
        "MARKET BASED FRN 8",
        "MARKET BASED NOTE 241",
        "TIPS 53",
    )
    assert examples["auctions", "auctions by type"] == (
        "Bill 827",
        "Bond 104",
        "FRN 35",
        "Note 530",
        "TIPS 85",
    )
    assert examples["auctions", "years without a coupon auction"] == ("2013",)
    assert examples["futures_margins", "history ends"] == (
        "TN 2020-05-26",
        "UB 2020-05-26",
        "ZB 2021-05-27",
        "ZF 2021-11-30",
        "ZN 2020-05-26",
        "ZT 2020-05-26",
    )


@pytest.mark.real_data
def test_a_new_gap_in_published_data_is_told_from_the_known_ones(
    real_data: Path, tmp_path: Path
) -> None:
    curve = pl.read_csv(real_data / "ust_par_yield_curve_daily.csv.gz", infer_schema=False)
    blanked = pl.col("date").is_in(["2026-03-23", "2003-05-05"])
    holed = curve.with_columns(
        pl.when(blanked).then(None).otherwise(pl.col("30Y")).alias("30Y")
    ).filter(pl.col("date") != "2026-03-12")
    holed.write_csv(tmp_path / "curve.csv")
    import_market([tmp_path / "curve.csv"], tmp_path / "market")
    findings = check_market(tmp_path / "market")
    assert figure(findings, "par_yields", "30Y blank")[0] == 994
    assert figure(findings, "par_yields", "new: 30Y blank") == (1, "2026-03-23", "2026-03-23")
    what = "new: business days without a curve row"
    assert figure(findings, "par_yields", what) == (1, "2026-03-12", "2026-03-12")
