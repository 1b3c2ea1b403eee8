"""Treatments: what is read, and every fault by line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.defaults.treatments import read_treatments
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.default_books.declaring import Treatment

HEADER = "customer,ficc_result,cme_result,receiver\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "treatments.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_results_and_receivers_are_read_exactly(tmp_path: Path) -> None:
    path = written(tmp_path, f"{HEADER}A,-5.01,7,\nB,,,BD-TWO\n")
    results = {ClearingOrganization.FICC: Money(-501), ClearingOrganization.CME: Money(7_00)}
    assert read_treatments(path) == (Treatment("A", results), Treatment("B", {}, "BD-TWO"))


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        (",1,,", ["customer"]),
        ("A,1.001,x,", ["ficc_result", "cme_result"]),
        ("A,1,,BD-TWO", ["ficc_result"]),
        ("A", ["row"]),
    ],
)
def test_every_fault_of_a_row_is_named(tmp_path: Path, row: str, fields: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        read_treatments(written(tmp_path, f"{HEADER}{row}\n"))
    assert [(each.field, each.line) for each in caught.value.refusals] == [
        (field, 2) for field in fields
    ]


def test_a_file_that_is_empty_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the file is empty"):
        read_treatments(written(tmp_path, ""))
    with pytest.raises(RefusedError, match="a readable file"):
        read_treatments(tmp_path / "none.csv")
