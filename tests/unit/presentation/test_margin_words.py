"""Words of the margin tables that depend on the figures."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from crossmargin.basics.words import counted
from crossmargin.presentation.margin_tables import decided_by, print_customer


def customer(*, securities: str, futures: str, binding: str = "NONE") -> dict[str, Any]:
    """Return the part of a margin document that says why one customer owes what it owes."""
    figures = {
        "securities": securities,
        "futures": futures,
        "combined": "5.00",
        "saving": "-0.010000",
        "components": {},
    }
    return {
        "customer_id": "FUND-1",
        "binding": binding,
        "fallback": {"source": "current"},
        "saving_before_cap": "-0.010000",
        "ficc": figures,
        "cme": figures,
        "order_check": {"ficc_shortfall": "0.00", "cme_shortfall": "0.00"},
        "split_cost": {"ficc": "0.00", "cme": "0.00"},
        "ineligible": [],
        "unsupported": [],
    }


def printed(document: dict[str, Any]) -> str:
    file = io.StringIO()
    print_customer(Console(file=file, width=120), document)
    return file.getvalue()


@pytest.mark.parametrize(
    ("securities", "futures", "said"),
    [
        ("3.00", "2.00", "No reduction: the smaller saving is not positive."),
        ("0.00", "2.00", "No reduction: a leg of the XM account is missing"),
        ("3.00", "0.00", "No reduction: a leg of the XM account is missing"),
    ],
)
def test_of_two_reasons_for_no_reduction_the_one_that_holds_is_named(
    securities: str, futures: str, said: str
) -> None:
    text = printed(customer(securities=securities, futures=futures))
    assert said in text
    assert text.count("No reduction") == 1


def test_an_empty_account_is_set_by_nothing() -> None:
    none = {"securities": "0.00", "futures": "0.00", "combined": "0.00", "components": {}}
    assert decided_by("ficc", {**none, "decided_by": {"combined": "model"}}) == "nothing held"
    assert decided_by("cme", none) == "nothing held"


def test_an_account_with_one_leg_is_set_by_a_model() -> None:
    one = {"securities": "0.00", "futures": "1.00", "combined": "1.00", "components": {}}
    held = {**one, "decided_by": {"combined": "model"}}
    assert decided_by("ficc", held) == "historical simulation"
    assert decided_by("cme", one) == "scaled history and stress"


def test_one_is_singular() -> None:
    assert [counted(number, "fault") for number in (0, 1, 2, 1500)] == [
        "0 faults",
        "1 fault",
        "2 faults",
        "1,500 faults",
    ]
    assert counted(1, "repo line carries", "repo lines carry") == "1 repo line carries"
