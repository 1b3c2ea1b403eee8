"""Published files into a market directory: recognised, checked, all or nothing, repeatable."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
from pathlib import Path

import polars as pl
import pytest

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.feeds.market.directory import (
    MANIFEST,
    read_manifest,
    read_table,
    verified_manifest,
    write_market_directory,
)
from crossmargin.feeds.market.importing import import_market
from crossmargin.feeds.market.tables import TABLES

CURVE = "date,6M,1Y,2Y,3Y,5Y,7Y,10Y,30Y\n"
CURVE_ROWS = [
    "2026-03-23,3.60,3.55,3.50,3.55,3.70,3.90,4.10,4.70\n",
    "2026-03-24,3.61,3.56,3.51,3.56,3.71,3.91,4.11,4.7100\n",
]
SOFR = "date,sofr_pct\n2026-03-23,3.65\n2026-03-24,3.64\n"


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    # The name says nothing; the header does.
    (folder / "a.csv.gz").write_bytes(gzip.compress((CURVE + "".join(CURVE_ROWS)).encode()))
    (folder / "b.csv").write_text(SOFR)
    (folder / "README.md").write_text("no market file")
    return folder


def refusals_of(*sources: Path, to: Path) -> tuple[Refusal, ...]:
    with pytest.raises(RefusedError) as caught:
        import_market(sources, to)
    return caught.value.refusals


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_files_are_recognised_by_their_header(published: Path, tmp_path: Path) -> None:
    report = import_market([published], tmp_path / "market")
    assert [table.name for table in report.tables] == ["par_yields", "sofr"]
    assert report.tables[0].files == ("a.csv.gz",)
    assert report.not_recognised == ("README.md",)


def test_quoted_figures_keep_their_digits(published: Path, tmp_path: Path) -> None:
    import_market([published], tmp_path / "market")
    rows = read_table(tmp_path / "market", "par_yields")
    assert rows["30Y"].to_list() == ["4.70", "4.7100"]
    assert rows["20Y"].to_list() == [None, None]


def test_the_same_sources_give_the_same_bytes(published: Path, tmp_path: Path) -> None:
    import_market([published], tmp_path / "one")
    import_market([published / "b.csv", published / "a.csv.gz"], tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_manifest_vouches_for_sources_and_tables(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    import_market([published], market, retrieved=dt.date(2026, 3, 25))
    text = (market / MANIFEST).read_text()
    entry = json.loads(text)["tables"]["sofr"]
    source = entry["sources"][0]
    assert source["sha256"] == hashlib.sha256((published / "b.csv").read_bytes()).hexdigest()
    assert entry["sha256"] == hashlib.sha256((market / "sofr.csv").read_bytes()).hexdigest()
    assert (entry["rows"], entry["first_date"], entry["last_date"]) == (
        2,
        "2026-03-23",
        "2026-03-24",
    )
    assert source["retrieved"] == "2026-03-25"
    assert entry["rights"] == "PD"
    assert str(tmp_path) not in text


def test_every_bad_value_is_named_and_nothing_is_written(published: Path, tmp_path: Path) -> None:
    (published / "b.csv").write_text(
        "date,sofr_pct\n2026-02-30,3.65\n2026-03-24,n/a\n2026-03-25,\n2026-3-26,3.1\n"
    )
    found = refusals_of(published, to=tmp_path / "market")
    assert [(r.file, r.line, r.column, r.field, r.value) for r in found] == [
        ("b.csv", 2, 1, "date", "2026-02-30"),
        ("b.csv", 5, 1, "date", "2026-3-26"),
        ("b.csv", 3, 2, "sofr_pct", "n/a"),
        ("b.csv", 4, 2, "sofr_pct", ""),
    ]
    assert found[2].expected == "a plain decimal such as 99.515625"
    assert not (tmp_path / "market").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["published"]


@pytest.mark.parametrize("value", ["nan", "inf", "1e3", " 3.65", "3,65x", "-", "\u0663"])
def test_what_only_looks_like_a_number_is_refused(value: str, tmp_path: Path) -> None:
    source = tmp_path / "sofr.csv"
    source.write_text(f'date,sofr_pct\n2026-03-24,"{value}"\n')
    assert refusals_of(source, to=tmp_path / "market")[0].value == value


@pytest.mark.parametrize(("rate", "price"), [("-0.125", "99"), ("25.125", "99"), ("4", "-99")])
def test_what_no_market_can_produce_is_refused(rate: str, price: str, tmp_path: Path) -> None:
    source = tmp_path / "prices.csv"
    source.write_text(
        "price_date,cusip,security_type,rate_pct,maturity_date,buy,sell\n"
        f"2026-03-24,912810FT0,MARKET BASED BOND,{rate},2036-02-15,{price},99\n"
    )
    (found,) = refusals_of(source, to=tmp_path / "market")
    assert found.value in {rate, price}


def test_the_order_in_which_files_are_named_does_not_show(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(CURVE + CURVE_ROWS[0])
    (tmp_path / "two.csv").write_text(CURVE + CURVE_ROWS[1] + CURVE_ROWS[0].replace("4.70", "4.7"))
    import_market([tmp_path / "one.csv", tmp_path / "two.csv"], tmp_path / "a")
    import_market([tmp_path / "two.csv", tmp_path / "one.csv"], tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_directory_that_cannot_be_moved_into_place_is_put_back(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    market = tmp_path / "market"
    import_market([published], market)
    before = contents(market)
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name == "fresh":
            raise OSError("disk full")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="disk full"):
        import_market([published / "b.csv"], market)
    assert contents(market) == before


def test_faults_of_all_files_are_reported_together(published: Path, tmp_path: Path) -> None:
    (published / "a.csv.gz").write_bytes(b"\x1f\x8b broken")
    (published / "b.csv").write_text("date,sofr_pct\n2026-03-24,3.65,9\n")
    (published / "c.csv").write_text("when,what\n1,2\n")
    found = refusals_of(published, to=tmp_path / "market")
    assert [r.file for r in found] == ["a.csv.gz", "b.csv", "c.csv"]
    assert (found[1].line, found[1].value) == (2, "3 values")


def test_an_unknown_header_names_the_nearest_table(published: Path, tmp_path: Path) -> None:
    (published / "b.csv").write_text("date,sofr\n2026-03-24,3.65\n")
    (found,) = refusals_of(published, to=tmp_path / "market")
    assert "sofr: missing sofr_pct; unknown sofr" in found.expected
    report = import_market([published], tmp_path / "market", skip_unrecognised=True)
    assert report.not_recognised == ("README.md", "b.csv")


def test_a_cusip_whose_check_digit_is_wrong_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "prices.csv"
    source.write_text(
        "price_date,cusip,security_type,rate_pct,maturity_date,buy,sell\n"
        "2026-03-24,912810FT1,MARKET BASED BOND,4.5,2036-02-15,101,100\n"
    )
    (found,) = refusals_of(source, to=tmp_path / "market")
    assert (found.field, found.value, found.line) == ("cusip", "912810FT1", 2)


def test_repeated_rows_are_dropped_and_counted(published: Path, tmp_path: Path) -> None:
    (published / "b2.csv").write_text(SOFR)
    report = import_market([published], tmp_path / "market")
    sofr = report.tables[1]
    assert (sofr.rows, sofr.duplicates_dropped, sofr.files) == (2, 2, ("b.csv", "b2.csv"))


def test_equal_figures_in_other_words_are_one_row(published: Path, tmp_path: Path) -> None:
    (published / "c.csv").write_text(
        CURVE.replace("\n", ",source\n") + CURVE_ROWS[0].replace("4.70\n", "4.7,again\n")
    )
    report = import_market([published], tmp_path / "market")
    assert (report.tables[0].rows, report.tables[0].duplicates_dropped) == (2, 1)
    assert read_table(tmp_path / "market", "par_yields")["30Y"].to_list() == ["4.70", "4.7100"]


def test_two_different_rows_of_one_key_are_refused(published: Path, tmp_path: Path) -> None:
    (published / "b2.csv").write_text("date,sofr_pct\n2026-03-24,3.66\n")
    (found,) = refusals_of(published, to=tmp_path / "market")
    assert (found.field, found.value, found.file) == ("date", "2026-03-24", "b.csv, b2.csv")


def test_rows_are_sorted_by_key_and_numbers_as_numbers(tmp_path: Path) -> None:
    source = tmp_path / "grid.csv"
    header = "family,coupon_pct,years,months,factor\n"
    source.write_text(header + "TU,10.0,2,0,1.1\nTU,9.875,2,0,1.0\nTU,9.875,1,11,1.05\n")
    import_market([source], tmp_path / "market")
    rows = read_table(tmp_path / "market", "conversion_factor_grid")
    assert rows.select("coupon_pct", "years").rows() == [
        ("9.875", "1"),
        ("9.875", "2"),
        ("10.0", "2"),
    ]


def test_importing_again_replaces_the_directory_whole(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    import_market([published], market)
    import_market([published / "b.csv"], market)
    assert sorted(path.name for path in market.iterdir()) == [MANIFEST, "sofr.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["market", "published"]


def test_a_failed_import_leaves_the_directory_as_it_was(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    import_market([published], market)
    before = contents(market)
    (published / "b.csv").write_text("date,sofr_pct\nx,y\n")
    refusals_of(published, to=market)
    assert contents(market) == before


def test_only_a_market_directory_is_replaced(published: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    assert refusals_of(published, to=other)[0].field == "--to"
    market = tmp_path / "market"
    import_market([published], market)
    (market / "notes.txt").write_text("precious")
    assert refusals_of(published, to=market)[0].value == "market/notes.txt"
    assert (market / "notes.txt").read_text() == "precious"


def test_figures_of_a_market_directory_do_not_come_back_as_published(
    published: Path, tmp_path: Path
) -> None:
    rows = pl.DataFrame({"date": [dt.date(2026, 3, 24)], "sofr_pct": [3.65]})
    market = tmp_path / "simulated"
    write_market_directory(market, {"sofr": rows}, simulated=True, seed=7, notes={})
    for source in (market, market / "sofr.csv"):
        (found,) = refusals_of(source, to=tmp_path / "market")
        assert found.expected == "published files, not a market directory"


def test_a_simulated_directory_says_so_and_has_another_digest(tmp_path: Path) -> None:
    rows = pl.DataFrame({"date": [dt.date(2026, 3, 24)], "sofr_pct": [3.65]})
    for name, simulated in (("one", True), ("two", False)):
        write_market_directory(
            tmp_path / name, {"sofr": rows}, simulated=simulated, seed=7, notes={"model": "flat"}
        )
    one, two = read_manifest(tmp_path / "one"), read_manifest(tmp_path / "two")
    assert (one.simulated, one.seed, one.notes) == (True, 7, {"model": "flat"})
    assert one.tables["sofr"]["sha256"] == two.tables["sofr"]["sha256"]
    assert one.tables["sofr"]["publisher"] == "simulated"
    assert one.digest != two.digest


def test_tables_of_another_shape_are_not_written(tmp_path: Path) -> None:
    rows = pl.DataFrame({"date": ["2026-03-24"], "rate": ["3"]})
    with pytest.raises(RefusedError) as caught:
        write_market_directory(
            tmp_path / "m", {"sofr": rows, "oats": rows}, simulated=True, seed=1, notes={}
        )
    assert [(r.field, r.value) for r in caught.value.refusals] == [
        ("sofr_pct", "absent"),
        ("rate", "present"),
        ("table", "oats"),
    ]


def test_a_changed_table_is_refused_by_name(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    import_market([published], market)
    (market / "sofr.csv").write_text(SOFR.replace("3.65", "3.56"))
    (market / "par_yields.csv").unlink()
    with pytest.raises(RefusedError) as caught:
        verified_manifest(market)
    assert [(r.field, r.value == "no such file") for r in caught.value.refusals] == [
        ("par_yields", True),
        ("sofr", False),
    ]


def test_a_simulated_market_cannot_be_relabelled(tmp_path: Path) -> None:
    rows = pl.DataFrame({"date": [dt.date(2026, 3, 24)], "sofr_pct": [3.65]})
    write_market_directory(tmp_path / "m", {"sofr": rows}, simulated=True, seed=7, notes={})
    path = tmp_path / "m" / MANIFEST
    path.write_text(path.read_text().replace('"simulated": true', '"simulated": false'))
    with pytest.raises(RefusedError, match="the manifest has been edited"):
        read_manifest(tmp_path / "m")


def test_nan_is_written_blank(tmp_path: Path) -> None:
    rows = pl.DataFrame(
        {"date": ["2026-03-24"], "fed_funds_target_pct": [3.75], "effr_pct": [float("nan")]}
    )
    write_market_directory(tmp_path / "m", {"fed_funds": rows}, simulated=True, seed=7, notes={})
    assert (tmp_path / "m" / "fed_funds.csv").read_text().splitlines()[1] == "2026-03-24,3.75,"


@pytest.mark.parametrize("rest", ["2026-03-25,3.65\n", "2026-03-25,3.65\n" * 10_000])
def test_an_unclosed_quote_is_refused(rest: str, tmp_path: Path) -> None:
    source = tmp_path / "sofr.csv"
    source.write_text('date,sofr_pct\n2026-03-24,3.64\n"' + rest)
    assert refusals_of(source, to=tmp_path / "market")[0].line == 3


def test_quoted_values_and_their_lines_are_read(tmp_path: Path) -> None:
    source = tmp_path / "holidays.csv"
    source.write_text('date,holiday\r\n2026-07-03,"Independence\r\nDay"\r\n2026-07-99,"x"\r\n')
    assert refusals_of(source, to=tmp_path / "market")[0].line == 4


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": "other", "simulated": false}', '{"tables": {"sofr": 1}}']
)
def test_what_is_no_manifest_is_no_market_directory(text: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(RefusedError, match="market directory"):
        read_manifest(tmp_path)


@pytest.mark.real_data
def test_every_published_file_imports_with_the_stated_rows(real_data: Path, tmp_path: Path) -> None:
    report = import_market([real_data], tmp_path / "market")
    rows = {table.name: table.rows for table in report.tables}
    assert set(rows) == set(TABLES)
    assert report.not_recognised == ("README.md",)
    assert not any(table.duplicates_dropped for table in report.tables)
    assert rows == {
        "par_yields": 9_166,
        "long_yields": 16_144,
        "sofr": 2_079,
        "fed_funds": 23_550,
        "fomc_decisions": 285,
        "volatility_index": 5_879,
        "futures_closes": 26_080,
        "fed_funds_futures": 199_555,
        "futures_margins": 338,
        "open_interest": 664,
        "auctions": 1_581,
        "auction_prices": 10_117,
        "security_reference": 257,
        "security_prices": 461,
        "security_quotes": 643,
        "etf_closes": 18_165,
        "conversion_factors": 1_551,
        "conversion_factor_grid": 20_018,
        "holidays": 2_547,
        "sifma_holidays": 22,
    }
    manifest = read_manifest(tmp_path / "market")
    assert all(entry["sources"][0]["origin"] for entry in manifest.tables.values())
    kept = read_table(tmp_path / "market", "security_prices")["buy"]
    published = pl.read_csv(real_data / "fedinvest_prices_2026-03-24.csv", infer_schema=False)
    assert sorted(kept) == sorted(published["buy"])
