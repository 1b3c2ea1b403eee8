"""``xm market import``, ``simulate`` and ``check`` as a user meets them: outputs and exit codes."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from crossmargin.cli.market import market_app

RED = "\x1b[1;31m"
CURVE = (
    "date,6M,1Y,2Y,3Y,5Y,7Y,10Y,30Y\n"
    "2026-03-23,3.60,3.55,3.50,3.55,3.70,3.90,4.10,4.70\n"
    "2026-03-24,3.61,3.56,3.51,3.56,3.71,3.91,4.11,4.71\n"
)
SOFR = "date,sofr_pct\n2026-03-23,3.65\n2026-03-24,3.64\n"
FUNDS = "date,fed_funds_target_pct,effr_pct\n2026-03-23,3.75,\n2026-03-24,3.75,\n"


def xm_market(*arguments: str | Path, environment: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(market_app, [str(a) for a in arguments], env=environment)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    (folder / "curve.csv").write_text(CURVE)
    (folder / "sofr.csv").write_text(SOFR)
    (folder / "funds.csv").write_text(FUNDS)
    (folder / "README.md").write_text("about these files")
    return folder


def test_import_then_check(published: Path, tmp_path: Path) -> None:
    result = xm_market("import", published, "--to", tmp_path / "market")
    assert result.exit_code == 0
    assert "par_yields" in result.stdout
    assert "Not recognised: README.md" in result.stdout
    result = xm_market("check", tmp_path / "market")
    assert result.exit_code == 0
    assert "the table is absent" in result.stdout
    assert "0 errors, 0 warnings" in result.stderr


def test_json_is_one_document_and_nothing_else(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    result = xm_market("import", published, "--to", market, "--format", "json")
    report = json.loads(result.stdout)
    assert [table["table"] for table in report["tables"]] == ["fed_funds", "par_yields", "sofr"]
    assert report["digest"] == json.loads((market / "manifest.json").read_text())["digest"]
    result = xm_market("check", market, "--format", "json")
    document = json.loads(result.stdout)
    assert document["counts"]["error"] == 0
    assert document["counts"]["info"] == len(document["findings"])


def test_a_bad_file_exits_1_with_its_line_and_writes_nothing(
    published: Path, tmp_path: Path
) -> None:
    (published / "sofr.csv").write_text("date,sofr_pct\n2026-03-24,high\n")
    result = xm_market("import", published, "--to", tmp_path / "market", "--format", "json")
    assert result.exit_code == 1
    (refusal,) = json.loads(result.stdout)["refused"]
    assert (refusal["file"], refusal["line"], refusal["column"]) == ("sofr.csv", 2, 2)
    assert "sofr.csv:2:2: sofr_pct was 'high'" in result.stderr
    assert not (tmp_path / "market").exists()


def test_an_edited_market_exits_1(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    xm_market("import", published, "--to", market)
    (market / "sofr.csv").write_text(SOFR.replace("3.65", "3.56"))
    result = xm_market("check", market, "--format", "json")
    assert result.exit_code == 1
    (error,) = [f for f in json.loads(result.stdout)["findings"] if f["severity"] == "error"]
    assert (error["table"], error["what"]) == ("sofr", "the table is not as it was written")


def test_what_is_no_market_is_refused(tmp_path: Path) -> None:
    result = xm_market("check", tmp_path)
    assert result.exit_code == 1
    assert "manifest.json" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "x"),
        ("import", "--to", "y"),
        ("check",),
        ("check", "x", "--format", "xml"),
        ("simulate", "--to", "y"),
        ("simulate", "--seed", "1"),
        ("simulate", "--to", "y", "--seed", "one"),
        ("simulate", "--to", "y", "--seed", "1", "--date", "24.3.2026"),
    ],
)
def test_misuse_exits_2(arguments: tuple[str, ...]) -> None:
    assert xm_market(*arguments).exit_code == 2


def test_import_and_check_as_csv(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    result = xm_market("import", published, "--to", market, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["table"], row["rows"]) for row in rows] == [
        ("fed_funds", "2"),
        ("par_yields", "2"),
        ("sofr", "2"),
    ]
    result = xm_market("check", market, "--format", "csv")
    findings = list(csv.DictReader(io.StringIO(result.stdout)))
    documents = json.loads(xm_market("check", market, "--format", "json").stdout)["findings"]
    assert [(f["table"], f["what"]) for f in findings] == [
        (document["table"], document["what"]) for document in documents
    ]


def simulate(to: Path, *arguments: str) -> dict[str, Any]:
    result = xm_market("simulate", "--to", to, "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_a_seed_makes_one_market(tmp_path: Path) -> None:
    first = simulate(tmp_path / "a", "--seed", "5")
    assert (first["simulated"], first["seed"], first["as_of"]) == (True, 5, "2026-03-24")
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert (manifest["simulated"], manifest["digest"]) == (True, first["digest"])
    assert simulate(tmp_path / "b", "--seed", "5") == first
    assert simulate(tmp_path / "b", "--seed", "6")["digest"] != first["digest"]
    earlier = simulate(tmp_path / "b", "--seed", "5", "--date", "2023-03-10")
    assert earlier["as_of"] == "2023-03-10"
    assert earlier["digest"] != first["digest"]


def test_a_simulated_market_says_so_and_checks_clean(tmp_path: Path) -> None:
    market = tmp_path / "market"
    result = xm_market("simulate", "--to", market, "--seed", "18")
    assert result.exit_code == 0
    assert "SIMULATED MARKET" in result.stdout
    assert "Seed 18, as of 2026-03-24." in result.stdout
    digest = json.loads((market / "manifest.json").read_text())["digest"]
    assert f"Market digest: {digest}" in result.stdout
    checked = json.loads(xm_market("check", market, "--format", "json").stdout)
    assert (checked["counts"]["error"], checked["counts"]["warning"]) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [(("--seed", "1", "--date", "2026-03-22"), "as_of"), (("--seed", "-1"), "seed")],
)
def test_what_cannot_be_simulated_is_refused(
    tmp_path: Path, arguments: tuple[str, ...], field: str
) -> None:
    market = tmp_path / "market"
    result = xm_market("simulate", "--to", market, "--format", "json", *arguments)
    assert result.exit_code == 1
    (refusal,) = json.loads(result.stdout)["refused"]
    assert refusal["field"] == field
    assert "Nothing was written." in result.stderr
    assert not market.exists()


def test_narrow_terminals_and_no_color_are_respected(published: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    xm_market("import", published, "--to", market)
    forced = {"COLUMNS": "60", "FORCE_COLOR": "1"}
    plain = xm_market("check", market, environment={**forced, "NO_COLOR": "1"})
    shown = re.sub(r"\x1b\[[0-9;]*m", "", plain.stdout)
    assert max(len(line) for line in shown.splitlines()) <= 60
    assert "volatility_index: the table is absent" in shown
    (market / "sofr.csv").unlink()
    coloured = xm_market("check", market, environment=forced)
    plain = xm_market("check", market, environment={**forced, "NO_COLOR": "1"})
    assert RED in coloured.stdout
    assert RED not in plain.stdout


@pytest.mark.real_data
def test_the_data_folder_imports_and_checks_clean(real_data: Path, tmp_path: Path) -> None:
    market = tmp_path / "market"
    assert xm_market("import", real_data, "--to", market).exit_code == 0
    result = xm_market("check", market, "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["counts"]["warning"] == 0
