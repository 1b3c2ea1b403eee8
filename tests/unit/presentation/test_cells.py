"""A cell is what it says, and never a formula of a spreadsheet."""

from __future__ import annotations

import pytest

from crossmargin.presentation.cells import csv_cell


@pytest.mark.parametrize(
    "text", ["+0.04", "-5", "-1250.75", "1e-06", "-2.5e+10", "TN", "2026-03-24"]
)
def test_numbers_and_plain_text_stay(text: str) -> None:
    assert csv_cell(text) == text


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd", "-1+cmd", "-A1", "@SUM(A1)", "+", "-1.5.2"])
def test_what_a_spreadsheet_would_compute_is_text(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


def test_truth_is_written_as_in_json() -> None:
    assert (csv_cell(value=True), csv_cell(value=False)) == ("true", "false")
