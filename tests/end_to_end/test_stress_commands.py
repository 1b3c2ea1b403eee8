"""``xm stress`` and ``xm reverse-stress`` as a user meets them, on a simulated market."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from crossmargin.basics.digest import digest_of
from crossmargin.cli.main import app
from crossmargin.presentation import reverse_stress, stress
from crossmargin.testing.commands import in_its_own_process

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "stress.md"


def xm(*arguments: str | Path, columns: int = 80) -> Result:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    return CliRunner().invoke(app, [*map(str, arguments)], env=environment)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a positions file and a simulated market directory."""
    from crossmargin.bootstrap import demo_positions, demo_seed, simulate_market

    folder = tmp_path_factory.mktemp("stress")
    market = simulate_market(folder / "market", seed=demo_seed(None))
    demo_positions(market, folder / "positions.csv")
    return folder / "positions.csv", folder / "market"


@pytest.fixture(scope="module")
def customer(places: tuple[Path, Path]) -> str:
    with places[0].open(encoding="utf-8") as file:
        ids = [row["customer_id"] for row in csv.DictReader(file)]
    return next(each for each in ids if "BASIS" in each)


@pytest.fixture(scope="module")
def stressed(places: tuple[Path, Path]) -> dict[str, Any]:
    result = xm("stress", places[0], "--market", places[1], "--format", "json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


@pytest.fixture(scope="module")
def exhausted(places: tuple[Path, Path], customer: str) -> dict[str, Any]:
    arguments = (places[0], "--market", places[1], "--customer", customer, "--format", "json")
    result = xm("reverse-stress", *arguments)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


@pytest.fixture(scope="module")
def flipped(places: tuple[Path, Path], customer: str) -> dict[str, Any]:
    arguments = (places[0], "--market", places[1], "--customer", customer, "--format", "json")
    result = xm(
        *("reverse-stress", *arguments, "--target", "flip"),
        *("--set", "stress.search_evaluations=20"),
    )
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def _rest(document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "digest"}


def test_a_stress_says_its_mode_its_market_and_its_digest(stressed: dict[str, Any]) -> None:
    assert stressed["mode"] == "shock"
    assert stressed["market"]["simulated"] is True
    assert "stress" in stressed["parameters"]["versions"]
    assert stressed["digest"] == digest_of(_rest(stressed))
    sources = {c["source"] for c in stressed["cases"] if c["kind"] == "episode"}
    assert sources == {"published changes of par yields, on today's curve"}


def test_losses_and_what_is_uncovered_add_up(stressed: dict[str, Any]) -> None:
    cases = {case["name"] for case in stressed["cases"]}
    for each in stressed["customers"]:
        margins = {name: float(value) for name, value in each["margins"].items()}
        assert margins["both"] == pytest.approx(margins["ficc"] + margins["cme"])
        combined = [float(outcome["combined"]) for outcome in each["outcomes"]]
        assert combined == sorted(combined)
        assert {outcome["case"] for outcome in each["outcomes"]} == cases
        for outcome in each["outcomes"]:
            parts = [float(outcome[leg]) for leg in ("securities", "futures", "repo_interest")]
            assert sum(parts) == pytest.approx(float(outcome["combined"]), abs=0.03)
            loss = float(outcome["loss"])
            assert loss == pytest.approx(max(0.0, -float(outcome["combined"])), abs=0.011)
            for name, uncovered in outcome["uncovered"].items():
                assert float(uncovered) == pytest.approx(max(0.0, loss - margins[name]), abs=1e-6)


def test_the_csv_has_a_row_for_each_customer_and_case(stressed: dict[str, Any]) -> None:
    rows = [dict(zip(stress.CSV_HEADER, r, strict=True)) for r in stress.csv_rows(stressed)]
    assert len(rows) == len(stressed["customers"]) * len(stressed["cases"])
    first = stressed["customers"][0]["outcomes"][0]
    assert (rows[0]["case"], rows[0]["combined"]) == (first["case"], first["combined"])
    assert rows[0]["uncovered_both"] == first["uncovered"]["both"]
    assert [row["rank"] for row in rows[:3]] == ["1", "2", "3"]


def test_only_an_episode_as_csv(places: tuple[Path, Path]) -> None:
    arguments = ("stress", places[0], "--market", places[1], "--episode", "march 2023")
    result = xm(*arguments, "--format", "csv")
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert tuple(rows[0]) == stress.CSV_HEADER
    assert {row["group"] for row in rows} == {"March 2023"}
    assert {row["kind"] for row in rows} == {"episode"}


def _printed(columns: int, show: Callable[[Console], None]) -> str:
    console = Console(file=io.StringIO(), width=columns, markup=False, no_color=True)
    show(console)
    file = console.file
    assert isinstance(file, io.StringIO)
    text = file.getvalue()
    assert max(map(len, text.splitlines())) <= columns
    return text


@pytest.mark.parametrize("columns", [80, 160])
def test_the_table_fits_and_says_what_it_leaves_out(stressed: dict[str, Any], columns: int) -> None:
    text = _printed(columns, lambda console: stress.print_stress(console, stressed, worst=2))
    assert "SIMULATED MARKET" in text
    assert f"{len(stressed['cases']) - 2} more with --worst 0" in " ".join(text.split())
    assert ("unc. FICC" in text) == (columns == 160)


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_library_is_listed_without_positions(form: str) -> None:
    result = xm("stress", "--list", "--episode", "April 2025", "--format", form)
    assert result.exit_code == 0
    assert "2025-04-04" in result.stdout
    assert "March 2020" not in result.stdout
    if form == "json":
        (episode,) = json.loads(result.stdout)["library"]
        assert episode["moves"][1]["par_yield_changes_bp"]["10Y"] == 47


def test_wrong_use_and_wrong_input_leave_with_their_own_status(places: tuple[Path, Path]) -> None:
    assert xm("stress").exit_code == 2
    assert xm("stress", places[0]).exit_code == 2
    unknown = xm("stress", "--list", "--episode", "March 2021")
    assert unknown.exit_code == 1
    assert "'March 2023'" in unknown.stderr
    common = (places[0], "--market", places[1])
    assert xm("reverse-stress", *common, "--target", "saving").exit_code == 2
    assert xm("reverse-stress", *common, "--below", "0.5").exit_code == 2
    for below in ("0", "1.5", "half"):
        result = xm("reverse-stress", *common, "--target", "saving", "--below", below)
        assert result.exit_code == 1
        assert below in result.stderr
    nobody = xm("reverse-stress", *common, "--customer", "NOBODY", "--format", "json")
    assert nobody.exit_code == 1
    assert json.loads(nobody.stdout)["refused"][0]["value"] == "NOBODY"
    wrong = xm("stress", *common, "--set", "stress.basis=1", "--set", "fcc.x=1")
    assert wrong.exit_code == 1
    assert "basis_bp" in wrong.stderr
    assert "fcc" in wrong.stderr


def test_the_smallest_move_loses_what_is_collected_and_hardly_more(
    exhausted: dict[str, Any],
) -> None:
    assert exhausted["digest"] == digest_of(_rest(exhausted))
    (each,) = exhausted["customers"]
    found = {(row["against"], row["days"]): row for row in each["exhaust"]}
    assert set(found) == {("FICC", 3), ("CME", 1), ("BOTH", 3), ("BOTH", 1)}
    assert any(row["reached"] for row in found.values())
    for row in found.values():
        if not row["reached"]:
            assert row["move"] is None
            continue
        margin, loss = float(row["margin"]), float(row["loss"])
        assert margin < loss <= 1.0001 * margin + 1.0
        assert row["history"]["window"] >= row["history"]["as_far"]
        assert len(row["move"]["key_rates_bp"]) == 12
    if found["FICC", 3]["reached"] and found["BOTH", 3]["reached"]:
        assert float(found["BOTH", 3]["distance"]) > float(found["FICC", 3]["distance"])


def test_digests_do_not_depend_on_vector_units(
    places: tuple[Path, Path], customer: str, exhausted: dict[str, Any]
) -> None:
    # numpy reads the variable when it is loaded, so another process is needed.
    asked = (places[0], "--market", places[1], "--customer", customer, "--format", "json")
    disabled = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL"}
    result = in_its_own_process("reverse-stress", *asked, **disabled)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["digest"] == exhausted["digest"]


def test_a_search_says_what_it_found_or_how_far_it_looked(flipped: dict[str, Any]) -> None:
    (each,) = flipped["customers"]
    change = each["change"]
    assert each["exhaust"] == []
    assert change["target"] == "flip"
    assert change["evaluations"] <= 20
    assert flipped["parameters"]["changed"] == {"stress.search_evaluations": "20"}
    if change["reached"]:
        today, after = change["today"], change["after"]
        sides = [float(row["ficc_saving"]) <= float(row["cme_saving"]) for row in (today, after)]
        assert sides[0] != sides[1]
        assert float(change["distance"]) <= 12.0
    else:
        assert change["move"] is None
        assert any("no proof" in notice for notice in flipped["notices"])


@pytest.mark.parametrize("columns", [80, 160])
def test_the_tables_of_a_reverse_stress_fit(
    exhausted: dict[str, Any], flipped: dict[str, Any], columns: int
) -> None:
    text = _printed(columns, lambda console: reverse_stress.print_reverse(console, exhausted))
    assert "key rates, bp: 3M" in text
    assert (" linear " in text) == (columns == 160)
    text = _printed(columns, lambda console: reverse_stress.print_reverse(console, flipped))
    assert "unmoved" in text
    assert "made" in text


def test_the_csv_of_a_reverse_stress_has_a_row_for_each_margin(
    exhausted: dict[str, Any], flipped: dict[str, Any]
) -> None:
    for document, count in ((exhausted, 4), (flipped, 1)):
        rows = list(reverse_stress.csv_rows(document))
        assert len(rows) == count
        for cells in rows:
            row = dict(zip(reverse_stress.CSV_HEADER, cells, strict=True))
            assert row["reached"] in ("true", "false")
            assert (row["distance"] == "") == (row["reached"] == "false")
            assert (row["move_bp"] == "") == (row["reached"] == "false")


def _keys(value: Any, path: str = "") -> set[str]:
    if isinstance(value, dict) and value:
        return {key for name, below in value.items() for key in _keys(below, f"{path}.{name}")}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {key for each in value for key in _keys(each, f"{path}[]")}
    return {path.lstrip(".")}


def _documented(heading: str) -> set[str]:
    section = REFERENCE.read_text(encoding="utf-8").split(f"\n## `xm {heading}`\n", 1)[1]
    table = section.split("\n## ", 1)[0].split("| JSON key | is |", 1)[1].split("\n\n", 1)[0]
    return {
        name
        for row in table.splitlines()[2:]
        for name in re.findall(r"`([^`]+)`", row.split("|")[1])
    }


def _is_documented(key: str, documented: set[str]) -> bool:
    """Return whether a key, or one that it is part of, is documented."""
    parts = key.split(".")
    return any(".".join(parts[: n + 1]) in documented for n in range(len(parts)))


@pytest.mark.parametrize("command", ["stress", "reverse-stress"])
def test_every_key_of_the_documents_is_documented_and_no_other(
    command: str,
    stressed: dict[str, Any],
    exhausted: dict[str, Any],
    flipped: dict[str, Any],
) -> None:
    documents = [stressed] if command == "stress" else [exhausted, flipped]
    every = {key for document in documents for key in _keys(document)}
    # A list that is empty in one document has its keys in the other.
    made = {key for key in every if not any(other.startswith(f"{key}[]") for other in every)}
    documented = _documented(command)
    assert not {key for key in made if not _is_documented(key, documented)}
    stale = {
        name
        for name in documented
        if not any(key == name or key.startswith((f"{name}.", f"{name}[]")) for key in made)
    }
    assert not stale
