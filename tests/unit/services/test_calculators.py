"""Calculators: exact inputs, every refusal, arrays, and what is impossible."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.services.calculators.calculator import Run, run

KNOWN = bootstrap.calculators()

FACTOR = {
    "product": "ZN",
    "delivery_month": "2026-03",
    "coupon_pct": "4.125",
    "maturity_date": "2032-11-15",
}
PRICE = {
    "coupon_pct": "4.125",
    "dated_date": "2022-08-15",
    "maturity_date": "2032-08-15",
    "first_interest_payment_date": "2023-02-15",
    "settlement_date": "2022-08-15",
    "yield_pct": "4",
}
YIELD = {
    "coupon_pct": "4",
    "maturity_date": "2032-08-15",
    "settlement_date": "2026-03-26",
    "clean_price": "100",
}
INVOICE = {"product": "ZN", "futures_price": "125.265625", "conversion_factor": "0.8072"}
REPO = {
    "clean_price": "110.77344",
    "settlement_date": "2021-05-17",
    "delivery_date": "2021-09-30",
    "coupon_pct": "2.875",
    "maturity_date": "2028-05-15",
    "futures_price": "131.546875",
    "conversion_factor": "0.8338",
}
SOFR = {
    "contract": "SR1K25",
    "fixings": [{"date": "2025-05-01", "rate_pct": "4.35"}],
    "fill": "forward",
}
THREE = {"securities": "100", "futures": "90", "combined": "60"}
REDUCTION = {"ficc": THREE, "cme": THREE}
SURGE = {
    "ficc": {"standalone": "100", "requirement": "20"},
    "cme": {"standalone": "92", "requirement": "18.40"},
}
GOOD: dict[str, dict[str, Any]] = {
    "conversion-factor": FACTOR,
    "treasury-price": PRICE,
    "treasury-yield": YIELD,
    "invoice-price": INVOICE,
    "implied-repo": REPO,
    "sofr-settlement": SOFR,
    "margin-reduction": REDUCTION,
    "suspension-surge": SURGE,
}


def ran(name: str, document: object) -> Run:
    return run(KNOWN[name], json.dumps(document).encode())


def answer(name: str, document: object) -> Any:
    outcome = ran(name, document)
    assert outcome.refused == ()
    return outcome.document


def refused_fields(name: str, document: object) -> list[str]:
    outcome = ran(name, document)
    assert isinstance(outcome.document, dict)
    assert outcome.document["refused"] == outcome.document["reasons"][0]
    fields = [reason["field"] for reason in outcome.document["reasons"]]
    assert fields == [refusal.field for _, refusal in outcome.refused]
    for reason in outcome.document["reasons"]:
        assert set(reason) == {"field", "value", "expected", "rule"}
        assert reason["expected"]
        assert reason["rule"]
    return fields


def test_every_calculator_has_a_good_example_here() -> None:
    assert set(GOOD) <= set(KNOWN)


@pytest.mark.parametrize("name", GOOD)
def test_each_required_input_is_required_and_each_unknown_one_refused(name: str) -> None:
    answer(name, GOOD[name])
    schema = KNOWN[name].schema()
    assert refused_fields(name, {}) == schema["required"]
    assert refused_fields(name, {**GOOD[name], "surplus": 1}) == ["surplus"]
    for required in schema["required"]:
        for impossible in (None, True, [], {}, "", "NaN", " 1"):
            given = {**GOOD[name], required: impossible}
            assert refused_fields(name, given)[0].startswith(required)


@pytest.mark.parametrize("name", GOOD)
def test_answers_are_strings_and_numbers_may_be_numbers(name: str) -> None:
    def leaves(value: object) -> list[object]:
        if isinstance(value, dict):
            return [leaf for each in value.values() for leaf in leaves(each)]
        return [value]

    found = answer(name, GOOD[name])
    assert {type(leaf) for leaf in leaves(found)} == {str}
    text = json.dumps(GOOD[name])
    for digits in ("0.8072", "4.125", "131.546875", "100", "90", "60", "18.40", "4.35"):
        text = text.replace(f'"{digits}"', digits)
    assert run(KNOWN[name], text.encode()).document == found


@pytest.mark.parametrize(
    ("name", "changes", "fields"),
    [
        ("conversion-factor", {"product": "SR3"}, ["product"]),
        ("conversion-factor", {"product": "zn"}, ["product"]),
        ("conversion-factor", {"delivery_month": "2026-04"}, ["delivery_month"]),
        ("conversion-factor", {"delivery_month": "2026-13"}, ["delivery_month"]),
        ("conversion-factor", {"delivery_month": "0001-03"}, ["delivery_month"]),
        ("conversion-factor", {"coupon_pct": "-1"}, ["coupon_pct"]),
        ("conversion-factor", {"coupon_pct": "100"}, ["coupon_pct"]),
        ("conversion-factor", {"maturity_date": "2026-03-01"}, ["maturity_date"]),
        (
            "conversion-factor",
            {"delivery_month": "2033-02"},
            ["delivery_month", "maturity_date"],
        ),
        ("treasury-price", {"settlement_date": "2032-08-15"}, ["settlement_date"]),
        ("treasury-price", {"settlement_date": "2022-08-14"}, ["settlement_date"]),
        ("treasury-price", {"yield_pct": "-200"}, ["yield_pct"]),
        ("treasury-price", {"yield_pct": "101"}, ["yield_pct"]),
        (
            "treasury-price",
            {"dated_date": "2032-08-15"},
            ["dated_date", "first_interest_payment_date"],
        ),
        (
            "treasury-price",
            {"first_interest_payment_date": "2022-08-15"},
            ["first_interest_payment_date"],
        ),
        (
            "treasury-price",
            {"first_interest_payment_date": "2023-02-14"},
            ["first_interest_payment_date"],
        ),
        ("treasury-price", {"convention": "TREASURY"}, ["convention"]),
        ("treasury-yield", {"clean_price": "0"}, ["clean_price"]),
        ("treasury-yield", {"clean_price": "-5"}, ["clean_price"]),
        ("treasury-yield", {"clean_price": "1e9"}, ["clean_price"]),
        ("treasury-yield", {"settlement_date": "2032-08-16"}, ["settlement_date"]),
        ("treasury-yield", {"maturity_date": "9999-08-15"}, ["settlement_date"]),
        ("invoice-price", {"futures_price": "0"}, ["futures_price"]),
        ("invoice-price", {"futures_price": "1000000"}, ["futures_price"]),
        ("invoice-price", {"conversion_factor": "-0.8"}, ["conversion_factor"]),
        ("invoice-price", {"product": "ES"}, ["product"]),
        ("invoice-price", {"coupon_pct": "2.375"}, ["maturity_date", "delivery_date"]),
        ("implied-repo", {"delivery_date": "2021-05-17"}, ["delivery_date"]),
        ("implied-repo", {"delivery_date": "2028-05-15"}, ["delivery_date"]),
        (
            "implied-repo",
            {"settlement_date": "2028-05-15"},
            ["settlement_date", "delivery_date"],
        ),
        ("sofr-settlement", {"contract": "ZNM6"}, ["contract"]),
        ("sofr-settlement", {"contract": "SR1"}, ["contract"]),
        ("sofr-settlement", {"contract": "SR1K24"}, ["contract"]),
        ("sofr-settlement", {"fill": "refuse"}, ["fixing"] * 20),
        ("sofr-settlement", {"fill": "backward"}, ["fill"]),
        ("margin-reduction", {"ficc": {**THREE, "combined": "-1"}}, ["ficc.combined"]),
        ("margin-reduction", {"ficc": {**THREE, "securities": "1.005"}}, ["ficc.securities"]),
        ("margin-reduction", {"ficc": {**THREE, "futures": "1e31"}}, ["ficc.futures"]),
        (
            "margin-reduction",
            {"cme": {"securities": "0", "futures": "0", "combined": "5"}},
            ["cme.combined"],
        ),
        ("margin-reduction", {"threshold": "0.9"}, ["threshold"]),
        ("margin-reduction", {"cap": "1.1"}, ["cap"]),
        ("margin-reduction", {"denominator": "other"}, ["denominator"]),
        (
            "margin-reduction",
            {"ficc": {"securities": "-1", "future": "2"}, "cme": 3},
            ["ficc.future", "ficc.securities", "ficc.futures", "ficc.combined", "cme"],
        ),
        ("suspension-surge", {"cme": {"standalone": "-1", "requirement": "1"}}, ["cme.standalone"]),
    ],
)
def test_what_is_impossible_is_refused_with_every_reason(
    name: str, changes: dict[str, object], fields: list[str]
) -> None:
    found = refused_fields(name, {**GOOD[name], **changes})
    if fields == ["fixing"] * 20:
        assert set(found) == {"fixing"}
        assert len(found) == 20
    else:
        assert found == fields


def test_a_misspelt_input_names_the_nearest() -> None:
    outcome = ran("conversion-factor", {**FACTOR, "coupn_pct": "1"})
    assert "did you mean coupon_pct?" in outcome.refused[0][1].expected


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff", b"[" * 100_000, b"nothing", b'"text"', b"5", b"null", b'{"a": 1}}'],
)
def test_what_is_no_json_object_is_refused(text: bytes) -> None:
    outcome = run(KNOWN["suspension-surge"], text)
    assert isinstance(outcome.document, dict)
    assert outcome.document["refused"]["field"] == "input"


def test_array_answers_in_order_with_refusals_in_place() -> None:
    text = (
        b'[{"ficc": {"standalone": 1, "requirement": 1},'
        b' "cme": {"standalone": 3, "requirement": 1}},'
        b' {"ficc": NaN, "ficc": 1}, {"ficc": {"standalone": 1e99999999999999999999,'
        b' "requirement": Infinity}, "cme": {"standalone": 3, "requirement": 1}}, 7]'
    )
    outcome = run(KNOWN["suspension-surge"], text)
    assert isinstance(outcome.document, list)
    assert [("refused" in item) for item in outcome.document] == [False, True, True, True]
    assert outcome.document[0]["surge"] == "2.00"
    assert [place for place, _ in outcome.refused] == [1, 2, 2, 3]
    assert "more than once: ficc" in outcome.refused[0][1].value
    assert run(KNOWN["suspension-surge"], b"[]") == Run([], ())


def test_a_binary_fraction_is_never_made_of_a_number() -> None:
    inputs = '{"ficc": %s, "cme": %s}'
    three = '{"securities": 9007199254740993.01, "futures": 9007199254740993.01, "combined": 0.02}'
    outcome = run(KNOWN["margin-reduction"], (inputs % (three, three)).encode())
    assert isinstance(outcome.document, dict)
    assert outcome.document["ficc_requirement"] == "1801439850948198.61"


def test_reduction_takes_named_alternatives() -> None:
    found = answer(
        "margin-reduction",
        {
            "ficc": {"securities": 60, "futures": 90, "combined": 30},
            "cme": {"securities": 95, "futures": 92, "combined": 76},
            "denominator": "official_requirements",
            "cap": "0.4",
        },
    )
    assert (found["cme_saving"], found["reduction"], found["binding"]) == (
        "0.500000",
        "0.400000",
        "CAP",
    )


def test_invoice_adds_accrued_interest_of_the_delivery_day() -> None:
    found = answer(
        "invoice-price",
        {
            **INVOICE,
            "coupon_pct": "2.375",
            "maturity_date": "2024-08-15",
            "delivery_date": "2017-12-29",
        },
    )
    # 136 of 184 days of 1187.50 on a face of 100,000.
    assert found["accrued_interest"] == "877.72"
    assert found["invoice_amount"] == "101992.13"


@pytest.mark.parametrize(
    ("contract", "first", "period"),
    [
        ("SR3H5", "2025-03-19", ("2025-03-19", "2025-06-18")),
        ("SR3M8", "2018-06-20", ("2018-06-20", "2018-09-19")),
        ("SR1K25", "2018-04-03", ("2025-05-01", "2025-06-01")),
        ("ZQK5", "2025-05-01", ("2025-05-01", "2025-06-01")),
    ],
)
def test_a_year_is_the_earliest_that_the_fixings_reach(
    contract: str, first: str, period: tuple[str, str]
) -> None:
    fixings = [{"date": first, "rate_pct": 5}]
    if first < period[0]:
        fixings.append({"date": "2025-05-01", "rate_pct": 5})
    found = answer("sofr-settlement", {"contract": contract, "fixings": fixings, "fill": "forward"})
    assert (found["period_start"], found["period_end"]) == period


def test_fixings_are_business_days_given_once() -> None:
    fixings = [{"date": day, "rate_pct": 4} for day in ("2025-05-01", "2025-05-01", "2025-05-03")]
    assert refused_fields("sofr-settlement", {**SOFR, "fixings": fixings}) == [
        "fixings[1].date",
        "fixings[2].date",
    ]


@pytest.mark.parametrize("name", GOOD)
def test_every_calculator_states_rule_source_and_schema(name: str) -> None:
    document = KNOWN[name].as_document()
    assert document["name"] == name
    for part in ("summary", "rule", "source"):
        assert document[part]
    json.dumps(document)


def test_registry_is_in_order_of_name() -> None:
    assert list(KNOWN) == sorted(KNOWN)
