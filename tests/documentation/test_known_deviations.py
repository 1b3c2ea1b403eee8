"""What the models leave out stands in one list; the page of it says the same, row by row."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from crossmargin import bootstrap
from crossmargin.methodology.deviations import deviations_from_document

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "concepts" / "not-modelled.md"
LIST = REPOSITORY / "src" / "crossmargin" / "methodology" / "deviations.toml"


def rows_of_the_page() -> list[tuple[str, str, str]]:
    rows, place = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            place = line.removeprefix("## ")
        cells = re.fullmatch(r"\| (.+) \| (.+) \|", line)
        if cells and cells[1] != "left out":
            rows.append((place, cells[1], cells[2]))
    return rows


def test_the_page_says_what_the_list_says() -> None:
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["deviation"]
    assert rows_of_the_page() == [
        (each["place"], each["left_out"], each["effect"]) for each in listed
    ]


def test_the_pack_gets_words_without_markdown() -> None:
    deviations = bootstrap.known_deviations()
    assert len(deviations) == len(rows_of_the_page())
    for each in deviations:
        assert not re.search(r"[`\[\]]", each.left_out + each.effect)


def test_an_entry_without_an_effect_is_refused() -> None:
    with pytest.raises(ValueError, match="deviation 1"):
        deviations_from_document({"deviation": [{"place": "At FICC", "left_out": "carry"}]})
