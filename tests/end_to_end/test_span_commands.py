"""``xm span`` as a user runs it: show, convert, margin, and what is refused."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from crossmargin import bootstrap
from crossmargin.basics.refusals import RefusedError
from crossmargin.cli.main import app
from crossmargin.testing.span_sets import commodity, future, inter, parameter_set

ran = CliRunner()


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    parameters = parameter_set(
        [commodity("21"), commodity("17")],
        [future("21", "202606", 3000), future("17", "202606", 3600)],
        [inter(1, "3/4", ("21", 2, "A"), ("17", 1, "B"))],
    )
    path = tmp_path / "own.pa2"
    assert bootstrap.write_span(parameters, path) == "positional"
    return path


def run(*arguments: object) -> tuple[int, str, str]:
    result = ran.invoke(app, ["span", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_show(own_file: Path) -> None:
    code, out, _ = run("show", own_file, "--format", "json")
    assert code == 0
    document = json.loads(out)
    assert document["parameters"] == "a parameter set of our own, not CME's (own.pa2, 2026-03-24)"
    assert document["inter_spreads"][0]["legs"] == "A:2x21 B:1x17"
    assert document["inter_spreads"][0]["credit_pct"] == "75"
    assert document["scan_range_differs"] == []
    code, out, _ = run("show", own_file)
    assert code == 0
    assert document["digest"] in out.replace("\n", "")
    assert (
        run("show", own_file, "--format", "csv")[1].splitlines()[1].startswith("17,17,CBT,USD,1,")
    )


def test_convert_there_and_back(own_file: Path) -> None:
    there, back = own_file.with_suffix(".spn"), own_file.with_name("back.pa2")
    assert run("convert", own_file, "--to", there)[0] == 0
    assert there.read_text("utf-8").startswith("<?xml")
    code, out, _ = run("convert", there, "--to", back)
    assert (code, out.startswith("back.pa2: positional, digest ")) == (0, True)
    assert back.read_bytes() == own_file.read_bytes()


def test_nothing_is_written_where_a_value_does_not_fit(tmp_path: Path) -> None:
    thirds = parameter_set([commodity("21")], [future("21", "202606", Fraction(1000))])
    for name in ("thirds.pa2", "thirds.spn"):
        with pytest.raises(RefusedError):
            bootstrap.write_span(thirds, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def convert_refused(own_file: Path, to: Path) -> str:
    result = ran.invoke(app, ["span", "convert", str(own_file), "--to", str(to)])
    assert result.exit_code == 1
    assert isinstance(result.exception, RefusedError), result.exception
    (refusal,) = result.exception.refusals
    assert (refusal.field, refusal.value) == ("--to", to.name)
    return refusal.expected


def test_a_place_that_cannot_be_written_is_refused(own_file: Path, tmp_path: Path) -> None:
    for to in (tmp_path, tmp_path / "none" / "own.spn", own_file / "own.spn"):
        assert "a file that can be written" in convert_refused(own_file, to)
    assert [each.name for each in tmp_path.iterdir()] == ["own.pa2"]


@pytest.mark.parametrize("text", ["product,period,quantity\n", "<html><body/></html>", "0 zero\n"])
def test_what_is_no_span_file_is_not_written_over(
    text: str, own_file: Path, tmp_path: Path
) -> None:
    there = tmp_path / "positions.csv"
    there.write_text(text, "utf-8")
    assert "what else is there stays" in convert_refused(own_file, there)
    assert there.read_text("utf-8") == text


def test_an_empty_file_or_a_span_file_is_written_over(own_file: Path, tmp_path: Path) -> None:
    there = tmp_path / "there.spn"
    there.touch(mode=0o600)
    assert run("convert", own_file, "--to", there)[0] == 0
    xml = there.read_bytes()
    assert run("convert", own_file, "--to", there)[0] == 0
    assert (there.read_bytes(), there.stat().st_mode & 0o777) == (xml, 0o600)
    assert run("convert", there, "--to", own_file)[0] == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == ["own.pa2", "there.spn"]


def test_margin(own_file: Path, tmp_path: Path) -> None:
    positions = tmp_path / "positions.csv"
    positions.write_text("product,period,quantity\n21,202606,100\n17,202606,-60\n", "utf-8")
    code, out, _ = run("margin", positions, "--parameters", own_file, "--format", "json")
    assert code == 0
    document = json.loads(out)
    assert document["engine"].startswith("SPAN with a parameter set of our own, not CME's")
    assert document["maintenance"] == "156000.00"
    assert [each["count"] for each in document["spreads"]] == ["50"]
    assert "credit 360000.00" in run("margin", positions, "--parameters", own_file)[1]


@pytest.fixture
def wrong_file(own_file: Path) -> Path:
    """Return the set with a bond array of half its range and a note delta of a half."""
    whole = bootstrap.read_span(own_file).parameters
    bond, note = whole.contracts
    half = tuple(loss / 2 for loss in bond.losses)
    contracts = (replace(bond, losses=half), replace(note, composite_delta=Fraction(1, 2)))
    path = own_file.with_name("wrong.pa2")
    bootstrap.write_span(replace(whole, contracts=contracts), path)
    return path


def test_what_contradicts_is_said_with_every_figure(wrong_file: Path, tmp_path: Path) -> None:
    positions = tmp_path / "positions.csv"
    positions.write_text("product,period,quantity\n21,202606,100\n17,202606,-60\n", "utf-8")
    asked = ("margin", positions, "--parameters", wrong_file)
    document = json.loads(run(*asked, "--format", "json")[1])
    assert document["scan_range_differs"] == ["CBT 17 FUT 202606"]
    assert document["composite_delta_differs"] == ["CBT 21 FUT 202606"]
    table = run(*asked)[1]
    assert "Arrays that do not move by their scan range: CBT 17 FUT 202606." in table
    assert "-1 to 0): CBT 21 FUT 202606." in " ".join(table.split())
    bond, note = csv.DictReader(io.StringIO(run(*asked, "--format", "csv")[1]))
    assert (bond["scan_range_differs"], bond["composite_delta_differs"]) == (
        "CBT 17 FUT 202606",
        "",
    )
    assert (note["scan_range_differs"], note["composite_delta_differs"]) == (
        "",
        "CBT 21 FUT 202606",
    )
    # What is not held is not said with a requirement; show says it of the whole file.
    positions.write_text("product,period,quantity\n21,202606,100\n17,202606,0\n", "utf-8")
    assert json.loads(run(*asked, "--format", "json")[1])["scan_range_differs"] == []
    shown = json.loads(run("show", wrong_file, "--format", "json")[1])
    assert shown["scan_range_differs"] == ["CBT 17 FUT 202606"]
    assert shown["composite_delta_differs"] == ["CBT 21 FUT 202606"]


def test_positions_that_are_none_are_refused_with_their_place(
    own_file: Path, tmp_path: Path
) -> None:
    positions = tmp_path / "positions.csv"
    positions.write_text("product,period,quantity\n21,202609,1\n17,202606,x\n1\n", "utf-8")
    result = ran.invoke(app, ["span", "margin", str(positions), "--parameters", str(own_file)])
    assert result.exit_code == 1
    places = [(r.line, r.column, r.field) for r in result.exception.refusals]  # type: ignore[union-attr]
    assert places == [(2, 1, "product"), (3, 3, "quantity"), (4, None, "row")]
    positions.write_text("product,month\n", "utf-8")
    result = ran.invoke(app, ["span", "margin", str(positions), "--parameters", str(own_file)])
    fields = [(r.field, r.value) for r in result.exception.refusals]  # type: ignore[union-attr]
    assert fields[0] == ("header", "month")
    assert len(fields) == 3
