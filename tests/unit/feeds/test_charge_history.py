"""The charge history file: what is read, and every fault by line and column."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from pathlib import Path

import polars
import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.charge_history import COLUMNS, LoadedChargeHistory, read_charge_history
from crossmargin.feeds.charge_history.rows import REQUIRED_COLUMNS
from crossmargin.margin.ficc.charge_history import ChargeRow
from crossmargin.margin.ficc.higher_of import FiccCycle

HEADER = (
    "customer_id,business_date,cycle,var_charge,realised_loss,liquidity_need,daily_liquidity_need"
)
GOOD = "F1,2026-03-23,SOD,300.00,-12.5,,"


def load(folder: Path, content: str | bytes) -> LoadedChargeHistory:
    path = folder / "history.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_charge_history(path)


def places(loaded: LoadedChargeHistory) -> list[tuple[str, int | None, int | None]]:
    return [(each.field, each.line, each.column) for each in loaded.refusals]


def test_rows_are_sorted_in_time_by_customer(tmp_path):
    text = f"{HEADER}\n{GOOD}\nF1,2026-03-23,NOON,150,,100,80\nA9,2026-03-20,SOD,0,,,\n"
    loaded = load(tmp_path, text)
    assert loaded.refusals == ()
    assert (loaded.row_count, loaded.sha256) == (3, hashlib.sha256(text.encode()).hexdigest())
    assert list(loaded.histories) == [CustomerKey("BD-FCM", "A9"), CustomerKey("BD-FCM", "F1")]
    day = date(2026, 3, 23)
    assert loaded.histories[CustomerKey("BD-FCM", "F1")].rows == (
        ChargeRow(
            day,
            FiccCycle.NOON,
            var_charge=Money(15_000),
            liquidity_need=Money(10_000),
            daily_liquidity_need=Money(8_000),
        ),
        ChargeRow(day, FiccCycle.SOD, var_charge=Money(30_000), realised_loss=Money(-1_250)),
    )


def test_byte_order_mark_and_crlf_are_accepted(tmp_path):
    text = f"\ufeff{HEADER}\r\n{GOOD}\r\n\r\n"
    loaded = load(tmp_path, text)
    assert (loaded.refusals, loaded.row_count) == ((), 1)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (",2026-03-23,SOD,1,,,", [("customer_id", 2, 1)]),
        ("F1,2026-03-22,SOD,1,,,", [("business_date", 2, 2)]),
        ("F1,2026-05-25,SOD,1,,,", [("business_date", 2, 2)]),
        ("F1,23.3.2026,SOD,1,,,", [("business_date", 2, 2)]),
        ("F1,1901-03-22,SOD,1,,,", [("business_date", 2, 2)]),
        ("F1,2026-03-23,EOD,1,,,", [("cycle", 2, 3)]),
        ("F1,2026-03-23,SOD,-1,,,", [("var_charge", 2, 4)]),
        ("F1,2026-03-23,SOD,0.001,,,", [("var_charge", 2, 4)]),
        ("F1,2026-03-23,SOD,,1,,", [("var_charge", 2, 4)]),
        ("F1,2026-03-23,SOD,1,x,,", [("realised_loss", 2, 5)]),
        ("F1,2026-03-23,SOD,1,,5,", [("daily_liquidity_need", 2, 7)]),
        ("F1,2026-03-23,SOD,1,,,5", [("liquidity_need", 2, 6)]),
        ("F1,2026-03-23,SOD,,,,", [("var_charge", 2, 4)]),
        ("F1,2026-03-23,SOD,1,,", [("row", 2, None)]),
        ('F1,2026-03-23,SOD,"1,,,', [("line", 2, None)]),
        ("F1,x,y,1,,,", [("business_date", 2, 2), ("cycle", 2, 3)]),
    ],
)
def test_every_fault_has_its_place(tmp_path, row, found):
    loaded = load(tmp_path, f"{HEADER}\n{row}\n{GOOD}\n")
    assert places(loaded) == found
    assert loaded.row_count == 2
    assert len(loaded.histories) == 1


def test_a_second_row_of_a_cycle_names_the_first(tmp_path):
    loaded = load(tmp_path, f"{HEADER}\n{GOOD}\n\n{GOOD}\n")
    assert places(loaded) == [("business_date", 4, 2)]
    assert "line 2 is another" in loaded.refusals[0].expected


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("var_charge", "var_charges"), "did you mean var_charge?"),
        (HEADER + ",cycle", "each column once"),
        (HEADER.replace("cycle,", ""), "a column cycle: it is required"),
    ],
)
def test_a_header_at_fault_leaves_no_history(tmp_path, header, words):
    loaded = load(tmp_path, f"{header}\n{GOOD}\n")
    assert words in loaded.refusals[0].expected
    assert loaded.histories == {}


def test_an_empty_file_and_bytes_that_are_no_text_are_refused(tmp_path):
    assert places(load(tmp_path, "")) == [("file", 1, None)]
    loaded = load(tmp_path, HEADER.encode() + b"\nF\xff,2026-03-23,SOD,1,,,\n")
    assert places(loaded) == [("line", 2, None)]
    assert loaded.refusals[0].value == "byte 0xff at place 2"


def test_parquet_reads_as_csv_does(tmp_path):
    text = f"{HEADER}\n{GOOD}\nF1,2026-03-23,NOON,150,,100,80\n"
    frame = polars.DataFrame(
        {
            "customer_id": ["F1", "F1"],
            "business_date": [date(2026, 3, 23)] * 2,
            "cycle": ["SOD", "NOON"],
            "var_charge": [300.0, 150.0],
            "realised_loss": [-12.5, None],
            "liquidity_need": [None, 100],
            "daily_liquidity_need": [None, 80],
        }
    )
    path = tmp_path / "history.parquet"
    frame.write_parquet(path)
    loaded = read_charge_history(path)
    assert loaded.refusals == ()
    assert loaded.histories == load(tmp_path, text).histories
    frame.with_columns(cycle=polars.lit("EOD")).write_parquet(path)
    assert places(read_charge_history(path)) == [("cycle", 2, 3), ("cycle", 3, 3)]


def test_what_cannot_be_opened_is_refused(tmp_path):
    with pytest.raises(RefusedError, match="a readable file"):
        read_charge_history(tmp_path / "none.csv")
    path = tmp_path / "no.parquet"
    path.write_text(HEADER)
    with pytest.raises(RefusedError, match="a Parquet file"):
        read_charge_history(path)


def test_every_column_is_documented():
    page = Path(__file__).parents[3] / "docs" / "reference" / "charge-history.md"
    part = page.read_text("utf-8").split("## Columns", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w*)", part, flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(COLUMNS)
    assert [name for name, note in rows if note == "required"] == list(REQUIRED_COLUMNS)
