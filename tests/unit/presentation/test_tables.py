"""Tables in a terminal: nothing is cut, and no title is folded to the width of its figures."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from crossmargin.presentation.tables import grid, print_whole


@pytest.mark.parametrize("width", [80, 160])
def test_a_title_longer_than_its_table_stands_on_one_line(width: int) -> None:
    title = "BD-FCM: default of 2023-03-13, restrike, book of 2026-03-24"
    table = grid(title, "US dollars", "with")
    table.add_row("unpaid", "1")
    console = Console(file=io.StringIO(), width=width, no_color=True)
    print_whole(console, table)
    text = console.file.getvalue()
    assert text.splitlines()[0].rstrip() == title
    assert text.count(title) == 1
