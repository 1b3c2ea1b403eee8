"""``xm margin`` from a shell: formats, refusals, comparisons, the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pytest

from crossmargin.cli import margin
from crossmargin.testing.commands import in_its_own_process, xm

FORBIDDEN_IN_A_REFUSAL = "Traceback"


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("demo")
    result = xm("demo", "--no-serve", "--to", folder / "market")
    assert result.returncode == 0, result.stderr
    assert "SIMULATED MARKET" in result.stdout
    return folder / "market-positions.csv", folder / "market"


def test_the_csv_form_has_the_figures_of_the_json_form(demo):
    positions, market = demo
    document = json.loads(xm("margin", positions, "--market", market, "--format", "json").stdout)
    text = xm("margin", positions, "--market", market, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert document["market"]["simulated"] is True
    assert "SIMULATED" in document["notices"][0]
    for row, customer in zip(rows, document["customers"], strict=True):
        assert row["customer_id"] == customer["customer_id"]
        assert row["requirement"] == customer["requirement"]
        assert row["ficc_saving"] == customer["ficc"]["saving"]
        assert row["simulated"] == "true"


def test_explanation_and_sensitivity_leave_the_figures_alone(demo):
    positions, market = demo
    command = ("margin", positions, "--market", market, "--format", "json")
    plain = json.loads(xm(*command).stdout)
    full = json.loads(xm(*command, "--explain", "--sensitivity").stdout)
    for bare, rich in zip(plain["customers"], full["customers"], strict=True):
        assert {key: rich[key] for key in bare} == bare
        assert rich["explanation"]["ficc_tail"]
        variants = {row["variant"]: row for row in rich["sensitivity"]["variants"]}
        assert variants["as run"]["requirement"] == bare["requirement"]
    basis = next(c for c in full["customers"] if c["customer_id"] == "BASIS-FUND")
    variants = {row["variant"]: row for row in basis["sensitivity"]["variants"]}
    grown = [
        float(variants[name]["ficc_simulation_combined"])
        for name in ("as run", *(f"basis volatility x {m}" for m in (2, 5, 10, 20)))
    ]
    assert grown == sorted(grown)
    assert grown[0] < grown[-1] / 10
    assert float(basis["sensitivity"]["cap_stops_binding_at_basis_multiple"]) > 1


@pytest.fixture(scope="module")
def answers():
    """Return what was answered, by request."""
    return {}


@pytest.fixture
def _explained_once(answers):
    """Explain a request once: how wide its table is, or in which form, changes no figure."""
    answer = margin.answer

    def kept(request):
        key = repr(request)
        if key not in answers:
            answers[key] = answer(request)
        return answers[key]

    with mock.patch.object(margin, "answer", kept):
        yield


@pytest.mark.usefixtures("_explained_once")
def test_the_same_input_gives_the_same_bytes(demo):
    positions, market = demo
    command = ("margin", positions, "--market", market, "--format", "json", "--explain")
    assert xm(*command).stdout == in_its_own_process(*command).stdout


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("--date", "2026-03-25"), 1, "a date with security prices"),
        (("--date", "yesterday"), 2, "--date"),
        (("--format", "xml"), 2, "--format"),
        (("--against-date", "2026-03-24"), 2, "--against"),
        (("--against-set", "arrangement.cap=0.5"), 2, "--against"),
    ],
)
def test_what_cannot_be_done_is_refused(demo, arguments, status, says):
    positions, market = demo
    result = xm("margin", positions, "--market", market, *arguments)
    assert result.returncode == status
    assert says in result.stderr
    assert FORBIDDEN_IN_A_REFUSAL not in result.stderr


def test_a_run_says_what_changed_against_another(demo):
    """A lower cap is the rule's part; the parts add up to the cent."""
    positions, market = demo
    command = ("margin", positions, "--market", market, "--format", "json")
    then = json.loads(xm(*command).stdout)
    asked = (*command, "--set", "arrangement.cap=0.1")
    document = json.loads(xm(*asked, "--against", positions).stdout)
    before = {c["customer_id"]: c["requirement"] for c in then["customers"]}
    for row in document["change"]["customers"]:
        parts = [row[name] for name in ("positions", "market", "model", "rule", "binding_side")]
        change = Decimal(row["requirement"]) - Decimal(row["previous_requirement"])
        assert row["previous_requirement"] == before[row["customer_id"]]
        assert sum(map(Decimal, parts)) == Decimal(row["rule"]) == change
    assert any(Decimal(row["rule"]) > 0 for row in document["change"]["customers"])
    # Compared with a run under the same cap nothing changed.
    same = json.loads(
        xm(*asked, "--against", positions, "--against-set", "arrangement.cap=0.1").stdout
    )
    assert all(Decimal(row["rule"]) == 0 for row in same["change"]["customers"])


@pytest.mark.parametrize(
    "options", [("--sensitivity",), ("--range",), ("--against", "POSITIONS")], ids=lambda o: o[0]
)
def test_a_late_side_is_not_compared_with_runs_that_have_both(demo, options):
    positions, market = demo
    asked = [str(positions) if each == "POSITIONS" else each for each in options]
    result = xm("margin", positions, "--market", market, "--late", "cme", *asked)
    assert result.returncode == 1
    assert options[0] in result.stderr
    assert "a fallback" in result.stderr


