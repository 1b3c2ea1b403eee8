"""``xm market import`` and ``xm market check`` as a user meets them: outputs and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

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
    [("import", "x"), ("import", "--to", "y"), ("check",), ("check", "x", "--format", "xml")],
)
def test_misuse_exits_2(arguments: tuple[str, ...]) -> None:
    assert xm_market(*arguments).exit_code == 2


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
