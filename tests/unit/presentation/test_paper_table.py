"""Tables on paper lose no letter, fill their width, and write what core fonts lack."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.methodology.values import Table
from crossmargin.presentation.pack_words import in_core_font
from crossmargin.presentation.paper_table import column_widths, lines_of

TEXTS = st.text(alphabet="ab_. -0123456789", max_size=60)


@given(text=TEXTS, width=st.integers(1, 30))
def test_lines_keep_every_letter_and_fit(text: str, width: int) -> None:
    lines = list(lines_of(text, len, width=width))
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    assert all(len(line) <= width for line in lines)


@given(
    rows=st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5),
    figures=st.sets(st.integers(0, 2)),
    width=st.integers(20, 400),
)
def test_columns_fill_the_width(
    rows: list[tuple[str, str, str]], figures: set[int], width: int
) -> None:
    block = Table("t", ("one", "two", "three"), tuple(rows), "run", frozenset(figures))
    widths = column_widths(block, len, width=float(width))
    assert sum(widths) == pytest.approx(width)
    assert all(each > 0 for each in widths)


def test_figures_stay_whole_beside_long_words() -> None:
    rows = (("a source of very many words " * 5, "1,234,567.89"),)
    widths = column_widths(Table("t", ("source", "USD"), rows, "r", frozenset({1})), len, width=60)
    assert widths[1] >= len("1,234,567.89")


def test_a_row_must_fit_its_headings() -> None:
    with pytest.raises(ValueError, match="1 cells under 2 headings"):
        Table("t", ("one", "two"), (("only",),), "run")


@given(st.text(max_size=30))
def test_every_text_can_be_written(text: str) -> None:
    in_core_font(text).encode("cp1252")
