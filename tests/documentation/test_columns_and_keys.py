"""The reference pages have the columns of CSV output and the keys of JSON documents.

The pages of ``xm margin`` and ``xm calc`` have tests of their own.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossmargin import bootstrap
from crossmargin.cli import market as market_commands
from crossmargin.cli import parameters as parameters_commands
from crossmargin.cli.main import app
from crossmargin.feeds.market.directory import write_market_directory
from crossmargin.feeds.market.findings import Finding, Severity
from crossmargin.feeds.market.importing import ImportedTable, ImportReport
from crossmargin.presentation import (
    default_document,
    forward,
    port_backup,
    port_drill,
    port_plan,
    reconciliation,
    reverse_stress,
    span,
    span_calibration,
    stress,
)
from crossmargin.services.par_books import ParBook
from crossmargin.services.reconciliation_drift import DriftRecord, DriftSeries
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing import span_sets

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
VERSION_COLUMNS = ("owner", *parameters_commands._FIELDS)
CSV = {
    "market import": market_commands._IMPORT_HEADER,
    "market simulate": market_commands._SIMULATED_HEADER,
    "market check": market_commands._FINDING_HEADER,
    "default simulate": default_document.CSV_HEADER,
    "forward": forward.CSV_HEADER,
    "parameters list": VERSION_COLUMNS,
    "port backup": port_backup.CSV_HEADER,
    "port drill": port_drill.CSV_HEADER,
    "port plan": port_plan.CSV_HEADER,
    "parameters show": VERSION_COLUMNS,
    "parameters diff": parameters_commands._CHANGE_FIELDS,
    "parameters validate": ("file", "owner", "versions", "digest"),
    "par-books": tuple(each.name for each in fields(ParBook)),
    "reconcile run": reconciliation.LINE_HEADER,
    "reconcile drift": reconciliation.DRIFT_HEADER,
    "reverse-stress": reverse_stress.CSV_HEADER,
    "stress": stress.CSV_HEADER,
    "span show": span.COMMODITY_HEADER,
    "span margin": span.RESULT_CSV_HEADER,
    "span calibrate": span_calibration.LEVEL_COLUMNS,
    "span levels": span_calibration.COMPARISON_COLUMNS,
}
_KEY_ROW = re.compile(r"^\| ((?:`[^`]+`(?:, | or )?)+) \| .+ \|$", re.MULTILINE)


def _section(command: str) -> str:
    heading = f"\n## `xm {command}`\n"
    texts = [path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")]
    (text,) = (text for text in texts if heading in text)
    return text.split(heading, 1)[1].split("\n## ", 1)[0]


def _documented(command: str) -> set[str]:
    table = _section(command).split("| JSON key | is |", 1)[1].split("\n\n", 1)[0]
    cells = _KEY_ROW.findall(table)
    return {key for cell in cells for pattern in _names(cell) for key in _expanded(pattern)}


def _names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def _expanded(pattern: str) -> Iterator[str]:
    """Yield the keys of a pattern such as ``a.{b,c}.d``."""
    parts = re.split(r"\{([^}]+)\}", pattern)
    choices = [part.split(",") if place % 2 else [part] for place, part in enumerate(parts)]
    return ("".join(chosen) for chosen in itertools.product(*choices))


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield where a document ends: values, and lists of values."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _leaves(below, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from _leaves(item, f"{path}[]")
    else:
        yield path


def _made(document: Any) -> set[str]:
    return set(_leaves(json.loads(json.dumps(document))))


def _printed(*arguments: object) -> Any:
    result = CliRunner().invoke(app, [*map(str, arguments), "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("command", CSV)
def test_the_columns_of_a_csv_are_documented_in_their_order(command: str) -> None:
    (line,) = re.findall(r"^CSV, one row a .+?: (.+)\.$", _section(command), re.MULTILINE)
    assert tuple(_names(line)) == CSV[command]


def test_the_keys_of_xm_parameters_are_documented() -> None:
    listed = _made(_printed("parameters", "list"))
    # Rows of owners; no shipped version ends but by the next.
    others = {f"owners.{name}" for name in bootstrap.parameter_registry().files}
    assert _documented("parameters list") == listed | others | {"parameters[].effective_to"}
    made = _made(_printed("parameters", "show", "ficc.floor_share"))
    made |= _made(_printed("parameters", "show", "ficc.bucket_years"))
    assert _documented("parameters show") == made | {"versions[].effective_to"}
    changed = _printed("parameters", "diff", "--from", "2018-05-01", "--to", "2026-03-24")
    assert _documented("parameters diff") == _made(changed)


def test_the_keys_of_xm_parameters_validate_are_documented() -> None:
    file = Path(parameters_commands.__file__).parents[1] / "arrangement" / "parameters.toml"
    printed = _printed("parameters", "validate", file)
    assert _documented("parameters validate") == _made(printed)


def test_the_keys_of_xm_market_are_documented(simulation: SimulatedMarket) -> None:
    made = _made({**simulation.as_document(), "notes": "", "digest": ""})
    assert _documented("market simulate") == made
    table = ImportedTable("sofr", ("sofr.csv",), 1, 0, None, None, "PD", "")
    imported = ImportReport((table,), ("note.txt",), "")
    assert _documented("market import") == _made(imported.as_document())
    finding = Finding(Severity.INFO, "sofr", "", 1, None, None, (), "")
    counts = dict.fromkeys(("error", "warning", "info"), 0)
    checked = {"counts": counts, "findings": [finding.as_document()]}
    assert _documented("market check") == _made(checked)


def test_the_keys_of_a_drift_series_are_documented() -> None:
    record = DriftRecord("2026-03-24", "EOD", 1, "XMFICCCUSIP", "par", "1", "1", 1, 0, "", "")
    series = DriftSeries("XMFICCCUSIP", "par", "EOD", (record,))
    document = reconciliation.drift_document([series])
    assert _documented("reconcile drift") == _made(document)


def test_the_keys_of_a_calibrated_set_are_documented(
    simulation: SimulatedMarket, tmp_path: Path
) -> None:
    market = tmp_path / "market"
    write_market_directory(market, simulation.tables, simulated=True, seed=1, notes={})
    document = _printed("span", "calibrate", "--market", market)
    document["weights"]["by_measure"] = ""
    documented = _documented("span calibrate")
    made = _made(document)
    # The simulated market has no margin history, so nothing is fitted and nothing left.
    residuals = {key for key in documented if ".PRODUCT." in key}
    assert documented - residuals - {"credits[]", "no_credit[]"} == made


def test_the_keys_of_a_span_file_and_its_spreads_are_documented(tmp_path: Path) -> None:
    parameters = span_sets.parameter_set(
        [span_sets.commodity("21"), span_sets.commodity("25")],
        [span_sets.future(code, "202606", 1200) for code in ("21", "25")],
        [span_sets.inter(1, "1/2", ("21", 1, "A"), ("25", 1, "B"))],
    )
    file = tmp_path / "own.spn"
    bootstrap.write_span(parameters, file)
    shown = _printed("span", "show", file)
    (spread,) = shown["inter_spreads"]
    text = _section("span show")
    assert set(shown) <= set(_names(text))
    assert set(_rows(text, "inter_spreads[]")) - {"credit_dollars"} == set(spread)
    positions = tmp_path / "positions.csv"
    positions.write_text("product,period,quantity\n21,202606,1\n25,202606,-1\n", encoding="utf-8")
    margined = _printed("span", "margin", positions, "--parameters", file)
    text = _section("span margin")
    assert set(margined) <= set(_names(text))
    assert set(_rows(text, "spreads[]")) == _made(margined["spreads"][0])


def _rows(text: str, of: str) -> list[str]:
    table = text.split(f"| key of `{of}` | is |", 1)[1].split("\n\n", 1)[0]
    return [name for cell in _KEY_ROW.findall(table) for name in _names(cell)]


def test_the_keys_of_xm_port_are_documented(simulation: SimulatedMarket, tmp_path: Path) -> None:
    market, positions = tmp_path / "market", tmp_path / "positions.csv"
    write_market_directory(market, simulation.tables, simulated=True, seed=1, notes={})
    bootstrap.demo_positions(simulation, positions)
    rows = positions.read_text(encoding="utf-8").splitlines()
    outside = next(row for row in rows if "CURVE-FUND,FICC,XM" in row).replace(",XM,", ",REGULAR,")
    positions.write_text("\n".join([*rows, outside, ""]), encoding="utf-8")
    receivers = REFERENCE.parent / "tutorial" / "receivers.toml"
    files = (positions, "--market", market, "--receivers", receivers)
    trigger = ("--trigger", "DEBTOR", "--since", simulation.as_of)
    for command, arguments in (("plan", trigger), ("backup", ()), ("drill", trigger)):
        made = _made(_printed("port", command, *files, *arguments))
        # Names of parameters, documents, lines and limits are not keys.
        named = (".lines.", ".legs.", ".room.", ".used.", ".add_ons.")
        open_ended = {
            f"{key.split(part)[0]}{part[:-1]}" for key in made for part in named if part in key
        }
        kept = {key for key in made if not any(part in key for part in named)}
        kept = {key for key in kept if not key.startswith("parameters.")} | {"parameters"}
        # Where a list or group is empty in one place and full in another, what is in it is the key.
        kept = {
            key
            for key in kept
            if not any(each.startswith((f"{key}[]", f"{key}.")) for each in kept)
        }
        documented = _documented(f"port {command}")
        assert documented == kept | open_ended, command