@pytest.mark.parametrize(
    "content",
    ["", "customer_id\n", "customer_id,clearing_organization,account,instrument,quantity\n"],
    ids=["empty", "columns missing", "no rows"],
)
def test_a_file_with_nothing_to_margin_is_refused(demo, tmp_path, content):
    _, market = demo
    path = tmp_path / "positions.csv"
    path.write_text(content, encoding="utf-8")
    result = xm("margin", path, "--market", market)
    assert result.returncode == 1
    assert "expected" in result.stderr
    assert FORBIDDEN_IN_A_REFUSAL not in result.stderr


def test_a_folder_that_is_no_market_is_refused(demo, tmp_path):
    positions, _ = demo
    result = xm("margin", positions, "--market", tmp_path)
    assert result.returncode == 1
    assert FORBIDDEN_IN_A_REFUSAL not in result.stderr


def test_a_changed_parameter_is_named_and_changes_the_digest(demo):
    positions, market = demo
    command = ("margin", positions, "--market", market, "--format", "json")
    plain = json.loads(xm(*command).stdout)
    changed = json.loads(xm(*command, "--set", "arrangement.cap=0.7").stdout)
    assert changed["parameters"]["changed"] == {"arrangement.cap": "0.7"}
    assert changed["digest"] != plain["digest"]
    basis = next(c for c in changed["customers"] if c["customer_id"] == "BASIS-FUND")
    assert basis["reduction"] == "0.700000"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("arrangement.cap=abc", "ratio"),
        ("arrangement.cab=1", "a parameter of arrangement"),
        ("elsewhere.cap=1", "one of arrangement, cme, ficc, market"),
        ("cap", "OWNER.NAME=VALUE"),
        ("arrangement.denominator=mine", "own_model, official_requirements"),
        ("arrangement.cap=2", "a ratio from 0 to 1"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused(demo, change, says):
    positions, market = demo
    result = xm("margin", positions, "--market", market, "--set", change)
    assert result.returncode == 1
    assert says in result.stderr
    assert FORBIDDEN_IN_A_REFUSAL not in result.stderr


def write_positions(path: Path, *rows: str) -> Path:
    header = "customer_id,clearing_organization,account,instrument,quantity"
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return path


def test_a_customer_too_large_for_float_neither_fails_nor_changes_the_others(demo, tmp_path):
    _, market = demo
    small = [f"SMALL,CME,XM,{code}M26,-1" for code in ("ZT", "ZF", "ZN", "ZB", "UB")]
    alone = write_positions(tmp_path / "alone.csv", *small)
    both = write_positions(tmp_path / "both.csv", *small, "BIG,CME,XM,ZNM26,999999999999999")
    command = ("--market", market, "--format", "json")
    figures = [
        {c["customer_id"]: c["requirement"] for c in json.loads(result.stdout)["customers"]}
        for result in (xm("margin", alone, *command), xm("margin", both, *command))
    ]
    assert figures[0]["SMALL"] == figures[1]["SMALL"]
    assert float(figures[1]["BIG"]) > 1e15


def test_a_customer_id_is_shown_as_it_is(demo, tmp_path):
    _, market = demo
    path = write_positions(tmp_path / "ids.csv", "[/bold],CME,XM,ZNM26,5", "[red]A,CME,XM,ZNM26,5")
    result = xm("margin", path, "--market", market, COLUMNS="160")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("[/bold]") >= 3
    assert result.stdout.count("[red]A") >= 3


@pytest.mark.usefixtures("_explained_once")
@pytest.mark.parametrize("columns", [60, 80, 115, 160])
def test_no_figure_is_cut_on_a_narrow_terminal(demo, columns):
    positions, market = demo
    result = xm("margin", positions, "--market", market, "--explain", COLUMNS=str(columns))
    assert result.returncode == 0
    assert "\u2026" not in result.stdout


@pytest.mark.parametrize("change", ["ficc.horizon_days=0", "cme.volatility_decay=0"])
def test_a_parameter_that_the_models_cannot_use_is_refused(demo, change):
    positions, market = demo
    result = xm("margin", positions, "--market", market, "--set", change)
    assert result.returncode == 1
    assert FORBIDDEN_IN_A_REFUSAL not in result.stderr


@pytest.mark.parametrize(
    ("table", "says"),
    [("fed_funds_futures.csv", "fed_funds_futures"), ("futures_closes.csv", "futures_closes")],
)
def test_a_market_without_what_the_models_need_is_refused(demo, tmp_path, table, says):
    import shutil

    from crossmargin.bootstrap import import_market

    positions, market = demo
    sources = tmp_path / "sources"
    shutil.copytree(market, sources)
    (sources / table).unlink()
    (sources / "manifest.json").unlink()
    import_market([sources], tmp_path / "market")
    result = xm("margin", positions, "--market", tmp_path / "market")
    assert result.returncode == 1
    assert says in result.stderr
    assert FORBIDDEN_IN_A_REFUSAL not in result.stderr
