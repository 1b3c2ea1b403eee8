"""Every console block of the documents runs and prints what it says.

``$ `` begins a command, ``> `` continues it, the rest is what it prints on standard output; blanks
at line ends do not count. Bash runs them; a calculator that is fed by echo runs in this process, as
there are many. Run as a program, this file writes the output of the commands into the
documents: ``.venv/bin/python tests/documentation/test_console_blocks.py``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from crossmargin.testing.commands import xm

REPOSITORY = Path(__file__).resolve().parents[2]
#: Leaves the market that other documents use; run once however many documents have it.
_DEMO = "xm demo --no-serve > demo.txt"
_FED = re.compile(r"echo '([^']*)' \| xm (calc [a-z-]+)")
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def _documents() -> list[Path]:
    found = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [path for path in found if _BLOCK.search(path.read_text(encoding="utf-8"))]


class _Shell:
    """One folder in which the commands of all documents run, in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._demos: dict[str, str] = {}
        self._environment = {
            name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")
        }
        programs = str(Path(sys.executable).parent)
        self._environment["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", "")])
        self.run(_DEMO)

    def run(self, command: str) -> str:
        if command not in self._demos:
            fed = _FED.fullmatch(command)
            result = self._calculated(*fed.groups()) if fed else self._in_bash(command)
            assert not result.stderr, f"{command}\n{result.stderr}"
            if command != _DEMO:
                return _trimmed(result.stdout)
            self._demos[command] = _trimmed(result.stdout)
        return self._demos[command]

    def _in_bash(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _calculated(self, document: str, arguments: str) -> subprocess.CompletedProcess[str]:
        with mock.patch.dict(os.environ, self._environment, clear=True):
            return xm(*arguments.split(), stdin=f"{document}\n", folder=self._folder)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n"))


def _commands(block: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the lines of each command, and of what it prints."""
    typed: list[str] = []
    printed: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            if typed:
                yield typed, printed
            typed, printed = [line], []
        elif line.startswith("> ") and not printed:
            typed.append(line)
        else:
            printed.append(line)
    if typed:
        yield typed, printed


def _as_run(block: str, shell: _Shell) -> Iterator[tuple[str, str, str]]:
    """Yield each command as typed, what the document says it prints, and what it prints."""
    for typed, printed in _commands(block):
        command = "\n".join(line[2:] for line in typed)
        yield "\n".join(typed), _trimmed("\n".join(printed)), shell.run(command)


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> _Shell:
    return _Shell(tmp_path_factory.mktemp("console"))


@pytest.mark.parametrize(
    "document", _documents(), ids=lambda path: str(path.relative_to(REPOSITORY))
)
def test_console_blocks_print_what_they_say(document: Path, shell: _Shell) -> None:
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        for typed, said, printed in _as_run(block, shell):
            assert printed == said, typed


def test_readme_shows_the_requirements_table() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (block,) = _BLOCK.findall(readme)
    assert "What each customer owes, US dollars" in block
    assert "SIMULATED MARKET" in block


def _rewrite() -> None:
    with tempfile.TemporaryDirectory() as folder:
        shell = _Shell(Path(folder))
        for document in _documents():
            text = document.read_text(encoding="utf-8")
            written = _BLOCK.sub(lambda found: _with_output(found.group(1), shell), text)
            document.write_text(written, encoding="utf-8")


def _with_output(block: str, shell: _Shell) -> str:
    parts = []
    for typed, _, printed in _as_run(block, shell):
        parts.append(f"{typed}\n{printed}\n" if printed else f"{typed}\n")
    return "```console\n" + "".join(parts) + "```"


if __name__ == "__main__":
    _rewrite()
