"""``xm margin`` on real data: figures, bad rows, derived prices, the same digest on any kernels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crossmargin.testing.commands import in_its_own_process, xm

PORTFOLIOS = "portfolios"
SAMPLE = "sample_bd_fcm_2026-03-24.csv"
FORBIDDEN_IN_A_REFUSAL = "Traceback"


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
