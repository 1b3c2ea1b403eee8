"""``xm margin`` from a shell: real data, bad rows, formats, and the same digest on any kernels."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from unittest import mock

import pytest

from crossmargin.cli import margin
from crossmargin.testing.commands import xm

PORTFOLIOS = "portfolios"
SAMPLE = "sample_bd_fcm_2026-03-24.csv"
FORBIDDEN_IN_A_REFUSAL = "Traceback"


def in_its_own_process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crossmargin", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def portfolio(real_data: Path, name: str) -> Path:
    path = real_data.parent / PORTFOLIOS / name
    if not path.is_file():
        pytest.skip(f"no {name} beside the data folder")
    return path


@pytest.fixture(scope="module")
def sample_document(real_data, real_directory):
    result = xm(
        "margin",
        portfolio(real_data, SAMPLE),
        "--market",
        real_directory,
        "--date",
        "2026-03-24",
        "--format",
        "json",
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.real_data
def test_the_sample_is_margined_as_an_expert_expects(sample_document):
    customers = {c["customer_id"]: c for c in sample_document["customers"]}
    reductions = {name: float(c["reduction"]) for name, c in customers.items()}
    assert customers["BASIS-FUND"]["binding"] == "CAP"
    assert reductions["BASIS-FUND"] == 0.8
    assert reductions["CURVE-FUND"] > 0.5
    assert reductions["REGIONAL-BANK"] > 0.5
    assert reductions["REPO-CUSTOMER"] > 0.5
    assert reductions["ASSET-MANAGER"] < 0.02
    assert 0 < reductions["WIDE-BOOK"] < 0.25


@pytest.mark.real_data
def test_sums_of_the_document_hold_to_the_cent(sample_document):
    def cents(text: str) -> int:
        return round(float(text) * 100)

    for customer in sample_document["customers"]:
        parts = [
            customer[ccp][part] for ccp in ("ficc", "cme") for part in ("requirement", "outside")
        ]
        assert sum(map(cents, parts)) == cents(customer["requirement"])
        assert cents(customer["saved"]) == cents(customer["standalone"]) - cents(
            customer["requirement"]
        )
    for name in ("standalone", "requirement", "saved"):
        total = sum(cents(customer[name]) for customer in sample_document["customers"])
        assert total == cents(sample_document["totals"][name])


@pytest.mark.real_data
def test_every_output_says_what_it_is_not(sample_document):
    assert sample_document["market"]["simulated"] is False
    assert any("reviewed" in notice for notice in sample_document["notices"])
    assert any("ruling 17" in notice for notice in sample_document["notices"])
    regional = next(c for c in sample_document["customers"] if c["customer_id"] == "REGIONAL-BANK")
    assert regional["ineligible"][0]["codes"] == ["REGULAR_ACCOUNT"]


@pytest.mark.real_data
@pytest.mark.parametrize(
    "environment",
    [
        {"OPENBLAS_CORETYPE": "Haswell"},
        {"OPENBLAS_CORETYPE": "Sandybridge", "OPENBLAS_NUM_THREADS": "1"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL"},
    ],
    ids=["haswell", "sandybridge one thread", "no vector units in numpy"],
)
def test_the_digest_does_not_depend_on_kernels(
    sample_document, real_data, real_directory, environment
):
    result = in_its_own_process(
        "margin",
        portfolio(real_data, SAMPLE),
        "--market",
        real_directory,
        "--format",
        "json",
        **environment,
    )
    if result.returncode and "NPY_DISABLE_CPU_FEATURES" in result.stderr:
        pytest.skip("this processor has fewer features than the variable names")
    assert json.loads(result.stdout)["digest"] == sample_document["digest"]


@pytest.mark.real_data
def test_every_bad_row_is_named_and_nothing_is_computed(real_data, real_directory):
    result = xm(
        "margin",
        portfolio(real_data, "bad_rows.csv"),
        "--market",
        real_directory,
        "--format",
        "json",
    )
    assert result.returncode == 1
    refused = json.loads(result.stdout)["refused"]
    assert [refusal["line"] for refusal in refused] == [9, 11, 13, 14, 15, 16, 17, 18]
    assert [refusal["field"] for refusal in refused] == [
        "instrument",
        "instrument",
        "quantity",
        "quantity",
        "clearing_organization",
        "customer_id",
        "quantity",
        "quantity",
    ]
    assert [refusal["column"] for refusal in refused] == [4, 4, 5, 5, 2, 1, 5, 5]
    assert all(refusal["expected"] and refusal["rule"] for refusal in refused)
    assert FORBIDDEN_IN_A_REFUSAL not in result.stderr


@pytest.mark.real_data
def test_good_rows_are_margined_where_bad_ones_are_skipped(real_data, real_directory):
    bad_rows = portfolio(real_data, "bad_rows.csv")
    command = (
        "margin",
        bad_rows,
        "--market",
        real_directory,
        "--format",
        "json",
        "--skip-bad-rows",
    )
    result = xm(*command)
    assert result.returncode == 1
    document = json.loads(result.stdout)
    customer = document["customers"][0]
    assert document["incomplete"] is True
    assert customer["incomplete"] is True
    assert [line["line"] for line in customer["ineligible"]] == [5, 6, 7, 8]
    assert [line["codes"][0] for line in customer["ineligible"]] == [
        "TIPS",
        "BILL",
        "FRN",
        "SHORT_MATURITY",
    ]
    assert [line["line"] for line in customer["unsupported"]] == [10, 12]
    assert float(customer["ficc"]["outside"]) > 0
    assert xm(*command, "--skip-unsupported").returncode == 0


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


@pytest.mark.real_data
def test_a_date_without_prices_is_margined_on_derived_ones_when_asked(
    sample_document, real_data, real_directory
):
    """A week after the sheet; the same date without the option is refused."""
    command = (
        "margin",
        portfolio(real_data, SAMPLE),
        "--market",
        real_directory,
        "--date",
        "2026-03-31",
        "--format",
        "json",
    )
    refused = xm(*command)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["refused"][0]["rule"] == "ruling 35"
    result = xm(*command, "--derived-prices")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["market"]["prices"] == {"derived_from": "2026-03-24"}
    assert sum("DERIVED PRICES" in notice for notice in document["notices"]) == 1
    assert sample_document["market"]["prices"] == {"derived_from": None}
    bindings = [
        {c["customer_id"]: c["binding"] for c in each["customers"]}
        for each in (sample_document, document)
    ]
    assert bindings[0]["BASIS-FUND"] == bindings[1]["BASIS-FUND"] == "CAP"
    assert document["totals"] != sample_document["totals"]
