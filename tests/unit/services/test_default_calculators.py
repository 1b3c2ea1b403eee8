"""Calculators of the default rules: the inputs by name, exact answers, every refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.services.calculators.calculator import run

KNOWN = bootstrap.calculators()
HALVES = {"non_xm": 150, "xm": 150}
SIDE = {"result": "0", "margin": "10", "requirement": "10", "customer_property": "10"}
GOOD: dict[str, dict[str, Any]] = {
    "claim-setoff": {
        "equity_by_class": {"a": 1},
        "x_owed_by_customer": 0,
        "y_owed_to_customer": 0,
    },
    "funded-balance": {
        "net_equity": {"A": 1, "B": 1, "C": 1},
        "paid_at_100pct": {},
        "letters_of_credit": 0,
        "segregated_gross": 1,
        "allocated_under_190_09": 0,
        "step4_addback": 0,
    },
    "class-allocation": {
        "classes": {"a": {"public_net_equity": 3, "segregated_or_traceable": 1}},
        "unallocated_pool": 0,
    },
    "pooled-distribution": {"funds_in_segregation": HALVES, "segregation_requirement": HALVES},
    "framework-one": {"funds_in_segregation": HALVES, "segregation_requirement": HALVES},
    "transfer-test": {
        "claims": {"A": 3},
        "prior_distributions": {},
        "property_available": 3,
        "transfer": {"A": 1},
    },
    "entitlement-shortfall": {
        "held": 100,
        "entitlements": {"A": 100, "B": 200},
        "prior_secured_claim": 0,
    },
    "loss-sharing": {"ficc": SIDE, "cme": SIDE},
}


def answer(name: str, **changes: object) -> Any:
    return run(KNOWN[name], json.dumps({**GOOD[name], **changes}).encode()).document


def fields(name: str, **changes: object) -> list[str]:
    return [reason["field"] for reason in answer(name, **changes)["reasons"]]


@pytest.mark.parametrize("name", GOOD)
def test_what_is_missing_unknown_or_of_another_shape_is_refused(name: str) -> None:
    assert "reasons" not in answer(name)
    required = KNOWN[name].schema()["required"]
    assert isinstance(required, list)
    for each in required:
        for impossible in (
            None,
            True,
            [],
            "",
            "NaN",
            1.5 if isinstance(GOOD[name][each], dict) else {},
        ):
            assert fields(name, **{each: impossible})[0].startswith(each)
    assert fields(name, unknown=1) == ["unknown"]


def test_a_share_that_does_not_end_is_shown_to_twelve_decimals_and_paid_in_cents() -> None:
    found = answer("funded-balance")
    assert found["funded_balance"] == dict.fromkeys("ABC", "0.333333333333")
    assert found["in_cents"] == {"A": "0.34", "B": "0.33", "C": "0.33"}
    assert (found["total"], found["rate"]) == ("1.00", "0.333333333333")
    assert answer("class-allocation")["classes"]["a"]["rate"] == "0.333333333333"


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        (
            "funded-balance",
            {"net_equity": {"A": "x", "B": "0.001"}},
            ["net_equity.A", "net_equity.B"],
        ),
        ("funded-balance", {"net_equity": {}}, ["net_equity"]),
        ("funded-balance", {"net_equity": {"": 1}}, ["net_equity"]),
        (
            "funded-balance",
            {"paid_at_100pct": {"A": 2, "Z": 1}},
            ["paid_at_100pct.A", "paid_at_100pct.Z", "paid_at_100pct"],
        ),
        ("funded-balance", {"already_distributed": {"Z": 1}}, ["already_distributed.Z"]),
        (
            "claim-setoff",
            {"x_owed_by_customer": -1, "y_owed_to_customer": -1},
            ["x_owed_by_customer", "y_owed_to_customer"],
        ),
        (
            "class-allocation",
            {"classes": {"a": {"public_net_equity": -1}, "b": 3}},
            ["classes.a.public_net_equity", "classes.a.segregated_or_traceable", "classes.b"],
        ),
        ("pooled-distribution", {"claims": {"xm": 1}}, ["claims.non_xm"]),
        ("framework-one", {"left_over": "maybe"}, ["left_over"]),
        ("transfer-test", {"transfer": {"Z": 1}}, ["transfer.Z"]),
        ("entitlement-shortfall", {"asset": "gold"}, ["asset"]),
        ("loss-sharing", {"rule_set": "any", "cme_to_ficc": "yes"}, ["rule_set", "cme_to_ficc"]),
        ("loss-sharing", {"cme": {**SIDE, "margin": -1}}, ["cme.margin"]),
    ],
)
def test_what_is_impossible_is_refused_with_every_reason(
    name: str, changes: dict[str, object], expected: list[str]
) -> None:
    assert fields(name, **changes) == expected


def test_a_name_given_twice_is_refused() -> None:
    text = json.dumps(GOOD["entitlement-shortfall"]).replace('"B"', '"A"')
    document: Any = run(KNOWN["entitlement-shortfall"], text.encode()).document
    assert document["refused"]["field"] == "entitlements"


def test_a_security_is_paid_out_in_lots_of_par_and_cash_in_cents() -> None:
    cash, par = (answer("entitlement-shortfall", asset=each) for each in ("cash", "security"))
    assert cash["recoveries"] == par["recoveries"]
    assert cash["payouts"] == {"A": "33.33", "B": "66.67"}
    assert par["payouts"] == {"A": "0.00", "B": "100.00"}
    assert par["unsecured"] == {"A": "100.00", "B": "100.00"}


def test_the_switches_of_an_input_take_the_place_of_the_parameters() -> None:
    funds = {"non_xm": 200, "xm": 100}
    assert answer("framework-one", funds_in_segregation=funds)["distribution"]["xm"] == "150.00"
    apart = answer("framework-one", funds_in_segregation=funds, left_over="stays")
    assert (apart["distribution"]["xm"], apart["left"]) == ("100.00", "50.00")
    short = {"ficc": {**SIDE, "result": "-15"}, "cme": {**SIDE, "result": "2"}}
    assert answer("loss-sharing", **short)["payments"] == []
    on = answer("loss-sharing", **short, cme_to_ficc="on", rule_set="offsetting_gain_and_loss")
    (payment,) = on["payments"]
    assert (payment["from"], payment["to"], payment["amount"]) == ("CME", "FICC", "2.00")
    assert on["rule_sets"] == ["offsetting_gain_and_loss"]
    losses = {"ficc": {**SIDE, "result": "-2"}, "cme": {**SIDE, "result": "-8"}}
    in_proportion = answer("loss-sharing", **losses, proportional_limit="none")["payments"]
    assert in_proportion[0]["amount"] == "3.00"
    assert answer("loss-sharing", **losses)["payments"] == []


def test_claims_take_the_place_of_the_requirement() -> None:
    found = answer("pooled-distribution", claims={"non_xm": 300, "xm": 300})
    assert (found["rate"], found["distribution"]["xm"]) == ("0.500000", "150.00")
    assert answer("framework-one", claims={"non_xm": 0, "xm": 0})["left"] == "300.00"


def test_the_schema_says_what_stands_under_a_name() -> None:
    properties: Any = KNOWN["class-allocation"].schema()["properties"]
    under_a_name = properties["classes"]["additionalProperties"]
    assert properties["classes"]["minProperties"] == 1
    assert under_a_name["required"] == ["public_net_equity", "segregated_or_traceable"]
