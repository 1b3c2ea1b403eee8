"""The house: one direction of imports, no forbidden words, faces that say what a room is for."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCE = ROOT / "src" / "crossmargin"
MODULES = sorted(SOURCE.rglob("*.py"))
_LINES_MAX = 420


def test_imports_point_down():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_says_what_it_is_and_fits_a_head(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module begins by saying what it is for"
    assert len(text.splitlines()) <= _LINES_MAX


def test_only_shipped_code_is_free_of_the_test_kit():
    importing = [
        path
        for path in MODULES
        if "testing" not in path.parts
        and re.search(r"^\s*(from|import) crossmargin\.testing", path.read_text("utf-8"), re.M)
    ]
    assert importing == []
