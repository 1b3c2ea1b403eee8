"""Starting ``xm`` is quick because what is heavy is imported by the command that needs it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version

HEAVY = ("numpy", "polars", "holidays", "rich", "plotly", "fpdf")


def loaded_after(code: str) -> list[str]:
    program = (
        f"import json, sys\n{code}\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_command_line_imports_nothing_heavy() -> None:
    assert loaded_after("import crossmargin.cli.main") == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "from crossmargin.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as left:\n    assert left.code == 0"
    )
    assert loaded_after(code) == []


def test_package_imports_nothing_heavy() -> None:
    assert loaded_after("import crossmargin") == []


def test_version_is_the_installed_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crossmargin", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"crossmargin {version('crossmargin')}\n"


def test_help_names_the_commands_and_exit_statuses() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crossmargin", "--help"], capture_output=True, text=True, check=True
    )
    for words in ("calc", "market", "Exit status"):
        assert words in done.stdout
