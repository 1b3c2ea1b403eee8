"""``xm conditions`` and ``xm crowding`` as a user runs them, beside what their page says."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from crossmargin import bootstrap
from crossmargin.cli.main import app
from crossmargin.presentation import conditions, crowding
from crossmargin.presentation.conditions_tables import print_conditions
from crossmargin.presentation.crowding_tables import print_crowding
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing.markets import write_simulated_market

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "conditions.md"
FEW = (
    *("--set", "analysis.correlation_multiples=0, 1"),
    *("--set", "analysis.basis_multiples=1, 2"),
    *("--set", "analysis.basis_multiple_max=4"),
    *("--set", "analysis.roll_off_business_days=50"),
)
#: Mappings by owner, parameter or tenor, which are one key in the page.
OPEN = (
    *("parameters.versions", "parameters.changed", "parameters.analysis.changed"),
    "curve_shapes[].moves_bp",
)


@pytest.fixture(scope="module")
def demo(
    simulation: SimulatedMarket, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("conditions")
    write_simulated_market(folder / "market", simulation)
    bootstrap.demo_positions(simulation, folder / "positions.csv")
    return folder / "market", folder / "positions.csv"


def run(command: str, demo: tuple[Path, Path], *options: str) -> Any:
    market, positions = demo
    arguments = [command, str(positions), "--market", str(market), *options]
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module")
def documents(demo: tuple[Path, Path]) -> dict[str, Any]:
    asked = {
        "conditions": run(
            "conditions", demo, "--customer", "REPO-CUSTOMER", *FEW, "--format", "json"
        ),
        "crowding": run("crowding", demo, "--format", "json"),
    }
    for result in asked.values():
        assert result.exit_code == 0, result.output
    return {name: json.loads(result.stdout) for name, result in asked.items()}


def section(command: str) -> str:
    text = PAGE.read_text(encoding="utf-8")
    return text.split(f"\n## `xm {command}`\n", 1)[1].split("\n## ", 1)[0]


def documented(command: str) -> set[str]:
    table = section(command).split("| JSON key | is |", 1)[1].split("\n\n", 1)[0]
    cells = [row.split(" | ")[0] for row in table.splitlines() if row.startswith("| `")]
    patterns = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return {key for pattern in patterns for key in expanded(pattern)}


def expanded(pattern: str) -> Iterator[str]:
    parts = re.split(r"\{([^}]+)\}", pattern)
    choices = [part.split(",") if place % 2 else [part] for place, part in enumerate(parts)]
    return ("".join(chosen) for chosen in itertools.product(*choices))


def leaves(value: Any, path: str = "") -> Iterator[str]:
    if path in OPEN:
        yield path
    elif isinstance(value, dict) and value:
        for name, below in value.items():
            yield from leaves(below, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from leaves(item, f"{path}[]")
    else:
        yield path


def under(key: str, keys: set[str]) -> bool:
    return any(each.startswith((f"{key}.", f"{key}[]")) for each in keys)


@pytest.mark.parametrize("command", ["conditions", "crowding"])
def test_every_key_is_documented_and_no_other(command: str, documents: dict[str, Any]) -> None:
    made, known = set(leaves(documents[command])), documented(command)
    # What is null or empty here stands in the page with what it holds elsewhere.
    empty = {key for key in made - known if under(key, known)}
    assert made - known == empty
    absent = {key for key in known - made if not any(key.startswith(each) for each in empty)}
    # A date need not be in the tail of every window.
    assert {key for key in absent if ".leaves." not in key} == set()


@pytest.mark.parametrize(
    ("command", "header"),
    [("conditions", conditions.CSV_HEADER), ("crowding", crowding.CSV_HEADER)],
)
def test_the_columns_are_documented_in_their_order(command: str, header: tuple[str, ...]) -> None:
    (line,) = re.findall(r"^CSV, one row a .+?: (.+)\.$", section(command), re.MULTILINE)
    assert tuple(re.findall(r"`([^`]+)`", line)) == header


def test_rows_have_every_case(documents: dict[str, Any]) -> None:
    rows = [
        dict(zip(conditions.CSV_HEADER, row, strict=True))
        for row in conditions.csv_rows(documents["conditions"])
    ]
    assert {row["condition"] for row in rows} >= {
        *("none", "correlation", "basis", "curve", "roll_off", "limit")
    }
    base = rows[0]
    assert base["change"] == "0.00"
    again = next(row for row in rows if (row["condition"], row["case"]) == ("basis", "1"))
    assert again["requirement"] == base["requirement"]
    limits = [row for row in rows if row["condition"] == "limit"]
    distances = [float(row["distance_saving"]) for row in limits]
    assert distances == sorted(distances)
    assert all(row["is_past"] in ("true", "false") for row in limits)


def test_csv_of_crowding_is_what_the_document_says(
    demo: tuple[Path, Path], documents: dict[str, Any]
) -> None:
    result = run("crowding", demo, "--format", "csv")
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert tuple(rows[0]) == crowding.CSV_HEADER
    contracts = {row["name"]: row for row in rows if row["section"] == "contracts"}
    for product in documents["crowding"]["products"]:
        row = contracts[product["product"]]
        assert row["net"] == product["contracts"]["net"]
        assert row["largest_customer"] == product["crowd"]["shares"][0]["customer_id"]
    totals = [row for row in rows if row["name"] == "total"]
    assert [row["section"] for row in totals] == [
        *("ficc_cost", "ficc_charge", "cme_cost", "cme_charge")
    ]


def test_where_span_is_the_engine_cme_moves_with_the_curve_alone(demo: tuple[Path, Path]) -> None:
    options = (
        *FEW[:6],
        *("--set", "analysis.roll_off_business_days=1"),
        *("--set", "cme.engine=span", "--customer", "CURVE-FUND", "--format", "json"),
    )
    result = run("conditions", demo, *options)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert conditions.SPAN_NOTICE in document["notices"]
    (fund,) = document["customers"]
    combined = fund["base"]["cme_combined"]
    moved = [*fund["correlation"], *fund["basis"]["rows"], *fund["roll_off"]["days"]]
    assert {row["outcome"]["cme_combined"] for row in moved} == {combined}
    assert {row["cme_leg_correlation"] for row in fund["correlation"]} == {None}
    assert {row["outcome"]["cme_combined"] for row in fund["curve"]} != {combined}
    assert {name for day in document["leaving"] for name in day["windows"]} == {
        *("ficc_historical", "ficc_filtered")
    }


@pytest.mark.parametrize("width", [80, 160])
def test_tables_fit_and_cut_no_figure(documents: dict[str, Any], width: int) -> None:
    for name, show in (("conditions", print_conditions), ("crowding", print_crowding)):
        text = io.StringIO()
        show(Console(file=text, width=width), documents[name])
        lines = text.getvalue().splitlines()
        assert max(map(len, lines)) <= width
        assert "\N{HORIZONTAL ELLIPSIS}" not in text.getvalue()
        assert any("SIMULATED MARKET" in line for line in lines)
        assert documents[name]["digest"] in text.getvalue()


@pytest.mark.parametrize(
    ("command", "options", "says"),
    [
        ("conditions", ("--customer", "NOBODY"), "--customer was 'NOBODY', expected one of"),
        ("conditions", ("--set", "analysis.basis_multiples=2, 1"), "analysis.basis_multiples"),
        ("conditions", ("--set", "analysis.correlation_reported_years=2"), "two tenors"),
        ("crowding", ("--set", "analysis.participation_share=0"), "analysis.participation_share"),
        ("crowding", ("--set", "nobody.x=1"), "nobody"),
        ("crowding", ("--date", "2020-01-01"), "a date with security prices"),
    ],
)
def test_what_makes_no_sense_is_refused(
    demo: tuple[Path, Path], command: str, options: tuple[str, ...], says: str
) -> None:
    result = run(command, demo, *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert says in result.stderr
    assert "Nothing was computed" in result.stderr


def test_faults_of_all_owners_are_named(demo: tuple[Path, Path]) -> None:
    changes = ("--set", "ficc.coverage=7", "--set", "analysis.participation_share=2")
    result = run("crowding", demo, *changes)
    assert "ficc.coverage was '7'" in result.stderr
    assert "analysis.participation_share was '2'" in result.stderr
