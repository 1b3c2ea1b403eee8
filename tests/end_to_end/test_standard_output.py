"""What ``xm`` does where its output cannot be written to the end."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.table import Table

from crossmargin.cli.output import screen
from crossmargin.presentation.tables import print_whole

_XM = [sys.executable, "-m", "crossmargin"]
_FULL = Path("/dev/full")
_COMMANDS = [
    ["parameters", "list", "--format", "table"],
    ["parameters", "list", "--format", "json"],
    ["parameters", "list", "--format", "csv"],
    ["calc", "--list", "--format", "json"],
    # Refused, with a document on standard output.
    ["span", "show", "pyproject.toml", "--format", "json"],
    ["--help"],
]


@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_a_closed_pipe_is_left_quietly_with_141(command: list[str], root: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*_XM, *command], stdout=writing, stderr=subprocess.PIPE, check=False, cwd=root
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_table_that_is_wider_than_the_terminal_leaves_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    console = screen()
    console.file = _Closed()
    with pytest.raises(SystemExit) as leaving:
        print_whole(console, Table("a column"))
    assert leaving.value.code == 141


class _Closed(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


@pytest.mark.skipif(not _FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", _COMMANDS, ids=" ".join)
def test_a_full_disk_is_one_line_and_exit_1(command: list[str], root: Path) -> None:
    with _FULL.open("wb") as full:
        done = subprocess.run(
            [*_XM, *command], stdout=full, stderr=subprocess.PIPE, check=False, cwd=root
        )
    assert (done.returncode, done.stderr) == (1, b"xm: No space left on device\n")


@pytest.fixture
def root() -> Path:
    return Path(__file__).parents[2]
