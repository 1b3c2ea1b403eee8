"""No figure of a pack is typed in: templates hold no digit, what is shown follows its origin."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crossmargin.bootstrap import parameter_registry
from crossmargin.methodology.build import public_pack
from crossmargin.methodology.values import Figure, Pack, Paragraph, Table, Value

if TYPE_CHECKING:
    from crossmargin.methodology.inputs import PackInputs

ROOM = Path(__file__).resolve().parents[3] / "src" / "crossmargin" / "methodology"
_FORMAT = re.compile(r"[,.\d]*[a-z%]?")


@pytest.fixture(scope="module")
def pack(inputs: PackInputs) -> Pack:
    return public_pack(inputs)


@pytest.fixture(scope="module")
def changed(changed_inputs: PackInputs) -> Pack:
    return public_pack(changed_inputs)


def paragraphs(pack: Pack) -> Iterator[Paragraph]:
    yield from pack.notices
    for block in pack.blocks():
        if isinstance(block, Paragraph):
            yield block
        elif isinstance(block, Figure):
            yield block.reading


def shown(pack: Pack) -> dict[str, set[str]]:
    """Return what is shown of each origin."""
    found: dict[str, set[str]] = {}
    for paragraph in paragraphs(pack):
        for value in paragraph.values.values():
            found.setdefault(value.origin, set()).add(value.text)
    return found


def tables(pack: Pack) -> dict[str, Table]:
    return {block.title: block for block in pack.blocks() if isinstance(block, Table)}


def test_a_typed_in_figure_is_refused() -> None:
    with pytest.raises(ValueError, match="typed in"):
        Paragraph("The cap is 80 per cent.")
    with pytest.raises(KeyError):
        Paragraph("The cap is {cap}.", {"threshold": Value("1 %", "arrangement.threshold")})


def test_no_template_holds_a_digit(pack: Pack) -> None:
    every = list(paragraphs(pack))
    assert len(every) > 30
    for paragraph in every:
        assert not re.search(r"\d", re.sub(r"\{\w+\}", "", paragraph.template))


def test_no_heading_or_title_holds_a_digit(pack: Pack) -> None:
    for section in pack.sections:
        for heading in (section.heading, section.answers, *(p.heading for p in section.parts)):
            assert not re.search(r"\d", heading)
    for title in tables(pack):
        assert not re.search(r"\d", title)


def literals(path: Path) -> Iterator[str]:
    """Yield every string of a module that is no documentation and no format."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    formats = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr)
        for part in node.format_spec.values
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in documentation
        ):
            if id(node) in formats:
                assert _FORMAT.fullmatch(node.value), node.value
            else:
                yield node.value


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.name)
def test_no_text_of_the_room_holds_a_digit(path: Path) -> None:
    typed = [text for text in literals(path) if re.search(r"\d", text) and "\\" not in text]
    registry = parameter_registry()
    names = {
        f"{owner}.{one.name}" for owner, read in registry.files.items() for one in read.versions
    }
    assert [text for text in typed if text not in names] == []


def test_every_shown_parameter_that_changed_is_shown_changed(
    pack: Pack, changed: Pack, changes: dict[str, str]
) -> None:
    before, after = shown(pack), shown(changed)
    followed = [name for name in changes if name in before]
    assert len(followed) >= 20
    for name in followed:
        assert not before[name] & after[name], name


def test_the_table_of_parameters_follows(
    pack: Pack, changed: Pack, changes: dict[str, str]
) -> None:
    for name, value in changes.items():
        owner, _, short = name.partition(".")
        rows = {row[0]: row for row in tables(changed)[f"Parameters of {owner}"].rows}
        assert rows[short][1] == value
        # The value of a pending version keeps how that version is known.
        assert rows[short][4] == ("recalled" if short == "haircut_correlation" else "assumed")
        old = {row[0]: row for row in tables(pack)[f"Parameters of {owner}"].rows}
        assert old[short] != rows[short]


def test_what_was_set_by_hand_is_said(pack: Pack, changed: Pack, changes: dict[str, str]) -> None:
    assert "Set by hand" not in tables(pack)
    rows = {row[0]: row[1] for row in tables(changed)["Set by hand"].rows}
    assert rows == changes


def test_every_result_follows(pack: Pack, changed: Pack) -> None:
    before, after = tables(pack), tables(changed)
    for title in (
        "Standard books",
        "Saving lost, by book and cause: FICC-style model, then CME-style model",
        "Every risk factor, basis points over each model's horizon",
        "Residuals with and without timing noise, FICC's horizon",
        "Scenario sets on the day",
        "Stressed periods",
        "Deciding scenarios",
        "Haircut rates",
        "Coverage, book by book",
        "Procyclicality",
        "Versions and digests",
    ):
        assert before[title].rows != after[title].rows, title


def test_every_figure_of_results_follows(pack: Pack, changed: Pack) -> None:
    before = {each.name: each.chart.to_json() for each in pack.figures()}
    after = {each.name: each.chart.to_json() for each in changed.figures()}
    same = {name for name in before if before[name] == after.get(name)}
    # Nothing in the market changed, so its yields stand; all else answers to the parameters.
    assert same == set()


def test_the_digests_of_owners_follow(pack: Pack, changed: Pack) -> None:
    before, after = dict(pack.identity), dict(changed.identity)
    for owner in ("arrangement", "cme", "ficc", "market", "validation"):
        assert before[f"parameters of {owner}"] != after[f"parameters of {owner}"]
    assert before["market"] == after["market"]
