"""The calculator of SPAN: spreads that can be none are refused with their place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.services.calculators.calculator import run

SPAN = bootstrap.calculators()["span"]


def answer(*legs: tuple[str, str]) -> Any:
    spread = {
        "priority": 1,
        "credit_pct": 75,
        "legs": [{"product": product, "ratio": 1, "side": side} for product, side in legs],
    }
    document = {
        "positions": {"ZN": 100, "ZB": -60},
        "parameters": {"price_scan_range": {"ZN": 3000, "ZB": 3600}, "inter_commodity": [spread]},
    }
    return run(SPAN, json.dumps(document).encode()).document


@pytest.mark.parametrize(
    "legs",
    [
        [("ZN", "A"), ("ZN", "B")],
        [("ZN", "A"), ("ZB", "B"), ("ZN", "B")],
        [("ZN", "A"), ("ZN", "A"), ("ZB", "B")],
    ],
)
def test_a_spread_has_each_product_on_one_leg(legs: list[tuple[str, str]]) -> None:
    (reason,) = answer(*legs)["reasons"]
    assert reason["field"] == "parameters.inter_commodity[0]"
    assert "each product on one leg" in reason["expected"]


def test_a_spread_of_two_products_is_formed() -> None:
    # 60 spreads: 75 % of the weighted futures price risk of each leg, 3,000 and 3,600.
    assert answer(("ZN", "A"), ("ZB", "B"))["inter_commodity_credit"] == "297000.00"
