"""Refusals on the command line: every one a line, JSON on request, status 1."""

from __future__ import annotations

import json

import pytest
import typer

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.cli import main as entry
from crossmargin.cli.output import OutputFormat, refuse, report_refusals, write_csv

TWO = (
    Refusal("quantity", "12.5", "a whole number", "ruling 15", "book.csv", 3, 5),
    Refusal("account", "xm", "one of XM, REGULAR", "interfaces"),
)


@pytest.mark.parametrize("output_format", OutputFormat)
def test_every_refusal_is_a_line_and_json_is_one_document(
    output_format: OutputFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as left:
        refuse(TWO, output_format, outcome="Nothing was computed.")
    assert left.value.exit_code == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [*map(str, TWO), "Nothing was computed."]
    if output_format is OutputFormat.JSON:
        assert json.loads(out) == {"refused": [refusal.as_document() for refusal in TWO]}
    else:
        assert out == ""


def test_what_was_given_reaches_the_terminal_without_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report_refusals([Refusal("na\x1b[2Jme\n", "\x07", "a\ttext", "ruling 29")])
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.rstrip("\n").isprintable()


def test_csv_quotes_what_needs_it(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(("name", "text"), [("a", 'one, "two"')])
    assert capsys.readouterr().out == 'name,text\na,"one, ""two"""\n'


@pytest.mark.parametrize(
    ("arguments", "document_wanted"),
    [(["--format", "json"], True), (["--format=json"], True), (["--format", "table"], False)],
)
def test_a_refusal_that_a_command_lets_through_is_reported_all_the_same(
    arguments: list[str],
    document_wanted: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def command() -> None:
        raise RefusedError(*TWO)

    monkeypatch.setattr(entry, "app", command)
    monkeypatch.setattr("sys.argv", ["xm", "margin", *arguments])
    with pytest.raises(SystemExit) as left:
        entry.main()
    assert left.value.code == 1
    out, err = capsys.readouterr()
    assert err.splitlines() == [*map(str, TWO)]
    assert bool(out) is document_wanted
