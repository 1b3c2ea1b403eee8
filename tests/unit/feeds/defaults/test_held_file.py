"""The file of what is held for customers: every row, or every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.porting.customers import Place
from crossmargin.feeds.defaults.held import read_held

HEADER = "customer_id,place,asset,quantity\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "held.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_cash_is_dollars_and_cents_and_securities_are_par(tmp_path: Path) -> None:
    rows = "FUND,CME,CASH,1000.50\nFUND,FICC,912810FT0,5000\n"
    cash, note = read_held(written(tmp_path, HEADER + rows)).rows
    assert (cash.place, cash.cusip, cash.par, cash.cash, cash.line) == (
        Place.CME,
        "",
        0,
        Money(1000_50),
        2,
    )
    assert (note.place, note.cusip, note.par, note.line) == (Place.FICC, "912810FT0", 5000, 3)


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        (",CME,CASH,1", ["customer_id"]),
        ("FUND,POOL,CASH,1", ["place"]),
        ("FUND,CME,CASH,-1", ["quantity"]),
        ("FUND,CME,CASH,1.005", ["quantity"]),
        ("FUND,CME,912810FT1,100", ["asset"]),
        ("FUND,CME,912810FT0,150", ["quantity"]),
        ("FUND,CME,912810FT0,0", ["quantity"]),
        ("FUND,CME,912810FT0,1e3", ["quantity"]),
        (",BANK,gold,much", ["customer_id", "place", "asset", "quantity"]),
        ("FUND,CME,CASH", ["row"]),
    ],
)
def test_a_row_is_refused_with_its_line(tmp_path: Path, row: str, faults: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        read_held(written(tmp_path, f"{HEADER}FUND,CME,CASH,1\n{row}\n"))
    assert [each.field for each in caught.value.refusals] == faults
    assert {each.line for each in caught.value.refusals} == {3}


@pytest.mark.parametrize("text", ["", "customer_id,place\n", "a,b\n"])
def test_a_file_without_its_columns_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read_held(written(tmp_path, text))
    assert {each.field for each in caught.value.refusals} == {"header"}
