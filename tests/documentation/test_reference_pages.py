"""The reference pages say everything the commands have, and nothing they have not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from crossmargin import bootstrap
from crossmargin.cli.main import app
from crossmargin.feeds.market.tables import NEEDED_TABLES, TABLES
from crossmargin.feeds.positions.rows import COLUMNS, REQUIRED_COLUMNS
from crossmargin.services.calculators.inputs import Input

DOCS = Path(__file__).resolve().parents[2] / "docs"
_HELP = "-h"
_OPTION_ROW = re.compile(r"^\| ((?:`-[^`]+`(?:, )?)+) \|", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")


def _page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    """Return the text under each second-level heading, by heading."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _command_sections() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (DOCS / "README.md", *sorted((DOCS / "reference").glob("*.md"))):
        for heading, text in _sections(path.read_text(encoding="utf-8")).items():
            if heading.startswith("`xm"):
                assert heading not in found, f"{heading} is documented twice"
                found[heading] = text
    return found


def _commands(command: Any, path: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the path and the options of a command and of those under it."""
    options = {
        name
        for parameter in command.params
        if parameter.param_type_name == "option"
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    if path == "xm" or not hasattr(command, "commands"):
        yield path, options
    for name, below in getattr(command, "commands", {}).items():
        yield from _commands(below, f"{path} {name}")


COMMANDS = dict(_commands(typer.main.get_command(app), "xm"))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_of_a_command_is_documented_and_no_other(path: str) -> None:
    sections = _command_sections()
    assert f"`{path}`" in sections, f"no section `{path}` in docs/reference"
    rows = _OPTION_ROW.findall(sections[f"`{path}`"])
    documented = {name for row in rows for name in _CODE.findall(row)}
    assert documented - {_HELP, "--help"} == COMMANDS[path] - {_HELP, "--help"}


def test_no_command_is_documented_that_is_not_there() -> None:
    assert set(_command_sections()) == {f"`{path}`" for path in COMMANDS}


def test_every_calculator_is_documented_as_it_describes_itself() -> None:
    sections = _sections(_page("reference/calc.md"))
    known = bootstrap.calculators()
    assert [heading for heading in sections if heading != "`xm calc`"] == [f"`{n}`" for n in known]
    for name, calculator in known.items():
        text = sections[f"`{name}`"]
        for line in (
            calculator.summary,
            f"Rule: {calculator.rule}",
            f"Source: {calculator.source}",
        ):
            assert f"\n{line}\n" in text, name
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        assert rows == list(_input_rows(calculator.inputs)), name
        assert f"| xm calc {name}\n" in text, f"{name} has no example"


def _input_rows(inputs: tuple[Input, ...], prefix: str = "") -> Iterator[str]:
    for each in inputs:
        required = "yes" if each.required else "no"
        yield f"| `{prefix}{each.name}` | {required} | {each.expected} | {each.meaning} |"
        yield from _input_rows(each.inputs, f"{prefix}{each.name}.")


def test_every_column_of_the_positions_file_is_documented() -> None:
    text = _sections(_page("reference/positions-file.md"))["Columns"]
    rows = re.findall(r"^\| `(\w+)` \| (\w*)", text, flags=re.MULTILINE)
    assert [name for name, _ in rows] == list(COLUMNS)
    assert [name for name, note in rows if note == "required"] == list(REQUIRED_COLUMNS)


def test_every_table_of_a_market_directory_is_documented() -> None:
    text = _sections(_page("reference/market.md"))["Tables"]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.*) \|$", text, flags=re.MULTILINE)
    assert [row[:3] for row in rows] == [
        (table.name, table.publisher, table.rights.value) for table in TABLES.values()
    ]
    assert {row[0] for row in rows if row[3].endswith("required")} == set(NEEDED_TABLES)
