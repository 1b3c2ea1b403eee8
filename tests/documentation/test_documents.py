"""Every parameter stands on a methodology page, links lead somewhere, nothing names a machine."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from crossmargin.parameters.reading import RESERVED, parse_parameters

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "crossmargin"
OWNERS = (
    "analysis",
    "analysis/stress",
    "arrangement",
    "collateral",
    "default_management",
    "default_management/liquidation",
    "default_management/porting",
    "margin/cme",
    "margin/ficc",
    "market",
    "participation",
    "reporting",
    "services/clearing_day",
    "settlement",
    "validation",
)
DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_PARAMETER_HEADER = "| name | value | unit | source | status | in force from |"
_RANGE_HEADER = "| name | low | value | high | why this range |"
_NO_RANGE_HEADER = "| name | why no range |"
_MACHINE_PATH = re.compile(r"(?<![\w.`/])/(?:home|Users|root|tmp|mnt|opt|usr|var)/|\b[A-Z]:\\|~/")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def _documented_parameters(header: str = _PARAMETER_HEADER) -> list[str]:
    rows = []
    for page in sorted((REPOSITORY / "docs" / "methodology").glob("*.md")):
        for table in _text(page).split(header)[1:]:
            for row in table.lstrip("\n").splitlines()[1:]:
                if not row.startswith("|"):
                    break
                rows.append(row)
    return rows


def test_every_parameter_is_documented_once_as_it_stands() -> None:
    expected = []
    for owner in OWNERS:
        document = tomllib.loads(_text(PACKAGE / owner / "parameters.toml"))
        for name, entry in document.items():
            if name in RESERVED:
                continue
            for version in entry if isinstance(entry, list) else [entry]:
                cells = (version[key] for key in ("value", "unit", "source", "status"))
                row = " | ".join([f"`{name}`", *cells, version["effective_from"]])
                expected.append(f"| {row} |")
    documented = _documented_parameters()
    missing, stale = (
        Counter(expected) - Counter(documented),
        Counter(documented) - Counter(expected),
    )
    assert not missing, "rows to write"
    assert not stale, "rows to take out"


def test_every_range_is_documented_as_it_stands() -> None:
    expected = []
    for owner in OWNERS:
        text = _text(PACKAGE / owner / "parameters.toml")
        for version in parse_parameters(text, file=owner).versions:
            if version.has_range:
                cells = (version.low, version.value, version.high, version.range_source)
                expected.append(f"| `{version.name}` | {' | '.join(map(str, cells))} |")
    documented = _documented_parameters(_RANGE_HEADER)
    missing, stale = (
        Counter(expected) - Counter(documented),
        Counter(documented) - Counter(expected),
    )
    assert not missing, "rows to write"
    assert not stale, "rows to take out"


def test_every_reason_for_no_range_is_documented_as_it_stands() -> None:
    expected = []
    for owner in OWNERS:
        text = _text(PACKAGE / owner / "parameters.toml")
        expected += [
            f"| `{version.name}` | {version.no_range} |"
            for version in parse_parameters(text, file=owner).versions
            if version.no_range
        ]
    assert Counter(_documented_parameters(_NO_RANGE_HEADER)) == Counter(expected)


def test_every_owner_of_parameters_is_looked_at() -> None:
    found = {str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("parameters.toml")}
    assert found == set(OWNERS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in _LINK.findall(_FENCED.sub("", _text(document))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        assert linked.is_relative_to(REPOSITORY), target
        if anchor:
            anchors = [_anchor(heading) for heading in _HEADING.findall(_text(linked))]
            assert anchor in anchors, target


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_document_is_in_the_index() -> None:
    index = REPOSITORY / "docs" / "README.md"
    linked = {
        (index.parent / target.partition("#")[0]).resolve()
        for target in _LINK.findall(_text(index))
    }
    assert linked == {path for path in (REPOSITORY / "docs").rglob("*.md") if path != index}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_no_document_names_a_path_of_a_machine(document: Path) -> None:
    found = [line for line in _text(document).splitlines() if _MACHINE_PATH.search(line)]
    assert not found


@pytest.mark.parametrize(
    ("line", "is_path"),
    [
        ("see /home/someone/data", True),
        ("written to /tmp/market", True),
        ("C:\\data", True),
        ("in ~/data", True),
        ("docs/home/plan and actual/360", False),
    ],
)
def test_machine_paths_are_told_from_others(line: str, is_path: bool) -> None:
    assert bool(_MACHINE_PATH.search(line)) is is_path


def test_glossary_names_are_names_in_the_code() -> None:
    code = "\n".join(_text(path) for path in PACKAGE.rglob("*") if path.suffix in (".py", ".toml"))
    rows = re.findall(r"^\|.*\| ([^|]+) \|$", _text(REPOSITORY / "docs/concepts/glossary.md"), re.M)
    names = [name for row in rows[2:] for name in re.findall(r"`([^`]+)`", row)]
    assert len(names) >= len(rows) - 2, "every term has a name in code"
    unknown = [name for name in names if name.rpartition(".")[2] not in code]
    assert not unknown


def test_the_readme_says_what_it_is_not() -> None:
    text = _text(REPOSITORY / "README.md")
    for said in ("not FICC's or CME's model", "not legal advice", "not reviewed by the CFTC"):
        assert said in text
