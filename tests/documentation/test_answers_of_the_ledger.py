"""The page of `xm ledger` names every answer to a transfer, in the order of precedence."""

from __future__ import annotations

import re
from pathlib import Path

from crossmargin.ledger.posting import Posting

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "ledger.md"
_REPEAT = "exists_with_different_"


def test_the_table_has_every_answer_in_its_order() -> None:
    table = PAGE.read_text("utf-8").split("| answer | says |")[1].split("\n\n")[0]
    cells = re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
    named = [name for cell in cells for name in re.findall(r"`([a-z_]+)", cell)]
    expected = [each.value for each in Posting if not each.value.startswith(_REPEAT)]
    assert [name for name in named if name != _REPEAT] == expected
