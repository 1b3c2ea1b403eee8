"""The page of participation names every matter with the roles that may enter and approve it."""

from __future__ import annotations

import re
from pathlib import Path

from crossmargin.services.books.approvals import CHECKERS, MAKERS, Matter

PAGE = Path(__file__).parents[2] / "docs" / "concepts" / "participation.md"
ROW = re.compile(r"^\| `([A-Z_]+)`: [^|]+ \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def test_the_table_is_the_one_that_is_checked() -> None:
    found = {
        matter: tuple(set(re.findall(r"`(\w+)`", cell)) for cell in cells)
        for matter, *cells in ROW.findall(PAGE.read_text("utf-8"))
    }
    assert found == {each.value: (set(MAKERS[each]), set(CHECKERS[each])) for each in Matter}
