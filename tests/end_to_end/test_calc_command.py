"""``xm calc`` as a user runs it: standard output, standard error, exit status."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import Any

import pytest

from crossmargin.testing.commands import xm

SURGE = {
    "ficc": {"standalone": "183240000.00", "requirement": "36648000.00"},
    "cme": {"standalone": "160000000.00", "requirement": "32000000.00"},
}


def test_object_in_object_out() -> None:
    done = xm("calc", "suspension-surge", stdin=json.dumps(SURGE))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["surge"] == "274592000.00"


def test_array_in_array_out_with_refusals_on_standard_error() -> None:
    done = xm("calc", "suspension-surge", stdin=json.dumps([SURGE, {"ficc\n": 1}, SURGE]))
    assert done.returncode == 1
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    assert [sorted(answer)[0] for answer in answers] == ["cme_surge", "reasons", "cme_surge"]
    lines = done.stderr.splitlines()
    assert len(lines) == len(answers[1]["reasons"]) == 3
    assert all(line.startswith("item 1: ") for line in lines)
    assert "ficc\\n" in lines[0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("calc",), "name a calculator"),
        (("calc", "suspension-serge"), "did you mean suspension-surge?"),
        (("calc", "suspension-surge", "--format", "xml"), "xml"),
        (("calc", "--lst"), "--list"),
        (("kalc",), "kalc"),
    ],
)
def test_usage_errors_exit_with_two(arguments: tuple[str, ...], words: str) -> None:
    done = xm(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_bad_json_exits_with_one() -> None:
    done = xm("calc", "suspension-surge", stdin="{")
    assert done.returncode == 1
    assert json.loads(done.stdout)["refused"]["field"] == "input"
    assert len(done.stderr.splitlines()) == 1


def test_list_names_every_calculator_with_its_schema() -> None:
    document = json.loads(xm("calc", "--list", "--format", "json").stdout)
    names = [each["name"] for each in document["calculators"]]
    assert {"conversion-factor", "margin-reduction", "sofr-settlement"} <= set(names)
    for each in document["calculators"]:
        assert each["inputs"]["type"] == "object"
    table = xm("calc", "--list").stdout
    assert all(name in table for name in names)
    rows = list(csv.DictReader(io.StringIO(xm("calc", "--list", "--format", "csv").stdout)))
    assert [row["name"] for row in rows] == names


def test_explain_states_rule_and_source() -> None:
    plain = xm("calc", "margin-reduction", "--explain").stdout
    for words in ("Rule:", "Source:", "ficc.securities", "at most 0.80"):
        assert words in plain
    assert "\x1b" not in plain
    document = json.loads(xm("calc", "margin-reduction", "--explain", "--format", "json").stdout)
    assert set(document) == {"name", "summary", "rule", "source", "inputs"}


def test_a_reader_that_leaves_early_sees_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "crossmargin", "calc", "suspension-surge"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(json.dumps([SURGE] * 5000).encode())
        process.stdin.close()
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
