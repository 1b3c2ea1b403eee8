"""Every published or agreed vector of the calculators that exist (oracles/calculators.json)."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.services.calculators.calculator import run

YIELD_TOLERANCE = Decimal("0.003")  # The quote sheet is rounded.
EXPECTED_HERE = {
    "account-equity",
    "account-equity-xm",
    "claim-setoff",
    "class-allocation",
    "conversion-factor",
    "entitlement-shortfall",
    "framework-one",
    "funded-balance",
    "loss-sharing",
    "pooled-distribution",
    "transfer-test",
    "treasury-price",
    "treasury-yield",
    "invoice-price",
    "implied-repo",
    "sofr-settlement",
    "margin-reduction",
    "suspension-surge",
    "span",
    "segregation-statement",
    "residual-interest",
    "reserve-formula-item-15",
    "custody-report",
    "margin-call-deadline",
    "withdrawal",
    "undermargined-charge",
}


@pytest.fixture(scope="module")
def cases(real_data: Path) -> list[dict[str, Any]]:
    oracle = real_data.parent / "oracles" / "calculators.json"
    if not oracle.is_file():
        pytest.skip("no oracles beside the data folder")
    every = json.loads(oracle.read_text("utf-8"), parse_float=Decimal)["cases"]
    known = bootstrap.calculators()
    return [case for case in every if case["calculator"] in known]


def differs(calculator: str, found: object, expected: object) -> bool:
    if isinstance(expected, dict):
        return not isinstance(found, dict) or any(
            differs(calculator, found.get(key), value) for key, value in expected.items()
        )
    try:
        wanted = Decimal(str(expected))
    except InvalidOperation:
        return found != expected
    if not isinstance(found, str):
        return True
    if calculator == "treasury-yield":
        return abs(Decimal(found) - wanted) > YIELD_TOLERANCE
    return Decimal(found).quantize(wanted, rounding=ROUND_HALF_UP) != wanted


@pytest.mark.real_data
def test_every_vector_is_reproduced(cases: list[dict[str, Any]]) -> None:
    known = bootstrap.calculators()
    assert {case["calculator"] for case in cases} >= EXPECTED_HERE
    wrong = []
    for case in cases:
        text = json.dumps(case["inputs"], default=str).encode()
        document = run(known[case["calculator"]], text).document
        if differs(case["calculator"], document, case["expected"]):
            wrong.append((case["id"], case["expected"], document))
    assert wrong == []


@pytest.mark.real_data
def test_vectors_in_an_array_answer_in_order(cases: list[dict[str, Any]]) -> None:
    known = bootstrap.calculators()
    mine = [case for case in cases if case["calculator"] == "margin-reduction"]
    text = json.dumps([case["inputs"] for case in mine], default=str).encode()
    answers = run(known["margin-reduction"], text).document
    assert isinstance(answers, list)
    assert [answer["binding"] for answer in answers] == [
        case["expected"]["binding"] for case in mine
    ]
