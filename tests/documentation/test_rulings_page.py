"""Every ruling that code and documents cite stands on the page of rulings, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossmargin.bootstrap import parameter_registry

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "crossmargin"
PAGE = REPOSITORY / "docs" / "concepts" / "rulings.md"
_CITED = re.compile(
    r"\bruling\s+(?P<one>\d+)"
    r"|\brulings\s+(?P<several>\d+(?:(?:\s+to\s+|\s+and\s+|,\s+and\s+|,\s+)\d+)*)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^### (\d+)\. ", re.MULTILINE)


def cited_in(text: str) -> set[int]:
    """Return the numbers of the rulings that a text names."""
    found: set[int] = set()
    for match in _CITED.finditer(text):
        if match["one"]:
            found.add(int(match["one"]))
            continue
        for part in re.split(r",\s+and\s+|,\s+|\s+and\s+", match["several"]):
            ends = [int(number) for number in re.findall(r"\d+", part)]
            found.update(range(ends[0], ends[-1] + 1))
    return found


def _texts() -> Iterator[Path]:
    yield from (path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".toml"))
    yield from (path for path in (REPOSITORY / "docs").rglob("*.md") if path != PAGE)
    yield REPOSITORY / "README.md"


def _sections() -> dict[int, str]:
    parts = _HEADING.split(PAGE.read_text(encoding="utf-8"))[1:]
    return dict(zip(map(int, parts[::2]), parts[1::2], strict=True))


def test_the_page_has_every_ruling_that_is_cited_and_no_other() -> None:
    cited = {number for path in _texts() for number in cited_in(path.read_text(encoding="utf-8"))}
    headings = [int(number) for number in _HEADING.findall(PAGE.read_text(encoding="utf-8"))]
    assert headings == sorted(cited)


def test_every_ruling_names_code_that_is_there() -> None:
    for number, section in _sections().items():
        (line,) = re.findall(r"^In the code: (.+)\.$", section, re.MULTILINE)
        names = re.findall(r"`crossmargin\.([\w.]+)`", line)
        assert names, number
        for name in names:
            module = PACKAGE.joinpath(*name.split("."))
            assert module.with_suffix(".py").is_file() or module.is_dir(), (number, name)


def test_every_choice_is_a_parameter_or_an_option() -> None:
    registry = parameter_registry()
    reference = "\n".join(
        path.read_text(encoding="utf-8") for path in (REPOSITORY / "docs/reference").glob("*.md")
    )
    for number, section in _sections().items():
        for line in re.findall(r"^Choice: (.+)$", section, re.MULTILINE):
            names = re.findall(r"`([^`]+)`", line)
            assert names, number
            for name in names:
                if name.startswith("--"):
                    assert f"| `{name}` |" in reference, (number, name)
                else:
                    registry.versions_of(name)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("as ruling 7 says", {7}),
        ('Refusal("date", day, expected, "ruling 33")', {33}),
        ("Rulings 1, 3 and 4. Equal savings", {1, 3, 4}),
        ("(rulings 12 to 15 and 31; the order)", {12, 13, 14, 15, 31}),
        ("broken over\n    lines: ruling\n    19", {19}),
        ("ruling 6, recalled, of 2024", {6}),
        ("the ruling of a court, 36 of them", set()),
    ],
)
def test_citations_are_read(text: str, numbers: set[int]) -> None:
    assert cited_in(text) == numbers
